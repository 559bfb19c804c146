-- name: keep_customer
insert into wp.customers as old (id, name, phone, fields, _account, _first_synced_at, _synced_at)
values (%(id)s, %(name)s, %(phone)s, %(fields)s, %(account)s, %(at)s, %(at)s)
on conflict (_account, id) do update
set name = coalesce(excluded.name, old.name), phone = coalesce(excluded.phone, old.phone),
    fields = coalesce(old.fields, '{}') || coalesce(excluded.fields, '{}'), _deleted_at = null,
    _synced_at = excluded._synced_at

-- name: archive_customer
insert into wp.history (resource, id, valid_from, valid_to, row, _account)
select 'customers', id, _synced_at, %(at)s, to_jsonb(c), _account from wp.customers c
where _account = %(account)s and id = %(id)s and _deleted_at is null and _synced_at < %(at)s
on conflict do nothing

-- name: delete_customer
update wp.customers set _deleted_at = %(at)s, _synced_at = %(at)s
where _account = %(account)s and id = %(id)s and _deleted_at is null

-- name: erased_marks
select kind, digest from wpsync.erased_marks where account in ('', %(account)s)

-- name: count_erased_marks
select count(*) from wpsync.erased_marks where account in ('', %(account)s) and kind <> 'salt'

-- name: keep_salt
insert into wpsync.erased_marks (account, kind, digest) select '', 'salt', %(digest)s
where not exists (select from wpsync.erased_marks where kind = 'salt')

-- name: keep_erased_mark
insert into wpsync.erased_marks (account, kind, digest) values (%(account)s, %(kind)s, %(digest)s)
on conflict do nothing

-- name: keep_erased_rows
insert into wpsync.erased_rows as old (account, resource, id, at)
select %(account)s, %(resource)s, * from unnest(%(ids)s::text[], %(times)s::timestamptz[])
on conflict (account, resource, id) do update set at = excluded.at where old.at <> excluded.at

-- name: lock_erasures
-- Wait for the loads under way, and keep others waiting. No reader waits, and no BI role can take it.
lock table wpsync.erased_marks in exclusive mode

-- name: lock_erasures_shared
lock table wpsync.erased_marks in row share mode

-- name: phone_numbers_in_history
select number from wp.history, jsonb_each_text(row) as field(name, number)
where (resource, name) in (select * from unnest(%(tables)s::text[], %(columns)s::text[])) and number is not null

-- name: contacts_numbers
select wx_no, wx_alias from wp.wechat_contacts
where wx_no is not null and (wx_no = any(%(stored)s) or wx_alias = any(%(stored)s))

-- name: aliases_of_nobody_else
select distinct wx_alias from wp.wechat_contacts as c
where wx_no = any(%(stored)s) and wx_alias is not null and not exists (
    select from wp.wechat_contacts as other where other.wx_alias = c.wx_alias and other.wx_no <> all(%(stored)s))

-- name: erase_history
delete from wp.history where _account = %(account)s and row::text like any(%(patterns)s)

-- name: erase_dead_letters
delete from wpsync.dead_letters where account = %(account)s and original like any(%(patterns)s)

-- name: forget_erased_follow_ups
delete from wpsync.follow_ups where account = %(account)s and resource = %(resource)s and id = any(%(ids)s)

-- name: keep_erasure
insert into wpsync.erasures (at, kind, digest, rows) values (%(at)s, %(kind)s, %(digest)s, %(rows)s::jsonb)
returning id

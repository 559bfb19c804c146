-- name: keep_instance
insert into wpsync.instances as old (id, host, version, role, started_at, seen_at)
values (%(id)s, %(host)s, %(version)s, %(role)s, %(at)s, %(at)s)
on conflict (id) do update set role = excluded.role, seen_at = excluded.seen_at

-- name: forget_instances
delete from wpsync.instances
where seen_at < %(at)s::timestamptz - interval '1 hour' or (role = 'leader' and %(role)s = 'leader' and id <> %(id)s)

-- name: remove_instance
delete from wpsync.instances where id = %(id)s

-- name: name_session
select set_config('application_name', %(name)s, false)

-- name: insert_instance
-- All times are the server's. Its backend is the one of the connection that beats.
insert into wpsync.instances (id, host, version, role, started_at, seen_at, backend_pid, backend_start)
select %(id)s, %(host)s, %(version)s, %(role)s, clock_timestamp(), clock_timestamp(), pg_backend_pid(),
       (select backend_start from pg_stat_activity where pid = pg_backend_pid())
on conflict (id) do update
set seen_at = excluded.seen_at, backend_pid = excluded.backend_pid, backend_start = excluded.backend_start

-- name: beat
update wpsync.instances set seen_at = clock_timestamp(), role = %(role)s where id = %(id)s

-- name: beat_anew
-- The first sign of life of a new connection.
update wpsync.instances
set seen_at = clock_timestamp(), role = %(role)s, backend_pid = pg_backend_pid(),
    backend_start = (select backend_start from pg_stat_activity where pid = pg_backend_pid())
where id = %(id)s

-- name: instance
select 1 from wpsync.instances where id = %(id)s

-- name: remove_instance
delete from wpsync.instances where id = %(id)s

-- name: forget_instances
-- Those that ended without a word, and that no other process had reason to take over from.
delete from wpsync.instances as one
where seen_at < clock_timestamp() - interval '1 hour' and not exists (
    select from pg_stat_activity as session
    where session.pid = one.backend_pid and session.backend_start is not distinct from one.backend_start)

-- name: forget_leases
-- Leases of ended instances that no process has asked for since. One in use is left alone.
delete from wpsync.leases where scope in (
    select scope from wpsync.leases
    where not exists (select from wpsync.instances where id = holder) for update skip locked)

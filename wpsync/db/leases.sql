-- name: holding
-- Who holds a lease, and how the holder does. A row of an instance is written before its leases: one snapshot shows both.
select held.holder, held.epoch, one.seen_at,
       extract(epoch from clock_timestamp() - one.seen_at)::float8 as silent_for,
       one.backend_pid is null or exists (
           select from pg_stat_activity as session
           where session.pid = one.backend_pid
             and (session.backend_start = one.backend_start or session.backend_start is null)) as is_connected
from wpsync.leases as held left join wpsync.instances as one on one.id = held.holder
where held.scope = %(scope)s

-- name: take_free
insert into wpsync.leases (scope, holder, taken_at) values (%(scope)s, %(holder)s, clock_timestamp())
on conflict (scope) do nothing
returning epoch

-- name: take_over
-- It waits for transactions under the lease. Of several who want it, the first changes its epoch.
update wpsync.leases set holder = %(holder)s, epoch = default, taken_at = clock_timestamp()
where scope = %(scope)s and holder = %(before)s and epoch = %(epoch)s
returning epoch

-- name: let_go
delete from wpsync.leases where scope = %(scope)s and holder = %(holder)s and epoch = %(epoch)s

-- name: hold
-- Until the transaction ends no process takes these over.
select held.scope from wpsync.leases as held
join unnest(%(scopes)s::text[], %(holders)s::text[], %(epochs)s::bigint[]) as ours (scope, holder, epoch)
    using (scope, holder, epoch)
for share of held

-- name: end_instance
-- Unless it gave a sign of life since we looked.
delete from wpsync.instances where id = %(holder)s and seen_at = %(seen_at)s

-- name: end_sessions
-- Not only those that stopped inside a transaction: none of them writes any more.
select pg_terminate_backend(pid) from pg_stat_activity
where application_name = %(name)s and datname = current_database() and pid <> pg_backend_pid()

-- name: sessions
select 1 from pg_stat_activity
where application_name = %(name)s and datname = current_database() and pid <> pg_backend_pid() limit 1

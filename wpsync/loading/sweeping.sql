-- name: ask
insert into wpsync.sweeps as old (table_name, asked_at, asked_by)
values (%(table)s, clock_timestamp(), pg_current_xact_id()::text)
on conflict (table_name) do update set asked_at = excluded.asked_at, asked_by = excluded.asked_by
where old.asked_by <> excluded.asked_by

-- name: waiting
select table_name, asked_by from wpsync.sweeps order by table_name

-- name: swept
-- Unless a later transaction asked again.
delete from wpsync.sweeps where table_name = %(table)s and asked_by = %(asked)s

-- name: required_columns
-- Columns that must have a value and have none of their own.
select a.attname, t.typname from pg_attribute a join pg_type t on t.oid = a.atttypid
where a.attrelid = %(table)s::regclass and a.attnum > 0 and not a.attisdropped and a.attnotnull
  and not a.atthasdef and a.attidentity = '' order by a.attnum

-- name: is_seen
-- Whether a session may still see the deleted rows, so that a vacuum has to keep them.
with asked as (select age(asked_by::xid8::xid) as age from wpsync.sweeps where table_name = %(table)s), others(xmin) as (
    select unnest(array[backend_xid, backend_xmin]) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
    union all select transaction from pg_prepared_xacts where database = current_database()
    union all select xmin from pg_replication_slots)
select exists (select from asked, others where xmin is not null and age(xmin) >= asked.age)

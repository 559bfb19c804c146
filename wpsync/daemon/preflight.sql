-- name: server
-- The properties of the database that check reports.
select current_setting('server_version') as server_version, current_setting('timezone') as timezone,
       current_user::text as "current_user", has_database_privilege(current_database(), 'CREATE') as may_create,
       has_database_privilege(current_database(), 'TEMPORARY') as may_make_temporary,
       pg_is_in_recovery() as is_standby

-- name: connections
-- How many connections the role, the database and the server allow; NULL where the first two set no limit. A superuser
-- is held to the server's limit only, and may take the connections that are reserved.
select case when not r.rolsuper and r.rolconnlimit >= 0 then r.rolconnlimit end as of_role,
       case when not r.rolsuper and d.datconnlimit >= 0 then d.datconnlimit end as of_database,
       current_setting('max_connections')::integer
       - case when r.rolsuper then 0
              else current_setting('superuser_reserved_connections')::integer
                   + coalesce(current_setting('reserved_connections', true)::integer, 0) end as of_server
from pg_roles r, pg_database d
where r.rolname = current_user and d.datname = current_database()

-- name: server
-- The properties of the database that check reports.
select current_setting('server_version') as server_version, current_setting('timezone') as timezone,
       current_user::text as "current_user", has_database_privilege(current_database(), 'CREATE') as may_create,
       has_database_privilege(current_database(), 'TEMPORARY') as may_make_temporary,
       pg_is_in_recovery() as is_standby

-- name: server
-- The properties of the database that check reports.
select current_setting('server_version') as server_version, current_setting('timezone') as timezone,
       current_user::text as "current_user", has_database_privilege(current_database(), 'CREATE') as may_create,
       pg_is_in_recovery() as is_standby, current_setting('server_encoding') as server_encoding

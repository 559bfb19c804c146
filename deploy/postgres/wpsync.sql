-- Makes the ordinary role that wpsync works as, and gives it the database. The image of Postgres runs this once, as
-- superuser, in a new volume. The role may create roles, for `wpsync bi-role`: in Postgres 16 and later that right
-- reaches no role that it has not made itself.
\set password `cat "$WPSYNC_ROLE_PASSWORD_FILE"`
set log_statement = 'none';
set log_min_duration_statement = -1;
set log_min_error_statement = 'panic';
set password_encryption = 'scram-sha-256';
create role wpsync login createrole nosuperuser nocreatedb noreplication nobypassrls password :'password';
alter database :"DBNAME" owner to wpsync;
revoke all on database :"DBNAME" from public;
revoke all on schema public from public;

-- name: role
-- A role as it is, and whether wpsync made it; one row also where there is none.
select r.oid is not null as exists, coalesce(shobj_description(r.oid, 'pg_authid') = %(comment)s, false) as is_ours,
       coalesce(r.rolsuper, false) as is_superuser, %(role)s::text = current_user as is_connected,
       coalesce(r.rolcanlogin, false) as can_login,
       exists (select from pg_shdepend d
               where d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid and d.deptype = 'o') as owns,
       array_remove(array[case when r.rolcreatedb then 'createdb' end, case when r.rolcreaterole then 'createrole' end,
                          case when r.rolreplication then 'replication' end,
                          case when r.rolbypassrls then 'bypassrls' end], null) as attributes,
       array(select g.rolname::text from pg_auth_members m join pg_roles g on g.oid = m.roleid
             where m.member = r.oid order by 1) as groups
from (select) as one left join pg_roles r on r.rolname = %(role)s

-- name: readers
-- The roles that wpsync made and that may connect to this database.
select rolname::text from pg_roles
where shobj_description(oid, 'pg_authid') = %(comment)s and has_database_privilege(oid, current_database(), 'CONNECT')
      and has_schema_privilege(oid, 'wp', 'USAGE')
order by 1

-- name: everyone_creates
select exists (
    select from pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) as a
    where n.nspname = 'public' and a.grantee = 0 and a.privilege_type = 'CREATE')

-- name: left_to_everyone
-- Rights of every role, and so of this one: temporary tables, large objects, files of any size, objects in public.
select current_user::text, has_database_privilege(%(role)s, current_database(), 'TEMPORARY'),
       (select string_agg(p.oid::regprocedure::text, ', ' order by p.oid::regprocedure::text)
        from pg_proc p
        where p.pronamespace = 'pg_catalog'::regnamespace and p.proname in (
                  'lo_creat', 'lo_create', 'lo_from_bytea', 'lo_import', 'lo_open', 'lo_put', 'lo_truncate',
                  'lo_truncate64', 'lo_unlink', 'lowrite')
              and has_function_privilege(%(role)s, p.oid, 'EXECUTE')),
       exists (select from pg_roles, unnest(rolconfig) as setting
               where rolname = %(role)s and setting like 'temp_file_limit=%%'),
       exists (select from pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) as a
               where n.nspname = 'public' and a.grantee = 0 and a.privilege_type = 'CREATE')

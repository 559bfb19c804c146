-- name: tables
-- Everything by the name of a table of ours, with the rights of the connected role.
select format('%s.%s', n.nspname, c.relname), c.relkind::text,
       c.relrowsecurity and (c.relforcerowsecurity or not pg_has_role(c.relowner, 'member'))
       and not (select rolbypassrls or rolsuper from pg_roles where rolname = current_user),
       array(select one from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) as one
             where has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, one))
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('wp', 'wp_bi', 'wpsync') and c.relkind in ('r', 'p', 'v', 'm', 'f')

-- name: columns
select format('%s.%s', n.nspname, c.relname), a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       a.atthasdef or a.attidentity <> '' or a.attgenerated <> ''
from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('wp', 'wp_bi', 'wpsync') and c.relkind in ('r', 'p', 'v', 'm', 'f') and a.attnum > 0
  and not a.attisdropped

-- name: constraints
-- All that may refuse a row: constraints but NOT NULL, which is a property of columns, and unique indexes.
select format('%s.%s', n.nspname, c.relname), k.conname, k.contype::text
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('wp', 'wp_bi', 'wpsync') and k.contype in ('p', 'u', 'c', 'f', 'x')
union
select format('%s.%s', n.nspname, c.relname), i.relname, 'u'
from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('wp', 'wp_bi', 'wpsync') and x.indisunique and c.relkind in ('r', 'p')

-- name: triggers
-- Triggers and rules; a view has its own rule.
select format('%s.%s', n.nspname, c.relname), t.tgname
from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('wp', 'wp_bi', 'wpsync') and not t.tgisinternal and t.tgenabled <> 'D'
union all
select format('%s.%s', n.nspname, c.relname), r.rulename
from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('wp', 'wp_bi', 'wpsync') and r.rulename <> '_RETURN'

-- name: definitions
select format('%s.%s', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('wp_bi', 'wpsync') and c.relkind = 'v'
union
select format('%s.%s', n.nspname, p.proname) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname in ('wp_bi', 'wpsync')

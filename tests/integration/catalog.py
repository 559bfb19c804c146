"""A schema as lines of text, so that two databases can be compared whatever the order of their columns."""

import psycopg

_OURS = "('wp'::regnamespace, 'wp_bi'::regnamespace, 'wpsync'::regnamespace)"

_QUERIES = (
    # columns of tables and views
    f"""select c.oid::regclass, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
               a.attidentity, l.collname, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        left join pg_collation l on l.oid = a.attcollation
        where c.relnamespace in {_OURS} and c.relkind in ('r', 'v') and c.relname <> 'alembic_version'""",
    f"""select oid::regclass, obj_description(oid, 'pg_class'), case relkind when 'v' then pg_get_viewdef(oid) end
        from pg_class where relnamespace in {_OURS} and relkind in ('r', 'v', 'S') and relname <> 'alembic_version'""",
    f"""select conrelid::regclass, conname, pg_get_constraintdef(oid) from pg_constraint
        where connamespace in {_OURS} and contype <> 'n' and conname not like 'alembic_version%'""",
    f"""select pg_get_indexdef(indexrelid) from pg_index i join pg_class c on c.oid = i.indexrelid
        where c.relnamespace in {_OURS} and c.relname not like 'alembic_version%'""",
    f"""select pg_get_functiondef(oid), obj_description(oid, 'pg_proc') from pg_proc where pronamespace in {_OURS}""",
)


def catalog(url: str) -> set[str]:
    """Every column, constraint, index, view, function and comment of wpsync's schemas, each as a line."""
    with psycopg.connect(url) as connection:
        return {str(row) for query in _QUERIES for row in connection.execute(query.encode())}

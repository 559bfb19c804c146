"""Views and functions kept as .sql files: applied when their text changes, never otherwise.

Each file of `migrations/views` holds one view or function, named after it, with its comments. The table
`wpsync.definitions` stores the hash of the text that a database has. A changed file is applied by
`create or replace`, which keeps grants and the views of other people that depend on it. Postgres can only
append columns that way. Where a column is renamed, removed or retyped, the view is dropped and created
again, with its grants, and so are the plain views that depend on it. Where one of those cannot be created
again, or something else depends on the view, everything is refused and the error names it.
"""

import re
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from hashlib import sha256
from pathlib import Path

import psycopg
from psycopg import errors, sql

from wpsync.db import revision
from wpsync.errors import FatalError

Connection = psycopg.Connection[tuple[object, ...]]

_NAMED = re.compile(r"\b(?:wp_bi|wpsync)\.\w+")

_DEPENDENTS = """
with recursive found(oid, depth) as (
    select to_regclass(%(name)s)::oid, 0
    union all
    select r.ev_class, f.depth + 1
    from found f
    join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = f.oid
                    and d.classid = 'pg_rewrite'::regclass
    join pg_rewrite r on r.oid = d.objid and r.ev_class <> f.oid
)
select c.oid, format('%%I.%%I', n.nspname, c.relname), c.relkind = 'v'
       and not exists (select from pg_trigger t where t.tgrelid = c.oid)
       and not exists (select from pg_rewrite r where r.ev_class = c.oid and r.rulename <> '_RETURN') as is_plain
from (select oid, max(depth) as depth from found group by 1) f join pg_class c using (oid)
join pg_namespace n on n.oid = c.relnamespace
order by f.depth
"""
"""A view and everything with rows that is built on it, in the order in which they can be created."""

_GRANTS = """
select case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end,
       a.privilege_type, a.is_grantable, c.attname
from (select relacl as acl, relowner, null::name as attname from pg_class where oid = %(oid)s
      union all
      select attacl, null, attname from pg_attribute where attrelid = %(oid)s and attacl is not null) c,
     aclexplode(c.acl) a
where a.grantee is distinct from c.relowner
"""


_STORED = """
select name, hash from wpsync.definitions d
where to_regclass(d.name) is not null
   or exists (select from pg_proc p where format('%s.%s', p.pronamespace::regnamespace, p.proname) = d.name)
"""
"""The definitions that were applied and are still there: those that were dropped are created again."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One view or function: its qualified name, and the statements that create or replace it."""

    name: str
    text: str

    @property
    def hash(self) -> str:
        return sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Dropped:
    """A view that was dropped, with the statements that create it again. Ours have no `create`."""

    name: str
    create: str
    grants: list[str]


def declared(folder: Path | None = None) -> list[Definition]:
    """Return every definition of this version, in the order in which they can be created."""
    return list(_read(folder or revision.folder() / "views"))


@cache
def _read(folder: Path) -> tuple[Definition, ...]:
    found = {
        file.stem: Definition(file.stem, file.read_text(encoding="utf-8"))
        for file in sorted(folder.glob("*.sql"))
    }
    uses = {
        name: (set(_NAMED.findall(one.text)) & found.keys()) - {name} for name, one in found.items()
    }
    return tuple(found[name] for name in TopologicalSorter(uses).static_order())


def stale(connection: Connection) -> list[Definition]:
    """Return the definitions whose text differs from the one that the database has."""
    stored = _stored(connection)
    return [one for one in declared() if stored.get(one.name) != one.hash]


def _stored(connection: Connection) -> dict[str, str]:
    try:
        with connection.transaction():
            rows = connection.execute(_STORED).fetchall()
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        return {}
    return {str(name): str(text_hash) for name, text_hash in rows}


def apply(connection: Connection, dropped: list[_Dropped] | None = None) -> list[str]:
    """Apply the stale definitions, inside the caller's transaction; return the names applied.

    `dropped` are the views that `drop` took away before a migration: grants and views of other people
    come back at the end. Raises FatalError, naming them, where that is impossible.
    """
    applied, gone = [], list(dropped or ())
    for one in declared():
        if _stored(connection).get(one.name) == one.hash:
            continue
        try:
            with connection.transaction():
                connection.execute(one.text)
        except errors.InvalidTableDefinition:
            gone += drop(connection, [one.name])
            connection.execute(one.text)
        connection.execute(
            "insert into wpsync.definitions as old (name, hash, applied_at)"
            " values (%s, %s, clock_timestamp())"
            " on conflict (name) do update set hash = excluded.hash, applied_at = excluded.applied_at",
            (one.name, one.hash),
        )
        applied.append(one.name)
    for view in gone:
        _restore(connection, view)
    return applied


def drop(connection: Connection, names: list[str]) -> list[_Dropped]:
    """Drop views and the plain views that depend on them; `apply` brings all of them back.

    For a migration that changes a column which a view uses. Raises FatalError, naming it, where
    something depends on them that cannot be created again.
    """
    dropped: list[_Dropped] = []
    for name in names:
        found = connection.execute(_DEPENDENTS, {"name": name}).fetchall()
        if not found:
            continue  # a new database has no views yet
        stuck = [str(view) for _, view, is_plain in found if not is_plain]
        if stuck:
            raise FatalError("schema.has_dependents", view=name, dependents=stuck)
        dropped += [_saved(connection, oid, str(view)) for oid, view, _ in found]
        for _, view, _ in reversed(found):
            statement = sql.SQL("drop view {}").format(sql.SQL(str(view)))
            try:
                connection.execute(statement)
            except errors.DependentObjectsStillExist as exc:
                raise FatalError(
                    "schema.has_more_dependents", view=name, words=exc.diag.message_detail
                ) from None
        connection.execute(
            "delete from wpsync.definitions where name = any(%s)",
            ([str(view) for _, view, _ in found],),
        )
    return dropped


def _saved(connection: Connection, oid: object, name: str) -> _Dropped:
    """Return a view with its grants; a view of another owner also with its text, owner and comments."""
    grants = [
        f"grant {privilege}{f' ({column})' if column else ''} on {name} to {grantee}"
        + (" with grant option" if grantable else "")
        for grantee, privilege, grantable, column in connection.execute(
            _GRANTS, {"oid": oid}
        ).fetchall()
    ]
    if name in {one.name for one in declared()}:
        return _Dropped(name, "", grants)
    row = connection.execute(
        "select pg_get_viewdef(oid), quote_ident(pg_get_userbyid(relowner)),"
        " array_to_string(reloptions, ', '), obj_description(oid) from pg_class where oid = %s",
        (oid,),
    ).fetchone()
    assert row is not None
    text, owner, options, comment = row
    statements = [
        f"create view {name}{f' with ({options})' if options else ''} as {text}",
        f"alter view {name} owner to {owner}",
    ]
    literal = sql.Literal(comment).as_string(connection)
    if comment is not None:
        statements.append(f"comment on view {name} is {literal}")
    columns = connection.execute(
        "select quote_ident(attname), col_description(attrelid, attnum) from pg_attribute"
        " where attrelid = %s and attnum > 0 and col_description(attrelid, attnum) is not null",
        (oid,),
    ).fetchall()
    for column, said in columns:
        literal = sql.Literal(said).as_string(connection)
        statements.append(f"comment on column {name}.{column} is {literal}")
    return _Dropped(name, ";\n".join(statement.rstrip(";\n ") for statement in statements), grants)


def _restore(connection: Connection, view: _Dropped) -> None:
    try:
        for statement in (view.create, *view.grants):
            if statement:
                connection.execute(statement)
    except errors.Error as exc:
        raise FatalError(
            "schema.dependent_not_restored", view=view.name, words=exc.diag.message_primary
        ) from None


def as_sql() -> str:
    """Return the statements that create every definition and store its hash."""
    parts = []
    for one in declared():
        parts.append(one.text.rstrip())
        parts.append(
            "insert into wpsync.definitions (name, hash, applied_at)"  # noqa: S608 - names of files
            f" values ('{one.name}', '{one.hash}', clock_timestamp());\n"
        )
    return "\n".join(parts)

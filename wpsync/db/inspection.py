"""How the tables of a database differ from those that wpsync made: by hand, by a dump, or a failed restore.

That no migration is missing says only which were applied. Columns that were added, and indexes, are left out as long
as they refuse no row.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from wpsync.db import definitions
from wpsync.db.connecting import Connection
from wpsync.db.queries import statements
from wpsync.db.schema import metadata
from wpsync.errors import Message

QUERIES = statements(__name__)

_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")
_DIALECT = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]


@dataclass(slots=True)
class _Found:
    """One table as the database has it. `constraints` are by name, with those that no declaration knows."""

    kind: str
    hides_rows: bool
    rights: list[str]
    columns: dict[str, tuple[str, bool, bool]] = field(default_factory=dict)
    constraints: dict[str, str] = field(default_factory=dict)
    triggers: list[str] = field(default_factory=list)


def retyped(connection: Connection, table: str) -> Message | None:
    """Return how the type of a column of one table differs from the declared one; None where none does."""
    found = _found(connection).get(table)
    if found is None:
        return None
    messages = _of_columns(metadata().tables[table], found)
    return next((one for one in messages if one.code == "check.column_type"), None)


def differences(connection: Connection) -> list[Message]:
    """Return how tables, columns, keys, triggers, rights and views differ; the gravest first."""
    found = _found(connection)
    declared = metadata().sorted_tables
    messages = []
    missing = sorted(table.fullname for table in declared if table.fullname not in found)
    if missing:
        messages.append(Message("check.tables_missing", {"tables": missing}))
    for table in declared:
        if table.fullname in found:
            messages += _of_table(table, found[table.fullname])
    rows = connection.execute(QUERIES["definitions"]).fetchall()
    there = {str(row[0]) for row in rows}
    views = [one.name for one in definitions.declared() if one.name not in there]
    if views:
        messages.append(Message("check.views_missing", {"views": views}))
    return messages


def _found(connection: Connection) -> dict[str, _Found]:
    found: dict[str, _Found] = {}
    for name, kind, hides, rights in connection.execute(QUERIES["tables"]).fetchall():
        assert isinstance(rights, list)
        found[str(name)] = _Found(str(kind), bool(hides), [str(one) for one in rights])
    for name, column, kind, is_required, is_filled in connection.execute(
        QUERIES["columns"]
    ).fetchall():
        found[str(name)].columns[str(column)] = (str(kind), bool(is_required), bool(is_filled))
    for name, constraint, kind in connection.execute(QUERIES["constraints"]).fetchall():
        found[str(name)].constraints[str(constraint)] = str(kind)
    for name, trigger in connection.execute(QUERIES["triggers"]).fetchall():
        found[str(name)].triggers.append(str(trigger))
    return found


def _of_table(table: sa.Table, found: _Found) -> Iterator[Message]:
    name = table.fullname
    if found.kind != "r":
        yield Message("check.not_a_table", {"table": name})
    lacking = [right for right in _RIGHTS if right not in found.rights]
    if lacking:
        yield Message("check.rights_missing", {"table": name, "rights": lacking})
    if found.hides_rows:
        yield Message("check.rows_hidden", {"table": name})
    yield from _of_columns(table, found)
    ours = {str(one.name) for one in table.constraints if one.name}
    ours |= {str(one.name) for one in table.indexes if one.unique}
    if absent := sorted(ours - found.constraints.keys()):
        yield Message("check.keys_missing", {"table": name, "keys": absent})
    if foreign := sorted(found.constraints.keys() - ours):
        yield Message("check.constraints_foreign", {"table": name, "constraints": foreign})
    if found.triggers:
        yield Message("check.triggers", {"table": name, "triggers": sorted(found.triggers)})


def _of_columns(table: sa.Table, found: _Found) -> Iterator[Message]:
    name = table.fullname
    declared = {column.name: column for column in table.columns}
    if missing := [one for one in declared if one not in found.columns]:
        yield Message("check.columns_missing", {"table": name, "columns": missing})
    for column, (kind, is_required, is_filled) in found.columns.items():
        if column not in declared:
            if is_required and not is_filled:
                yield Message("check.column_refuses", {"table": name, "column": column})
            continue
        if kind != (wanted := _kind(declared[column])):
            params = {"table": name, "column": column, "type": kind, "wanted": wanted}
            yield Message("check.column_type", params)
        if is_required and declared[column].nullable:
            yield Message("check.column_refuses", {"table": name, "column": column})


def _kind(column: sa.Column[object]) -> str:
    """Return the type as Postgres writes it (`format_type`)."""
    text = str(column.type.compile(dialect=_DIALECT)).lower()
    kind = text.partition(" collate")[0].replace(", ", ",")
    return f"{kind}[]" if text.endswith("[]") and not kind.endswith("[]") else kind

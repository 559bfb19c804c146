"""Rows that other rows name by their id: the chats of messages. Which of them are not there, and when they are looked for.

They are noted in the transaction of the rows that name them. That may not wait for the other table, which another session
may have locked: then they count as missing until the next `settle`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import cast

from psycopg import errors, sql
from psycopg.rows import class_row, scalar_row

from wpsync.db.database import Connection, Database
from wpsync.db.queries import statements
from wpsync.policy import Ladder
from wpsync.resources import RESOURCES
from wpsync.state.scope import Scope

QUERIES = statements(__name__)


@cache
def _sql(resource: str, text: str) -> bytes:
    """Fill in the table of a resource, and its key."""
    table = RESOURCES[resource].table
    filled = sql.SQL(text).format(
        target=sql.Identifier("wp", table.name), key=sql.Identifier(table.key[0])
    )
    return filled.as_bytes(None)


_LOCK = "lock table {target} in access share mode nowait"

_HELD = "select {key} from {target} where _account = %(account)s and {key} = any(%(ids)s::text[])"

_SETTLE = (
    "update wpsync.named_rows as n set missing_since = case when k.held then null else %(now)s::timestamptz end,"
    " attempts = 0, retry_at = null"
    " from (select id, missing_since, exists (select from {target} as t where t._account = %(account)s"
    " and t.{key} = m.id) as held from wpsync.named_rows as m"
    " where account = %(account)s and resource = %(resource)s{which}) as k"
    " where n.account = %(account)s and n.resource = %(resource)s and n.id = k.id"
    " and k.held = (k.missing_since is not null)"
)

_FORGET = (
    "delete from wpsync.named_rows as n where account = %(account)s and resource = %(resource)s"
    " and missing_since is not null"
    " and not exists (select from {naming} as t where t._account = %(account)s and t.{column} = n.id)"
)


def note(
    connection: Connection, scope: Scope, named: Mapping[str, datetime], now: datetime
) -> None:
    """Note ids of a resource's rows, each with the time of the row that names it, in that row's transaction."""
    ids = sorted(named)
    parameters = scope.parameters(ids=ids, times=[named[one] for one in ids], now=now)
    found = connection.execute(QUERIES["unnoted"], parameters).fetchall() if ids else []
    if not found:
        return
    new = {cast("str", identifier): at for identifier, at in found}
    parameters = {**parameters, "ids": sorted(new), "times": [new[one] for one in sorted(new)]}
    connection.execute(
        QUERIES["note"], {**parameters, "held": _held(connection, scope, parameters)}
    )


def _held(connection: Connection, scope: Scope, parameters: Mapping[str, object]) -> list[str]:
    """Return the ids whose rows are there; none where that table is locked."""
    try:
        with connection.transaction():
            connection.execute(_sql(scope.resource, _LOCK))
            rows = connection.execute(_sql(scope.resource, _HELD), parameters).fetchall()
    except errors.LockNotAvailable:
        return []
    return [cast("str", row[0]) for row in rows]


def settle(connection: Connection, scope: Scope, now: datetime, *, whole: bool = False) -> None:
    """Note which of the missing rows are there by now; `whole`: also which of the others are no longer."""
    which = "" if whole else " and missing_since is not null"
    connection.execute(
        _sql(scope.resource, _SETTLE.replace("{which}", which)), scope.parameters(now=now)
    )


def look(database: Database, scope: Scope, now: datetime) -> None:
    """Settle the missing rows; forget those that no row names any more (people were erased, messages are not kept)."""
    with database.connection() as connection:
        settle(connection, scope, now)
        for naming in (one for one in RESOURCES.values() if one.names):
            column, resource = cast("tuple[str, str]", naming.names)
            if resource == scope.resource:
                # For itself: while it waits for a locked table of messages, nothing waits for it.
                filled = sql.SQL(_FORGET).format(
                    naming=sql.Identifier("wp", naming.table.name), column=sql.Identifier(column)
                )
                connection.execute(filled, scope.parameters())


def missing(database: Database, scope: Scope) -> int:
    """How many rows are named and not there."""
    with database.connection() as connection, connection.cursor(row_factory=scalar_row) as cursor:
        return cast("int", cursor.execute(QUERIES["missing"], scope.parameters()).fetchone())


@dataclass(frozen=True, slots=True)
class Missing:
    """A row that is named and not there: when it was named first, and how often it was looked for."""

    named_at: datetime
    attempts: int


def due(database: Database, scope: Scope, now: datetime) -> list[Missing]:
    """The missing rows that are to be looked for by now."""
    with (
        database.connection() as connection,
        connection.cursor(row_factory=class_row(Missing)) as cursor,
    ):
        return cursor.execute(QUERIES["due"], scope.parameters(now=now)).fetchall()


def looked_for(database: Database, scope: Scope, now: datetime, ladder: Ladder) -> None:
    """Put off the rows that are still missing to their next time."""
    waits = [now + ladder.after(attempt) for attempt in range(1, len(ladder.steps) + 2)]
    with database.connection() as connection:
        connection.execute(QUERIES["looked_for"], scope.parameters(waits=waits))

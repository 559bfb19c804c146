"""Rows whose content is still to change: kept beside the ledger, in the transaction of their windows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from psycopg import sql
from psycopg.rows import class_row, scalar_row

from wpsync.db.database import Connection, Database
from wpsync.db.queries import statements
from wpsync.model import Window
from wpsync.resources import RESOURCES
from wpsync.state.scope import Scope

QUERIES = statements(__name__)

_EDGE = timedelta(seconds=1)

Due = Callable[[datetime, datetime], datetime | None]
"""A row's time, and when it was read, to when it is due again (None: never)."""


@dataclass(frozen=True, slots=True)
class _Noted:
    id: str
    due_at: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class _Open:
    id: str
    at: datetime
    reason: str


@cache
def _open_rows_sql(resource: str) -> bytes:
    """Select the rows of a stretch whose content is still to change, by the declared rules.

    Parameters: `account`, `start` (inclusive), `end` (exclusive).
    """
    declared = RESOURCES[resource]
    selects = []
    for table in declared.followed:
        rule = table.follow_up
        assert rule is not None
        assert declared.cursor is not None
        selects.append(
            sql.SQL(
                "select {key} as id, {at} as at, {reason} as reason from {table}"
                " where _account = %(account)s and {at} >= %(start)s and {at} < %(end)s"
                " and ({column} is null or {column} not in ({final}))"
            ).format(
                key=sql.Identifier(table.key[0]),
                at=sql.Identifier(declared.cursor),
                reason=sql.Literal(rule.reason),
                table=sql.Identifier("wp", table.name),
                column=sql.Identifier(rule.column),
                final=sql.SQL(", ").join(map(sql.Literal, rule.final)),
            )
        )
    return sql.SQL(" union all ").join(selects).as_bytes(None)


def track(
    connection: Connection,
    scope: Scope,
    window: Window,
    read_at: datetime,
    due: Due,
    *,
    recent: bool,
) -> None:
    """After a reading of a stretch: what is open there is due again later, what has settled is not.

    What is older than the horizon is taken up no more (`recent` False); only what settled is dropped.
    A reading covers the seconds at both edges too, under some meanings of the vendor's ends: an open
    row there that nobody knew is taken up, and one that is known waits for a reading of its own.
    """
    if not RESOURCES[scope.resource].followed:
        return
    start, end = window.start - _EDGE, window.end + _EDGE
    parameters = scope.parameters(start=start, end=end, read_at=read_at)
    with connection.cursor(row_factory=class_row(_Noted)) as cursor:
        noted = cursor.execute(QUERIES["follow_ups_between"], parameters).fetchall()
    known = {one.id: one.due_at for one in noted}
    inside = {one.id for one in noted if window.start <= one.at < window.end}
    if not known and not recent:
        return
    with connection.cursor(row_factory=class_row(_Open)) as open_rows:
        found = open_rows.execute(_open_rows_sql(scope.resource), parameters).fetchall()
    settled = inside - {one.id for one in found}
    if settled:
        connection.execute(QUERIES["settle_follow_ups"], {**parameters, "ids": sorted(settled)})
    for one in found:
        due_at = due(one.at, read_at)
        if one.id in known and (one.id not in inside or known[one.id] == due_at):
            continue
        values = {"id": one.id, "at": one.at, "reason": one.reason, "due_at": due_at}
        connection.execute(QUERIES["keep_follow_up"], {**parameters, **values})


def waiting(connection: Connection, scope: Scope, window: Window, since: datetime) -> set[str]:
    """The rows of a stretch, and of the seconds beside it, that are due to be read again at an instant or later."""
    parameters = scope.parameters(start=window.start - _EDGE, end=window.end + _EDGE)
    with connection.cursor(row_factory=class_row(_Noted)) as cursor:
        noted = cursor.execute(QUERIES["follow_ups_between"], parameters).fetchall()
    return {one.id for one in noted if one.due_at is not None and one.due_at >= since}


def due_times(database: Database, scope: Scope, now: datetime) -> list[datetime]:
    """The times of rows that are due to be read again, in order."""
    with database.connection() as connection, connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(QUERIES["follow_ups_due"], scope.parameters(now=now)).fetchall()

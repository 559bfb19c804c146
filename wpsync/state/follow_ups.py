"""Rows whose content is still to change: kept beside the ledger, in the transaction of their windows."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

from psycopg.rows import dict_row

from wpsync.db.database import Connection, Database
from wpsync.db.queries import statements
from wpsync.model import Window
from wpsync.state.scope import Scope

QUERIES = statements(__name__)

_OPEN = {"calls": "open_calls", "wechat_messages": "open_messages"}

_EDGE = timedelta(seconds=1)

Due = Callable[[datetime, datetime], datetime | None]
"""A row's time, and when it was read, to when it is due again (None: never)."""


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
    query = _OPEN.get(scope.resource)
    if query is None:
        return
    start, end = window.start - _EDGE, window.end + _EDGE
    parameters = scope.parameters(start=start, end=end, read_at=read_at)
    noted = connection.execute(QUERIES["follow_ups_between"], parameters).fetchall()
    known = {str(row[0]): row[1] for row in noted}
    inside = {str(row[0]) for row in noted if window.start <= cast("datetime", row[2]) < window.end}
    if not known and not recent:
        return
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(QUERIES[query], parameters).fetchall()
    settled = inside - {row["id"] for row in found}
    if settled:
        connection.execute(QUERIES["settle_follow_ups"], {**parameters, "ids": sorted(settled)})
    for row in found:
        identifier = str(row["id"])
        due_at = due(cast("datetime", row["at"]), read_at)
        if identifier in known and (identifier not in inside or known[identifier] == due_at):
            continue
        connection.execute(QUERIES["keep_follow_up"], {**parameters, **row, "due_at": due_at})


def due_times(database: Database, scope: Scope, now: datetime) -> list[datetime]:
    """The times of rows that are due to be read again, in order."""
    with database.connection() as connection:
        found = connection.execute(QUERIES["follow_ups_due"], scope.parameters(now=now)).fetchall()
    return [cast("datetime", row[0]) for row in found]

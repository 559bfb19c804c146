"""The ledger added up, by account and resource, so that telling the number of rows reads no thousand days.

The totals change in the transaction that changes the ledger. `recount` adds up anew, e.g. after a change of the ledger
by hand.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from wpsync.db.database import Connection, Database
from wpsync.db.queries import statements
from wpsync.ledger import LedgerWindow
from wpsync.state.scope import Scope

QUERIES = statements(__name__)


def add_difference(
    connection: Connection,
    scope: Scope,
    before: Sequence[LedgerWindow],
    after: Sequence[LedgerWindow],
) -> None:
    """Add how windows differ after a change; call it in the ledger's transaction, once the windows are written.

    Both are oldest first, and all there is of a stretch.
    """
    gaps = 0
    if _spans(before) != _spans(after):
        gaps = _gaps_added(connection, scope, before, after)
    vendor_count = _counted(after) - _counted(before)
    rows_held = _held(after) - _held(before)
    if vendor_count or rows_held or gaps:
        parameters = scope.parameters(vendor_count=vendor_count, rows_held=rows_held, gaps=gaps)
        connection.execute(QUERIES["add"], parameters)


def _counted(known: Sequence[LedgerWindow]) -> int:
    return sum(window.vendor_count or 0 for window in known)


def _held(known: Sequence[LedgerWindow]) -> int:
    return sum(window.rows_held for window in known)


def _spans(known: Sequence[LedgerWindow]) -> list[tuple[datetime, datetime]]:
    return [(window.starts_at, window.ends_at) for window in known]


def _gaps_added(
    connection: Connection,
    scope: Scope,
    before: Sequence[LedgerWindow],
    after: Sequence[LedgerWindow],
) -> int:
    """Return how many more gaps there are, those to the neighbours on both sides included."""
    both = [*before, *after]
    start, end = min(one.starts_at for one in both), max(one.ends_at for one in both)
    row = connection.execute(
        QUERIES["neighbours"], scope.parameters(start=start, end=end)
    ).fetchone()
    assert row is not None
    left, right = cast("tuple[datetime | None, datetime | None]", row)
    return _gaps(left, after, right) - _gaps(left, before, right)


def _gaps(left: datetime | None, known: Sequence[LedgerWindow], right: datetime | None) -> int:
    ends = [left, *(window.ends_at for window in known)]
    starts = [*(window.starts_at for window in known), right]
    return sum(
        end is not None and start is not None and end < start
        for end, start in zip(ends, starts, strict=True)
    )


def recount(database: Database) -> None:
    """Add up the ledger of every resource anew."""
    with database.connection() as connection:
        scopes = connection.execute(QUERIES["scopes"]).fetchall()
    for account, resource in scopes:
        parameters = Scope(str(account), str(resource)).parameters()
        with database.transaction() as connection:
            connection.execute(QUERIES["lock_totals"], parameters)
            connection.execute(QUERIES["add_up"], parameters)

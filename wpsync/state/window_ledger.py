"""The ledger of windows and the watermark in Postgres. `wpsync.ledger` computes the changes, this reads and writes.

`PostgresLedger` is the only writer. It works in the transaction of its connection, under the ledger's lock.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import cast

from psycopg.rows import class_row

from wpsync import ledger
from wpsync.db.database import Connection, Connects, Database
from wpsync.db.queries import statements
from wpsync.ledger import Change, LedgerWindow
from wpsync.model import EVER, Window
from wpsync.state import totals
from wpsync.state.scope import Scope

QUERIES = statements(__name__)


class PostgresLedger:
    """The ledger of one resource, locked until the connection's transaction ends (`ledger.WindowLedger`).

    `run_id` is the run that reads the windows which are entered.
    """

    def __init__(self, connection: Connection, scope: Scope, run_id: int | None = None) -> None:
        self._connection = connection
        self._scope = scope
        self._run_id = run_id
        _lock(connection, scope)

    def windows(self, span: Window) -> list[LedgerWindow]:
        """Return the windows that overlap or adjoin a span, oldest first."""
        parameters = self._scope.parameters(starts_at=span.start, ends_at=span.end)
        return _windows(self._connection, "windows_around", parameters)

    def update(self, span: Window, change: Change) -> None:
        """Read the windows that overlap or adjoin a span, and write how they differ after the change."""
        before = self.windows(span)
        after = change(before)
        starts = {window.starts_at for window in after}
        removed = [old.starts_at for old in before if old.starts_at not in starts]
        if removed:
            parameters = self._scope.parameters(starts=removed)
            self._connection.execute(QUERIES["remove_windows"], parameters)
        for new in after:
            if new not in before:
                fields = {name: getattr(new, name) for name in LedgerWindow.__slots__}
                parameters = self._scope.parameters(**fields, run_id=self._run_id)
                self._connection.execute(QUERIES["put_window"], parameters)
        totals.add_difference(self._connection, self._scope, before, after)

    def watermark(self) -> datetime | None:
        """Return the watermark; None before the first sync."""
        return _watermark(self._connection, self._scope)

    def set_watermark(self, at: datetime) -> None:
        """Set the watermark; writes nothing where it is there already."""
        parameters = self._scope.parameters(at=at)
        self._connection.execute(QUERIES["set_watermark"], parameters)


def _lock(connection: Connection, scope: Scope) -> None:
    """Lock the ledger's row, which is made the first time. Roles without rights on `wpsync` cannot."""
    while connection.execute(QUERIES["lock_ledger"], scope.parameters()).fetchone() is None:
        connection.execute(QUERIES["begin_ledger"], scope.parameters())


@contextmanager
def locked(database: Database, scope: Scope) -> Iterator[PostgresLedger]:
    """Open a resource's ledger in a transaction of its own."""
    with database.transaction() as connection:
        yield PostgresLedger(connection, scope)


def forget_windows(connection: Connection, scope: Scope, before: datetime) -> None:
    """Remove the windows that end before an instant or at it, in the transaction of their rows."""
    book = PostgresLedger(connection, scope)
    book.update(Window(EVER.start, before), partial(ledger.forget, before=before))


def windows_between(database: Connects, scope: Scope, span: Window) -> list[LedgerWindow]:
    """Return the windows that overlap a span, oldest first."""
    parameters = scope.parameters(starts_at=span.start, ends_at=span.end)
    with database.connection() as connection:
        return _windows(connection, "windows_between", parameters)


def watermark(database: Database, scope: Scope) -> datetime | None:
    """Return the watermark: everything before it has been read at least once; None before the first sync."""
    with database.connection() as connection:
        return _watermark(connection, scope)


def _watermark(connection: Connection, scope: Scope) -> datetime | None:
    row = connection.execute(QUERIES["watermark"], scope.parameters()).fetchone()
    return None if row is None else cast("datetime", row[0])


def _windows(
    connection: Connection, query: str, parameters: Mapping[str, object]
) -> list[LedgerWindow]:
    with connection.cursor(row_factory=class_row(LedgerWindow)) as cursor:
        found = cursor.execute(QUERIES[query], parameters).fetchall()
    # Postgres has no unsigned integer of 64 bits, and a numeric comes as a Decimal.
    return [one if one.digest is None else replace(one, digest=int(one.digest)) for one in found]

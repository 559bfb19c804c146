"""Rows that the database lacks, copied straight into their tables: the quickest way in.

(Measured: half the server's work of staging and inserting.) Rows are put into the form in which they
are sent before the transaction begins, so that who waits for the ledger's lock waits for Postgres only.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg
from psycopg import Copy, errors
from psycopg.abc import Buffer
from psycopg.copy import Writer

from wpsync.db.database import Connection
from wpsync.db.refusals import of_others
from wpsync.errors import FatalError
from wpsync.loading.merge_sql import copy_straight_sql, held_sql, known_sql
from wpsync.model import Row
from wpsync.resources import TABLES
from wpsync.resources.spec import Resource

_ROW_ERRORS = ("22", "23", "54")
"""SQLSTATE classes that are one row's fault: data, constraints, limits (an index entry too long)."""

_SHORT = timedelta(days=2)
"""The longest stretch whose rows are looked at to find out which are held; a window is no longer, unless a
row of it lies far outside."""

RowsByTable = Mapping[str, list[Row]]


def is_row_error(exc: psycopg.Error) -> bool:
    """Whether it is a row's fault, not the database's or ours.

    A constraint, column or trigger that was added to a table is none of the row's: our tables have their
    primary keys, and no other constraint.
    """
    if exc.sqlstate is None:  # the driver itself cannot send the value
        return isinstance(exc, psycopg.DataError)
    if exc.sqlstate[:2] not in _ROW_ERRORS or of_others(exc):
        return False
    table = TABLES.get(exc.diag.table_name or "")
    if isinstance(exc, errors.NotNullViolation):
        return table is None or exc.diag.column_name in {one.name for one in table.columns}
    if exc.sqlstate[:2] == "23":
        return exc.diag.constraint_name == f"{exc.diag.table_name}_pkey"
    return True


def arrived(table: str, sent: int, written: int) -> None:
    """Raises FatalError where the database says that it wrote fewer rows than it was sent."""
    if written != sent:
        place = f"wp.{table}"
        raise FatalError("database.rows_skipped", table=place, sent=sent, written=written)


@dataclass(slots=True)
class _Encoded:
    """Rows by table in the form in which COPY takes them, without those of keys that were known."""

    known: Set[object]
    pieces: dict[str, Sequence[Buffer]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)


class _Pieces(Writer):
    """Keeps what the driver's COPY would send."""

    def __init__(self) -> None:
        self.written: list[Buffer] = []

    def write(self, data: Buffer) -> None:
        self.written.append(data)


class DirectCopy:
    """Copies rows of one resource on one connection. Not thread-safe."""

    def __init__(self, connection: Connection, resource: Resource, account: str) -> None:
        self._connection = connection
        self._account = account
        self._main = resource.table
        self._key = resource.table.position(resource.table.key[0])
        self._cursor = resource.cursor
        self._ready: _Encoded | None = None

    def prepare(self, rows: RowsByTable) -> None:
        """Encode, outside any transaction, what `copy` will send unless somebody else inserts it meanwhile."""
        self._ready = None
        ours = rows.get(self._main.name, [])
        if not ours:
            return
        try:
            known = self._known(ours)
            if len(known) < len(ours):
                self._ready = self._encoded(rows, known)
        except (psycopg.DataError, UnicodeEncodeError):
            return  # `copy` stumbles over it again, and says so

    def copy(self, rows: RowsByTable) -> dict[str, list[Row]] | None:
        """Copy the rows that are new; the others are returned, to be merged.

        None where nothing was copied: all rows are held, or the copy stumbled over one (somebody has
        just inserted it, Postgres refuses it).
        """
        ours = rows.get(self._main.name, [])
        ready, self._ready = self._ready, None
        if not ours:
            return None
        try:
            with self._connection.transaction():
                known = self._known(ours)
                if len(known) == len(ours):
                    return None
                if ready is None or ready.known != known:
                    ready = self._encoded(rows, known)
                for table, pieces in ready.pieces.items():
                    arrived(table, ready.sizes[table], self._send(table, pieces))
        except (psycopg.Error, UnicodeEncodeError) as exc:
            if isinstance(exc, psycopg.Error) and not is_row_error(exc):
                raise
            return None
        if not known:
            return {}
        return {table: self._some(table, rows[table], known, held=True) for table in rows}

    def _encoded(self, rows: RowsByTable, known: Set[object]) -> _Encoded:
        encoded = _Encoded(known)
        for table, of_table in rows.items():
            pieces = _Pieces()
            new = self._some(table, of_table, known, held=False)
            with self._connection.cursor() as cursor, Copy(cursor, writer=pieces) as copy:
                for row in new:
                    copy.write_row((*row, row[-1], self._account))
            encoded.pieces[table], encoded.sizes[table] = pieces.written, len(new)
        return encoded

    def _send(self, table: str, pieces: Sequence[Buffer]) -> int:
        """Send rows; return how many the server says that it wrote."""
        if not pieces:
            return 0
        with self._connection.cursor() as cursor:
            with cursor.copy(copy_straight_sql(table)) as copy:
                for piece in pieces:
                    copy.write(piece)
            return cursor.rowcount

    def _some(self, table: str, rows: list[Row], known: Set[object], *, held: bool) -> list[Row]:
        """The rows of keys that are known, or the others; a typed row goes with its message."""
        if not known:
            return rows
        key = self._key if table == self._main.name else 0
        return [row for row in rows if (row[key] in known) is held]

    def _known(self, rows: Sequence[Row]) -> Set[object]:
        """The keys among these rows that the database holds.

        Where the rows have times they are looked for between the first and the last of them, unless
        these are far apart: one short range of an index. (A row held under another time makes the
        copy stumble, no more.)
        """
        keys = [row[self._key] for row in rows]
        if self._cursor is not None:
            at = self._main.position(self._cursor)
            times = [row[at] for row in rows]
            if times and None not in times:
                first, last = min(times), max(times)  # type: ignore[type-var]  # a column of instants
                if last - first <= _SHORT:  # type: ignore[operator]  # likewise
                    statement = held_sql(self._main.name, self._cursor)
                    span = {"account": self._account, "first": first, "last": last}
                    cursor = self._connection.execute(statement, span)
                    return {row[0] for row in cursor.fetchall()}.intersection(keys)
        cursor = self._connection.execute(
            known_sql(self._main.name), {"account": self._account, "keys": keys}
        )
        return {row[0] for row in cursor.fetchall()}

"""One window's rows on their way into the database.

Rows that the database lacks are copied straight into their tables, inside the transaction that closes the
window (`loading.direct_copy`). Everything else is staged and merged: rows that are there already, listings, windows too
large to be held in memory, and whatever a straight copy stumbles over (a row that somebody else has
just inserted, a row that Postgres refuses).
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from weakref import WeakKeyDictionary

import psycopg
from psycopg import errors, sql

from wpsync import crash_points
from wpsync.db.database import Connection
from wpsync.errors import FatalError, Message
from wpsync.loading.direct_copy import DirectCopy, arrived, is_row_error
from wpsync.loading.merge_sql import (
    Counts,
    Gone,
    archive_changed_sql,
    archive_gone_sql,
    copy_sql,
    create_staging_sql,
    drop_stale_typed_sql,
    hold_sql,
    soft_delete_sql,
    staged_columns,
    staging_name,
    truncate_sql,
    unstage_others_sql,
    unwritten_sql,
    upsert_sql,
)
from wpsync.model import Batch, DeadLetter, LeftOut, Row
from wpsync.policy import DEFAULT
from wpsync.resources import TABLES
from wpsync.resources.messages import MEDIA
from wpsync.resources.spec import Resource, Table

Check = Callable[[Connection], None]
"""Holds in a transaction the leases under which it is written. Raises LeaseLostError."""


def unchecked(connection: Connection) -> None:
    """Write under no lease."""


REFUSED = "refused_by_postgres"
"""The reason of dead letters of rows that Postgres refuses."""

SPILL_ROWS = 20_000
"""Rows of a window held in memory; beyond that they are staged while its pages still arrive."""

_STAGED: WeakKeyDictionary[Connection, dict[str, int]] = WeakKeyDictionary()
"""The staging tables of a connection, which live as long as it does, and how many rows stand in each."""


class Staging:
    """The staging tables of one connection, for one resource at a time. Not thread-safe.

    `attempts`: how many transactions are tried where Postgres breaks a deadlock. `check`: the first step of each.
    """

    def __init__(
        self,
        connection: Connection,
        resource: Resource,
        account: str,
        attempts: int = DEFAULT.windows.deadlocks,
        check: Check = unchecked,
    ) -> None:
        self._connection = connection
        self._resource = resource
        self._whose = {"account": account}
        self._attempts = attempts
        self._check = check
        self._pending = Batch()
        self._in_window = self._committed = False
        self._staged = _STAGED.setdefault(connection, {})
        self.dead_letters: list[DeadLetter] = []
        self.drift: Counter[tuple[str, str]] = Counter()
        self.left_out = LeftOut()
        self._straight = DirectCopy(connection, resource, account)
        self.clear()

    @property
    def batch(self) -> Batch:
        """Where the normaliser puts rows; call `flush_if_full` after each page."""
        return self._pending

    def flush_if_full(self) -> None:
        """Stage what has come together, once it is too much to be held in memory."""
        if len(self._pending.rows.get(self._resource.table.name, ())) >= SPILL_ROWS:
            self.flush()

    def flush(self) -> None:
        """Copy everything pending into the staging tables."""
        for table in list(self._pending.rows):
            self._flush_table(table)
        self._keep_aside()
        self._pending = Batch()

    def stage_all(self) -> None:
        """Stage everything pending, with a staging table (perhaps empty) for every table of the resource."""
        self.flush()
        self._create(self._resource.table.name)
        for table in self._resource.details:
            self._create(table.name)

    def _keep_aside(self) -> None:
        self.dead_letters += self._pending.dead_letters
        self.drift += self._pending.drift
        self.left_out.add(self._pending.left_out)
        self._pending.left_out = LeftOut()
        self._pending.dead_letters = []
        self._pending.drift = Counter()

    def _flush_table(self, table: str) -> None:
        rows = self._pending.rows.pop(table, [])
        self._create(table)
        if rows:
            self._copy(table, rows)

    def clear(self) -> None:
        """Forget what is staged, e.g. before the window is read again."""
        self._pending = Batch()
        self.dead_letters = []
        self.drift = Counter()
        self.left_out = LeftOut()
        self._empty()

    def _empty(self) -> None:
        """Truncate what was staged: one statement, and no wait for the disk where nothing was loaded."""
        dirty = [table for table, rows in self._staged.items() if rows]
        if dirty:
            with self._connection.transaction():
                self._connection.execute("set local synchronous_commit = off")
                self._connection.execute(truncate_sql(dirty))
            self._staged.update(dict.fromkeys(dirty, 0))

    def transactions(self) -> Iterator[AbstractContextManager[None]]:
        """Yield the transaction in which `merge` is called; yield another where Postgres broke a deadlock.

        Use it as `for transaction in staging.transactions(): with transaction: ...`. Rows are encoded before
        the first one begins, so the ledger's lock is never held meanwhile.
        """
        self._keep_aside()
        if not self._merges_always():
            self._straight.prepare(self._pending.rows)
        rows, letters = dict(self._pending.rows), list(self.dead_letters)
        self._committed = False
        for left in reversed(range(self._attempts)):
            yield self._transaction(is_last=not left)
            if self._committed:
                return
            self._pending, self.dead_letters = Batch(dict(rows)), list(letters)

    @contextmanager
    def _transaction(self, *, is_last: bool) -> Iterator[None]:
        """Open a transaction; swallow a broken deadlock unless it is the last."""
        staged = dict(self._staged)
        try:
            self._in_window = True
            with self._connection.transaction():
                self._check(self._connection)
                yield
                if dirty := [table for table, rows in self._staged.items() if rows]:
                    self._connection.execute(truncate_sql(dirty))
                crash_points.reach()
            crash_points.reach()
        except BaseException as exc:
            self._staged.clear()
            self._staged.update(staged)
            if is_last or not isinstance(
                exc, errors.DeadlockDetected | errors.SerializationFailure
            ):
                raise
        else:
            self._staged.update(dict.fromkeys(dirty, 0))
            self._pending = Batch()
            self._committed = True
        finally:
            self._in_window = False

    def keep_held_only(self) -> None:
        """Take back staged rows that the table does not hold; call inside the transaction, before `merge`."""
        main = self._resource.table.name
        held = [row[0] for row in self._connection.execute(hold_sql(main), self._whose).fetchall()]
        self._connection.execute(unstage_others_sql(main), (held,))

    def merge(self, *, duplicates: bool, gone: Gone | None = None, again: bool = False) -> Counts:
        """Merge all staged rows into `wp`; call inside the transaction that closes the window.

        `duplicates` says whether an id was staged more than once; `again` that stored content was
        normalised anew, so that typed rows may be stale although their message is unchanged. Paths of
        media are always compared: they stand beside the payload, and come when the phone has uploaded.
        Rows that Postgres refuses go to `dead_letters`, each alone. Counts are of the resource's own table. Raises
        FatalError where most rows of a table are refused in one way: the table is at fault, not the rows.
        """
        sent = {table: len(rows) for table, rows in self._pending.rows.items()}
        for table, rows in self._staged.items():
            sent[table] = sent.get(table, 0) + rows
        counts = self._merge(duplicates=duplicates, gone=gone, again=again)
        self._look_at_refusals(sent)
        return counts

    def _merge(self, *, duplicates: bool, gone: Gone | None, again: bool) -> Counts:
        main = self._resource.table
        inserted = 0
        if not (duplicates or again or self._merges_always()):
            inserted = self._copy_new()
        self._flush_table(main.name)
        if inserted and not self._staged[main.name]:
            return Counts(inserted=inserted)
        if main.history:
            self._connection.execute(
                archive_changed_sql(main.name, distinct=duplicates), self._whose
            )
        counts = self._merge_table(main.name, duplicates=duplicates)
        counts.inserted += inserted
        if self._resource.details:
            if counts.inserted or counts.updated or again:
                self.flush()
                self._merge_typed(changed=again or counts.updated > 0, duplicates=duplicates)
            else:
                self._flush_table(MEDIA.name)
                self._merge_typed_table(MEDIA, duplicates=duplicates)
        if gone is not None:
            counts.deleted = self._mark_gone(gone)
        return counts

    def _look_at_refusals(self, sent: Mapping[str, int]) -> None:
        refused = Counter(
            (str(one.error.params["table"]), str(one.error.params["sqlstate"]))
            for one in self.dead_letters
            if one.reason == REFUSED
        )
        for (table, sqlstate), many in refused.items():
            if many >= DEFAULT.distrust.refused and many * 2 > sent.get(table, 0):
                place = f"wp.{table}"
                raise FatalError("database.rows_refused", table=place, sqlstate=sqlstate, rows=many)

    def _copy_new(self) -> int:
        """Copy straight into the tables what they lack; how many rows of the main one. The rest stays pending."""
        main = self._resource.table.name
        rest = self._straight.copy(self._pending.rows)
        if rest is None:
            return 0
        inserted = len(self._pending.rows[main]) - len(rest.get(main, ()))
        self._pending.rows = rest
        return inserted

    def _merges_always(self) -> bool:
        """Whether rows of this resource are compared with what is held, however new they are."""
        main = self._resource.table
        return main.soft_delete or bool(main.inherits) or bool(self._staged.get(main.name))

    def _merge_typed(self, *, changed: bool, duplicates: bool) -> None:
        if changed:
            for table in self._resource.details:
                self._create(table.name)
                self._connection.execute(drop_stale_typed_sql(table.name), self._whose)
        for table in self._resource.details:
            self._merge_typed_table(table, duplicates=duplicates)

    def _merge_typed_table(self, table: Table, *, duplicates: bool) -> None:
        if self._staged.get(table.name):
            self._merge_table(table.name, duplicates=duplicates or len(table.key) > 1)

    def _mark_gone(self, gone: Gone) -> int:
        table = self._resource.table
        parameters = {**self._whose, "at": gone.at, "parent": gone.parent}
        self._connection.execute(archive_gone_sql(table, gone.parent_column), parameters)
        return self._connection.execute(
            soft_delete_sql(table, gone.parent_column), parameters
        ).rowcount

    def _create(self, table: str) -> None:
        if table not in self._staged:
            with self._connection.transaction():
                if (
                    not self._in_window
                ):  # a `set local` would outlive this block: not in a window's commit
                    self._connection.execute("set local synchronous_commit = off")
                self._connection.execute(create_staging_sql(table))
            self._staged[table] = 0

    def _copy(self, table: str, rows: Sequence[Row]) -> None:
        """COPY all rows, or, where Postgres refuses, each half for itself down to the offending row."""
        try:
            with (
                self._connection.transaction(),
                self._connection.cursor() as cursor,
                cursor.copy(copy_sql(table)) as copy,
            ):
                for row in rows:
                    copy.write_row(row)
        except psycopg.Error as exc:
            if not is_row_error(exc):
                raise
            if len(rows) == 1:
                self._refuse(
                    table, dict(zip(staged_columns(TABLES[table]), rows[0], strict=True)), exc
                )
                return
            middle = len(rows) // 2
            self._copy(table, rows[:middle])
            self._copy(table, rows[middle:])
        else:
            self._staged[table] += len(rows)

    def _merge_table(self, table: str, *, duplicates: bool) -> Counts:
        try:
            with self._connection.transaction():
                return self._upsert(table, duplicates=duplicates, ctids=None)
        except psycopg.Error as exc:
            if not is_row_error(exc):
                raise
        cursor = self._connection.execute(
            sql.SQL("select ctid::text from {} order by ctid").format(staging_name(table))
        )
        return self._merge_some(
            table, [str(row[0]) for row in cursor.fetchall()], duplicates=duplicates
        )

    def _merge_some(self, table: str, ctids: Sequence[str], *, duplicates: bool) -> Counts:
        """Merge these staged rows, halving where Postgres refuses, down to the offending row."""
        try:
            with self._connection.transaction():
                return self._upsert(table, duplicates=duplicates, ctids=ctids)
        except psycopg.Error as exc:
            if not is_row_error(exc):
                raise
            if len(ctids) == 1:
                self._refuse(table, self._unstage(table, ctids[0]), exc)
                return Counts()
        middle = len(ctids) // 2
        counts = self._merge_some(table, ctids[:middle], duplicates=duplicates)
        counts += self._merge_some(table, ctids[middle:], duplicates=duplicates)
        return counts

    def _upsert(self, table: str, *, duplicates: bool, ctids: Sequence[str] | None) -> Counts:
        """Merge staged rows. Raises FatalError where the database says that some were written and they were not."""
        which = {"distinct": duplicates, "some": ctids is not None}
        parameters: dict[str, object] = {**self._whose, "ctids": list(ctids or ())}
        inserted, updated, wanted = self._numbers(upsert_sql(table, **which), parameters)
        if inserted + updated != wanted:  # a newer version has just come, or the table skips rows
            (left,) = self._numbers(unwritten_sql(table, **which), parameters)
            arrived(table, wanted, wanted - left)
        return Counts(inserted=inserted, updated=updated)

    def _numbers(self, statement: bytes, parameters: dict[str, object]) -> tuple[int, ...]:
        row = self._connection.execute(statement, parameters).fetchone()
        assert row is not None
        return tuple(int(str(number)) for number in row)

    def _unstage(self, table: str, ctid: str) -> dict[str, object]:
        statement = sql.SQL("delete from {} as s where s.ctid = %s::tid returning to_jsonb(s)")
        row = self._connection.execute(statement.format(staging_name(table)), (ctid,)).fetchone()
        assert row is not None
        assert isinstance(row[0], dict)
        return row[0]

    def _refuse(self, table: str, row: dict[str, object], exc: psycopg.Error) -> None:
        """Keep a row that Postgres refuses. Raises FatalError where the table was altered: then no row is at fault."""
        if not any(one.reason == REFUSED for one in self.dead_letters):
            from wpsync.db import inspection  # needs SQLAlchemy: rarely

            altered = inspection.retyped(self._connection, f"wp.{table}")
            if altered is not None:
                raise FatalError("database.table_altered", problem=altered)
        key = row.get(TABLES[table].key[0])
        why = {"table": table, "sqlstate": str(exc.sqlstate), "error": type(exc).__name__}
        error = Message("dead_letter.refused_by_database", why)
        self.dead_letters.append(
            DeadLetter(self._resource.name, _short(key), REFUSED, error, _as_json(row))
        )


def _short(key: object) -> str | None:
    return None if key is None else str(key)[:200]


def _as_json(row: dict[str, object]) -> str:
    return json.dumps(row, default=_shown)


def _shown(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)

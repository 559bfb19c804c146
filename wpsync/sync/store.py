"""The protocols between the main loop and the store of one resource of one account.

`sync.postgres_store` keeps them in Postgres, the simulation of the tests in memory. A conformance test holds both to
the same behaviour.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from wpsync.extract.events import Closed
from wpsync.ledger import Change, LedgerWindow, WindowLedger
from wpsync.loading.merge_sql import Counts
from wpsync.model import Window


@dataclass(frozen=True, slots=True)
class Loaded:
    """The result of one commit: rows of the resource's own table, and new dead letters.

    `reason` says why the window is incomplete after all: most of it would have become dead letters, so none of it
    was loaded.
    """

    counts: Counts
    dead_letters: int = 0
    reason: str | None = None


class Unit(Protocol):
    """A unit of work: the rows of one window or listing on their way in, and the transaction that commits them.

    Not thread-safe. No transaction is open before `commit`.
    """

    def clear(self) -> None:
        """Forget what was added."""
        ...

    def add(self, records: Sequence[object], fetched_at: datetime, size: int = 0) -> None:
        """Stage the records of one page; `size` are the bytes of its reply."""
        ...

    def commit(self, closed: Closed) -> Loaded:
        """Write the rows, and the ledger's account of them, in one transaction."""
        ...


class Loader(Protocol):
    """Opens units of work: to load (the store itself), to load a listing, or to compare."""

    def unit(self, run_id: int, *, live: bool = False) -> AbstractContextManager[Unit]:
        """Open a unit, for one window after the other. `live` moves the watermark along."""
        ...


class Store(Loader, Protocol):
    """Rows, ledger, watermark and follow-ups. A write happens whole or not at all."""

    def ledger(self) -> AbstractContextManager[WindowLedger]:
        """Open the ledger under its lock, in a transaction: the only way to change it."""
        ...

    def windows(self, span: Window) -> list[LedgerWindow]:
        """Return the ledger's windows that overlap a span, oldest first."""
        ...

    def watermark(self) -> datetime | None:
        """Return the watermark: everything before it has been read at least once; None before the first sync."""
        ...

    def update(self, span: Window, change: Change) -> None:
        """Change the ledger's windows that overlap or adjoin a span, in a transaction of its own."""
        ...

    def held(self, stretches: Sequence[Window]) -> list[int]:
        """Count the rows in each stretch that the vendor still lists."""
        ...

    def nth_time(self, window: Window, number: int) -> datetime | None:
        """Return the time of the row that has `number` rows of the stretch before it."""
        ...

    def lone_second(self, window: Window) -> datetime | None:
        """Return a second with rows in it and none beside it."""
        ...

    def last_run_at(self, kind: str) -> datetime | None:
        """Return when the last run of a kind began."""
        ...

    def follow_later(self, window: Window) -> None:
        """Postpone the follow-ups of a stretch that could not be read to their next time."""
        ...

    def follow_ups_due(self, at: datetime) -> list[datetime]:
        """Return the times of rows that are due to be read again, in order."""
        ...

"""What the sync core needs of a store: one resource of one account.

Two keep it: Postgres (`sync.postgres_store`), and the memory of the simulation in the tests, which is
held to the same behaviour by a conformance test.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from wpsync.extract.events import Closed
from wpsync.ledger import Change, LedgerWindow, WindowLedger
from wpsync.loading.diff import Difference
from wpsync.loading.merge_sql import Counts
from wpsync.model import Window


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one transaction wrote: rows of the resource's own table, and new dead letters.

    `reason` says why it is incomplete after all: nothing was loaded of what is mostly dead letters.
    """

    counts: Counts
    dead_letters: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """Whose listing it was: a parent's or (empty) the only one; and the parent's content when it was read."""

    parent: str = ""
    fingerprint: str | None = None


class Intake(Protocol):
    """One window's rows on their way in. Not thread-safe."""

    def clear(self) -> None:
        """Forget what was added."""
        ...

    def add(self, records: Sequence[object], fetched_at: datetime) -> None:
        """Take the records of one page."""
        ...

    def close_window(self, closed: Closed, run_id: int, *, live: bool) -> Loaded:
        """One transaction: the rows, the ledger, and, where `live`, the watermark."""
        ...

    def close_listing(self, closed: Closed, run_id: int, listed: Listed) -> Loaded:
        """One transaction: the rows, the ledger, and, where it was complete, what is gone."""
        ...

    def differences(self, window: Window, read_at: datetime) -> list[Difference]:
        """What differs between what was added, a stretch read completely, and what is held."""
        ...

    def mend(
        self, closed: Closed, run_id: int, unwanted: Sequence[Difference], *, counted: bool
    ) -> Loaded:
        """One transaction: the rows anew, without the typed rows that no payload holds; the ledger.

        `counted`: the vendor's count is what the ledger says, so what we lacked was counted there.
        """
        ...


class Store(Protocol):
    """Rows, ledger, watermark and follow-ups. A write happens whole or not at all."""

    def intake(self) -> AbstractContextManager[Intake]:
        """A place to load one window after the other."""
        ...

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

    def put_away(self, foreign: Sequence[Difference]) -> None:
        """One transaction: rows that never came from the vendor are history, with all that hangs on them."""
        ...

    def held(self, stretches: Sequence[Window]) -> list[int] | None:
        """Rows held in each stretch that the vendor still lists; None where rows show no time."""
        ...

    def nth_time(self, window: Window, number: int) -> datetime | None:
        """The time of the row that has `number` rows of the stretch before it."""
        ...

    def last_run_at(self, kind: str) -> datetime | None:
        """When the last run of a kind began."""
        ...

    def lone_second(self, window: Window) -> datetime | None:
        """A second with rows in it and none beside it."""
        ...

    def follow_later(self, window: Window) -> None:
        """The rows of a stretch that are to change could not be read: they are due again at their next time."""
        ...

    def follow_ups_due(self, at: datetime) -> list[datetime]:
        """The times of rows that are due to be read again, in order."""
        ...

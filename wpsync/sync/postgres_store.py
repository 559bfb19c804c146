"""The store in Postgres: the rows, ledger, watermark and follow-ups of one resource of one account."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from wpsync.clock import Clock
from wpsync.db.database import Database
from wpsync.extract.events import Closed
from wpsync.ledger import Change, LedgerWindow, WindowLedger
from wpsync.loading import diff, held_rows, listed_rows, suspicion
from wpsync.loading.diff import Difference
from wpsync.model import Window
from wpsync.normalize.privacy import OFF, Privacy
from wpsync.policy import DEFAULT, Policy
from wpsync.resources.spec import Resource
from wpsync.state import follow_ups, runs, window_ledger
from wpsync.state.scope import Scope
from wpsync.state.window_ledger import PostgresLedger
from wpsync.sync.store import Loader, Unit
from wpsync.sync.unit import (
    ComparingUnit,
    Comparison,
    Judge,
    ListingUnit,
    PartUnit,
    Target,
    WindowUnit,
    track,
)


def _as_it_is(closed: Closed) -> Closed:
    return closed


class PostgresStore:
    """One resource of one account (`store.Store`). Threads may share it."""

    def __init__(
        self,
        database: Database,
        resource: Resource,
        scope: Scope,
        clock: Clock,
        *,
        horizon: timedelta,
        privacy: Privacy = OFF,
        policy: Policy = DEFAULT,
    ) -> None:
        self._database = database
        self._scope = scope
        self._clock = clock
        check = database.leases.check
        self._target = Target(resource, scope, clock, horizon, privacy, policy, check)

    @contextmanager
    def unit(self, run_id: int, *, live: bool = False) -> Iterator[Unit]:
        with self._database.held() as connection:
            yield WindowUnit(connection, self._target, run_id, live=live)

    def listing(
        self,
        parent: str,
        fingerprint: str | None,
        judge: Judge = _as_it_is,
        comparison: Comparison | None = None,
    ) -> Loader:
        """Return the loader of a listing: of a parent, or (empty) the only one. It may compare it first."""
        return _ListingLoader(self._database, self._target, parent, fingerprint, judge, comparison)

    def part(self) -> Loader:
        """Return the loader of a part of a listing."""
        return _PartLoader(self._database, self._target)

    def comparing(self, comparison: Comparison) -> Loader:
        """Return the loader that compares windows with the tables."""
        return _ComparingLoader(self._database, self._target, comparison)

    def ledger(self) -> AbstractContextManager[WindowLedger]:
        return window_ledger.locked(self._database, self._scope)

    def windows(self, span: Window) -> list[LedgerWindow]:
        return window_ledger.windows_between(self._database, self._scope, span)

    def watermark(self) -> datetime | None:
        return window_ledger.watermark(self._database, self._scope)

    def update(self, span: Window, change: Change) -> None:
        with self.ledger() as book:
            book.update(span, change)

    def suspicious_times(self, late: datetime) -> list[datetime]:
        """Return the times of rows that show by themselves that they were changed by hand (`loading.suspicion`)."""
        with self._database.connection() as connection:
            return suspicion.times(connection, self._scope, late)

    def changed_listings(self) -> list[str]:
        """Return the parents (or an empty string) of listings whose rows are not as they were left."""
        with self._database.connection() as connection:
            return listed_rows.changed(connection, self._scope)

    def orphans(self) -> list[Difference]:
        """Return rows of parents that never were."""
        with self._database.connection() as connection:
            return diff.orphans(connection, self._scope)

    def put_away(self, foreign: Sequence[Difference]) -> None:
        """Move rows that never came from the vendor to the history, with all that hangs on them."""
        with self._database.transaction() as connection:
            PostgresLedger(connection, self._scope)  # locked: nothing counts the rows meanwhile
            diff.remove(connection, self._scope, foreign, self._clock.now())

    def held(self, stretches: Sequence[Window]) -> list[int]:
        with self._database.connection() as connection:
            return held_rows.counts(connection, self._scope, stretches)

    def holds_the_same(self, known: LedgerWindow) -> bool:
        """Whether our rows of a window are those that it was entered for, as far as that is known."""
        if known.digest is None:
            return True
        with self._database.connection() as connection:
            return known.digest == held_rows.digest(connection, self._scope, known.window)

    def nth_time(self, window: Window, number: int) -> datetime | None:
        with self._database.connection() as connection:
            return held_rows.nth_time(connection, self._scope, window, number)

    def lone_second(self, window: Window) -> datetime | None:
        with self._database.connection() as connection:
            return held_rows.lone_second(connection, self._scope, window)

    def last_run_at(self, kind: str) -> datetime | None:
        return runs.last_run_at(self._database, self._scope, kind)

    def follow_later(self, window: Window) -> None:
        with self._database.transaction() as connection:
            track(connection, self._target, window, self._clock.now())

    def follow_ups_due(self, at: datetime) -> list[datetime]:
        return follow_ups.due_times(self._database, self._scope, at)


@dataclass(frozen=True, slots=True)
class _ListingLoader:
    database: Database
    target: Target
    parent: str
    fingerprint: str | None
    judge: Judge
    comparison: Comparison | None

    @contextmanager
    def unit(self, run_id: int, *, live: bool = False) -> Iterator[Unit]:
        with self.database.held() as connection:
            yield ListingUnit(
                connection,
                self.target,
                run_id,
                self.parent,
                self.fingerprint,
                self.judge,
                self.comparison,
            )


@dataclass(frozen=True, slots=True)
class _PartLoader:
    database: Database
    target: Target

    @contextmanager
    def unit(self, run_id: int, *, live: bool = False) -> Iterator[Unit]:
        with self.database.held() as connection:
            yield PartUnit(connection, self.target, run_id)


@dataclass(frozen=True, slots=True)
class _ComparingLoader:
    database: Database
    target: Target
    comparison: Comparison

    @contextmanager
    def unit(self, run_id: int, *, live: bool = False) -> Iterator[Unit]:
        with self.database.held() as connection:
            yield ComparingUnit(connection, self.target, run_id, self.comparison)

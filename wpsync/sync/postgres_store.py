"""The store in Postgres: rows, history, dead letters, ledger, watermark, follow-ups, in one transaction."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from wpsync import ledger
from wpsync.clock import Clock
from wpsync.db.database import Connection, Database
from wpsync.extract import follow_up
from wpsync.extract.events import Closed, Reason
from wpsync.ledger import Change, LedgerWindow, Reading, WindowLedger
from wpsync.loading import diff, erasure, held_rows
from wpsync.loading.diff import Difference
from wpsync.loading.merge_sql import Counts, Gone
from wpsync.loading.staging import Staging
from wpsync.model import Window
from wpsync.normalize.privacy import OFF, Privacy
from wpsync.normalize.rows import Normalizer
from wpsync.resources.spec import Personal, Resource
from wpsync.state import dead_letters, drift, follow_ups, listings, runs, window_ledger
from wpsync.state.scope import Scope
from wpsync.state.window_ledger import PostgresLedger
from wpsync.sync.store import Intake, Listed, Loaded

log = logging.getLogger(__name__)

_TOGETHER = 1_000
"""Records that are normalised at once."""

_LETTERS_AT_LEAST, _LETTERS_SHARE = 50, 0.2
"""New dead letters in one window from which on nothing of it is taken, and the share of its rows."""


class _MostlyDeadLettersError(Exception):
    """So much cannot be read that the reader must be broken: nothing is loaded, and nothing believed."""


class PostgresIntake:
    """Normalises, stages and loads on one connection."""

    def __init__(
        self,
        connection: Connection,
        resource: Resource,
        scope: Scope,
        clock: Clock,
        horizon: timedelta,
        privacy: Privacy,
    ) -> None:
        self._connection = connection
        self._resource = resource
        self._scope = scope
        self._clock = clock
        self._horizon = horizon
        self._erased = erasure.erased(connection, scope.account)
        self._normalize = Normalizer(resource, privacy, self._erased)
        self._forms = partial(privacy.forms, Personal.WECHAT_NUMBERS)
        self._staging = Staging(connection, resource, scope.account)
        self._pages: list[tuple[Sequence[object], datetime]] = []

    def clear(self) -> None:
        self._pages.clear()
        self._staging.clear()

    def add(self, records: Sequence[object], fetched_at: datetime) -> None:
        self._pages.append((records, fetched_at))
        if sum(len(page) for page, _ in self._pages) >= _TOGETHER:
            self._normalize_pages()

    def _normalize_pages(self) -> None:
        self._normalize.pages(self._pages, self._staging.batch)
        self._pages.clear()
        self._staging.flush_if_full()

    def close_window(self, closed: Closed, run_id: int, *, live: bool) -> Loaded:
        def enter(closed: Closed) -> Callable[[], None]:
            return self._entering(closed, run_id, live=live)

        return self._load(closed, run_id, enter)

    def close_listing(self, closed: Closed, run_id: int, listed: Listed) -> Loaded:
        def enter(closed: Closed) -> Callable[[], None]:
            return lambda: listings.close_listing(
                self._connection,
                self._scope,
                listed.parent,
                reading(closed),
                listed.fingerprint,
                run_id,
            )

        gone = None
        if closed.reason is None and closed.read_at is not None:
            gone = Gone(closed.read_at, self._resource.parent_column, listed.parent or None)
        return self._load(closed, run_id, enter, gone=gone)

    def differences(self, window: Window, read_at: datetime) -> list[Difference]:
        self._normalize_pages()
        self._staging.stage_all()
        return diff.compare(self._connection, self._scope, window, read_at)

    def mend(
        self, closed: Closed, run_id: int, unwanted: Sequence[Difference], *, counted: bool
    ) -> Loaded:
        def enter(closed: Closed) -> Callable[[], None]:
            if closed.reason is None:
                diff.remove(self._connection, self._scope, unwanted, self._clock.now())
            return self._entering(closed, run_id, live=False, counted=counted)

        return self._load(closed, run_id, enter, again=True)

    def _load(
        self,
        closed: Closed,
        run_id: int,
        enter: Callable[[Closed], Callable[[], None]],
        *,
        gone: Gone | None = None,
        again: bool = False,
    ) -> Loaded:
        """Load what was added; of what is mostly dead letters nothing, and it is incomplete for that reason."""
        try:
            return self._commit(closed, run_id, enter, gone=gone, again=again)
        except _MostlyDeadLettersError:
            self._log_why()
            self.clear()
            refused = replace(closed, reason=Reason.MOSTLY_DEAD_LETTERS)
            loaded = self._commit(refused, run_id, enter, gone=None, again=False)
            return replace(loaded, reason=refused.reason)

    def _log_why(self) -> None:
        """The only trace of letters that are not kept."""
        letters = self._staging.dead_letters
        said = Counter(f"{letter.reason}: {letter.detail}" for letter in letters)
        ((why, many),) = said.most_common(1)
        fields = {"resource": self._resource.name, "letters": len(letters), "like": many}
        log.warning("window.mostly_dead_letters", extra={**fields, "error": why})

    def _commit(
        self,
        closed: Closed,
        run_id: int,
        enter: Callable[[Closed], Callable[[], None]],
        *,
        gone: Gone | None,
        again: bool,
    ) -> Loaded:
        """The one transaction. `enter` is called before the rows come, and what it returns after."""
        connection, account, at = self._connection, self._scope.account, self._clock.now()
        letters = 0
        self._normalize_pages()

        def write() -> Counts:
            nonlocal letters
            left = self._staging.left_out
            erasure.hold(connection, self._erased, left)
            finish = enter(closed)
            erasure.keep_left_out(connection, self._scope, self._erased, left, self._forms)
            counts = self._staging.merge(duplicates=closed.duplicates, gone=gone, again=again)
            found = self._staging.dead_letters
            letters = dead_letters.keep_dead_letters(connection, account, found, at, run_id)
            if _are_most(letters, closed.rows_seen):
                raise _MostlyDeadLettersError
            drift.note_drift(connection, self._scope, self._staging.drift, at)
            if self._resource.details and (counts.updated or counts.inserted):
                dead_letters.resolve_read_messages(connection, account, at)
            finish()
            return counts

        counts = self._staging.commit(write)
        return Loaded(counts, letters)

    def _entering(
        self, closed: Closed, run_id: int, *, live: bool, counted: bool = False
    ) -> Callable[[], None]:
        """Remember what is held before the rows come; afterwards enter the window into the ledger.

        `counted`: the ledger counts the rows already, which only our table lacked.
        """
        connection, scope, window = self._connection, self._scope, closed.window
        if window is None:
            return lambda: None
        book = PostgresLedger(connection, scope, run_id)
        around = [] if counted else book.windows(window)
        touched = ledger.touched(around, window)
        before = {at: self._held(stretch) or 0 for at, stretch in touched.items()}

        def finish() -> None:
            self._note_gone(closed, window)
            grown = {at: (self._held(stretch) or 0) - before[at] for at, stretch in touched.items()}
            enter = partial(
                ledger.enter, window=window, reading=reading(closed), held=self._held, grown=grown
            )
            book.update(window, enter)
            self._follow_up(closed, window)
            if live:
                ledger.advance(book)

        return finish

    def _held(self, window: Window) -> int | None:
        return held_rows.count(self._connection, self._scope, window)

    def _note_gone(self, closed: Closed, window: Window) -> None:
        """A complete reading tells which rows the vendor no longer lists; asked only where counts differ."""
        if closed.reason is None and closed.read_at is not None:
            held = self._held(window)
            if held is not None and held != closed.rows_seen:
                held_rows.mark_gone(
                    self._connection, self._scope, window, closed.seen, closed.read_at
                )

    def _follow_up(self, closed: Closed, window: Window) -> None:
        assert closed.read_at is not None
        _track(self._connection, self._scope, window, closed.read_at, self._horizon)


def _track(
    connection: Connection, scope: Scope, window: Window, read_at: datetime, horizon: timedelta
) -> None:
    def due(at: datetime, read: datetime) -> datetime | None:
        return follow_up.due_after(at, read, horizon)

    recent = window.end > read_at - horizon
    follow_ups.track(connection, scope, window, read_at, due, recent=recent)


def _are_most(letters: int, rows: int) -> bool:
    return letters >= _LETTERS_AT_LEAST and letters > rows * _LETTERS_SHARE


def reading(closed: Closed) -> Reading:
    """What the ledger keeps of a reading."""
    assert closed.read_at is not None
    return Reading(closed.vendor_count, closed.rows_seen, closed.reason, closed.read_at)


class PostgresStore:
    """One resource of one account. Threads may share it."""

    def __init__(
        self,
        database: Database,
        resource: Resource,
        scope: Scope,
        clock: Clock,
        *,
        horizon: timedelta,
        privacy: Privacy = OFF,
    ) -> None:
        self._database = database
        self._resource = resource
        self._scope = scope
        self._clock = clock
        self._horizon = horizon
        self._privacy = privacy

    @contextmanager
    def intake(self) -> Iterator[Intake]:
        with self._database.held() as connection:
            yield PostgresIntake(
                connection,
                self._resource,
                self._scope,
                self._clock,
                self._horizon,
                self._privacy,
            )

    def ledger(self) -> AbstractContextManager[WindowLedger]:
        return window_ledger.locked(self._database, self._scope)

    def windows(self, span: Window) -> list[LedgerWindow]:
        return window_ledger.windows_between(self._database, self._scope, span)

    def watermark(self) -> datetime | None:
        return window_ledger.watermark(self._database, self._scope)

    def update(self, span: Window, change: Change) -> None:
        with self.ledger() as book:
            book.update(span, change)

    def put_away(self, foreign: Sequence[Difference]) -> None:
        with self._database.transaction() as connection:
            PostgresLedger(connection, self._scope)  # its rows are counted meanwhile
            diff.remove(connection, self._scope, foreign, self._clock.now())

    def held(self, stretches: Sequence[Window]) -> list[int] | None:
        if not held_rows.shows_time(self._scope):
            return None
        with self._database.connection() as connection:
            return held_rows.counts(connection, self._scope, stretches)

    def nth_time(self, window: Window, number: int) -> datetime | None:
        with self._database.connection() as connection:
            return held_rows.nth_time(connection, self._scope, window, number)

    def last_run_at(self, kind: str) -> datetime | None:
        return runs.last_run_at(self._database, self._scope, kind)

    def lone_second(self, window: Window) -> datetime | None:
        with self._database.connection() as connection:
            return held_rows.lone_second(connection, self._scope, window)

    def follow_later(self, window: Window) -> None:
        with self._database.transaction() as connection:
            _track(connection, self._scope, window, self._clock.now(), self._horizon)

    def follow_ups_due(self, at: datetime) -> list[datetime]:
        return follow_ups.due_times(self._database, self._scope, at)

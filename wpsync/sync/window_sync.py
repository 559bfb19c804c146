"""Sync one window, or one listing, of one resource: fetch, normalise, load, enter into the ledger.

No transaction is open while the network is waited for;
one transaction writes the rows, their history, the dead letters, the ledger and the watermark.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Self

from wpsync.clock import Clock
from wpsync.db.database import Database
from wpsync.errors import UNSERVED, RetryableError, Stopped, UnwritableError, VendorUnavailableError
from wpsync.extract import windows
from wpsync.extract.events import Closed, Event, PageRead, Reason, Restart
from wpsync.extract.reading import Reader
from wpsync.model import Window
from wpsync.resources.spec import Mode, Resource
from wpsync.state import runs
from wpsync.state.runs import RunTotals
from wpsync.state.scope import Scope
from wpsync.sync.bisect_failures import FailureBisection, Patience
from wpsync.sync.store import Intake, Listed, Loaded, Store

log = logging.getLogger(__name__)

_HINTS = {
    Reason.MOSTLY_DEAD_LETTERS: "the vendor has changed its format, or encrypts payloads: nothing of such a"
    " window is taken; look at what `wpsync -v sync` says, upgrade wpsync, or switch off parameter encryption in"
    " the vendor's console"
    " / 厂商改变了数据格式或加密了内容，这样的窗口不会写入：请查看 `wpsync -v sync` 的输出，升级 wpsync，或在厂商后台关闭参数加密"
}
"""What a person can do about what is incomplete for that reason."""

_PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds to wait before a window is read again after a failure that may pass by itself."""


@dataclass(slots=True)
class Run:
    """One execution for one resource, and what it has done so far."""

    scope: Scope
    kind: str
    id: int
    totals: RunTotals
    incomplete: list[str]
    hint: str | None = None


class Pipeline:
    """Reads windows and listings of one resource into a store. One thread at a time."""

    def __init__(
        self,
        resource: Resource,
        reader: Reader,
        store: Store,
        clock: Clock,
        *,
        stopping: Callable[[], bool] = lambda: False,
        retried: int = logging.WARNING,
    ) -> None:
        self._resource = resource
        self._reader = reader
        self._store = store
        self._clock = clock
        self._stopping = stopping
        self._retried = retried

    def window(
        self,
        run: Run,
        window: Window,
        *,
        settled: datetime,
        live: bool,
        newest_first: bool = False,
        believes_empty: Callable[[], bool] = lambda: False,
        on_rows: Callable[[int], None] = lambda rows: None,
        close: Callable[[Intake, Closed], Loaded] | None = None,
        enough: Callable[[Closed], bool] = lambda closed: False,
        patience: Patience | None = None,
        proved: bool = False,
    ) -> None:
        """Read a window until every piece of it is in the ledger. `live` moves the watermark along.

        `close` does something else with what was read than to load it. `enough` is asked after every
        piece; what is left then is not read. Nothing at all where we hold rows is an incomplete reading, unless
        it then `believes_empty`. What cannot be served is narrowed down (`sync.bisect_failures`) and entered as
        unreadable; where it was `proved` before, only if rows are shown of it.
        """
        patience, done = patience or Patience(), list[Window]()
        stands = partial(_shows_nothing, run.totals, run.totals.rows_read) if proved else _never

        def left(stretch: Window) -> list[Window]:
            pieces = windows.missing(stretch, done)
            return pieces[::-1] if newest_first else pieces

        def read(piece: Window) -> bool:
            events = self._reader.window(
                piece,
                newest_first=newest_first,
                settled=settled,
                held=lambda stretch: 0 if believes_empty() else self._held(stretch),
            )
            return self._consume(run, events, close or load, on_rows, done, enough)

        def load(intake: Intake, closed: Closed) -> Loaded:
            return intake.close_window(closed, run.id, live=live)

        def attempt(stretch: Window, waits: bool = False) -> bool:
            return self._retrying(run, lambda: any(map(read, left(stretch))), waits=waits)

        def enter(piece: Window) -> bool:
            done.append(piece)
            if piece.start >= settled:
                return False
            closed = self._unreadable(Window(piece.start, min(piece.end, settled)))
            self._retrying(run, lambda: self._enter(run, closed, load), waits=False)
            return enough(closed)

        try:
            attempt(window, patience.waits)
        except UNSERVED as exc:
            if close is not None:
                raise
            FailureBisection(
                attempt, enter, left, self.vendor_answers, patience, newest_first, stands
            ).narrow(window, exc)

    def _unreadable(self, window: Window) -> Closed:
        return Closed(window, None, 0, False, self._clock.now(), Reason.UNREADABLE)

    def _enter(self, run: Run, closed: Closed, load: Callable[[Intake, Closed], Loaded]) -> bool:
        with self._store.intake() as intake:
            self._account_for(run, closed, load(intake, closed), 0)
        return True

    def _held(self, window: Window) -> int:
        """How many rows we hold of a stretch; where rows show no time, how many were read there last."""
        held = self._store.held([window])
        if held is not None:
            return held[0]
        return sum(
            known.rows_seen
            for known in self._store.windows(window)
            if window.start <= known.starts_at and known.ends_at <= window.end
        )

    def vendor_answers(self) -> bool:
        """Whether the vendor answers on this endpoint at all, if asked for the present."""
        return self._reader.answers(windows.floor_second(self._clock.now()))

    def serves(self, parent: str) -> bool:
        """Whether the vendor serves a parent's listing; asks for its first page."""
        return self._reader.serves(self._of(parent))

    def _of(self, parent: str) -> dict[str, object]:
        by = self._resource.parent_filter
        return {by: parent} if by else {}

    def listing(
        self,
        run: Run,
        *,
        parent: str = "",
        fingerprint: str | None = None,
        held: Callable[[], int] = lambda: 0,
        on_rows: Callable[[int], None] = lambda rows: None,
        waits: bool = True,
    ) -> None:
        """Read a listing whole (of one parent). Only a complete reading marks rows as gone.

        `held` tells how many rows we hold of it: where there are any, an empty one is incomplete.
        `waits`: whether what the vendor cannot serve is tried again, after a while. What it cannot serve
        although it answers is left out, and the listing entered as unreadable.
        """

        def close(intake: Intake, closed: Closed) -> Loaded:
            return intake.close_listing(closed, run.id, Listed(parent, fingerprint))

        by = self._of(parent)

        def read(events: Iterator[Event]) -> bool:
            return self._consume(run, events, close, on_rows, [], lambda closed: False)

        try:
            self._retrying(run, lambda: read(self._reader.listing(by, held=held)), waits=waits)
        except UNSERVED:
            around = self._reader.around(by)
            if not around.is_served():
                raise
            read(around.read())

    def _retrying(self, run: Run, read: Callable[[], bool], *, waits: bool) -> bool:
        """Go on after what may pass by itself: what was closed stays closed, the rest is read.

        As long as something was closed in between, the trouble is not the same one again. `waits`: also for
        what the vendor cannot serve just now.
        """
        pauses = iter(_PAUSES)
        while True:
            before = run.totals.windows
            try:
                return read()
            except RetryableError as exc:
                if isinstance(exc, VendorUnavailableError) and not waits:
                    raise
                if run.totals.windows > before:
                    pauses = iter(_PAUSES)
                pause = next(pauses, None)
                if pause is None:
                    raise
                fields = {"resource": self._resource.name, "error": str(exc)}
                log.log(self._retried, "window.retried", extra=fields)
                self._wait(pause)

    def _wait(self, seconds: float) -> None:
        until = self._clock.monotonic() + seconds
        while self._clock.monotonic() < until:
            if self._stopping():
                raise Stopped
            self._clock.sleep(min(0.5, seconds))

    def _consume(
        self,
        run: Run,
        events: Iterator[Event],
        close: Callable[[Intake, Closed], Loaded],
        on_rows: Callable[[int], None],
        done: list[Window],
        enough: Callable[[Closed], bool],
    ) -> bool:
        """Load what is read; the windows that were closed are added to `done`. Whether it was enough."""
        with self._store.intake() as intake, _Unclosed(on_rows) as unclosed:
            for event in events:
                if self._stopping():
                    raise Stopped
                match event:
                    case Restart():
                        intake.clear()
                        unclosed.forget()
                    case PageRead(records, fetched_at):
                        intake.add(records, fetched_at)
                        unclosed.add(len(records))
                    case Closed():
                        loaded = close(intake, event)
                        run.totals.dead_letters += loaded.dead_letters
                        self._account_for(run, event, loaded, unclosed.keep())
                        done += [event.window] if event.window is not None else []
                        intake.clear()
                        if enough(event):
                            return True
        return False

    def _account_for(self, run: Run, closed: Closed, loaded: Loaded, read: int) -> None:
        totals, counts, reason = run.totals, loaded.counts, loaded.reason or closed.reason
        totals.rows_read += read
        totals.rows_inserted += counts.inserted
        totals.rows_updated += counts.updated + counts.deleted
        totals.windows += 1
        where = str(closed.window) if closed.window else "listing"
        fields = {
            "resource": self._resource.name,
            "window": where,
            "rows": closed.rows_seen,
            "vendor_count": closed.vendor_count,
            "inserted": counts.inserted,
            "updated": counts.updated,
        }
        if reason is not None and (closed.window or self._resource.mode is Mode.LISTING):
            run.incomplete.append(f"{where}: {reason}")
            run.hint = _HINTS.get(reason, run.hint)
            log.warning("window.incomplete", extra={**fields, "reason": reason})
        else:
            wrote = counts.inserted or counts.updated
            log.log(logging.INFO if wrote else logging.DEBUG, "window.closed", extra=fields)


def _shows_nothing(totals: RunTotals, before: int) -> bool:
    return totals.rows_read == before


def _never() -> bool:
    return False


class _Unclosed:
    """Tells of rows as they are read, and takes those back that are then not closed: read again, or lost."""

    def __init__(self, on_rows: Callable[[int], None]) -> None:
        self._on_rows = on_rows
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.forget()

    def add(self, rows: int) -> None:
        self._rows += rows
        self._on_rows(rows)

    def forget(self) -> None:
        self._on_rows(-self.keep())

    def keep(self) -> int:
        """How many rows are closed now."""
        rows, self._rows = self._rows, 0
        return rows


@contextmanager
def recorded(
    database: Database, clock: Clock, scope: Scope, kind: str, requests: Callable[[], int]
) -> Iterator[Run]:
    """A run that is entered among the runs with its outcome, however it ends."""
    run = Run(scope, kind, runs.open_run(database, scope, kind, clock.now()), RunTotals(), [])
    before = requests()
    outcome, error = "failed", None
    try:
        yield run
        outcome = "incomplete" if run.incomplete else "done"
        error = "; ".join(run.incomplete[:5]) or None
    except (Stopped, KeyboardInterrupt):
        outcome = "interrupted"
        raise
    except Exception as exc:
        error = str(exc)
        raise
    finally:
        run.totals.requests = requests() - before
        _finish(database, run, clock.now(), outcome, error)


def _finish(database: Database, run: Run, at: datetime, outcome: str, error: str | None) -> None:
    """Say how the run ended; where the database is what failed, the run stays open and shows as such."""
    try:
        runs.finish_run(database, run.id, at, outcome, run.totals, error)
    except (RetryableError, UnwritableError) as exc:
        log.debug("run.unrecorded", extra={"resource": run.scope.resource, "error": str(exc)})

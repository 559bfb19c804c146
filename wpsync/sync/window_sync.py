"""The main loop: read a window, or a listing, of one resource until it is in the ledger.

A page is normalised and staged as it arrives, with no transaction open. Once the reader has read a window it is
committed: `sync.unit` lists the steps of that transaction. A failure that may pass is retried. A stretch that the vendor
cannot serve although it answers is bisected; the seconds that are left are entered as unreadable.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from wpsync.clock import Clock
from wpsync.errors import (
    UNSERVED,
    AmbiguousRefusalError,
    LeaseLostError,
    NothingShownError,
    RetryableError,
    Stopped,
    VendorUnavailableError,
    WpsyncError,
)
from wpsync.extract import windows
from wpsync.extract.events import Closed, Event, PageRead, Reason, Restart
from wpsync.extract.reading import Reader
from wpsync.model import Window
from wpsync.policy import DEFAULT, WindowRetries
from wpsync.resources.spec import Mode, Resource
from wpsync.sync.attempts import Attempt, wait
from wpsync.sync.run import PendingRows, Run, incomplete
from wpsync.sync.store import Loaded, Loader, Store, Unit

log = logging.getLogger(__name__)

_BROKEN = 100
"""Pieces of the present that could not be served are remembered: the newest so many."""


@dataclass(slots=True)
class Patience:
    """How many readings may fail before a stretch is entered as unreadable without being bisected further.

    Windows may share it. One row that the vendor stumbles over takes about seventeen in a day, since each halving
    fails once. `waits`: whether a reading that failed is first tried again, after a pause. `unproved`: the failures since
    the vendor last proved that it answers; None before the first proof.
    """

    failures: int
    waits: bool = True
    unproved: int | None = None

    @property
    def is_over(self) -> bool:
        return self.failures <= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRequest:
    """A window to read, and how.

    Rows at or after `settled` are loaded and not entered into the ledger. `live` moves the watermark along.
    `newest_first` reads the pieces of a divided window in that order. `first_only` stops after the first piece that
    was entered, `deadline` (in seconds of `clock.monotonic`) after the piece under way. `believes_empty` takes a
    reading of no rows as complete, even where we hold some. `seems_gone`: it was empty in vain before, and is believed
    where we hold rows once the vendor's counts tell that they are gone. `proved`: the window was complete before, and
    stays as it is if the vendor shows no row of it. `narrows`: it could not be served before. `bisects`: bisect a stretch that the
    vendor cannot serve, with `patience` of its own where none is given.
    """

    window: Window
    settled: datetime
    live: bool = False
    newest_first: bool = False
    first_only: bool = False
    deadline: float | None = None
    believes_empty: bool = False
    seems_gone: bool = False
    proved: bool = False
    narrows: bool = False
    bisects: bool = True
    patience: Patience | None = None

    def in_order(self, pieces: list[Window]) -> list[Window]:
        """Put pieces, oldest first, into the order in which they are read."""
        return pieces[::-1] if self.newest_first else pieces


@dataclass(slots=True)
class WindowResult:
    """The windows that were committed. `is_stopped`: at the request's wish, before all of it was read."""

    closed: list[Window] = field(default_factory=list)
    is_stopped: bool = False
    problem: WpsyncError | None = None

    def left(self, stretch: Window) -> list[Window]:
        """Return the parts of a stretch that were not committed, oldest first."""
        return windows.missing(stretch, self.closed)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRequest:
    """A listing to read whole: of one `parent`, or (empty) the only one. `asks` are its parts, where it has several
    or is asked for in another way.

    `held` counts the rows that we hold of it: an empty reading where there are any is incomplete. `doubts`: one is
    confirmed by asking again where we hold none. `waits`: whether a
    listing that the vendor cannot serve is tried again, after a pause.
    """

    parent: str = ""
    asks: Sequence[Mapping[str, object]] = ()
    held: Callable[[], int] = lambda: 0
    doubts: bool = False
    waits: bool = True


@dataclass(frozen=True, slots=True)
class _Work:
    """One call of `sync_window`: its request, loader and result, and how much may yet fail."""

    request: WindowRequest
    loader: Loader
    result: WindowResult
    patience: Patience
    rows_before: int


class Pipeline:
    """Reads windows and listings of one resource, in one run. One thread at a time."""

    def __init__(
        self,
        resource: Resource,
        run: Run,
        reader: Reader,
        store: Store,
        clock: Clock,
        *,
        stopping: Callable[[], bool] = lambda: False,
        retried: int = logging.WARNING,
        retries: WindowRetries = DEFAULT.windows,
        is_empty: Callable[[Window], bool] = lambda window: True,
        is_gone: Callable[[Window], bool] = lambda window: True,
        live_span: timedelta = DEFAULT.distrust.live_span,
        narrowing: Callable[[], AbstractContextManager[None]] = nullcontext,
        broken: list[Window] | None = None,
    ) -> None:
        self._resource = resource
        self._run = run
        self._reader = reader
        self._store = store
        self._clock = clock
        self._stopping = stopping
        self._retried = retried
        self._retries = retries
        self._is_empty = is_empty
        self._is_gone = is_gone
        self._live_span = live_span
        self._narrowing = narrowing
        self._broken = [] if broken is None else broken

    def sync_window(self, request: WindowRequest, loader: Loader | None = None) -> WindowResult:
        """Read a window until every piece of it is in the ledger, or the request stops it.

        `loader` takes the rows in place of the store. Raises Stopped, the error of a vendor that does not answer at
        all, and NothingShownError where a `proved` window stays as it is.
        """
        loader, result = loader or self._store, WindowResult()
        work = _Work(
            request,
            loader,
            result,
            request.patience or Patience(self._retries.failures),
            self._run.totals.rows_read,
        )
        for stretch in request.in_order(self._around_broken(request)):
            if result.is_stopped:
                break
            is_broken = stretch in self._broken
            narrows = request.narrows or is_broken
            waits = work.patience.waits and not is_broken
            left = self._read(stretch, work, waits=waits, narrows=narrows)
            if is_broken and not left:
                self._forget(stretch)
            self._narrow(deque(left), work, halves=not is_broken)
        return result

    def _around_broken(self, request: WindowRequest) -> list[Window]:
        """Cut a stretch of the present around pieces of it that could not be served a moment ago."""
        window = request.window
        if not request.live:
            return [window]
        known = [
            one for one in list(self._broken) if window.start <= one.start and one.end <= window.end
        ]
        return sorted([*known, *windows.missing(window, known)])

    def _forget(self, piece: Window) -> None:
        with suppress(ValueError):
            self._broken.remove(piece)

    def _narrow(self, unserved: deque[Window], work: _Work, *, halves: bool = True) -> None:
        """Bisect pieces that the vendor cannot serve, and enter the seconds that are left as unreadable.

        The failures allowed are shared out evenly among many pieces. Where only the newest is wanted, it comes first,
        down to the second. A stretch that is refused without any reason may just be too large: its pieces are cut one
        after the other, and each that is served allows for another cut.
        """
        request, result, patience = work.request, work.result, work.patience
        is_too_large = isinstance(result.problem, AmbiguousRefusalError)
        while unserved and not result.is_stopped:
            piece = unserved.popleft()
            parts = windows.split(piece, 2) if halves else [piece]
            if len(parts) > 1 and not patience.is_over:
                for half in request.in_order(parts):
                    left = self._read(half, work, narrows=True)
                    if is_too_large and not left:
                        patience.failures += 1
                    if request.first_only or is_too_large:
                        self._narrow(deque(left), work)
                    else:
                        unserved += left
                continue
            if result.problem is not None and not self._still_answers(patience, 1):
                raise result.problem
            if request.proved and self._run.totals.rows_read == work.rows_before:
                raise self._nothing_shown(request.window, result.problem)
            self._enter_unreadable(piece, request, work.loader, result)

    def _read(
        self, stretch: Window, work: _Work, *, waits: bool = False, narrows: bool = False
    ) -> list[Window]:
        """Read a stretch, and return the pieces that the vendor cannot serve although it answers."""
        request, result, patience = work.request, work.result, work.patience
        try:
            for attempt in self._attempts(waits=waits, work=work):
                with attempt, self._narrowing() if narrows else nullcontext():
                    for piece in request.in_order(result.left(stretch)):
                        if not result.is_stopped:
                            self._read_piece(piece, request, work.loader, result)
        except UNSERVED as problem:
            if not request.bisects or not self._still_answers(patience, self._retries.unproved):
                raise
            patience.failures -= 1
            result.problem = result.problem or problem
            return request.in_order(result.left(stretch))
        return []

    def _read_piece(
        self, piece: Window, request: WindowRequest, loader: Loader, result: WindowResult
    ) -> None:
        """Read a piece: stage its pages, and commit each window that the reader makes of it."""
        contradicts = not (request.believes_empty or request.seems_gone)
        events = self._reader.window(
            piece,
            newest_first=request.newest_first,
            settled=request.settled,
            held=self._held if contradicts else _none_held,
            is_empty=partial(self._confirms, request),
        )
        with (
            loader.unit(self._run.id, live=request.live) as unit,
            PendingRows(self._run) as pending,
        ):
            for event in events:
                self._obey(event, unit, pending)
                if isinstance(event, Closed):
                    self._note(event.window, request, result)
                    if result.is_stopped:
                        return

    def _enter_unreadable(
        self, piece: Window, request: WindowRequest, loader: Loader, result: WindowResult
    ) -> None:
        """Enter a piece that the vendor cannot serve, as far as it is settled. The rest is remembered."""
        result.closed.append(piece)
        self._forget(piece)
        if piece.end > request.settled:
            self._broken.append(piece)
            del self._broken[:-_BROKEN]
        if piece.start >= request.settled:
            return
        settled = Window(piece.start, min(piece.end, request.settled))
        closed = Closed(settled, None, 0, False, self._clock.now(), Reason.UNREADABLE)
        for attempt in self._attempts():
            with attempt, loader.unit(self._run.id, live=request.live) as unit:
                self._account_for(closed, unit.commit(closed), 0)
        self._note(settled, request, result)

    def _nothing_shown(self, window: Window, problem: WpsyncError | None) -> NothingShownError:
        assert problem is not None, "a reading failed, or there were nothing unserved"
        self._run.unshown.append(incomplete(window, Reason.UNREADABLE))
        error = NothingShownError(
            "vendor.nothing_shown", start=window.start, end=window.end, cause=problem.message
        )
        error.__cause__ = problem
        return error

    def _note(self, closed: Window | None, request: WindowRequest, result: WindowResult) -> None:
        if closed is not None:
            result.closed.append(closed)
            result.is_stopped |= request.first_only
        if request.deadline is not None:
            result.is_stopped |= self._clock.monotonic() > request.deadline

    def sync_listing(self, request: ListingRequest, loader: Loader) -> None:
        """Read a listing whole. Only a complete reading marks rows as gone.

        A row that the vendor cannot serve, although it answers, is left out: the listing is entered as unreadable.
        """
        filters, *more = request.asks or [self._filters(request.parent)]
        try:
            for attempt in self._attempts(waits=request.waits):
                with attempt:
                    self._read_listing(self._listing(request, filters), loader)
        except UNSERVED:
            around = self._reader.around(filters)
            if more or not around.is_served():
                raise
            self._read_listing(around.read(), loader)

    def _listing(self, request: ListingRequest, filters: Mapping[str, object]) -> Iterator[Event]:
        if len(request.asks) > 1:
            return self._reader.parts(request.asks, held=request.held)
        return self._reader.listing(filters, held=request.held, doubts=request.doubts)

    def _read_listing(self, events: Iterator[Event], loader: Loader) -> None:
        with loader.unit(self._run.id) as unit, PendingRows(self._run) as pending:
            for event in events:
                self._obey(event, unit, pending)

    def serves(self, parent: str) -> bool:
        """Return whether the vendor serves a parent's listing; asks for its first page."""
        return self._reader.serves(self._filters(parent))

    def vendor_answers(self) -> bool:
        """Return whether the vendor answers on this endpoint at all, if asked for the present."""
        return self._reader.answers(windows.floor_second(self._clock.now()))

    def _still_answers(self, patience: Patience, unproved: int) -> bool:
        """Return whether the vendor answers at all; asks it where so many failures passed since it proved that it does."""
        if patience.unproved is None or patience.unproved >= unproved:
            if not self.vendor_answers():
                return False
            patience.unproved = 0
        patience.unproved += 1
        return True

    def _is_the_stretchs_own(self, failure: VendorUnavailableError, work: _Work) -> bool:
        """Return whether to bisect a stretch at once: the vendor answers for others, and the present must not wait.

        So it is where it refuses without any reason, too: then the stretch is too large.
        """
        suspected = work.request.live or isinstance(failure, AmbiguousRefusalError)
        if not (suspected and work.request.bisects and self.vendor_answers()):
            return False
        work.patience.unproved = 0
        return True

    def _filters(self, parent: str) -> Mapping[str, object]:
        by = self._resource.parent_filter
        return {by: parent} if by else {}

    def _obey(self, event: Event, unit: Unit, pending: PendingRows) -> None:
        """Do what the reader asks for: start over, stage a page, or commit."""
        if self._stopping():
            raise Stopped
        match event:
            case Restart():
                unit.clear()
                pending.forget()
            case PageRead(records, fetched_at, size):
                unit.add(records, fetched_at, size)
                pending.add(len(records))
            case Closed():
                loaded = unit.commit(event)
                self._account_for(event, loaded, pending.keep())
                unit.clear()

    def _account_for(self, closed: Closed, loaded: Loaded, read: int) -> None:
        """Add a commit to the run's totals, and log it."""
        totals, counts, reason = self._run.totals, loaded.counts, loaded.reason or closed.reason
        totals.rows_read += read
        totals.rows_inserted += counts.inserted
        totals.rows_updated += counts.updated + counts.deleted
        totals.dead_letters += loaded.dead_letters
        totals.windows += 1
        if not self._run.is_idle or reason is not None:
            self._run.enter()
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
            self._run.incomplete.append(incomplete(closed.window, reason))
            log.warning("window.incomplete", extra={**fields, "reason": reason})
        else:
            wrote = counts.inserted or counts.updated
            log.log(logging.INFO if wrote else logging.DEBUG, "window.closed", extra=fields)

    def _held(self, window: Window) -> int:
        """Count the rows that we hold of a stretch."""
        return self._store.held([window])[0]

    def _confirms(self, request: WindowRequest, window: Window) -> bool:
        """Return whether a stretch of which nothing is shown is empty. The present's is probed soon anyway."""
        if request.seems_gone:
            return not self._held(window) or self._is_gone(window)
        is_present = request.live and window.span <= self._live_span
        return request.believes_empty or is_present or self._is_empty(window)

    def _attempts(self, *, waits: bool = False, work: _Work | None = None) -> Iterator[Attempt]:
        """Yield attempts, with pauses between them, until one succeeds: `for attempt in ...: with attempt: ...`.

        A failure that may pass by itself is tried again; not where the lease is lost, under which it is read. As long as windows are committed in between it is not the
        same one again, and the pauses begin anew. `waits`: also tried again where the vendor cannot serve the request;
        unless it `_is_the_stretchs_own`.
        """

        def passes(failure: RetryableError) -> bool:
            if isinstance(failure, LeaseLostError):
                return False
            if not isinstance(failure, VendorUnavailableError):
                return True
            return waits and not (work and self._is_the_stretchs_own(failure, work))

        pauses = iter(self._retries.pauses)
        while True:
            committed = self._run.totals.windows
            attempt = Attempt(passes)
            yield attempt
            if attempt.failure is None:
                return
            if self._run.totals.windows > committed:
                pauses = iter(self._retries.pauses)
            pause = next(pauses, None)
            if pause is None:
                raise attempt.failure
            fields = {"resource": self._resource.name, "error": attempt.failure.message}
            log.log(self._retried, "window.retried", extra=fields)
            wait(pause, self._retries, self._clock, self._stopping)


def _none_held(window: Window) -> int:
    return 0

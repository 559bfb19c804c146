"""Proves that the vendor serves spans of a length whole: by two counts of spans with rows that we hold at both ends."""

from collections.abc import Callable
from datetime import datetime, timedelta

from wpsync.clock import Clock
from wpsync.errors import UNSERVED, SpanTooLargeError
from wpsync.extract.served_spans import Served
from wpsync.extract.windows import SECOND, floor_second
from wpsync.ledger import LedgerWindow
from wpsync.model import Window
from wpsync.policy import DEFAULT, Distrust
from wpsync.sync.store import Store


class SpanProof:
    """Asks for the proof of one resource.

    The count of a span that is cut lacks the rows at one of its ends. So it does not fall by the rows of both ends where
    the span is a second shorter at either, also where rows came late in between.
    """

    def __init__(
        self,
        store: Store,
        count: Callable[[Window], int | None],
        clock: Clock,
        known: Served,
        rules: Distrust = DEFAULT.distrust,
    ) -> None:
        self._store = store
        self._count = count
        self._clock = clock
        self._known = known
        self._rules = rules

    def __call__(self, length: timedelta) -> timedelta | None:
        """Return the length that two counts prove, at least the one asked about where rows lie so far apart."""
        now, asked_at = self._clock.now(), self._known.asked_at
        if asked_at is not None and timedelta(0) <= now - asked_at < self._rules.proof_again:
            return None
        self._known.asked_at = now
        span = self._between_rows(max(length, self._rules.proof_span) + 4 * SECOND)
        if span is None:
            return None
        narrower = Window(span.start + SECOND, span.end - SECOND)
        held, fewer_held = self._store.held([span, narrower])
        try:
            counted, fewer = self._count(span), self._count(narrower)
        except SpanTooLargeError:
            return length if span.span > length else None  # refused, so not cut in silence
        except UNSERVED:
            return None
        if counted is None or fewer is None:
            return None
        is_whole = counted >= held and counted - fewer == held - fewer_held
        return narrower.span - 2 * SECOND if is_whole else None

    def _between_rows(self, length: timedelta) -> Window | None:
        """The newest complete stretch so long, or the longest, that has rows that we hold in its first and last second."""
        now = floor_second(self._clock.now())
        run: list[LedgerWindow] = []
        last = None
        for window in reversed(self._store.windows(Window(now - length - self._rules.beside, now))):
            if run and (not window.is_complete or window.ends_at != run[-1].starts_at):
                run = []
            if not window.is_complete or (not run and not window.rows_held):
                continue
            run.append(window)
            last = self._last(window.window) if len(run) == 1 else last
            before = last - length if last is not None else window.starts_at
            if window.rows_held and window.starts_at < before:
                first = self._last(Window(window.starts_at, min(window.ends_at, before)))
                if first is not None and last is not None:
                    return Window(first, last + SECOND)
        return self._longest(run)

    def _longest(self, run: list[LedgerWindow]) -> Window | None:
        """The stretch from the first to the last row of adjoining windows, newest first, where it proves something."""
        rows = [window.window for window in run if window.rows_held]
        last = self._last(rows[0]) if rows else None
        first = self._store.nth_time(rows[-1], 0) if rows else None
        if first is None or last is None:
            return None
        start = floor_second(first)
        is_longer = last - start > max(self._known.length + 4 * SECOND, self._rules.short_span)
        return Window(start, last + SECOND) if is_longer else None

    def _last(self, stretch: Window) -> datetime | None:
        """The second of the last row of a stretch."""
        held = self._store.held([stretch])[0]
        at = self._store.nth_time(stretch, held - 1) if held else None
        return None if at is None else floor_second(at)

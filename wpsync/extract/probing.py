"""Asking for counts only: what is due to be checked, how a count is asked for exactly, where to cut. Pure.

A probe is a request of one row, made for its `count`. Equal to the ledger's: nothing came late and
nothing went. Different: bisected by probes down to about a page, and only that is read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from wpsync.errors import UNSERVED
from wpsync.extract import windows
from wpsync.ledger import SUSPICIOUSLY_EMPTY, UNREADABLE, LedgerWindow
from wpsync.model import Page, Window
from wpsync.policy import DEFAULT, Ages, Distrust, Rechecks
from wpsync.values import SHANGHAI

Body = Mapping[str, object]

_HOUR = timedelta(hours=1)


def bounds(start: datetime, end: datetime) -> dict[str, object]:
    """The request's `start` and `end`: local Shanghai time (the document, windowed endpoints)."""
    return {
        name: f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
        for name, at in (("start", start), ("end", end))
    }


@dataclass(frozen=True, slots=True)
class Ends:
    """Whether the vendor's `start` and `end` count themselves in; facts.md does not say."""

    start_inclusive: bool = True
    end_inclusive: bool = True

    def ask_for_count(self, window: Window) -> Body:
        """One row of exactly [start, end), asked for its `count`."""
        second = windows.SECOND
        start = window.start if self.start_inclusive else window.start - second
        end = window.end - second if self.end_inclusive else window.end
        return {**bounds(start, end), "page": 1, "pageSize": 1}


class Counter(Protocol):
    """Asks the vendor for one page."""

    def page(self, body: Body) -> Page: ...


def answers(vendor: Counter, at: datetime, rules: Rechecks = DEFAULT.rechecks) -> bool:
    """Whether the vendor answers at all: a row of a second, or of one an hour before, should it stumble over that."""
    for second in (at, at - rules.another):
        try:
            vendor.page(ask_between(second - windows.SECOND, second))
        except UNSERVED:
            continue
        return True
    return False


def ask_between(start: datetime, end: datetime) -> Body:
    """One row between two instants asked for as they are."""
    return {**bounds(start, end), "page": 1, "pageSize": 1}


def seems_empty_for(
    known: LedgerWindow, now: datetime, *, alone: bool, rules: Distrust = DEFAULT.distrust
) -> bool:
    """Whether the vendor has shown nothing for long enough, and often enough, for our rows to be gone.

    `alone`: the vendor shows rows that we hold elsewhere. Where it shows none at all, it takes longer: as the ledger
    spaces its retries, two days instead of some five hours.
    """
    was_empty = known.reason == SUSPICIOUSLY_EMPTY and known.attempts >= rules.window_readings
    since = rules.window_since if alone else rules.window_since_everywhere
    return was_empty and now - known.read_at >= since


def seems_empty_unheld(known: LedgerWindow, rules: Distrust = DEFAULT.distrust) -> bool:
    """Whether a stretch of which we hold nothing has been empty often enough; other counts no longer matter."""
    return known.reason == SUSPICIOUSLY_EMPTY and known.attempts >= rules.window_unheld


def beside(ledger: Sequence[LedgerWindow], window: Window) -> LedgerWindow | None:
    """The complete window with rows that is nearest to another one; None where there is none."""
    others = [w for w in ledger if w.is_complete and w.rows_held and w.window != window]
    return min(others, key=lambda w: abs(w.starts_at - window.start), default=None)


def failures_left(
    ledger: Sequence[LedgerWindow], now: datetime, rules: Rechecks = DEFAULT.rechecks
) -> int:
    """How many readings may fail by now, so that what cannot be served costs little: so many an hour.

    What was read and could not be served within the hour has been paid for. One a minute is always allowed.
    """
    since = [now - w.read_at for w in ledger if w.reason == UNREADABLE]
    lately = [age for age in since if timedelta(0) <= age < _HOUR]
    waited = all(age >= rules.failures_apart for age in lately)
    return max(rules.failures_an_hour - len(lately), int(waited))


def due(ledger: Sequence[LedgerWindow], now: datetime, ages: Ages) -> list[list[LedgerWindow]]:
    """The complete windows that are due to be checked, newest first, each list by one probe.

    Within the horizon a window is asked for by itself; older ones that adjoin share a probe by month. A
    check in the future was told by a clock that was ahead, and does not count.
    """
    groups: list[list[LedgerWindow]] = []
    for window in sorted(ledger, key=lambda one: one.starts_at, reverse=True):
        age, since = now - window.ends_at, now - window.checked_at + ages.early
        if not window.is_complete or timedelta(0) <= since < ages.every(age):
            continue
        if window.retry_at is not None and now < window.retry_at:
            continue
        if groups and age > ages.horizon and _share_a_probe(window, groups[-1][0]):
            groups[-1].insert(0, window)
        else:
            groups.append([window])
    return groups


def _share_a_probe(earlier: LedgerWindow, later: LedgerWindow) -> bool:
    first, second = (w.starts_at.astimezone(SHANGHAI) for w in (earlier, later))
    same_month = (first.year, first.month) == (second.year, second.month)
    return same_month and earlier.ends_at == later.starts_at


def cut(window: Window, middle: datetime | None) -> tuple[Window, Window]:
    """Cut in two at a row's time, or in the middle where that is at an end. At least two seconds long."""
    at = windows.floor_second(middle) if middle is not None else window.start
    if not window.start < at < window.end:
        at = windows.split(window, 2)[0].end
    return Window(window.start, at), Window(at, window.end)


def worth_reading_whole(differing: int, rows: int, page_size: int) -> bool:
    """Whether so much differs that bisecting would take about as many requests as reading everything."""
    return abs(differing) * 2 >= max(1, rows // page_size)

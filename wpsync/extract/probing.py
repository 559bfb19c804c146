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
from wpsync.values import SHANGHAI

Body = Mapping[str, object]

_EARLY = timedelta(seconds=5)
"""A check may be so much before its time: whoever looks every minute must not miss it by a moment."""

_EMPTY_ATTEMPTS = 5
"""How many readings must have shown nothing, one after the other, for rows to be gone."""
_EMPTY_FOR, _ALL_EMPTY_FOR = timedelta(hours=4), timedelta(hours=23)
"""How long ago the last of them must be: as the ledger spaces its retries, that takes some five hours, and two
days where nothing else shows that the vendor is well."""


_FAILURES_AN_HOUR = 60
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)

_ANOTHER = _HOUR
"""So far before an instant nobody stumbles over the same row."""


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


def answers(vendor: Counter, at: datetime) -> bool:
    """Whether the vendor answers at all: a row of a second, or of one an hour before, should it stumble over that."""
    for second in (at, at - _ANOTHER):
        try:
            vendor.page(ask_between(second - windows.SECOND, second))
        except UNSERVED:
            continue
        return True
    return False


def ask_between(start: datetime, end: datetime) -> Body:
    """One row between two instants asked for as they are."""
    return {**bounds(start, end), "page": 1, "pageSize": 1}


@dataclass(frozen=True, slots=True)
class Ages:
    """How often windows are checked, by their age; ever more rarely.

    `recent` applies within 6 hours, `yesterday` within 48 hours, `daily` within the horizon (when rows
    still come late and change), `older` beyond it. `sample_rows` are read again whole once a day.
    """

    horizon: timedelta = timedelta(days=14)
    recent: timedelta = timedelta(minutes=1)
    yesterday: timedelta = timedelta(hours=1)
    daily: timedelta = timedelta(days=1)
    older: timedelta = timedelta(days=7)
    sample_rows: int = 2_000

    def every(self, age: timedelta) -> timedelta:
        """How long a window of this age is left alone."""
        if age <= timedelta(hours=6):
            return self.recent
        if age <= timedelta(hours=48):
            return self.yesterday
        return self.daily if age <= self.horizon else self.older


def seems_empty_for(known: LedgerWindow, now: datetime, *, alone: bool) -> bool:
    """Whether the vendor has shown nothing for long enough, and often enough, for our rows to be gone.

    `alone`: the vendor shows rows that we hold elsewhere. Where it shows none at all, it takes longer.
    """
    was_empty = known.reason == SUSPICIOUSLY_EMPTY and known.attempts >= _EMPTY_ATTEMPTS
    return was_empty and now - known.read_at >= (_EMPTY_FOR if alone else _ALL_EMPTY_FOR)


def beside(ledger: Sequence[LedgerWindow], window: Window) -> LedgerWindow | None:
    """The complete window with rows that is nearest to another one; None where there is none."""
    others = [w for w in ledger if w.is_complete and w.rows_held and w.window != window]
    return min(others, key=lambda w: abs(w.starts_at - window.start), default=None)


def failures_left(ledger: Sequence[LedgerWindow], now: datetime) -> int:
    """How many readings may fail by now, so that what cannot be served costs little: so many an hour.

    What was read and could not be served within the hour has been paid for. One a minute is always allowed.
    """
    since = [now - w.read_at for w in ledger if w.reason == UNREADABLE]
    lately = [age for age in since if timedelta(0) <= age < _HOUR]
    waited = all(age >= _MINUTE for age in lately)
    return max(_FAILURES_AN_HOUR - len(lately), int(waited))


def due(ledger: Sequence[LedgerWindow], now: datetime, ages: Ages) -> list[list[LedgerWindow]]:
    """The complete windows that are due to be checked, newest first, each list by one probe.

    Within the horizon a window is asked for by itself; older ones that adjoin share a probe by month. A
    check in the future was told by a clock that was ahead, and does not count.
    """
    groups: list[list[LedgerWindow]] = []
    for window in sorted(ledger, key=lambda one: one.starts_at, reverse=True):
        age, since = now - window.ends_at, now - window.checked_at + _EARLY
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

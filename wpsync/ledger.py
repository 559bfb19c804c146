"""The ledger of windows: every change of it is a pure function here.

A ledger is a set of windows of vendor time that do not overlap, for one account and resource, and a watermark:
everything before it has been read at least once. A window carries the vendor's count, the distinct rows that were
read, and the rows that the table held when the window was entered. The last two differ by dead letters and by rows
that show no time. Adjoining complete windows of one Shanghai day are merged.

The life of a window::

                        enter: the reading proved complete
      +---------------------------------------------------------------------------+
      |                                                                           v
    unread ---------> incomplete ------------------------------------------> complete
      ^     enter:    | reason         enter: the reading proved complete    | checked_at
      |     the       | attempts                                             | disputed_at
      |     reading   | retry_at <------------------------------------------ |
      |     proved    |            doubt: its count is wrong                 | enter inside it: its counts grow
      |     nothing   |            enter: a reading proved nothing           | confirm: the vendor's count agrees
      |               |            enter divided it: its share is unknown    | put_off: due for a check later
      |               |                                                      | dispute: verify found differences
      +---------------+------------------------------------------------------+
        take_back: a clock that was ahead entered it
        forget: retention deletes its rows

A store applies a change with `WindowLedger.update(span, change)`: it locks the ledger, reads the windows of the span,
and writes the difference. No other code writes windows. The functions at the end (`advance`, `start`, `take_back_ahead`)
move the watermark; every store uses them as they are.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Protocol

from wpsync.model import EVER, Window
from wpsync.policy import DEFAULT, Ladder
from wpsync.values import SHANGHAI, add_digests

COMPLETE, INCOMPLETE = "complete", "incomplete"

RECOUNT_DUE = "recount_due"
"""The reason of a remainder whose share of a divided window's count is not known."""

SUSPICIOUSLY_EMPTY = "suspiciously_empty"
"""The reason where the vendor shows nothing and we hold rows."""

UNREADABLE = "unreadable"
"""The reason where the vendor cannot serve a stretch, although it answers."""

_SECOND = timedelta(seconds=1)

Held = Callable[[Window], int | None]
"""Counts the rows that we hold in a stretch and the vendor still lists; None where rows show no time."""


def _unknown(stretch: Window) -> None:
    """Tell nothing of any stretch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerWindow:
    """One window of the ledger, [starts_at, ends_at).

    `read_at` is when its oldest reading began, `checked_at` when a reading or a probe last agreed with the
    vendor's count, `retry_at` when an incomplete window is due again, or a complete one that could not be
    checked; `attempts` counts how often it was tried. `disputed_at` is when verify last found rows there that
    differ from the vendor's and left them. No reading repairs all of that, or tells which part of the window is
    meant: it stays until a comparison agrees. `digest` stands for the ids of the rows that were entered
    (`values.id_digest`), as far as it is known: it tells whether the vendor still lists the same ones.
    """

    starts_at: datetime
    ends_at: datetime
    vendor_count: int | None
    rows_seen: int
    rows_held: int
    state: str
    reason: str | None
    attempts: int
    read_at: datetime
    checked_at: datetime
    retry_at: datetime | None
    disputed_at: datetime | None = None
    digest: int | None = None

    @property
    def window(self) -> Window:
        return Window(self.starts_at, self.ends_at)

    @property
    def is_complete(self) -> bool:
        return self.state == COMPLETE


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of one reading of a window or listing, as the ledger keeps it.

    `read_at` is when the reading began. `reason` is None for a complete one.
    """

    vendor_count: int | None
    rows_seen: int
    reason: str | None
    read_at: datetime

    @property
    def state(self) -> str:
        return COMPLETE if self.reason is None else INCOMPLETE


Change = Callable[[Sequence[LedgerWindow]], Sequence[LedgerWindow]]
"""Takes the windows that overlap or adjoin a span, in order, and returns the windows that replace them."""


class WindowLedger(Protocol):
    """The ledger of one resource, locked: nothing else changes it until the transaction ends."""

    def windows(self, span: Window) -> list[LedgerWindow]:
        """Return the windows that overlap or adjoin a span, oldest first."""
        ...

    def update(self, span: Window, change: Change) -> None:
        """Read the windows that overlap or adjoin a span, and write how they differ after the change."""
        ...

    def watermark(self) -> datetime | None:
        """Return the watermark; None before the first sync."""
        ...

    def set_watermark(self, at: datetime) -> None:
        """Set the watermark."""
        ...


# Changes: pure functions from the windows of a span to the windows that replace them.


def enter(
    known: Sequence[LedgerWindow],
    *,
    window: Window,
    reading: Reading,
    held: Held,
    grown: Mapping[datetime, int],
    digest: Held = _unknown,
    shifted: Mapping[datetime, int] = MappingProxyType({}),
    retries: Ladder = DEFAULT.windows.later,
) -> list[LedgerWindow]:
    """Enter a reading of a window.

    `known` are the windows that overlap or adjoin it. `held` counts rows after those of the reading are loaded.
    `grown` says how many rows it brought to the other windows (`touched`), by their `starts_at`;
    `digest` and `shifted` say the same of digests. A complete reading inside a complete window changes nothing else.
    """
    container = _container(known, window)
    known = [amend(old, grown.get(old.starts_at, 0), shifted.get(old.starts_at)) for old in known]
    if container is not None and reading.reason is None:
        return known
    kept: list[LedgerWindow] = []
    attempts, disputed_at = 0, None
    for old in known:
        if old.ends_at <= window.start or old.starts_at >= window.end:
            kept.append(old)
            continue
        if reading.reason != SUSPICIOUSLY_EMPTY or old.reason == SUSPICIOUSLY_EMPTY:
            attempts = max(attempts, old.attempts)  # empty readings are counted by themselves
        disputed_at = _latest(disputed_at, old.disputed_at)
        if old.starts_at < window.start:
            kept.append(_remainder(old, Window(old.starts_at, window.start), held, digest))
        if old.ends_at > window.end:
            kept.append(_remainder(old, Window(window.end, old.ends_at), held, digest))
    new = _new(window, reading, held(window), attempts + 1, retries)
    digested = digest(window) if new.is_complete else None
    return _merge([*kept, replace(new, disputed_at=disputed_at, digest=digested)])


def amend(window: LedgerWindow, grown: int, shifted: int | None = None) -> LedgerWindow:
    """Add rows that a reading of a part of the window, or of its neighbour, brought to it, and to its digest."""
    if not grown and not shifted:
        return window
    return replace(
        window,
        vendor_count=None if window.vendor_count is None else window.vendor_count + grown,
        rows_seen=window.rows_seen + grown,
        rows_held=window.rows_held + grown,
        digest=_added(window.digest, shifted),
    )


def confirm(
    known: Sequence[LedgerWindow], *, counted: Collection[LedgerWindow], at: datetime
) -> list[LedgerWindow]:
    """Note that the vendor's count of these windows, asked for at an instant, agrees."""
    starts = {window.starts_at for window in counted}
    return [
        replace(old, checked_at=at, attempts=1, retry_at=None)
        if old.is_complete and old.starts_at in starts
        else old
        for old in known
    ]


def doubt(known: Sequence[LedgerWindow], *, span: Window, at: datetime) -> list[LedgerWindow]:
    """Make complete windows incomplete, due at an instant: their count is wrong, so all of them is read again."""
    return [
        replace(old, state=INCOMPLETE, reason=RECOUNT_DUE, retry_at=at)
        if old.is_complete and _overlaps(old, span)
        else old
        for old in known
    ]


def dispute(
    known: Sequence[LedgerWindow], *, span: Window, at: datetime | None
) -> list[LedgerWindow]:
    """Note differences that verify found in a span and left, on every window that the span touches.

    None for `at` takes the note off the windows that lie wholly in the span: they were compared, and agree.
    """
    return [
        replace(old, disputed_at=at)
        if _overlaps(old, span) and (at is not None or _lies_in(old, span))
        else old
        for old in known
    ]


def put_off(
    known: Sequence[LedgerWindow], *, later: Collection[LedgerWindow]
) -> list[LedgerWindow]:
    """Take over `attempts` and `retry_at` of windows that could not be checked (`postponed`)."""
    due = {window.starts_at: window for window in later}
    return [
        replace(old, attempts=new.attempts, retry_at=new.retry_at)
        if (new := due.get(old.starts_at)) is not None
        else old
        for old in known
    ]


def take_back(
    known: Sequence[LedgerWindow], *, now: datetime, skew: timedelta = DEFAULT.clocks.skew
) -> list[LedgerWindow]:
    """Drop windows that end after now: a clock that was ahead entered them."""
    return [old for old in known if old.ends_at <= now + skew]


def forget(known: Sequence[LedgerWindow], *, before: datetime) -> list[LedgerWindow]:
    """Drop windows that end at an instant or before it: retention deletes their rows."""
    return [old for old in known if old.ends_at > before]


# Questions about windows.


def touched(known: Sequence[LedgerWindow], window: Window) -> dict[datetime, Window]:
    """Return where a reading may bring rows into complete windows other than its own, by their `starts_at`.

    The request covers a second before and after the window, since the vendor's ends may be inclusive or not.
    So rows also come to its neighbours, or to all of a complete window that contains it.
    """
    wider = Window(window.start - _SECOND, window.end + _SECOND)
    found = {}
    for old in known:
        inside = old is _container(known, window)
        beside = old.ends_at <= window.start or old.starts_at >= window.end
        start, end = max(old.starts_at, wider.start), min(old.ends_at, wider.end)
        if old.is_complete and (inside or beside) and start < end:
            found[old.starts_at] = Window(start, end)
    return found


def due_again(
    known: Sequence[LedgerWindow], at: datetime, skew: timedelta = DEFAULT.clocks.skew
) -> list[LedgerWindow]:
    """Return the incomplete windows that are due to be read again. One read by a clock that was ahead is due too."""
    return [
        old
        for old in known
        if not old.is_complete
        and old.retry_at is not None
        and (old.retry_at <= at or old.read_at > at + skew)
    ]


def postponed(
    window: LedgerWindow,
    at: datetime,
    attempts: int,
    at_most: timedelta,
    retries: Ladder = DEFAULT.windows.later,
) -> LedgerWindow:
    """Return a window due later, after as long a wait as so many attempts take, but `at_most` so long after `at`."""
    return replace(window, attempts=attempts, retry_at=at + min(retries.after(attempts), at_most))


# The watermark.


def advance_watermark(watermark: datetime, windows: Sequence[LedgerWindow]) -> datetime:
    """Return the end of the unbroken run of windows that adjoins a watermark; never before it."""
    for window in sorted(windows, key=lambda one: one.starts_at):
        if window.starts_at <= watermark:
            watermark = max(watermark, window.ends_at)
    return watermark


@dataclass(frozen=True, slots=True)
class Ahead:
    """The effect of a clock that was ahead: the watermark as it should be, and the stretch to read again, if any."""

    watermark: datetime | None
    stretch: Window | None


def ahead(
    windows: Sequence[LedgerWindow],
    watermark: datetime | None,
    now: datetime,
    first: datetime,
    skew: timedelta = DEFAULT.clocks.skew,
) -> Ahead:
    """Tell which windows end after now, where the watermark lies without them, and which stretch that leaves unread.

    `first` is the watermark where such a clock set the first one too.
    """
    edges = [
        edge
        for window in windows
        if window.ends_at > now + skew
        for edge in (window.starts_at, window.ends_at)
    ]
    back = watermark
    if watermark is not None:
        back = min([watermark, *edges])
        back = first if back > now + skew else back
        edges += [back, watermark] if back != watermark else []
    return Ahead(back, Window(min(edges), max(edges)) if edges else None)


def advance(ledger: WindowLedger) -> None:
    """Move the watermark to the end of the unbroken run of windows that adjoins it."""
    mark = ledger.watermark()
    if mark is not None:
        windows = ledger.windows(Window(mark, EVER.end))
        ledger.set_watermark(advance_watermark(mark, windows))


def start(ledger: WindowLedger, at: datetime) -> None:
    """Set the watermark to where reading begins, unless it is further on. Then move it over windows read before."""
    mark = ledger.watermark()
    if mark is None or mark < at:
        ledger.set_watermark(at)
    advance(ledger)


def take_back_ahead(
    ledger: WindowLedger, now: datetime, first: datetime, skew: timedelta = DEFAULT.clocks.skew
) -> Window | None:
    """Drop windows that end after now and set the watermark back (`ahead`); return the stretch to read again."""
    span = Window(now, EVER.end)
    found = ahead(ledger.windows(span), ledger.watermark(), now, first, skew)
    if found.stretch is not None:
        ledger.update(span, partial(take_back, now=now, skew=skew))
    if found.watermark is not None:
        ledger.set_watermark(found.watermark)
    return found.stretch


# Parts of `enter`.


def _container(known: Sequence[LedgerWindow], window: Window) -> LedgerWindow | None:
    """Return the complete window that holds this one and more: a complete reading inside it only amends it."""
    for old in known:
        wider = old.starts_at <= window.start and window.end <= old.ends_at
        if old.is_complete and wider and old.window != window:
            return old
    return None


def _new(
    window: Window, reading: Reading, held: int | None, attempts: int, retries: Ladder
) -> LedgerWindow:
    complete = reading.reason is None
    rows = reading.rows_seen if held is None else held
    # Where we hold nothing that a doubt could be about, it is soon over (`probing.seems_empty_unheld`).
    is_unheld = reading.reason == SUSPICIOUSLY_EMPTY and not rows
    tried = min(attempts, DEFAULT.distrust.window_unheld) if is_unheld else attempts
    return LedgerWindow(
        starts_at=window.start,
        ends_at=window.end,
        vendor_count=reading.vendor_count,
        rows_seen=reading.rows_seen,
        rows_held=rows,
        state=reading.state,
        reason=reading.reason,
        attempts=1 if complete else attempts,
        read_at=reading.read_at,
        checked_at=reading.read_at,
        retry_at=None if complete else reading.read_at + retries.after(tried),
    )


def _remainder(old: LedgerWindow, part: Window, held: Held, digest: Held) -> LedgerWindow:
    """Return the rest of a window that was divided; due to be read again where its count cannot be told."""
    count = held(part)
    rest = replace(old, starts_at=part.start, ends_at=part.end, digest=None)
    if not old.is_complete:
        return replace(rest, vendor_count=None, rows_seen=count or 0, rows_held=count or 0)
    if count is None or old.vendor_count != old.rows_held:
        return replace(
            rest,
            vendor_count=None,
            rows_seen=count or 0,
            rows_held=count or 0,
            state=INCOMPLETE,
            reason=RECOUNT_DUE,
            retry_at=old.read_at,
        )
    return replace(rest, vendor_count=count, rows_seen=count, rows_held=count, digest=digest(part))


def _merge(windows: Sequence[LedgerWindow]) -> list[LedgerWindow]:
    """Join adjoining complete windows of one Shanghai day; in order of time."""
    result: list[LedgerWindow] = []
    for window in sorted(windows, key=lambda one: one.starts_at):
        if result and _belong_together(result[-1], window):
            result[-1] = _joined(result[-1], window)
        else:
            result.append(window)
    return result


def _belong_together(a: LedgerWindow, b: LedgerWindow) -> bool:
    days = {at.astimezone(SHANGHAI).date() for at in (a.starts_at, b.starts_at)}
    return a.is_complete and b.is_complete and a.ends_at == b.starts_at and len(days) == 1


def _joined(a: LedgerWindow, b: LedgerWindow) -> LedgerWindow:
    counts = (a.vendor_count, b.vendor_count)
    return replace(
        a,
        ends_at=b.ends_at,
        vendor_count=None if None in counts else sum(c for c in counts if c is not None),
        rows_seen=a.rows_seen + b.rows_seen,
        rows_held=a.rows_held + b.rows_held,
        digest=_added(a.digest, b.digest),
        read_at=min(a.read_at, b.read_at),
        checked_at=min(a.checked_at, b.checked_at),
        disputed_at=_latest(a.disputed_at, b.disputed_at),
        attempts=max(a.attempts, b.attempts),
        retry_at=_latest(a.retry_at, b.retry_at),
    )


def _added(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else add_digests(a, b)


def _latest(*times: datetime | None) -> datetime | None:
    return max((at for at in times if at is not None), default=None)


def _overlaps(window: LedgerWindow, span: Window) -> bool:
    return window.starts_at < span.end and window.ends_at > span.start


def _lies_in(window: LedgerWindow, span: Window) -> bool:
    return span.start <= window.starts_at and window.ends_at <= span.end

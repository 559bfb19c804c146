"""The ledger's algebra: what a reading changes in what is vouched for. Pure.

A ledger is a set of windows that do not overlap, per account and resource. Each carries the vendor's
count, the distinct rows that were read, and the rows that we held when it was entered. These two
differ by what is no row of ours (dead letters) or stands under no time. Adjoining complete windows of
one Shanghai day become one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from wpsync.model import Window
from wpsync.values import SHANGHAI

COMPLETE, INCOMPLETE = "complete", "incomplete"

RECOUNT_DUE = "recount_due"
"""The reason of a remainder whose share of a divided window's count is not known."""

SUSPICIOUSLY_EMPTY = "suspiciously_empty"
"""The reason where the vendor shows nothing and we hold rows."""

UNREADABLE = "unreadable"
"""The reason where the vendor cannot serve a stretch, although it answers."""

_RETRIES = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720))
_SECOND = timedelta(seconds=1)

SKEW = timedelta(seconds=5)
"""By so much clocks differ though nothing is wrong."""

_RETRY_DAILY = timedelta(days=1)

Held = Callable[[Window], int | None]
"""How many rows we hold in a stretch that the vendor still lists; None where rows show no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerWindow:
    """One stretch of the ledger, [starts_at, ends_at).

    `read_at` is when its oldest reading began, `checked_at` when the vendor's count was last seen to
    agree (by a reading or a probe), `retry_at` when an incomplete one is due again, or a complete one that
    could not be checked; `attempts` how often it was tried. `disputed_at`: when verify
    last found and left rows there that are not as the vendor has them. No reading mends all of that, nor
    can tell where in the window it is: only a comparison that agrees ends it.
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

    @property
    def window(self) -> Window:
        return Window(self.starts_at, self.ends_at)

    @property
    def is_complete(self) -> bool:
        return self.state == COMPLETE


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reading of a window or listing found, as the ledger keeps it.

    `read_at` is when the reading began. `reason` is None for a complete one.
    """

    vendor_count: int | None
    rows_seen: int
    reason: str | None
    read_at: datetime

    @property
    def state(self) -> str:
        return COMPLETE if self.reason is None else INCOMPLETE


def container(known: Sequence[LedgerWindow], window: Window) -> LedgerWindow | None:
    """The complete ledger window that holds this one and more: a reading inside it only amends it."""
    for old in known:
        wider = old.starts_at <= window.start and window.end <= old.ends_at
        if old.is_complete and wider and old.window != window:
            return old
    return None


def touched(known: Sequence[LedgerWindow], window: Window) -> dict[datetime, Window]:
    """Where a reading may bring rows into complete windows other than its own, by their `starts_at`.

    A window is asked for with the second before and after it (nobody knows what the vendor's ends
    mean), so rows come to its neighbours, or all around it where a complete window contains it.
    """
    wider = Window(window.start - _SECOND, window.end + _SECOND)
    found = {}
    for old in known:
        inside = old is container(known, window)
        beside = old.ends_at <= window.start or old.starts_at >= window.end
        start, end = max(old.starts_at, wider.start), min(old.ends_at, wider.end)
        if old.is_complete and (inside or beside) and start < end:
            found[old.starts_at] = Window(start, end)
    return found


def entered(
    known: Sequence[LedgerWindow],
    window: Window,
    reading: Reading,
    held: Held,
    grown: Mapping[datetime, int],
) -> list[LedgerWindow]:
    """The windows that stand in place of `known` after a reading.

    `known` are the ledger's windows that overlap or adjoin the one that was read; `held` tells what is
    held now, with the reading's rows; `grown` by how many rows the others grew (see `touched`).
    """
    around = container(known, window)
    known = [_amended(old, grown.get(old.starts_at, 0)) for old in known]
    if around is not None and reading.reason is None:
        return known
    kept: list[LedgerWindow] = []
    attempts, disputed_at = 0, None
    for old in known:
        if old.ends_at <= window.start or old.starts_at >= window.end:
            kept.append(old)
            continue
        if reading.reason != SUSPICIOUSLY_EMPTY or old.reason == SUSPICIOUSLY_EMPTY:
            attempts = max(attempts, old.attempts)  # how often it was empty is counted by itself
        disputed_at = _latest(disputed_at, old.disputed_at)
        if old.starts_at < window.start:
            kept.append(_remainder(old, Window(old.starts_at, window.start), held))
        if old.ends_at > window.end:
            kept.append(_remainder(old, Window(window.end, old.ends_at), held))
    new = _new(window, reading, held(window), attempts + 1)
    return merged([*kept, replace(new, disputed_at=disputed_at)])


def _latest(*times: datetime | None) -> datetime | None:
    return max((at for at in times if at is not None), default=None)


def _amended(old: LedgerWindow, grown: int) -> LedgerWindow:
    if not grown:
        return old
    return replace(
        old,
        vendor_count=None if old.vendor_count is None else old.vendor_count + grown,
        rows_seen=old.rows_seen + grown,
        rows_held=old.rows_held + grown,
    )


def doubted(window: LedgerWindow, at: datetime) -> LedgerWindow:
    """A complete window that must be read again whole, piece by piece if need be: its count is wrong."""
    return replace(window, state=INCOMPLETE, reason=RECOUNT_DUE, retry_at=at)


def put_off(window: LedgerWindow, at: datetime, attempts: int, at_most: timedelta) -> LedgerWindow:
    """A complete window that cannot be checked just now: it stands, and is due later, as after so many attempts."""
    return replace(window, attempts=attempts, retry_at=at + min(_wait_after(attempts), at_most))


def _wait_after(attempts: int) -> timedelta:
    return _RETRIES[attempts - 1] if attempts <= len(_RETRIES) else _RETRY_DAILY


def _new(window: Window, reading: Reading, held: int | None, attempts: int) -> LedgerWindow:
    complete = reading.reason is None
    return LedgerWindow(
        starts_at=window.start,
        ends_at=window.end,
        vendor_count=reading.vendor_count,
        rows_seen=reading.rows_seen,
        rows_held=reading.rows_seen if held is None else held,
        state=reading.state,
        reason=reading.reason,
        attempts=1 if complete else attempts,
        read_at=reading.read_at,
        checked_at=reading.read_at,
        retry_at=None if complete else reading.read_at + _wait_after(attempts),
    )


def _remainder(old: LedgerWindow, part: Window, held: Held) -> LedgerWindow:
    """What is left of a window that was divided; to be read again where its count cannot be told."""
    count = held(part)
    rest = replace(old, starts_at=part.start, ends_at=part.end)
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
    return replace(rest, vendor_count=count, rows_seen=count, rows_held=count)


def merged(ledger: Sequence[LedgerWindow]) -> list[LedgerWindow]:
    """Adjoining complete windows of one Shanghai day as one; in order of time."""
    result: list[LedgerWindow] = []
    for window in sorted(ledger, key=lambda one: one.starts_at):
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
        read_at=min(a.read_at, b.read_at),
        checked_at=min(a.checked_at, b.checked_at),
        disputed_at=_latest(a.disputed_at, b.disputed_at),
        attempts=max(a.attempts, b.attempts),
        retry_at=max(filter(None, (a.retry_at, b.retry_at)), default=None),
    )


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a clock that was ahead entered: windows that nobody can have read yet, and the watermark without them."""

    windows: Sequence[LedgerWindow]
    watermark: datetime | None
    stretch: Window | None


def ahead(
    ledger: Sequence[LedgerWindow], watermark: datetime | None, now: datetime, first: datetime
) -> Ahead:
    """The windows that end after now, where the watermark is then, and from when to when that changes anything.

    A watermark that was set by such a clock in the first place is `first`.
    """
    late = [window for window in ledger if window.ends_at > now + SKEW]
    edges = [edge for window in late for edge in (window.starts_at, window.ends_at)]
    back = watermark
    if watermark is not None:
        back = min([watermark, *edges])
        back = first if back > now + SKEW else back
        edges += [back, watermark] if back != watermark else []
    return Ahead(late, back, Window(min(edges), max(edges)) if edges else None)


def reached(watermark: datetime, ledger: Sequence[LedgerWindow]) -> datetime:
    """How far the unbroken run of windows goes on from a watermark; never backwards."""
    for window in sorted(ledger, key=lambda one: one.starts_at):
        if window.starts_at <= watermark:
            watermark = max(watermark, window.ends_at)
    return watermark

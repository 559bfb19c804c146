"""Window algebra: which stretches are missing, and how one is cut. Pure.

Windows are half-open, [start, end), on whole seconds. The vendor's granularity is one second.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from wpsync.model import Window
from wpsync.values import SHANGHAI

SECOND = timedelta(seconds=1)


def floor_second(at: datetime) -> datetime:
    """The whole second that an instant lies in, in UTC."""
    return at.astimezone(UTC).replace(microsecond=0)


def shanghai_midnight(at: datetime) -> datetime:
    """The beginning of the Shanghai day that an instant lies in, in UTC."""
    local = at.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    return local.astimezone(UTC)


def missing(span: Window, done: Iterable[Window]) -> list[Window]:
    """What of a span no done window covers, oldest first. Done windows may overlap and come in any order."""
    gaps = []
    reached = span.start
    for window in sorted(done):
        if window.end <= reached or window.start >= span.end:
            continue
        if window.start > reached:
            gaps.append(Window(reached, window.start))
        reached = max(reached, window.end)
        if reached >= span.end:
            return gaps
    gaps.append(Window(reached, span.end))
    return gaps


def by_day(window: Window, step: timedelta) -> Iterator[Window]:
    """Cut at Shanghai midnights, and into pieces of at most `step` between them, oldest first."""
    start = window.start
    while start < window.end:
        midnight = shanghai_midnight(start) + timedelta(days=1)
        end = min(window.end, midnight, start + max(step, SECOND))
        yield Window(start, end)
        start = end


def by_month(window: Window) -> Iterator[Window]:
    """Cut at the beginnings of Shanghai months, oldest first: no piece is longer than a month."""
    start = window.start
    while start < window.end:
        local = start.astimezone(SHANGHAI)
        first = local.replace(day=1, hour=0, minute=0, second=0)
        following = (first + timedelta(days=32)).replace(day=1).astimezone(UTC)
        end = min(window.end, following)
        yield Window(start, end)
        start = end


def split(window: Window, parts: int) -> list[Window]:
    """Cut into up to `parts` pieces of nearly equal length, oldest first; never shorter than a second.

    The pieces cover the window exactly and do not overlap. A window of one second stays whole.
    """
    seconds = int(window.span.total_seconds())
    parts = max(1, min(parts, seconds))
    edges = [window.start + timedelta(seconds=seconds * i // parts) for i in range(parts + 1)]
    return [Window(a, b) for a, b in pairwise(edges)]

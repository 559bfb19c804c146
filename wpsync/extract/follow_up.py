"""When a row whose content is still to change is read again. Pure.

A call's recording is uploaded after the call, a transfer is claimed, a collection is paid one by one:
such rows are looked at soon and then ever more rarely (the document's `soundUrl`, `m7Type`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from wpsync.extract.windows import SECOND, floor_second
from wpsync.model import Window
from wpsync.policy import DEFAULT, Ladder
from wpsync.values import SHANGHAI


def due_after(
    at: datetime,
    read_at: datetime,
    horizon: timedelta,
    ages: Ladder = DEFAULT.rechecks.follow_ups,
) -> datetime | None:
    """When a row of time `at`, last read at `read_at`, is due again; None past the horizon."""
    age = read_at - at
    for offset in ages.steps:
        if age < offset <= horizon:
            return at + offset
    later = max(1, age // ages.then + 1) * ages.then
    return at + later if later <= horizon else None


def together(times: Sequence[datetime], between: Sequence[int], page_size: int) -> list[Window]:
    """The narrowest windows that hold these instants, neighbours sharing one where it is still a page.

    `times` in order; `between[i]` is how many rows are held from `times[i]` up to `times[i + 1]`.
    """
    windows: list[Window] = []
    rows = 0
    for number, at in enumerate(times):
        second = floor_second(at)
        step = between[number - 1] if number else 0
        day = second.astimezone(SHANGHAI).date()
        is_same_day = bool(windows) and windows[-1].start.astimezone(SHANGHAI).date() == day
        if is_same_day and rows + step < page_size:
            rows += step
            windows[-1] = Window(windows[-1].start, max(windows[-1].end, second + SECOND))
        else:
            rows = 1
            windows.append(Window(second, second + SECOND))
    return windows

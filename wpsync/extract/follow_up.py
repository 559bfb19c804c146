"""When a row whose content is still to change is read again. Pure.

A call's recording is uploaded after the call, a transfer is claimed, a collection is paid one by one:
such rows are looked at soon and then ever more rarely (the document's `soundUrl`, `m7Type`), until
their state is final or they are past the horizon.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from wpsync.extract.windows import SECOND, floor_second
from wpsync.model import Window
from wpsync.policy import DEFAULT, Rechecks
from wpsync.values import SHANGHAI

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def due_after(
    at: datetime, read_at: datetime, horizon: timedelta, rules: Rechecks = DEFAULT.rechecks
) -> datetime | None:
    """When a row of time `at`, last read at `read_at`, is due again; None past the horizon.

    Times are rounded up, by a share of the step, so that rows of one stretch come due together and share
    requests: however many are open, a day's rows are read in so many groups at most.
    """
    age, ages = read_at - at, rules.follow_ups
    step = next((one for one in ages.steps if age < one), None)
    if step is not None and step <= horizon:
        return _rounded_up(at + step, step, rules)
    later = max(1, age // ages.then + 1) * ages.then
    if later > horizon:
        return None
    return _rounded_up(at + later, ages.then, rules)


def _rounded_up(at: datetime, step: timedelta, rules: Rechecks) -> datetime:
    """Round up to a share of the step; not where rows wait longer than that for each other anyway."""
    grain = step / rules.follow_up_groups
    return at + -(at - _EPOCH) % grain if grain > rules.gathered else at


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

"""How the vendor means the ends of a stretch is learned from a row that it shows; when open rows are read again."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.fake_clock import FakeClock
from tests.simulation.memory import MemoryStore, Row
from wpsync.extract import follow_up
from wpsync.extract.probing import Body, Ends
from wpsync.model import Page, Window
from wpsync.policy import Ages
from wpsync.resources import RESOURCES
from wpsync.sync.recheck import Recheck

START = datetime(2026, 1, 1, 4, tzinfo=UTC)
HOUR, HORIZON = timedelta(hours=1), timedelta(days=14)
AT = "2026-01-01 12:01:00"  # as the vendor writes the second of three rows a minute apart


class OneRow:
    """A vendor with one row, or none, that means its ends in one way."""

    def __init__(self, at: str | None, *, start: bool, end: bool) -> None:
        self._at = at
        self._start = start
        self._end = end
        self.asked = 0

    def page(self, body: Body) -> Page:
        self.asked += 1
        start, end = str(body["start"]), str(body["end"])
        shown = (
            self._at is not None
            and (start <= self._at if self._start else start < self._at)
            and (self._at <= end if self._end else self._at < end)
        )
        return Page(1, [{}] if shown else [], int(shown), START, START)


def learned(vendor):
    """What is known of the ends after two counts."""
    clock = FakeClock(START + HOUR)
    ends: dict[str, Ends] = {}
    store = MemoryStore(clock, HORIZON)
    for minutes in (0, 1, 2):
        at = START + timedelta(minutes=minutes)
        store.rows[f"m{minutes}"] = Row(at, "settled", START, START)
    resource = RESOURCES["wechat_messages"]
    recheck = Recheck(resource, store, vendor, clock, Ages(), ends, timedelta(minutes=2))
    for _ in range(2):
        recheck.count(Window(START, START + HOUR))
    return ends


@pytest.mark.parametrize("end", [False, True])
@pytest.mark.parametrize("start", [False, True])
def test_the_ends_are_learned_from_a_row_that_is_there(start, end):
    vendor = OneRow(AT, start=start, end=end)
    assert learned(vendor) == {"wechat_messages": Ends(start, end)}


def test_nothing_is_learned_from_a_row_that_no_ask_shows_and_it_is_not_asked_for_again_at_once():
    vendor = OneRow(None, start=True, end=True)
    assert learned(vendor) == {}
    assert vendor.asked == 4 + 2


def test_rows_that_stay_open_come_due_in_few_groups_and_never_late():
    """However many rows of a day are open, a day's follow-ups are so many stretches at most."""
    start, horizon = datetime(2026, 1, 5, tzinfo=UTC), timedelta(days=14)
    by_day: dict[date, set[datetime]] = defaultdict(set)
    for number in range(500):
        at = read = start + number * timedelta(seconds=171)
        while (due := follow_up.due_after(at, read, horizon)) is not None:
            assert read < due <= max(read + timedelta(days=1), at + timedelta(days=1, hours=2))
            if due - at >= timedelta(days=2):
                by_day[due.date()].add(due)
            read = due
        assert read >= at + horizon
    assert max(map(len, by_day.values())) == 12

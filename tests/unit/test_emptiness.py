"""Rows that the vendor shows no more are gone only where its counts agree, whatever it hides for a while."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.fake_clock import FakeClock
from tests.simulation.memory import MemoryStore, Row
from wpsync.errors import SpanTooLargeError
from wpsync.ledger import COMPLETE, INCOMPLETE, SUSPICIOUSLY_EMPTY, LedgerWindow
from wpsync.model import Window
from wpsync.sync.emptiness import Emptiness

START = datetime(2026, 1, 5, 2, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
DOUBTED = Window(START, START + HOUR)
"""We hold one row of it, which a reading did not show."""


def window(start, end, rows, *, reason=None):
    return LedgerWindow(
        starts_at=start,
        ends_at=end,
        vendor_count=rows,
        rows_seen=rows,
        rows_held=rows,
        state=INCOMPLETE if reason else COMPLETE,
        reason=reason,
        attempts=5,
        read_at=end,
        checked_at=end,
        retry_at=None,
    )


def held(*, beside):
    """A store that holds a row of the doubted hour, and rows of another stretch, in hours from its beginning."""
    store = MemoryStore(FakeClock(START + timedelta(days=2)), timedelta(days=14))
    for number, hours in enumerate((0.5, *beside)):
        store.rows[f"m{number}"] = Row(START + hours * HOUR, "settled", START, START)
    store.entered = [window(START, START + HOUR, 1, reason=SUSPICIOUSLY_EMPTY)]
    if beside:
        first, last = START + min(beside) * HOUR, START + max(beside) * HOUR + SECOND
        store.entered.append(window(first, last, len(beside)))
    return store


class Vendor:
    """Counts the rows that it lists. `lies` are its first answers, whatever is asked for; None is no answer."""

    def __init__(self, rows, *, lies=(), longest=None, hides=()):
        self.rows = rows
        self.lies = list(lies)
        self.longest = longest
        self.hides = hides

    def count(self, stretch):
        if self.lies:
            return self.lies.pop(0)
        if self.longest is not None and stretch.span > self.longest:
            raise SpanTooLargeError("vendor.span_too_large")
        found = [at for at in self.rows if stretch.start <= at < stretch.end]
        return 0 if set(found) <= set(self.hides) else len(found)


LATER, EARLIER = (3, 4), (-4, -3)


@pytest.mark.parametrize("beside", [LATER, EARLIER], ids=["later", "earlier"])
@pytest.mark.parametrize("longest", [None, HOUR], ids=["any span", "short spans"])
class TestWithRowsBeside:
    def confirms(self, beside, listed, **vendor):
        store = held(beside=beside)
        rows = [START + hours * HOUR for hours in listed]
        return Emptiness(store, Vendor(rows, **vendor).count).confirms_gone(DOUBTED)

    def test_what_is_gone_is_confirmed(self, beside, longest):
        assert self.confirms(beside, beside, longest=longest)

    @pytest.mark.parametrize("lies", [(), (0,), (2,), (0, 0), (2, 2)])
    def test_what_is_there_is_not_gone_for_any_lie_or_two(self, beside, longest, lies):
        assert not self.confirms(beside, (0.5, *beside), longest=longest, lies=lies)

    def test_rows_that_are_hidden_for_a_while_are_not_gone(self, beside, longest):
        everything = [START + hours * HOUR for hours in (0.5, *beside)]
        assert not self.confirms(beside, (0.5, *beside), longest=longest, hides=everything)

    def test_nor_while_a_row_that_we_do_not_hold_is_shown(self, beside, longest):
        everything = [START + hours * HOUR for hours in (0.5, *beside)]
        listed = (0.5, *beside, beside[0] + 0.1, beside[1] - 0.1)
        assert not self.confirms(beside, listed, longest=longest, hides=everything)


def test_where_we_hold_nothing_else_the_stretch_is_counted_several_times():
    store = held(beside=())
    at = START + HOUR / 2
    assert not Emptiness(store, Vendor([at], lies=(0, 0)).count).confirms_gone(DOUBTED)
    assert Emptiness(store, Vendor([]).count).confirms_gone(DOUBTED)

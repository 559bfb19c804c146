"""What a reader counts, and whether it says that something was staged twice."""

import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from wpsync.errors import TooManyRowsError
from wpsync.extract.events import Closed, PageRead, Reason, Restart
from wpsync.extract.page_count import PageCount, PageCounter
from wpsync.extract.probing import Body
from wpsync.extract.reading import Reader
from wpsync.model import Page, Window
from wpsync.resources import RESOURCES
from wpsync.resources.spec import Filter

START = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = Window(START, START + timedelta(seconds=1))
NOON = int(START.timestamp())


class Pages:
    """A vendor that shows these pages, and refuses the deeper ones of spans longer than a second."""

    def __init__(self, pages: Sequence[Sequence[object]], *, deep: bool = True) -> None:
        self._pages = pages
        self._deep = deep

    def page(self, body: Body) -> Page:
        number = int(str(body["page"]))
        if number > 1 and not self._deep and body["start"] != body["end"]:
            raise TooManyRowsError("too many rows")
        records = self._pages[number - 1] if number <= len(self._pages) else []
        return Page(number, records, sum(map(len, self._pages)), START, START)

    def pages(self, bodies: Iterable[Body]) -> Iterator[Page]:
        return map(self.page, bodies)

    def values(self, by: Filter) -> Sequence[str]:
        return ()


def read(vendor, window=SECOND):
    """The ids that were staged when the window closed, and how it closed."""
    reader = Reader(RESOURCES["wechat_messages"], vendor, rows_aim=1_000)
    staged: list[str] = []
    settled = START + timedelta(days=1)
    for event in reader.window(window, newest_first=False, settled=settled):
        match event:
            case Restart():
                staged.clear()
            case PageRead(records=records):
                staged += [str(record["id"]) for record in records if isinstance(record, dict)]
            case Closed() as closed:
                return staged, closed
    raise AssertionError


@pytest.mark.parametrize("ids", [(5, "5"), ("a\x00", "a\ufffd"), ("x", "x")])
def test_ids_that_become_one_key_are_one_row(ids):
    _, closed = read(Pages([[{"id": one, "ts": NOON} for one in ids]]))
    assert closed.duplicates
    assert (closed.rows_seen, closed.vendor_count, closed.reason) == (1, 2, None)


def test_a_row_that_two_pages_list_may_hide_another_and_proves_nothing():
    first: list[dict[str, object]] = [{"id": f"m{i}", "ts": NOON} for i in range(100)]
    second: list[dict[str, object]] = [{"id": one, "ts": NOON} for one in ("m99", "last")]
    _, closed = read(Pages([first, second]))
    assert (closed.rows_seen, closed.vendor_count, closed.reason) == (101, 102, "rows_missing")


@pytest.mark.parametrize("at", [NOON - 1, NOON + 1])
def test_a_row_outside_that_is_listed_twice_is_left_out_of_the_count(at):
    page = [{"id": "in", "ts": NOON}, {"id": "out", "ts": at}, {"id": "out", "ts": at}]
    _, closed = read(Pages([page]))
    assert (closed.rows_seen, closed.vendor_count, closed.reason) == (1, 1, None)


class NullLists(Pages):
    """A vendor that sends null for the list of two replies in a row, again and again."""

    asked = 0

    def page(self, body: Body) -> Page:
        self.asked += 1
        page = super().page(body)
        return page if self.asked % 3 == 0 else replace(page, records=None)


def test_a_page_without_a_list_is_asked_for_again_and_not_all_that_was_read():
    vendor = NullLists([[{"id": f"{p}-{i}", "ts": NOON} for i in range(100)] for p in range(9)])
    staged, closed = read(vendor)
    assert (closed.reason, len(staged)) == (None, 900)
    assert vendor.asked == 30  # a last page that is full is looked beyond


def test_what_a_refused_ask_staged_is_not_staged_twice():
    first = [{"id": f"m{i}", "ts": NOON} for i in range(100)]
    staged, closed = read(Pages([first, [{"id": "last", "ts": NOON}]], deep=False))
    assert closed.reason is None
    assert closed.duplicates or len(set(staged)) == len(staged) == 101


def test_a_page_that_holds_only_a_repeat_is_no_ignored_page():
    rows = [{"id": f"m{i}", "ts": NOON} for i in range(100)]
    _, closed = read(Pages([rows, [rows[-1]]]))
    assert closed.reason is not Reason.PAGE_IGNORED
    _, ignored = read(Pages([rows, rows]))
    assert ignored.reason is Reason.PAGE_IGNORED


class Changing:
    """A vendor whose rows change between two pages; `changes` does it, by the number of the page to come."""

    def __init__(self, ids: Sequence[str], changes: Mapping[int, Callable[[list[str]], object]]):
        self.ids = list(ids)
        self.asked = 0
        self._changes = dict(changes)

    def page(self, body: Body) -> Page:
        number = int(str(body["page"]))
        self._changes.pop(number, lambda ids: None)(self.ids)
        self.asked += 1
        shown = self.ids[(number - 1) * 100 : number * 100]
        at = START + timedelta(seconds=self.asked)
        records = [{"id": one, "ts": NOON} for one in shown]
        return Page(number, records, len(self.ids), at, at)

    def pages(self, bodies: Iterable[Body]) -> Iterator[Page]:
        return map(self.page, bodies)

    def values(self, by: Filter) -> Sequence[str]:
        return ()


@pytest.mark.parametrize("place", [0, 1_000], ids=["at the head", "at the tail"])
def test_a_row_that_went_and_one_that_came_while_pages_were_read_hide_no_living_row(place):
    vendor = Changing(
        [f"m{i}" for i in range(450)],
        {2: lambda ids: ids.remove("m10"), 3: lambda ids: ids.insert(place, "new")},
    )
    staged, closed = read(vendor)
    assert closed.reason is None
    assert set(staged) == set(vendor.ids)


class OddAtFirst(Changing):
    """A vendor whose very first reply is odd."""

    def __init__(self, rows: int, odd: Callable[[Page], Page]) -> None:
        super().__init__([f"m{i}" for i in range(rows)], {})
        self._odd = odd

    def page(self, body: Body) -> Page:
        page = super().page(body)
        return self._odd(page) if self.asked == 1 else page


@pytest.mark.parametrize(
    ("rows", "odd"),
    [
        (950, lambda page: replace(page, records=page.records[:2])),
        (3, lambda page: replace(page, count=10_000_000)),
        (100, lambda page: replace(page, count=10_000_000)),
        (950, lambda page: replace(page, count=10_000_000)),
    ],
    ids=["a short page", "a huge count of few", "a huge count of a page", "a huge count of many"],
)
def test_one_odd_reply_costs_one_request(rows, odd):
    vendor, window = OddAtFirst(rows, odd), Window(START, START + timedelta(minutes=4))
    staged, closed = read(vendor, window)
    assert (closed.reason, closed.window) == (None, window)
    assert set(staged) == set(vendor.ids)
    usual = Changing(vendor.ids, {})
    read(usual, window)
    assert vendor.asked == usual.asked + 1


def test_a_page_size_that_the_vendor_clamps_is_found_out_with_one_request():
    vendor = Pages([[{"id": f"{p}-{i}", "ts": NOON} for i in range(7)] for p in range(9)])
    staged, closed = read(vendor)
    assert (closed.reason, len(set(staged))) == (None, 63)


def test_counts_of_pages_that_were_asked_for_at_the_same_time_contradict_nothing():
    counting, tally = PageCounter(RESOURCES["wechat_messages"]), PageCount()
    later = START + timedelta(seconds=1)
    for number, count in enumerate((3, 2, 3)):
        records = [{"id": f"m{number}", "ts": NOON}]
        counting.add(Page(number, records, count, START, later), number, SECOND, tally)
    assert tally.verdict() is None


class Countless(Pages):
    """A vendor that counts very many rows in every second, and shows two."""

    asked = 0

    def page(self, body: Body) -> Page:
        self.asked += 1
        rows = [{"id": f"{body['start']} {n}", "ts": NOON} for n in range(2)]
        return Page(int(str(body["page"])), rows, 99_999_999, START, START)


@pytest.mark.parametrize("resource", ["calls", "wechat_messages"])
def test_a_count_of_very_many_rows_costs_no_memory(resource):
    vendor = Countless([])
    reader = Reader(RESOURCES[resource], vendor, rows_aim=1_000)
    settled = START + timedelta(days=1)
    tracemalloc.start()
    try:
        for event in reader.window(SECOND, newest_first=False, settled=settled):
            if isinstance(event, Closed):
                assert event.reason is not None
                break
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000
    assert vendor.asked < 3_000

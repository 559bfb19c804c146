"""A listing of which the vendor cannot serve some rows: all others are read, in few requests."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import pytest

from wpsync.errors import VendorRefusedError
from wpsync.extract.bisect_listing import ListingBisection
from wpsync.extract.events import Body, Closed, PageRead
from wpsync.model import Page
from wpsync.resources import RESOURCES
from wpsync.resources.spec import Filter

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Listing:
    """A vendor with so many contacts, some of them broken, that shows 500 pages, or fewer."""

    def __init__(self, count: int, broken: set[int], pages: int = 500) -> None:
        self._count = count
        self._broken = broken
        self._pages = pages
        self.asked = 0

    def page(self, body: Body) -> Page:
        self.asked += 1
        number, size = int(str(body["page"])), int(str(body["pageSize"]))
        shown = range((number - 1) * size, min(number * size, self._count))
        if number > self._pages or self._broken.intersection(shown):
            raise VendorRefusedError("vendor.refused", endpoint="/x")
        return Page(number, [{"id": f"c{row}"} for row in shown], self._count, NOW, NOW)

    def pages(self, bodies: Iterable[Body]) -> Iterator[Page]:
        return map(self.page, bodies)

    def values(self, by: Filter) -> Sequence[str]:
        return ()


def read(vendor):
    """Which rows did not come, and why the listing is incomplete."""
    around = ListingBisection(RESOURCES["wechat_contacts"], vendor, {})
    assert around.is_served()
    *events, closed = around.read()
    assert isinstance(closed, Closed)
    came = [row["id"] for page in events if isinstance(page, PageRead) for row in page.records]  # type: ignore[index]  # as shown above
    assert sorted(came) == sorted(set(came))
    assert set(came) == closed.seen
    assert closed.vendor_count == vendor._count
    return {row for row in range(vendor._count) if f"c{row}" not in closed.seen}, closed.reason


@pytest.mark.parametrize(
    "broken", [{0}, {1}, {99}, {250}, {0, 120, 121, 122, 499}, set(range(300, 308))]
)
def test_each_row_that_cannot_be_served_costs_itself(broken):
    vendor = Listing(501, broken)
    assert read(vendor) == (broken, "unreadable")
    assert vendor.asked < 10 + 25 * len(broken)


@pytest.mark.parametrize(("row", "lost"), [(930, 2), (2_600, 10), (7_000, 20)])
def test_far_down_a_row_costs_the_smallest_page_that_the_vendor_shows_so_far(row, lost):
    missing, reason = read(Listing(8_000, {row}))
    assert row in missing
    assert (len(missing), reason) == (lost, "unreadable")


def test_pages_that_are_not_shown_at_all_take_few_requests():
    vendor = Listing(50_000, set(), pages=3)
    missing, reason = read(vendor)
    assert (missing, reason) == (set(range(300, 50_000)), "pages_refused")
    assert vendor.asked < 20


def test_very_many_rows_that_cannot_be_served_take_a_bounded_number_of_requests():
    vendor = Listing(20_000, set(range(5, 20_000, 20)))
    read(vendor)
    assert vendor.asked < 400

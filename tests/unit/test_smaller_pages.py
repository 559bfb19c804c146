"""A page that is too large is put together from smaller ones: no row is lost, and it stays within bounds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wpsync.errors import ReplyTooLargeError
from wpsync.extract import smaller_pages
from wpsync.extract.smaller_pages import SmallerPages
from wpsync.model import Page, TooLarge

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MOST = 8 * 1024 * 1024


class Vendor:
    """Shows rows of these sizes, the number of each being its id; a page above the limit is too large."""

    def __init__(self, sizes, *, count=None):
        self.sizes = sizes
        self.count = count
        self.asked = []

    def __call__(self, body):
        number, size = body["page"], body["pageSize"]
        self.asked.append((number, size))
        rows = range(len(self.sizes))[(number - 1) * size : number * size]
        whole = sum(self.sizes[row] for row in rows)
        if whole > MOST:
            digest = f"{rows}"
            raise ReplyTooLargeError("vendor.reply_too_large", beginning=b"", digest=digest)
        count = len(self.sizes) if self.count is None else self.count(len(self.asked))
        return Page(number, [{"id": row} for row in rows], count, NOW, NOW, whole)

    def page(self, number, size, last=2**31):
        """The page, put together; None where that was not needed."""
        body = {"page": number, "pageSize": size}
        try:
            self(body)
        except ReplyTooLargeError as exc:
            return SmallerPages(self, row, last).page(body, exc, NOW - timedelta(seconds=1))
        return None


def row(too_large):
    return TooLarge({}, b"", too_large.digest)


@given(
    st.lists(
        st.one_of(st.integers(0, 100_000), st.integers(3_000_000, 4_000_000), st.just(MOST + 1)),
        max_size=120,
    ),
    st.sampled_from([100, 500]),
)
def test_every_row_is_there_in_order_or_stands_for_itself_as_too_large(sizes, length):
    vendor = Vendor(sizes)
    try:
        page = vendor.page(1, length)
    except ReplyTooLargeError:
        large = sum(size > MOST for size in sizes[:length])
        rest = sum(size for size in sizes[:length] if size <= MOST)
        assert large > smaller_pages.MOST_ROWS_TOO_LARGE or rest > smaller_pages.MOST_BYTES
        return
    if page is None:
        return
    assert len(page.records) == len(sizes[:length])
    for number, record in enumerate(page.records):
        is_large = sizes[number] > MOST
        assert isinstance(record, TooLarge) if is_large else record == {"id": number}
    assert page.count == len(sizes)
    assert page.size <= smaller_pages.MOST_BYTES + MOST


def test_one_long_row_costs_few_requests():
    vendor = Vendor([1_000] * 300 + [MOST + 1] + [1_000] * 199)
    assert len(vendor.page(1, 500).records) == 500
    assert len(vendor.asked) <= 27


def test_a_vendor_all_of_whose_rows_are_too_large_is_soon_given_up():
    vendor = Vendor([MOST + 1] * 500)
    with pytest.raises(ReplyTooLargeError):
        vendor.page(1, 500)
    assert len(vendor.asked) < 25


def test_no_page_beyond_the_last_is_asked_for():
    vendor = Vendor([100_000] * 60_000)
    with pytest.raises(ReplyTooLargeError):
        vendor.page(400, 100, last=500)
    assert vendor.page(50, 100, last=500) is not None
    assert max(number for number, _ in vendor.asked) <= 500


def test_a_count_that_fell_between_the_pieces_does_not_hide_that_rows_moved():
    vendor = Vendor([1_000_000] * 10, count=lambda asked: 10 if asked < 4 else 9)
    assert vendor.page(1, 10).count == 10


def test_a_piece_without_a_count_leaves_none():
    vendor = Vendor([1_000_000] * 10, count=lambda asked: None if asked == 4 else 10)
    assert vendor.page(1, 10).count is None


def test_where_nothing_but_rows_that_are_too_large_is_shown_the_count_is_asked_for():
    vendor = Vendor([MOST + 1])
    page = vendor.page(1, 500)
    assert ([type(record) for record in page.records], page.count) == ([TooLarge], 1)

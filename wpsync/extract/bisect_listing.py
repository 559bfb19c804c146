"""A listing is read around the rows that the vendor cannot serve. Pure: `Vendor` does the asking.

A row that the vendor stumbles over takes its page with it. Such a page is asked for in ten smaller ones (five
or two, where the vendor would not show ten), and these likewise, down to the row. What was read so is never
complete: nobody is gone for not being in it.
"""

from collections.abc import Iterator

from wpsync.errors import UNSERVED
from wpsync.extract.events import Body, Closed, Event, PageRead, Reason, Restart, Vendor
from wpsync.extract.page_count import PageCount, PageCounter
from wpsync.extract.smaller_pages import parts_of
from wpsync.model import Page
from wpsync.policy import DEFAULT, ListingRetries
from wpsync.resources.spec import Resource


class ListingBisection:
    """One reading of one listing."""

    def __init__(
        self,
        resource: Resource,
        vendor: Vendor,
        ask: Body,
        rules: ListingRetries = DEFAULT.listings,
    ) -> None:
        self._resource = resource
        self._vendor = vendor
        self._ask = ask
        self._rules = rules
        self._counting = PageCounter(resource)
        self._tally = PageCount()
        self._failed = self._in_a_row = 0

    def is_served(self) -> bool:
        """Whether the vendor shows any of it: one of the first two rows, which should not both be broken."""
        return bool(self._resource.page_size) and any(map(self._is_shown, (1, 2)))

    def _is_shown(self, number: int) -> bool:
        try:
            page = self._page(number, 1)
        except UNSERVED:
            return False
        self._tally.count = max(self._tally.count or 0, page.count or 0)
        self._tally.read_at = self._tally.read_at or page.fetched_at
        return page.count is not None

    def read(self) -> Iterator[Event]:
        """Read what can be served of a listing that `is_served`.

        Raises what the vendor answered last once it no longer is.
        """
        tally, size, start = self._tally, self._resource.page_size, 0
        yield Restart()
        while start < min(tally.count or 0, self._resource.row_cap or 2**63):
            yield from self._rows(start, size)
            start += size
        is_shown = self._in_a_row < self._rules.in_a_row
        reason = Reason.UNREADABLE if is_shown else Reason.PAGES_REFUSED
        yield Closed(
            None, tally.count, tally.inside, tally.duplicates, tally.read_at, reason, tally.seen
        )

    def _rows(self, start: int, size: int) -> Iterator[Event]:
        """So many rows from `start` on (0 is the first), but for those that cannot be served."""
        if self._in_a_row == self._rules.in_a_row or start >= (self._tally.count or 0):
            return
        number = start // size + 1
        try:
            page = self._page(number, size)
        except UNSERVED:
            self._failed += 1
            self._in_a_row += 1
            if self._in_a_row == self._rules.in_a_row and not self.is_served():
                raise
            part = size // self._parts(number, size)
            if part < size:
                for first in range(start, start + size, part):
                    yield from self._rows(first, part)
            return
        self._in_a_row = 0
        self._counting.add(page, start, None, self._tally)
        if page.records:
            yield PageRead(page.records, page.fetched_at, page.size)

    def _parts(self, number: int, size: int) -> int:
        """Into how many pages a page is cut, all of which the vendor shows; 1 where into none."""
        last = self._resource.page_cap or 2**31
        return parts_of(size, number, last) if self._failed <= self._rules.failed_pages else 1

    def _page(self, number: int, size: int) -> Page:
        return self._vendor.page({**self._ask, "page": number, "pageSize": size})

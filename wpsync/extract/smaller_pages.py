"""A page whose reply is too large is put together from smaller pages. Pure: the caller does the asking.

So long messages cost requests and no row. Pages are cut in ten (five or two, where the vendor would not show ten), down
to one row. A row that is by itself larger than a reply may be stands in the page as `TooLarge`, and becomes a dead letter.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from wpsync.errors import ReplyTooLargeError
from wpsync.extract.events import Body
from wpsync.model import Page, TooLarge

_PARTS = (10, 5, 2)

MOST_BYTES = 16 * 1024 * 1024
"""Bytes of a page that is put together. Above, a shorter span has to be asked for: a page is held in memory."""

MOST_ROWS_TOO_LARGE = 12
"""Rows of one page that may be too large. Where there are more, it is the vendor that is at fault, not a row."""


def parts_of(size: int, number: int, last: int) -> int:
    """Return into how many pages a page of this size and number is cut, all up to number `last`; 1 where into none."""
    fitting = (parts for parts in _PARTS if size % parts == 0 and number * parts <= last)
    return next(fitting, 1)


class SmallerPages:
    """One page, put together. `ask` sends a request; `row` makes a record of a row that is too large."""

    def __init__(
        self,
        ask: Callable[[Body], Page],
        row: Callable[[ReplyTooLargeError], TooLarge],
        last: int,
    ) -> None:
        self._ask = ask
        self._row = row
        self._last = last
        self._bytes = self._too_large = 0

    def page(self, body: Body, too_large: ReplyTooLargeError, asked_at: datetime) -> Page:
        """Return the page that a request asked for at that instant, and whose reply was too large.

        Raises such an error where smaller pages cannot be had, or are too much together.
        """
        number, size = body.get("page"), body.get("pageSize")
        if not isinstance(number, int) or not isinstance(size, int):
            raise too_large
        start = (number - 1) * size
        self._asked_at = asked_at
        read = list(self._cut(body, start, size, too_large))
        counts = [page.count for page in read if not _is_too_large(page)]
        if not counts:
            after = start + len(read)
            beside = self._ask({**body, "page": after + 1, "pageSize": 1})
            counts = [beside.count]
        lists = [page.records for page in read]
        records = None if None in lists else [one for rows in lists if rows for one in rows]
        return Page(
            number,
            records,
            _highest(counts),
            asked_at,
            max(page.answered_at for page in read),
            self._bytes,
        )

    def _rows(self, body: Body, start: int, size: int) -> Iterator[Page]:
        """Yield the pages that show so many rows from `start` on (0 is the first)."""
        try:
            page = self._ask({**body, "page": start // size + 1, "pageSize": size})
        except ReplyTooLargeError as exc:
            yield from self._cut(body, start, size, exc)
            return
        self._bytes += page.size
        yield page

    def _cut(
        self, body: Body, start: int, size: int, too_large: ReplyTooLargeError
    ) -> Iterator[Page]:
        number = start // size + 1
        if size == 1:
            self._too_large += 1
            if self._too_large > MOST_ROWS_TOO_LARGE:
                raise too_large
            yield Page(number, [self._row(too_large)], None, self._asked_at, self._asked_at)
            return
        part = size // parts_of(size, number, self._last)
        if part == size or self._bytes > MOST_BYTES:
            raise too_large
        for first in range(start, start + size, part):
            shown = 0
            for page in self._rows(body, first, part):
                shown += len(page.records or ())
                yield page
            if self._bytes > MOST_BYTES:
                raise too_large
            if shown < part:
                return  # there are no more


def _is_too_large(page: Page) -> bool:
    return any(isinstance(record, TooLarge) for record in page.records or ())


def _highest(counts: list[int | None]) -> int | None:
    """Return the highest count, since where one fell a row may have moved up unseen; None where one is missing."""
    known = [count for count in counts if count is not None]
    return max(known) if len(known) == len(counts) else None

"""How a window, or a listing, is read until it is proved complete. Pure: `Vendor` does the asking.

A reader yields events and the caller obeys them: `Restart` (forget what was staged), `PageRead`
(stage these records), `Closed` (load what was staged, and enter the window into the ledger, in one
transaction). One call for a window may close several, since a window that holds more than can be
shown is split.

Whether the vendor's ends are inclusive is not said (facts.md). A window [s, e) is therefore asked for
as s-1s to e, which covers it under either reading of either end; rows outside the window are loaded
(they are real) and left out of its account. A reading is complete when as many distinct ids were seen
as any reply counted, and no reply contradicted itself or an earlier one.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import datetime
from functools import partial
from math import ceil

from wpsync.errors import (
    UNSERVED,
    SpanTooLargeError,
    TooManyRowsError,
    VendorRefusedError,
    WpsyncError,
)
from wpsync.extract import windows
from wpsync.extract.bisect_listing import ListingBisection
from wpsync.extract.events import Body, Closed, Event, PageRead, Reason, Restart, Vendor
from wpsync.extract.page_count import PageCount, PageCounter
from wpsync.extract.probing import answers, ask_between, bounds
from wpsync.extract.served_spans import Served, ServedSpans
from wpsync.model import Page, Window
from wpsync.policy import DEFAULT, Policy
from wpsync.resources.spec import Filter, Resource

MAX_FILTER_VALUES = 1_000
"""An overfull second is not split by a filter that would take more requests than this."""

MOST_PAGES = 2_000
"""Pages of one reading where the vendor names no limit: a million rows, far more than one second can hold."""


class Reader:
    """Reads windows and listings of one resource."""

    def __init__(
        self,
        resource: Resource,
        vendor: Vendor,
        *,
        rows_aim: int,
        policy: Policy = DEFAULT,
        spans: ServedSpans | None = None,
    ) -> None:
        self._resource = resource
        self._vendor = vendor
        self._rows_aim = rows_aim
        self._policy = policy
        self._distrust = policy.distrust
        self._clamps: set[int] = set()
        self._counting = PageCounter(resource)
        self._ends_are_inclusive = False
        self._spans = spans or ServedSpans(Served(), rules=policy.distrust)

    def listing(
        self, filters: Body, *, held: Callable[[], int], doubts: bool = False
    ) -> Iterator[Event]:
        """Read everything; `held` tells how many rows we hold, which a sudden nothing contradicts.

        `doubts`: where we hold none either, nothing is believed only once several replies agree.
        """

        def is_empty() -> bool:
            asks = self._distrust.empty_asks if doubts else 0
            return all(self._page(filters, 1).count == 0 for _ in range(asks))

        yield from self._settled(None, [dict(filters)], held, is_empty)

    def parts(self, asks: Sequence[Body], *, held: Callable[[], int]) -> Iterator[Event]:
        """Read a listing in parts that may overlap, and close it once; complete where each part is."""
        whole = PageCount(duplicates=True)
        yield Restart()
        counts = []
        for ask in asks:
            tally = yield from self._part(ask)
            counts.append(tally.count or 0)
            whole.problem = whole.problem or tally.verdict()
            whole.seen |= tally.seen
            whole.read_at = whole.read_at or tally.read_at
        whole.count = len(whole.seen) if whole.problem is None else sum(counts)
        if not whole.seen and whole.problem is None and held():
            whole.problem = Reason.SUSPICIOUSLY_EMPTY
        yield Closed(
            None, whole.count, whole.inside, True, whole.read_at, whole.verdict(), whole.seen
        )

    def _part(self, ask: Body) -> Generator[Event, None, PageCount]:
        """Read a part, a few times at most; around the rows that cannot be served. Rows staged before stay."""
        tally = PageCount()
        try:
            for _ in range(self._policy.windows.readings):
                tally = PageCount()
                for event in self._attempt(None, [ask], tally):
                    if not isinstance(event, Restart):
                        yield event
                if tally.verdict() is None or tally.over_cap:
                    break
        except UNSERVED:
            around = self.around(ask)
            if not around.is_served():
                raise
            for event in around.read():
                if isinstance(event, Closed):
                    tally = PageCount(set(event.seen), count=event.vendor_count)
                    tally.read_at, tally.problem = event.read_at, event.reason
                elif not isinstance(event, Restart):
                    yield event
        return tally

    def around(self, filters: Body) -> ListingBisection:
        """What reads a listing around the rows that cannot be served."""
        return ListingBisection(self._resource, self._vendor, filters, self._policy.listings)

    def window(
        self,
        window: Window,
        *,
        newest_first: bool,
        settled: datetime,
        held: Callable[[Window], int] = lambda window: 0,
        is_empty: Callable[[Window], bool] = lambda window: True,
    ) -> Iterator[Event]:
        """Read a window, split where it has to be; every piece is closed for itself, in order.

        What lies at or after `settled` is read for freshness and not accounted for. `held` tells how many
        rows we hold in a piece, which a sudden nothing contradicts; it is asked where there is nothing. Where we hold
        none either, `is_empty` confirms it.
        """
        self._counting.settled_before = settled
        stack = [window]
        while stack:
            current = stack.pop()
            vouched = self._accounted(current)
            held_there = partial(held, vouched) if vouched is not None else lambda: 0
            is_confirmed = partial(is_empty, vouched) if vouched is not None else lambda: True
            parts = yield from self._settled(
                current, _asks(current), held_there, is_confirmed, held
            )
            ordered = parts if newest_first else list(reversed(parts))
            stack.extend(ordered)

    def answers(self, at: datetime) -> bool:
        """Whether the vendor answers on this endpoint, if asked for another time."""
        return answers(self._vendor, at, self._policy.rechecks)

    def serves(self, filters: Body) -> bool:
        """Whether a listing's first page can be had."""
        try:
            self._page(filters, 1)
        except UNSERVED:
            return False
        return True

    def _settled(
        self,
        window: Window | None,
        asks: Sequence[Body],
        held: Callable[[], int],
        is_empty: Callable[[], bool],
        held_in: Callable[[Window], int] = lambda window: 0,
    ) -> Generator[Event, None, list[Window]]:
        """Read until proved complete, a few times at most, and close; or the pieces to read instead."""
        tally = before = PageCount()
        for _ in range(self._policy.windows.readings):
            yield Restart()
            before, tally = tally, PageCount()
            parts = yield from self._attempt(window, asks, tally)
            if parts:
                return parts
            is_nothing = tally.count == 0 and not tally.seen and tally.problem is None
            if is_nothing and (held() or not is_empty()):
                if halves := self._halves_of_cut(window, tally, held_in):
                    return halves
                tally.problem = Reason.SUSPICIOUSLY_EMPTY
            if tally.explain_by_repeats(before) and (halves := _halves(window)):
                return halves
            if tally.verdict() is None or tally.over_cap:
                break
            vouched = self._accounted(window)
            if window is not None and vouched != window:
                # New rows are no reason to doubt older ones: those are read by themselves. The rest comes again.
                if vouched is not None:
                    return [vouched, Window(vouched.end, window.end)]
                break
        if tally.verdict() is None and (halves := self._halves_of_cut(window, tally, held_in)):
            return halves
        yield Closed(
            self._accounted(window),
            None if tally.count is None else max(tally.count - tally.counted_outside, 0),
            tally.inside,
            tally.duplicates,
            tally.read_at,
            tally.verdict(),
            tally.seen,
        )
        return []

    def _accounted(self, window: Window | None) -> Window | None:
        """The part of a window that is old enough to be vouched for."""
        if window is None or window.start >= self._counting.settled_before:
            return None
        return Window(window.start, min(window.end, self._counting.settled_before))

    def _attempt(
        self, window: Window | None, asks: Sequence[Body], tally: PageCount
    ) -> Generator[Event, None, list[Window]]:
        """One reading with the widest ask that can be shown; narrower ones exist for a single second."""
        halves = _halves(window)
        unserved: WpsyncError | None = None
        for ask in asks:
            attempt = PageCount()
            try:
                first = self._first(ask)
                if parts := self._too_much(window, first):
                    return parts
                yield from self._pages(ask, first, window, attempt)
            except (SpanTooLargeError, TooManyRowsError):
                if halves:
                    return halves
                attempt.over_cap = True
            except UNSERVED as exc:
                refused = window is not None and isinstance(exc, VendorRefusedError)
                further_on = refused and bool(attempt.seen)
                if halves and further_on:
                    return halves
                if ask is not asks[-1] or not further_on:
                    unserved = exc
                    yield Restart()  # it may be the second beside that cannot be served
                    continue
                attempt.problem = Reason.PAGES_REFUSED
            if not attempt.over_cap and self._believes(window, ask, asks, attempt):
                tally.adopt(attempt)
                return []
            tally.count = attempt.count if tally.count is None else tally.count
            yield Restart()  # the next ask shows the same rows again
        if unserved is not None:
            raise unserved
        yield from self._overfull(window, asks, tally)
        return []

    def _first(self, ask: Body) -> Page:
        """The first page; asked for once more where it alone would make much of one odd reply.

        A page that came short sets the length of all (the vendor clamps it), an enormous count cuts a
        window into very many.
        """
        first = self._again(ask, 1, 0, self._page(ask, 1))
        size, length, count = self._resource.page_size, len(first.records or ()), first.count or 0
        is_short = 0 < length < min(count, size) and length not in self._clamps
        many = self._distrust.many_windows * self._rows_aim
        if not is_short and count <= min(many, self._shown_at_most(size)):
            return first
        again = self._page(ask, 1)
        return first if length > len(again.records or ()) else again

    def _again(self, ask: Body, number: int, behind: int, shown: Page) -> Page:
        """Return the page; asked for again, a few times, where it shows nothing and its count expects rows."""
        for _ in range(self._distrust.odd_pages):
            if shown.records or (shown.records is not None and (shown.count or 0) <= behind):
                break
            shown = self._page(ask, number)
        return shown

    def _too_much(self, window: Window | None, first: Page) -> list[Window]:
        """The pieces of a window that holds more than is shown or wanted; none of one that does not."""
        if first.count is None or window is None or window.span <= windows.SECOND:
            return []
        shown = self._shown_at_most(self._page_length(first))
        if first.count <= min(shown, self._rows_aim * 3 // 2):
            return []
        parts = max(2, min(ceil(first.count / min(shown, self._rows_aim)), 200))
        return windows.split(window, parts)

    def _shown_at_most(self, length: int) -> int:
        return self._page_cap * length

    @property
    def _page_cap(self) -> int:
        """The most pages of one reading; a listing without pages is one."""
        return self._resource.page_cap or MOST_PAGES

    def _page_length(self, first: Page) -> int:
        """Rows on a full page: fewer than asked for where the vendor clamps the page size."""
        size = self._resource.page_size or 2**31
        length = len(first.records or ())
        if 0 < length < min(first.count or 0, size):
            self._clamps.add(length)
            return length
        return size

    def _pages(
        self, ask: Body, first: Page, window: Window | None, tally: PageCount
    ) -> Generator[Event, None, None]:
        """All pages after the first one came; counts into `tally` what they show."""
        length = self._page_length(first)
        total = ceil((first.count or 0) / length)
        if total > self._page_cap:
            tally.over_cap, tally.count = True, first.count
            return
        yield from self._count(first, 1, length, window, tally)
        if not self._resource.page_size:
            return
        known = len(tally.seen)
        last = len(first.records or ())
        if total >= 2:
            second = self._again(ask, 2, length, self._page(ask, 2))
            yield from self._count(second, 2, length, window, tally)
            last = len(second.records or ())
            # A shorter one may hold just the repeats of rows that are listed twice.
            if last >= length and len(tally.seen) == known:
                tally.problem = Reason.PAGE_IGNORED
                return
        for number, shown in enumerate(self._rest(ask, total), 3):
            page = self._again(ask, number, (number - 1) * length, shown)
            yield from self._count(page, number, length, window, tally)
            last = len(page.records or ())
        yield from self._beyond(ask, max(total, 1), last, length, window, tally)
        yield from self._top_again(ask, total, length, window, tally)

    def _beyond(
        self,
        ask: Body,
        number: int,
        last: int,
        length: int,
        window: Window | None,
        tally: PageCount,
    ) -> Generator[Event, None, None]:
        """A full last page may hide that the count was too low: go on until a page is not full."""
        while (last >= length or last in self._clamps) and number < self._page_cap:
            number += 1
            known = len(tally.seen)
            page = self._again(ask, number, (number - 1) * length, self._page(ask, number))
            yield from self._count(page, number, length, window, tally)
            last = len(page.records or ())
            if last and len(tally.seen) == known:
                return

    def _top_again(
        self, ask: Body, total: int, length: int, window: Window | None, tally: PageCount
    ) -> Generator[Event, None, None]:
        """Rows that came while we read pushed the others on: where the newest are listed first, they are
        on the first pages, and not everything has to be read again for their sake."""
        if total < 2 or tally.problem is not None or tally.verdict() is None:
            return
        before = list(tally.repeats), list(tally.shifted), tally.repeats_outside
        for number in range(1, total + 1):
            known = len(tally.seen)
            yield from self._count(self._page(ask, number), number, length, window, tally)
            tally.repeats, tally.shifted, tally.repeats_outside = (
                list(before[0]),
                list(before[1]),
                before[2],
            )
            if len(tally.seen) == known or tally.verdict() is None:
                return

    def _rest(self, ask: Body, total: int) -> Iterator[Page]:
        if total < 3:
            return iter(())
        return self._vendor.pages(self._body(ask, number) for number in range(3, total + 1))

    def _page(self, ask: Body, number: int) -> Page:
        return self._vendor.page(self._body(ask, number))

    def _body(self, ask: Body, number: int) -> Body:
        if not self._resource.page_size:
            return ask
        return {**ask, "page": number, "pageSize": self._resource.page_size}

    def _count(
        self, page: Page, number: int, length: int, window: Window | None, tally: PageCount
    ) -> Generator[Event, None, None]:
        behind = (number - 1) * length if self._resource.page_size else 0
        self._counting.add(page, behind, window, tally)
        if page.records:
            yield PageRead(page.records, page.fetched_at, page.size)

    def _overfull(
        self, window: Window | None, asks: Sequence[Body], tally: PageCount
    ) -> Generator[Event, None, None]:
        """More than can be shown in what cannot be cut by time: by the filters, else as far as it goes."""
        total = tally.count
        for by in self._resource.filters:
            values = self._vendor.values(by)
            if not 0 < len(values) <= MAX_FILTER_VALUES:
                continue
            shown = yield from self._by_filter(asks[-1], by, values, window, tally)
            if shown and total is not None and len(tally.seen) >= total:
                tally.count, tally.problem = total, None
                return
        cap = self._resource.page_cap or 1
        bodies = (self._body(asks[-1], number) for number in range(1, cap + 1))
        try:
            for number, page in enumerate(self._vendor.pages(bodies), 1):
                yield from self._count(page, number, self._resource.page_size, window, tally)
        except VendorRefusedError:
            if tally.read_at is None:
                raise  # not even a first page is served: there is nothing to close
        tally.count, tally.problem, tally.over_cap = total, Reason.OVER_CAP, True

    def _by_filter(
        self, ask: Body, by: Filter, values: Sequence[str], window: Window | None, tally: PageCount
    ) -> Generator[Event, None, bool]:
        """Read one value after the other; False as soon as what one of them shows proves nothing."""
        for value in values:
            part = PageCount(seen=tally.seen)
            narrowed = {**ask, by.name: value}
            yield from self._pages(narrowed, self._first(narrowed), window, part)
            tally.outside += part.outside
            tally.duplicates |= part.duplicates
            tally.read_at = tally.read_at or part.read_at
            if part.over_cap or part.problem is not None:
                return False
        return True

    def _halves_of_cut(
        self, window: Window | None, tally: PageCount, held_in: Callable[[Window], int]
    ) -> list[Window]:
        """Return the halves of a window of which the vendor served only a part, in silence (facts.md).

        Rows at both ends of a window prove that spans of that length are served whole; until there is such
        proof, narrow requests ask for the ends in which no row was seen.
        """
        if window is None:
            return []
        if tally.newest is not None and tally.oldest is not None:
            self._spans.note(tally.newest - tally.oldest - windows.SECOND)
        if self._spans.serves(window.span):
            return []
        # What is not settled grows while it is read: a row there proves nothing.
        until = self._counting.settled_before
        is_cut = any(
            self._counts(piece.start, piece.end - windows.SECOND) > 0 or held_in(piece) > 0
            for piece in self._spans.unproved(window, tally.oldest, tally.newest, until)
        )
        return windows.split(window, 2) if is_cut else []

    def _counts(self, start: datetime, end: datetime) -> int:
        """The vendor's count of a stretch, both ends asked for as they are; a row that is listed is one."""
        page = self._vendor.page(ask_between(start, end))
        return page.count or len(page.records or ())

    def _believes(
        self, window: Window | None, ask: Body, asks: Sequence[Body], attempt: PageCount
    ) -> bool:
        """Whether an ask can be believed: the widest always; a bare one where its ends proved inclusive."""
        if ask is asks[0]:
            return True
        if attempt.inside:
            self._ends_are_inclusive |= ask is asks[-1]
            return True
        if window is None or ask is not asks[-1]:
            return False
        for second in (window.start - windows.SECOND, window.end):
            if not self._ends_are_inclusive:
                self._ends_are_inclusive = bool(
                    self._vendor.page(ask_between(second, second)).records
                )
        return self._ends_are_inclusive


def _halves(window: Window | None) -> list[Window]:
    """What can be read instead of a window; nothing where it is one second, or a listing."""
    return [] if window is None or window.span <= windows.SECOND else windows.split(window, 2)


def _asks(window: Window) -> list[Body]:
    """How to ask for a window, widest first: a second more on either side; a single second also barely."""
    second = windows.SECOND
    asks: list[Body] = [bounds(window.start - second, window.end)]
    if window.span <= second:
        asks += [bounds(window.start, window.end), bounds(window.start, window.start)]
    return asks

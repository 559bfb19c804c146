"""What a reader needs of one vendor endpoint: pages, several at once, and the values of filters."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from itertools import chain, islice

from wpsync.api import broken_replies
from wpsync.api.client import Client
from wpsync.api.endpoints import label_map, list_page
from wpsync.clock import Clock
from wpsync.db.database import Database
from wpsync.errors import ReplyTooLargeError
from wpsync.extract.smaller_pages import SmallerPages
from wpsync.loading.table_stats import distinct_values
from wpsync.model import Page, Priority, TooLarge
from wpsync.normalize.privacy import OFF, Privacy
from wpsync.resources.spec import Filter, Resource

Body = Mapping[str, object]

_KEPT = 4_000
"""Bytes that are kept of a row that is too large."""

_MOST_ROWS = 5_000
"""Rows of a page; at most 500 are asked for."""

_NO_LIMIT = 2**31


class PageSource:
    """One resource's endpoint as a reader's `Vendor`."""

    def __init__(
        self,
        client: Client,
        resource: Resource,
        clock: Clock,
        database: Database,
        *,
        account: str,
        executor: Executor | None,
        ahead: int,
        priority: Priority = Priority.LIVE,
        privacy: Privacy = OFF,
    ) -> None:
        self._client = client
        self._resource = resource
        self._clock = clock
        self._database = database
        self._account = account
        self._executor = executor
        self._ahead = ahead
        self._priority = priority
        self._privacy = privacy
        self._narrows = False

    @contextmanager
    def narrowing(self) -> Iterator[None]:
        """Ask, meanwhile, as it befits requests that look for the rows that the vendor cannot serve."""
        before, self._narrows = self._narrows, True
        try:
            yield
        finally:
            self._narrows = before

    def page(self, body: Body) -> Page:
        """One page; its `fetched_at` is the instant before it was asked for. One that is too large comes in smaller ones."""
        asked_at = self._clock.now()
        try:
            return self._asked(body)
        except ReplyTooLargeError as exc:
            last = self._resource.page_cap or _NO_LIMIT
            return SmallerPages(self._asked, _too_large, last).page(body, exc, asked_at)

    def _asked(self, body: Body) -> Page:
        fetched_at = self._clock.now()
        number = body.get("page", 1)
        assert isinstance(number, int)
        if self._resource.label_map is not None:
            labels = label_map(self._client, self._resource.endpoint, self._resource.label_map)
            records = [{"id": key, "label": label} for key, label in labels.items()]
            return Page(number, records, len(records), fetched_at, self._clock.now())
        listing = list_page(
            self._client, self._resource.endpoint, body, self._priority, narrows=self._narrows
        )
        self._refuse_many(len(listing.rows or ()))
        count = listing.count
        if not self._resource.page_size and listing.rows is not None:
            count = len(listing.rows)
        return Page(number, listing.rows, count, fetched_at, self._clock.now(), listing.size)

    def _refuse_many(self, rows: int) -> None:
        """Raise ReplyTooLargeError for a page of very many more rows than any was asked for."""
        if self._resource.page_size and rows > _MOST_ROWS:
            endpoint = self._resource.endpoint
            raise ReplyTooLargeError(
                "vendor.reply_too_large", endpoint=endpoint, beginning=b"", digest=""
            )

    def pages(self, bodies: Iterable[Body]) -> Iterator[Page]:
        """Pages in order, a few fetched ahead by other threads."""
        remaining = iter(bodies)
        two = list(islice(remaining, 2))
        remaining = chain(two, remaining)
        if self._executor is None or len(two) < 2:
            yield from map(self.page, remaining)
            return
        waiting: deque[Future[Page]] = deque()
        try:
            for body in remaining:
                waiting.append(self._executor.submit(self.page, body))
                if len(waiting) > self._ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def values(self, by: Filter) -> Sequence[str]:
        """The values of a column of ours by which the vendor can filter; none where we hold others."""
        if not self._privacy.keeps(by.table, by.column):
            return ()
        return distinct_values(self._database, by.table, by.column, self._account)


def _too_large(exc: ReplyTooLargeError) -> TooLarge:
    return TooLarge(*broken_replies.first_record(exc.beginning, _KEPT), exc.digest)

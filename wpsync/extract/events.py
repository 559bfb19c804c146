"""What a reader says and whom it asks: the words between `extract.reading` and those who obey it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from wpsync import ledger
from wpsync.model import Page, Window
from wpsync.resources.spec import Filter

Body = Mapping[str, object]


class Reason:
    """Why a window or listing is incomplete; stored, so the words stay."""

    ROWS_MISSING = "rows_missing"
    COUNT_MISSING = "count_missing"
    COUNT_CONTRADICTED = "count_contradicts_rows"
    LIST_MISSING = "list_missing"
    PAGE_IGNORED = "page_ignored"
    OVER_CAP = "over_page_cap"
    PAGES_REFUSED = "pages_refused"
    SUSPICIOUSLY_EMPTY = ledger.SUSPICIOUSLY_EMPTY
    UNREADABLE = ledger.UNREADABLE
    MOSTLY_DEAD_LETTERS = "mostly_dead_letters"
    UNREAD = "unread"
    UNEXPLAINED = "unexplained"
    CAME_LATE = "came_late"


class Vendor(Protocol):
    """What a reader needs of the world: pages of one endpoint, and the values of a filter."""

    def page(self, body: Body) -> Page:
        """One page. Raises SpanTooLargeError, TooManyRowsError or another WpsyncError."""
        ...

    def pages(self, bodies: Iterable[Body]) -> Iterator[Page]:
        """Pages in the order of their bodies, which are taken as they are needed; several may be fetched at once."""
        ...

    def values(self, by: Filter) -> Sequence[str]:
        """The known values of a request filter."""
        ...


@dataclass(frozen=True, slots=True)
class Restart:
    """Forget what was staged: what follows is a fresh reading."""


@dataclass(frozen=True, slots=True)
class PageRead:
    """Records to stage, when they were asked for, and the bytes of the reply."""

    records: Sequence[object]
    fetched_at: datetime
    size: int = 0


@dataclass(frozen=True, slots=True)
class Closed:
    """A window was read. `window` is the stretch to enter into the ledger: None for a listing, and
    for a stretch too fresh to be accounted for. `reason` is None when it is proved complete.

    `vendor_count` is the vendor's count of rows inside the window; `rows_seen` the distinct rows read
    inside it; `duplicates` whether an id was staged twice; `read_at` when the reading began; `seen`
    the ids of every row read. `shows_gone`: whether rows that a complete reading of a listing lacks are gone.
    """

    window: Window | None
    vendor_count: int | None
    rows_seen: int
    duplicates: bool
    read_at: datetime | None
    reason: str | None
    seen: Collection[object] = ()
    shows_gone: bool = True


Event = Restart | PageRead | Closed

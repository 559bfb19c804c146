"""In which way the vendor shows all of a listing whose requests may name a span of time. Pure: `Counter` does the asking.

The document does not say which time the span means (a row's creation, or its last change), nor whether all is served where
a request names none; long spans may be cut in silence. So the total is the largest of three answers, each of requests of
one row: without a span, with one span over all time, and the sum over spans that are short enough to be served whole.
The listing is read in the way that gave the largest.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from wpsync.errors import (
    UNSERVED,
    AmbiguousRefusalError,
    SpanTooLargeError,
    TooManyRowsError,
    VendorUnavailableError,
    WpsyncError,
)
from wpsync.extract import windows
from wpsync.extract.events import Body
from wpsync.extract.probing import Counter, answers, bounds
from wpsync.model import Window
from wpsync.policy import DEFAULT, Surveys

BEGINNING = datetime(2010, 1, 1, tzinfo=UTC)
"""Before there was WeChat: where all time begins."""


class Way(StrEnum):
    """How a listing is asked for."""

    WHOLE = "whole"
    """Without a span."""
    SPAN = "span"
    """With one span over all time."""
    PIECES = "pieces"
    """With one short span after the other."""


@dataclass(frozen=True, slots=True)
class Survey:
    """The largest total and the way that gave it.

    Spans of `piece` are served whole; the first with rows begins at `since`. `sure`: each way was either counted or
    refused for its size, so that nothing is hidden by a failure.
    """

    way: Way
    total: int
    piece: timedelta
    since: datetime
    asked_at: datetime
    sure: bool

    def asks(self, now: datetime) -> list[Body]:
        """Return the requests of a whole reading, the oldest span first.

        A row that moves while it is read moves to a later span: it is seen twice, never missed. Spans overlap by a
        second, since their ends may be exclusive; with that they are no longer than the vendor serves.
        """
        if self.way is Way.WHOLE:
            return [{}]
        if self.way is Way.SPAN:
            return [all_time(now)]
        asks: list[Body] = []
        start, end, step = self.since, _end(now), self.piece - 2 * windows.SECOND
        while start < end:
            asks.append(bounds(start - windows.SECOND, start + step))
            start += step
        return asks


def since(start: datetime, now: datetime) -> Body:
    """Return the request for everything from an instant on."""
    return bounds(start, _end(now))


def all_time(now: datetime) -> Body:
    """Return the request with one span over all time."""
    return since(BEGINNING, now)


def _end(now: datetime) -> datetime:
    """Spans end in the future: the vendor's clock may be ahead, and a busy row is always the newest."""
    return windows.floor_second(now) + DEFAULT.surveys.ahead


@dataclass(frozen=True, slots=True)
class _Swept:
    """The sum over pieces, and the beginning of the first with rows."""

    total: int
    since: datetime
    sure: bool


class Surveyor:
    """Counts one listing in three ways. `known_since`: how far back anything is known; it looks at least so far."""

    def __init__(
        self,
        vendor: Counter,
        now: datetime,
        known_since: datetime | None,
        rules: Surveys = DEFAULT.surveys,
    ) -> None:
        self._vendor = vendor
        self._now = now
        self._known_since = known_since
        self._rules = rules
        self._sure = True
        self._failure: WpsyncError | None = None

    def survey(self) -> Survey:
        """Ask, and compare. Raises the vendor's last answer where no way is served at all."""
        whole = self._count({})
        span = self._count(all_time(self._now))
        piece, swept = self._pieces(max(whole or 0, span or 0))
        found = (
            (Way.WHOLE, whole),
            (Way.SPAN, span),
            (Way.PIECES, None if swept is None else swept.total),
        )
        counted = [(way, count) for way, count in found if count is not None]
        if not counted:
            assert self._failure is not None, "no way is refused without an error"
            raise self._failure
        way, total = max(counted, key=lambda one: one[1])  # the first of the largest
        sure = self._sure and swept is not None and swept.sure
        since = swept.since if swept else self._now
        return Survey(way, total, piece, since, self._now, sure)

    def _pieces(self, least: int) -> tuple[timedelta, _Swept | None]:
        """Find spans that are served whole, and add up their counts; spans with fewer rows than `least` are cut."""
        piece = self._rules.piece
        while piece >= self._rules.shortest:
            swept = self._sweep(piece)
            if swept is None:
                piece /= 2
                continue
            if swept.total < least and piece > self._rules.every:
                piece /= 2
                continue
            served = self._served(swept, piece)
            if served >= piece:
                return piece, swept
            piece = served
        return piece, None

    def _sweep(self, piece: timedelta) -> _Swept | None:
        """Count back piece by piece until several in a row are empty; None where one is too long to be served."""
        end, asked, empty, total = _end(self._now), 0, 0, 0
        first = end
        while empty < self._rules.empty or (self._known_since and end > self._known_since):
            window = Window(end - piece, end)
            if asked == self._rules.most or window.start < BEGINNING:
                return _Swept(total, first, sure=window.start < BEGINNING)
            asked += 1
            count = self._between(window)
            if count is None:
                return None
            total, empty = total + count, 0 if count else empty + 1
            first = window.start if count else first
            end = window.start
        return _Swept(total, first, sure=True)

    def _served(self, swept: _Swept, piece: timedelta) -> timedelta:
        """Return how long a span may be to be served whole: the longest that shows a row at its end.

        A row is found by halving. Asked with spans that end with it, it is shown by those that are not cut.
        """
        if not swept.total:
            return piece
        row = Window(swept.since, swept.since + piece)
        while row.span > self._rules.shortest:
            early, late = windows.split(row, 2)
            row = early if self._between(early) else late
        while piece >= self._rules.shortest:
            start = row.end - piece
            before = Window(start, row.start)
            counts = [self._between(before) or 0] if before.end > before.start else [0]
            shown = self._count(bounds(start, row.end)) or 0
            counts += [self._between(before) or 0] if before.end > before.start else []
            if shown > max(counts):
                break
            piece /= 2
        return piece

    def _between(self, window: Window) -> int | None:
        return self._count(bounds(window.start, window.end - windows.SECOND))

    def _count(self, ask: Body) -> int | None:
        """Return the vendor's count; None where it refuses. One row that it stumbles over is passed by.

        A span that is refused without any reason is too long, where a short one is answered.
        """
        for number in (1, 2):
            try:
                return self._vendor.page({**ask, "page": number, "pageSize": 1}).count
            except (SpanTooLargeError, TooManyRowsError) as exc:
                self._failure = exc
                return None
            except UNSERVED as exc:
                self._failure = exc
        is_unexplained = isinstance(self._failure, AmbiguousRefusalError)
        if is_unexplained and answers(self._vendor, windows.floor_second(self._now)):
            return None
        self._sure = False
        if isinstance(self._failure, VendorUnavailableError):
            raise self._failure
        return None

"""How fast the vendor is asked: requests a minute per endpoint, by priority, slower when it says so.

The document states no rate; newer editions say 20 a minute for calls, SMS and messages (facts.md). The
promise is the vendor's view of it: never more than the limit in any sliding minute, whoever asks. A
request therefore counts from when it is granted until a minute after its reply came (nobody knows when
in between it reached the vendor). The books are kept where all processes of an account share them.

A refusal for speed halves the rate. Calm lets it double up to half of the limit, success lets it creep back to all of it. Where requests are scarce, whoever
could not be served is written down, and the less urgent let the more urgent pass; all but live reading
is spread over the minute and leaves a place free, so that a live tick never waits behind a backfill.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Protocol

import msgspec

from wpsync.clock import Clock
from wpsync.errors import Stopped
from wpsync.model import Priority
from wpsync.policy import DEFAULT, RateLimits

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wait:
    """A request that may not be sent yet: about how many seconds, and why.

    `per_minute` is the rate that holds at present, None where there is none; `is_pause`: the vendor
    itself asked for the wait.
    """

    endpoint: str
    seconds: float
    per_minute: int | None
    is_pause: bool


OnWait = Callable[[Wait], None]
"""Hears again and again of a request that waits, from the thread that waits."""


@dataclass(slots=True)
class Taken:
    """One request: when it was granted, and when its reply had come."""

    number: int
    priority: int
    granted_at: datetime
    ended_at: datetime | None = None

    def counts_until(self, rules: RateLimits = DEFAULT.rate_limits) -> datetime:
        return (self.ended_at or self.granted_at + rules.lost) + rules.minute


@dataclass(slots=True)
class Book:
    """What is known of one endpoint's requests. `rate` is None where there is no limit (now)."""

    limit: int | None
    rate: float | None
    taken: list[Taken] = field(default_factory=list)
    wanted: dict[int, datetime] = field(default_factory=dict)
    not_before: datetime = _NEVER
    calm_since: datetime = _NEVER
    successes: int = 0
    number: int = 0

    def take(
        self, now: datetime, priority: Priority, rules: RateLimits = DEFAULT.rate_limits
    ) -> float:
        """Seconds to wait before asking again; 0: the request was written down and may be sent."""
        self._set_right(now, rules)
        self._recover(now, rules)
        self.taken = [one for one in self.taken if one.counts_until(rules) > now]
        if self.not_before > now:
            return (self.not_before - now).total_seconds()
        if self.rate is not None and (wait := self._wait(now, priority, rules)) > 0:
            self.wanted[priority] = now + rules.wanted
            return wait
        self.wanted.pop(priority, None)
        self.number += 1
        if self.rate is not None:
            self.taken.append(Taken(self.number, priority, now))
        return 0.0

    def _set_right(self, now: datetime, rules: RateLimits) -> None:
        """What a clock that was ahead wrote down was no later than now: it counts from now, not from then."""
        for one in self.taken:
            if one.granted_at > now + rules.skew:
                one.granted_at = now
            if one.ended_at is not None and one.ended_at > now + rules.skew:
                one.ended_at = now
        self.wanted = {who: min(until, now + rules.wanted) for who, until in self.wanted.items()}
        self.not_before = min(self.not_before, now + rules.pause_max)
        self.calm_since = min(self.calm_since, max(now, self.not_before))

    def _recover(self, now: datetime, rules: RateLimits) -> None:
        """Double a lowered rate for each calm stretch, up to half of the limit: at a few requests a minute no
        number of successes would bring it back soon."""
        half = (self.limit or rules.unlimited_start) / 2
        if self.rate is None or self.rate >= half or self.calm_since == _NEVER:
            return
        stretches = (now - self.calm_since) // rules.calm
        if stretches > 0:
            self.rate = min(half, self.rate * 2 ** min(stretches, 20))
            self.calm_since += stretches * rules.calm

    def _wait(self, now: datetime, priority: Priority, rules: RateLimits) -> float:
        assert self.rate is not None
        places = max(1, int(self.rate))
        if any(until > now and other < priority for other, until in self.wanted.items()):
            return rules.look
        if priority is not Priority.LIVE:
            places -= max(1, places // 20) if places > 3 else 0
            others = [one.granted_at for one in self.taken if one.priority != Priority.LIVE]
            spread = timedelta(seconds=0.9 * 60 / places)
            if others and now < max(others) + spread:
                return max((max(others) + spread - now).total_seconds(), rules.tick)
        if len(self.taken) < places:
            return 0.0
        first = sorted(one.counts_until(rules) for one in self.taken)[len(self.taken) - places]
        return max((first - now).total_seconds(), rules.tick)

    def end(self, number: int, now: datetime) -> None:
        """The reply of a request has come."""
        for one in self.taken:
            if one.number == number:
                one.ended_at = now

    def slow_down(
        self,
        now: datetime,
        retry_after: timedelta | None,
        rules: RateLimits = DEFAULT.rate_limits,
    ) -> None:
        """The vendor said that we are too fast: half the rate from now on, and a pause."""
        start = rules.unlimited_start
        current = self.rate if self.rate is not None else max(start, len(self.taken))
        self.rate = max(1.0, current / 2)
        self.successes = 0
        self.not_before = max(self.not_before, now + (retry_after or rules.pause))
        self.calm_since = self.not_before

    def succeeded(self, rules: RateLimits = DEFAULT.rate_limits) -> None:
        """A request went through: now and then the rate creeps back up."""
        if self.rate is None or self.rate == self.limit:
            return
        self.successes += 1
        if self.successes % rules.creep_every:
            return
        self.rate *= 1.25
        if self.limit is not None:
            self.rate = min(self.rate, float(self.limit))
        elif self.rate > 100 * rules.unlimited_start:
            self.rate = None

    def adopt(self, limit: int) -> None:
        """The configuration says another limit than the one the book was opened with."""
        if limit != self.limit:
            self.limit, self.rate = limit, float(limit)


class Shelf(Protocol):
    """Where the processes of an account keep their books."""

    def row(self, endpoint: str) -> AbstractContextManager[dict[str, object]]:
        """The endpoint's book as JSON (empty at first), held by nobody else; changes are kept at the end."""
        ...


class _SharedBooks:
    """Books that all processes of the account share."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    @contextmanager
    def opened(self, endpoint: str, limit: int | None) -> Iterator[Book]:
        with self._shelf.row(endpoint) as row:
            book = msgspec.convert(row, Book, str_keys=True) if row else Book(limit, limit)
            if limit is not None:
                book.adopt(limit)
            yield book
            row.clear()
            row.update(msgspec.to_builtins(book, str_keys=True))


class _OwnBooks:
    """The books of this process alone: for endpoints without a limit, and before there is a database."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._books: dict[str, Book] = {}

    @contextmanager
    def opened(self, endpoint: str, limit: int | None) -> Iterator[Book]:
        with self._lock:
            if endpoint not in self._books:
                self._books[endpoint] = Book(limit, limit)
            yield self._books[endpoint]


class Limits:
    """The limits of one account's endpoints. Thread-safe."""

    def __init__(
        self,
        per_minute: Mapping[str, int | None],
        *,
        default: int | None = None,
        clock: Clock,
        shelf: Shelf | None = None,
        stopping: Callable[[], bool] = lambda: False,
        on_wait: OnWait = lambda wait: None,
        rules: RateLimits = DEFAULT.rate_limits,
    ) -> None:
        self._per_minute = dict(per_minute)
        self._default = default
        self._clock = clock
        self._own = _OwnBooks()
        self._shared = _SharedBooks(shelf) if shelf is not None else self._own
        self._stopping = stopping
        self._on_wait = on_wait
        self._rules = rules

    def acquire(self, endpoint: str, priority: Priority = Priority.LIVE) -> int:
        """Wait until a request may be sent; its number. Raises Stopped when asked to stop meanwhile."""
        while True:
            with self._book(endpoint) as book:
                now = self._clock.now()
                seconds = book.take(now, priority, self._rules)
                number, rate = book.number, book.rate
                is_pause = book.not_before > now
            if seconds <= 0:
                return number
            if self._stopping():
                raise Stopped
            per_minute = None if rate is None else max(1, int(rate))
            self._on_wait(Wait(endpoint, seconds, per_minute, is_pause))
            self._clock.sleep(min(seconds, self._rules.look))

    def ended(self, endpoint: str, number: int) -> None:
        """A request's reply has come, or never will."""
        with self._book(endpoint) as book:
            book.end(number, self._clock.now())
            book.succeeded(self._rules)

    def slow_down(self, endpoint: str, retry_after: timedelta | None) -> None:
        """The vendor said that we are too fast."""
        with self._book(endpoint) as book:
            book.slow_down(self._clock.now(), retry_after, self._rules)

    def _book(self, endpoint: str) -> AbstractContextManager[Book]:
        limit = self._per_minute.get(endpoint, self._default)
        return (self._own if limit is None else self._shared).opened(endpoint, limit)

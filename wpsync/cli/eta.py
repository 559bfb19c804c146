"""How far a long command is and how long it still takes: added up from what is heard, in words of no language."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import RLock

from wpsync.api.limits import Wait

_LINGER = 1.0
"""Seconds for which a wait is still shown when it is over: the next one often follows at once."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is to come: a resource, the requests it takes, and the seconds they take at the limits.

    `is_sparse`: it takes more requests than its rows fill, since days without rows cost one, too.
    """

    resource: str
    requests: int
    seconds: float
    is_sparse: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """How far it is at one moment. Rows are those that were there `already`, and those `read` since.

    `share` is from 0 to 1: of the rows where their number is known and makes the requests, else of the
    requests. Times are in seconds, None where unknown.
    """

    resource: str
    is_counting: bool
    already: int
    read: int
    expected_rows: int | None
    requests: int
    expected_requests: int
    is_sparse: bool
    share: float | None
    left: float | None
    left_in_all: float | None
    wait: Wait | None

    @property
    def rows(self) -> int:
        return self.already + self.read


class Eta:
    """Adds up what is heard. Thread-safe."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = RLock()
        self._steps: list[Step] = []
        self._wait: tuple[float, Wait] | None = None
        self._begin("", None, 0)

    def expect(self, steps: Sequence[Step]) -> None:
        """What is to be done, in order."""
        with self._lock:
            self._steps = list(steps)

    def count(self, resource: str) -> None:
        """A resource's rows are being counted, nothing is read yet."""
        with self._lock:
            self._begin(resource, None, 0)
            self._is_counting = True

    def begin(self, resource: str, expected_rows: int | None, already: int = 0) -> None:
        """A resource is about to be read; `already` rows of it were read before."""
        with self._lock:
            self._begin(resource, expected_rows, already)
            names = [step.resource for step in self._steps]
            if resource in names:
                at = names.index(resource)
                self._step = self._steps[at]
                self._steps = self._steps[at + 1 :]

    def _begin(self, resource: str, expected_rows: int | None, already: int) -> None:
        self._resource, self._expected, self._already = resource, expected_rows, already
        self._step = Step(resource, 0, 0.0)
        self._read = self._requests = 0
        self._began = self._monotonic()
        self._is_counting = False

    def advance(self, rows: int) -> None:
        """Rows were read; fewer than none where some are read again."""
        with self._lock:
            self._read += rows

    def request(self) -> None:
        """A request has ended."""
        with self._lock:
            self._requests += 1

    def wait(self, wait: Wait) -> None:
        """A request has to wait."""
        with self._lock:
            self._wait = self._monotonic() + wait.seconds, wait

    def seen(self) -> Seen:
        """How far it is now."""
        with self._lock:
            left = self._left()
            to_come = sum(step.seconds for step in self._steps)
            return Seen(
                resource=self._resource,
                is_counting=self._is_counting,
                already=self._already,
                read=self._read,
                # Never fewer than were read: the vendor counted when it was asked.
                expected_rows=None
                if self._expected is None
                else self._already + max(self._expected, self._read),
                requests=self._requests,
                expected_requests=self._step.requests,
                is_sparse=self._step.is_sparse,
                share=self._share(self._already),
                left=left,
                left_in_all=left + to_come if left is not None and to_come else None,
                wait=self._waiting(),
            )

    def _share(self, already: int) -> float | None:
        """By rows where their number is known and makes the requests, else by requests."""
        if self._expected is not None and not self._step.is_sparse:
            there, rows = already + self._read, already + max(self._expected, self._read)
            return there / rows if rows else 1.0
        if self._step.requests:
            return min(1.0, self._requests / self._step.requests)
        return None

    def _left(self) -> float | None:
        """As it went so far, but no quicker than the request limits allow."""
        share = self._share(0)
        if share is None:
            return None
        went = (self._monotonic() - self._began) * (1 - share) / share if share else 0.0
        return max(went, self._step.seconds * (1 - share)) or None

    def _waiting(self) -> Wait | None:
        if self._wait is None:
            return None
        until, wait = self._wait
        left = until - self._monotonic()
        return replace(wait, seconds=max(0.0, left)) if left > -_LINGER else None

"""How far a long command is and how long it still takes: added up from what is heard, in words of no language."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import RLock

from wpsync.api.limits import Wait

_LINGER = 1.0
"""Seconds for which a wait is still shown when it is over: the next one often follows at once."""
_NEARLY = 0.99


@dataclass(frozen=True, slots=True)
class Step:
    """What is to come: a resource, the requests it takes, and the seconds they take at the limits."""

    resource: str
    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Seen:
    """How far it is at one moment. `share` is from 0 to 1; times are in seconds, None where unknown."""

    resource: str
    is_counting: bool
    rows: int
    expected_rows: int | None
    requests: int
    expected_requests: int
    share: float | None
    left: float | None
    left_in_all: float | None
    wait: Wait | None


class Tally:
    """Adds up what is heard. Thread-safe."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = RLock()
        self._steps: list[Step] = []
        self._wait: tuple[float, Wait] | None = None
        self._begin("", None)

    def expect(self, steps: Sequence[Step]) -> None:
        """What is to be done, in order."""
        with self._lock:
            self._steps = list(steps)

    def count(self, resource: str) -> None:
        """A resource's rows are being counted, nothing is read yet."""
        with self._lock:
            self._begin(resource, None)
            self._is_counting = True

    def begin(self, resource: str, expected_rows: int | None) -> None:
        """A resource is about to be read."""
        with self._lock:
            self._begin(resource, expected_rows)
            names = [step.resource for step in self._steps]
            if resource in names:
                at = names.index(resource)
                self._step = self._steps[at]
                self._steps = self._steps[at + 1 :]

    def _begin(self, resource: str, expected_rows: int | None) -> None:
        self._resource, self._expected = resource, expected_rows
        self._step = Step(resource, 0, 0.0)
        self._rows = self._requests = self._unanswered = 0
        self._share = 0.0
        self._began = self._monotonic()
        self._is_counting = False

    def advance(self, rows: int) -> None:
        """Rows were read and loaded."""
        with self._lock:
            self._rows += rows
            self._unanswered = 0
            self._grown_share()

    def request(self) -> None:
        """A request has ended."""
        with self._lock:
            self._requests += 1
            self._unanswered += 1
            self._grown_share()

    def wait(self, wait: Wait) -> None:
        """A request has to wait."""
        with self._lock:
            self._wait = self._monotonic() + wait.seconds, wait

    def seen(self) -> Seen:
        """How far it is now."""
        with self._lock:
            share = self._grown_share()
            left = self._left(share)
            to_come = sum(step.seconds for step in self._steps)
            return Seen(
                resource=self._resource,
                is_counting=self._is_counting,
                rows=self._rows,
                expected_rows=self._expected,
                requests=self._requests,
                expected_requests=self._step.requests,
                share=share,
                left=left,
                left_in_all=left + to_come if left is not None and to_come else None,
                wait=self._waiting(),
            )

    def _grown_share(self) -> float | None:
        """By rows where they are known, and within a window by requests: its rows come with its last."""
        if not self._expected and not self._step.requests:
            return None
        requests = self._unanswered if self._expected else self._requests
        share = requests / self._step.requests if self._step.requests else 0.0
        if self._expected:
            share += self._rows / self._expected
        self._share = max(self._share, min(share, _NEARLY))
        return 1.0 if self._expected and self._rows >= self._expected else self._share

    def _left(self, share: float | None) -> float | None:
        """As it went so far, but no quicker than the request limits allow."""
        if share is None:
            return None
        went = (self._monotonic() - self._began) * (1 - share) / share if share else 0.0
        return max(went, self._step.seconds * (1 - share)) or (None if share < 1 else 0.0)

    def _waiting(self) -> Wait | None:
        if self._wait is None:
            return None
        until, wait = self._wait
        left = until - self._monotonic()
        return replace(wait, seconds=max(0.0, left)) if left > -_LINGER else None

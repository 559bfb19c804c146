"""Attempts: do something again, after a pause, where it failed for a reason that may pass by itself."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

from wpsync.clock import Clock
from wpsync.errors import DatabaseUnavailableError, RetryableError, Stopped
from wpsync.policy import WindowRetries


@dataclass(slots=True)
class Attempt:
    """One attempt at something. It swallows a failure that passes by itself, and keeps it as `failure`."""

    passes: Callable[[RetryableError], bool]
    failure: RetryableError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, exc: BaseException | None, trace: object) -> bool:
        if not isinstance(exc, RetryableError) or not self.passes(exc):
            return False
        self.failure = exc
        return True


def wait(
    seconds: float, retries: WindowRetries, clock: Clock, stopping: Callable[[], bool]
) -> None:
    """Wait between two attempts. Raises Stopped as soon as asked to stop."""
    until = clock.monotonic() + seconds
    while clock.monotonic() < until:
        if stopping():
            raise Stopped
        clock.sleep(min(retries.look, seconds))


def reconnecting(
    retries: WindowRetries,
    clock: Clock,
    stopping: Callable[[], bool],
    committed: Callable[[], int] = lambda: 0,
) -> Iterator[Attempt]:
    """Yield attempts until one is not ended by a lost connection to the database: `for ...: with attempt: ...`.

    The body can be repeated, and goes on where it was. Gives up where nothing was committed for as long as the pauses
    take together: an attempt that has itself waited for the database is the last.
    """
    pauses, before = iter(retries.pauses), committed()
    gives_up: float | None = None
    while True:
        attempt = Attempt(lambda failure: isinstance(failure, DatabaseUnavailableError))
        began = clock.monotonic()
        yield attempt
        if attempt.failure is None:
            return
        if committed() > before:
            pauses, before = iter(retries.pauses), committed()
            gives_up = clock.monotonic() + sum(retries.pauses)
        elif gives_up is None:
            gives_up = began + sum(retries.pauses)
        pause = next(pauses, None)
        if pause is None or clock.monotonic() >= gives_up:
            raise attempt.failure
        wait(pause, retries, clock, stopping)

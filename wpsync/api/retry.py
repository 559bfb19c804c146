"""Trying again what may pass by itself, waiting longer each time."""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from wpsync.api.envelope import DamagedReplyError
from wpsync.api.lasting_refusals import LastingRefusals
from wpsync.clock import Clock
from wpsync.errors import (
    RateLimitedError,
    ReplyTooLargeError,
    RetryableError,
    Stopped,
    UnknownRefusalError,
    VendorUnavailableError,
)
from wpsync.policy import RequestRetries

log = logging.getLogger(__name__)

T = TypeVar("T")

_MAY_PASS = (RetryableError, UnknownRefusalError)


class NotSentError(VendorUnavailableError):
    """The request surely never reached the vendor."""


@dataclass(frozen=True, slots=True)
class Retries:
    """Carries out attempts until one succeeds. Threads may share it."""

    retry: RequestRetries
    clock: Clock
    stopping: Callable[[], bool]
    lasting: LastingRefusals

    def until_it_passes(
        self, attempt: Callable[[], T], endpoint: str, *, acts: bool, narrows: bool = False
    ) -> T:
        """What an attempt returns, or raises in the end.

        One that `acts` is repeated only where it surely did nothing, an unknown refusal unless it lasts, one that
        `narrows` only where it came too fast. Raises Stopped when asked to stop.
        """
        try:
            return attempt()
        except _MAY_PASS as exc:
            if not _worth_repeating(exc, acts=acts) or self.lasting.lasts(exc):
                raise
            if narrows and not isinstance(exc, RateLimitedError):
                raise
            first = exc
        try:
            return self._again(endpoint, attempt, first, acts=acts)
        except _MAY_PASS as exc:
            self.lasting.note(first, exc)
            raise

    def _again(
        self, endpoint: str, attempt: Callable[[], T], first: BaseException, *, acts: bool
    ) -> T:
        self.pause(self._wait(1, first))

        def wait(retrying: RetryCallState) -> float:
            failed = retrying.outcome.exception() if retrying.outcome else None
            return self._wait(retrying.attempt_number + 1, failed)

        trying = Retrying(
            retry=retry_if_exception(lambda exc: _worth_repeating(exc, acts=acts)),
            stop=stop_after_attempt(self.retry.attempts - 1),
            wait=wait,
            sleep=self.pause,
            before_sleep=lambda retrying: log.debug(
                "request.retried", extra={"endpoint": endpoint, "attempt": retrying.attempt_number}
            ),
            reraise=True,
        )
        return trying(attempt)

    def pause(self, seconds: float) -> None:
        """Wait. Raises Stopped when asked to stop meanwhile."""
        while seconds > 0:
            if self.stopping():
                raise Stopped
            self.clock.sleep(min(seconds, self.retry.look))
            seconds -= self.retry.look

    def _wait(self, failures: int, failed: BaseException | None) -> float:
        if isinstance(failed, RateLimitedError):
            return 0.0  # the limits wait
        grown = min(self.retry.wait_max, self.retry.wait_initial * 2 ** (failures - 1))
        return float(grown * (1 + self.retry.jitter * random.random()))


def _worth_repeating(exc: BaseException, *, acts: bool) -> bool:
    if isinstance(exc, DamagedReplyError):
        return False  # that was asked for again as often as makes sense
    if isinstance(exc, ReplyTooLargeError):
        return False  # less is asked for
    if acts:
        return isinstance(exc, NotSentError | RateLimitedError)
    return isinstance(exc, _MAY_PASS)

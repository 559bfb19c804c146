"""Refusals that no rule knows, and that no repeating helped against: they are believed for a while.

`系统繁忙` passes by itself, `短信功能未开通` does not, and no list of words is ever complete. So an unknown refusal is
repeated like a failure. Where it stays, the like of it at that endpoint is not repeated for some minutes: a row that
the vendor stumbles over is looked for with one request for each step, not with five.
"""

from datetime import datetime, timedelta
from threading import Lock

from wpsync.api.token_doubts import key
from wpsync.clock import Clock
from wpsync.errors import AmbiguousRefusalError, UnknownRefusalError

UNKNOWN = (UnknownRefusalError, AmbiguousRefusalError)


class LastingRefusals:
    """The refusals that lately came at every attempt. Thread-safe."""

    def __init__(self, clock: Clock, believed: timedelta) -> None:
        self._clock = clock
        self._believed = believed
        self._lock = Lock()
        self._until: dict[tuple[str, str], datetime] = {}

    def lasts(self, exc: BaseException) -> bool:
        """Return whether the like of this refusal stayed, a short while ago, however often it was repeated."""
        if not isinstance(exc, UNKNOWN):
            return False
        with self._lock:
            until = self._until.get(_key(exc))
            return until is not None and self._clock.now() < until

    def note(self, first: BaseException, last: BaseException) -> None:
        """Believe a refusal that the first and the last attempt met alike."""
        if not (isinstance(first, UNKNOWN) and isinstance(last, UNKNOWN)):
            return
        if _key(first) != _key(last):
            return
        now = self._clock.now()
        with self._lock:
            self._until = {like: until for like, until in self._until.items() if now < until}
            self._until.setdefault(_key(last), now + self._believed)


def _key(exc: UnknownRefusalError | AmbiguousRefusalError) -> tuple[str, str]:
    message = exc.message
    return key(str(message.params.get("endpoint")), f"{message.code} {message.quote or ''}")

"""How fast the vendor is asked: requests a minute per endpoint, slower when it says so.

The document states no rate; newer editions say 20 a minute for calls, SMS and messages (facts.md).
A refusal for speed halves the rate; success lets it creep back to the configured one.
"""

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock

from wpsync.clock import Clock

_MINUTE = 60.05
"""A little more than a minute, since the vendor's clock is not ours."""
_TICK = 0.001
_CREEP_EVERY = 20
_UNLIMITED_START = 120


@dataclass(slots=True)
class _Endpoint:
    limit: int | None
    rate: float | None
    sent: deque[float] = field(default_factory=deque)
    successes: int = 0
    not_before: float = 0.0


class Limits:
    """Counts requests per endpoint in any sliding minute. Thread-safe."""

    def __init__(
        self, per_minute: Mapping[str, int | None], *, default: int | None = None, clock: Clock
    ) -> None:
        self._per_minute = dict(per_minute)
        self._default = default
        self._clock = clock
        self._lock = Lock()
        self._endpoints: dict[str, _Endpoint] = defaultdict()

    def acquire(self, endpoint: str) -> None:
        """Wait until a request may be sent, and count it."""
        while (wait := self._try(endpoint)) > 0:
            self._clock.sleep(wait)

    def slow_down(self, endpoint: str, retry_after: timedelta | None) -> None:
        """The vendor said that we are too fast: half the rate from now on, and a pause."""
        with self._lock:
            known = self._endpoint(endpoint)
            now = self._clock.monotonic()
            recent = sum(1 for at in known.sent if at > now - _MINUTE)
            current = known.rate if known.rate is not None else max(_UNLIMITED_START, recent)
            known.rate = max(1.0, current / 2)
            known.successes = 0
            pause = retry_after.total_seconds() if retry_after is not None else 1.0
            known.not_before = max(known.not_before, now + pause)

    def succeeded(self, endpoint: str) -> None:
        """A request went through: now and then the rate creeps back up."""
        known = self._endpoints.get(endpoint)
        if known is None or known.rate == known.limit:
            return
        with self._lock:
            known.successes += 1
            if known.successes % _CREEP_EVERY or known.rate is None:
                return
            known.rate *= 1.25
            if known.limit is not None:
                known.rate = min(known.rate, float(known.limit))
            elif known.rate > 100 * _UNLIMITED_START:
                known.rate = None

    def _endpoint(self, endpoint: str) -> _Endpoint:
        known = self._endpoints.get(endpoint)
        if known is None:
            limit = self._per_minute.get(endpoint, self._default)
            known = self._endpoints[endpoint] = _Endpoint(limit, limit)
        return known

    def _try(self, endpoint: str) -> float:
        """Seconds to wait; 0 when the request was counted and may go."""
        with self._lock:
            known = self._endpoint(endpoint)
            now = self._clock.monotonic()
            if known.not_before > now:
                return known.not_before - now
            if known.rate is None:
                return 0.0
            while known.sent and known.sent[0] <= now - _MINUTE:
                known.sent.popleft()
            if len(known.sent) >= max(1, int(known.rate)):
                return max(known.sent[0] + _MINUTE - now, _TICK)
            known.sent.append(now)
            return 0.0

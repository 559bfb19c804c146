"""The only module that reads the time or sleeps."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What time it is. Instants are aware, in UTC."""

    def now(self) -> datetime:
        """The present instant, aware."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait. A fake clock advances instead."""
        ...


class SystemClock:
    """This machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


class AnchoredClock:
    """A clock that was set once by somebody else's (the database's) and then runs on by itself.

    Processes on several hosts thereby agree on what is newer, and a host whose clock is wrong, or is
    put back in mid run, writes the same instants as the others.
    """

    def __init__(self, base: Clock, anchor: datetime) -> None:
        self._base = base
        self._set = anchor, base.monotonic()

    def now(self) -> datetime:
        anchor, started = self._set
        return anchor + timedelta(seconds=self._base.monotonic() - started)

    def set(self, anchor: datetime) -> None:
        """Set it again, where it differs by more than a second: a host that slept has lost time."""
        if abs(anchor - self.now()) > timedelta(seconds=1):
            self._set = anchor, self._base.monotonic()

    def monotonic(self) -> float:
        return self._base.monotonic()

    def sleep(self, seconds: float) -> None:
        self._base.sleep(seconds)

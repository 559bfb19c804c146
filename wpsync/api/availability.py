"""Since when a vendor has not answered at all: noted and logged when it begins, hourly, and when it is over.

A request that fails now and then is repeated and no matter, and one that fails each time may ask for a row that the
vendor stumbles over. Where nothing was answered for a few seconds, whichever endpoint was asked, people are told at
once, long before data is late or a job has given up.
"""

import logging
from datetime import datetime
from threading import Lock
from typing import Protocol

from wpsync.clock import Clock
from wpsync.errors import Message, VendorUnavailableError, WpsyncError
from wpsync.policy import DEFAULT, VendorOutages

log = logging.getLogger(__name__)


class Outages(Protocol):
    """Where it is noted that an account's vendor does not answer, for everybody to see."""

    def began(self, since: datetime, error: Message) -> None:
        """It has not answered since then."""
        ...

    def over(self) -> None:
        """It answers."""
        ...


class Availability:
    """What the requests of one account tell of its vendor. Thread-safe."""

    def __init__(
        self,
        account: str,
        clock: Clock,
        outages: Outages | None = None,
        rules: VendorOutages = DEFAULT.outages,
    ) -> None:
        self._account = account
        self._clock = clock
        self._outages = outages
        self._rules = rules
        self._lock = Lock()
        self._answered_at: datetime | None = None
        self._since: datetime | None = None
        self._failed = set[str]()
        self._told_at: datetime | None = None
        self._looked = float("-inf")

    @property
    def is_away(self) -> bool:
        """Whether it does not answer, which has been told."""
        return self._told_at is not None

    def answered(self) -> None:
        """A reply has come, be it a refusal."""
        now, look = self._clock.now(), self._clock.monotonic()
        with self._lock:
            away, since = self._told_at is not None, self._since
            self._answered_at, self._since, self._told_at = now, None, None
            self._failed.clear()
            due = away or look - self._looked >= self._rules.look
            self._looked = look if due else self._looked
        if away and since is not None:
            seconds = round((now - since).total_seconds())
            log.info("vendor.back", extra={"account": self._account, "seconds": seconds})
        if due:
            self._note(None)

    def failed(self, began: datetime, exc: VendorUnavailableError, endpoint: str) -> None:
        """A request that began then was not answered, or not sensibly."""
        now = self._clock.now()
        with self._lock:
            if self._since is None:
                self._since = max(began, self._answered_at or began)
            since = self._since
            if self._told_at is None:
                self._failed.add(endpoint)
            is_lone = len(self._failed) < self._rules.endpoints
            if now - since < (self._rules.lone if is_lone else self._rules.after):
                return
            if self._told_at is not None and now - self._told_at < self._rules.log_again:
                return
            self._told_at = now
        said = {"since": since.isoformat(timespec="seconds"), "error": exc.message}
        log.warning("vendor.away", extra={"account": self._account, **said})
        self._note(since, exc.message)

    def _note(self, since: datetime | None, error: Message | None = None) -> None:
        """Where the database does not answer either, it is told by others."""
        if self._outages is None:
            return
        try:
            if since is None or error is None:
                self._outages.over()
            else:
                self._outages.began(since, error)
        except WpsyncError as exc:
            self._looked = float("-inf")
            log.debug("vendor.unnoted", extra={"account": self._account, "error": exc.message})

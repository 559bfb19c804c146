"""What the log says of jobs that fail: once when it begins, hourly while it lasts, once when it is over.

Jobs of an account that fail for the same cause (of all accounts, where it is the database) are one trouble,
which is over when all of them have got through. A job that fails in other words meanwhile is still in the trouble it was in. Whatever a job ends
with is logged at DEBUG in any case (`job.ended`), and kept in `wpsync.jobs`.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from wpsync.daemon.jobs import Result
from wpsync.errors import Message
from wpsync.messages import classification
from wpsync.messages.classification import Cause
from wpsync.policy import DEFAULT
from wpsync.state.jobs import JobKey

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Trouble:
    account: str
    cause: str
    error: Message
    since: datetime
    told_at: datetime
    jobs: set[JobKey] = field(default_factory=set)
    failures: int = 0

    def fields(self, now: datetime) -> dict[str, object]:
        """What the log is told of it."""
        return {
            "account": self.account,
            "error": self.error,
            "seconds": round((now - self.since).total_seconds()),
            "failures": self.failures,
        }


class FailureLog:
    """Those that are there now. Threads may share it."""

    def __init__(self, log_again: timedelta = DEFAULT.jobs.log_again) -> None:
        self._log_again = log_again
        self._lock = Lock()
        self._there: list[_Trouble] = []

    def heard(
        self, key: JobKey, result: Result, now: datetime, next_at: datetime | None = None
    ) -> None:
        """A job has ended; `next_at` is when it is tried again."""
        with self._lock:
            if result.is_failure:
                self._failed(key, result.error or Message("job.failed"), now, next_at)
            elif result.outcome != "interrupted":
                self._got_through(key, now)

    def _failed(self, key: JobKey, error: Message, now: datetime, next_at: datetime | None) -> None:
        cause = classification.key(error)
        alike = (one for one in self._there if one.cause == cause)
        mine = self._of(key) or next(
            (one for one in alike if one.account in ("", key.account)), None
        )
        if mine is None:
            account = "" if cause == Cause.DATABASE else key.account
            mine = _Trouble(account, cause, error, now, now)
            self._there.append(mine)
            again = next_at.isoformat(timespec="seconds") if next_at else None
            said = {"account": key.account, "job": key.job, "error": error, "tried_again_at": again}
            log.error("job.failed", extra=said)
        mine.jobs.add(key)
        mine.failures += 1
        if now - mine.told_at >= self._log_again:
            mine.told_at = now
            names = ", ".join(sorted(one.job for one in mine.jobs))
            log.warning("job.failing", extra={**mine.fields(now), "jobs": names})

    def _got_through(self, key: JobKey, now: datetime) -> None:
        mine = self._of(key)
        if mine is None:
            return
        mine.jobs.discard(key)
        if not mine.jobs:
            self._there.remove(mine)
            log.info("job.recovered", extra={**mine.fields(now), "job": key.job})

    def _of(self, key: JobKey) -> _Trouble | None:
        return next((one for one in self._there if key in one.jobs), None)

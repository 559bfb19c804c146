"""Everything that the status page and `wpsync status` show, read at one moment; both only word it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from wpsync.service import calendar, health, overview, status
from wpsync.service.calendar import Calendar
from wpsync.service.health import Behind
from wpsync.service.overview import Budget, JobStatus
from wpsync.service.session import Session
from wpsync.service.status import DeadLetterStatus, ResourceStatus, Status

_TROUBLE = ("incomplete", "differing")

Answer = Literal["empty", "behind", "open", "good"]


@dataclass(frozen=True, slots=True)
class Line:
    """One resource: how it stands, its job, the rows written today, and whether it has fallen behind."""

    status: ResourceStatus
    job: JobStatus | None
    written: int
    late: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole state. `days` are the completeness calendar, `letters` the newest that are open."""

    now: datetime
    accounts: list[str]
    status: Status
    days: list[Calendar]
    late: list[Behind]
    lines: list[Line]
    letters: list[DeadLetterStatus] = field(default_factory=list)

    @property
    def failing(self) -> list[JobStatus]:
        """The jobs whose last run failed."""
        return [job for job in self.status.jobs if job.failures]

    @property
    def limited(self) -> list[Budget]:
        """The budgets that have a limit."""
        return [budget for budget in self.status.budgets if budget.limit]

    @property
    def troubled(self) -> int:
        """How many days and listings do not agree with the vendor."""
        days = sum(day.state in _TROUBLE for one in self.days for day in one.days)
        return days + sum(1 for one in self.status.incomplete if one.ends_at is None)

    @property
    def answer(self) -> Answer:
        """Is everything there, and current?"""
        if all(day.state == calendar.UNREAD for one in self.days for day in one.days):
            return "empty"
        if self.late:
            return "behind"
        return "open" if self.troubled else "good"


def read(session: Session, *, weeks: int) -> Picture:
    """The present state. Raises DatabaseUnavailableError."""
    database, config = session.database, session.config
    now, accounts = session.clock.now(), list(config.accounts)
    found = status.read(database, now, accounts)
    late = health.behind(database, config, now)
    return Picture(
        now,
        accounts,
        found,
        calendar.read(database, now, accounts, weeks=weeks),
        late,
        _lines(session, found, late, now),
        status.newest_dead_letters(database, accounts),
    )


def _lines(session: Session, found: Status, late: list[Behind], now: datetime) -> list[Line]:
    jobs = {(job.account, job.job): job for job in found.jobs}
    today = overview.written_today(session.database, now)
    behind = {(one.account, one.resource) for one in late}
    lines = []
    for one in found.resources:
        key = (one.account, one.resource)
        written = today.get(key)
        count = written.inserted + written.updated if written else 0
        lines.append(Line(one, jobs.get(key), count, key in behind))
    return lines

"""Everything that the status page and `wpsync status` show, read at one moment; both only word it."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Literal

from wpsync.status import backfills as backfill_status
from wpsync.status import calendar, causes, freshness
from wpsync.status import resources as resource_status
from wpsync.status import service as service_status
from wpsync.status.backfills import BackfillStatus
from wpsync.status.calendar import Calendar
from wpsync.status.causes import Cause
from wpsync.status.freshness import Behind
from wpsync.status.resources import DeadLetterStatus, ResourceStatus, Status
from wpsync.status.service import Budget, JobStatus
from wpsync.sync.session import Session
from wpsync.values import SHANGHAI

WEEKS = 26
"""How far back the calendar goes."""

Answer = Literal[
    "empty",
    "starting",
    "filling",
    "halted",
    "past",
    "behind",
    "disputed",
    "open",
    "unreadable",
    "good.filling",
    "good.halted",
    "gaps",
    "good",
]
"""What the headline says. Before anything follows the present: nothing was read, the first sync runs, a
backfill runs, was left unfinished, or has read the past. Afterwards: behind; differences that `verify` found and left; days that do not agree with
the vendor; much that could not be read; current, with a
backfill that runs or was left unfinished; current, with stretches left out between what was read; all well.
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One resource: how it stands, its job, the rows written today, and whether it has fallen behind."""

    status: ResourceStatus
    job: JobStatus | None
    written: int
    late: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole state. `days` are the completeness calendar, `letters` the newest that are open.

    `tolerated`: how many open dead letters of a resource are no reason to worry (`alerts.dead_letters`).
    """

    now: datetime
    accounts: list[str]
    status: Status
    days: list[Calendar]
    late: list[Behind]
    lines: list[Line]
    letters: list[DeadLetterStatus] = field(default_factory=list)
    tolerated: int = 0

    @property
    def failing(self) -> list[JobStatus]:
        """The jobs whose last run failed."""
        return [job for job in self.status.jobs if job.failures]

    @property
    def limited(self) -> list[Budget]:
        """The budgets that have a limit."""
        return [budget for budget in self.status.budgets if budget.limit is not None]

    @property
    def unlimited(self) -> list[Budget]:
        """Those that have none."""
        return [budget for budget in self.status.budgets if budget.limit is None]

    @property
    def backfills(self) -> list[BackfillStatus]:
        """All of the last backfill, while it runs or waits to be continued; else none."""
        return (
            self.status.backfills if backfill_status.lately(self.status.backfills, self.now) else []
        )

    @property
    def reading(self) -> list[BackfillStatus]:
        """What a backfill is reading now."""
        return [one for one in self.backfills if one.is_running]

    @property
    def halted(self) -> list[BackfillStatus]:
        """What a backfill has left unfinished."""
        return [
            one for one in backfill_status.lately(self.status.backfills, self.now) if one.is_halted
        ]

    @property
    def unreadable(self) -> int:
        """Messages that are there, and whose content could not be read."""
        return sum(one.unreadable for one in self.status.resources)

    @property
    def refused(self) -> int:
        """Rows that could not be taken at all."""
        return sum(one.refused for one in self.status.resources)

    @property
    def troubled(self) -> int:
        """How many days, listings and windows from before the calendar do not agree with the vendor."""
        first = min((one.days[0].day for one in self.days), default=date.min)
        begins = datetime.combine(first, time.min, SHANGHAI)
        elsewhere = [
            one for one in self.status.incomplete if one.ends_at is None or one.ends_at <= begins
        ]
        return sum(one.troubled for one in self.days) + len(elsewhere)

    @property
    def causes(self) -> list[Cause]:
        """Why what is behind is so."""
        return causes.of_all(self.status, [(one.account, one.resource) for one in self.late])

    @property
    def gaps(self) -> int:
        """How many stretches between what was read nobody has read."""
        return sum(one.gaps for one in self.status.resources)

    @property
    def answer(self) -> Answer:
        """Is everything there, and current?"""
        if self.late and not any(one.watermark for one in self.status.resources):
            return self._beforehand
        if self.late:
            return "behind"
        if any(one.disputed_at for one in self.status.resources):
            return "disputed"
        if self.troubled:
            return "open"
        if any(one.dead_letters > self.tolerated for one in self.status.resources):
            return "unreadable"
        if self.reading:
            return "good.filling"
        if self.halted:
            return "good.halted"
        return "gaps" if self.gaps else "good"

    @property
    def _beforehand(self) -> Answer:
        """Nothing has followed the present yet."""
        if self.reading:
            return "filling"
        if self.status.instances:
            return "behind" if any(one.covered_to for one in self.status.resources) else "starting"
        if self.halted:
            return "halted"
        return "past" if any(one.covered_to for one in self.status.resources) else "empty"


def read(session: Session) -> Snapshot:
    """The present state. Raises DatabaseUnavailableError."""
    database, config = session.database, session.config
    now, accounts = session.clock.now(), list(config.accounts)
    found = resource_status.read(database, config, now)
    late = freshness.behind(database, config, now)
    return Snapshot(
        now,
        accounts,
        found,
        calendar.read(database, now, accounts, weeks=WEEKS),
        late,
        _lines(session, found, late, now),
        resource_status.newest_dead_letters(database, accounts),
        config.alerts.dead_letters,
    )


def _lines(session: Session, found: Status, late: list[Behind], now: datetime) -> list[Line]:
    jobs = {(job.account, job.job): job for job in found.jobs}
    today = service_status.written_today(session.database, now)
    behind = {(one.account, one.resource) for one in late}
    lines = []
    for one in found.resources:
        key = (one.account, one.resource)
        written = today.get(key)
        count = written.inserted + written.updated if written else 0
        lines.append(Line(one, jobs.get(key), count, key in behind))
    return lines

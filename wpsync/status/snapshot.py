"""Everything that the status page and `wpsync status` show, read at one moment; both only word it.

Beyond `freshness` it reads the whole ledger, and counts the marked rows in the tables of `wp`. For a table that is locked
the last known count stands in.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Literal

from wpsync.config import Config
from wpsync.db import queries
from wpsync.db.database import Connects, Database
from wpsync.db.queries import statements
from wpsync.loading import table_stats
from wpsync.resources import RESOURCES
from wpsync.state import errors
from wpsync.status import backfills as backfill_status
from wpsync.status import calendar, causes, freshness
from wpsync.status import service as service_status
from wpsync.status.backfills import BackfillStatus
from wpsync.status.calendar import Calendar
from wpsync.status.causes import Cause
from wpsync.status.freshness import Behind
from wpsync.status.known import Memory, Tolerant
from wpsync.status.resources import (
    DeadLetterStatus,
    Key,
    LastRun,
    Missing,
    ResourceStatus,
    Status,
)
from wpsync.status.service import Budget, JobStatus, Written
from wpsync.sync.session import Session
from wpsync.values import SHANGHAI

QUERIES = statements(__name__)

LETTERS = 50
"""How many dead letters are shown."""

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
    "named",
    "unreadable",
    "good.filling",
    "good.halted",
    "gaps",
    "good",
]
"""What the headline says. Before anything follows the present: nothing was read, the first sync runs, a
backfill runs, was left unfinished, or has read the past. Afterwards: behind; differences that `verify` found and left; days that do not agree with
the vendor; rows that others name and that are not there; much that could not be read; current, with a
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
    def named(self) -> int:
        """How many rows are named by others and are not there."""
        return sum(one.missing for one in self.status.resources)

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
        if self.named:
            return "named"
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


def read(session: Session, memory: Memory | None = None) -> Snapshot:
    """The present state. Raises DatabaseUnavailableError. `memory` holds earlier counts, for tables that are locked."""
    database, config = session.database.monitoring, session.config
    now, accounts = session.clock.now(), list(config.accounts)
    found = status(session.database, config, now, memory)
    found.commits_hang = _commits_hang(database, session.policy.database.hangs)
    late = freshness.behind_in(found, config)
    letters = {"accounts": accounts, "limit": LETTERS}
    return Snapshot(
        now,
        accounts,
        found,
        calendar.read(database, now, accounts, weeks=WEEKS),
        late,
        _lines(found, late, service_status.written_today(database, now)),
        errors.read(
            DeadLetterStatus, queries.rows(database, QUERIES["newest_dead_letters"], letters)
        ),
        config.alerts.dead_letters,
    )


def _commits_hang(database: Connects, seconds: float) -> bool:
    (row,) = queries.rows(database, QUERIES["commits_hang"], {"seconds": seconds})
    return bool(row["hang"])


def status(
    database: Database, config: Config, now: datetime, memory: Memory | None = None
) -> Status:
    """The present state of the configured accounts, whole."""
    reader, accounts = database.monitoring, list(config.accounts)
    found = freshness.read(reader, config, now)
    by_key = {(one.account, one.resource): one for one in found.resources}
    _add_ledger(reader, by_key, accounts)
    _add_runs(reader, by_key, accounts)
    add_marked(reader, found, memory, deleted=True)
    found.incidents = service_status.incidents(reader)
    listed = {key: one.covered_to for key, one in by_key.items()}
    found.backfills = backfill_status.read(reader, config, now, listed)
    _end_halted(by_key, found.backfills)
    return found


def add_marked(
    database: Connects, found: Status, memory: Memory | None, *, deleted: bool = False
) -> None:
    """Count the rows that are marked as gone, or as deleted too, in tables that may be locked."""
    by_key = {(one.account, one.resource): one for one in found.resources}
    tolerant = Tolerant(found.at, {} if memory is None else memory)

    def counted(table: str, mark: str) -> dict[str, int]:
        def count() -> dict[str, int]:
            return table_stats.marked_counts(database, table, mark)

        return tolerant.read(table, mark, count, {})

    for resource in RESOURCES.values():
        table = resource.table
        if table.gone_by:
            for account, rows in counted(table.name, "_gone_at").items():
                if (account, resource.name) in by_key:
                    by_key[account, resource.name].gone_rows = rows
        if deleted and table.soft_delete:
            for account, rows in counted(table.name, "_deleted_at").items():
                if (account, resource.name) in by_key:
                    by_key[account, resource.name].deleted_rows = rows
    found.missing = [Missing(table, at) for table, at in tolerant.missing.items()]


@dataclass(frozen=True, slots=True)
class _Ledger:
    account: str
    resource: str
    covered_from: datetime
    covered_to: datetime
    gaps: int
    disputed_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Unsettled:
    account: str
    resource: str
    rows: int


def _add_ledger(database: Connects, by_key: dict[Key, ResourceStatus], accounts: list[str]) -> None:
    """Add the reach, the gaps and the disputes of the ledger, and the rows that are no longer followed up."""
    whose = {"accounts": accounts}
    for one in queries.typed(database, _Ledger, QUERIES["ledger"], whose):
        if found := by_key.get((one.account, one.resource)):
            found.covered_from, found.covered_to = one.covered_from, one.covered_to
            found.gaps, found.disputed_at = one.gaps, one.disputed_at
    for open_rows in queries.typed(database, _Unsettled, QUERIES["unsettled"], whose):
        if found := by_key.get((open_rows.account, open_rows.resource)):
            found.unsettled = open_rows.rows


def _add_runs(database: Connects, by_key: dict[Key, ResourceStatus], accounts: list[str]) -> None:
    whose = {"accounts": accounts, "resources": list(RESOURCES)}
    for run in errors.read(LastRun, queries.rows(database, QUERIES["last_runs"], whose)):
        by_key[run.account, run.resource].last_run = run


def _end_halted(by_key: dict[Key, ResourceStatus], backfills: list[BackfillStatus]) -> None:
    """A run that a killed backfill left open is no longer running."""
    running = {(one.account, one.resource) for one in backfills if one.is_running}
    for key, found in by_key.items():
        run = found.last_run
        if run and run.kind == "backfill" and run.outcome == "running" and key not in running:
            found.last_run = replace(run, outcome="interrupted")


def _lines(found: Status, late: list[Behind], today: dict[Key, Written]) -> list[Line]:
    jobs = {(job.account, job.job): job for job in found.jobs}
    behind = {(one.account, one.resource) for one in late}
    lines = []
    for one in found.resources:
        key = (one.account, one.resource)
        written = today.get(key)
        count = written.inserted + written.updated if written else 0
        lines.append(Line(one, jobs.get(key), count, key in behind))
    return lines

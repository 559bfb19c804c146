"""The service as its state tables tell it: jobs, instances, budgets, and activity over time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from wpsync.api.limits import Book
from wpsync.config import Config
from wpsync.db import queries
from wpsync.db.database import Connects
from wpsync.db.queries import statements
from wpsync.errors import Message
from wpsync.model import Priority
from wpsync.resources import RESOURCES
from wpsync.resources.device import CALLS
from wpsync.resources.wechat import WECHAT_MESSAGES
from wpsync.state import errors
from wpsync.status.known import Tolerant
from wpsync.sync.session import per_minute
from wpsync.values import SHANGHAI

QUERIES = statements(__name__)

_SILENT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class JobStatus:
    """When a job ran, how it ended, when it is next. `failures` in a row; `missed` times in all."""

    account: str
    job: str
    every_seconds: int
    next_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    outcome: str | None
    error: Message | None
    failures: int
    missed: int


@dataclass(frozen=True, slots=True)
class InstanceStatus:
    """A running process of the service, and whether it leads."""

    id: str
    host: str
    version: str
    role: str
    started_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Budget:
    """Requests that count in the present minute, and how many the configuration allows.

    Both None: no limit, and so nothing is counted. `exhausted`: what is live has to wait for its turn.
    `slowed_to`: as many hold at present, since the vendor said that requests come too fast.
    """

    account: str
    endpoint: str
    used: int | None
    limit: int | None
    paused_until: datetime | None
    exhausted: bool
    slowed_to: int | None = None

    @property
    def name(self) -> str:
        """The endpoint without what all have in common."""
        return self.endpoint.removeprefix("/api/")


@dataclass(frozen=True, slots=True)
class Written:
    """What the runs of a time wrote of a resource."""

    account: str
    resource: str
    inserted: int
    updated: int


@dataclass(frozen=True, slots=True)
class Activity:
    """What happened in each hour of the last days; `hours` are the beginnings, oldest first."""

    hours: list[datetime]
    messages: list[int]
    calls: list[int]
    requests: list[int]


@dataclass(frozen=True, slots=True)
class IncidentStatus:
    """Something that is wrong, since `opened_at`; it is worded where it is shown."""

    kind: str
    account: str
    resource: str
    severity: str
    message: Message
    opened_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Outage:
    """A vendor that has not answered since then, and what was met instead."""

    account: str
    since: datetime
    error: Message


def outages(database: Connects, accounts: list[str]) -> list[Outage]:
    """The accounts whose vendor does not answer, as whoever asked it last has found."""
    found = errors.read(Outage, queries.rows(database, QUERIES["outages"]))
    return [one for one in found if one.account in accounts]


def incidents(database: Connects) -> list[IncidentStatus]:
    """The incidents that are open, the oldest first."""
    return errors.read(IncidentStatus, queries.rows(database, QUERIES["open_incidents"]), "message")


def jobs(database: Connects, accounts: list[str]) -> list[JobStatus]:
    """The jobs of the named accounts and of the whole service."""
    found = errors.read(JobStatus, queries.rows(database, QUERIES["jobs"]))
    return [job for job in found if not job.account or job.account in accounts]


def instances(database: Connects, now: datetime) -> list[InstanceStatus]:
    """The running instances, the leader first. One that was killed says nothing for a minute, and is none."""
    found = queries.typed(database, InstanceStatus, QUERIES["instances"])
    return [one for one in found if now - one.seen_at < _SILENT]


@dataclass(frozen=True, slots=True)
class _Book:
    account: str
    endpoint: str
    book: object


def budgets(database: Connects, config: Config, now: datetime) -> list[Budget]:
    """The budget of each endpoint that is read, by what the configuration says now; the books remember older limits."""
    books = {
        (one.account, one.endpoint): msgspec.convert(one.book, Book, str_keys=True)
        for one in queries.typed(database, _Book, QUERIES["budgets"])
        if one.book
    }
    names = config.sync.resources
    families = {
        resource.endpoint: resource.family
        for resource in RESOURCES.values()
        if not names or resource.name in names
    }
    return [
        _budget(
            account,
            endpoint,
            per_minute(config, family, account),
            books.get((account, endpoint)),
            now,
        )
        for account in config.accounts
        for endpoint, family in sorted(families.items())
    ]


def _budget(account: str, endpoint: str, limit: int, book: Book | None, now: datetime) -> Budget:
    if not limit:
        return Budget(account, endpoint, None, None, None, exhausted=False)
    if book is None:
        return Budget(account, endpoint, 0, limit, None, exhausted=False)
    return Budget(
        account,
        endpoint,
        used=sum(one.counts_until() > now for one in book.taken),
        limit=limit,
        paused_until=book.not_before if book.not_before > now else None,
        exhausted=book.wanted.get(Priority.LIVE, now) > now,
        slowed_to=None if book.rate is None or book.rate >= limit else max(1, int(book.rate)),
    )


def written_today(database: Connects, now: datetime) -> dict[tuple[str, str], Written]:
    """What was written since midnight in Shanghai, by account and resource."""
    midnight = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    found = queries.typed(database, Written, QUERIES["written_since"], {"since": midnight})
    return {(one.account, one.resource): one for one in found}


@dataclass(frozen=True, slots=True)
class _Hour:
    at: datetime
    count: int


def activity(database: Connects, now: datetime, tolerant: Tolerant, *, hours: int = 48) -> Activity:
    """Messages and calls by their own time, and API requests, in each of the last hours."""
    last = now.replace(minute=0, second=0, microsecond=0)
    slots = [last - timedelta(hours=back) for back in range(hours - 1, -1, -1)]

    def counted(query: str) -> list[int]:
        span = {"since": slots[0], "until": now}
        found = queries.typed(database, _Hour, QUERIES[query], span)
        by_hour = {one.at: one.count for one in found}
        return [by_hour.get(slot, 0) for slot in slots]

    def tolerated(table: str, query: str) -> list[int]:
        return tolerant.read(table, query, lambda: counted(query), [0] * hours)

    return Activity(
        slots,
        tolerated(WECHAT_MESSAGES.table.name, "messages_by_hour"),
        tolerated(CALLS.table.name, "calls_by_hour"),
        counted("requests_by_hour"),
    )

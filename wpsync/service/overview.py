"""The service as its state tables tell it: jobs, instances, budgets, backfills, and activity over time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import msgspec

from wpsync.api.limits import Book
from wpsync.load import state
from wpsync.load.database import Database
from wpsync.model import Priority
from wpsync.values import SHANGHAI

_STALE = timedelta(seconds=30)
"""A backfill that has not written for so long is no longer running."""


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
    error: str | None
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
    """Requests that count in the present minute, and how many may. `limit` None: no limit.

    `exhausted`: what is live has to wait for its turn.
    """

    account: str
    endpoint: str
    used: int
    limit: int | None
    paused_until: datetime | None
    exhausted: bool


@dataclass(frozen=True, slots=True)
class BackfillStatus:
    """How far a backfill is; `seconds_left` while it runs and can be told."""

    account: str
    resource: str
    starts_at: datetime
    ends_at: datetime
    expected_rows: int | None
    rows_read: int
    started_at: datetime
    updated_at: datetime
    outcome: str
    seconds_left: float | None

    @property
    def share(self) -> float | None:
        """From 0 to 1, where it can be told."""
        if self.outcome == "done":
            return 1.0
        return min(1.0, self.rows_read / self.expected_rows) if self.expected_rows else None


@dataclass(frozen=True, slots=True)
class Written:
    """What the runs of a time wrote and asked."""

    inserted: int
    updated: int
    requests: int


@dataclass(frozen=True, slots=True)
class Activity:
    """What happened in each hour of the last days; `hours` are the beginnings, oldest first."""

    hours: list[datetime]
    messages: list[int]
    calls: list[int]
    requests: list[int]


@dataclass(frozen=True, slots=True)
class IncidentStatus:
    """Something that is wrong, since `opened_at`, in both languages."""

    kind: str
    account: str
    resource: str
    severity: str
    zh: str
    en: str
    opened_at: datetime
    last_seen_at: datetime


def incidents(database: Database) -> list[IncidentStatus]:
    """The incidents that are open, the oldest first."""
    return [IncidentStatus(**row) for row in state.rows(database, "open_incidents")]  # type: ignore[arg-type]  # the query's columns are the fields


def jobs(database: Database, accounts: list[str]) -> list[JobStatus]:
    """The jobs of the named accounts and of the whole service."""
    found = [JobStatus(**row) for row in state.rows(database, "jobs")]  # type: ignore[arg-type]  # the query's columns are the fields
    return [job for job in found if not job.account or job.account in accounts]


def instances(database: Database) -> list[InstanceStatus]:
    """The running instances, the leader first."""
    return [InstanceStatus(**row) for row in state.rows(database, "instances")]  # type: ignore[arg-type]  # likewise


def budgets(database: Database, now: datetime, accounts: list[str]) -> list[Budget]:
    """The budget of each endpoint that has been asked."""
    found = []
    for row in state.rows(database, "budgets"):
        if row["account"] not in accounts or not row["book"]:
            continue
        book = msgspec.convert(row["book"], Book, str_keys=True)
        used = sum(one.counts_until() > now for one in book.taken)
        paused = book.not_before if book.not_before > now else None
        found.append(
            Budget(
                account=str(row["account"]),
                endpoint=str(row["endpoint"]),
                used=used,
                limit=book.limit,
                paused_until=paused,
                exhausted=book.wanted.get(Priority.LIVE, now) > now,
            )
        )
    return found


def backfills(database: Database, now: datetime, accounts: list[str]) -> list[BackfillStatus]:
    """The last backfill of each resource; one whose process died shows as interrupted."""
    found = []
    for row in state.rows(database, "backfills"):
        if row["account"] not in accounts:
            continue
        if row["outcome"] == "running" and now - cast("datetime", row["updated_at"]) > _STALE:
            row["outcome"] = "interrupted"
        found.append(BackfillStatus(**row, seconds_left=_seconds_left(row)))  # type: ignore[arg-type]  # likewise
    return found


def _seconds_left(row: dict[str, object]) -> float | None:
    expected, read = row["expected_rows"], cast("int", row["rows_read"])
    if row["outcome"] != "running" or not isinstance(expected, int) or not read:
        return None
    took = cast("datetime", row["updated_at"]) - cast("datetime", row["started_at"])
    return max(0.0, took.total_seconds() * (expected - read) / read)


def written_today(database: Database, now: datetime) -> dict[tuple[str, str], Written]:
    """What was written since midnight in Shanghai, by account and resource."""
    midnight = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        (str(row["account"]), str(row["resource"])): Written(
            cast("int", row["inserted"]), cast("int", row["updated"]), cast("int", row["requests"])
        )
        for row in state.rows(database, "written_since", {"since": midnight})
    }


def activity(database: Database, now: datetime, *, hours: int = 48) -> Activity:
    """Messages and calls by their own time, and API requests, in each of the last hours."""
    last = now.replace(minute=0, second=0, microsecond=0)
    slots = [last - timedelta(hours=back) for back in range(hours - 1, -1, -1)]

    def counted(query: str) -> list[int]:
        rows = state.rows(database, query, {"since": slots[0], "until": now})
        by_hour = {cast("datetime", row["at"]): cast("int", row["count"]) for row in rows}
        return [by_hour.get(slot, 0) for slot in slots]

    return Activity(
        slots,
        counted("messages_by_hour"),
        counted("calls_by_hour"),
        counted("requests_by_hour"),
    )

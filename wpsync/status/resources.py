"""The read model: what `wpsync status` and the status page show. No decisions elsewhere."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from wpsync.config import Config
from wpsync.db import queries
from wpsync.db.database import Database
from wpsync.db.queries import statements
from wpsync.errors import Message
from wpsync.loading.table_stats import deleted_counts, row_estimate
from wpsync.model import Window
from wpsync.resources import RESOURCES
from wpsync.resources.spec import Mode
from wpsync.state import errors, window_ledger
from wpsync.status import backfills as backfill_status
from wpsync.status import service as service_status
from wpsync.status.backfills import BackfillStatus
from wpsync.status.service import Budget, IncidentStatus, InstanceStatus, JobStatus, Outage

QUERIES = statements(__name__)

Key = tuple[str, str]


@dataclass(slots=True)
class ResourceStatus:
    """How one resource of one account stands. Times are aware; `minutes_behind` is None before a sync.

    `rows` are in the table now, `deleted_rows` of them are marked as deleted; `vendor_count` is the vendor's count of what the ledger accounts for, None
    for reports, of which the vendor counts nothing. Of the `dead_letters`, `unreadable` are messages whose
    row is there and whose content could not be read.
    `gone_rows` we keep and the vendor no longer lists; `awaited` rows are still to change, `unsettled`
    ones were still open at the horizon and are followed up no more. `disputed_at`: when a
    verification last found differences that are left.
    """

    account: str
    resource: str
    mode: str
    watermark: datetime | None = None
    minutes_behind: float | None = None
    rows: int = 0
    deleted_rows: int = 0
    vendor_count: int | None = None
    covered_from: datetime | None = None
    covered_to: datetime | None = None
    gaps: int = 0
    incomplete: int = 0
    dead_letters: int = 0
    unreadable: int = 0
    gone_rows: int = 0
    awaited: int = 0
    unsettled: int = 0
    disputed_at: datetime | None = None
    last_run: dict[str, object] | None = None

    @property
    def refused(self) -> int:
        """Rows that could not be taken at all."""
        return self.dead_letters - self.unreadable


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A window or listing that could not be proved complete, and why."""

    account: str
    resource: str
    starts_at: datetime
    ends_at: datetime | None
    parent_id: str
    vendor_count: int | None
    rows_seen: int
    reason: str
    attempts: int
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenStatus:
    """How old an account's tokens are; never the tokens."""

    account: str
    issued_at: datetime
    renewed_at: datetime
    access_expires_at: datetime
    refresh_expires_at: datetime
    paused_until: datetime | None
    failures: int
    encrypted: bool


@dataclass(frozen=True, slots=True)
class Drift:
    """Something the vendor sends that no declaration knows: a `field`, a `type`, a `kind` of message."""

    account: str
    resource: str
    what: str
    name: str
    seen: int
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(slots=True)
class Status:
    """Everything at one moment."""

    at: datetime
    resources: list[ResourceStatus] = field(default_factory=list)
    incomplete: list[Incomplete] = field(default_factory=list)
    tokens: list[TokenStatus] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)
    jobs: list[JobStatus] = field(default_factory=list)
    budgets: list[Budget] = field(default_factory=list)
    instances: list[InstanceStatus] = field(default_factory=list)
    backfills: list[BackfillStatus] = field(default_factory=list)
    incidents: list[IncidentStatus] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Nothing is incomplete, disputed or left out between what was read, no last run failed."""
        failed = any(r.last_run and r.last_run["outcome"] == "failed" for r in self.resources)
        left_out = any(r.gaps or r.disputed_at for r in self.resources)
        return not (self.incomplete or left_out or failed)


def read(database: Database, config: Config, now: datetime) -> Status:
    """The present state of the configured accounts."""
    status, accounts = Status(now), list(config.accounts)
    by_key = {
        (account, resource.name): ResourceStatus(account, resource.name, resource.mode.value)
        for account in accounts
        for resource in RESOURCES.values()
    }
    _add_progress(database, now, by_key)
    _add_ledger(database, now, by_key)
    _add_runs(database, now, by_key, accounts)
    _add_follow_ups(database, by_key)
    for resource in RESOURCES.values():
        for account, rows in row_estimate(database, resource.table.name).items():
            if (account, resource.name) in by_key:
                by_key[account, resource.name].rows = rows
        for account, rows in deleted_counts(database, resource.table.name).items():
            if (account, resource.name) in by_key:
                by_key[account, resource.name].deleted_rows = rows
    status.resources = list(by_key.values())
    status.incomplete = incomplete(database, accounts)
    status.tokens = [TokenStatus(**row) for row in queries.rows(database, QUERIES["token_ages"])]  # type: ignore[arg-type]  # the query's columns are the fields
    drift = (Drift(**row) for row in queries.rows(database, QUERIES["drift"]))  # type: ignore[arg-type]  # likewise
    status.drift = [found for found in drift if found.account in accounts]
    status.jobs = service_status.jobs(database, accounts)
    status.budgets = service_status.budgets(database, config, now)
    status.instances = service_status.instances(database, now)
    status.incidents = service_status.incidents(database)
    status.outages = service_status.outages(database, accounts)
    listed = {key: one.covered_to for key, one in by_key.items()}
    status.backfills = backfill_status.read(database, config, now, listed)
    _end_halted(by_key, status.backfills)
    return status


def incomplete(database: Database, accounts: list[str]) -> list[Incomplete]:
    """All windows and listings that could not be proved complete."""
    found = (Incomplete(**row) for row in queries.rows(database, QUERIES["incomplete_windows"]))  # type: ignore[arg-type]  # likewise
    return [one for one in found if one.account in accounts]


def _end_halted(by_key: dict[Key, ResourceStatus], backfills: list[BackfillStatus]) -> None:
    """A run that a killed backfill left open is no longer running."""
    running = {(one.account, one.resource) for one in backfills if one.is_running}
    for key, found in by_key.items():
        run = found.last_run
        if run and run["kind"] == "backfill" and run["outcome"] == "running" and key not in running:
            run["outcome"] = "interrupted"


def _key(row: dict[str, object]) -> Key:
    return str(row["account"]), str(row["resource"])


def _add_progress(database: Database, now: datetime, by_key: dict[Key, ResourceStatus]) -> None:
    for key, at in window_ledger.watermarks(database).items():
        found = by_key.get(key)
        if found is not None:
            found.watermark = at
            found.minutes_behind = round((now - at) / timedelta(minutes=1), 1)
    for row in queries.rows(database, QUERIES["dead_letter_counts"]):
        found = by_key.get(_key(row))
        if found is not None:
            found.dead_letters = cast("int", row["count"])
            found.unreadable = cast("int", row["unreadable"])


def _add_follow_ups(database: Database, by_key: dict[Key, ResourceStatus]) -> None:
    for row in queries.rows(database, QUERIES["gone_row_counts"]):
        found = by_key.get(_key(row))
        if found is not None:
            found.gone_rows = cast("int", row["count"])
    for row in queries.rows(database, QUERIES["follow_up_counts"]):
        found = by_key.get(_key(row))
        if found is not None:
            found.awaited += cast("int", row["awaited"])
            found.unsettled += cast("int", row["unsettled"])


def _add_ledger(database: Database, now: datetime, by_key: dict[Key, ResourceStatus]) -> None:
    for row in queries.rows(database, QUERIES["ledger_summary"]):
        found = by_key.get(_key(row))
        if found is not None:
            found.covered_from = cast("datetime", row["starts_at"])
            found.covered_to = cast("datetime", row["ends_at"])
            found.vendor_count = _whole(row["vendor_count"])
            found.incomplete = cast("int", row["incomplete"])
            found.disputed_at = cast("datetime | None", row["disputed_at"])
    for row in queries.rows(database, QUERIES["listing_summary"]):
        found = by_key.get(_key(row))
        if found is not None:
            if found.mode != Mode.REPORT.value:  # what is counted there are the agents asked for
                found.vendor_count = _whole(row["vendor_count"])
            found.incomplete = cast("int", row["incomplete"])
            complete = cast("datetime | None", row["complete_at"])
            if complete is not None and not RESOURCES[found.resource].parent:
                _as_of(found, complete, now)
    _add_gaps(database, by_key)


def _whole(value: object) -> int | None:
    return None if value is None else int(cast("int", value))


def _add_gaps(database: Database, by_key: dict[Key, ResourceStatus]) -> None:
    """Stretches between the oldest and the newest of the ledger that nobody has read."""
    reached: dict[Key, datetime] = {}
    for row in queries.rows(database, QUERIES["ledger_windows"]):
        key, window = (
            _key(row),
            Window(cast("datetime", row["starts_at"]), cast("datetime", row["ends_at"])),
        )
        if key in by_key and key in reached and window.start > reached[key]:
            by_key[key].gaps += 1
        reached[key] = max(reached.get(key, window.end), window.end)


def _add_runs(
    database: Database, now: datetime, by_key: dict[Key, ResourceStatus], accounts: list[str]
) -> None:
    whose = {"accounts": accounts, "resources": list(RESOURCES)}
    for row in queries.rows(database, QUERIES["last_runs"], whose):
        found = by_key.get(_key(row))
        if found is not None:
            error = errors.taken(row)
            run = {k: v for k, v in row.items() if k not in ("account", "resource")}
            found.last_run = {**run, "error": error}
    children = [resource.name for resource in RESOURCES.values() if resource.parent]
    for row in queries.rows(database, QUERIES["last_passes"], {"resources": children}):
        found = by_key.get(_key(row))
        parent = by_key.get((str(row["account"]), RESOURCES[str(row["resource"])].parent or ""))
        if found is not None and parent is not None and parent.covered_to is not None:
            _as_of(found, min(cast("datetime", row["started_at"]), parent.covered_to), now)


def _as_of(found: ResourceStatus, at: datetime, now: datetime) -> None:
    """A listing is as old as its last complete reading. Children are read where their parents have changed, so
    theirs are as old as the last pass over all of them, and no newer than their parents."""
    found.covered_to = at
    found.minutes_behind = round((now - found.covered_to) / timedelta(minutes=1), 1)


@dataclass(frozen=True, slots=True)
class DeadLetterStatus:
    """Something that could not be taken, without its original."""

    id: int
    account: str
    resource: str
    record_id: str | None
    reason: str
    error: Message
    first_seen_at: datetime


def newest_dead_letters(
    database: Database, accounts: list[str], limit: int = 50
) -> list[DeadLetterStatus]:
    """The newest that are open."""
    found = queries.rows(database, QUERIES["newest_dead_letters"], {"limit": limit})
    return [
        DeadLetterStatus(error=errors.taken(row), **row)  # type: ignore[arg-type]  # the query's columns are the fields
        for row in found
        if row["account"] in accounts
    ]

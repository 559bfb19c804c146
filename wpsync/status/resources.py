"""The nouns of the read model: how resources stand. `freshness` reads what is cheap, `snapshot` the rest."""

from dataclasses import dataclass, field
from datetime import datetime

from wpsync.errors import Message
from wpsync.status.backfills import BackfillStatus
from wpsync.status.service import Budget, IncidentStatus, InstanceStatus, JobStatus, Outage

Key = tuple[str, str]
"""An account and a resource."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last reading of a resource, however it ended. Those that did nothing share a row: it is the newest of them."""

    account: str
    resource: str
    kind: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    requests: int
    rows_read: int
    rows_inserted: int
    rows_updated: int
    error: Message | None


@dataclass(slots=True)
class ResourceStatus:
    """How one resource of one account stands. Times are aware; `minutes_behind` is None before a sync.

    `rows` are those that the ledger accounts for: of listings and reports, those of the last reading. `deleted_rows`
    are kept besides, marked as deleted. `vendor_count` is the vendor's count of the same, None for reports, of which
    the vendor counts nothing. Of the `dead_letters`, `unreadable` are messages whose
    row is there and whose content could not be read.
    `gone_rows` we keep and the vendor no longer lists; `awaited` rows are still to change, `unsettled`
    ones were still open at the horizon and are followed up no more. `missing` rows are named by others (chats by their
    messages) and are not there. `disputed_at`: when a
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
    missing: int = 0
    disputed_at: datetime | None = None
    last_run: LastRun | None = None

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
class DriftCount:
    """How many such things are noted of a resource, and how many of them are new."""

    account: str
    resource: str
    noted: int
    new: int


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


@dataclass(frozen=True, slots=True)
class Missing:
    """Numbers that a table did not give in time, as while it is locked. `known_at`: of when the shown ones are, if any."""

    table: str
    known_at: datetime | None


@dataclass(slots=True)
class Status:
    """Everything at one moment. `drift` are the newest, `drift_counts` tell of all. `is_current` False: the database does not answer now, this is what was known at `at`.

    `commits_hang`: it answers, and lets no commit end.
    """

    at: datetime
    resources: list[ResourceStatus] = field(default_factory=list)
    incomplete: list[Incomplete] = field(default_factory=list)
    tokens: list[TokenStatus] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)
    drift_counts: list[DriftCount] = field(default_factory=list)
    jobs: list[JobStatus] = field(default_factory=list)
    budgets: list[Budget] = field(default_factory=list)
    instances: list[InstanceStatus] = field(default_factory=list)
    backfills: list[BackfillStatus] = field(default_factory=list)
    incidents: list[IncidentStatus] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    is_current: bool = True
    commits_hang: bool = False

    @property
    def is_good(self) -> bool:
        """Nothing is incomplete, disputed, named and missing, or left out between what was read; no last run failed.

        Commits do not hang.
        """
        failed = any(r.last_run and r.last_run.outcome == "failed" for r in self.resources)
        left_out = any(r.gaps or r.disputed_at or r.missing for r in self.resources)
        return not (self.incomplete or left_out or failed or self.commits_hang)


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

"""How far backfills are: what their table says of them, corrected by the ledger, which knows better."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from wpsync.config import Config
from wpsync.db import queries
from wpsync.db.database import Connects
from wpsync.db.queries import statements
from wpsync.extract import windows
from wpsync.model import Window
from wpsync.resources import RESOURCES
from wpsync.resources.spec import Mode
from wpsync.state import window_ledger
from wpsync.state.scope import Scope

QUERIES = statements(__name__)

_STALE = timedelta(seconds=30)
"""A backfill that has not written for so long is no longer running."""

_RECENT = timedelta(days=7)
"""One that was left alone for so long is taken to be given up: its days stay unread in the calendar."""

_MARGIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class BackfillStatus:
    """How far a backfill is. Its rows are those that it has read itself since it began, of those the
    vendor counted then: not the table's. `seconds_left` while it runs and can be told.
    """

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

    @property
    def has_days(self) -> bool:
        """Its resource is read by days; a listing has only the present."""
        return RESOURCES[self.resource].mode is Mode.WINDOWED

    @property
    def is_running(self) -> bool:
        """A process is at it."""
        return self.outcome == "running"

    @property
    def is_halted(self) -> bool:
        """It ended before all was read, and goes on only when it is started again."""
        return self.outcome in ("interrupted", "failed")


@dataclass(frozen=True, slots=True)
class _Row:
    account: str
    resource: str
    starts_at: datetime
    ends_at: datetime
    expected_rows: int | None
    rows_read: int
    started_at: datetime
    updated_at: datetime
    outcome: str


def read(
    database: Connects,
    config: Config,
    now: datetime,
    listed: Mapping[tuple[str, str], datetime | None],
) -> list[BackfillStatus]:
    """The last backfill of each resource; one whose process died shows as interrupted.

    `listed`: when each listing was last read completely. What a backfill left and somebody has read
    since is done.
    """
    settle = timedelta(seconds=config.sync.settle_seconds) + _MARGIN
    found = []
    for row in queries.typed(database, _Row, QUERIES["backfills"]):
        if row.account not in config.accounts or row.resource not in RESOURCES:
            continue
        one = _status(row, now)
        if one.is_halted and _is_read(database, one, settle, listed):
            one = replace(one, outcome="done")
        found.append(one)
    return found


def lately(found: Sequence[BackfillStatus], now: datetime) -> list[BackfillStatus]:
    """Those that run or wait to be continued; what was left alone for a week is given up."""
    return [
        one for one in found if one.is_running or (one.is_halted and now - one.updated_at < _RECENT)
    ]


def _is_read(
    database: Connects,
    one: BackfillStatus,
    settle: timedelta,
    listed: Mapping[tuple[str, str], datetime | None],
) -> bool:
    """Whether nothing of its span is left unread, but for what was too fresh when it began."""
    if not one.has_days:
        at = listed.get((one.account, one.resource))
        return at is not None and at >= one.started_at
    end = min(one.ends_at, windows.floor_second(one.started_at - settle))
    if end <= one.starts_at:
        return False
    span = Window(one.starts_at, end)
    known = window_ledger.windows_between(database, Scope(one.account, one.resource), span)
    return not windows.missing(span, [window.window for window in known])


def _status(row: _Row, now: datetime) -> BackfillStatus:
    outcome = row.outcome
    if outcome == "running" and now - row.updated_at > _STALE:
        outcome = "interrupted"
    left = None
    if outcome == "running" and row.expected_rows is not None and row.rows_read:
        took = (row.updated_at - row.started_at).total_seconds()
        # Once all rows are there, days without rows are still asked for, which takes an unknown time.
        left = max(0.0, took * (row.expected_rows - row.rows_read) / row.rows_read) or None
    return BackfillStatus(
        row.account,
        row.resource,
        row.starts_at,
        row.ends_at,
        row.expected_rows,
        row.rows_read,
        row.started_at,
        row.updated_at,
        outcome,
        left,
    )

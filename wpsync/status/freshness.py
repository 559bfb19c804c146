"""How things stand, as far as it is asked for every minute: by probes, by scrapes, by the alerts.

A few statements, each for all accounts, that walk short ranges of indexes: they cost the same however many rows are
held and however many days the ledger has. Nothing here reads a table of `wp`, which may be locked.
`snapshot` reads the rest.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from wpsync.config import Config
from wpsync.db import queries
from wpsync.db.database import Connects
from wpsync.db.queries import statements
from wpsync.policy import DEFAULT
from wpsync.resources import RESOURCES
from wpsync.resources.spec import Mode, Resource
from wpsync.status import service
from wpsync.status.resources import (
    Drift,
    DriftCount,
    Incomplete,
    ResourceStatus,
    Status,
    TokenStatus,
)
from wpsync.sync.schedule import every, wanted

QUERIES = statements(__name__)

_DRIFT = 50
"""As many unknown fields, types and kinds are shown, the newest first."""
_AT_LEAST = timedelta(minutes=3)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Behind:
    """A resource whose data is older than it should be. `by` None: nothing has come yet."""

    account: str
    resource: str
    by: timedelta | None


def allowance(config: Config, resource: Resource) -> timedelta:
    """How old the watermark may be: what is not yet vouched for, and three ticks or three minutes."""
    settle = timedelta(seconds=config.sync.settle_seconds)
    return settle + max(_AT_LEAST, 3 * every(config, resource))


@dataclass(frozen=True, slots=True)
class _Mark:
    account: str
    resource: str
    at: datetime


def behind(database: Connects, config: Config, now: datetime) -> list[Behind]:
    """The windowed resources that have fallen behind."""
    found = queries.typed(
        database, _Mark, QUERIES["watermarks"], {"accounts": list(config.accounts)}
    )
    return _behind({(one.account, one.resource): one.at for one in found}, config, now)


def behind_in(status: Status, config: Config) -> list[Behind]:
    """The same, of a state that was read."""
    marks = {(one.account, one.resource): one.watermark for one in status.resources}
    return _behind({key: at for key, at in marks.items() if at is not None}, config, status.at)


def _behind(marks: dict[tuple[str, str], datetime], config: Config, now: datetime) -> list[Behind]:
    found = []
    for account in config.accounts:
        for resource in wanted(config):
            if resource.mode is not Mode.WINDOWED:
                continue
            at = marks.get((account, resource.name))
            if at is None:
                found.append(Behind(account, resource.name, None))
            elif now - at > allowance(config, resource):
                found.append(Behind(account, resource.name, now - at))
    return found


def read(database: Connects, config: Config, now: datetime) -> Status:
    """The present state of the configured accounts, without what takes longer to find out (`snapshot`)."""
    status, accounts = Status(now), list(config.accounts)
    whose = {"accounts": accounts}
    status.resources = _resources(database, accounts, now)
    status.incomplete = incomplete(database, accounts)
    for one in status.incomplete:
        for known in status.resources:
            if (known.account, known.resource) == (one.account, one.resource):
                known.incomplete += 1
    status.tokens = queries.typed(database, TokenStatus, QUERIES["token_ages"])
    newest = {**whose, "limit": _DRIFT}
    status.drift = queries.typed(database, Drift, QUERIES["drift"], newest)
    since = {**whose, "since": now - DEFAULT.incidents.drift}
    status.drift_counts = queries.typed(database, DriftCount, QUERIES["drift_counts"], since)
    status.jobs = service.jobs(database, accounts)
    status.budgets = service.budgets(database, config, now)
    status.instances = service.instances(database, now)
    status.outages = service.outages(database, accounts)
    return status


def incomplete(database: Connects, accounts: list[str]) -> list[Incomplete]:
    """All windows and listings that could not be proved complete."""
    return queries.typed(database, Incomplete, QUERIES["incomplete"], {"accounts": accounts})


@dataclass(frozen=True, slots=True)
class _Progress:
    account: str
    resource: str
    watermark: datetime | None
    vendor_count: int | None
    rows_held: int | None
    gaps: int | None
    complete_at: datetime | None
    passed_at: datetime | None
    awaited: int
    missing: int


@dataclass(frozen=True, slots=True)
class _Letters:
    account: str
    resource: str
    letters: int
    unreadable: int


def _resources(database: Connects, accounts: list[str], now: datetime) -> list[ResourceStatus]:
    every = RESOURCES.values()
    parameters = {
        "accounts": accounts,
        "resources": list(RESOURCES),
        "children": [resource.name for resource in every if resource.parent],
        "listed": [
            resource.name
            for resource in every
            if resource.mode is Mode.LISTING and not resource.parent
        ],
        "named": [resource.name for resource in every if resource.spans],
        "followed": [resource.name for resource in every if resource.followed],
    }
    known = {
        (one.account, one.resource): one
        for one in queries.typed(database, _Progress, QUERIES["progress"], parameters)
    }
    letters = {
        (one.account, one.resource): one
        for one in queries.typed(database, _Letters, QUERIES["dead_letter_counts"])
    }
    found = []
    for account in accounts:
        for resource in RESOURCES.values():
            one = _resource(resource, known[account, resource.name], now)
            if resource.parent is not None:
                _as_of_pass(
                    one, known[account, resource.name], known[account, resource.parent], now
                )
            if counted := letters.get((account, resource.name)):
                one.dead_letters, one.unreadable = counted.letters, counted.unreadable
            found.append(one)
    return found


def _resource(resource: Resource, known: _Progress, now: datetime) -> ResourceStatus:
    one = ResourceStatus(
        known.account,
        known.resource,
        resource.mode.value,
        watermark=known.watermark,
        rows=known.rows_held or 0,
        # A report counts the agents that were asked for.
        vendor_count=None if resource.mode is Mode.REPORT else known.vendor_count,
        gaps=known.gaps or 0,
        awaited=known.awaited,
        missing=known.missing,
    )
    if known.watermark is not None:
        one.minutes_behind = _minutes(now - known.watermark)
    if known.complete_at is not None:
        one.covered_to, one.minutes_behind = known.complete_at, _minutes(now - known.complete_at)
    return one


def _as_of_pass(one: ResourceStatus, known: _Progress, parent: _Progress, now: datetime) -> None:
    """Children are read where their parents have changed: they are as old as the last pass over all of them, and no
    newer than their parents."""
    if known.passed_at is not None and parent.complete_at is not None:
        one.covered_to = min(known.passed_at, parent.complete_at)
        one.minutes_behind = _minutes(now - one.covered_to)


def _minutes(span: timedelta) -> float:
    return round(span / _MINUTE, 1)

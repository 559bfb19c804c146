"""The completeness calendar: every day of every windowed resource, and one day in full."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from wpsync.db import queries
from wpsync.db.database import Connects
from wpsync.db.queries import statements
from wpsync.resources import RESOURCES
from wpsync.resources.spec import Mode
from wpsync.values import SHANGHAI

QUERIES = statements(__name__)

UNREAD = "unread"
TROUBLE = ("incomplete", "differing")

_FIRST, _LAST = date(1970, 1, 1), date(9998, 12, 31)

LATELY = 30
"""How many days are told in numbers: the last that are over. Today, which is not, is not among them."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day in Shanghai. `state`: complete, differing, incomplete, partial, or unread."""

    day: date
    state: str
    vendor_count: int | None = None
    rows_held: int | None = None
    last_checked_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of one resource, oldest first, none left out."""

    account: str
    resource: str
    days: list[Day]

    @property
    def lately(self) -> list[Day]:
        """The last days that are over."""
        return self.days[-LATELY - 1 : -1]

    @property
    def complete(self) -> int:
        """How many of these agree with the vendor."""
        return sum(day.state == "complete" for day in self.lately)

    @property
    def troubled(self) -> int:
        """How many days of all do not agree with the vendor."""
        return sum(day.state in TROUBLE for day in self.days)


@dataclass(frozen=True, slots=True)
class WindowDetail:
    """A window of the ledger, and the run that read it last where that is still known."""

    starts_at: datetime
    ends_at: datetime
    vendor_count: int | None
    rows_seen: int
    rows_held: int
    state: str
    reason: str | None
    attempts: int
    read_at: datetime
    checked_at: datetime
    retry_at: datetime | None
    run_id: int | None
    kind: str | None
    started_at: datetime | None
    outcome: str | None
    requests: int | None


@dataclass(frozen=True, slots=True)
class _Row:
    account: str
    resource: str
    day: date
    vendor_count: int | None
    rows_held: int
    state: str
    last_checked_at: datetime
    reason: str | None

    @property
    def shown(self) -> Day:
        return Day(
            self.day,
            self.state,
            self.vendor_count,
            self.rows_held,
            self.last_checked_at,
            self.reason,
        )


def read(database: Connects, now: datetime, accounts: list[str], *, weeks: int) -> list[Calendar]:
    """The last weeks up to today, beginning on a Monday."""
    today = now.astimezone(SHANGHAI).date()
    first = today - timedelta(days=today.weekday() + 7 * (weeks - 1))
    windowed = [one.name for one in RESOURCES.values() if one.mode is Mode.WINDOWED]
    since = datetime.combine(first, time.min, SHANGHAI)
    whose = {"accounts": accounts, "resources": windowed, "since": since}
    known = {
        (row.account, row.resource, row.day): row.shown
        for row in queries.typed(database, _Row, QUERIES["calendar"], whose)
    }
    every = [first + timedelta(days=number) for number in range((today - first).days + 1)]
    return [
        Calendar(
            account, name, [known.get((account, name, day)) or Day(day, UNREAD) for day in every]
        )
        for account in accounts
        for name in windowed
    ]


def holds(day: date) -> bool:
    """Return whether a day can have windows: no instant lies beyond the year 9999."""
    return _FIRST <= day <= _LAST


def day(database: Connects, account: str, resource: str, day: date) -> list[WindowDetail]:
    """The windows of the ledger that touch a day that the calendar `holds`."""
    start = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
    whose = {"account": account, "resource": resource}
    span = {"start": start, "end": start + timedelta(days=1)}
    return queries.typed(database, WindowDetail, QUERIES["day_windows"], {**whose, **span})

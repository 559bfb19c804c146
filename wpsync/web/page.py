"""What the page shows, worded and formatted in the reader's language; nothing is decided here."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from wpsync.service import calendar, health, overview, status
from wpsync.service.calendar import Calendar
from wpsync.service.overview import JobStatus
from wpsync.service.session import Session
from wpsync.service.status import ResourceStatus, Status
from wpsync.values import SHANGHAI
from wpsync.web.texts import say

WEEKS = 26
_TROUBLE = ("incomplete", "differing")


@dataclass(frozen=True, slots=True)
class Words:
    """Formatting in one language, at one moment."""

    language: str
    now: datetime

    def t(self, key: str, **values: object) -> str:
        """A text."""
        return say(key, self.language, **values)

    def resource(self, name: str) -> str:
        """A resource as people call it."""
        return self.t(f"resource.{name}")

    def month(self, day: date) -> str:
        """The month of a day, short."""
        return f"{day.month}月" if self.language == "zh" else f"{day:%b}"

    def number(self, value: int | None) -> str:
        """Digits in groups of three; a dash for nothing."""
        return "–" if value is None else f"{value:,}"

    def at(self, value: datetime | None) -> str:
        """An instant in Shanghai; the day is left out where it is today."""
        if value is None:
            return "–"
        local = value.astimezone(SHANGHAI)
        today = self.now.astimezone(SHANGHAI).date()
        if local.date() == today:
            return f"{local:%H:%M:%S}"
        return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"

    def span(self, value: timedelta) -> str:
        """A length of time, roughly."""
        seconds = max(0, round(value.total_seconds()))
        for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
            if seconds >= 2 * length or (unit != "days" and seconds >= length):
                return self.t(unit, n=round(seconds / length))
        return self.t("seconds", n=seconds)

    def seconds(self, value: float) -> str:
        """The same, of seconds."""
        return self.span(timedelta(seconds=value))

    def ago(self, value: datetime | None) -> str:
        """How long ago, or in how long."""
        if value is None:
            return self.t("never")
        if value > self.now:
            return self.t("in", span=self.span(value - self.now))
        return self.t("ago", span=self.span(self.now - value))


@dataclass(frozen=True, slots=True)
class Headline:
    """The answer to "is this all?", in one sentence. `tone`: good, open or bad."""

    tone: str
    text: str
    detail: str


@dataclass(frozen=True, slots=True)
class Row:
    """One resource of the table."""

    status: ResourceStatus
    job: JobStatus | None
    written: int
    late: bool


def context(session: Session, language: str) -> dict[str, Any]:
    """Everything that the page's template needs. Raises DatabaseUnavailableError."""
    database, config = session.database, session.config
    now, accounts = session.clock.now(), list(config.accounts)
    words = Words(language, now)
    found = status.read(database, now, accounts)
    days = calendar.read(database, now, accounts, weeks=WEEKS)
    late = health.behind(database, config, now)
    return {
        "w": words,
        "t": words.t,
        "now": now,
        "many": len(accounts) > 1,
        "status": found,
        "headline": headline(words, found, days, late),
        "calendars": [(one, months(one)) for one in days],
        "rows": _rows(session, found, late),
        "failing": [job for job in found.jobs if job.failures],
        "letters": status.newest_dead_letters(database, accounts),
        "limited": [budget for budget in found.budgets if budget.limit],
    }


def headline(
    words: Words, found: Status, days: list[Calendar], late: list[health.Behind]
) -> Headline:
    """Whether everything is there, and current."""
    read = [day for one in days for day in one.days if day.state != calendar.UNREAD]
    if not read:
        return Headline("open", words.t("empty"), words.t("empty.detail"))
    if late:
        names = ", ".join(dict.fromkeys(words.resource(one.resource) for one in late))
        return Headline("bad", words.t("behind"), words.t("behind.detail", names=names))
    troubled = sum(day.state in _TROUBLE for day in read)
    troubled += sum(1 for one in found.incomplete if one.ends_at is None)
    if troubled:
        return Headline("open", words.t("open"), words.t("open.detail", count=troubled))
    return Headline("good", words.t("good"), words.t("good.detail"))


def months(one: Calendar) -> list[tuple[int, date]]:
    """Where a month begins: the number of its first week, and its first day."""
    found = []
    for number, day in enumerate(one.days):
        if day.day.day == 1:
            found.append((number // 7, day.day))
    return found


def _rows(session: Session, found: Status, late: list[health.Behind]) -> list[Row]:
    jobs = {(job.account, job.job): job for job in found.jobs}
    today = overview.written_today(session.database, session.clock.now())
    behind = {(one.account, one.resource) for one in late}
    rows = []
    for one in found.resources:
        key = (one.account, one.resource)
        written = today.get(key)
        count = written.inserted + written.updated if written else 0
        rows.append(Row(one, jobs.get(key), count, key in behind))
    return rows

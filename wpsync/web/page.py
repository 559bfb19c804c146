"""What the page shows, worded and formatted in the reader's language; nothing is decided here."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from wpsync.service import picture
from wpsync.service.calendar import Calendar
from wpsync.service.picture import Picture
from wpsync.service.session import Session
from wpsync.values import SHANGHAI
from wpsync.web.texts import say

WEEKS = 26


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


def context(session: Session, language: str) -> dict[str, Any]:
    """Everything that the page's template needs. Raises DatabaseUnavailableError."""
    seen = picture.read(session, weeks=WEEKS)
    words = Words(language, seen.now)
    return {
        "w": words,
        "t": words.t,
        "now": seen.now,
        "many": len(seen.accounts) > 1,
        "status": seen.status,
        "headline": headline(words, seen),
        "calendars": [(one, months(one)) for one in seen.days],
        "rows": seen.lines,
        "failing": seen.failing,
        "letters": seen.letters,
        "limited": seen.limited,
    }


def headline(words: Words, seen: Picture) -> Headline:
    """Whether everything is there, and current."""
    late = dict.fromkeys(words.resource(one.resource) for one in seen.late)
    tone = {"empty": "open", "behind": "bad"}.get(seen.answer, seen.answer)
    detail = words.t(f"{seen.answer}.detail", names=", ".join(late), count=seen.troubled)
    return Headline(tone, words.t(seen.answer), detail)


def months(one: Calendar) -> list[tuple[int, date]]:
    """Where a month begins: the number of its first week, and its first day."""
    found = []
    for number, day in enumerate(one.days):
        if day.day.day == 1:
            found.append((number // 7, day.day))
    return found

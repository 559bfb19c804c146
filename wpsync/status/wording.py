"""The wording that the status page and the terminal share, in the reader's language. It holds no HTML."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from wpsync import messages
from wpsync.errors import Message
from wpsync.language import Language, Text
from wpsync.messages import terms
from wpsync.status import causes, texts
from wpsync.status.backfills import BackfillStatus
from wpsync.status.snapshot import Snapshot
from wpsync.values import SHANGHAI

_MONTH = Text("{day:%b}", "{day.month}月")


@dataclass(frozen=True, slots=True)
class Words:
    """Formatting in one language, at one moment."""

    language: Language
    now: datetime

    def t(self, key: str, **values: object) -> str:
        """Return a text of the page."""
        return texts.say(key, self.language, **values)

    def message(self, message: Message) -> str:
        """Return the text of a message, without its remedy."""
        return messages.shown(message, self.language)[0]

    def remedy(self, message: Message) -> str | None:
        """Return the next step for a person, where the message or one nested in it knows any."""
        return messages.shown(message, self.language)[1]

    def advised(self, message: Message) -> str:
        """Return the text of a message and, behind an arrow, its remedy."""
        text, remedy = messages.shown(message, self.language)
        return text if remedy is None else f"{text} → {remedy}"

    def resource(self, name: str) -> str:
        """Return the name of a resource."""
        return terms.resource(name).to(self.language)

    def reason(self, code: str) -> str:
        """Return why a window is incomplete, or a row was not accepted."""
        return terms.reason(code).to(self.language)

    def job(self, name: str) -> str:
        """Return the name of a job of the service."""
        return terms.job(name).to(self.language)

    def run(self, kind: str) -> str:
        """Return the purpose of a run."""
        return terms.run(kind).to(self.language)

    def listed(self, words: Iterable[str]) -> str:
        """Return several texts in a row."""
        return ("、" if self.language is Language.ZH else ", ").join(words)

    def sentences(self, words: Iterable[str]) -> str:
        """Return sentences one after the other."""
        return ("" if self.language is Language.ZH else " ").join(words)

    def month(self, day: date) -> str:
        """The month of a day, short."""
        return _MONTH.to(self.language).format(day=day)

    def number(self, value: int | None) -> str:
        """Digits in groups of three; a dash for nothing."""
        return "–" if value is None else f"{value:,}"

    def progress(self, one: BackfillStatus) -> str:
        """Rows that a backfill has read, of those it expects where that is known."""
        expected = f" / {one.expected_rows:,}" if one.expected_rows else ""
        return f"{one.rows_read:,}{expected}"

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


_TONES = {"good": "good", "behind": "bad"}
"""Of the answers; all others are open."""


def headline(words: Words, seen: Snapshot) -> Headline:
    """Return whether everything is there and current, with outages, backfills and dead letters."""
    answer = seen.answer
    if seen.status.commits_hang or not seen.status.is_current:
        as_of = words.t("away.as_of", at=words.at(seen.now), said=words.t(answer))
        return Headline("bad", words.t("away" if not seen.status.is_current else "hangs"), as_of)
    if answer == "behind":
        said, outages = words.sentences(_causes(words, seen)), []
    else:
        said = words.t(
            f"{answer}.detail", count=seen.troubled, gaps=seen.gaps, named=words.number(seen.named)
        )
        outages = list(_outages(words, seen))
    also = [
        *outages,
        *_backfills(words, seen),
        *_letters(words, seen),
        *_missing(words, seen),
    ]
    first = answer in ("filling", "halted")
    detail = words.sentences([*also, said] if first else [said, *also])
    return Headline(_TONES.get(answer, "open"), words.t(answer), detail)


def _causes(words: Words, seen: Snapshot) -> Iterator[str]:
    """Yield each cause with the resources that are behind for it, and its remedy."""
    for one in seen.causes:
        names = words.listed(words.resource(name) for name in one.resources)
        whose = f"{one.account} {names}" if len(seen.accounts) > 1 else names
        yield words.t("behind.detail", names=whose, why=words.advised(one.message))


def _outages(words: Words, seen: Snapshot) -> Iterator[str]:
    """The vendors that do not answer."""
    for one in seen.status.outages:
        said = words.advised(causes.silent(one, served=bool(seen.status.instances)))
        whose = f"{one.account}: " if len(seen.accounts) > 1 else ""
        yield words.t("also.away", said=f"{whose}{said[0].upper()}{said[1:]}")


def _backfills(words: Words, seen: Snapshot) -> Iterator[str]:
    """Yield the backfills that run, else those that stopped."""
    if seen.reading:
        yield words.t("also.running", where=words.listed(_reached(words, seen.reading)))
        return
    for outcome in ("failed", "interrupted"):
        found = [one for one in seen.halted if one.outcome == outcome]
        if found:
            where = words.listed(_reached(words, found))
            yield words.t(f"also.{outcome}", where=where, command=_command(found))


def _command(halted: Iterable[BackfillStatus]) -> str:
    """The command that goes on: it finds what lacks by itself. Of listings no beginning is known."""
    dated = [one.starts_at for one in halted if one.has_days]
    since = f"--from {min(dated).astimezone(SHANGHAI).date()}" if dated else "…"
    return f"wpsync backfill {since}"


def _reached(words: Words, found: Iterable[BackfillStatus]) -> Iterator[str]:
    for one in found:
        rows = words.t("backfill.rows", rows=words.progress(one))
        share = "" if one.share is None else f" ({one.share:.0%})"
        yield f"{words.resource(one.resource)} {rows}{share}"


def _letters(words: Words, seen: Snapshot) -> Iterator[str]:
    for name in ("unreadable", "refused"):
        count = getattr(seen, name)
        if count:
            yield words.t(f"also.{name}{'.one' if count == 1 else ''}", count=words.number(count))


def _missing(words: Words, seen: Snapshot) -> Iterator[str]:
    """The tables that could not be read, and of when their numbers are."""
    for one in seen.status.missing:
        name = f"wp.{one.table}"
        if one.known_at is None:
            yield words.t("also.missing.unknown", tables=name)
        else:
            yield words.t("also.missing", tables=name, at=words.at(one.known_at))

"""The wording that the status page and the terminal share, in the reader's language. It holds no HTML."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from wpsync.language import Language
from wpsync.messages import terms
from wpsync.status import causes
from wpsync.status import failures as failure_texts
from wpsync.status.backfills import BackfillStatus
from wpsync.status.snapshot import Snapshot
from wpsync.status.texts import LANGUAGES, Pair, say
from wpsync.values import SHANGHAI


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
        return terms.resource(name).to(Language(self.language))

    def reason(self, code: str) -> str:
        """Why something is incomplete or could not be taken."""
        return terms.reason(code).to(Language(self.language))

    def detail(self, text: str) -> str:
        """What a dead letter says of itself."""
        return self.of(failure_texts.detail(text))

    def job(self, name: str) -> str:
        """A job of the service."""
        return terms.job(name).to(Language(self.language))

    def run(self, kind: str) -> str:
        """What a run was for."""
        return terms.run(kind).to(Language(self.language))

    def of(self, pair: Pair) -> str:
        """One of a pair."""
        return pair[LANGUAGES.index(self.language)]

    def listed(self, texts: Iterable[str]) -> str:
        """Some in a row."""
        return ("、" if self.language == "zh" else ", ").join(texts)

    def sentences(self, texts: Iterable[str]) -> str:
        """One after the other."""
        return ("" if self.language == "zh" else " ").join(texts)

    def month(self, day: date) -> str:
        """The month of a day, short."""
        return f"{day.month}月" if self.language == "zh" else f"{day:%b}"

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
    """Whether everything is there, and current; and what there is to know besides."""
    answer = seen.answer
    if not seen.status.is_current:
        as_of = words.t("away.as_of", at=words.at(seen.now), said=words.t(answer))
        return Headline("bad", words.t("away"), as_of)
    if answer == "behind":
        said, outages = words.sentences(_causes(words, seen)), []
    else:
        said = words.t(f"{answer}.detail", count=seen.troubled, gaps=seen.gaps)
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
    """What is behind, why, and what happens next."""
    for one in seen.causes:
        names = words.listed(words.resource(name) for name in one.resources)
        whose = f"{one.account} {names}" if len(seen.accounts) > 1 else names
        yield words.t("behind.detail", names=whose, why=words.of(one.said))


def _outages(words: Words, seen: Snapshot) -> Iterator[str]:
    """The vendors that do not answer."""
    for one in seen.status.outages:
        said = words.of(causes.silent(one, seen.now, served=bool(seen.status.instances)))
        whose = f"{one.account}: " if len(seen.accounts) > 1 else ""
        yield words.t("also.away", said=f"{whose}{said[0].upper()}{said[1:]}")


def _backfills(words: Words, seen: Snapshot) -> Iterator[str]:
    """What is being read of history, and what was left."""
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

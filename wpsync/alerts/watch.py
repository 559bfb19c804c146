"""Alerts: one message when an incident begins, one when it is over, and none twice.

Incidents are kept in the database, under a lock, so that a restart or a second instance says nothing
again. A message is noted in the transaction after it was sent: only a process that dies in between can
send one twice. A condition must hold before it is an incident, and be gone for three looks before it
is over. In quiet hours only what is critical is said; the rest when they end, if it is still there.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial

from wpsync.alerts.conditions import CRITICAL, Condition, Counted, Observed, conditions
from wpsync.config import AlertsConfig, Config
from wpsync.db import queries
from wpsync.db.database import Connection, Connects, Database
from wpsync.db.queries import statements
from wpsync.errors import UnwritableError, WpsyncError
from wpsync.resources import RESOURCES
from wpsync.state import incidents
from wpsync.state.incidents import Incident
from wpsync.status import failures as failure_texts
from wpsync.status import freshness
from wpsync.status.known import Memory, Tolerant
from wpsync.values import SHANGHAI

QUERIES = statements(__name__)

log = logging.getLogger(__name__)

_GONE = 3
_AWAY = timedelta(minutes=2)
_AWAY_STANDBY = timedelta(minutes=5)
_KEPT = 20
_COUNTED = tuple(name for name in RESOURCES if f"silent_{name}" in QUERIES)
_MOST_COUNTED = 1_000
"""Counting stops here: enough to tell how many rows are usual."""
_STORED = ("kind", "account", "resource", "severity", "zh", "en")

Send = Callable[[str, str], list[str]]
"""Sends a title and a text; the names of the targets that did not take it."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent."""

    title: str
    text: str


class Watch:
    """Looks at the state and sends what is new. One thread at a time."""

    def __init__(self, config: Config, send: Callable[[Message], list[str]]) -> None:
        self._config = config
        self._settings = config.alerts
        self._send = send
        self._memory: Memory = {}
        self._away_since: datetime | None = None
        self._away_told = False

    def tick(self, database: Database, now: datetime) -> list[str]:
        """Look once; returns the targets that did not take a message. Raises DatabaseUnavailableError."""
        seen = observe(database, self._config, now, self._memory)
        found = conditions(seen, self._settings)
        with incidents.taken(database) as connection:
            self._compare(connection, found, now)
            return self._tell(connection, now)

    def away(
        self,
        now: datetime,
        host: str,
        *,
        another_led: bool = False,
        error: WpsyncError | None = None,
    ) -> None:
        """The database does not answer, or takes no writes. Said once, by this process itself, after two minutes.

        Where another instance led when it was last seen, that one says so, and this one only if it
        still does not answer after five: the leader may have gone with it.
        """
        self._away_since = self._away_since or now
        if not self._away_told and now - self._away_since >= (
            _AWAY_STANDBY if another_led else _AWAY
        ):
            self._away_told = True
            minutes = round((now - self._away_since) / timedelta(minutes=1))
            title, text = _no_writes(host, minutes, error)
            self._say([title], [text])

    def back(self) -> None:
        """The database answers again."""
        if self._away_told:
            both = ("数据库已恢复", "The database is back")
            self._say([both], [("同步已继续。", "The sync goes on.")])
        self._away_since, self._away_told = None, False

    def _compare(self, connection: Connection, found: Sequence[Condition], now: datetime) -> None:
        """Bring the incidents up to what is there now."""
        present = {condition.key: condition for condition in found}
        passing: list[Incident] = []
        for incident in incidents.unfinished(connection):
            if incident.closed_at is not None:
                continue
            condition = present.pop(incident.key, None)
            if condition is not None:
                incident.zh, incident.en = condition.zh, condition.en
                incident.severity, incident.last_seen_at = condition.severity, now
                incident.absent = 0
                if incident.opened_at is None and now - incident.first_seen_at >= condition.hold:
                    incident.opened_at = now
                    log.warning("incident.began", extra=_fields(incident))
            elif incident.opened_at is None:
                passing.append(incident)
                continue
            else:
                incident.absent += 1
                if incident.absent >= _GONE:
                    incident.closed_at = now
                    log.info("incident.ended", extra=_fields(incident))
            incidents.keep(connection, incident)
        incidents.forget(connection, passing)
        for condition in present.values():
            shown = {name: getattr(condition, name) for name in _STORED}
            incidents.begin(connection, {**shown, "at": now})

    def _tell(self, connection: Connection, now: datetime) -> list[str]:
        """Send what nobody was told yet, all in one message, and note it."""
        quiet = is_quiet(self._settings.quiet_hours, now)
        known = incidents.unfinished(connection)
        for incident in known:
            unheard = incident.told_at is None or not self._settings.targets
            if incident.closed_at is not None and unheard:
                incident.closing_told_at = now  # nobody heard of its beginning
                incidents.keep(connection, incident)
        due = [one for one in known if not quiet or one.severity == CRITICAL]
        begun = [one for one in due if one.opened_at and not one.closed_at and not one.told_at]
        over = [one for one in due if one.closed_at and not one.closing_told_at]
        if not (begun or over) or not self._settings.targets:
            return []
        failed = self._say(_title(len(begun), len(over)), [*map(_begun, begun), *map(_over, over)])
        if len(failed) == len(self._settings.targets):
            return failed
        for incident in begun:
            incident.told_at = now
        for incident in over:
            incident.closing_told_at = now
        for incident in [*begun, *over]:
            incidents.keep(connection, incident)
        return failed

    def _say(self, title: list[tuple[str, str]], lines: list[tuple[str, str]]) -> list[str]:
        return self._send(worded(self._settings, title, lines))


class Sending:
    """Sends to every target; what one did not take is tried again before the next message, in order."""

    def __init__(self, names: Sequence[str], deliver: Callable[[str, Message], bool]) -> None:
        self._waiting: dict[str, deque[Message]] = {name: deque(maxlen=_KEPT) for name in names}
        self._deliver = deliver

    def __call__(self, message: Message) -> list[str]:
        """The names of the targets that did not take everything."""
        for waiting in self._waiting.values():
            waiting.append(message)
        failed = self.retry()
        if len(failed) == len(self._waiting):
            for waiting in self._waiting.values():
                waiting.pop()  # nobody took it: it counts as unsent and comes again
        return failed

    def retry(self) -> list[str]:
        """Try again what is waiting."""
        failed = []
        for name, waiting in self._waiting.items():
            while waiting and self._deliver(name, waiting[0]):
                waiting.popleft()
            if waiting:
                failed.append(name)
                log.warning("alert.refused", extra={"target": name})
        return failed


@dataclass(frozen=True, slots=True)
class _Week:
    account: str
    back: int
    rows: int


def observe(
    database: Database, config: Config, now: datetime, memory: Memory | None = None
) -> Observed:
    """Read everything that conditions look at. `memory` holds earlier counts, for tables that are locked now."""
    reader = database.monitoring
    status = freshness.read(reader, config, now)
    tolerant = Tolerant(now, {} if memory is None else memory)
    counted: list[Counted] = []
    is_holiday = now.astimezone(SHANGHAI).date() in config.bi.holidays
    if not is_holiday:  # on a holiday silence is no news
        for resource in _COUNTED:
            ask = partial(_silent, reader, config, now, resource)
            counted += tolerant.read(resource, "silent", ask, [])
    return Observed(status, counted, timedelta(seconds=config.sync.settle_seconds))


def _silent(reader: Connects, config: Config, now: datetime, resource: str) -> list[Counted]:
    """Count the rows of the accounts that have none today."""
    whose = {"accounts": list(config.accounts), "now": now, "most": _MOST_COUNTED}
    found = queries.typed(reader, _Week, QUERIES[f"silent_{resource}"], whose)
    by_account: dict[str, list[int]] = {}
    for one in sorted(found, key=lambda week: week.back):
        by_account.setdefault(one.account, []).append(one.rows)
    return [Counted(account, resource, 0, tuple(rows)) for account, rows in by_account.items()]


def worded(
    settings: AlertsConfig, title: list[tuple[str, str]], lines: list[tuple[str, str]]
) -> Message:
    """A message in the configured language, or in both: Chinese above, English below."""
    parts = {"zh": (0,), "en": (1,), "both": (0, 1)}[settings.language]
    titles = " / ".join("，".join(t[part] for t in title) for part in parts)
    blocks = ["\n".join(f"• {line[part]}" for line in lines) for part in parts]
    if settings.page_url:
        blocks.append(settings.page_url)
    return Message(f"[wpsync] {titles}", "\n\n".join(blocks))


def _no_writes(
    host: str, minutes: int, error: WpsyncError | None
) -> tuple[tuple[str, str], tuple[str, str]]:
    """What is said where incidents cannot be kept, which is what is wrong."""
    if isinstance(error, UnwritableError):
        zh, en = failure_texts.error(str(error))
        return ("数据库无法写入", "The database takes no writes"), (
            f"主机 {host} 已有 {minutes} 分钟无法写入数据库：{zh}。处理后同步自动继续，已写入的数据不受影响。",
            f"{host} has not been able to write for {minutes} minutes: {en}. Once that is mended the sync goes on by"
            " itself; what was written stays.",
        )
    return ("数据库没有响应", "The database does not answer"), (
        f"主机 {host} 已有 {minutes} 分钟连接不上数据库。服务会一直等待，恢复后自动继续。",
        f"It has not answered {host} for {minutes} minutes. The service waits, and goes on by itself.",
    )


def _title(begun: int, over: int) -> list[tuple[str, str]]:
    found = []
    if begun:
        found.append((f"{begun} 个新问题", f"{begun} new incident{'s' if begun > 1 else ''}"))
    if over:
        found.append((f"{over} 个问题已恢复", f"{over} over"))
    return found


def _begun(incident: Incident) -> tuple[str, str]:
    where = f"[{incident.account}] " if incident.account else ""
    return where + incident.zh, where + incident.en


def _over(incident: Incident) -> tuple[str, str]:
    assert incident.closed_at is not None
    assert incident.opened_at is not None
    minutes = max(1, round((incident.closed_at - incident.opened_at) / timedelta(minutes=1)))
    zh, en = _begun(incident)
    return f"已恢复（持续 {minutes} 分钟）：{zh}", f"Over after {minutes} minutes: {en}"


def _fields(incident: Incident) -> dict[str, str]:
    return {"kind": incident.kind, "account": incident.account, "resource": incident.resource}


def is_quiet(hours: tuple[time, time] | None, now: datetime) -> bool:
    """Whether an instant lies in the quiet hours of Shanghai; they may go past midnight."""
    if hours is None:
        return False
    begin, end = hours
    local = now.astimezone(SHANGHAI).time()
    return begin <= local < end if begin <= end else local >= begin or local < end

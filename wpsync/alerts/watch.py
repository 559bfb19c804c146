"""Alerts: one message when an incident begins, one when it is over, and none twice.

Incidents are kept in the database, under a lock, so that a restart or a second instance sends nothing
again. A message is noted in the transaction after it was sent: only a process that dies in between can
send one twice. A condition must hold before it is an incident, and be gone for three looks before it
is over. In quiet hours only critical incidents are sent; the others when the hours end, if they are still there.
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial
from threading import Lock

from wpsync.alerts import notices
from wpsync.alerts.conditions import CRITICAL, Condition, Counted, Observed, conditions
from wpsync.alerts.notices import Notice
from wpsync.config import Config
from wpsync.db import queries
from wpsync.db.database import Connection, Connects, Database
from wpsync.db.queries import statements
from wpsync.errors import Message, UnwritableError, WpsyncError
from wpsync.policy import DEFAULT, Incidents
from wpsync.resources import RESOURCES
from wpsync.state import incidents
from wpsync.state.incidents import Incident
from wpsync.status import freshness
from wpsync.status.known import Memory, Tolerant
from wpsync.values import SHANGHAI

QUERIES = statements(__name__)

log = logging.getLogger(__name__)

_COUNTED = tuple(name for name in RESOURCES if f"silent_{name}" in QUERIES)
_MOST_COUNTED = 100
"""Counting stops here: it is enough to see that rows are usual, and costs the same however many there are."""


class Watch:
    """Looks at the state and sends new incidents. One thread looks at a time; any may say that the database is away."""

    def __init__(
        self,
        config: Config,
        send: Callable[[Notice], list[str]],
        rules: Incidents = DEFAULT.incidents,
    ) -> None:
        self._config = config
        self._settings = config.alerts
        self._send = send
        self._rules = rules
        self._memory: Memory = {}
        self._away_since: datetime | None = None
        self._away_told = False
        self._telling = Lock()

    def tick(
        self,
        database: Database,
        now: datetime,
        clocks: Mapping[str, timedelta | None] | None = None,
    ) -> list[str]:
        """Look once; returns the targets that did not take a message. Raises DatabaseUnavailableError.

        `clocks`: by how much our clock is ahead of each vendor's; None where it answers and tells no time.
        """
        seen = observe(database, self._config, now, self._memory)
        seen = replace(seen, clocks=clocks or {})
        found = conditions(seen, self._settings, self._rules)
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
        with self._telling:
            self._away_since = self._away_since or now
            after = self._rules.away_standby if another_led else self._rules.away
            if not self._away_told and now - self._away_since >= after:
                self._away_told = True
                minutes = round((now - self._away_since) / timedelta(minutes=1))
                self._send(notices.of_database(self._config, _no_writes(host, minutes, error)))

    def back(self) -> None:
        """The database answers again."""
        with self._telling:
            if self._away_told:
                self._send(notices.of_database(self._config, Message("condition.database_back")))
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
                incident.message, incident.severity = condition.message, condition.severity
                incident.last_seen_at = now
                incident.absent = 0
                if incident.opened_at is None and now - incident.first_seen_at >= condition.hold:
                    incident.opened_at = now
                    log.warning("incident.began", extra=_fields(incident))
            elif incident.opened_at is None:
                passing.append(incident)
                continue
            else:
                incident.absent += 1
                if incident.absent >= self._rules.gone:
                    incident.closed_at = now
                    log.info("incident.ended", extra=_fields(incident))
            incidents.keep(connection, incident)
        incidents.forget(connection, passing)
        for condition in present.values():
            incidents.begin(connection, condition.key, condition.severity, condition.message, now)

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
        failed = self._send(notices.of_incidents(self._config, begun, over))
        if len(failed) == len(self._settings.targets):
            return failed
        for incident in begun:
            incident.told_at = now
        for incident in over:
            incident.closing_told_at = now
        for incident in [*begun, *over]:
            incidents.keep(connection, incident)
        return failed


class Sending:
    """Sends to every target; what one did not take is tried again before the next message, in order."""

    def __init__(
        self,
        names: Sequence[str],
        deliver: Callable[[str, Notice], bool],
        waiting: int = DEFAULT.incidents.waiting,
    ) -> None:
        self._waiting: dict[str, deque[Notice]] = {name: deque(maxlen=waiting) for name in names}
        self._deliver = deliver

    def __call__(self, message: Notice) -> list[str]:
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


def _no_writes(host: str, minutes: int, error: WpsyncError | None) -> Message:
    """Return the message for a database in which no incident can be kept."""
    params = {"host": host, "minutes": minutes}
    if error is not None and error.message.code == "database.commits_hang":
        return Message("condition.database_hangs", params)
    if isinstance(error, UnwritableError):
        return Message("condition.database_unwritable", {**params, "error": error.message})
    return Message("condition.database_away", params)


def _fields(incident: Incident) -> dict[str, str]:
    return {"kind": incident.kind, "account": incident.account, "resource": incident.resource}


def is_quiet(hours: tuple[time, time] | None, now: datetime) -> bool:
    """Whether an instant lies in the quiet hours of Shanghai; they may go past midnight."""
    if hours is None:
        return False
    begin, end = hours
    local = now.astimezone(SHANGHAI).time()
    return begin <= local < end if begin <= end else local >= begin or local < end

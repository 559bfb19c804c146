"""The state as a process knows it: one cache for the page, the probes and the scrapes.

Every question is answered within two seconds: with the present answer, or the last known one.
"""

from dataclasses import replace
from datetime import datetime

from wpsync.status import freshness, service, snapshot
from wpsync.status.freshness import Behind
from wpsync.status.known import Answer, Known, Memory, Tolerant
from wpsync.status.resources import Status
from wpsync.status.service import Activity
from wpsync.status.snapshot import Snapshot
from wpsync.sync.session import Session

_BEHIND, _STATE, _SNAPSHOT, _ACTIVITY = 1.0, 2.0, 10.0, 30.0
"""Seconds for which each answer is given again."""


class Monitor:
    """Answers from a session's database. Thread-safe. `keeps` False: everything is asked for anew."""

    def __init__(self, session: Session, *, keeps: bool = True) -> None:
        self._session = session
        self._memory: Memory = {}
        now = session.clock.now
        self._behind = Known(self._read_behind, now, fresh=keeps * _BEHIND)
        self._state = Known(self._read_state, now, fresh=keeps * _STATE)
        self._snapshot = Known(self._read_snapshot, now, fresh=keeps * _SNAPSHOT)
        self._activity = Known(self._read_activity, now, fresh=keeps * _ACTIVITY)

    def behind(self) -> Answer[list[Behind]]:
        """Return the resources that have fallen behind. All of these raise DatabaseUnavailableError before a first answer."""
        return self._behind.get()

    def state(self) -> Status:
        """Return the state for a scrape."""
        found = self._state.get()
        return self._as_it_is(found.value, is_current=found.is_current)

    def snapshot(self) -> Snapshot:
        """Return the state for the page."""
        found = self._snapshot.get()
        shown = found.value
        return replace(shown, status=self._as_it_is(shown.status, is_current=found.is_current))

    def _as_it_is(self, status: Status, *, is_current: bool) -> Status:
        hang = self._session.database.commits.hang
        return replace(status, is_current=is_current, commits_hang=hang)

    def activity(self) -> Answer[Activity]:
        """Return the activity of the last hours."""
        return self._activity.get()

    def now(self) -> datetime:
        """Return the present, by the clock of the session."""
        return self._session.clock.now()

    def _read_behind(self) -> list[Behind]:
        session = self._session
        return freshness.behind(session.database.monitoring, session.config, self.now())

    def _read_state(self) -> Status:
        reader = self._session.database.monitoring
        found = freshness.read(reader, self._session.config, self.now())
        snapshot.add_marked(reader, found, self._memory)
        return found

    def _read_snapshot(self) -> Snapshot:
        return snapshot.read(self._session, self._memory)

    def _read_activity(self) -> Activity:
        now = self.now()
        tolerant = Tolerant(now, self._memory)
        return service.activity(self._session.database.monitoring, now, tolerant)

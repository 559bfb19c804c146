"""Leases: who may write under a name, such as `leader` or a resource of an account. One process, and in it one thread.

A lease is a row of `wpsync.leases` with its holder and an epoch that grows with every lease given; without a row the
name is free. It is good as long as its holder's row in `wpsync.instances` is there (`db.heartbeat`). That row is
taken away by the process that wants the lease and finds the holder

- gone: the backend of its heartbeat is no longer there, as after a kill; at once;
- silent: its heartbeat did not come for a while, as where it was stopped, its machine frozen, or behind a pooler.

Then the holder's sessions are ended, for it may have stopped inside a transaction and hold locks, and only then the
lease changes hands, by its epoch: of several who want it one gets it.

A transaction that writes under leases locks their rows (`check`), so that they cannot change hands before it
commits. A holder that was stopped and goes on finds its sessions ended, its leases lost, and writes nothing.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Condition, Thread, local
from time import monotonic

import psycopg
from psycopg import errors
from psycopg.rows import class_row

from wpsync.db.connecting import Connection
from wpsync.db.heartbeat import BROKEN, Heartbeat, sessions_of
from wpsync.db.queries import statements
from wpsync.errors import LeaseLostError
from wpsync.policy import DEFAULT, LeaseRules

log = logging.getLogger(__name__)

QUERIES = statements(__name__)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write under a name, while it is not taken over."""

    scope: str
    holder: str
    epoch: int


@dataclass(frozen=True, slots=True)
class _Holding:
    """A lease as another process sees it. `seen_at` is None where its holder has no row any more."""

    holder: str
    epoch: int
    seen_at: datetime | None
    silent_for: float | None
    is_connected: bool


@dataclass(frozen=True, slots=True)
class _Silence:
    """Since when, by our own clock, a holder shows the same sign of life."""

    seen_at: datetime
    since: float


class Leases:
    """The leases of one process. Threads may share it; the driver's errors are its own.

    `connect` opens a connection for statements about leases.
    """

    def __init__(
        self, connect: Callable[[], Connection], rules: LeaseRules = DEFAULT.leases
    ) -> None:
        self.heartbeat = Heartbeat(connect, rules)
        self.heartbeat.on_beat = self._give_back_owed
        self._connect = connect
        self._rules = rules
        self._connection: Connection | None = None
        self._held: dict[str, Lease] = {}
        self._owed: list[Lease] = []
        self._debtor: Thread | None = None
        self._silences: dict[str, _Silence] = {}
        self._free = Condition()
        self._thread = local()
        self._process: tuple[Lease, ...] = ()

    def take(self, scope: str, *, wait: bool) -> Lease | None:
        """Return the lease, or None where another has it; waits for it where that is wanted."""
        with self._free:
            while True:
                self.refuse_lost()
                if scope not in self._held and (lease := self._taken(scope)):
                    self._held[scope] = lease
                    return lease
                if not wait:
                    return None
                self._free.wait(self._rules.again)

    def let_go(self, lease: Lease) -> None:
        """Give a lease back; where the database does not answer now, as soon as it does."""
        with self._free:
            self._held.pop(lease.scope, None)
            self._owed.append(lease)
            if self._connection is not None and not self._connection.closed:
                with suppress(psycopg.Error):
                    self._give_back()
            self._free.notify_all()

    def close(self) -> None:
        """Let go of everything."""
        self.heartbeat.close()
        with self._free:
            if self._connection is not None:
                with suppress(*BROKEN):
                    self._connection.close()

    @contextmanager
    def under(self, lease: Lease, *, all_threads: bool) -> Iterator[None]:
        """Have this thread, or all threads, write under a lease while this is entered."""
        if all_threads:
            before, self._process = self._process, (*self._process, lease)
            try:
                yield
            finally:
                self._process = before
            return
        own = self._own()
        own.append(lease)
        try:
            yield
        finally:
            own.remove(lease)

    def holds(self, lease: Lease) -> bool:
        """Whether nothing is known of the lease being lost."""
        return lease.holder == self.heartbeat.instance.id

    def refuse_lost(self) -> None:
        """Raise LeaseLostError where this thread works under a lease that was lost."""
        for lease in (*self._process, *self._own()):
            if not self.holds(lease):
                raise LeaseLostError("database.lease_lost", scope=lease.scope)

    def check(self, connection: Connection, *, only: Sequence[Lease] | None = None) -> None:
        """Lock the leases under which this thread works until the transaction ends. Raises LeaseLostError.

        With `only` those are locked instead.
        """
        leases = (*self._process, *self._own()) if only is None else only
        if not leases:
            return
        fields = {
            "scopes": [lease.scope for lease in leases],
            "holders": [lease.holder for lease in leases],
            "epochs": [lease.epoch for lease in leases],
        }
        found = {scope for (scope,) in connection.execute(QUERIES["hold"], fields).fetchall()}
        for lease in leases:
            if lease.scope not in found:
                raise LeaseLostError("database.lease_lost", scope=lease.scope)

    def _own(self) -> list[Lease]:
        if not hasattr(self._thread, "leases"):
            self._thread.leases = []
        own: list[Lease] = self._thread.leases
        return own

    def _taken(self, scope: str) -> Lease | None:
        try:
            return self._asked(scope)
        except BROKEN:  # the server may only have been restarted
            return self._asked(scope)

    def _asked(self, scope: str) -> Lease | None:
        connection = self._connected()
        holder, asked = self.heartbeat.instance.id, monotonic()
        fields: dict[str, object] = {"scope": scope, "holder": holder}
        with connection.cursor(row_factory=class_row(_Holding)) as cursor:
            found = cursor.execute(QUERIES["holding"], {"scope": scope}).fetchone()
        if found is None:
            epoch = connection.execute(QUERIES["take_free"], fields).fetchone()
        elif found.holder == holder or self._is_ended(connection, scope, found, asked):
            fields |= {"before": found.holder, "epoch": found.epoch}
            try:
                epoch = connection.execute(QUERIES["take_over"], fields).fetchone()
            except errors.QueryCanceled:  # a session of the holder is still at its end
                return None
        else:
            return None
        return None if epoch is None else Lease(scope, holder, int(str(epoch[0])))

    def _is_ended(self, connection: Connection, scope: str, found: _Holding, asked: float) -> bool:
        """Whether the holder has ended; end it where it is gone or silent."""
        gone = found.seen_at is not None and not found.is_connected
        if found.seen_at is not None:
            if not (gone or self._is_silent(found, asked)):
                return False
            fields = {"holder": found.holder, "seen_at": found.seen_at}
            if connection.execute(QUERIES["end_instance"], fields).rowcount == 0:
                return False  # it gave a sign of life meanwhile, or another was quicker
        self._silences.pop(found.holder, None)
        why = "gone" if gone else "silent" if found.seen_at is not None else "ended"
        log.info("lease.taken_over", extra={"scope": scope, "holder": found.holder, "why": why})
        return self._end_sessions(connection, found.holder)

    def _is_silent(self, found: _Holding, asked: float) -> bool:
        """Whether a holder is silent: by the server's clock, and by ours as long as we have looked at it.

        Ours alone tells it too, where we have looked for long enough: the server's may have been set back.
        """
        assert found.seen_at is not None
        known = self._silences.get(found.holder)
        if known is None or known.seen_at != found.seen_at:
            self._silences[found.holder] = _Silence(found.seen_at, asked)
            return False
        watched, told = asked - known.since, found.silent_for or 0.0
        if watched >= self._rules.silent:
            return True
        return told >= self._rules.silent and watched >= self._rules.watched

    def _end_sessions(self, connection: Connection, holder: str) -> bool:
        """End all sessions of an instance; return whether none is left."""
        name, until = {"name": sessions_of(holder)}, monotonic() + self._rules.statement
        try:
            connection.execute(QUERIES["end_sessions"], name)
        except (
            errors.InsufficientPrivilege
        ):  # of another role: its leases still do not let it write
            log.warning("lease.sessions_left", extra={"holder": holder})
            return True
        while connection.execute(QUERIES["sessions"], name).fetchone():
            if monotonic() > until:
                return False
            self._free.wait(self._rules.again)
        return True

    def _connected(self) -> Connection:
        """Return the connection of this instance, with a heartbeat that lives."""
        self.heartbeat.begin()
        connection = self._connection
        if connection is None or connection.closed or not self.heartbeat.is_ours(connection):
            self.heartbeat.beat()
            if connection is not None:
                with suppress(*BROKEN):
                    connection.close()
            self._connection = connection = self._connect()
            self.heartbeat.admit(connection)
        return connection

    def _give_back_owed(self) -> None:
        """Give back the leases that could not be, in another thread: no sign of life waits for a lease."""
        if self._owed and not (self._debtor and self._debtor.is_alive()):
            self._debtor = Thread(target=self._settle, name="leases", daemon=True)
            self._debtor.start()

    def _settle(self) -> None:
        with self._free, suppress(psycopg.Error):
            self._connected()
            self._give_back()
            self._free.notify_all()

    def _give_back(self) -> None:
        assert self._connection is not None
        while self._owed:
            lease = self._owed[0]
            fields = {"scope": lease.scope, "holder": lease.holder, "epoch": lease.epoch}
            self._connection.execute(QUERIES["let_go"], fields)
            self._owed.pop(0)

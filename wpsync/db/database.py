"""Connections to Postgres: a pool, transactions, leases, and the driver's errors translated."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from threading import BoundedSemaphore

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from wpsync import crash_points
from wpsync.db.commits import Commits
from wpsync.db.connecting import (
    KEEPALIVE,
    Connection,
    Connects,
    Pinned,
    connect,
    notice_us_dead,
    pinned,
    refuse_transaction_pooler,
)
from wpsync.db.leases import Lease, Leases
from wpsync.db.refusals import translation
from wpsync.errors import DatabaseUnavailableError
from wpsync.model import Secret
from wpsync.policy import DEFAULT, DatabaseWaits, LeaseRules

__all__ = [
    "KEEPALIVE",
    "Connection",
    "Connects",
    "Database",
    "Monitoring",
    "notice_us_dead",
    "translated",
]

BRIEF = 6
"""So many connections are kept for what is over in a moment, however many are held while a vendor is read."""

_USER_TIMEOUT_MS = 10_000
"""A statement about leases does not wait longer than this for a server that has vanished."""


MONITORING = 2
"""So many connections of their own have those who look at how things stand, so that no work keeps them waiting."""

BESIDE = MONITORING + 3
"""So many connections a process has beside its pool: to look, for its heartbeat, for leases, and to try commits."""

_MONITORING_SECONDS = 1.0
_MONITORING_ONLY = "set statement_timeout to '1s'; set lock_timeout to '100ms'; set default_transaction_read_only to on"
"""A look at the state is over in milliseconds, or is given up: a locked table is a matter of its own resource."""


class Monitoring:
    """The connections of those who only look: few, read-only, and soon given up.

    Raises DatabaseUnavailableError where the database does not answer in time, or a table is locked.
    """

    def __init__(self, conninfo: Secret, waits: DatabaseWaits) -> None:
        self._pool: ConnectionPool[Pinned] = ConnectionPool(
            connection_class=pinned(conninfo, waits),
            min_size=0,
            max_size=MONITORING,
            timeout=_MONITORING_SECONDS,
            reconnect_timeout=_MONITORING_SECONDS,
            kwargs={"autocommit": True},
            configure=_configure_monitoring,
            check=ConnectionPool.check_connection,
            open=False,
            name="wpsync-monitoring",
        )

    def open(self) -> None:
        self._pool.open()

    def close(self) -> None:
        self._pool.close(timeout=1)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        with translated(), self._pool.connection() as connection:
            yield connection


class Database:
    """One database. Connections are in autocommit mode: a transaction is always asked for by name."""

    def __init__(
        self,
        conninfo: Secret,
        *,
        connections: int = 6,
        waits: DatabaseWaits = DEFAULT.database,
        leases: LeaseRules = DEFAULT.leases,
    ) -> None:
        self._conninfo = conninfo
        self._reason = waits.reason
        self.leases = Leases(lambda: _for_leases(conninfo, leases.statement), leases)
        self.monitoring = Monitoring(conninfo, waits)
        self.commits = Commits(lambda: connect(conninfo, tcp_user_timeout=_USER_TIMEOUT_MS), waits)
        self._held = BoundedSemaphore(max(connections - BRIEF, 1))
        self._pool: ConnectionPool[Pinned] = ConnectionPool(
            connection_class=pinned(conninfo, waits),
            min_size=1,
            max_size=connections,
            timeout=waits.pool,
            reconnect_timeout=waits.pool,
            kwargs={"autocommit": True},
            configure=self._admit,
            check=self._check,
            open=False,
            name="wpsync",
        )

    def __enter__(self) -> "Database":
        self.check()
        self._pool.open()
        self.monitoring.open()
        return self

    def __exit__(self, *exc: object) -> None:
        self.commits.close()
        self.leases.close()
        self.monitoring.close()
        self._pool.close(timeout=5)

    def check(self) -> None:
        """Connect once. Raises DatabaseUnavailableError with the server's own reason, ConfigError for a pooler of transactions."""
        with translated():
            refuse_transaction_pooler(self._conninfo)

    def refresh(self) -> None:
        """Replace the idle connections that broke. The pool itself would find a few of them in ten seconds."""
        self._pool.check()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection of the pool, outside any transaction, for what is over in a moment.

        Raises LeaseLostError where this thread works under a lease that was lost: it has nothing more to write.
        """
        with self._borrowed() as connection:
            self.leases.refuse_lost()  # only now: the pool may have waited until we were another instance
            yield connection

    @contextmanager
    def _borrowed(self) -> Iterator[Connection]:
        with translated(), ExitStack() as stack:
            try:
                connection = stack.enter_context(self._pool.connection())
            except PoolTimeout:
                # The pool does not say why it has none. The server does, where it refuses to connect.
                connect(self._conninfo, connect_timeout=int(self._reason)).close()
                raise
            yield connection

    @contextmanager
    def held(self) -> Iterator[Connection]:
        """A connection for as long as a vendor is read, whatever that takes: waits until one may be held.

        Who holds one asks for no other of this kind, so that nobody waits for ever.
        """
        with self._held, self.connection() as connection:
            yield connection

    @contextmanager
    def transaction(self, *, under: Sequence[Lease] | None = None) -> Iterator[Connection]:
        """A connection inside a transaction that commits at the end and rolls back on any error.

        It holds the leases under which this thread works. Raises LeaseLostError. With `under` it holds those instead,
        also where others are lost.
        """
        with self.connection() if under is None else self._borrowed() as connection:
            with connection.transaction():
                self.leases.check(connection, only=under)
                yield connection
                crash_points.reach()
            crash_points.reach()

    def now(self) -> datetime:
        """The database's clock, which all processes share."""
        with self.connection() as connection:
            row = connection.execute("select clock_timestamp()").fetchone()
        assert row is not None
        assert isinstance(row[0], datetime)
        return row[0].astimezone(UTC)

    @contextmanager
    def lease(
        self, *names: str, wait: bool = True, all_threads: bool = False
    ) -> Iterator[Lease | None]:
        """Hold the lease of that name across processes and threads; yields None where another holds it.

        No transaction is open meanwhile, and no connection of the pool is held. Rows that this thread writes in a
        transaction meanwhile, or that any thread of this process writes, is written only while the lease is ours.
        """
        with translated():
            lease = self.leases.take(":".join(names), wait=wait)
        if lease is None:
            yield None
            return
        try:
            with self.leases.under(lease, all_threads=all_threads):
                yield lease
        finally:
            self.leases.let_go(lease)

    def beat(self, role: str) -> None:
        """Show now that this process lives, and its role."""
        with translated():
            self.leases.heartbeat.role = role
            self.leases.heartbeat.beat()

    def _admit(self, connection: Connection) -> None:
        _configure(connection)
        self.leases.heartbeat.admit(connection)

    def _check(self, connection: Connection) -> None:
        """Refuse a connection that broke, as where the server was restarted, or that an earlier instance opened."""
        if not self.leases.heartbeat.is_ours(connection):
            connection.close()
        ConnectionPool.check_connection(connection)


def _for_leases(conninfo: Secret, seconds: float) -> Connection:
    """Connect for statements about leases, which are over within seconds or given up."""
    connection = connect(conninfo, tcp_user_timeout=_USER_TIMEOUT_MS)
    connection.execute("select set_config('statement_timeout', %s, false)", (f"{seconds:.0f}s",))
    connection.answer_within = 2 * seconds
    return connection


def _configure(connection: Connection) -> None:
    connection.execute("set random_page_cost to 1.1")  # keys are looked up, not whole tables read


def _configure_monitoring(connection: Connection) -> None:
    _configure(connection)
    connection.execute(_MONITORING_ONLY)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into ours. An error of ours passes as it is."""
    try:
        yield
    except psycopg.Error as exc:
        ours = translation(exc)
        raise ours from (None if isinstance(ours, DatabaseUnavailableError) else exc)

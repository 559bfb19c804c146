"""Connections to Postgres: a pool, transactions, advisory locks, and the driver's errors translated."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from threading import BoundedSemaphore
from typing import Protocol

import psycopg
from psycopg_pool import ConnectionPool

from wpsync import crash_points
from wpsync.db.connecting import KEEPALIVE, Connection, Pinned, connect, notice_us_dead, pinned
from wpsync.db.locks import Locks
from wpsync.db.refusals import translation
from wpsync.errors import DatabaseUnavailableError
from wpsync.model import Secret
from wpsync.policy import DEFAULT, DatabaseWaits

__all__ = ["KEEPALIVE", "Connection", "Database", "Monitoring", "notice_us_dead", "translated"]

BRIEF = 6
"""So many connections are kept for what is over in a moment, however many are held while a vendor is read."""


MONITORING = 2
"""So many connections of their own have those who look at how things stand, so that no work keeps them waiting."""

_MONITORING_SECONDS = 1.0
_MONITORING_ONLY = "set statement_timeout to '1s'; set lock_timeout to '100ms'; set default_transaction_read_only to on"
"""A look at the state is over in milliseconds, or is given up: a locked table is a matter of its own resource."""


class Connects(Protocol):
    """Gives connections: the database for its work, or its `monitoring`."""

    def connection(self) -> AbstractContextManager[Connection]:
        """Yield a connection, outside any transaction, for a moment."""
        ...


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
    ) -> None:
        self._conninfo = conninfo
        self._locks = Locks(lambda: connect(conninfo), waits.lock_again)
        self.monitoring = Monitoring(conninfo, waits)
        self._held = BoundedSemaphore(max(connections - BRIEF, 1))
        self._pool: ConnectionPool[Pinned] = ConnectionPool(
            connection_class=pinned(conninfo, waits),
            min_size=1,
            max_size=connections,
            timeout=waits.pool,
            reconnect_timeout=waits.pool,
            kwargs={"autocommit": True},
            configure=_configure,
            check=ConnectionPool.check_connection,  # a server that was restarted costs nobody a run
            open=False,
            name="wpsync",
        )

    def __enter__(self) -> "Database":
        self.check()
        self._pool.open()
        self.monitoring.open()
        return self

    def __exit__(self, *exc: object) -> None:
        self._locks.close()
        self.monitoring.close()
        self._pool.close(timeout=5)

    def check(self) -> None:
        """Connect once. Raises DatabaseUnavailableError with the server's own reason."""
        with translated(), connect(self._conninfo):
            pass

    def refresh(self) -> None:
        """Replace the idle connections that broke. The pool itself would find a few of them in ten seconds."""
        self._pool.check()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection of the pool, outside any transaction, for what is over in a moment."""
        with translated(), self._pool.connection() as connection:
            yield connection

    @contextmanager
    def held(self) -> Iterator[Connection]:
        """A connection for as long as a vendor is read, whatever that takes: waits until one may be held.

        Who holds one asks for no other of this kind, so that nobody waits for ever.
        """
        with self._held, self.connection() as connection:
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection inside a transaction that commits at the end and rolls back on any error."""
        with self.connection() as connection:
            with connection.transaction():
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
    def lock(self, *names: str, wait: bool = True) -> Iterator[bool]:
        """Hold the advisory lock of that name across processes and threads; yields whether it was had.

        No transaction is open meanwhile, no connection of the pool is held, and a process that dies lets go.
        """
        name = "wpsync:" + ":".join(names)
        with translated():
            taken = self._locks.take(name, wait=wait)
        try:
            yield taken
        finally:
            if taken:
                self._locks.let_go(name)


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

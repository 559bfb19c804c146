"""Advisory locks by name: one process at a time, and within it one thread.

All that a process holds is on one connection, apart from those that are worked with: a lock is held for as
long as a vendor is read, by many jobs at once. A process that dies lets go.
"""

from collections.abc import Callable
from contextlib import suppress
from threading import Condition

import psycopg

from wpsync.policy import DEFAULT

_Connection = psycopg.Connection[tuple[object, ...]]

_TAKE = "select pg_try_advisory_lock(hashtextextended(%s, 0))"
_LET_GO = "select pg_advisory_unlock(hashtextextended(%s, 0))"

_BROKEN = (psycopg.OperationalError, psycopg.InterfaceError)


class Locks:
    """The locks of one process. Threads may share it; the driver's errors are its own.

    `again`: seconds until a lock that another process holds is asked for again.
    """

    def __init__(
        self, connect: Callable[[], _Connection], again: float = DEFAULT.database.lock_again
    ) -> None:
        self._connect = connect
        self._again = again
        self._connection: _Connection | None = None
        self._held: set[str] = set()
        self._free = Condition()

    def take(self, name: str, *, wait: bool) -> bool:
        """Whether the lock was had; waits for it where that is wanted."""
        with self._free:
            while name in self._held or not self._taken(name):
                if not wait:
                    return False
                self._free.wait(self._again)
            self._held.add(name)
            return True

    def let_go(self, name: str) -> None:
        """Give a lock back. A connection that broke meanwhile has done so already."""
        with self._free:
            self._held.discard(name)
            if self._connection is not None:
                with suppress(*_BROKEN):
                    self._connection.execute(_LET_GO, (name,))
            self._free.notify_all()

    def close(self) -> None:
        """Let go of everything."""
        with self._free:
            if self._connection is not None:
                self._connection.close()

    def _taken(self, name: str) -> bool:
        try:
            return self._asked(name)
        except _BROKEN:  # a server that was restarted costs nobody a run
            return self._asked(name)

    def _asked(self, name: str) -> bool:
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
            for held in self._held:  # as far as nobody else has taken them in between
                self._connection.execute(_TAKE, (held,))
        row = self._connection.execute(_TAKE, (name,)).fetchone()
        return bool(row and row[0])

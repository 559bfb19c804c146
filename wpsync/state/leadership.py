"""Who leads: one instance of the service per database, by a lock that Postgres lets go of with its holder.

The lock belongs to a connection of its own. A process that is killed, or a host that vanishes, loses
it: the server notices within seconds (`db.database.notice_us_dead`), and so do we if it vanishes.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import psycopg

from wpsync.db.database import KEEPALIVE, Connection, Database, notice_us_dead, translated
from wpsync.db.queries import statements
from wpsync.model import Secret

QUERIES = statements(__name__)

_NAME = "wpsync:leader"
_USER_TIMEOUT_MS = 10_000


class Leadership:
    """The wish to lead, and the fact of it while it lasts."""

    def __init__(self, conninfo: Secret) -> None:
        self._conninfo = conninfo
        self._connection: Connection | None = None

    def take(self) -> bool:
        """Whether this process leads now. Raises DatabaseUnavailableError."""
        with translated():
            connection = self._connected()
            row = connection.execute(
                "select pg_try_advisory_lock(hashtextextended(%s, 0))", (_NAME,)
            ).fetchone()
        return bool(row and row[0])

    def lasts(self) -> bool:
        """Whether the connection that holds the lock still lives."""
        if self._connection is None or self._connection.closed:
            return False
        try:
            self._connection.execute("select 1")
        except (psycopg.OperationalError, psycopg.InterfaceError):
            return False
        return True

    def give_up(self) -> None:
        """Let somebody else lead."""
        if self._connection is not None:
            with suppress(psycopg.OperationalError, psycopg.InterfaceError):
                self._connection.close()
            self._connection = None

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed or not self.lasts():
            self.give_up()
            connection: Connection = psycopg.connect(
                self._conninfo.reveal(),
                autocommit=True,
                application_name="wpsync leader",
                tcp_user_timeout=_USER_TIMEOUT_MS,
                **KEEPALIVE,  # type: ignore[arg-type]  # libpq's own parameters
            )
            notice_us_dead(connection)
            self._connection = connection
        return self._connection


@dataclass(frozen=True, slots=True)
class Instance:
    """A running process of the service."""

    id: str
    host: str
    version: str


def seen(database: Database, instance: Instance, role: str, now: datetime) -> None:
    """The instance lives; those not seen for an hour, and a leader before it, are forgotten."""
    fields = {"id": instance.id, "host": instance.host, "version": instance.version}
    with database.connection() as connection:
        connection.execute(QUERIES["keep_instance"], {**fields, "role": role, "at": now})
        connection.execute(
            QUERIES["forget_instances"], {"id": instance.id, "role": role, "at": now}
        )


def gone(database: Database, instance: Instance) -> None:
    """The instance ends in good order."""
    with database.connection() as connection:
        connection.execute(QUERIES["remove_instance"], {"id": instance.id})

"""The one way to connect to Postgres: with every setting of the session that matters made here.

Roles, databases and the environment (PGTZ, PGOPTIONS) may set an encoding, a style of dates or a timeout of their
own. They are set after connecting, and not as start-up options, which poolers refuse or drop.

Every statement has a deadline here too: the server's own timeout does not end a COMMIT that waits for a standby or a
disk.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from time import monotonic
from typing import Any, Protocol, Self, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import make_conninfo

from wpsync.errors import ConfigError, FatalError
from wpsync.model import Secret
from wpsync.policy import DEFAULT, DatabaseWaits

Connection = psycopg.Connection[tuple[object, ...]]


T = TypeVar("T")


class UnansweredError(psycopg.OperationalError):
    """The server neither answered nor ended a statement, though its own timeout is over: it hangs in a commit.

    A statement outside a transaction commits too.
    """

    def __init__(self) -> None:
        super().__init__("no answer to a commit")


class Connects(Protocol):
    """Gives connections: the database for its work, or its `monitoring`."""

    def connection(self) -> AbstractContextManager[Connection]:
        """Yield a connection, outside any transaction, for a moment."""
        ...


KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "connect_timeout": 5,
}
"""How our end notices a server that has vanished: libpq's parameters, in seconds."""

ENCODING = "UTF8"
LEAST_VERSION = 15_00_00
"""The oldest Postgres that wpsync is tested with, in libpq's form. Version 14 is out of support."""

SEARCH_PATH = "pg_catalog, pg_temp"
"""Where names without a schema are looked up: nowhere that another role may write (CVE-2018-1058)."""

_PINNED = (
    "set client_encoding to 'UTF8'; set datestyle to 'ISO, YMD'; set intervalstyle to 'postgres';"
    " set timezone to 'UTC'; set bytea_output to 'hex'; set extra_float_digits to 1;"
    " set standard_conforming_strings to on; set search_path to {path};"
    " set default_transaction_isolation to 'read committed'; set default_transaction_deferrable to off;"
    " set lock_timeout to 0; set idle_in_transaction_session_timeout to '1h'; set row_security to off;"
    " set statement_timeout to '{statement}s'"
)
"""With `row_security` off a policy that would hide rows is an error, and never a smaller number of rows."""

_NOTICE_US_DEAD = (
    "set tcp_keepalives_idle to 5; set tcp_keepalives_interval to 3; set tcp_keepalives_count to 3;"
    " set tcp_user_timeout to 10000"
)


class Pinned(psycopg.Connection[Any]):
    """A connection whose session is pinned, and that waits for no answer for ever.

    `answer_within`: the seconds after which a statement is given up. None for those that may take any time.
    """

    waits: DatabaseWaits = DEFAULT.database
    answer_within: float | None = None
    _commits = False

    def wait(self, gen: PQGen[T], *args: Any, **more: Any) -> T:
        """Wait for an answer. Raises UnansweredError, and is closed then."""
        limit = self.waits.commit if self._commits else self.answer_within
        if limit is None:
            return super().wait(gen, *args, **more)
        try:
            return super().wait(_within(limit, gen), *args, **more)
        except UnansweredError:
            self._give_up()
            raise

    @contextmanager
    def transaction(
        self, savepoint_name: str | None = None, force_rollback: bool = False
    ) -> Iterator[psycopg.Transaction]:
        """Hold a transaction as psycopg does. Its COMMIT has a deadline of its own."""
        try:
            with super().transaction(savepoint_name, force_rollback) as transaction:
                yield transaction
                self._commits = True
        finally:
            self._commits = False

    def _give_up(self) -> None:
        """Close. Cancel on the server first: it would hold the session and its locks for as long as it waits."""
        with suppress(psycopg.Error):
            self.cancel_safe(timeout=self.waits.cancel)
        self.close()

    @classmethod
    def connect(cls, conninfo: str = "", **given: Any) -> Self:
        """Connect, and pin the session. Raises the errors of `pin`."""
        connection = super().connect(conninfo, **given)
        try:
            pin(connection, cls.waits)
        except BaseException:
            connection.close()
            raise
        return connection


def _within(seconds: float, gen: PQGen[T]) -> PQGen[T]:
    """Do as psycopg's generator does, and raise UnansweredError where nothing comes for so long."""
    until = monotonic() + seconds
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and monotonic() > until:
                raise UnansweredError
            wanted = gen.send(ready)
    except StopIteration as done:
        found: T = done.value
        return found


def pinned(secret: Secret, pool_waits: DatabaseWaits) -> type[Pinned]:
    """Return a class of connections to one place for a pool, which reads where that is anew for each of them."""

    class PinnedThere(Pinned):
        waits = pool_waits

        @classmethod
        def connect(cls, conninfo: str = "", **given: Any) -> Self:
            return super().connect(address(secret), **given)

    return PinnedThere


def address(conninfo: Secret) -> str:
    """Return where to connect, with our name and keepalives."""
    return make_conninfo(
        conninfo.reveal(), application_name="wpsync", client_encoding=ENCODING, **KEEPALIVE
    )


def connect(conninfo: Secret | str, *, autocommit: bool = True, **given: Any) -> Pinned:
    """Connect by itself, outside any pool. Raises psycopg's errors, and FatalError as `Pinned.connect` does."""
    secret = conninfo if isinstance(conninfo, Secret) else Secret(conninfo)
    return Pinned.connect(address(secret), autocommit=autocommit, **given)


def pin(connection: psycopg.Connection[Any], waits: DatabaseWaits) -> None:
    """Make the settings of a session, and read back the one that others could use against us.

    Raises ConfigError for a server that is too old or a pooler that drops settings, FatalError for a database that is
    not in UTF-8.
    """
    if connection.info.server_version < LEAST_VERSION:
        version = connection.info.parameter_status("server_version") or "?"
        raise ConfigError("database.too_old", version=version, least=LEAST_VERSION // 10_000)
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != ENCODING:
        raise FatalError("database.not_utf8", encoding=encoding or "?")
    was, connection.autocommit = connection.autocommit, True
    settings = _PINNED.format(statement=int(waits.statement), path=SEARCH_PATH)
    connection.execute(settings + "; " + _NOTICE_US_DEAD)
    found = connection.execute("show search_path").fetchone()
    if found is None or found[0] != SEARCH_PATH:
        raise ConfigError("database.search_path", wanted=SEARCH_PATH, found=found and found[0])
    connection.autocommit = was
    if isinstance(connection, Pinned):
        connection.answer_within = waits.statement + waits.beyond


def refuse_transaction_pooler(conninfo: Secret | str) -> None:
    """Raise ConfigError where a pooler gives each transaction another session: leases and staged rows need one that stays.

    A pooler in any mode shows itself by a process id of its own. Which mode it is shows where a second client has a
    transaction open: the first is then served by another process than before.
    """
    with connect(conninfo) as first:
        before = _backend(first)
        if before == first.info.backend_pid:
            return
        with connect(conninfo) as second, second.transaction():
            seen = {
                _backend(first),
                _backend(first),
            }  # pools hand out the newest session, or each in turn
            if seen != {before} or _backend(second) == before:
                raise ConfigError("database.transaction_pooler")


def _backend(connection: Connection) -> int:
    row = connection.execute("select pg_backend_pid()").fetchone()
    assert row is not None
    return int(str(row[0]))


def notice_us_dead(connection: psycopg.Connection[Any]) -> None:
    """Have the server notice within seconds that our host has vanished, so that our locks are free for others.

    Keepalives alone would not do: they rest while a reply waits to be acknowledged, for which there is
    `tcp_user_timeout`.
    """
    connection.execute(_NOTICE_US_DEAD)

"""Bringing a database to the newest schema, from an installed wheel or from a checkout.

Alembic does the work (`migrations/`); this finds it, runs it and reports those that a database lacks. A
migration never waits for a lock longer than the lock timeout, so that it cannot queue behind a long
BI query with every other reader queueing behind it in turn: it gives up and is tried again.

A migration may declare two things in its module: `rewrites`, the tables that it writes anew (`wp.calls`),
so that `wpsync migrate` can tell how long that takes; and `views`, the views that use a column it changes,
which are dropped before it and created again after it.
"""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from tenacity import (
    RetryError,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential_jitter,
)

from wpsync.db import definitions, revision
from wpsync.db.connecting import connect, refuse_transaction_pooler
from wpsync.db.refusals import reason, translation
from wpsync.errors import ConfigError, DatabaseUnavailableError, FatalError
from wpsync.policy import DEFAULT, DatabaseWaits

_LOCK_NOT_AVAILABLE = "55P03"
_MADE_MEANWHILE = {"23505", "42P06", "42P07"}
_INSUFFICIENT_PRIVILEGE = "42501"

_UNRELEASED = frozenset(f"{number:04}" for number in range(1, 14))
"""The revisions of versions that were never released."""

_BYTES_A_SECOND = 20 * 1024 * 1024
"""How fast Postgres writes a table and its indexes anew, on a small server."""

_RELATIONS = (
    "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
    " where n.nspname in ('wp', 'wp_bi', 'wpsync') and c.relkind in ('r', 'p', 'v', 'm', 'f')"
    " and (n.nspname, c.relname) <> ('wpsync', 'alembic_version') order by 1 limit 3"
)

_VERSIONS = (
    "CREATE TABLE wpsync.alembic_version"
    " (version_num VARCHAR(32) NOT NULL CONSTRAINT alembic_version_pkc PRIMARY KEY)"
)
"""The table as Alembic makes it where it is missing."""

log = logging.getLogger(__name__)


class _TurnLostError(Exception):
    """Another process made the schema first: look again for pending steps."""


@dataclass(frozen=True, slots=True)
class Step:
    """One migration that a database lacks. `rewrites` are the tables it writes anew, with their bytes."""

    revision: str
    title: str
    rewrites: dict[str, int]

    @property
    def minutes(self) -> float:
        """About how long the tables it rewrites take; they are locked meanwhile."""
        return sum(self.rewrites.values()) / _BYTES_A_SECOND / 60


@dataclass(frozen=True, slots=True)
class Pending:
    """Everything that a database lacks: migrations, oldest first, and views and functions by name."""

    steps: list[Step]
    definitions: list[str]

    @property
    def names(self) -> list[str]:
        """The revisions; where there are none, the views and functions; empty when all is current."""
        return [step.revision for step in self.steps] or self.definitions


def upgrade(
    url: str,
    *,
    lock_timeout_seconds: float = 1.0,
    waits: DatabaseWaits = DEFAULT.database,
) -> Pending:
    """Apply everything that is missing in one transaction; return it.

    Idempotent, and no DDL where nothing is missing. Safe when several processes start at once (they
    take turns). Where one migration fails, none is applied: the version before can start.

    Raises ConfigError for a database that is not to be upgraded, DatabaseUnavailableError when it
    cannot be reached or a lock was not to be had in so many tries, FatalError when rights are
    missing or views of other people stand in the way.
    """
    config = _config()
    trying = Retrying(
        retry=retry_if_exception(_lock_was_taken),
        stop=stop_after_attempt(waits.migrations),
        wait=wait_exponential_jitter(multiplier=waits.migration_wait, max=waits.migration_wait_max),
    )
    try:
        for attempt in trying:
            with attempt, _connected(url) as connection:
                _set_timeouts(connection, lock_timeout_seconds)
                found = _pending(connection, config)
                if found.names:
                    config.attributes["connection"] = connection
                    with _rights_explained(), connection.begin():
                        _take_turns(connection)
                        found = _lacking(connection, config)
                        _apply(connection, config, found.steps)
    except RetryError:
        raise DatabaseUnavailableError("schema.locked") from None
    for step in found.steps:
        log.info("migration.applied", extra={"revision": step.revision})
    return found


def _apply(connection: Connection, config: Config, steps: list[Step]) -> None:
    script = ScriptDirectory.from_config(config)
    driver = _driver(connection)
    dropped = []
    for step in steps:
        module = script.get_revision(step.revision).module
        dropped += definitions.drop(driver, list(getattr(module, "views", ())))
    if any(step.rewrites for step in steps):
        connection.execute(text("SET LOCAL statement_timeout = 0"))  # a large table takes its time
    if steps:
        command.upgrade(config, "head")
    definitions.apply(driver, dropped)


def pending(url: str) -> Pending:
    """Return everything that the database lacks. Raises ConfigError for one that is not to be upgraded."""
    with _connected(url) as connection:
        return _pending(connection, _config())


def _pending(connection: Connection, config: Config) -> Pending:
    found = _lacking(connection, config)
    connection.rollback()
    return found


def _lacking(connection: Connection, config: Config) -> Pending:
    """Return everything that the database lacks, as the connection's transaction sees it."""
    script = ScriptDirectory.from_config(config)
    heads = _heads(connection)
    _refuse(connection, script, heads)
    known = {
        step.revision
        for head in heads
        for step in script.iterate_revisions(head, "base", inclusive=True)
    }
    lacking = [one for one in script.iterate_revisions("head", "base") if one.revision not in known]
    steps = [
        Step(
            one.revision,
            (one.doc or "").strip(),
            {
                table: _size(connection, table)
                for table in getattr(one.module, "rewrites", ())
                if heads
            },
        )
        for one in reversed(lacking)
    ]
    stale = [one.name for one in definitions.stale(_driver(connection))]
    return Pending(steps, stale)


def _size(connection: Connection, table: str) -> int:
    size = text("select pg_total_relation_size(to_regclass(:table))")
    return int(connection.execute(size, {"table": table}).scalar() or 0)


def _driver(connection: Connection) -> psycopg.Connection[tuple[object, ...]]:
    """Return psycopg's connection below SQLAlchemy's, in the same transaction."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def as_sql() -> str:
    """The whole schema as SQL, for a database administrator to read or apply."""
    config = _config()
    config.output_buffer = io.StringIO()
    config.set_main_option("sqlalchemy.url", "postgresql+psycopg://")
    command.upgrade(config, "head", sql=True)
    config.output_buffer.write(definitions.as_sql())
    assert isinstance(config.output_buffer, io.StringIO)
    return config.output_buffer.getvalue()


def _set_timeouts(connection: Connection, lock_timeout_seconds: float) -> None:
    connection.execute(text(f"SET lock_timeout = '{int(lock_timeout_seconds * 1000)}ms'"))
    connection.execute(text("SET statement_timeout = '10min'"))
    connection.commit()


def _take_turns(connection: Connection) -> None:
    """Let processes that start together migrate one after the other, by a lock that only the owner can take.

    In a new database that is the table of versions: the first to make it keeps the others waiting. Raises
    _TurnLostError where another has made it meanwhile.
    """
    found = text("SELECT to_regnamespace('wpsync'), to_regclass('wpsync.alembic_version')")
    schema, table = connection.execute(found).one()
    if table is not None:
        connection.execute(text("LOCK TABLE wpsync.alembic_version IN SHARE ROW EXCLUSIVE MODE"))
        return
    try:
        if schema is None:
            connection.execute(text("CREATE SCHEMA wpsync"))
        connection.execute(text(_VERSIONS))
    except DBAPIError as exc:
        if getattr(exc.orig, "sqlstate", None) in _MADE_MEANWHILE:
            raise _TurnLostError from None
        raise


def _heads(connection: Connection) -> set[str]:
    options = {"version_table_schema": "wpsync"}
    return set(MigrationContext.configure(connection, opts=options).get_current_heads())


def _refuse(connection: Connection, script: ScriptDirectory, heads: set[str]) -> None:
    """Raises ConfigError for a database that an unreleased or newer version made, or another program."""
    unknown = heads - {step.revision for step in script.walk_revisions()}
    if unknown & _UNRELEASED:
        raise ConfigError("schema.unreleased")
    if unknown:
        raise ConfigError("schema.newer", revisions=sorted(unknown))
    if heads:
        return
    foreign = connection.execute(text(_RELATIONS)).scalars().all()
    if foreign:
        raise ConfigError("schema.foreign", found=list(foreign))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(revision.folder()).replace("%", "%%"))
    return config


@contextmanager
def _rights_explained() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, psycopg.errors.InsufficientPrivilege) as exc:
        driver = exc.orig if isinstance(exc, DBAPIError) else exc
        if getattr(driver, "sqlstate", None) == _INSUFFICIENT_PRIVILEGE:
            raise FatalError("schema.not_allowed", words=reason(driver)) from None
        raise


def _lock_was_taken(exc: BaseException) -> bool:
    driver = exc.orig if isinstance(exc, DBAPIError) else exc
    taken = getattr(driver, "sqlstate", None) == _LOCK_NOT_AVAILABLE
    return taken or isinstance(exc, _TurnLostError)


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: connect(url, autocommit=False),
        poolclass=NullPool,
        hide_parameters=True,
    )
    try:
        refuse_transaction_pooler(url)
        with engine.connect() as connection:
            yield connection
    except DBAPIError as exc:
        if _lock_was_taken(exc):
            raise
        raise _translated(exc.orig) from None
    except psycopg.Error as exc:
        if _lock_was_taken(exc):
            raise
        raise _translated(exc) from None
    finally:
        engine.dispose()


def _translated(exc: BaseException | None) -> BaseException:
    return translation(exc) if isinstance(exc, psycopg.Error) else exc or AssertionError()

"""Bringing a database to the newest schema, from an installed wheel or from a checkout.

Alembic does the work (`migrations/`); this finds it, runs it and says where a database stands. A
migration never waits for a lock longer than the lock timeout, so that it cannot queue behind a long
BI query with every other reader queueing behind it in turn: it gives up and is tried again.
"""

import io
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from wpsync.db import revision
from wpsync.errors import DatabaseUnavailableError, FatalError

ADVISORY_LOCK = 7_706_001
_LOCK_NOT_AVAILABLE = "55P03"
_INSUFFICIENT_PRIVILEGE = "42501"

log = logging.getLogger(__name__)


def upgrade(url: str, *, lock_timeout_seconds: float = 1.0, attempts: int = 30) -> list[str]:
    """Apply what is missing, each migration in a transaction of its own; returns the revisions applied.

    Idempotent; safe when several processes start at once (they take turns). Raises
    DatabaseUnavailableError when the database cannot be reached or a lock was not to be had in
    `attempts` tries, FatalError when rights are missing.
    """
    config = _config()
    trying = Retrying(
        retry=retry_if_exception(_lock_was_taken),
        stop=stop_after_attempt(attempts),
        wait=wait_exponential_jitter(multiplier=0.2, max=5),
        reraise=True,
    )
    for attempt in trying:
        with attempt, _connected(url) as connection:
            _take_turns(connection, lock_timeout_seconds)
            before = _heads(connection)
            config.attributes["connection"] = connection
            _run(lambda: command.upgrade(config, "head"))
            script = ScriptDirectory.from_config(config)
            applied = [
                step.revision
                for step in script.iterate_revisions("head", "base")
                if not before or step.revision not in _ancestry(script, before)
            ]
    for name in reversed(applied):
        log.info("migration.applied", extra={"revision": name})
    return list(reversed(applied))


def pending(url: str) -> list[str]:
    """The revisions that the database still lacks, oldest first; empty when it is current."""
    script = ScriptDirectory.from_config(_config())
    with _connected(url) as connection:
        heads = _heads(connection)
    known = _ancestry(script, heads)
    ordered = [step.revision for step in script.iterate_revisions("head", "base")]
    return [name for name in reversed(ordered) if name not in known]


def as_sql() -> str:
    """The whole schema as SQL, for a database administrator to read or apply."""
    config = _config()
    config.output_buffer = io.StringIO()
    config.set_main_option("sqlalchemy.url", "postgresql+psycopg://")
    command.upgrade(config, "head", sql=True)
    assert isinstance(config.output_buffer, io.StringIO)
    return config.output_buffer.getvalue()


def _take_turns(connection: Connection, lock_timeout_seconds: float) -> None:
    """Processes that start together migrate one after the other; nobody waits long for a lock."""
    connection.execute(text(f"SET lock_timeout = '{int(lock_timeout_seconds * 1000)}ms'"))
    connection.execute(text("SET statement_timeout = '10min'"))
    connection.execute(text(f"SELECT pg_advisory_lock({ADVISORY_LOCK})"))
    connection.commit()


def _heads(connection: Connection) -> set[str]:
    options = {"version_table_schema": "wpsync"}
    heads = set(MigrationContext.configure(connection, opts=options).get_current_heads())
    connection.rollback()
    return heads


def _ancestry(script: ScriptDirectory, heads: set[str]) -> set[str]:
    known = {step.revision for step in script.walk_revisions()}
    if heads - known:
        raise FatalError(
            f"the database's schema is at {', '.join(sorted(heads - known))}, which this version does not know",
            hint="a newer wpsync has migrated it: install that version again"
            " / 该库已由更新版本的 wpsync 升级，请安装对应版本",
        )
    return {
        step.revision
        for head in heads
        for step in script.iterate_revisions(head, "base", inclusive=True)
    }


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(revision.folder()).replace("%", "%%"))
    return config


def _run(apply: Callable[[], None]) -> None:
    try:
        apply()
    except DBAPIError as exc:
        if getattr(exc.orig, "sqlstate", None) == _INSUFFICIENT_PRIVILEGE:
            raise FatalError(
                f"the database role may not create the schema: {_first_line(exc)}",
                hint="grant it CREATE on the database, or run `wpsync migrate --sql` and have an administrator apply it"
                " / 请授予该角色在此数据库上的 CREATE 权限，或运行 `wpsync migrate --sql` 并交由管理员执行",
            ) from None
        raise


def _lock_was_taken(exc: BaseException) -> bool:
    return (
        isinstance(exc, DBAPIError) and getattr(exc.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE
    )


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(url),  # libpq alone reads the address
        poolclass=NullPool,
        hide_parameters=True,
    )
    try:
        with engine.connect() as connection:
            yield connection
    except OperationalError as exc:
        if _lock_was_taken(exc):
            raise
        raise DatabaseUnavailableError(
            f"the database cannot be reached: {_first_line(exc)}",
            hint="look at database.url, and whether the server runs and lets this host in"
            " / 请检查 database.url，以及数据库是否在运行、是否允许本机连接",
        ) from None
    finally:
        engine.dispose()


def _first_line(exc: DBAPIError) -> str:
    return (
        str(exc.orig).strip().splitlines()[0] if str(exc.orig).strip() else type(exc.orig).__name__
    )

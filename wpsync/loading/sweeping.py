"""Taking deleted rows out of the files and statistics of Postgres too.

A deleted row stays in its file until it is vacuumed, and its values stay in `pg_stats`, which readers of the table may
see. So each transaction that deletes people's rows notes its tables, and they are swept after it has committed: by the
command that deleted them, or else by the service each night.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg import errors, sql
from psycopg.errors import Diagnostic

from wpsync.db.database import Connection, Database
from wpsync.db.queries import statements
from wpsync.policy import DEFAULT, DatabaseWaits

QUERIES = statements(__name__)

_OPTIONS = sql.SQL("vacuum (analyze, index_cleanup on) {}")
"""Without `index_cleanup` Postgres may leave the entries of few rows in the indexes."""

_BLANKS = {
    "bool": "false",
    "date": "'epoch'",
    "timestamptz": "'epoch'",
    "time": "'00:00'",
    "jsonb": "'{}'",
    "_text": "'{}'",
    "text": "''",
}
"""A value for a column that must have one, by type; of numbers it is 0."""


def ask(connection: Connection, tables: Collection[str]) -> None:
    """Note in the transaction that deletes from them which tables are to be swept (`schema.table`)."""
    for table in sorted(tables):
        connection.execute(QUERIES["ask"], {"table": table})


@dataclass(frozen=True, slots=True)
class Swept:
    """The tables that were swept, and those that still are to be."""

    done: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def sweep(database: Database, waits: DatabaseWaits = DEFAULT.database) -> Swept:
    """Sweep all tables that are to be. Those that cannot be swept now stay noted."""
    done: list[str] = []
    left: list[str] = []
    with database.connection() as connection:
        waiting = connection.execute(QUERIES["waiting"]).fetchall()
    for table, asked in waiting:
        with database.connection() as connection, _patiently(connection, waits):
            is_swept = _sweep(connection, str(table))
            if is_swept:
                connection.execute(QUERIES["swept"], {"table": table, "asked": asked})
        (done if is_swept else left).append(str(table))
    return Swept(tuple(done), tuple(left))


def _sweep(connection: Connection, name: str) -> bool:
    """Vacuum and analyze a table; whether no deleted row and no statistic of one is left."""
    table = sql.Identifier(*name.split("."))
    refused: list[Diagnostic] = []

    def hear(said: Diagnostic) -> None:
        if said.severity_nonlocalized == "WARNING":
            refused.append(said)

    connection.add_notice_handler(hear)
    try:
        row = connection.execute(QUERIES["is_seen"], {"table": name}).fetchone()
        connection.execute(_OPTIONS.format(table))
        _blank_statistics(connection, name, table)
    except (errors.LockNotAvailable, errors.QueryCanceled, errors.InsufficientPrivilege):
        return False
    finally:
        connection.remove_notice_handler(hear)
    return not refused and row is not None and not row[0]


def _blank_statistics(connection: Connection, name: str, table: sql.Identifier) -> None:
    """Replace the statistics of a table that is empty: ANALYZE keeps the old ones where it finds no row.

    So it is shown a row without content, which no other session ever sees.
    """
    row = connection.execute(sql.SQL("select exists (select from {})").format(table)).fetchone()
    if row is None or row[0]:
        return
    columns = connection.execute(QUERIES["required_columns"], {"table": name}).fetchall()
    insert = sql.SQL("insert into {} ({}) values ({})").format(
        table,
        sql.SQL(", ").join(sql.Identifier(str(column)) for column, _ in columns),
        sql.SQL(", ").join(sql.SQL(_BLANKS.get(str(kind), "0")) for _, kind in columns),
    )
    with connection.transaction():
        connection.execute(insert)
        connection.execute(sql.SQL("analyze {}").format(table))
        connection.execute(sql.SQL("delete from {}").format(table))
    connection.execute(_OPTIONS.format(table))


@contextmanager
def _patiently(connection: Connection, waits: DatabaseWaits) -> Iterator[None]:
    """Let statements take as long as a vacuum does, and wait for a lock only so long."""
    within = getattr(connection, "answer_within", None)
    connection.execute(
        "select set_config('statement_timeout', %s, false), set_config('lock_timeout', %s, false)",
        (f"{waits.sweep * 1000:.0f}", f"{waits.sweep_lock * 1000:.0f}"),
    )
    connection.answer_within = waits.sweep + waits.beyond  # type: ignore[attr-defined]  # connections are Pinned
    try:
        yield
    finally:
        connection.answer_within = within  # type: ignore[attr-defined]  # connections are Pinned
        if not connection.closed:
            connection.execute(
                "select set_config('statement_timeout', %s, false), set_config('lock_timeout', '0', false)",
                (f"{waits.statement:.0f}s",),
            )

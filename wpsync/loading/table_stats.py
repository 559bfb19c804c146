"""Values of our own tables that decide what is asked of the vendor."""

from typing import LiteralString

from psycopg import sql

from wpsync.db.database import Connection, Connects, Database
from wpsync.resources import TABLES

_MANY = 5_000

_ACCOUNTS = (
    "with recursive found(account) as ((select min({account}) from {table}) union all"
    " select (select min({account}) from {table} where {account} > f.account) from found f"
    " where f.account is not null) select account from found where account is not null"
)
"""The accounts of one table, by as many steps through the index as there are accounts."""


def accounts(connection: Connection) -> list[str]:
    """Return every account of which anything is held, configured or not."""
    tables = [
        *((("wp", table), "_account") for table in (*TABLES, "history")),
        *((("wpsync", table), "account") for table in ("accounts", "windows", "dead_letters")),
    ]
    each = [
        sql.SQL("({})").format(
            sql.SQL(_ACCOUNTS).format(account=sql.Identifier(column), table=sql.Identifier(*table))
        )
        for table, column in tables
    ]
    rows = connection.execute(sql.SQL(" union ").join(each)).fetchall()
    return sorted(str(row[0]) for row in rows)


def distinct_values(database: Database, table: str, column: str, account: str) -> list[str]:
    """The distinct values of a text column, at most 5,000, for splitting an overfull second by a filter."""
    statement = sql.SQL(
        "select distinct {column} from {table} where _account = %s and {column} is not null limit %s"
    ).format(column=sql.Identifier(column), table=sql.Identifier("wp", table))
    with database.connection() as connection:
        return [str(row[0]) for row in connection.execute(statement, (account, _MANY)).fetchall()]


def bytes_per_row(database: Database, table: str) -> int:
    """About what a row takes on disk, indexes included: measured where there are rows, else a guess."""
    statement = sql.SQL(
        "select pg_total_relation_size(c.oid), c.reltuples from pg_class c where c.oid = {}::regclass"
    ).format(sql.Literal(f"wp.{table}"))
    with database.connection() as connection:
        row = connection.execute(statement).fetchone()
    size, rows = row if row is not None else (0, 0)
    assert isinstance(size, int)
    assert isinstance(rows, float | int)
    return int(size / rows) if rows > _ENOUGH else _GUESS


_ENOUGH = 1_000
_GUESS = 700


def marked_counts(database: Connects, table: str, mark: str) -> dict[str, int]:
    """Rows of a table by account that are marked as gone (`_gone_at`) or deleted (`_deleted_at`), by a partial index."""
    counted = sql.SQL("select _account, count(*) from {} where {} is not null group by 1").format(
        sql.Identifier("wp", table), sql.Identifier(mark)
    )
    with database.connection() as connection:
        return {str(a): int(str(n)) for a, n in connection.execute(counted).fetchall()}


def table_counts(database: Database) -> list[tuple[str, int, int]]:
    """Every table of `wp` with its rows, counted, and how many of them are marked as deleted."""
    found = []
    with database.connection() as connection:
        names = connection.execute(
            "select tablename from pg_tables where schemaname = 'wp' order by 1"
        ).fetchall()
        for (name,) in names:
            counted = sql.SQL("select count(*) from {}").format(sql.Identifier("wp", str(name)))
            row = connection.execute(counted).fetchone()
            rows = int(str(row[0])) if row else 0
            deleted = 0
            if name in TABLES and TABLES[str(name)].soft_delete:
                deleted = sum(marked_counts(database, str(name), "_deleted_at").values())
            found.append((f"wp.{name}", rows, deleted))
    return found


def query(database: Database, text: LiteralString) -> list[tuple[object, ...]]:
    """The rows of a fixed query."""
    with database.connection() as connection:
        return connection.execute(text).fetchall()

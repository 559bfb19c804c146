"""Forgetting what is old: rows, what hangs on them, and the ledger's account of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import LiteralString

from psycopg import sql

from wpsync.db.database import Connection, Database
from wpsync.db.queries import statements
from wpsync.loading import sweeping
from wpsync.resources import RESOURCES
from wpsync.state import window_ledger
from wpsync.state.scope import Scope

QUERIES = statements(__name__)

_BATCH = 5_000

_OF_ROWS = ("forget_old_follow_ups", "forget_old_erased")


def forget_rows(
    database: Database, account: str, resource: str, before: datetime, *, batch: int = _BATCH
) -> int:
    """Delete an account's rows of an older time, and all that is kept about them; returns how many.

    In short transactions, the oldest rows first. From the first on the ledger says nothing of them:
    stopped in between, nobody misses a row that is gone, and the next call goes on. A row without a
    time goes by the day that the vendor says, or else by when it first came.
    """
    parameters = {"account": account, "resource": resource, "before": before, "batch": batch}
    declared = RESOURCES[resource]
    total = 0
    while True:
        with database.transaction() as connection:
            window_ledger.forget_windows(connection, Scope(account, resource), before)
            for name in _OF_ROWS:
                connection.execute(QUERIES[name], parameters)
            gone = sum(
                _forget(connection, resource, where, parameters)
                for where in (
                    "{cursor} < %(before)s order by {cursor}",
                    "{cursor} is null and {age} < %(before)s",
                )
            )
            if gone:
                names = (one.name for one in (declared.table, *declared.details))
                sweeping.ask(connection, [f"wp.{name}" for name in names])
        total += gone
        if gone < batch:
            return total


def _forget(
    connection: Connection, resource: str, where: LiteralString, parameters: Mapping[str, object]
) -> int:
    """Delete a batch of a resource's rows, typed ones too; how many."""
    declared = RESOURCES[resource]
    table = declared.table
    age: sql.Composable = sql.Identifier("_first_synced_at")
    if declared.day is not None:
        day = sql.SQL("coalesce({}::timestamp at time zone 'Asia/Shanghai', {})")
        age = day.format(sql.Identifier(declared.day), age)
    old = sql.SQL(
        "select {key} from {table} where _account = %(account)s and {where} limit %(batch)s"
    ).format(
        key=sql.Identifier(table.key[0]),
        table=sql.Identifier("wp", table.name),
        where=sql.SQL(where).format(
            cursor=sql.Identifier(declared.cursor or ""),
            age=age,
        ),
    )
    ids = [row[0] for row in connection.execute(old, parameters).fetchall()]
    for one in (*declared.details, table):
        delete = sql.SQL(
            "delete from {} where _account = %(account)s and {} = any(%(ids)s)"
        ).format(sql.Identifier("wp", one.name), sql.Identifier(one.key[0]))
        connection.execute(delete, {**parameters, "ids": ids})
    return len(ids)


def forget_history(database: Database, account: str, before: datetime) -> int:
    """Delete versions that were replaced before an instant."""
    return _delete(
        database, account, before, "wp.history", sql.SQL(QUERIES["forget_history"]).format()
    )


def forget_dead_letters(database: Database, account: str, before: datetime) -> int:
    """Delete dead letters that were first seen before an instant."""
    query = sql.SQL(QUERIES["forget_dead_letters"]).format()
    return _delete(database, account, before, "wpsync.dead_letters", query)


def forget_deleted(database: Database, account: str, before: datetime) -> int:
    """Delete rows of listings that vanished before an instant."""
    total = 0
    for resource in RESOURCES.values():
        if resource.table.soft_delete:
            delete = sql.SQL(
                "delete from {} where _account = %(account)s and _deleted_at < %(before)s"
            ).format(sql.Identifier("wp", resource.table.name))
            total += _delete(database, account, before, f"wp.{resource.table.name}", delete)
    return total


def _delete(
    database: Database, account: str, before: datetime, table: str, query: sql.Composed
) -> int:
    """Delete old rows of a table, which is then to be swept; how many."""
    with database.transaction() as connection:
        rows = connection.execute(query, {"account": account, "before": before}).rowcount
        if rows:
            sweeping.ask(connection, [table])
    return rows

"""Forgetting what is old: rows, what hangs on them, and the ledger's account of them."""

from datetime import datetime

from psycopg import sql

from wpsync.load.database import Database
from wpsync.load.queries import QUERIES
from wpsync.resources import RESOURCES, TYPED_TABLES

_BATCH = 5_000


def forget_rows(database: Database, resource: str, before: datetime) -> int:
    """Delete a resource's rows of an older time, and all that is kept about them; returns how many.

    In short transactions, the oldest first: a stop in between leaves nothing half. The ledger's windows
    go last, when no row of them is left.
    """
    declared = RESOURCES[resource]
    assert declared.cursor is not None
    old = sql.SQL(
        "select {key} from {table} where {cursor} < %(before)s order by {cursor} limit {batch}"
    ).format(
        key=sql.Identifier(declared.table.key[0]),
        table=sql.Identifier("wp", declared.table.name),
        cursor=sql.Identifier(declared.cursor),
        batch=sql.Literal(_BATCH),
    )
    typed = TYPED_TABLES if resource == "wechat_messages" else ()
    total = 0
    while True:
        with database.transaction() as connection:
            ids = [row[0] for row in connection.execute(old, {"before": before}).fetchall()]
            targets = [(table.name, "message_id") for table in typed]
            for table, key in [*targets, (declared.table.name, declared.table.key[0])]:
                delete = sql.SQL("delete from {} where {} = any(%(ids)s)").format(
                    sql.Identifier("wp", table), sql.Identifier(key)
                )
                connection.execute(delete, {"ids": ids})
        total += len(ids)
        if len(ids) < _BATCH:
            break
    with database.transaction() as connection:
        parameters = {"resource": resource, "before": before}
        for name in (
            "forget_windows",
            "forget_old_follow_ups",
            "forget_old_gone",
            "forget_old_erased",
        ):
            connection.execute(QUERIES[name], parameters)
    return total


def forget_history(database: Database, before: datetime) -> int:
    """Delete versions that were replaced before an instant."""
    with database.connection() as connection:
        return connection.execute(QUERIES["forget_history"], {"before": before}).rowcount


def forget_dead_letters(database: Database, before: datetime) -> int:
    """Delete dead letters that were first seen before an instant."""
    with database.connection() as connection:
        return connection.execute(QUERIES["forget_dead_letters"], {"before": before}).rowcount


def forget_deleted(database: Database, before: datetime) -> int:
    """Delete rows of listings that vanished before an instant."""
    total = 0
    for resource in RESOURCES.values():
        if resource.table.soft_delete:
            with database.connection() as connection:
                delete = sql.SQL("delete from {} where _deleted_at < %(before)s").format(
                    sql.Identifier("wp", resource.table.name)
                )
                total += connection.execute(delete, {"before": before}).rowcount
    return total

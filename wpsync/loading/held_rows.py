"""What our tables hold of a stretch of vendor time, and which of it the vendor no longer lists.

Statements depend on a resource's table and time column, so they are composed. All of them walk one
short range of the time index.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import cast

from psycopg import sql

from wpsync.db.database import Connection
from wpsync.db.queries import statements
from wpsync.loading.merge_sql import staging_name
from wpsync.model import Window
from wpsync.resources import RESOURCES
from wpsync.state.scope import Scope
from wpsync.values import add_digests, id_digest

QUERIES = statements(__name__)

_WHERE = "_account = %(account)s and {cursor} >= %(start)s and {cursor} < %(end)s"

_ERASED = (
    b"select count(*) from wpsync.erased_rows where account = %(account)s and resource = %(resource)s"
    b" and at >= %(start)s and at < %(end)s"
)


@cache
def _sql(resource: str, text: str) -> bytes:
    """A statement over a resource's table: {target}, {cursor}, {key}, {where} are filled in."""
    declared = RESOURCES[resource]
    assert declared.cursor is not None
    text = text.replace("{where}", _WHERE)
    filled = sql.SQL(text).format(
        target=sql.Identifier("wp", declared.table.name),
        staging=staging_name(declared.table.name),
        cursor=sql.Identifier(declared.cursor),
        key=sql.Identifier(declared.table.key[0]),
    )
    return filled.as_bytes(None)


def _parameters(scope: Scope, window: Window, **more: object) -> dict[str, object]:
    return scope.parameters(start=window.start, end=window.end, **more)


def count(connection: Connection, scope: Scope, window: Window) -> int:
    """Rows held in a stretch, without those the vendor no longer lists.

    Rows of people who were erased count: the vendor lists them, and they are accounted for. All that
    are held less those that are gone: each is counted on an index, without a look at a row.
    """
    statement = _sql(
        scope.resource,
        "select (select count(*) from {target} where {where})"
        " - (select count(*) from {target} where {where} and _gone_at is not null)",
    )
    statement = b"select (" + statement + b") + (" + _ERASED + b")"
    row = connection.execute(statement, _parameters(scope, window)).fetchone()
    assert row is not None
    return cast("int", row[0])


def digest(connection: Connection, scope: Scope, window: Window) -> int:
    """Add up the digests of the rows that `count` counts (`values.id_digest`)."""
    statement = _sql(
        scope.resource,
        "select coalesce(sum(wpsync.id_digest(id)), 0) from (select {key} as id from {target}"
        " where {where} and _gone_at is null union all select id from wpsync.erased_rows"
        " where account = %(account)s and resource = %(resource)s and at >= %(start)s and at < %(end)s)"
        " as held",
    )
    row = connection.execute(statement, _parameters(scope, window)).fetchone()
    assert row is not None
    return add_digests(int(cast("Decimal", row[0])), 0)


def digest_of_staged(
    connection: Connection, scope: Scope, window: Window, seen: Collection[object]
) -> int:
    """Add up the digests of the rows of a stretch that the vendor shows: those staged, and of people who were erased."""
    statement = _sql(
        scope.resource,
        "select coalesce(sum(wpsync.id_digest(id)), 0) from (select distinct {key} as id from {staging}"
        " where {cursor} >= %(start)s and {cursor} < %(end)s) as shown",
    )
    row = connection.execute(statement, _parameters(scope, window)).fetchone()
    assert row is not None
    erased = connection.execute(QUERIES["erased_rows_between"], _parameters(scope, window))
    shown = {str(key) for key in seen}
    return add_digests(
        int(cast("Decimal", row[0])), id_digest(one[0] for one in erased if one[0] in shown)
    )


def listed(connection: Connection, scope: Scope, parent: str = "") -> int:
    """Rows held of an account's listing, or of one parent's, that are not gone."""
    declared = RESOURCES[scope.resource]
    of_parent: sql.Composable = sql.SQL("")
    if declared.parent_column:
        of_parent = sql.SQL(" and {} = %(parent)s").format(sql.Identifier(declared.parent_column))
    statement = sql.SQL(
        "select count(*) from {target} where _account = %(account)s and _deleted_at is null{of_parent}"
    ).format(target=sql.Identifier("wp", declared.table.name), of_parent=of_parent)
    row = connection.execute(statement, scope.parameters(parent=parent)).fetchone()
    assert row is not None
    return cast("int", row[0])


def listed_keys(connection: Connection, scope: Scope) -> set[str]:
    """The keys of an account's listing that are not marked as gone."""
    table = RESOURCES[scope.resource].table
    statement = sql.SQL(
        "select {key} from {target} where _account = %(account)s and _deleted_at is null"
    ).format(key=sql.Identifier(table.key[0]), target=sql.Identifier("wp", table.name))
    return {
        cast("str", row[0]) for row in connection.execute(statement, scope.parameters()).fetchall()
    }


def counts(connection: Connection, scope: Scope, stretches: Sequence[Window]) -> list[int]:
    """Rows held in each of several stretches, as `count` tells them."""
    return [count(connection, scope, stretch) for stretch in stretches]


def keys(connection: Connection, scope: Scope, window: Window, before: datetime) -> set[str]:
    """The keys held in a stretch whose rows were first fetched before an instant."""
    statement = _sql(
        scope.resource,
        "select {key} from {target} where {where} and _first_synced_at < %(before)s",
    )
    found = connection.execute(statement, _parameters(scope, window, before=before)).fetchall()
    return {cast("str", row[0]) for row in found}


def mark_gone(
    connection: Connection,
    scope: Scope,
    window: Window,
    seen: Collection[object],
    read_at: datetime,
) -> int:
    """Note what a complete reading of a stretch did not hold, and take back what it held again.

    Of people who were erased nothing is noted: what the vendor no longer lists of them no longer counts.
    """
    parameters = _parameters(scope, window, at=read_at)
    statement = _sql(
        scope.resource,
        "select {key} from {target} where {where} and _gone_at is not null",
    )
    noted = connection.execute(statement, parameters).fetchall()
    present = {str(key) for key in seen}
    back = [row[0] for row in noted if row[0] in present]
    if back:
        statement = _sql(
            scope.resource,
            "update {target} set _gone_at = null where _account = %(account)s and {key} = any(%(ids)s)",
        )
        connection.execute(statement, {**parameters, "ids": back})
    erased = connection.execute(QUERIES["erased_rows_between"], parameters).fetchall()
    if unlisted := [row[0] for row in erased if row[0] not in present]:
        connection.execute(QUERIES["forget_erased_rows"], {**parameters, "ids": unlisted})
    known = {row[0] for row in noted}
    missing = keys(connection, scope, window, read_at).difference(present, known)
    if missing:
        statement = _sql(
            scope.resource,
            "update {target} set _gone_at = %(at)s"
            " where _account = %(account)s and {key} = any(%(ids)s) and _gone_at is null",
        )
        connection.execute(statement, {**parameters, "ids": sorted(missing)})
    return len(missing)


def nth_time(connection: Connection, scope: Scope, window: Window, number: int) -> datetime | None:
    """The time of the row that has `number` rows before it among those that `count` counts; else None."""
    statement = _sql(
        scope.resource,
        "select {cursor} from {target} where {where} and _gone_at is null"
        " order by {cursor} offset %(number)s limit 1",
    )
    row = connection.execute(statement, _parameters(scope, window, number=number)).fetchone()
    return None if row is None else cast("datetime", row[0])


def lone_second(connection: Connection, scope: Scope, window: Window) -> datetime | None:
    """A second of a stretch with rows in it that the vendor lists, and none beside it; else None."""
    statement = _sql(
        scope.resource,
        "with newest as (select {cursor} as at, _gone_at is not null as gone from {target} where {where}"
        " order by {cursor} desc limit 20000), seconds as (select date_trunc('second', at) as at,"
        " bool_or(gone) as gone from newest group by 1)"
        " select at from (select at, gone, lag(at) over (order by at) as before, lead(at) over (order by at)"
        " as after from seconds) as s where not gone"
        " and at - before > interval '2 seconds' and after - at > interval '2 seconds' limit 1",
    )
    row = connection.execute(statement, _parameters(scope, window)).fetchone()
    return None if row is None else cast("datetime", row[0])

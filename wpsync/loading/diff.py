"""What differs between staged rows and our tables: the content side of `wpsync verify`.

Nothing is written here. Rows are told apart as `missing` (the vendor has it, we do not), `altered`
(both have it, with other content) and `extra` (we have it, the vendor does not list it).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from psycopg import sql

from wpsync.db.database import Connection
from wpsync.loading.merge_sql import differs, incoming, same_row, staging_name, target_name
from wpsync.model import Window
from wpsync.policy import DEFAULT
from wpsync.resources import RESOURCES, TABLES, TYPED_TABLES
from wpsync.resources.spec import Mode, SqlType, Table
from wpsync.state.scope import Scope

MISSING, ALTERED, EXTRA = "missing", "altered", "extra"


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that differs: its table, its key (joined with `/`), and how."""

    table: str
    key: str
    what: str

    @property
    def owner(self) -> str:
        """The id of the row, or of the message to which a typed row belongs."""
        return self.key.split("/")[0]


def _key(prefix: str, names: tuple[str, ...]) -> sql.Composed:
    parts = [sql.SQL(prefix + "{}").format(sql.Identifier(name)) for name in names]
    return sql.SQL("concat_ws('/', {})").format(sql.SQL(", ").join(parts))


def _inside(table: Table) -> sql.Composed:
    """Staged rows of a stretch: a request shows those of the seconds beside it too, of which another window tells."""
    time = "sent_at" if table in TYPED_TABLES else table.gone_by
    staged = sql.SQL("select i.* from ({}) as i").format(incoming(table, distinct=True, some=False))
    if time is None:
        return staged
    return sql.SQL(
        "{staged} where i.{time} is null or (i.{time} >= %(start)s and i.{time} < %(end)s)"
    ).format(staged=staged, time=sql.Identifier(time))


@cache
def _staged_sql(name: str) -> bytes:
    """Staged rows that the table lacks or holds otherwise; not where the table's is newer."""
    table = TABLES[name]
    return (
        sql.SQL(
            "select {key}, t.{first} is null from ({inside}) as i left join {target} as t on {joined}"
            " where t.{first} is null"
            " or ((t._synced_at <= i._fetched_at or t._synced_at > %(late)s) and {differs})"
        )
        .format(
            key=_key("i.", table.key),
            first=sql.Identifier(table.key[0]),
            inside=_inside(table),
            target=target_name(name),
            joined=same_row("t.", "i.", table),
            differs=differs(table, "t.", "i."),
        )
        .as_bytes(None)
    )


@cache
def _extra_sql(resource: str) -> bytes:
    """Rows of a stretch that were there before it was read and are not among the staged."""
    declared = RESOURCES[resource]
    assert declared.cursor is not None
    return (
        sql.SQL(
            "select t.{key} from {target} as t where t._account = %(account)s"
            " and t.{cursor} >= %(start)s and t.{cursor} < %(end)s "
            " and (t._first_synced_at < %(at)s or t._first_synced_at > %(late)s)"
            " and not exists (select from {staging} as s where s.{key} = t.{key})"
            " and t._gone_at is null"
        )
        .format(
            key=sql.Identifier(declared.table.key[0]),
            cursor=sql.Identifier(declared.cursor),
            target=target_name(declared.table.name),
            staging=staging_name(declared.table.name),
        )
        .as_bytes(None)
    )


@cache
def _orphaned_typed_sql(name: str, owner: str) -> bytes:
    """Select typed rows of a stretch whose message we do not hold, and that are not among the staged."""
    table, cursor = TABLES[name], RESOURCES[owner].cursor
    return (
        sql.SQL(
            "select {key} from {target} as t where t._account = %(account)s"
            " and t.{cursor} >= %(start)s and t.{cursor} < %(end)s"
            " and not exists (select from {messages} as m where m._account = t._account and m.id = t.message_id)"
            " and not exists (select from {staging} as y where y.message_id = t.message_id)"
        )
        .format(
            key=_key("t.", table.key),
            target=target_name(name),
            cursor=sql.Identifier(str(cursor)),
            messages=target_name(owner),
            staging=staging_name(name),
        )
        .as_bytes(None)
    )


@cache
def _extra_typed_sql(name: str, owner: str) -> bytes:
    """Typed rows of staged rows of `owner` that their payloads do not hold."""
    table = TABLES[name]
    same = sql.SQL(" and ").join(
        sql.SQL("y.{0} = t.{0}").format(sql.Identifier(key)) for key in table.key
    )
    return (
        sql.SQL(
            "select {key} from {target} as t join {messages} as s"
            " on t._account = %(account)s and s.id = t.message_id "
            " where (t._synced_at <= s._fetched_at or t._synced_at > %(late)s)"
            " and not exists (select from {staging} as y where {same})"
        )
        .format(
            key=_key("t.", table.key),
            target=target_name(name),
            messages=staging_name(owner),
            staging=staging_name(name),
            same=same,
        )
        .as_bytes(None)
    )


def compare(
    connection: Connection, scope: Scope, window: Window, read_at: datetime
) -> list[Difference]:
    """Compare a stretch that was read completely and is staged with our tables.

    The staging tables of the resource (and of all typed tables, for messages) exist.
    """
    main = RESOURCES[scope.resource].table
    late = read_at + DEFAULT.clocks.skew  # what was fetched later than that was written by hand
    parameters = scope.parameters(start=window.start, end=window.end, at=read_at, late=late)
    found = _of_table(connection, parameters, main.name)
    rows = connection.execute(_extra_sql(scope.resource), parameters).fetchall()
    found += [Difference(main.name, str(row[0]), EXTRA) for row in rows]
    for table in RESOURCES[scope.resource].details:
        found += _of_table(connection, parameters, table.name)
        typed = connection.execute(_extra_typed_sql(table.name, main.name), parameters).fetchall()
        orphaned = _orphaned_typed_sql(table.name, scope.resource)
        typed += connection.execute(orphaned, parameters).fetchall()
        found += [Difference(table.name, str(row[0]), EXTRA) for row in typed]
    return found


@cache
def _extra_listed_sql(resource: str) -> bytes:
    """Rows of a listing (of one parent) that were there before it was read and are not among the staged."""
    declared = RESOURCES[resource]
    of_parent: sql.Composable = sql.SQL("")
    if declared.parent_column:
        of_parent = sql.SQL(" and t.{} = %(parent)s").format(sql.Identifier(declared.parent_column))
    return (
        sql.SQL(
            "select t.{key} from {target} as t where t._account = %(account)s{of_parent}"
            " and t._deleted_at is null and (t._synced_at <= %(at)s or t._synced_at > %(late)s)"
            " and not exists (select from {staging} as s where s.{key} = t.{key})"
        )
        .format(
            key=sql.Identifier(declared.table.key[0]),
            target=target_name(declared.table.name),
            staging=staging_name(declared.table.name),
            of_parent=of_parent,
        )
        .as_bytes(None)
    )


@cache
def _extra_reported_sql(resource: str) -> bytes:
    """Select rows of a report that the vendor should show: of an agent in the reading, or of an unknown one."""
    declared = RESOURCES[resource]
    assert declared.parent is not None
    day = next(column.name for column in declared.table.columns if column.type is SqlType.DAY)
    return (
        sql.SQL(
            "select t.{key} from {target} as t where t._account = %(account)s"
            " and not exists (select from {staging} as s where s.{key} = t.{key})"
            " and (not exists (select from {parents} as p where p._account = t._account and p.id = t.agent_id)"
            " or (t.agent_id in (select agent_id from {staging})"
            " and t.{day} >= (select min({day}) from {staging})))"
        )
        .format(
            key=sql.Identifier(declared.table.key[0]),
            target=target_name(declared.table.name),
            staging=staging_name(declared.table.name),
            parents=target_name(RESOURCES[declared.parent].table.name),
            day=sql.Identifier(day),
        )
        .as_bytes(None)
    )


def compare_listed(
    connection: Connection, scope: Scope, parent: str, read_at: datetime, *, shows_all: bool = True
) -> list[Difference]:
    """Compare a listing (of one parent) or a report, which is staged, with our table.

    `shows_all`: whether the reading is known to show every row, so that another is extra.
    """
    resource = RESOURCES[scope.resource]
    table = resource.table.name
    late = read_at + DEFAULT.clocks.skew
    parameters = scope.parameters(parent=parent, at=read_at, late=late)
    found = _of_table(connection, parameters, table)
    if shows_all:
        is_report = resource.mode is Mode.REPORT
        extra = (_extra_reported_sql if is_report else _extra_listed_sql)(scope.resource)
        rows = connection.execute(extra, parameters).fetchall()
        found += [Difference(table, str(row[0]), EXTRA) for row in rows]
    return found


def orphans(connection: Connection, scope: Scope) -> list[Difference]:
    """Rows of parents that never were: no listing of theirs was read, and nothing is held of them."""
    resource = RESOURCES[scope.resource]
    if resource.mode is not Mode.LISTING or resource.parent is None:
        return []
    statement = sql.SQL(
        "select t.{key} from {target} as t where t._account = %(account)s and t._deleted_at is null"
        " and not exists (select from wpsync.listings as l where l.account = %(account)s"
        " and l.resource = %(resource)s and l.parent_id = t.{parent})"
        " and not exists (select from {parents} as p where p._account = t._account and p.id = t.{parent})"
    ).format(
        key=sql.Identifier(resource.table.key[0]),
        target=target_name(resource.table.name),
        parent=sql.Identifier(str(resource.parent_column)),
        parents=target_name(RESOURCES[resource.parent].table.name),
    )
    rows = connection.execute(statement, scope.parameters()).fetchall()
    return [Difference(resource.table.name, str(row[0]), EXTRA) for row in rows]


def _of_table(
    connection: Connection, parameters: Mapping[str, object], table: str
) -> list[Difference]:
    rows = connection.execute(_staged_sql(table), parameters).fetchall()
    return [Difference(table, str(row[0]), MISSING if row[1] else ALTERED) for row in rows]


@cache
def _moved_sql(name: str) -> bytes:
    """Staged rows whose state, by which they are followed up, is not the one that the table holds."""
    table = TABLES[name]
    assert table.follow_up is not None
    return (
        sql.SQL(
            "select {key} from ({incoming}) as i join {target} as t on {joined}"
            " where t.{state} is distinct from i.{state}"
        )
        .format(
            key=_key("i.", table.key),
            incoming=incoming(table, distinct=True, some=False),
            target=target_name(name),
            joined=same_row("t.", "i.", table),
            state=sql.Identifier(table.follow_up.column),
        )
        .as_bytes(None)
    )


def moved(connection: Connection, scope: Scope, found: Sequence[Difference]) -> set[str]:
    """The rows, by `owner`, that the vendor has changed as those that are followed up change.

    Of a row of the resource its state differs. Of a message the typed row that is followed up differs, together with
    the message: one of them alone was altered here.
    """
    declared = RESOURCES[scope.resource]
    if declared.table.follow_up is not None:
        rows = connection.execute(_moved_sql(declared.table.name), scope.parameters()).fetchall()
        return {str(row[0]) for row in rows}
    main = declared.table.name
    altered = {one.owner for one in found if (one.table, one.what) == (main, ALTERED)}
    followed = {table.name for table in declared.followed}
    return altered & {one.owner for one in found if one.table in followed}


def remove(connection: Connection, scope: Scope, found: Sequence[Difference], at: datetime) -> None:
    """Take rows that never came from the vendor out of their tables; `wp.history` keeps them."""
    if not found:
        return
    for table in {one.table for one in found}:
        declared = TABLES[table]
        statement = sql.SQL(
            "with removed as (delete from {target} as t"
            " where t._account = %(account)s and {key} = any(%(keys)s) returning t.*)"
            " insert into wp.history (resource, id, valid_from, valid_to, row, _account)"
            " select {name}, {removed_key}, r._synced_at, %(at)s, to_jsonb(r), r._account"
            " from removed as r on conflict do nothing"
        ).format(
            target=target_name(table),
            key=_key("t.", declared.key),
            removed_key=_key("r.", declared.key),
            name=sql.Literal(table),
        )
        keys = [one.key for one in found if one.table == table]
        connection.execute(statement, scope.parameters(keys=keys, at=at))
    main = RESOURCES[scope.resource]
    owners = [one.key for one in found if one.table == main.table.name]
    if owners:
        for typed in main.details:
            drop = sql.SQL("delete from {} where _account = %(account)s and {} = any(%(keys)s)")
            drop_rows = drop.format(target_name(typed.name), sql.Identifier(typed.key[0]))
            connection.execute(drop_rows, scope.parameters(keys=owners))

"""The one write path: rows are copied into staging and merged from there.

Staging tables are temporary and belong to the connection, so a window's rows are copied while its
pages still arrive, with no transaction open and whatever its size in constant memory. One merge per
table then runs inside the transaction that closes the window. The merge joins first and inserts
after: a row that is already there unchanged is neither written nor locked (measured: 0.1 MB of WAL
for 30,000 unchanged rows, against 10.5 MB for a guarded `ON CONFLICT` alone). The conflict clause is
there for races only.

Older never overwrites newer: a staged row carries when it was fetched, and `_synced_at` is the
fetch that the stored content came from. One order is left in which that is not enough: a content went
A, B, A, and what was fetched as B is loaded after the second A, which wrote nothing because A was
stored. It ends as B. Each of following, rechecking and backfilling has a lock of its own, so none of
them does this alone, but two that read the same stretch at the same time can, within the duration of
one reading. To rule it out, every unchanged row would have to be written, or every reading kept. What
is followed up, a sample of each day and `verify --deep` find it, as any change that shows in no count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from psycopg import sql

from wpsync.resources import TABLES, TYPED_TABLES
from wpsync.resources.messages import KINDS
from wpsync.resources.spec import Table
from wpsync.resources.wechat import WECHAT_MESSAGES

FETCHED = "_fetched_at"
_STAGED_EXTRAS = ("_extra", FETCHED)


@dataclass(slots=True)
class Counts:
    """What a merge did to rows of `wp`."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    def __iadd__(self, other: "Counts") -> "Counts":
        self.inserted += other.inserted
        self.updated += other.updated
        self.deleted += other.deleted
        return self


def _rendered(composed: sql.Composed) -> bytes:
    """A statement rendered once: composing it anew costs more than many a merge."""
    return composed.as_bytes(None)


def staged_columns(table: Table) -> tuple[str, ...]:
    """The columns of a staged row, in order: the table's, then `_extra`, then when it was fetched."""
    return (*(column.name for column in table.columns), *_STAGED_EXTRAS)


def staging_name(table: str) -> sql.Identifier:
    return sql.Identifier("pg_temp", f"staging_{table}")


def target_name(table: str) -> sql.Identifier:
    return sql.Identifier("wp", table)


@cache
def create_staging_sql(table: str) -> bytes:
    """The staging table: the target's types, none of its constraints."""
    declared = TABLES[table]
    columns = [sql.Identifier(column.name) for column in declared.columns]
    return _rendered(
        sql.SQL(
            "create temporary table if not exists {staging} as"
            " select {columns}, _extra, _synced_at as _fetched_at from {target} with no data"
        ).format(
            staging=sql.Identifier(f"staging_{table}"),
            columns=sql.SQL(", ").join(columns),
            target=target_name(table),
        )
    )


def truncate_sql(tables: Sequence[str]) -> bytes:
    """Empty the staging tables of these tables, all at once."""
    names = sql.SQL(", ").join(map(staging_name, tables))
    return _rendered(sql.SQL("truncate {}").format(names))


@cache
def copy_sql(table: str) -> bytes:
    """COPY into staging; rows in the order of `staged_columns`."""
    names = map(sql.Identifier, staged_columns(TABLES[table]))
    return _rendered(
        sql.SQL("copy {staging} ({columns}) from stdin").format(
            staging=staging_name(table), columns=sql.SQL(", ").join(names)
        )
    )


@cache
def copy_straight_sql(table: str) -> bytes:
    """COPY into the table itself; rows as staged, then once more when they were fetched, then the account."""
    names = [
        *(column.name for column in TABLES[table].columns),
        "_extra",
        "_first_synced_at",
        "_synced_at",
        "_account",
    ]
    return _rendered(
        sql.SQL("copy {target} ({columns}) from stdin").format(
            target=target_name(table), columns=sql.SQL(", ").join(map(sql.Identifier, names))
        )
    )


@cache
def known_sql(table: str) -> bytes:
    """Which of these `keys` (text[]) the table already holds for an `account`."""
    key = sql.Identifier(TABLES[table].key[0])
    return _rendered(
        sql.SQL(
            "select {key} from {target} where _account = %(account)s and {key} = any(%(keys)s::text[])"
        ).format(key=key, target=target_name(table))
    )


@cache
def hold_sql(table: str) -> bytes:
    """Lock the rows of an `account` that are staged and held until the transaction ends; return their keys."""
    return _rendered(
        sql.SQL(
            "select t.{key} from {target} as t join {staging} as s"
            " on t._account = %(account)s and t.{key} = s.{key}"
            " order by 1 for key share of t"
        ).format(
            key=sql.Identifier(TABLES[table].key[0]),
            target=target_name(table),
            staging=staging_name(table),
        )
    )


@cache
def unstage_others_sql(table: str) -> bytes:
    """Take all staged rows back but those of these keys (text[])."""
    return _rendered(
        sql.SQL("delete from {staging} where {key} <> all(%s::text[])").format(
            key=sql.Identifier(TABLES[table].key[0]), staging=staging_name(table)
        )
    )


@cache
def held_sql(table: str, cursor: str) -> bytes:
    """The keys of the rows that an `account` holds from `first` to `last`, both included."""
    return _rendered(
        sql.SQL(
            "select {key} from {target}"
            " where _account = %(account)s and {cursor} between %(first)s and %(last)s"
        ).format(
            key=sql.Identifier(TABLES[table].key[0]),
            target=target_name(table),
            cursor=sql.Identifier(cursor),
        )
    )


def _listed(prefix: str, names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL(prefix) + sql.Identifier(name) for name in names)


def same_row(held: str, staged: str, table: Table) -> sql.Composed:
    """A held row of an `account` has the key of a staged one, which has no account of its own."""
    parts = [sql.SQL(held + "_account = %(account)s")] + [
        sql.SQL("{}{} = {}{}").format(
            sql.SQL(held), sql.Identifier(key), sql.SQL(staged), sql.Identifier(key)
        )
        for key in table.key
    ]
    return sql.SQL(" and ").join(parts)


def _row(prefix: str, table: Table, *, inherited_from: str | None = None) -> sql.Composed:
    """The content that is compared: every column and `_extra`."""
    parts: list[sql.Composable] = []
    for name in (*(column.name for column in table.columns), "_extra"):
        own = sql.SQL(prefix) + sql.Identifier(name)
        if inherited_from is not None and name in table.inherits:
            other = sql.SQL(inherited_from) + sql.Identifier(name)
            own = sql.SQL("coalesce({}, {})").format(own, other)
        parts.append(own)
    return sql.SQL("row({})").format(sql.SQL(", ").join(parts))


def differs(table: Table, old: str, new: str) -> sql.Composed:
    """The stored row is not newer than the staged one and holds something else."""
    deleted = sql.SQL(" or {}_deleted_at is not null").format(sql.SQL(old))
    return sql.SQL("({old} is distinct from {new}{deleted})").format(
        old=_row(old, table),
        new=_row(new, table, inherited_from=old),
        deleted=deleted if table.soft_delete else sql.SQL(""),
    )


def incoming(table: Table, *, distinct: bool, some: bool) -> sql.Composed:
    """Staged rows of an `account`, one of each key where a key was staged twice.

    A reading that lists an id at two times shows the row before and after it moved: the later time counts,
    whichever came first. Of one time the newest reading counts.
    """
    keys = _listed("s.", table.key)
    return sql.SQL("select {distinct}s.* from {staging} as s{message}{some}{order}").format(
        distinct=sql.SQL("distinct on ({}) ").format(keys) if distinct else sql.SQL(""),
        staging=staging_name(table.name),
        message=_owning_message(table),
        some=sql.SQL(" where s.ctid = any(%(ctids)s::tid[])") if some else sql.SQL(""),
        order=sql.SQL(" order by {}, {}s._fetched_at desc, s.ctid desc").format(keys, _later(table))
        if distinct
        else sql.SQL(""),
    )


def _later(table: Table) -> sql.Composable:
    time = "sent_at" if table in TYPED_TABLES else table.gone_by
    return sql.SQL("s.{} desc nulls last, ").format(sql.Identifier(time)) if time else sql.SQL("")


def _owning_message(table: Table) -> sql.Composable:
    """A typed row goes with its message: not where a newer version of that, of whatever kind, is stored."""
    if table not in TYPED_TABLES:
        return sql.SQL("")
    return sql.SQL(
        " join wp.wechat_messages as m on m._account = %(account)s and m.id = s.message_id"
        " and m._synced_at <= s._fetched_at and m.kind in ({kinds})"
    ).format(kinds=sql.SQL(", ").join(map(sql.Literal, kinds_of(table.name))))


def kinds_of(table: str) -> tuple[str, ...]:
    """The kinds of message whose payload fills this table."""
    return tuple(kind.name for kind in KINDS if table in (one.name for one in kind.tables))


def _fresh(table: Table, *, distinct: bool, some: bool) -> sql.Composed:
    """Staged rows that the table lacks or holds otherwise."""
    return sql.SQL(
        "select i.* from ({incoming}) as i left join {target} as t on {joined}"
        " where t.{key} is null or (t._synced_at <= i._fetched_at and {differs})"
    ).format(
        incoming=incoming(table, distinct=distinct, some=some),
        target=target_name(table.name),
        joined=same_row("t.", "i.", table),
        key=sql.Identifier(table.key[0]),
        differs=differs(table, "t.", "i."),
    )


@cache
def unwritten_sql(name: str, *, distinct: bool = False, some: bool = False) -> bytes:
    """Count the rows that `upsert_sql` of the same parameters should have written, and that are not there."""
    fresh = _fresh(TABLES[name], distinct=distinct, some=some)
    return _rendered(sql.SQL("select count(*) from ({}) as fresh").format(fresh))


@cache
def upsert_sql(name: str, *, distinct: bool = False, some: bool = False) -> bytes:
    """Merge staging into its table: insert what is new, update what differs, touch nothing else.

    Parameters: `account`, and `ctids` (text[]) with `some`. Returns one row: inserted, updated, and how many rows
    were to be.
    """
    table = TABLES[name]
    columns = [column.name for column in table.columns]
    written = [*columns, "_extra"]
    changed = [n for n in written if n not in table.key]
    reset = sql.SQL(", _deleted_at = null") if table.soft_delete else sql.SQL("")
    return _rendered(
        sql.SQL(
            "with fresh as ({fresh_rows}), merged as ("
            "insert into {target} as t ({written}, _account, _first_synced_at, _synced_at)"
            " select {fresh}, %(account)s, _fetched_at, _fetched_at from fresh"
            " on conflict ({keys}) do update set ({changed}) = row({excluded}),"
            " _synced_at = excluded._synced_at{reset}"
            " where t._synced_at <= excluded._synced_at and {conflicting}"
            " returning xmax = 0 as inserted)"
            " select count(*) filter (where inserted), count(*) filter (where not inserted),"
            " (select count(*) from fresh) from merged"
        ).format(
            fresh_rows=_fresh(table, distinct=distinct, some=some),
            target=target_name(name),
            written=_listed("", written),
            fresh=_listed("", written),
            keys=_listed("", table.primary_key),
            changed=_listed("", changed),
            excluded=_listed("excluded.", changed),
            reset=reset,
            conflicting=differs(table, "t.", "excluded."),
        )
    )


@cache
def archive_changed_sql(name: str, *, distinct: bool = False) -> bytes:
    """Keep in `wp.history` the versions that the merge is about to replace. Parameter: `account`."""
    table = TABLES[name]
    return _rendered(
        sql.SQL(
            "insert into wp.history (resource, id, valid_from, valid_to, row, _account)"
            " select {name}, t.id, t._synced_at, i._fetched_at, to_jsonb(t), t._account"
            " from ({incoming}) as i join {target} as t on {joined}"
            " where t._deleted_at is null and t._synced_at < i._fetched_at and {differs}"
            " on conflict do nothing"
        ).format(
            name=sql.Literal(name),
            incoming=incoming(table, distinct=distinct, some=False),
            target=target_name(name),
            joined=same_row("t.", "i.", table),
            differs=differs(table, "t.", "i."),
        )
    )


def _gone(table: Table, parent_column: str | None) -> sql.Composed:
    """What an `account` holds of a listing, or of one `parent`'s, and a complete reading did not have."""
    of_parent: sql.Composable = sql.SQL("")
    if parent_column:
        of_parent = sql.SQL(" and t.{} = %(parent)s").format(sql.Identifier(parent_column))
    return sql.SQL(
        "t._account = %(account)s{of_parent} and t._deleted_at is null and t._synced_at <= %(at)s"
        " and not exists (select from {staging} as s where s.id = t.id)"
    ).format(of_parent=of_parent, staging=staging_name(table.name))


@cache
def archive_gone_sql(table: Table, parent_column: str | None) -> bytes:
    """Keep in `wp.history` the rows that a complete listing no longer has."""
    return _rendered(
        sql.SQL(
            "insert into wp.history (resource, id, valid_from, valid_to, row, _account)"
            " select {name}, t.id, t._synced_at, %(at)s, to_jsonb(t), t._account from {target} as t"
            " where {gone} on conflict do nothing"
        ).format(
            name=sql.Literal(table.name),
            target=target_name(table.name),
            gone=_gone(table, parent_column),
        )
    )


@cache
def soft_delete_sql(table: Table, parent_column: str | None) -> bytes:
    """Mark the rows that a complete listing no longer has. Parameters: account, at, parent."""
    return _rendered(
        sql.SQL(
            "update {target} as t set _deleted_at = %(at)s, _synced_at = %(at)s where {gone}"
        ).format(target=target_name(table.name), gone=_gone(table, parent_column))
    )


@cache
def drop_stale_typed_sql(name: str) -> bytes:
    """Remove typed rows of messages that just changed into something that does not fill this table."""
    table = TABLES[name]
    same = sql.SQL(" and ").join(
        sql.SQL("y.{0} = x.{0}").format(sql.Identifier(key)) for key in table.key
    )
    return _rendered(
        sql.SQL(
            "delete from {target} as x using {messages} as s, wp.wechat_messages as m"
            " where x._account = %(account)s and x.message_id = s.id"
            " and m._account = %(account)s and m.id = s.id and m._synced_at = s._fetched_at"
            " and x._synced_at <= s._fetched_at"
            " and (m.kind not in ({kinds}) or not exists (select from {staging} as y where {same}))"
        ).format(
            target=target_name(name),
            messages=staging_name(WECHAT_MESSAGES.name),
            kinds=sql.SQL(", ").join(map(sql.Literal, kinds_of(name))),
            staging=staging_name(name),
            same=same,
        )
    )


@dataclass(frozen=True, slots=True)
class Gone:
    """What a complete listing may mark as gone: everything unseen of the account, or else of one parent."""

    at: datetime
    parent_column: str | None = None
    parent: str | None = None

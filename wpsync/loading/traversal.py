"""All that is held of one person in one account: where it is looked for, and how it goes.

Which rows are a person's is declared in `resources/` (`identifies=`, `mentions=`, `leads_to=`). A row is theirs if any of
its versions is, the present one or one that was replaced. All that is kept about a row goes with it, by its id.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import LiteralString, cast

from psycopg import Cursor, sql

from wpsync import values
from wpsync.db.database import Connection
from wpsync.db.queries import statements
from wpsync.model import PHONE, WX
from wpsync.normalize import erasure
from wpsync.resources import RESOURCES
from wpsync.resources.crm import CUSTOMERS
from wpsync.resources.spec import SqlType, Table

QUERIES = statements(__name__)

ROWS_OF_PEOPLE = (*(one.table for one in RESOURCES.values()), CUSTOMERS)
"""The tables whose rows may be a person's. Those of payloads go with the rows that they belong to."""

_RESOURCE_OF = {one.table.name: one for one in RESOURCES.values()}

_CHUNK = 1_000
"""Dead letters that are read at once."""

_HISTORY = "history"

_BESIDE = (
    "dead_letters",
    "drift",
    "follow_ups",
    "named_rows",
    "runs",
    "jobs",
    "incidents",
    "outages",
    "vendor_words",
)
"""The tables of our own state in which a person is looked for, by number or by id."""

_PRESENT = "select {key} from {table} where _account = %(account)s and ({condition})"
_REPLACED = "select row->>{name} from wp.history where _account = %(account)s and resource = {resource} and ({condition})"
_PRESENT_LEADS = (
    "select {column} from {table} where _account = %(account)s and {key} = any(%(ids)s)"
)
_REPLACED_LEADS = (
    "select row->>{lead} from wp.history where _account = %(account)s and resource = {resource}"
    " and row->>{name} = any(%(ids)s)"
)
_EXTRAS = "select {key}, _extra from {table} where _account = %(account)s and _extra is not null"
_EMPTY = "update {table} set _extra = null where _account = %(account)s and {key} = any(%(ids)s)"
_TEXTS = "select {key}, {text} from {table} where _account = %(account)s"
_UNREAD = "select {key}, {text} from {table} where _account = %(account)s and not {flag}"
_VERSIONS = "select id, row, resource, valid_from from wp.history where _account = %(account)s"
_MAY_NAME = (
    " and ({text} like any(%(plain)s::text[])"
    " or regexp_replace({text}, '[^0-9]', '', 'g') like any(%(digits)s::text[]))"
)
_NOTE = (
    "insert into wpsync.erased_rows (account, resource, id, at)"
    " select _account, {resource}, {key}, {cursor} from {table}"
    " where _account = %(account)s and {key} = any(%(ids)s) and {cursor} is not null and _gone_at is null"
    " on conflict do nothing"
)
_DELETE = "delete from {table} where _account = %(account)s and {key} = any(%(ids)s)"
_DELETE_VERSIONS = (
    "delete from wp.history where _account = %(account)s and resource = {resource}"
    " and row->>{name} = any(%(ids)s)"
)


def details(table: Table) -> tuple[Table, ...]:
    """Return the tables that the payloads of a table's rows fill."""
    resource = _RESOURCE_OF.get(table.name)
    return resource.details if resource else ()


def looked_at() -> list[str]:
    """Return every table in which a person is looked for."""
    data = [one.name for table in ROWS_OF_PEOPLE for one in (table, *details(table))]
    return sorted(
        [*(f"wp.{one}" for one in (*data, _HISTORY)), *(f"wpsync.{one}" for one in _BESIDE)]
    )


class Eraser:
    """Removes a person's rows of one account on one connection, inside its transaction.

    `rows` counts it by table, `leads` (kind, value) are the marks of the person from then on, `touched` are
    the tables that were written.
    """

    def __init__(self, connection: Connection, account: str) -> None:
        self._connection = connection
        self._account = account
        self._known: dict[str, set[str]] = {}
        self.rows: dict[str, int] = {}
        self.touched: set[str] = set()
        self.leads: set[tuple[str, str]] = set()

    def person(self, kind: str, stored: Collection[str]) -> None:
        """Remove the rows of a number (PHONE or WX), and all that the leads lead to.

        `stored` are the forms in which the tables may hold the number. Leads that are known already are followed too.
        """
        self._known = {kind: set(stored)}
        self._learn(self.leads)
        ids = {table.name: self._named_in_texts(table) for table in ROWS_OF_PEOPLE}
        while True:
            for table in ROWS_OF_PEOPLE:
                ids[table.name] |= self._rows_of(table)
            if not self._learn(self._leads_of(ids)):
                break
        for table in ROWS_OF_PEOPLE:
            self.remove(table, ids[table.name])
            self._take_mentions_out(table)
        self._remove_versions()
        self._remove_letters()
        self._forget_names()
        self._forget_drift()

    def is_theirs(self, kind: str, value: str) -> bool:
        """Return whether a number or id is the person's; a phone number however it is written."""
        stored = self._known.get(kind, ())
        return value in stored or (kind == PHONE and values.phone_number(value) in stored)

    def _learn(self, leads: Collection[tuple[str, str]]) -> bool:
        """Take note of leads; whether there are new ones."""
        before = len(self.leads)
        self.leads |= set(leads)
        for kind, value in leads:
            if kind not in (PHONE, WX):
                self._known.setdefault(kind, set()).add(value)
        return len(self.leads) > before

    def _leads_of(self, ids: Mapping[str, Collection[str]]) -> set[tuple[str, str]]:
        """Return the ids by which other rows name the person of these rows."""
        leads: set[tuple[str, str]] = set()
        for table in ROWS_OF_PEOPLE:
            for column in table.columns:
                if not ids[table.name] or column.leads_to in (None, PHONE, WX):
                    continue
                for query in (_PRESENT_LEADS, _REPLACED_LEADS):
                    filled = _filled(
                        query,
                        table,
                        column=sql.Identifier(column.name),
                        lead=sql.Literal(column.name),
                    )
                    found = self._execute(filled, ids=list(ids[table.name])).fetchall()
                    leads |= {(str(column.leads_to), str(row[0])) for row in found}
        return leads

    def _rows_of(self, table: Table) -> set[str]:
        """Return the keys of the rows that are the person's by a column of theirs or of a payload, in any version."""
        found: set[str] = set()
        for one in (table, *details(table)):
            marking = [(column, kind) for column, kind in one.marking if self._known.get(kind)]
            if not marking:
                continue
            parameters = {kind: list(self._known[kind]) for _, kind in marking}
            present = sql.SQL(" or ").join(
                sql.SQL("{} = any({})").format(sql.Identifier(column.name), sql.Placeholder(kind))
                for column, kind in marking
            )
            replaced = sql.SQL(" or ").join(
                sql.SQL("row->>{} = any({})").format(
                    sql.Literal(column.name), sql.Placeholder(kind)
                )
                for column, kind in marking
            )
            for query, condition in ((_PRESENT, present), (_REPLACED, replaced)):
                rows = self._execute(_filled(query, one, condition=condition), **parameters)
                found |= {str(row[0]) for row in rows.fetchall()}
        return found

    def _named_in_texts(self, table: Table) -> set[str]:
        """Return the keys of the rows that are the person's by a text that could not be read into columns.

        `_extra` of other rows is emptied where it names the person.
        """
        extras = list(self._extras(table))
        found = {key for key, extra in extras if erasure.owns(self.is_theirs, table, extra)}
        if others := [key for key, _ in extras if key not in found]:
            self._count(table.name, self._execute(_filled(_EMPTY, table), ids=others).rowcount)
        for detail in details(table):
            found |= {key for key, _ in self._extras(detail)}
        for column in table.holding:
            holds = sql.Identifier(column.name)
            texts = self._may_name(_filled(_TEXTS, table, text=holds), holds)
            found |= {str(row[0]) for row in texts if self._is_named(str(row[1]))}
        if table.unread:
            flag, text = map(sql.Identifier, table.unread)
            query = _filled(_UNREAD, table, flag=flag, text=text)
            said = self._may_name(query, text)
            found |= {str(row[0]) for row in said if self._is_named(str(row[1]))}
        if details(table):
            found |= {
                record
                for _, resource, record, text in self._letters()
                if record and resource == table.name and self._is_named(text)
            }
        return found

    def _extras(self, table: Table) -> Iterator[tuple[str, object]]:
        """Yield the key and `_extra` of the rows whose `_extra` names the person."""
        for key, extra in self._may_name(_filled(_EXTRAS, table), sql.SQL("_extra::text")):
            if self._is_named(json.dumps(extra)):
                yield str(key), extra

    def _may_name(self, query: sql.Composed, text: sql.Composable) -> list[tuple[object, ...]]:
        """Return the rows of a query in whose text a number of the person may stand.

        A phone number is looked for by its digits, however they are parted, and any other by its letters. Where these
        may be escaped, every row is returned.
        """
        phones = {values.phone_number(one).strip("+") for one in self._known.get(PHONE, ())}
        others = {one for one in phones if not one.isdecimal()} | self._known.get(WX, set())
        plain = list(map(_like, others)) if all(map(str.isascii, others)) else ["%"]
        digits = [_like(one) for one in phones if one.isdecimal()]
        if not (plain or digits):
            return []
        filled = query + sql.SQL(_MAY_NAME).format(text=text)
        return self._execute(filled, plain=plain, digits=digits).fetchall()

    def _is_named(self, text: str) -> bool:
        return erasure.names(self.is_theirs, text)

    def remove(self, table: Table, ids: Collection[str]) -> None:
        """Delete rows by their keys with all that hangs on them; where the ledger counts them, note that it does."""
        if not ids:
            return
        keys = {"ids": list(ids)}
        resource = _RESOURCE_OF.get(table.name)
        if resource is not None and resource.cursor is not None:
            note = _filled(_NOTE, table, cursor=sql.Identifier(resource.cursor))
            self._execute(note, **keys)
        for one in (table, *details(table)):
            self._count(one.name, self._execute(_filled(_DELETE, one), **keys).rowcount)
            versions = self._execute(_filled(_DELETE_VERSIONS, one), **keys)
            self._count(_HISTORY, versions.rowcount)
        letters = self._execute(QUERIES["erase_letters_of"], resource=table.name, **keys)
        self._count("dead_letters", letters.rowcount)
        followed = self._execute(QUERIES["forget_follow_ups"], resource=table.name, **keys)
        self._touch("follow_ups", followed.rowcount)

    def _take_mentions_out(self, table: Table) -> None:
        """Take the numbers and ids out of the rows that mention them, as the normaliser does with new rows."""
        kinds = {
            str(one.mentions) for one in table.mentioning if self._known.get(str(one.mentions))
        }
        if not kinds:
            return
        stored = {kind: list(self._known[kind]) for kind in kinds}
        changed = self._execute(_without_mentions(table, kinds), **stored)
        self._count(table.name, changed.rowcount)
        versions = self._execute(_mentioning_versions(table, kinds), **stored)
        self._count(_HISTORY, versions.rowcount)

    def _remove_versions(self) -> None:
        """Remove the replaced versions of other rows that name the person anywhere."""
        found = self._may_name(sql.SQL(_VERSIONS).format(), sql.SQL("row::text"))
        for identifier, row, resource, since in found:
            if self._is_named(json.dumps(row)):
                version = {"id": identifier, "resource": resource, "since": since}
                self._count(_HISTORY, self._execute(QUERIES["erase_version"], **version).rowcount)

    def _letters(self) -> Iterator[tuple[int, str, str | None, str]]:
        """Yield the dead letters of the account: number, resource, id of the row, and all that they say."""
        after = 0
        while found := self._execute(QUERIES["letters"], after=after, limit=_CHUNK).fetchall():
            for number, resource, record, original, parameters, words in found:
                said = json.dumps([_parsed(str(original)), parameters, words])
                yield cast("int", number), str(resource), cast("str | None", record), said
            after = cast("int", found[-1][0])

    def _remove_letters(self) -> None:
        named = [number for number, _, _, text in self._letters() if self._is_named(text)]
        if named:
            removed = self._execute(QUERIES["erase_letters"], numbers=named)
            self._count("dead_letters", removed.rowcount)

    def _forget_names(self) -> None:
        """Forget the ids by which rows of the person were named."""
        for resource in RESOURCES.values():
            if resource.names is None:
                continue
            column, named = resource.names
            kind = next(one.identifies for one in resource.table.columns if one.name == column)
            ids = list(self._known.get(str(kind), ()))
            forgotten = self._execute(QUERIES["forget_named_rows"], resource=named, ids=ids)
            self._touch("named_rows", forgotten.rowcount)

    def _forget_drift(self) -> None:
        """Forget fields whose name is a number of the person."""
        for resource, what, name in self._execute(QUERIES["drift_names"]).fetchall():
            if self._is_named(json.dumps(name)):
                field = {"resource": resource, "what": what, "name": name}
                self._touch("drift", self._execute(QUERIES["forget_drift"], **field).rowcount)

    def _execute(
        self, query: LiteralString | sql.Composed, **parameters: object
    ) -> Cursor[tuple[object, ...]]:
        return self._connection.execute(query, {"account": self._account, **parameters})

    def _count(self, table: str, rows: int) -> None:
        if rows:
            self.rows[table] = self.rows.get(table, 0) + rows
            self._touch(table, rows)

    def _touch(self, table: str, rows: int) -> None:
        if rows:
            self.touched.add(f"wpsync.{table}" if table in _BESIDE else f"wp.{table}")


def _filled(query: LiteralString, table: Table, **parts: sql.Composable) -> sql.Composed:
    """Fill in a table, its key, and its names in `wp.history`."""
    return sql.SQL(query).format(
        table=sql.Identifier("wp", table.name),
        key=sql.Identifier(table.key[0]),
        resource=sql.Literal(table.name),
        name=sql.Literal(table.key[0]),
        **parts,
    )


def _without_mentions(table: Table, kinds: Collection[str]) -> sql.Composed:
    """Take the numbers and ids of some kinds out of the rows that mention them."""
    changes, conditions = [], []
    for column in table.mentioning:
        if column.mentions in kinds:
            is_list = column.type is SqlType.TEXTS
            change = (
                "{0} = case when {0} is not null then array(select one from unnest({0})"
                " with ordinality as list(one, place) where one <> all({1}) order by place) end"
                if is_list
                else "{0} = case when {0} = any({1}) then null else {0} end"
            )
            condition = "{} && {}::text[]" if is_list else "{} = any({})"
            parts = (sql.Identifier(column.name), sql.Placeholder(str(column.mentions)))
            changes.append(sql.SQL(change).format(*parts))
            conditions.append(sql.SQL(condition).format(*parts))
    changes += [
        sql.SQL("{} = null").format(sql.Identifier(name)) for name in (*table.clears, "_extra")
    ]
    return _filled(
        "update {table} set {changes} where _account = %(account)s and ({conditions})",
        table,
        changes=sql.SQL(", ").join(changes),
        conditions=sql.SQL(" or ").join(conditions),
    )


def _mentioning_versions(table: Table, kinds: Collection[str]) -> sql.Composed:
    """Delete the replaced versions that mention numbers or ids of some kinds."""
    conditions = [
        sql.SQL(
            "row->{} ?| {}::text[]" if column.type is SqlType.TEXTS else "row->>{} = any({})"
        ).format(sql.Literal(column.name), sql.Placeholder(str(column.mentions)))
        for column in table.mentioning
        if column.mentions in kinds
    ]
    return _filled(
        "delete from wp.history where _account = %(account)s and resource = {resource} and ({conditions})",
        table,
        conditions=sql.SQL(" or ").join(conditions),
    )


def _parsed(original: str) -> object:
    try:
        return json.loads(original)
    except (ValueError, RecursionError):
        return original


def _like(text: str) -> str:
    """Return the pattern of texts that contain one."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"

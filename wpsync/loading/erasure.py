"""Erasing one person, in one transaction, with a receipt; and what keeps them from coming back.

Which rows are a person's is declared in `resources/` (`identifies=`, `mentions=`, `leads_to=`).

A load takes the lock of erasures in common, an erasure alone: a window that was read before somebody was
erased, and is loaded after, notices and is read again. A load that finds more of somebody (a new chat,
whose messages may be here already) erases that too, and takes the lock alone as well.
"""

import json
import re
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString, cast

from psycopg import Cursor, sql

from wpsync import values
from wpsync.db.database import Connection, Database
from wpsync.db.queries import statements
from wpsync.errors import ConfigError, ErasedMeanwhileError
from wpsync.loading import table_stats
from wpsync.model import PHONE, WX, Erased, LeftOut
from wpsync.resources import RESOURCES
from wpsync.resources.crm import CUSTOMERS
from wpsync.resources.spec import SqlType, Table
from wpsync.state import listings, vendor_words
from wpsync.state.scope import Scope

QUERIES = statements(__name__)

Forms = Callable[[str], Collection[str]]
"""How the tables may hold a number: privacy may hash it, and may not have done so always."""

_ROWS_OF_PEOPLE = (*(one.table for one in RESOURCES.values()), CUSTOMERS)
"""The tables whose rows may be a person's. Those of payloads go with the rows that they belong to."""

_RESOURCE_OF = {one.table.name: one for one in RESOURCES.values()}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was removed: rows by table. `person` is a digest."""

    number: int
    at: datetime
    kind: str
    person: str
    rows: dict[str, int]


def erased(connection: Connection, account: str) -> Erased:
    """Everybody who was erased, as far as the rows of an account are concerned."""
    rows = connection.execute(QUERIES["erased_marks"], {"account": account}).fetchall()
    if not rows:
        return Erased(account=account)
    marks = frozenset((str(kind), str(digest)) for kind, digest in rows if kind != "salt")
    salt = next(str(digest) for kind, digest in rows if kind == "salt")
    return Erased(salt.encode(), marks, account)


def hold(connection: Connection, known: Erased, left: LeftOut) -> None:
    """At the beginning of a load's transaction: nobody else is erased until it ends.

    Raises ErasedMeanwhileError (read it again) where somebody was since `known`. Before any other lock,
    so that nobody waits for one who waits for him.
    """
    connection.execute(QUERIES["lock_erasures" if left.leads else "lock_erasures_shared"])
    parameters = {"account": known.account}
    row = connection.execute(QUERIES["count_erased_marks"], parameters).fetchone()
    if row is not None and row[0] != known.size:
        raise ErasedMeanwhileError("erase.meanwhile")


def keep_left_out(
    connection: Connection, scope: Scope, known: Erased, left: LeftOut, forms: Forms
) -> None:
    """In a transaction that `hold` began: note what was left out, for the ledger's sake.

    What is held of it goes (it was somebody else's, or came before what told whose it is), and so does
    what it leads to. `forms` are those of a WeChat number.
    """
    if not left.rows:
        return
    eraser = Eraser(connection, scope.account)
    ids = [identifier for identifier, _ in left.rows]
    eraser.remove(RESOURCES[scope.resource].table, sql.SQL("id = any(%(ids)s)"), {"ids": ids})
    timed = {identifier: at for identifier, at in left.rows if at is not None}
    connection.execute(
        QUERIES["keep_erased_rows"],
        scope.parameters(ids=list(timed), times=list(timed.values())),
    )
    listings.forget_digests(connection, scope.account, eraser.rows)
    if not left.leads:
        return
    numbers = {form for kind, one in left.leads if kind == WX for form in forms(one)}
    eraser.leads |= left.leads
    eraser.person(WX, numbers)
    listings.forget_digests(connection, scope.account, eraser.rows)
    _mark(connection, known, scope.account, eraser.leads)
    if numbers:  # a number is the person's wherever it stands
        for other in table_stats.accounts(connection):
            if other != scope.account:
                elsewhere = Eraser(connection, other)
                elsewhere.person(WX, numbers)
                listings.forget_digests(connection, other, elsewhere.rows)
                _mark(connection, known, other, elsewhere.leads)


def _mark(
    connection: Connection, known: Erased, account: str, leads: Iterable[tuple[str, str]]
) -> None:
    """Keep what a person is known by: a number in every account, an id in the account that gave it."""
    for kind, value in sorted(leads):
        whose = "" if kind in (PHONE, WX) else account
        mark = {"account": whose, "kind": kind, "digest": known.digest(kind, value)}
        connection.execute(QUERIES["keep_erased_mark"], mark)


class Eraser:
    """Removes a person's rows of one account on one connection, inside its transaction.

    `rows` counts it by table, `leads` (kind, value) are what the person is to be known by from then on.
    """

    def __init__(self, connection: Connection, account: str) -> None:
        self._connection = connection
        self._account = account
        self.rows: dict[str, int] = {}
        self.leads: set[tuple[str, str]] = set()

    def person(self, kind: str, stored: Collection[str]) -> None:
        """Remove the rows of a number (PHONE or WX), and all that the leads lead to.

        `stored` are the forms in which the tables may hold the number.
        """
        known = {kind: list(stored)}
        self.leads |= self._leads_of(known)
        for lead, value in self.leads:
            if lead not in (PHONE, WX):
                known.setdefault(lead, []).append(value)
        for table in _ROWS_OF_PEOPLE:
            if theirs := _theirs(table, known):
                self.remove(table, theirs, known)
        if not stored:
            return
        for table in _ROWS_OF_PEOPLE:
            if any(column.mentions == kind for column in table.columns):
                changed = self._execute(_take_mentions_out(table, kind), stored=list(stored))
                self._count(table.name, changed.rowcount)
        self._elsewhere(stored)

    def _leads_of(self, known: Mapping[str, Collection[str]]) -> set[tuple[str, str]]:
        """Return the ids by which other rows name the person of the rows that `known` identifies."""
        leads = set()
        for table in _ROWS_OF_PEOPLE:
            theirs = _theirs(table, known)
            for column in table.columns:
                if theirs and column.leads_to not in (None, PHONE, WX):
                    query = sql.SQL("select {} from {} where _account = %(account)s and {}").format(
                        sql.Identifier(column.name), sql.Identifier("wp", table.name), theirs
                    )
                    found = self._execute(query, **known).fetchall()
                    leads |= {(str(column.leads_to), str(row[0])) for row in found}
        return leads

    def remove(self, table: Table, where: sql.Composable, parameters: Mapping[str, object]) -> None:
        """Delete rows of a table and what hangs on them; where the ledger counts them, note that it does."""
        filled = {
            "table": sql.Identifier("wp", table.name),
            "key": sql.Identifier(table.key[0]),
            "where": sql.SQL("t._account = %(account)s and ") + where,
        }
        resource = _RESOURCE_OF.get(table.name)
        cursor = resource.cursor if resource else None
        if cursor is not None:
            note = sql.SQL(
                "insert into wpsync.erased_rows (account, resource, id, at)"
                " select t._account, %(resource)s, t.{key}, t.{cursor} from {table} as t"
                " where {where} and t.{cursor} is not null and t._gone_at is null on conflict do nothing"
            ).format(cursor=sql.Identifier(cursor), **filled)
            self._execute(note, **parameters, resource=table.name)
        delete = sql.SQL("delete from {table} as t where {where} returning {key}").format(**filled)
        gone = [row[0] for row in self._execute(delete, **parameters).fetchall()]
        self._count(table.name, len(gone))
        if not gone or resource is None or cursor is None:
            return
        for detail in resource.details:
            owned = sql.SQL("{} = any(%(ids)s)").format(sql.Identifier(detail.key[0]))
            self.remove(detail, owned, {"ids": gone})
        self._execute(QUERIES["forget_erased_follow_ups"], resource=table.name, ids=gone)

    def _elsewhere(self, numbers: Collection[str]) -> None:
        """Remove what names a number: replaced versions, and originals of dead letters."""
        versions = [_like(json.dumps(one, ensure_ascii=False)) for one in numbers]
        originals = [_like(json.dumps(one)[1:-1]) for one in numbers]
        for table, patterns in (("history", versions), ("dead_letters", originals)):
            removed = self._execute(QUERIES[f"erase_{table}"], patterns=patterns)
            self._count(table, removed.rowcount)

    def _execute(
        self, query: LiteralString | sql.Composed, **parameters: object
    ) -> Cursor[tuple[object, ...]]:
        return self._connection.execute(query, {"account": self._account, **parameters})

    def _count(self, table: str, rows: int) -> None:
        if rows:
            self.rows[table] = self.rows.get(table, 0) + rows


def _theirs(table: Table, known: Mapping[str, Collection[str]]) -> sql.Composable | None:
    """Return the condition of the rows that the known marks identify; None where the table has no such column.

    A payload that names the person takes its row with it. The condition's parameters are the account and the kinds of `known`.
    """
    resource = _RESOURCE_OF.get(table.name)
    found = [
        sql.SQL("select {} from {} where _account = %(account)s and ({})").format(
            sql.Identifier(one.key[0]),
            sql.Identifier("wp", one.name),
            sql.SQL(" or ").join(
                sql.SQL("{} = any({})").format(
                    sql.Identifier(column.name), sql.Placeholder(str(column.identifies))
                )
                for column in columns
            ),
        )
        for one in (table, *(resource.details if resource else ()))
        if (columns := [column for column in one.identifying if known.get(str(column.identifies))])
    ]
    if not found:
        return None
    union = sql.SQL(" union ").join(found)
    return sql.SQL("{} in ({})").format(sql.Identifier(table.key[0]), union)


def _take_mentions_out(table: Table, kind: str) -> sql.Composed:
    """Take the numbers `stored` out of the rows that mention them, as the normaliser does with new rows."""
    changes, conditions = [], []
    for column in table.columns:
        if column.mentions == kind:
            is_list = column.type is SqlType.TEXTS
            change = (
                "{0} = case when {0} is not null then array(select one from unnest({0})"
                " with ordinality as list(one, place) where one <> all(%(stored)s) order by place) end"
                if is_list
                else "{0} = case when {0} = any(%(stored)s) then null else {0} end"
            )
            condition = "{} && %(stored)s::text[]" if is_list else "{} = any(%(stored)s)"
            changes.append(sql.SQL(change).format(sql.Identifier(column.name)))
            conditions.append(sql.SQL(condition).format(sql.Identifier(column.name)))
    changes += [
        sql.SQL("{} = null").format(sql.Identifier(name)) for name in (*table.clears, "_extra")
    ]
    return sql.SQL("update {} set {} where _account = %(account)s and ({})").format(
        sql.Identifier("wp", table.name),
        sql.SQL(", ").join(changes),
        sql.SQL(" or ").join(conditions),
    )


def _like(text: str) -> str:
    """The pattern of what contains a text."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"


def erase(database: Database, kind: str, number: str, forms: Forms, at: datetime) -> Receipt:
    """Erase the person with a phone number (`phone`) or a WeChat number (`wx`), everywhere, at once.

    Raises ConfigError where it is a work phone's own number, or an agent's, or several people's.
    """
    with database.transaction() as connection:
        connection.execute(QUERIES["lock_erasures"])
        connection.execute(QUERIES["keep_salt"], {"digest": secrets.token_hex(16)})
        known = erased(connection, "")
        number = values.phone_number(number) if kind == PHONE else number
        if kind == PHONE:
            numbers = {number}
            stored = {*forms(number), *_written(connection, number)}
        else:
            numbers = _same_person(connection, number, forms)
            stored = {form for one in numbers for form in forms(one)}
        _refuse_ours(connection, stored)
        _mark(connection, known, "", {(kind, one) for one in numbers})
        vendor_words.forget_all(connection)
        removed: Counter[str] = Counter()
        for account in table_stats.accounts(connection):
            eraser = Eraser(connection, account)
            eraser.person(kind, stored)
            listings.forget_digests(connection, account, eraser.rows)
            _mark(connection, known, account, eraser.leads)
            removed.update(eraser.rows)
        rows = dict(removed)
        person = known.digest(kind, number)
        row = connection.execute(
            QUERIES["keep_erasure"],
            {"at": at, "kind": kind, "digest": person, "rows": json.dumps(rows)},
        ).fetchone()
        assert row is not None
        return Receipt(cast("int", row[0]), at, kind, person[:16], rows)


def _written(connection: Connection, number: str) -> set[str]:
    """Return every spelling in which the tables and their history hold a phone number."""
    columns = [
        (table.name, column.name)
        for table in _ROWS_OF_PEOPLE
        for column in table.identifying
        if column.identifies == PHONE
    ]
    tables = [
        sql.SQL("select {0} from {1} where {0} is not null").format(
            sql.Identifier(column), sql.Identifier("wp", table)
        )
        for table, column in columns
    ]
    rows = connection.execute(
        sql.SQL(" union ").join([*tables, sql.SQL(QUERIES["phone_numbers_in_history"])]),
        {"tables": [table for table, _ in columns], "columns": [column for _, column in columns]},
    ).fetchall()
    return {str(row[0]) for row in rows if values.phone_number(str(row[0])) == number}


def _same_person(connection: Connection, number: str, forms: Forms) -> set[str]:
    """A WeChat number, and what else the contacts show of the same person.

    People see an alias, the vendor names them by another. Raises ConfigError where it is several people's.
    """
    shown = {
        (str(wx_no), alias)
        for wx_no, alias in connection.execute(
            QUERIES["contacts_numbers"], {"stored": list(forms(number))}
        ).fetchall()
    }
    stored = set(forms(number))
    people = {wx_no for wx_no, alias in shown if alias in stored}
    if any(wx_no in stored for wx_no, _ in shown):
        people = {number}
    people = {one for one in people if not any(one in forms(other) for other in people - {one})}
    if len(people) > 1:
        raise ConfigError("erase.several_people", people=len(people))
    found = {number, *people}
    theirs = {form for one in found for form in forms(one)}
    rows = connection.execute(QUERIES["aliases_of_nobody_else"], {"stored": list(theirs)})
    return found | {str(row[0]) for row in rows.fetchall()}


def _refuse_ours(connection: Connection, stored: Collection[str]) -> None:
    # Tables of our own people only: other rows hold our numbers beside a customer's.
    queries = [
        sql.SQL("select {0} from {1} where {0} is not null").format(
            sql.Identifier(column.name), sql.Identifier("wp", table.name)
        )
        for table in _ROWS_OF_PEOPLE
        if not table.identifying and not table.mentioning
        for column in table.columns
        if column.ours
    ]
    rows = connection.execute(sql.SQL(" union ").join(queries)).fetchall()
    ours = [str(row[0]) for row in rows]
    if any(one in stored or values.phone_number(one) in stored for one in ours):
        raise ConfigError("erase.our_number")

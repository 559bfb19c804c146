"""Erasing one person, in one transaction, with a receipt; and what keeps them from coming back.

A load takes the lock of erasures in common, an erasure alone: a window that was read before somebody was
erased, and is loaded after, notices and is read again. A load that finds more of somebody (a new chat,
whose messages may be here already) erases that too, and takes the lock alone as well.
"""

import json
import re
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString, cast

from psycopg import Cursor, sql

from wpsync import values
from wpsync.db.database import Connection, Database
from wpsync.db.queries import statements
from wpsync.errors import ConfigError, ErasedMeanwhileError
from wpsync.loading import table_stats
from wpsync.model import CHAT, PHONE, SENDER, WX, Erased, LeftOut
from wpsync.resources import RESOURCES, TABLES, TYPED_TABLES
from wpsync.state.scope import Scope

QUERIES = statements(__name__)

Forms = Callable[[str], Collection[str]]
"""How the tables may hold a number: privacy may hash it, and may not have done so always."""

_CURSORS = {one.table.name: one.cursor for one in RESOURCES.values() if one.cursor}
"""The time by which the ledger counts a table's rows."""


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
        raise ErasedMeanwhileError


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
    eraser.remove(RESOURCES[scope.resource].table.name, "id = any(%(ids)s)", ids=ids)
    timed = {identifier: at for identifier, at in left.rows if at is not None}
    connection.execute(
        QUERIES["keep_erased_rows"],
        scope.parameters(ids=list(timed), times=list(timed.values())),
    )
    if not left.leads:
        return
    numbers = {form for kind, one in left.leads if kind == WX for form in forms(one)}
    eraser.leads |= left.leads
    eraser.wechat(numbers)
    _mark(connection, known, scope.account, eraser.leads)
    if numbers:  # a number is the person's wherever it stands
        for other in table_stats.accounts(connection):
            if other != scope.account:
                elsewhere = Eraser(connection, other)
                elsewhere.wechat(numbers)
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

    def phone(self, stored: Collection[str]) -> None:
        """Remove all of a phone number, however it may be stored."""
        numbers = list(stored)
        self.remove("calls", "contact_tel = any(%(stored)s)", stored=numbers)
        self.remove("sms", "contact_tel = any(%(stored)s)", stored=numbers)
        self.remove("customers", "phone = any(%(stored)s)", stored=numbers)
        self._elsewhere(numbers)

    def wechat(self, stored: Collection[str]) -> None:
        """Remove all of a WeChat number, however it may be stored, and all that the leads lead to."""
        numbers = list(stored)
        chats = self._ids(
            "select id from wp.wechat_chats where _account = %(account)s and contact_wx_no = any(%(stored)s)",
            stored=numbers,
        )
        members = self._ids(
            "select id from wp.wechat_room_members where _account = %(account)s and wx_no = any(%(stored)s)",
            stored=numbers,
        )
        self.leads |= {(CHAT, one) for one in chats} | {(SENDER, one) for one in members}
        messages = self._ids(
            "select id from wp.wechat_messages where _account = %(account)s"
            " and (chat_id = any(%(chats)s) or sender_id = any(%(senders)s))"
            " union select message_id from wp.message_cards"
            " where _account = %(account)s and wx_no = any(%(stored)s)"
            " union select message_id from wp.message_locations"
            " where _account = %(account)s and wx_no = any(%(stored)s)"
            " union select message_id from wp.message_group_collections"
            " where _account = %(account)s and initiator_wx_no = any(%(stored)s)"
            " union select message_id from wp.message_group_collection_payers"
            " where _account = %(account)s and payer_wx_no = any(%(stored)s)",
            chats=[value for kind, value in self.leads if kind == CHAT],
            senders=[value for kind, value in self.leads if kind == SENDER],
            stored=numbers,
        )
        self.remove("wechat_messages", "id = any(%(ids)s)", ids=messages)
        self.remove("wechat_chats", "id = any(%(ids)s)", ids=chats)
        self.remove("wechat_room_members", "id = any(%(ids)s)", ids=members)
        self.remove("wechat_contacts", "wx_no = any(%(stored)s)", stored=numbers)
        self.remove("wechat_contacts", "wx_alias = any(%(stored)s)", stored=numbers)
        if numbers:
            changed = self._execute(QUERIES["erase_from_rooms"], stored=numbers)
            self._count("wechat_rooms", changed.rowcount)
            self._elsewhere(numbers)

    def remove(self, table: str, where: LiteralString, **parameters: object) -> None:
        """Delete rows of a table and what hangs on them; where the ledger counts them, note that it does."""
        filled = {
            "table": sql.Identifier("wp", table),
            "key": sql.Identifier(TABLES[table].key[0]),
            "where": sql.SQL("t._account = %(account)s and " + where),
        }
        if table in _CURSORS:
            note = sql.SQL(
                "insert into wpsync.erased_rows (account, resource, id, at)"
                " select t._account, %(resource)s, t.{key}, t.{cursor} from {table} as t"
                " where {where} and t.{cursor} is not null and t._gone_at is null on conflict do nothing"
            ).format(cursor=sql.Identifier(_CURSORS[table]), **filled)
            self._execute(note, **parameters, resource=table)
        delete = sql.SQL("delete from {table} as t where {where} returning {key}").format(**filled)
        gone = [row[0] for row in self._execute(delete, **parameters).fetchall()]
        self._count(table, len(gone))
        if not gone or table not in _CURSORS:
            return
        if table == "wechat_messages":
            for typed in TYPED_TABLES:
                self.remove(typed.name, "message_id = any(%(ids)s)", ids=gone)
        self._execute(QUERIES["forget_erased_follow_ups"], resource=table, ids=gone)

    def _elsewhere(self, numbers: Collection[str]) -> None:
        """Remove what names a number: replaced versions, and originals of dead letters."""
        versions = [_like(json.dumps(one, ensure_ascii=False)) for one in numbers]
        originals = [_like(json.dumps(one)[1:-1]) for one in numbers]
        for table, patterns in (("history", versions), ("dead_letters", originals)):
            removed = self._execute(QUERIES[f"erase_{table}"], patterns=patterns)
            self._count(table, removed.rowcount)

    def _ids(self, query: LiteralString, **parameters: object) -> list[str]:
        return [str(row[0]) for row in self._execute(query, **parameters).fetchall()]

    def _execute(
        self, query: LiteralString | sql.Composed, **parameters: object
    ) -> Cursor[tuple[object, ...]]:
        return self._connection.execute(query, {"account": self._account, **parameters})

    def _count(self, table: str, rows: int) -> None:
        if rows:
            self.rows[table] = self.rows.get(table, 0) + rows


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
        removed: Counter[str] = Counter()
        for account in table_stats.accounts(connection):
            eraser = Eraser(connection, account)
            if kind == PHONE:
                eraser.phone(stored)
            else:
                eraser.wechat(stored)
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
    """How a phone number is written in our tables."""
    rows = connection.execute(QUERIES["phone_numbers"]).fetchall()
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
        raise ConfigError(
            f"that is the alias of {len(people)} contacts, and it cannot be told which of them is meant",
            hint="look up their wx_no in wp.wechat_contacts, and erase by that"
            " / 多个联系人使用此微信号：请在 wp.wechat_contacts 查到 wx_no，再按它删除",
        )
    found = {number, *people}
    theirs = {form for one in found for form in forms(one)}
    rows = connection.execute(QUERIES["aliases_of_nobody_else"], {"stored": list(theirs)})
    return found | {str(row[0]) for row in rows.fetchall()}


def _refuse_ours(connection: Connection, stored: Collection[str]) -> None:
    ours = [str(row[0]) for row in connection.execute(QUERIES["our_numbers"]).fetchall()]
    if any(one in stored or values.phone_number(one) in stored for one in ours):
        raise ConfigError(
            "that number is a work phone's own, or an agent's: it is not one customer's",
            hint="erase the customers that it talked to, one by one / 请逐个删除与该号码有往来的客户",
        )

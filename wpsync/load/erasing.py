"""Erasing one person, in one transaction, with a receipt; and what keeps them from coming back.

A load takes the lock of erasures in common, an erasure alone: a window that was read before somebody was
erased, and is loaded after, notices and is read again.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString, cast

from psycopg import sql

from wpsync.errors import ConfigError, ErasedMeanwhileError
from wpsync.load.database import Connection, Database
from wpsync.load.queries import QUERIES
from wpsync.load.state import Scope
from wpsync.model import CHAT, PHONE, SENDER, Erased, LeftOut
from wpsync.resources import TYPED_TABLES


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was removed: rows by table. `person` is a digest."""

    number: int
    at: datetime
    kind: str
    person: str
    rows: dict[str, int]


def erased(connection: Connection) -> Erased:
    """Everybody who was erased."""
    rows = connection.execute(QUERIES["erased_marks"]).fetchall()
    if not rows:
        return Erased()
    marks = frozenset((str(kind), str(digest)) for kind, digest in rows if kind != "salt")
    salt = next(str(digest) for kind, digest in rows if kind == "salt")
    return Erased(salt.encode(), marks)


def keep_left_out(connection: Connection, scope: Scope, known: Erased, left: LeftOut) -> None:
    """In a load's transaction: note what was left out, and make sure that nobody was erased meanwhile.

    Raises ErasedMeanwhileError (read it again) where somebody was.
    """
    connection.execute(QUERIES["lock_erasures_shared"])
    row = connection.execute(QUERIES["count_erased_marks"]).fetchone()
    if row is not None and row[0] != known.size:
        raise ErasedMeanwhileError
    for identifier, at in left.rows:
        if at is not None:
            values = scope.parameters(id=identifier, at=at)
            connection.execute(QUERIES["keep_erased_row"], values)
    _mark(connection, left.marks)


def _mark(connection: Connection, marks: set[tuple[str, str]]) -> None:
    for kind, digest in sorted(marks):
        connection.execute(QUERIES["keep_erased_mark"], {"kind": kind, "digest": digest})


class Eraser:
    """One erasure on one connection, inside its transaction. `stored`: how the tables hold the number."""

    def __init__(self, connection: Connection, kind: str, number: str, stored: str) -> None:
        self._connection = connection
        self._kind = kind
        self._number = number
        self._stored = stored
        self.rows: dict[str, int] = {}
        self._salted()
        self._erased = erased(connection)
        self._marks = {(kind, self._erased.digest(kind, number))}

    def erase(self) -> None:
        """Remove everything, and mark the person."""
        if self._kind == PHONE:
            self._delete("calls", "contact_tel = %(stored)s", "began_at", "calls")
            self._delete("sms", "contact_tel = %(stored)s", "sent_at", "sms")
            self._delete("customers", "phone = %(stored)s")
        else:
            self._wechat()
        self._delete_history()
        self._delete_letters()
        _mark(self._connection, self._marks)

    def _wechat(self) -> None:
        chats = self._ids("select id from wp.wechat_chats where contact_wx_no = %(stored)s")
        members = self._ids("select id from wp.wechat_room_members where wx_no = %(stored)s")
        self._marks |= {(CHAT, self._erased.digest(CHAT, one)) for one in chats}
        self._marks |= {(SENDER, self._erased.digest(SENDER, one)) for one in members}
        messages = self._ids(
            "select id from wp.wechat_messages where chat_id = any(%(chats)s) or sender_id = any(%(members)s)"
            " union select message_id from wp.message_cards where wx_no = %(stored)s"
            " union select message_id from wp.message_locations where wx_no = %(stored)s"
            " union select message_id from wp.message_group_collections where initiator_wx_no = %(stored)s"
            " union select message_id from wp.message_group_collection_payers where payer_wx_no = %(stored)s",
            chats=chats,
            members=members,
        )
        for table in TYPED_TABLES:
            self._delete(table.name, "message_id = any(%(ids)s)", ids=messages)
        self._delete(
            "wechat_messages", "id = any(%(ids)s)", "sent_at", "wechat_messages", ids=messages
        )
        self._delete("wechat_chats", "id = any(%(ids)s)", ids=chats)
        self._delete("wechat_room_members", "id = any(%(ids)s)", ids=members)
        self._delete("wechat_contacts", "wx_no = %(stored)s")
        changed = self._connection.execute(
            "update wp.wechat_rooms set member_wx_nos = array_remove(member_wx_nos, %(stored)s)"
            " where %(stored)s = any(member_wx_nos)",
            {"stored": self._stored},
        )
        self._count("wechat_rooms", changed.rowcount)

    def _ids(self, query: LiteralString, **values: object) -> list[str]:
        rows = self._connection.execute(query, {"stored": self._stored, **values})
        return [str(row[0]) for row in rows.fetchall()]

    def _delete(
        self,
        table: str,
        where: LiteralString,
        cursor: str = "",
        resource: str = "",
        **values: object,
    ) -> None:
        """Delete rows of a table; of a resource with a time, note what the ledger counted."""
        target = sql.Identifier("wp", table)
        parameters = {"stored": self._stored, "resource": resource, **values}
        if cursor:
            note = sql.SQL(
                "insert into wpsync.erased_rows (account, resource, id, at)"
                " select t._account, %(resource)s, t.id, t.{cursor} from {target} t"
                " where {where} and t.{cursor} is not null and not exists (select from wpsync.gone_rows g"
                " where g.account = t._account and g.resource = %(resource)s and g.id = t.id)"
                " on conflict do nothing"
            )
            filled = note.format(cursor=sql.Identifier(cursor), target=target, where=sql.SQL(where))
            self._connection.execute(filled, parameters)
        deleted = self._connection.execute(
            sql.SQL("delete from {} where {} returning 1").format(target, sql.SQL(where)),
            parameters,
        )
        self._count(table, deleted.rowcount)
        if resource:
            for name in ("forget_erased_follow_ups", "forget_erased_gone_rows"):
                self._connection.execute(QUERIES[name], {"resource": resource})

    def _delete_history(self) -> None:
        removed = self._connection.execute(
            QUERIES["erase_history"], {"stored": self._stored, "quoted": json.dumps(self._stored)}
        )
        self._count("history", removed.rowcount)

    def _delete_letters(self) -> None:
        removed = self._connection.execute(
            QUERIES["erase_dead_letters"], {"number": self._number, "stored": self._stored}
        )
        self._count("dead_letters", removed.rowcount)

    def _count(self, table: str, rows: int) -> None:
        if rows:
            self.rows[table] = self.rows.get(table, 0) + rows

    def _salted(self) -> None:
        """The first erasure of a database chooses its salt."""
        self._connection.execute(QUERIES["keep_salt"], {"digest": secrets.token_hex(16)})


def erase(database: Database, kind: str, number: str, stored: str, at: datetime) -> Receipt:
    """Erase the person with a phone number (`phone`) or a WeChat number (`wx`), everywhere, at once.

    `stored` is how the tables hold the number (privacy may hash it). Raises ConfigError where it is a
    work phone's own number, or an agent's.
    """
    with database.transaction() as connection:
        connection.execute(QUERIES["lock_erasures"])
        ours = connection.execute(QUERIES["is_an_agents_number"], {"stored": stored}).fetchone()
        if ours is not None and ours[0]:
            raise ConfigError(
                "that number is a work phone's own, or an agent's: it is not one customer's",
                hint="erase the customers that it talked to, one by one"
                " / 请逐个删除与该号码有往来的客户",
            )
        eraser = Eraser(connection, kind, number, stored)
        eraser.erase()
        person = erased(connection).digest(kind, number)
        row = connection.execute(
            QUERIES["keep_erasure"],
            {"at": at, "kind": kind, "digest": person, "rows": json.dumps(eraser.rows)},
        ).fetchone()
        assert row is not None
        return Receipt(cast("int", row[0]), at, kind, person[:16], eraser.rows)

"""People who were erased stay erased: what the vendor still lists of them is not written. Pure.

Nothing says who they were but digests: of a phone or WeChat number, and of the ids of their chats and
memberships, because messages name only those. Rows left out are counted by id and time, so that the
ledger agrees with the vendor all the same. What others wrote about them in free text is not known.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import cast

from wpsync import values
from wpsync.model import CHAT, PHONE, SENDER, WX, Batch, DeadLetter, Erased, Row
from wpsync.resources import RESOURCES, TABLES

_PERSON = {
    "calls": (("contact_tel", PHONE),),
    "sms": (("contact_tel", PHONE),),
    "wechat_contacts": (("wx_no", WX), ("wx_alias", WX)),
    "wechat_chats": (("contact_wx_no", WX),),
    "wechat_room_members": (("wx_no", WX),),
    "wechat_messages": (("chat_id", CHAT), ("sender_id", SENDER)),
}
"""Whose a row is: the columns, and what they hold."""

_LEADS_TO = {
    "wechat_contacts": ("wx_no", WX),
    "wechat_chats": ("id", CHAT),
    "wechat_room_members": ("id", SENDER),
}
"""By what other rows name the person of a row."""

_NAMING = {
    "message_cards": ("wx_no",),
    "message_locations": ("wx_no",),
    "message_group_collections": ("initiator_wx_no",),
    "message_group_collection_payers": ("payer_wx_no",),
}
"""Payloads that name a WeChat number: the message goes as a whole, for its body holds it too."""


def take(erased: Erased, resource: str, batch: Batch) -> None:
    """Take what is of the erased out of a page's batch, in place; `left_out` says which rows."""
    batch.dead_letters = [one for one in batch.dead_letters if not _concerned(erased, one)]
    table = RESOURCES[resource].table
    rows = batch.rows.get(table.name, [])
    if not rows:
        return
    if resource == "wechat_rooms":
        batch.rows[table.name] = [_without(erased, row) for row in rows]
    if resource not in _PERSON:
        return
    is_theirs = _theirs(erased, resource)
    named = _named(erased, batch)
    theirs = {row[0] for row in rows if row[0] in named or is_theirs(row)}
    if theirs:
        _leave_out(erased, resource, theirs, batch)


def _leave_out(erased: Erased, resource: str, keys: set[object], batch: Batch) -> None:
    """Take the rows of these keys out, typed ones too, and note them with what they lead to."""
    table = RESOURCES[resource].table
    cursor = RESOURCES[resource].cursor
    at = table.position(cursor) if cursor else None
    for row in batch.rows[table.name]:
        if row[0] in keys:
            time = cast("datetime | None", row[at] if at is not None else None)
            batch.left_out.rows.append((str(row[0]), time))
            if resource in _LEADS_TO:
                column, kind = _LEADS_TO[resource]
                value = row[table.position(column)]
                if isinstance(value, str) and not erased.has(kind, value):
                    batch.left_out.leads.add((kind, value))
    for name, rows in batch.rows.items():
        batch.rows[name] = [row for row in rows if row[0] not in keys]


def _theirs(erased: Erased, table: str) -> Callable[[Row], bool]:
    places = [(TABLES[table].position(column), kind) for column, kind in _PERSON[table]]
    return lambda row: any(_has(erased, kind, row[place]) for place, kind in places)


def _has(erased: Erased, kind: str, value: object) -> bool:
    """Whether a number or id is one of theirs; a phone number however it is written."""
    if erased.has(kind, value):
        return True
    return kind == PHONE and isinstance(value, str) and erased.has(kind, values.phone_number(value))


def _named(erased: Erased, batch: Batch) -> set[object]:
    """The messages whose payload names one of them."""
    return {
        row[0]
        for table, columns in _NAMING.items()
        for row in batch.rows.get(table, ())
        for column in columns
        if erased.has(WX, row[TABLES[table].position(column)])
    }


def _without(erased: Erased, row: Row) -> Row:
    """A room that does not name them; where it did, nothing stays in which their names may stand."""
    table = TABLES["wechat_rooms"]
    owner, members = table.position("owner_wx_no"), table.position("member_wx_nos")
    listed = row[members] if isinstance(row[members], list) else []
    others = [one for one in cast("list[str]", listed) if not erased.has(WX, one)]
    is_owner = erased.has(WX, row[owner])
    if not is_owner and len(others) == len(cast("list[str]", listed)):
        return row
    cleaned = list(row)
    cleaned[owner] = None if is_owner else row[owner]
    cleaned[members] = others if isinstance(row[members], list) else row[members]
    cleaned[table.position("display_name")] = None
    cleaned[len(table.columns)] = None  # `_extra`
    return tuple(cleaned)


def _concerned(erased: Erased, letter: DeadLetter) -> bool:
    """Whether the original of a dead letter names one of them in any field."""
    try:
        original = json.loads(letter.original)
    except ValueError:
        return False
    texts = set(
        map(values.holdable, _texts(original))
    )  # as rows hold them: half an emoji has no digest
    return any(_has(erased, kind, text) for text in texts for kind in (PHONE, WX, CHAT, SENDER))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _texts(inner)

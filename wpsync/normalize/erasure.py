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
    "calls": ("contact_tel", PHONE),
    "sms": ("contact_tel", PHONE),
    "wechat_contacts": ("wx_no", WX),
    "wechat_chats": ("contact_wx_no", WX),
    "wechat_room_members": ("wx_no", WX),
}
"""Whose a row is: the column, and what it holds."""

_LEADS_TO = {"wechat_chats": CHAT, "wechat_room_members": SENDER}
"""Rows whose ids are how messages name a person."""

_NAMING = {
    "message_cards": ("wx_no",),
    "message_locations": ("wx_no",),
    "message_group_collections": ("initiator_wx_no",),
    "message_group_collection_payers": ("payer_wx_no",),
}
"""Payloads that name a WeChat number: the message goes as a whole, for its body holds it too."""


def take(erased: Erased, resource: str, batch: Batch) -> None:
    """Take the rows of the erased out of a page's batch, in place; `left_out` says which."""
    left = batch.left_out
    batch.dead_letters = [one for one in batch.dead_letters if not _concerned(erased, one)]
    table = RESOURCES[resource].table
    rows = batch.rows.get(table.name, [])
    is_theirs = (
        _of_messages(erased, batch) if resource == "wechat_messages" else _of(erased, table.name)
    )
    if is_theirs is None or not rows:
        return
    kept: list[Row] = []
    gone: set[object] = set()
    cursor = RESOURCES[resource].cursor
    at = table.position(cursor) if cursor else None
    for row in rows:
        if not is_theirs(row):
            kept.append(row)
            continue
        gone.add(row[0])
        left.rows.append(
            (str(row[0]), cast("datetime | None", row[at] if at is not None else None))
        )
        if resource in _LEADS_TO:
            kind = _LEADS_TO[resource]
            left.marks.add((kind, erased.digest(kind, str(row[0]))))
    batch.rows[table.name] = kept
    if gone and resource == "wechat_messages":
        for name in batch.rows.keys() - {table.name}:
            batch.rows[name] = [row for row in batch.rows[name] if row[0] not in gone]
    left.marks = {one for one in left.marks if not erased.holds(one)}


def _of(erased: Erased, table: str) -> Callable[[Row], bool] | None:
    if table not in _PERSON:
        return None
    column, kind = _PERSON[table]
    place = TABLES[table].position(column)
    return lambda row: erased.has(kind, row[place])


def _of_messages(erased: Erased, batch: Batch) -> Callable[[Row], bool]:
    messages = TABLES["wechat_messages"]
    chat, sender = messages.position("chat_id"), messages.position("sender_id")
    named = {
        row[0]
        for table, columns in _NAMING.items()
        for row in batch.rows.get(table, ())
        for column in columns
        if erased.has(WX, row[TABLES[table].position(column)])
    }

    def is_theirs(row: Row) -> bool:
        if row[0] in named or erased.has(CHAT, row[chat]):
            return True
        return erased.has(SENDER, row[sender])

    return is_theirs


def _concerned(erased: Erased, letter: DeadLetter) -> bool:
    """Whether the original of a dead letter names one of them in any field."""
    try:
        original = json.loads(letter.original)
    except ValueError:
        return False
    texts = set(
        map(values.holdable, _texts(original))
    )  # as rows hold them: half an emoji has no digest
    return any(erased.has(kind, text) for text in texts for kind in (PHONE, WX, CHAT, SENDER))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _texts(inner)

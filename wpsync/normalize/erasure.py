"""People who were erased stay erased: what the vendor still lists of them is not written. Pure.

Nothing says who they were but digests: of a phone or WeChat number, and of the ids of their chats and
memberships, because messages name only those. Rows left out are counted by id and time, so that the
ledger agrees with the vendor all the same. What others wrote about them in free text is not known.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import cast

from wpsync import values
from wpsync.model import CHAT, PHONE, SENDER, WX, Batch, DeadLetter, Erased, Row
from wpsync.resources import RESOURCES
from wpsync.resources.spec import Resource, Table


def take(erased: Erased, resource: str, batch: Batch) -> None:
    """Take the rows of the erased out of a page's batch, in place, and note them in `left_out`.

    A row that only mentions one of the erased stays, without the mention. A payload that names one takes
    its message with it, because the body holds the number too.
    """
    batch.dead_letters = [one for one in batch.dead_letters if not _concerned(erased, one)]
    declared = RESOURCES[resource]
    table = declared.table
    rows = batch.rows.get(table.name, [])
    if not rows:
        return
    if table.mentioning:
        batch.rows[table.name] = [_without(erased, table, row) for row in rows]
    theirs = {
        row[0]
        for one in (table, *declared.details)
        for row in batch.rows.get(one.name, ())
        if _is_theirs(erased, one, row)
    }
    if theirs:
        _leave_out(erased, declared, theirs, batch)


def _leave_out(erased: Erased, resource: Resource, keys: set[object], batch: Batch) -> None:
    """Take the rows of these keys out, typed ones too, and note them with what they lead to."""
    table = resource.table
    at = table.position(resource.cursor) if resource.cursor else None
    for row in batch.rows[table.name]:
        if row[0] not in keys:
            continue
        time = cast("datetime | None", row[at] if at is not None else None)
        batch.left_out.rows.append((str(row[0]), time))
        for place, column in enumerate(table.columns):
            kind, value = column.leads_to, row[place]
            if kind and isinstance(value, str) and not erased.has(kind, value):
                batch.left_out.leads.add((kind, value))
    for name, rows in batch.rows.items():
        batch.rows[name] = [row for row in rows if row[0] not in keys]


def _is_theirs(erased: Erased, table: Table, row: Row) -> bool:
    """Return whether a row identifies one of the erased."""
    return any(
        _has(erased, column.identifies, row[table.position(column.name)])
        for column in table.identifying
        if column.identifies
    )


def _has(erased: Erased, kind: str, value: object) -> bool:
    """Whether a number or id is one of theirs; a phone number however it is written."""
    if erased.has(kind, value):
        return True
    return kind == PHONE and isinstance(value, str) and erased.has(kind, values.phone_number(value))


def _without(erased: Erased, table: Table, row: Row) -> Row:
    """A row without its mentions of the erased; where there was one, without all that may show their names."""
    cleaned = list(row)
    for column in table.mentioning:
        place, kind = table.position(column.name), str(column.mentions)
        value = row[place]
        if isinstance(value, list):
            cleaned[place] = [one for one in value if not _has(erased, kind, one)]
        elif _has(erased, kind, value):
            cleaned[place] = None
    if cleaned == list(row):
        return row
    for name in table.clears:
        cleaned[table.position(name)] = None
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

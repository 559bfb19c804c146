"""People who were erased stay erased: what the vendor still lists of them is not written. Pure.

Nothing says who they were but digests: of a phone or WeChat number, and of the ids of their chats and
memberships, because messages name only those. Rows left out are counted by id and time, so that the
ledger agrees with the vendor all the same. What others wrote about them in free text is not known.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import cast

from wpsync import values
from wpsync.model import CHAT, PHONE, SENDER, WX, Batch, DeadLetter, Erased, Row
from wpsync.normalize.originals import RAW
from wpsync.resources import RESOURCES
from wpsync.resources.spec import Resource, Table

IsTheirs = Callable[[str, str], bool]
"""Says of a kind of mark and a value whether it is a number or an id of a person who is erased."""

_ESCAPES = re.compile(r"\\+(?:u[0-9a-fA-F]{4}|.)")
_WORDS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<![+\d])\d{5,}",
        r"(?<![+A-Za-z0-9_])[A-Za-z0-9_]{5,}",
        r"(?<![+A-Za-z0-9_-])[A-Za-z0-9_-]{5,}",
        r"(?<![+A-Za-z0-9_.@-])[A-Za-z0-9_.@-]{5,}",
        r"[^\s\"'\\,:;{}\[\]<>/=&?|]{5,}",
        r"\+?\d[\d ()-]{5,}\d",
    )
)
"""The ways in which a number may stand in a text: between other characters than those of each pattern.

A plus sign is part of a phone number: behind it is another country's.
"""


def take(erased: Erased, resource: str, batch: Batch) -> None:
    """Take the rows of the erased out of a page's batch, in place, and note them in `left_out`.

    A row that only mentions one of the erased stays, without the mention. A payload that names one takes
    its message with it, because the body holds the number too.
    """
    declared = RESOURCES[resource]
    concerned = {id(one) for one in batch.dead_letters if _concerned(erased, one)}
    unread = {one.record_id for one in batch.dead_letters if id(one) in concerned}
    batch.dead_letters = [one for one in batch.dead_letters if id(one) not in concerned]
    table = declared.table
    rows = batch.rows.get(table.name, [])
    if not rows:
        return
    batch.rows[table.name] = [_without(erased, table, row) for row in rows]
    theirs = {row[0] for row in rows if _is_theirs(erased, table, row)}
    for one in declared.details:
        theirs |= {
            row[0]
            for row in batch.rows.get(one.name, ())
            if _is_theirs(erased, one, row) or _names(erased, row[len(one.columns)])
        }
    if declared.details:
        theirs |= {row[0] for row in rows if row[0] in unread}
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
    """Return whether a row is of one of the erased: by a number, by an id, or by a number that could not be read."""
    if any(_has(erased, kind, row[table.position(one.name)]) for one, kind in table.marking):
        return True
    texts = [row[table.position(one.name)] for one in (*table.identifying, *table.holding)]
    if any(isinstance(one, str) and not one.isalnum() and _names(erased, one) for one in texts):
        return True
    extra = row[len(table.columns)]
    return isinstance(extra, str) and owns(partial(_has, erased), table, json.loads(extra))


def owns(is_theirs: IsTheirs, table: Table, extra: object) -> bool:
    """Return whether `_extra` holds one of their numbers as the original of a column that identifies."""
    if not isinstance(extra, Mapping):
        return False
    originals = [extra.get(RAW + source) for one in table.identifying for source in one.sources]
    return any(isinstance(one, str) and names(is_theirs, one) for one in originals)


def _has(erased: Erased, kind: str, value: object) -> bool:
    """Whether a number or id is one of theirs; a phone number however it is written."""
    if erased.has(kind, value):
        return True
    return kind == PHONE and isinstance(value, str) and erased.has(kind, values.phone_number(value))


def _names(erased: Erased, extra: object) -> bool:
    return isinstance(extra, str) and names(partial(_has, erased), extra)


def _without(erased: Erased, table: Table, row: Row) -> Row:
    """A row without its mentions of the erased; where there was one, without all that may show their names."""
    if not table.mentioning and row[len(table.columns)] is None:
        return row
    cleaned = list(row)
    for column in table.mentioning:
        place, kind = table.position(column.name), str(column.mentions)
        value = row[place]
        if isinstance(value, list):
            cleaned[place] = [one for one in value if not _has(erased, kind, one)]
        elif _has(erased, kind, value):
            cleaned[place] = None
    if cleaned == list(row):
        if not _names(erased, row[len(table.columns)]):
            return row
    else:
        for name in table.clears:
            cleaned[table.position(name)] = None
    cleaned[len(table.columns)] = None  # `_extra`
    return tuple(cleaned)


def _concerned(erased: Erased, letter: DeadLetter) -> bool:
    """Whether the original of a dead letter names one of them in any field, or within one that cannot be read."""
    return names(partial(_has, erased), letter.original)


def names(is_theirs: IsTheirs, original: str) -> bool:
    """Return whether JSON, or any other text, holds one of their numbers, also within a longer text, or one of their ids."""
    try:
        parsed = json.loads(original)
    except (ValueError, RecursionError):
        parsed = original
    return any(
        any(is_theirs(kind, text) for kind in (CHAT, SENDER))
        or any(is_theirs(kind, one) for one in _numbers(text) for kind in (PHONE, WX))
        for text in map(values.holdable, _texts(parsed))  # as rows hold them
    )


def _numbers(text: str) -> set[str]:
    """Return all that may be a number in a text: itself, and its words."""
    found = {text}
    for one in {text, _ESCAPES.sub(" ", text)}:
        for pattern in _WORDS:
            found.update(pattern.findall(one))
    return found


def _texts(value: object) -> Iterator[str]:
    """Yield all texts of JSON, names of fields too, and its whole numbers."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, Sequence):
            waiting += one
        elif isinstance(one, int) and not isinstance(one, bool):
            yield str(one)

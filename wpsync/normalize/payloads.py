"""Messages' payloads to their typed rows; an unreadable one to a reason, never an exception."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from wpsync import values
from wpsync.errors import Message
from wpsync.model import Row
from wpsync.normalize import originals
from wpsync.normalize.shapes import Builder, Found, Payload, Signature
from wpsync.resources import messages
from wpsync.resources.spec import MessageKind


@dataclass(slots=True)
class Messages:
    """Different messages of one kind, as columns: the `msg` field as sent, the whole record, its id and time, and
    when it was fetched."""

    payloads: list[object]
    records: list[Mapping[str, object]]
    ids: list[str]
    times: list[datetime | None]
    stamps: list[str]

    def some(self, places: Sequence[int]) -> "Messages":
        """Those at some places."""
        return Messages(
            *(
                [column[place] for place in places]
                for column in (self.payloads, self.records, self.ids, self.times, self.stamps)
            )  # type: ignore[arg-type]  # each column keeps its type
        )


@dataclass(slots=True)
class Exploded:
    """What payloads hold: a text for people for each message, the reason where one is unreadable (by
    place among the messages), and typed rows by table."""

    plain_texts: list[str | None]
    problems: dict[int, Message] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: str, rows: Iterable[Row]) -> None:
        self.rows.setdefault(table, []).extend(rows)


def _shown(found: Found, names: Sequence[str]) -> list[str | None]:
    """Return for each message the first text among these columns."""
    if not names:
        return [None] * len(found.extras)
    chosen = zip(*map(found.column, names), strict=True)
    return [next((v for v in row if isinstance(v, str)), None) for row in chosen]


def _compute_money(found: Found) -> None:
    """Fill `amount` and `currency` from the amount as shown, where it is one of yuan."""
    amounts: list[Decimal | None] = []
    for text in _shown(found, ("fee_description",)):
        try:
            amounts.append(values.yuan(text))
        except values.UnreadableError:
            amounts.append(None)
    found.values["amount"] = list(amounts)
    found.values["currency"] = [None if amount is None else "CNY" for amount in amounts]


_PLACES = ("wcPayInfo.newAa.", "newAa.", "wcPayInfo.", "")
"""Where the lists of a collection stand, best first: some clients leave out the objects around them."""
_RECEIVERS = tuple(f"{place}receiverList" for place in _PLACES)
_PAYERS = tuple(f"{place}payerList" for place in _PLACES)
_RECEIVED = ("initiator_wx_no", "collection_status", "payer_count", "paid_count")


def _captured(found: Found, places: Sequence[str]) -> list[object]:
    """A field of each payload, from the first of these places that holds something."""
    empty: list[object] = [None] * len(found.extras)
    columns = [found.captured.get(place, empty) for place in places]
    return [next(filter(None, row), None) for row in zip(*columns, strict=True)]


def _compute_receivers(found: Found) -> None:
    """Fill the columns that the list of receivers holds."""
    sent = _captured(found, _RECEIVERS)
    read = [_receivers(one, extra) for one, extra in zip(sent, found.extras, strict=True)]
    for name, column in zip(_RECEIVED, zip(*read, strict=True), strict=True):
        found.values[name] = list(column)


def _receivers(sent: object, extra: dict[str, object]) -> tuple[object, ...]:
    """`wxid,status,payers,paid`; anything else is kept as it came."""
    parts = sent.split(",") if isinstance(sent, str) else []
    if len(parts) == 4:
        try:
            return values.text(parts[0].strip()), *map(values.integer, parts[1:])
        except (values.UnreadableError, values.RepairedError):
            pass
    if sent:
        originals.keep_raw(extra, "receiverList", sent)
    return (None,) * len(_RECEIVED)


Payer = tuple[str, int | None, Decimal | None, bool | None, int | None]
_MOST_FEN = 10**14
"""From here on no column holds the amount in yuan."""


def _payers(sent: object, extra: dict[str, object]) -> list[Payer]:
    """`wxid,fen,status|wxid,fen,status…`: 1 is unpaid and 2 paid; other numbers are kept, not guessed.

    An entry that cannot be read takes none of the others with it; the whole list is kept then.
    """
    if not sent:
        return []
    payers: list[Payer] = []
    entries = sent if isinstance(sent, list) else sent.split("|") if isinstance(sent, str) else [0]
    for entry in entries:
        if isinstance(entry, str) and not entry.strip():
            continue
        try:
            payers.append(_payer(entry))
        except (values.UnreadableError, values.RepairedError):
            originals.keep_raw(extra, "payerList", sent)
    return payers


def _payer(entry: object) -> Payer:
    parts = entry.split(",") if isinstance(entry, str) else []
    if len(parts) != 3:
        raise values.UnreadableError("not three parts")
    payer, status = values.text(parts[0].strip()), values.integer(parts[2])
    fen = values.big_integer(parts[1])
    if payer is None:
        raise values.UnreadableError("a payer without a number")
    if fen is not None and abs(fen) >= _MOST_FEN:
        raise values.UnreadableError("out of range")
    amount = None if fen is None else Decimal(fen).scaleb(-2)
    paid = {1: False, 2: True}.get(status) if status is not None else None
    return payer, fen, amount, paid, status


_QUOTED = r"[\"“]?(?P<{}>.+?)[\"”]?"
_INVITED = re.compile(
    _QUOTED.format("actor") + "邀请" + _QUOTED.format("subject") + "加入了?群聊", re.DOTALL
)
_RENAMED = re.compile(
    _QUOTED.format("actor") + "修改群名为" + r"[\"“](?P<subject>.*)[\"”]", re.DOTALL
)


def _room_event(content: str | None) -> dict[str, object]:
    event: dict[str, object] = {"content": content, "event": "other"}
    if content is None:
        return event
    for name, pattern in (("invited", _INVITED), ("renamed", _RENAMED)):
        match = pattern.match(content.strip())
        if match:
            return event | {
                "event": name,
                "actor_nick": match["actor"] or None,
                "subject": match["subject"] or None,
            }
    return event


_COMPUTE: dict[str, Callable[[Found], None]] = {
    "transfer": _compute_money,
    "group_collection": _compute_receivers,
}
"""Fills the columns of a kind that are computed by more than a code's name (`Column.coded`)."""

_BUILDERS = {
    kind.name: Builder(kind.table, _RECEIVERS + _PAYERS if kind.name == "group_collection" else ())
    for kind in messages.KINDS
    if kind.table is not None
}
MEDIA_FIELDS = ("thumbImgPath", "bigImgPath")
MEDIA_KINDS = ("image", "voice", "video")


def explode(kind: MessageKind, of: Messages) -> Exploded:
    """The texts and typed rows of messages of one kind.

    Rows are in their table's column order, followed by `_extra` and when the message was fetched.
    """
    exploded = Exploded([None] * len(of.ids))
    if kind.name == "text":
        _add_texts(of, exploded)
    elif kind.name == "room_event":
        _add_events(of, exploded)
    elif kind.table is not None:
        _add_objects(kind, of, exploded)
    return exploded


def _add_objects(kind: MessageKind, of: Messages, exploded: Exploded) -> None:
    """Payloads that are objects, those that are alike together."""
    opened: dict[int, Payload] = {}
    for place, payload in enumerate(of.payloads):
        found = _opened(kind, payload, of.records[place])
        if isinstance(found, Message):
            exploded.problems[place] = found
        else:
            opened[place] = found
    builder = _BUILDERS[kind.name]
    for places, read in _read(builder, opened):
        if kind.name in MEDIA_KINDS:
            read.values["media_kind"] = [kind.name] * len(places)
        if kind.name in _COMPUTE:
            _COMPUTE[kind.name](read)
        for column in builder.table.columns:
            if rule := column.coded:
                read.values[column.name] = [
                    rule.names.get(code, rule.other) if isinstance(code, int) else None
                    for code in read.column(rule.column)
                ]
        for place, text in zip(places, _shown(read, kind.shown), strict=True):
            exploded.plain_texts[place] = text
        mine = of if len(places) == len(of.ids) else of.some(places)
        if kind.name == "group_collection":
            exploded.add(
                messages.PAYERS.name,
                (
                    (mine.ids[place], *payer, mine.times[place], None, mine.stamps[place])
                    for place, sent in enumerate(_captured(read, _PAYERS))
                    for payer in _payers(sent, read.extras[place])
                ),
            )
        exploded.add(builder.table.name, builder.rows(read, mine.ids, mine.times, mine.stamps))


def _read(builder: Builder, opened: Mapping[int, Payload]) -> Iterator[tuple[list[int], Found]]:
    """What payloads hold, with their places: those that are alike first, the others one by one."""
    groups: dict[Signature, list[int]] = {}
    alone: list[int] = []
    for place, payload in opened.items():
        signature = builder.signature(payload)
        if signature is None:
            alone.append(place)
        else:
            groups.setdefault(signature, []).append(place)
    for places in groups.values():
        try:
            found = builder.read_alike([opened[place] for place in places])
        except ValueError:
            alone += places
        else:
            yield places, found
    for place in alone:
        yield [place], builder.read(opened[place])


def _opened(kind: MessageKind, payload: object, record: Payload) -> Payload | Message:
    """Return the payload as an object, or what is wrong with it, without quoting it."""
    if kind.name in MEDIA_KINDS:
        return _opened_media(payload, record)
    if isinstance(payload, dict):
        return payload
    if payload is None or payload == "":
        return Message("dead_letter.no_payload")
    if not isinstance(payload, str):
        return _not_an_object(payload)
    if kind.name == "system" and not may_be_object(payload):
        return {"content": payload}
    try:
        opened = values.parse_object(payload)
    except ValueError:
        return Message("dead_letter.payload_not_json")
    return opened if isinstance(opened, dict) else _not_an_object(opened)


def _not_an_object(payload: object) -> Message:
    kind = _JSON.get(type(payload), "number")
    return Message("dead_letter.payload_not_an_object", {"kind": kind})


_JSON: dict[type, str] = {type(None): "null", bool: "boolean", str: "string", list: "array"}
"""The types of JSON's values, less objects, by ours; all others are numbers."""


def _opened_media(payload: object, record: Payload) -> Payload:
    """Paths come in the row's own fields, or in the payload in wxMedia's form."""
    opened = payload
    if isinstance(payload, str) and may_be_object(payload):
        try:
            opened = values.parse_json(payload)
        except ValueError:
            opened = None
    sent = {name: record[name] for name in MEDIA_FIELDS if record.get(name) not in (None, "")}
    return {**(opened if isinstance(opened, dict) else {}), **sent}


def may_be_object(text: str) -> bool:
    """Whether a text begins as a JSON object does."""
    return text[:1] == "{" or (text[:1].isspace() and text.lstrip()[:1] == "{")


def _add_texts(of: Messages, exploded: Exploded) -> None:
    for place, payload in enumerate(of.payloads):
        said = _spoken(payload)
        if isinstance(said, Message):
            exploded.problems[place] = said
        else:
            exploded.plain_texts[place] = said


def _spoken(payload: object) -> str | Message | None:
    """What was said: plain text, or `{"msg": …}` as the type table has it; or why that is unknown."""
    said = payload
    if isinstance(payload, str) and may_be_object(payload):
        try:
            opened = values.parse_json(payload)
        except ValueError:
            opened = None
        if isinstance(opened, dict) and opened.keys() == {"msg"}:
            inner = opened["msg"]
            said = inner if inner is None or isinstance(inner, str) else payload
    elif isinstance(payload, dict) and "msg" in payload:
        said = payload["msg"]
    if isinstance(said, dict | list | bool):
        return Message("dead_letter.not_a_text")
    return None if said is None else values.holdable(str(said)) or None


def _add_events(of: Messages, exploded: Exploded) -> None:
    _add_texts(of, exploded)
    events = [_room_event(said) for said in exploded.plain_texts]
    found = Found(extras=[{} for _ in events])
    for name in ("content", "event", "actor_nick", "subject"):
        found.values[name] = [event.get(name) for event in events]
    builder = _BUILDERS["room_event"]
    exploded.add(builder.table.name, builder.rows(found, of.ids, of.times, of.stamps))

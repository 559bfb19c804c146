"""A message's payload to its typed rows; an unreadable one to a reason, never an exception.

The keys of the vendor's document were damaged by a mechanical replacement and come in several
spellings (payloads.md). A key is looked up without regard to case and underscores, the clean
spelling first and the damaged one second; what no column names stays in the typed row's `_extra`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wpsync import values
from wpsync.model import Row
from wpsync.normalize import originals
from wpsync.resources import messages
from wpsync.resources.spec import Column, MessageKind, Table

_MEMO_LIMIT = 10_000


@dataclass(slots=True)
class Exploded:
    """What a payload holds: text for people, typed rows by table, or the reason it is unreadable."""

    plain_text: str | None = None
    problem: str | None = None
    rows: list[tuple[str, Row]] = field(default_factory=list)


@dataclass(slots=True)
class _Found:
    """A typed row under construction: values by column, captured fields, and what has no column."""

    values: dict[str, object] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    captured: dict[str, object] = field(default_factory=dict)
    extra: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Slot:
    """What a key leads to: a column, a nested object, or a field that is captured for computing."""

    rank: int
    path: str
    column: Column | None = None
    child: "_Shape | None" = None


def _fold(key: str) -> str:
    return key.replace("_", "").lower()


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the keys of an object lead to, for objects that have exactly these keys in this order."""

    columns: tuple[tuple[str, Column], ...]
    children: "tuple[tuple[str, _Shape], ...]"
    captured: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]


class _Shape:
    """One level of a payload object: which keys are known, in every spelling."""

    def __init__(self) -> None:
        self._slots: dict[str, _Slot] = {}
        self._layouts: dict[tuple[str, ...], _Layout | None] = {}

    def add(self, path: str, name: str, rank: int, column: Column | None) -> None:
        head, _, rest = name.partition(".")
        here = f"{path}{head}"
        clean, damaged = _fold(head), _fold(head.replace("T", "true"))
        if rest:
            slot = self._slots.get(clean) or _Slot(0, here, child=_Shape())
            assert slot.child is not None
            slot.child.add(f"{here}.", rest, rank, column)
        else:
            slot = _Slot(rank, here, column=column)
        self._slots[clean] = slot
        if damaged not in self._slots:
            self._slots[damaged] = _Slot(slot.rank + 1, here, slot.column, slot.child)

    def slot(self, key: str) -> _Slot | None:
        """What a key leads to, in any spelling."""
        return self._slots.get(_fold(key))

    def layout(self, keys: tuple[str, ...]) -> _Layout | None:
        """What these keys lead to; None where two of them spell the same thing."""
        try:
            return self._layouts[keys]
        except KeyError:
            layout = self._lay_out(keys)
            if len(self._layouts) < _MEMO_LIMIT:
                self._layouts[keys] = layout
            return layout

    def _lay_out(self, keys: tuple[str, ...]) -> _Layout | None:
        slots = [(key, self.slot(key)) for key in keys]
        columns = tuple((key, slot.column) for key, slot in slots if slot and slot.column)
        if len({column.name for _, column in columns}) < len(columns):
            return None
        return _Layout(
            columns,
            tuple((key, slot.child) for key, slot in slots if slot and slot.child),
            tuple((key, s.path) for key, s in slots if s and not s.column and not s.child),
            tuple(key for key, slot in slots if slot is None),
        )


class _Builder:
    """Fills one typed table from payload objects."""

    def __init__(self, table: Table, captures: tuple[str, ...] = ()) -> None:
        self._table = table
        self._names = tuple(column.name for column in table.columns)
        self._shape = _Shape()
        for column in table.columns:
            for preference, source in enumerate(column.sources):
                self._shape.add("", source, preference * 2, column)
        for path in captures:
            self._shape.add("", path, 0, None)

    def read(self, payload: Mapping[str, object]) -> _Found:
        found = _Found()
        self._walk(self._shape, payload, found, found.extra)
        return found

    def row(self, found: _Found, message_id: str, sent_at: datetime | None) -> tuple[str, Row]:
        found.values["message_id"], found.values["sent_at"] = message_id, sent_at
        get = found.values.get
        return self._table.name, (*map(get, self._names), originals.extra_json(found.extra))

    def _walk(
        self, shape: _Shape, payload: Mapping[str, object], found: _Found, extra: dict[str, object]
    ) -> None:
        layout = shape.layout(tuple(payload))
        if layout is None:
            self._walk_by_rank(shape, payload, found, extra)
            return
        values_of = found.values
        for key, column in layout.columns:
            value = payload[key]
            try:
                values_of[column.name] = column.convert(value)
            except ValueError:
                _take(0, column, key, value, found, extra)
        for key, child in layout.children:
            self._descend(child, key, payload[key], found, extra)
        for key, path in layout.captured:
            found.captured[path] = payload[key]
        for key in layout.unknown:
            extra[key] = payload[key]

    def _walk_by_rank(
        self, shape: _Shape, payload: Mapping[str, object], found: _Found, extra: dict[str, object]
    ) -> None:
        """An object that spells one thing in two ways: the better spelling wins, the other is kept."""
        for key, value in payload.items():
            slot = shape.slot(key)
            if slot is None:
                extra[key] = value
            elif slot.child is not None:
                self._descend(slot.child, key, value, found, extra)
            elif slot.column is None:
                found.captured[slot.path] = value
            else:
                _take(slot.rank, slot.column, key, value, found, extra)

    def _descend(
        self,
        child: _Shape,
        key: str,
        value: object,
        found: _Found,
        extra: dict[str, object],
    ) -> None:
        """A nested object, which some clients send encoded as a text."""
        nested = value
        if isinstance(value, str):
            try:
                nested = values.parse_json(value)
            except ValueError:
                nested = None
        if isinstance(nested, dict):
            inner: dict[str, object] = {}
            self._walk(child, nested, found, inner)
            if inner:
                extra[key] = inner
        elif value is not None and value != "":
            extra[key] = value


def _take(
    rank: int,
    column: Column,
    key: str,
    value: object,
    found: _Found,
    extra: dict[str, object],
) -> None:
    """Set a column from a field, unless a better spelling has already done so."""
    known = found.ranks.get(column.name)
    other = found.captured.get(column.name)
    if known is not None and known <= rank:
        if value != other:
            extra[key] = value
        return
    if known is not None and value != other:
        extra[f"{key}.other"] = other
    found.ranks[column.name] = rank
    found.captured[column.name] = value
    try:
        found.values[column.name] = column.convert(value)
    except values.RepairedError as repaired:
        found.values[column.name] = repaired.value
        originals.keep_raw(extra, key, value)
    except values.UnreadableError:
        found.values[column.name] = None
        originals.keep_raw(extra, key, value)


def _number(found: _Found, name: str) -> int | None:
    value = found.values.get(name)
    return value if isinstance(value, int) else None


def _shown(found: _Found, *names: str) -> str | None:
    for name in names:
        value = found.values.get(name)
        if isinstance(value, str):
            return value
    return None


def _named(table: Mapping[int, str], code: int | None) -> str | None:
    return None if code is None else table.get(code)


def _finish_link(found: _Found) -> str | None:
    code = _number(found, "app_type")
    if code is not None:
        found.values["link_kind"] = messages.LINK_KINDS.get(code, "other")
    return _shown(found, "title")


def _finish_notice(found: _Found) -> str | None:
    found.values["notice_kind"] = _named(messages.NOTICE_KINDS, _number(found, "notice_type"))
    return _shown(found, "content")


def _finish_pay(found: _Found) -> str | None:
    found.values["claimed"] = (
        {0: False, 1: True}.get(_number(found, "claim_status") or 0)
        if (found.values.get("claim_status") is not None)
        else None
    )
    return _shown(found, "receiver_title", "sender_title", "title")


def _finish_transfer(found: _Found) -> str | None:
    shown = _shown(found, "fee_description")
    try:
        amount = values.yuan(shown)
    except values.UnreadableError:
        amount = None
    found.values["amount"] = amount
    if shown is not None and amount is not None and not re.search(r"[^\s\d.,，¥￥元+-]", shown):
        found.values["currency"] = "CNY"
    found.values["transfer_kind"] = _named(messages.TRANSFER_KINDS, _number(found, "transfer_type"))
    found.values["claim_kind"] = _named(messages.CLAIM_KINDS, _number(found, "claim_status"))
    return shown or _shown(found, "title")


_RECEIVERS = "wcPayInfo.newAa.receiverList"
_PAYERS = "wcPayInfo.newAa.payerList"


def _finish_collection(found: _Found) -> str | None:
    sent = found.captured.get(_RECEIVERS)
    parts = sent.split(",") if isinstance(sent, str) else []
    if len(parts) == 4:
        try:
            numbers = [values.integer(part) for part in parts[1:]]
            found.values["initiator_wx_no"] = values.text(parts[0])
        except (values.UnreadableError, values.RepairedError):
            originals.keep_raw(found.extra, "receiverList", sent)
        else:
            names = ("collection_status", "payer_count", "paid_count")
            found.values.update(zip(names, numbers, strict=True))
    elif sent:
        originals.keep_raw(found.extra, "receiverList", sent)
    return _finish_pay(found)


def _payer_rows(found: _Found, message_id: str, sent_at: datetime | None) -> list[tuple[str, Row]]:
    """`wxid,fen,status|wxid,fen,status…`: 1 is unpaid and 2 paid; other numbers are kept, not guessed."""
    sent = found.captured.get(_PAYERS)
    if not isinstance(sent, str):
        if sent:
            originals.keep_raw(found.extra, "payerList", sent)
        return []
    rows: list[tuple[str, Row]] = []
    try:
        for entry in filter(None, sent.split("|")):
            wx_no, fen_sent, status_sent = entry.split(",")
            fen, status = values.integer(fen_sent), values.integer(status_sent)
            amount = None if fen is None else values.yuan(f"{fen // 100}.{fen % 100:02d}")
            paid = {1: False, 2: True}.get(status) if status is not None else None
            payer = values.text(wx_no)
            if payer is None:
                raise values.UnreadableError("a payer without a number")
            rows.append(
                (
                    messages.PAYERS.name,
                    (message_id, payer, fen, amount, paid, status, sent_at, None),
                )
            )
    except ValueError:
        originals.keep_raw(found.extra, "payerList", sent)
        return []
    return rows


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


_FINISH: dict[str, Callable[[_Found], str | None]] = {
    "card": lambda found: _shown(found, "nick"),
    "location": lambda found: _shown(found, "address"),
    "link": _finish_link,
    "system": _finish_notice,
    "recall": lambda found: _shown(found, "notice"),
    "red_packet": _finish_pay,
    "group_collection": _finish_collection,
    "group_collection_reminder": lambda found: _shown(found, "content"),
    "transfer": _finish_transfer,
}
_BUILDERS = {
    kind.name: _Builder(
        kind.table, (_RECEIVERS, _PAYERS) if kind.name == "group_collection" else ()
    )
    for kind in messages.KINDS
    if kind.table is not None
}
MEDIA_FIELDS = ("thumbImgPath", "bigImgPath")
_MEDIA = ("image", "voice", "video")


def explode(
    kind: MessageKind,
    payload: object,
    media: Mapping[str, object],
    message_id: str,
    sent_at: datetime | None,
) -> Exploded:
    """The typed rows of one message.

    `payload` is the `msg` field as sent, `media` the record, for its thumbImgPath and bigImgPath. Rows are in
    their table's column order, `_extra` last.
    """
    if kind.name == "text":
        return Exploded(plain_text=_spoken(payload))
    if kind.table is None:
        return Exploded()
    if kind.name in _MEDIA:
        return _explode_media(kind, payload, media, message_id, sent_at)
    if kind.name == "room_event":
        return _explode_event(payload, message_id, sent_at)
    opened, problem = _opened(kind, payload)
    if opened is None:
        return Exploded(problem=problem)
    builder = _BUILDERS[kind.name]
    found = builder.read(opened)
    exploded = Exploded(plain_text=_FINISH[kind.name](found))
    payers = _payer_rows(found, message_id, sent_at) if kind.name == "group_collection" else []
    exploded.rows = [builder.row(found, message_id, sent_at), *payers]
    return exploded


def _opened(kind: MessageKind, payload: object) -> tuple[Mapping[str, object] | None, str | None]:
    """The payload as an object; or what is wrong with it, without quoting it."""
    if isinstance(payload, dict):
        return payload, None
    if payload is None or payload == "":
        return None, "the message has no payload"
    if not isinstance(payload, str):
        return None, f"the payload is a {type(payload).__name__}, not an object"
    if kind.name == "system" and not payload.lstrip().startswith("{"):
        return {"content": payload}, None
    try:
        opened = values.parse_json(payload)
    except ValueError:
        return None, "the payload is not JSON"
    if isinstance(opened, dict):
        return opened, None
    return None, f"the payload is a JSON {type(opened).__name__}, not an object"


def _spoken(payload: object) -> str | None:
    """What was said: plain text, or `{"msg": …}` as the type table has it."""
    said = payload
    if isinstance(payload, str) and payload.lstrip().startswith("{"):
        try:
            said = values.parse_json(payload)
        except ValueError:
            said = payload
    if isinstance(said, dict):
        inner = said.get("msg")
        said = inner if len(said) == 1 and isinstance(inner, str) else payload
    if isinstance(said, str):
        return values.holdable(said) or None
    return None if said is None else originals.ascii_json(said)


def _explode_media(
    kind: MessageKind,
    payload: object,
    media: Mapping[str, object],
    message_id: str,
    sent_at: datetime | None,
) -> Exploded:
    """Paths come in the row's own fields, or in the payload in wxMedia's form."""
    opened = payload
    if isinstance(payload, str) and payload.lstrip().startswith("{"):
        try:
            opened = values.parse_json(payload)
        except ValueError:
            opened = None
    sent = {name: media[name] for name in MEDIA_FIELDS if media.get(name) not in (None, "")}
    builder = _BUILDERS[kind.name]
    found = builder.read({**(opened if isinstance(opened, dict) else {}), **sent})
    found.values["media_kind"] = kind.name
    return Exploded(rows=[builder.row(found, message_id, sent_at)])


def _explode_event(payload: object, message_id: str, sent_at: datetime | None) -> Exploded:
    said = _spoken(payload)
    found = _Found(values=_room_event(said))
    return Exploded(plain_text=said, rows=[_BUILDERS["room_event"].row(found, message_id, sent_at)])

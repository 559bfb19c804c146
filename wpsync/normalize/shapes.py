"""Payload objects to the columns of a typed table, in whatever spelling their keys come.

The keys of the vendor's document were damaged by a mechanical replacement and come in several
spellings (payloads.md). A key is looked up without regard to case and underscores, the clean
spelling first and the damaged one second; what no column names stays in the typed row's `_extra`.

Payloads that have the same keys in the same order are alike, and are read together, a column at a
time. What is unusual in any way is read by itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from wpsync import values
from wpsync.model import Row
from wpsync.normalize import columns, originals
from wpsync.resources.spec import Column, Table

_MEMO_LIMIT = 10_000

Payload = Mapping[str, object]
Signature = tuple[object, ...]
"""The keys of a payload and of the objects in it."""


@dataclass(slots=True)
class Found:
    """Typed rows under construction: values by column, captured fields, and what has no column.

    All are of the same length, which is 1 for a payload that is read by itself.
    """

    values: dict[str, list[object]] = field(default_factory=dict)
    captured: dict[str, list[object]] = field(default_factory=dict)
    extras: list[dict[str, object]] = field(default_factory=list)

    def column(self, name: str) -> list[object]:
        """The values of a column, None where no payload had it."""
        return self.values.get(name) or [None] * len(self.extras)


@dataclass(slots=True)
class _One:
    """One payload's values under construction, with the rank of the spelling that each came in."""

    values: dict[str, object] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    captured: dict[str, object] = field(default_factory=dict)
    extra: dict[str, object] = field(default_factory=dict)

    def found(self) -> Found:
        return Found(
            {name: [value] for name, value in self.values.items()},
            {name: [value] for name, value in self.captured.items()},
            [self.extra],
        )


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
        paths = [slot.path for _, slot in slots if slot and not slot.column]
        if len({column.name for _, column in columns}) < len(columns):
            return None
        if len(set(paths)) < len(paths):
            return None
        return _Layout(
            columns,
            tuple((key, slot.child) for key, slot in slots if slot and slot.child),
            tuple((key, s.path) for key, s in slots if s and not s.column and not s.child),
            tuple(key for key, slot in slots if slot is None),
        )


class Builder:
    """Fills one typed table from payload objects."""

    def __init__(self, table: Table, captures: tuple[str, ...] = ()) -> None:
        self.table = table
        self._names = tuple(column.name for column in table.columns)
        self._shape = _Shape()
        for column in table.columns:
            for preference, source in enumerate(column.sources):
                self._shape.add("", source, preference * 2, column)
        for path in captures:
            self._shape.add("", path, 0, None)

    def read(self, payload: Payload) -> Found:
        """One payload, whatever it holds."""
        one = _One()
        self._walk(self._shape, payload, one, one.extra)
        return one.found()

    def signature(self, payload: Payload) -> Signature | None:
        """What payloads that are alike have in common; None for one that has to be read by itself."""
        return _signature(self._shape, payload)

    def read_alike(self, payloads: Sequence[Payload]) -> Found:
        """Payloads of one signature. Raises ValueError where a value of theirs needs care."""
        found = Found(extras=[{} for _ in payloads])
        _read_alike(self._shape, payloads, found, found.extras)
        return found

    def rows(
        self,
        found: Found,
        ids: Sequence[str],
        times: Sequence[datetime | None],
        stamps: Sequence[str],
    ) -> Iterator[Row]:
        """The rows in their table's column order, `_extra` and when they were fetched last."""
        own = {"message_id": ids, "sent_at": times}
        filled = (own.get(name) or found.column(name) for name in self._names)
        return zip(*filled, map(originals.extra_json, found.extras), stamps, strict=True)

    def _walk(self, shape: _Shape, payload: Payload, one: _One, extra: dict[str, object]) -> None:
        layout = shape.layout(tuple(payload))
        if layout is None:
            self._walk_by_rank(shape, payload, one, extra)
            return
        values_of = one.values
        for key, column in layout.columns:
            value = payload[key]
            try:
                values_of[column.name] = column.convert(value)
            except ValueError:
                _take(0, column, key, value, one, extra)
        for key, child in layout.children:
            self._descend(child, key, payload[key], one, extra)
        for key, path in layout.captured:
            one.captured[path] = payload[key]
        for key in layout.unknown:
            extra[key] = payload[key]

    def _walk_by_rank(
        self, shape: _Shape, payload: Payload, one: _One, extra: dict[str, object]
    ) -> None:
        """An object that spells one thing in two ways: the better spelling wins, the other is kept.

        So are the objects in it, since they may be two spellings of one object.
        """
        for key, value in payload.items():
            slot = shape.slot(key)
            if slot is None:
                extra[key] = value
            elif slot.child is not None:
                self._descend(slot.child, key, value, one, extra, by_rank=True)
            elif slot.column is None:
                if one.captured.setdefault(slot.path, value) != value:
                    extra[key] = value
            else:
                _take(slot.rank, slot.column, key, value, one, extra)

    def _descend(
        self,
        child: _Shape,
        key: str,
        value: object,
        one: _One,
        extra: dict[str, object],
        *,
        by_rank: bool = False,
    ) -> None:
        """A nested object, which some clients send encoded as a text."""
        nested = value
        if isinstance(value, str):
            try:
                nested = values.parse_object(value)
            except ValueError:
                nested = None
        if isinstance(nested, dict):
            inner: dict[str, object] = {}
            walk = self._walk_by_rank if by_rank else self._walk
            walk(child, nested, one, inner)
            if inner:
                extra[key] = inner
        elif value is not None and value != "":
            extra[key] = value


def _take(
    rank: int,
    column: Column,
    key: str,
    value: object,
    one: _One,
    extra: dict[str, object],
) -> None:
    """Set a column from a field, unless a better spelling has already done so."""
    known = one.ranks.get(column.name)
    other = one.captured.get(column.name)
    if known is not None and known <= rank:
        if value != other:
            extra[key] = value
        return
    if known is not None and value != other:
        extra[f"{key}.other"] = other
    one.ranks[column.name] = rank
    one.captured[column.name] = value
    try:
        one.values[column.name] = column.convert(value)
    except values.RepairedError as repaired:
        one.values[column.name] = repaired.value
        originals.keep_raw(extra, key, value)
    except values.UnreadableError:
        one.values[column.name] = None
        originals.keep_raw(extra, key, value)


def _signature(shape: _Shape, payload: Payload) -> Signature | None:
    keys = tuple(payload)
    layout = shape.layout(keys)
    if layout is None:
        return None
    parts: list[object] = [keys]
    for key, child in layout.children:
        nested = payload[key]
        inner = _signature(child, nested) if isinstance(nested, dict) else None
        if inner is None:
            return None
        parts.append(inner)
    return tuple(parts)


def _read_alike(
    shape: _Shape, payloads: Sequence[Payload], found: Found, extras: Sequence[dict[str, object]]
) -> None:
    layout = shape.layout(tuple(payloads[0]))
    assert layout is not None
    for key, column in layout.columns:
        raw = [one[key] for one in payloads]
        try:
            found.values[column.name] = list(columns.convert(column.convert, raw))
        except columns.UnusualError:
            found.values[column.name] = [column.convert(value) for value in raw]
    for key, child in layout.children:
        nested = [one[key] for one in payloads]
        inner: list[dict[str, object]] = [{} for _ in payloads]
        _read_alike(child, nested, found, inner)  # type: ignore[arg-type]  # a signature has only objects there
        for extra, rest in zip(extras, inner, strict=True):
            if rest:
                extra[key] = rest
    for key, path in layout.captured:
        found.captured[path] = [one[key] for one in payloads]
    for key in layout.unknown:
        for extra, one in zip(extras, payloads, strict=True):
            extra[key] = one[key]

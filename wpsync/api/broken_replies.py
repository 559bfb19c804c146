"""A listing's reply that cannot be parsed whole, record by record.

One row can take its page with it: by bytes that are not UTF-8, by nesting without end, by a number of a million
digits, by JSON that is none. So the records are cut apart by their brackets alone, without recursion and in one pass,
and each is parsed for itself. Where a record is so broken that its end cannot be found, the next one is recognised by
its first field.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import cast

from wpsync.model import Damaged
from wpsync.values import parse_json

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_SPACE = re.compile(rb"[ \t\r\n]*")
_TEXT = re.compile(_STRING, re.DOTALL)
_SCALAR = re.compile(rb"[^,\]}\s]+")
_BRACKETS = re.compile(_STRING + rb"|([\[{]+)|([\]}]+)", re.DOTALL)
_FIRST_FIELD = re.compile(rb"\{\s*(" + _STRING + rb")\s*:")
_FIELDS = re.compile(rb'[{,]\s*("[^"\\]{1,60}")\s*:\s*("[^"\\]{0,200}"|-?\d{1,30}(?=[,}\s]))')
_BROKEN, _BEYOND_ASCII = re.compile("[\udc80-\udcff]"), re.compile("[^\x00-\x7f]")
_NOT_ASCII = re.compile(rb"[^\x00-\x7f]")

_MOST_PIECES = 10_000
"""Records of a reply that is read piece by piece. A page has 500; each that is broken takes a thousand bytes or so."""

_ANOTHER_ENCODING = 3
"""So many records whose text is mostly no UTF-8: the reply is in another encoding."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """A reply as far as it can be read: the envelope with its records, of which some are `Damaged`.

    `damage` are digests of those. `is_misencoded`: it is in another encoding;
    `may_be_misencoded`: so few texts do not tell.
    """

    envelope: dict[str, object]
    damage: frozenset[bytes]
    is_misencoded: bool
    may_be_misencoded: bool


class _LostError(ValueError):
    """A value has no end."""


def in_pieces(content: bytes) -> Pieces | None:
    """Read a listing's reply record by record; None where even its envelope cannot be read, or it is no listing."""
    start = _list(content)
    if start is None:
        return None
    pieces, end = _cut(content, start)
    if len(pieces) > _MOST_PIECES:
        return None
    envelope = _envelope(content, start, end)
    if envelope is None:
        end = content.rfind(b"]")
        envelope = _envelope(content, start, end) if end > start else None
        pieces = [content[start + 1 : end].strip()]
    if envelope is None:
        return None
    records = _records(pieces)
    damaged = [one for one in records if isinstance(one, Damaged)]
    cast("dict[str, object]", envelope["data"])["list"] = records
    foreign = _foreign(pieces)
    return Pieces(
        envelope,
        frozenset(blake2b(one.raw, digest_size=16).digest() for one in damaged),
        foreign >= _ANOTHER_ENCODING,
        foreign > 0,
    )


def first_record(content: bytes, most: int) -> tuple[dict[str, object], bytes]:
    """Return the short fields of the first record of a listing that breaks off, and so many bytes of its beginning."""
    start = _list(content)
    piece = content if start is None else content[start + 1 :].lstrip()
    return _short_fields(piece), piece[:most]


def _envelope(content: bytes, start: int, end: int) -> dict[str, object] | None:
    """The reply without its records."""
    try:
        parsed = parse_json(content[: start + 1] + content[end:])
    except ValueError:
        return None
    is_listing = isinstance(parsed, dict) and "code" in parsed and isinstance(parsed["data"], dict)
    return cast("dict[str, object]", parsed) if is_listing else None


def _foreign(pieces: Sequence[bytes]) -> int:
    """How many records hold more broken bytes than characters beyond ASCII; none unless most such records do."""
    beyond = [piece for piece in pieces if _NOT_ASCII.search(piece)]
    foreign = sum(map(_is_mostly_broken, beyond))
    return foreign if foreign * 2 > len(beyond) else 0


def _is_mostly_broken(piece: bytes) -> bool:
    text = _escaped(piece)
    return 2 * len(_BROKEN.findall(text)) > len(_BEYOND_ASCII.findall(text))


def _escaped(piece: bytes) -> str:
    return piece.decode("utf-8", "surrogateescape")


# -- cutting ------------------------------------------------------------------------------------------


def _list(content: bytes) -> int | None:
    """Where the bracket of `data.list` stands."""
    at = _SPACE.match(content, 3 if content.startswith(b"\xef\xbb\xbf") else 0).end()  # type: ignore[union-attr]
    try:
        for name in (b'"data"', b'"list"'):
            at = next((value for key, value in _members(content, at) if key == name), -1)
            if at < 0:
                return None
    except _LostError:
        return None
    return at if content[at : at + 1] == b"[" else None


def _members(content: bytes, at: int) -> Iterator[tuple[bytes, int]]:
    """The names of an object, and where the value of each begins."""
    if content[at : at + 1] != b"{":
        raise _LostError
    while content[at : at + 1] in (b"{", b","):
        key = _TEXT.match(content, _past_space(content, at + 1))
        if key is None:
            return
        colon = _past_space(content, key.end())
        if content[colon : colon + 1] != b":":
            raise _LostError
        value = _past_space(content, colon + 1)
        yield key[0], value
        at = _past_space(content, _end(content, value))


def _past_space(content: bytes, at: int) -> int:
    found = _SPACE.match(content, at)
    return found.end() if found else at


def _end(content: bytes, at: int) -> int:
    """Where the value that begins there ends."""
    if content[at : at + 1] in (b"{", b"["):
        depth = 0
        for found in _BRACKETS.finditer(content, at):
            depth += found.end(1) - found.start(1) - (found.end(2) - found.start(2))
            if depth <= 0:
                return found.end() + depth  # a run of brackets may close more than this one
        raise _LostError
    value = (_TEXT if content[at : at + 1] == b'"' else _SCALAR).match(content, at)
    if value is None:
        raise _LostError
    return value.end()


def _cut(content: bytes, start: int) -> tuple[list[bytes], int]:
    """The elements of a list, and where its closing bracket stands. Where one has no end, it is all that is left."""
    pieces: list[bytes] = []
    at = _past_space(content, start + 1)
    if content[at : at + 1] == b"]":
        return pieces, at
    while True:
        try:
            end = _end(content, at)
            after = _past_space(content, end)
            if content[after : after + 1] not in (b",", b"]"):
                raise _LostError
        except _LostError:
            last = max(content.rfind(b"]"), at)
            return [*pieces, content[at:last].strip()], last
        pieces.append(content[at:end])
        if content[after : after + 1] == b"]":
            return pieces, after
        at = _past_space(content, after + 1)


# -- reading ------------------------------------------------------------------------------------------


def _records(pieces: Sequence[bytes]) -> list[object]:
    """Read each piece; one that is several records, since a broken one hid where it ended, is cut anew."""
    read = [_record(piece) for piece in pieces]
    first = _first_field(pieces)
    again = {
        place: [(piece, _record(piece)) for piece in _by_first_field(one.raw, first)]
        for place, one in enumerate(read)
        if isinstance(one, Damaged) and not one.is_whole
    }
    anew = [record for cut in again.values() for _, record in cut]
    if not anew:
        return read
    usual = _usual_fields([one for one in (*read, *anew) if _is_read(one)])
    records: list[object] = []
    for place, one in enumerate(read):
        records += _joined(again[place], usual) if again.get(place) else [one]
    return records


def _record(piece: bytes) -> object:
    """One record: as it is, or damaged."""
    escaped = _escaped(piece)
    try:
        parsed = parse_json(escaped)
    except ValueError:
        return Damaged(_short_fields(piece), piece, is_whole=False)
    if escaped.isascii() or not _BROKEN.search(escaped):
        return parsed
    if isinstance(parsed, dict):
        return Damaged(parsed, piece, is_whole=True)
    return Damaged({}, piece, is_whole=False)


def _short_fields(piece: bytes) -> dict[str, object]:
    """The short fields of a record that cannot be parsed: enough to know it by its id and time."""
    fields: dict[str, object] = {}
    for name, value in _FIELDS.findall(piece[:100_000]):
        try:
            fields.setdefault(str(parse_json(name.decode())), parse_json(value.decode()))
        except ValueError:
            continue
    return fields


def _first_field(pieces: Sequence[bytes]) -> bytes | None:
    """The field with which most records begin."""
    begin = Counter(found[1] for found in map(_FIRST_FIELD.match, pieces) if found)
    return begin.most_common(1)[0][0] if begin else None


def _by_first_field(raw: bytes, first: bytes | None) -> list[bytes]:
    """The records in a piece, if there are several, each beginning with the same field."""
    if first is None:
        return []
    starts = [m.start() for m in re.finditer(rb"\{\s*" + re.escape(first) + rb"\s*:", raw)]
    if len(starts) < 2:
        return []
    ends = [*starts[1:], len(raw)]
    starts[0] = 0
    cut = (raw[a:b].rstrip(b", \t\r\n") for a, b in zip(starts, ends, strict=True))
    return [piece for one in cut for piece in _without_the_rest(one)]


def _without_the_rest(piece: bytes) -> list[bytes]:
    """A record, and apart from it the text after its end."""
    try:
        end = _end(piece, 0)
    except _LostError:
        return [piece]
    after = _past_space(piece, end)
    return (
        [piece[:end], piece[after + 1 :].lstrip()] if piece[after : after + 1] == b"," else [piece]
    )


def _is_read(record: object) -> bool:
    return isinstance(record, dict) and (not isinstance(record, Damaged) or record.is_whole)


def _usual_fields(records: Sequence[object]) -> frozenset[str]:
    """The fields that more than half of the records have: an object inside a record lacks some."""
    many = Counter(name for record in records for name in cast("dict[str, object]", record))
    return frozenset(name for name, times in many.items() if times * 2 > len(records))


_MOST, _FEW = 2 / 3, 1 / 3
"""Shares of the usual fields: of a record, and below that of an object inside one."""


def _share(fields: dict[str, object], usual: frozenset[str]) -> float:
    return len(usual & fields.keys()) / max(1, len(usual))


def _joined(cut: Sequence[tuple[bytes, object]], usual: frozenset[str]) -> list[object]:
    """The records of a piece. One with few of the usual fields is an object inside the broken record before it."""
    joined: list[object] = []
    for raw, record in cut:
        if _is_read(record) and _share(cast("dict[str, object]", record), usual) >= _MOST:
            joined.append(record)
            continue
        before = joined[-1] if joined else None
        is_inside = raw.startswith(b"{") and _share(_short_fields(raw), usual) < _FEW
        if is_inside and isinstance(before, Damaged) and not before.is_whole:
            raw = before.raw + b"," + raw
            joined.pop()
        joined.append(Damaged(_short_fields(raw), raw, is_whole=False))
    return joined

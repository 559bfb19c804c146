"""Keeping what was sent: originals as ASCII JSON, and what `jsonb` can hold of the rest."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from wpsync import values

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_HUGE_EXPONENT = re.compile(rb"[eE][+-]?\d{4}")
_ESCAPED_BYTE = re.compile(r"\\udc[89a-f]")
_EXPONENT = 1_000
"""The digits that a number may have by its exponent; jsonb writes them out, and refuses 131,073."""
RAW = "_raw."
"""Prefix in `_extra` of an original that was changed or could not be read; its value is ASCII JSON."""


OTHERS = "*"
"""Stands for every name that is not shown."""
_NAME = re.compile(
    r"(?!wxid_|gh_|.*\d{5})[A-Za-z_$@][A-Za-z0-9_.$@-]{0,59}|[A-Za-z0-9_-]{1,5}", re.ASCII
)


def shown_name(name: str) -> str:
    """The name of a field, or a code, as it may be shown to anybody; `OTHERS` where it could be a person's data."""
    return name if _NAME.fullmatch(name) else OTHERS


def ascii_json(value: object) -> str:
    """The value as ASCII-escaped JSON, so that any table, file or terminal can hold it."""
    try:
        return json.dumps(value, default=str, separators=(",", ":"))
    except (RecursionError, ValueError):
        return json.dumps(repr(type(value)))


def keep_raw(extra: dict[str, object], field: str, original: object) -> None:
    """Put the original of a changed or unreadable field aside."""
    extra[RAW + values.holdable(field)] = ascii_json(original)


def is_broken(value: object) -> bool:
    """Whether a text in it holds bytes that are not UTF-8, which stand there as lone surrogates."""
    return _ESCAPED_BYTE.search(ascii_json(value)) is not None


def extra_json(extra: Mapping[str, object] | None) -> str | None:
    """What goes into `_extra`: JSON that `jsonb` takes, or None when there is nothing."""
    if not extra:
        return None
    try:
        return _as_sent(extra)
    except (TypeError, OverflowError, ValueError, RecursionError):
        return _repaired(extra)


def _as_sent(extra: Mapping[str, object]) -> str:
    """The quick way, for what needs no repair."""
    encoded = _ENCODER.encode(extra)
    if b"\\u0000" in encoded or _HUGE_EXPONENT.search(encoded):
        raise ValueError("holds what jsonb cannot")
    return encoded.decode()


def _repaired(extra: Mapping[str, object]) -> str:
    kept: dict[str, object] = {}
    for field, value in extra.items():
        clean = _holdable(value)
        kept[values.holdable(field)] = clean
        if not field.startswith(RAW) and not (clean is value or clean == value):
            keep_raw(kept, field, value)
    return json.dumps(kept, ensure_ascii=False, default=_number, separators=(",", ":"))


def _number(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"not JSON: {type(value).__name__}")


def _holdable(value: object, depth: int = 0) -> object:
    if isinstance(value, str):
        return values.holdable(value)
    if isinstance(value, Decimal) and abs(value.adjusted()) >= _EXPONENT:
        return str(value)
    if depth > 100 and isinstance(value, dict | list):
        return ascii_json(value)
    if isinstance(value, dict):
        return {values.holdable(str(k)): _holdable(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list):
        return [_holdable(item, depth + 1) for item in value]
    return value

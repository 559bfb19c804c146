"""One vendor value to one Python value.

Every converter takes whatever JSON can hold and returns the value or None (nothing was sent: null,
an empty string, the literal `(null)` that WeChat for iOS writes). What it cannot read it refuses
with `UnreadableError`; what Postgres cannot hold it repairs and says so with `RepairedError`. The normaliser
turns both into a kept original, so that nothing is lost.

Local times of the vendor are Asia/Shanghai without a zone (facts.md); China has had no summer time
since 1991, so a fixed offset is exact. No number passes through a float but a coordinate.
"""

import json
import math
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from hashlib import md5

import msgspec

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")

_NULL_LITERAL = "(null)"
_INT4 = 2**31
_EPOCH_SURE = 7_000_000_000  # in seconds the year 2191
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_EARLIEST_MICROS = (_EARLIEST - _EPOCH) // timedelta(microseconds=1)
_UNHOLDABLE = re.compile("[\x00\ud800-\udfff]")
_WHOLE = re.compile(r"[+-]?\d{1,30}")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_AMOUNT = re.compile(r"\d+(?:\.\d+)?")
_DIALLED = re.compile(r"\+?[\d\s().\-–—]{3,31}")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_WITH_COUNTRY = 12  # digits: no Chinese number has as many without the country's


def parse_json(encoded: str | bytes) -> object:
    """The JSON value in a text. Raises ValueError where there is none, and of bytes that are not UTF-8.

    Fractions are Decimals and integers are exact whatever their size. Fast first, tolerant second:
    lone surrogates and control characters are taken too; NaN and infinities stay the words that they are.
    """
    try:
        return _DECODER.decode(encoded)
    except (msgspec.DecodeError, UnicodeError, RecursionError, InvalidOperation):
        if isinstance(encoded, bytes):
            encoded = encoded.decode("utf-8-sig")
        try:
            parsed: object = json.loads(
                encoded, parse_float=_fraction, parse_constant=str, strict=False
            )
        except RecursionError:
            raise ValueError("nested too deeply") from None
        return parsed


def _fraction(digits: str) -> Decimal | str:
    """The number; one whose exponent no Decimal holds stays the text that it was."""
    try:
        return Decimal(digits)
    except InvalidOperation:
        return digits


class UnreadableError(ValueError):
    """The value is not of the kind its column needs."""


class RepairedError(ValueError):
    """Postgres cannot hold the value as sent; `value` is what it can hold."""

    def __init__(self, value: str) -> None:
        super().__init__("a character that Postgres cannot hold was replaced")
        self.value = value


def holdable(value: str) -> str:
    """The text with NUL and lone surrogates replaced by U+FFFD; the same object where there are none."""
    if "\x00" not in value:
        if value.isascii():
            return value
        try:
            value.encode()
        except UnicodeEncodeError:
            pass
        else:
            return value
    paired = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _UNHOLDABLE.sub("\ufffd", paired)


def verbatim(value: object) -> str | None:
    """Text exactly as sent, `(null)` included; None only where nothing was sent."""
    if value.__class__ is not str:
        if value is None:
            return None
        if isinstance(value, bool | dict | list):
            raise UnreadableError("not text")
        value = str(value)
    assert isinstance(value, str)
    kept = holdable(value)
    if kept is not value:
        raise RepairedError(kept)
    return value or None


def text(value: object) -> str | None:
    """Text; a number becomes its digits."""
    if value.__class__ is str and value.isascii() and "\x00" not in value:
        return value if value and value != _NULL_LITERAL else None
    kept = verbatim(value)
    return None if kept == _NULL_LITERAL else kept


def integer(value: object) -> int | None:
    """A whole number of four bytes, sent as a number or as digits."""
    if value.__class__ is str and value.isdecimal() and value.isascii() and len(value) < 10:
        return int(value)
    if value.__class__ is not int:
        value = _whole(value)
        if value is None:
            return None
    assert isinstance(value, int)
    if -_INT4 <= value < _INT4:
        return int(value)
    raise UnreadableError("out of range")


def _whole(value: object) -> int | None:
    if isinstance(value, str):
        stripped = value.strip()
        if not stripped or stripped == _NULL_LITERAL:
            return None
        if _WHOLE.fullmatch(stripped):
            return int(stripped)
    elif value is None:
        return None
    elif isinstance(value, bool):
        return int(value)
    elif isinstance(value, Decimal) and _is_moderate(value):
        if value == value.to_integral_value():
            return int(value)
    elif isinstance(value, int):
        return value
    raise UnreadableError("not a whole number")


def _is_moderate(value: Decimal) -> bool:
    """Below 10^30. Told by the exponent: arithmetic with a far larger one overflows."""
    return value.is_finite() and value.adjusted() < 30


_FLAGS = {"0": False, "1": True, "false": False, "true": True}


def flag(value: object) -> bool | None:
    """True or false, sent as a boolean, 0/1, or either as text."""
    if isinstance(value, bool):
        return value
    kept = text(value)
    if kept is None:
        return None
    try:
        return _FLAGS[kept.strip().lower()]
    except KeyError:
        raise UnreadableError("neither yes nor no") from None


def flag_or_false(value: object) -> bool:
    """A flag that the vendor leaves out when it is false (`isAgent`)."""
    return flag(value) or False


def connected(value: object) -> bool | None:
    """`connectType`: connected or disconnected."""
    kept = text(value)
    if kept is None:
        return None
    if kept in ("connected", "disconnected"):
        return kept == "connected"
    raise UnreadableError("neither connected nor disconnected")


def instant(value: object) -> datetime | None:
    """An aware instant from a local Shanghai time, epoch seconds or epoch milliseconds, told apart by size.

    `0` and the empty string are no time.
    """
    if value.__class__ is str:
        assert isinstance(value, str)
        if value.isdecimal() and value.isascii() and len(value) < 20:
            return _epoch(int(value))
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            return _epoch(_whole(value))
        if parsed.tzinfo is None:
            return _plausible(parsed.replace(tzinfo=SHANGHAI))
        return _plausible(parsed).astimezone(UTC)  # Postgres knows no zone as far off as 16 hours
    if isinstance(value, Decimal):
        value = int(value) if _is_moderate(value) else value
    return _epoch(_whole(value))


def _epoch(number: int | None) -> datetime | None:
    if not number:
        return None
    if 0 < number < _EPOCH_SURE:
        return datetime.fromtimestamp(number, UTC)
    if abs(number) < 10**11:
        micros = number * 1_000_000
    elif abs(number) < 10**14:
        micros = number * 1_000
    else:
        raise UnreadableError("not a time")
    if micros < 0:  # before 1900 there are moments that no datetime holds
        micros = max(micros, _EARLIEST_MICROS)
    return _plausible(_EPOCH + timedelta(microseconds=micros))


def _plausible(at: datetime) -> datetime:
    if _EARLIEST < at.replace(tzinfo=UTC) < _LATEST:
        return at
    raise UnreadableError("not a plausible time")


def day(value: object) -> date | None:
    """A calendar day of Asia/Shanghai, `YYYY-MM-DD`."""
    at = instant(value)
    return at.astimezone(SHANGHAI).date() if at else None


def coordinate(value: object) -> float | None:
    """Degrees: the one number that is a float, as its column is."""
    if isinstance(value, bool | dict | list):
        raise UnreadableError("not a number")
    kept = text(value)
    if kept is None:
        return None
    try:
        degrees = float(kept)
    except ValueError:
        raise UnreadableError("not a number") from None
    if math.isfinite(degrees) and abs(degrees) <= 180:
        return degrees
    raise UnreadableError("not a coordinate")


def latitude(value: object) -> float | None:
    """Degrees between the poles; a swapped pair shows here."""
    degrees = coordinate(value)
    if degrees is not None and abs(degrees) > 90:
        raise UnreadableError("not a latitude")
    return degrees


def yuan(value: object) -> Decimal | None:
    """An amount from display text such as `¥1,234.56`, half or full width; never through a float."""
    kept = text(value)
    if kept is None:
        return None
    found = _AMOUNT.findall(kept.replace(",", "").replace("，", ""))
    if len(found) != 1:
        raise UnreadableError("not an amount")
    try:
        amount = Decimal(found[0]).quantize(Decimal("0.01"))
    except InvalidOperation:
        raise UnreadableError("not an amount") from None
    if amount >= Decimal(10) ** 12:
        raise UnreadableError("out of range")
    return -amount if kept.lstrip("¥￥ ").startswith("-") else amount


def web_address(value: object) -> str | None:
    """An address with a scheme: `https://` is put before one that has none."""
    kept = text(value)
    if kept is None or "://" in kept:
        return kept
    return "https://" + kept.removeprefix("//")


def texts(value: object) -> list[str] | None:
    """A list of texts; a single text is a list of one."""
    if value is None:
        return None
    if not isinstance(value, list):
        one = text(value)
        return None if one is None else [one]
    if any(isinstance(item, dict | list | bool) for item in value):
        raise UnreadableError("not a list of texts")
    return [holdable(str(item)) for item in value if item is not None]


def split_texts(value: object) -> list[str] | None:
    """Texts separated by `;`."""
    if isinstance(value, list):
        return texts(value)
    kept = text(value)
    return [part for part in kept.split(";") if part] if kept else None


def first_text(value: object) -> str | None:
    """A text that the vendor's table calls an array and its sample shows as a string (`headImg`)."""
    if isinstance(value, list):
        if len(value) > 1:
            raise UnreadableError("more than one")
        value = value[0] if value else None
    return text(value)


def phone_number(written: str) -> str:
    """A phone number in one form, however it is written, to tell whether two are the same.

    A Chinese one without 86 and leading zeros, a foreign one with its plus sign; what is no phone
    number (a hash, a name) as it is.
    """
    kept = unicodedata.normalize("NFKC", written).strip()
    if not _DIALLED.fullmatch(kept):
        return written
    digits = re.sub(r"\D", "", kept)
    is_foreign = kept.startswith("+") or digits.startswith("00")
    digits = digits.lstrip("0")
    if digits.startswith("86") and (is_foreign or len(digits) >= _WITH_COUNTRY):
        digits, is_foreign = digits[2:].lstrip("0"), False
    if not digits:
        return written
    return "+" + digits if is_foreign else digits


def phone_spellings(written: str) -> set[str]:
    """The usual ways to write a phone number: for looking it up where it stands as a hash."""
    number = phone_number(written)
    if not number.isdecimal():
        return {written, number}
    if _MOBILE.fullmatch(number):
        parted = {f"{sign}".join((number[:3], number[3:7], number[7:])) for sign in "- "}
        national = {number, *parted}
    else:
        national = {
            number[:area] + sign + number[area:] for area in (2, 3) for sign in ("", "-", " ")
        }
    prefixes = ("", "0", "86", "+86", "0086", "86-", "+86-", "+86 ")
    return {written, *(prefix + one for prefix in prefixes for one in national)}


_64_BITS = 2**64


def id_digest(ids: Iterable[str]) -> int:
    """Add up the first 64 bits of the md5 of each id, modulo 2^64; `wpsync.id_digest` does so in SQL.

    The order does not matter, and digests add: that of two stretches without a common id is their sum
    modulo 2^64, that of a rest is the whole less the part. No protection against a forger.
    """
    digests = (md5(one.encode(), usedforsecurity=False).digest()[:8] for one in ids)
    return sum(int.from_bytes(one) for one in digests) % _64_BITS

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
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from hashlib import md5
from typing import TypeVar

import msgspec

_T = TypeVar("_T")

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")

_NULL_LITERAL = "(null)"
_INT4 = 2**31
_INT8 = 2**63
_EPOCHS = range(10**9, 7 * 10**9)
"""Seconds from 2001 to 2191. Below are days, durations or nothing, but no time of a work phone."""
_WRITTEN = range(10**7, 10**14)
"""A day without signs between its parts, or a day with a time."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_LOCAL_TIME = re.compile(
    r"(\d{4})[-/.年]\s*(\d{1,2})[-/.月]\s*(\d{1,2})日?"
    r"(?:[T\s]\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?)?"
)
_DIGITS_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2}))?")
_UNHOLDABLE = re.compile("[\x00\ud800-\udfff]")
_WHOLE = re.compile(r"[+-]?\d{1,30}")
_FRACTION = re.compile(r"[+-]?\d+\.\d+", re.ASCII)
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_AMOUNT = re.compile(
    r"(?P<sign>[+-]?) ?(?:¥|CNY|RMB|人民币)? ?(?P<inner>[+-]?) ?"
    r"(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?P<rest>\.\d+)? ?(?P<times>[万萬]?) ?(?:元|圆|CNY|RMB|人民币)?",
    re.IGNORECASE,
)
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


def parse_object(encoded: str) -> object:
    """The JSON value in a text, also where it was encoded twice. Raises ValueError as `parse_json` does."""
    parsed = parse_json(encoded)
    if isinstance(parsed, str) and parsed.lstrip()[:1] == "{":
        try:
            return parse_json(parsed)
        except ValueError:
            return parsed
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
    """The column cannot hold the value as sent; `value` is what it can hold."""

    def __init__(self, value: object) -> None:
        super().__init__("a part that the column cannot hold was replaced")
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


def big_integer(value: object) -> int | None:
    """A whole number of eight bytes, sent as a number or as digits."""
    number = _whole(value)
    if number is None or -_INT8 <= number < _INT8:
        return number
    raise UnreadableError("out of range")


def seconds(value: object) -> int | None:
    """A duration: seconds, not below 0. A fraction is rounded up from a half, its original kept."""
    is_whole = True
    try:
        number = integer(value)
    except UnreadableError:
        number, is_whole = integer(_rounded(value)), False
    if number is not None and number < 0:
        raise UnreadableError("a duration below 0")
    if not is_whole:
        raise RepairedError(number)
    return number


def _rounded(value: object) -> Decimal:
    if isinstance(value, str) and len(value) <= 30 and _FRACTION.fullmatch(value.strip()):
        value = Decimal(value.strip())
    if isinstance(value, Decimal) and _is_moderate(value):
        return value.to_integral_value(ROUND_HALF_UP)
    raise UnreadableError("not a number of seconds")


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


def folded(value: object) -> str | None:
    """A word of one of the vendor's lists, to compare: without blanks around it, case and half width aside."""
    kept = text(value)
    if kept is None:
        return None
    return re.sub(r"[\s-]+", "_", unicodedata.normalize("NFKC", kept).strip().casefold()) or None


_FLAGS = {
    **dict.fromkeys(("0", "false", "no", "n", "否"), False),
    **dict.fromkeys(("1", "true", "yes", "y", "是"), True),
}


def flag(value: object) -> bool | None:
    """Convert a boolean, 0 or 1, or a word for either."""
    if isinstance(value, bool):
        return value
    return _listed(value, _FLAGS, "neither yes nor no")


def flag_or_false(value: object) -> bool:
    """A flag that the vendor leaves out when it is false (`isAgent`)."""
    return flag(value) or False


_CONNECTED = {
    **_FLAGS,
    **dict.fromkeys(("connected", "connect", "answered", "接通", "已接通", "已接"), True),
    **dict.fromkeys(("disconnected", "disconnect", "not_connected", "unconnected"), False),
    **dict.fromkeys(("not_answered", "unanswered", "missed", "未接通", "未接"), False),
}


def connected(value: object) -> bool | None:
    """Convert `connectType`: connected or disconnected, or a flag."""
    if isinstance(value, bool):
        return value
    return _listed(value, _CONNECTED, "neither connected nor disconnected")


_DIRECTIONS = {
    **dict.fromkeys(("in", "incoming", "inbound", "呼入", "来电", "接收", "收到"), "in"),
    **dict.fromkeys(("out", "outgoing", "outbound", "呼出", "外呼", "去电", "发送", "发出"), "out"),
}


def direction(value: object) -> str | None:
    """Convert `callType` and `smsType`: in or out."""
    return _listed(value, _DIRECTIONS, "neither in nor out")


def _listed(value: object, words: Mapping[str, _T], complaint: str) -> _T | None:
    """Look up a word of a closed list; None where there is none. Raises UnreadableError for any other word."""
    word = folded(value)
    if word is None:
        return None
    if word not in words:
        raise UnreadableError(complaint)
    return words[word]


_CHATS = {
    **dict.fromkeys(("single", "单聊"), "single"),
    **dict.fromkeys(("group", "群聊"), "group"),
}


def chat_type(value: object) -> str | None:
    """`chatType`: single or group; another word as it is."""
    word = folded(value)
    return text(value) if word is None else _CHATS.get(word, text(value))


def instant(value: object) -> datetime | None:
    """An aware instant from a local Shanghai time, epoch seconds or epoch milliseconds, told apart by size.

    `0` and the empty string are no time. Eight digits are a day, fourteen a day with a time.
    """
    if value.__class__ is str:
        assert isinstance(value, str)
        value = value.strip()
        if not value.isdecimal() or not value.isascii():
            try:
                return _local(datetime.fromisoformat(value))
            except UnreadableError:
                raise
            except ValueError:
                if found := _LOCAL_TIME.fullmatch(value):
                    return _written(found)
    if isinstance(value, Decimal):
        value = int(value) if _is_moderate(value) else value
    number = _whole(value)
    if not number:
        return None
    if number in _WRITTEN and (found := _DIGITS_TIME.fullmatch(str(number))):
        return _written(found)
    return _epoch(number)


def _local(parsed: datetime) -> datetime:
    if parsed.tzinfo is None:
        return _plausible(parsed.replace(tzinfo=SHANGHAI))
    return _plausible(parsed).astimezone(UTC)  # Postgres knows no zone as far off as 16 hours


def _written(found: re.Match[str]) -> datetime:
    """A local time in parts; midnight where it has only a day."""
    year, month, day_of, hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        at = datetime(year, month, day_of, hour, minute, second, tzinfo=SHANGHAI)
    except ValueError:
        raise UnreadableError("not a day of the calendar") from None
    return _plausible(at)


def _epoch(number: int) -> datetime:
    if number in _EPOCHS:
        return datetime.fromtimestamp(number, UTC)
    if number // 1_000 in _EPOCHS:
        return _EPOCH + timedelta(milliseconds=number)
    raise UnreadableError("not a time")


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
    """An amount of yuan from display text such as `¥1,234.56`, half or full width; never through a float.

    `1.2万` is 12,000. Any other word or currency beside the digits, and a part of a fen, is unreadable.
    """
    kept = text(value)
    if kept is None:
        return None
    shown = " ".join(unicodedata.normalize("NFKC", kept).split())
    found = _AMOUNT.fullmatch(shown) if len(shown) <= 60 else None
    if found is None or (found["sign"] and found["inner"]):
        raise UnreadableError("not an amount")
    amount = Decimal(found["whole"].replace(",", "") + (found["rest"] or ""))
    if found["times"]:
        amount *= 10_000
    if amount >= Decimal(10) ** 12:
        raise UnreadableError("out of range")
    rounded = amount.quantize(Decimal("0.01"))
    if rounded != amount:
        raise UnreadableError("a part of a fen")
    return -rounded if "-" in (found["sign"], found["inner"]) else rounded


_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_NO_ADDRESS = frozenset({"null", "none", "nil", "undefined"})


def web_address(value: object) -> str | None:
    """An address with a scheme: `https://` is put before one that has none.

    A word without a dot, and a path without a host, is no address.
    """
    kept = text(value)
    if kept is None:
        return None
    trimmed = kept.strip()
    if not trimmed or trimmed.casefold() in _NO_ADDRESS:
        return None
    scheme, separator, rest = trimmed.partition("://")
    if not separator:
        scheme, rest = "https", trimmed.removeprefix("//")
    host, slash, _ = rest.partition("/")
    has_host = bool(host) if separator else slash and ("." in host.strip(".") or ":" in host)
    if not has_host or re.search(r"\s", host) or not _SCHEME.fullmatch(scheme):
        raise UnreadableError("not an address")
    return f"{scheme}://{rest}"


_RECORDINGS = {
    **dict.fromkeys(("not_found", "notfound", "录音未找到", "录音不存在"), "not_found"),
    **dict.fromkeys(("copy_fail", "copy_failed", "录音拷贝失败"), "copy_failed"),
    **dict.fromkeys(("multiple_call_lose", "multiple_call_lost"), "lost_multiple_calls"),
    "多通通话录音丢失": "lost_multiple_calls",
}


def recording_status(value: object) -> str:
    """The meaning of a `soundUrl` that is no address; `unknown` where no list knows it."""
    try:
        return _RECORDINGS.get(folded(value) or "", "unknown")
    except (UnreadableError, RepairedError):
        return "unknown"


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


def add_digests(one: int, other: int) -> int:
    """Return the digest of two stretches together; with a negative `other` that of the rest."""
    return (one + other) % _64_BITS

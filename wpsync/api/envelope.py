"""The vendor's envelope: `{"code": 1|0, "msg": …, "data": …}`, and what a reply that is none, or a refusal, means.

The vendor's words go into `Message.quote`, without possible secrets and phone numbers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from wpsync.api.auth import RejectedError
from wpsync.errors import (
    AmbiguousRefusalError,
    RateLimitedError,
    SpanTooLargeError,
    TooManyRowsError,
    UnknownRefusalError,
    VendorRefusedError,
    VendorUnavailableError,
)
from wpsync.model import Secret
from wpsync.values import parse_json

_TOKEN_WORDS = re.compile(r"token|令牌|登录|未授权|授权失败|授权过期|鉴权", re.IGNORECASE)
_SPEED_WORDS = re.compile(
    r"频率|频繁|过快|限流|too (?:many requests|fast|frequent)|rate limit", re.IGNORECASE
)

_BUSY_WORDS = re.compile(r"繁忙|稍后|稍候|维护|超时|busy|try again|timed? ?out", re.IGNORECASE)

_STATUS_CODES: dict[int, str] = {
    4001: "vendor.device_offline",
    4004: "vendor.no_such_agent",
    4005: "vendor.wrong_parameter",
    4006: "vendor.cannot_decrypt",
    4007: "vendor.cannot_encrypt",
    4008: "vendor.ip_not_allowed",
    4009: "vendor.no_api_access",
    4015: "vendor.reply_not_parsed",
    4016: "vendor.reply_not_encoded",
    4017: "vendor.time_format_refused",
    4018: "vendor.span_too_large",
    4019: "vendor.too_many_rows",
}
"""The vendor's statusCode, and the error's code (facts.md, newer editions)."""

_CODES = 1_000_000
"""Above all codes."""

_KINDS = {4018: SpanTooLargeError, 4019: TooManyRowsError}


@dataclass(frozen=True, slots=True)
class Received:
    """A reply as it came. The names of `headers` are found in any case."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes


class DamagedReplyError(VendorUnavailableError):
    """An envelope that cannot be read: bytes that are not UTF-8, or JSON that is broken in it."""

    def __init__(self, endpoint: str, content: bytes) -> None:
        super().__init__("vendor.damaged_reply", endpoint=endpoint)
        self.content = content


def failure(endpoint: str, status: int, status_code: int | None, message: str) -> Exception:
    """Return what a `code: 0` stands for: by statusCode where there is one, else by its message."""
    if status_code is not None and status_code in _STATUS_CODES:
        return _refused(endpoint, status_code, message)
    if status in (401, 403) or _TOKEN_WORDS.search(message):
        return RejectedError(message.strip() or f"HTTP {status}")
    if _SPEED_WORDS.search(message):
        return RateLimitedError("vendor.too_fast", quote=shown(message), endpoint=endpoint)
    if status_code is None and not message.strip():
        return AmbiguousRefusalError("vendor.no_reason", endpoint=endpoint)
    return _refused(endpoint, status_code, message)


def _refused(endpoint: str, status_code: int | None, message: str) -> VendorRefusedError:
    if status_code is not None and not 0 <= status_code < _CODES:
        status_code = None  # no code has so many digits: a phone number does
    kind = _KINDS.get(status_code or 0, VendorRefusedError)
    refused: dict[str, Any] = {"status_code": status_code, "quote": shown(message)}
    if status_code in _STATUS_CODES:
        return kind(_STATUS_CODES[status_code], endpoint=endpoint, **refused)
    if status_code:
        code = "vendor.refused_with_code"
        return UnknownRefusalError(code, endpoint=endpoint, status=status_code, **refused)
    return UnknownRefusalError("vendor.refused", endpoint=endpoint, **refused)


def is_busy(words: str | None) -> bool:
    """Return whether a refusal says that the vendor is busy, not that the request is wrong."""
    return bool(_BUSY_WORDS.search(words or ""))


def refused_anyway(endpoint: str, words: str) -> VendorRefusedError:
    """Return a refusal in words of a dead token that a token just given out met as well."""
    return VendorRefusedError(
        "vendor.refused_with_new_token", quote=shown(words), endpoint=endpoint
    )


def unreadable(endpoint: str, response: Received) -> VendorUnavailableError:
    """Return the error of a reply that is not the vendor's envelope."""
    start = response.content[:200]
    encrypted = start and b"<" not in start and re.fullmatch(rb"[\w+/=\s-]+", start)
    code = "vendor.encrypted_reply" if encrypted else "vendor.not_an_envelope"
    return VendorUnavailableError(
        code, quote=described(response), endpoint=endpoint, status=response.status_code
    )


def server_error(endpoint: str, response: Received) -> VendorUnavailableError:
    """Return the error of a reply with a status of 500 or more."""
    status = response.status_code
    return VendorUnavailableError(
        "vendor.server_error", quote=described(response), endpoint=endpoint, status=status
    )


def opened(endpoint: str, response: Received) -> dict[str, object] | None:
    """Return the envelope, None where the reply is none. Raises DamagedReplyError where it cannot be read.

    A refusal is taken however its words are written: there is nothing in it to be lost.
    """
    content = in_utf8(response)
    try:
        parsed = parse_json(content)
    except ValueError:
        if not _ENVELOPE.match(content) or b'"code"' not in content:
            return None
        parsed = guessed(content) if len(content) <= _SHORT else None
        if not isinstance(parsed, dict) or number(parsed.get("code")) == 1:
            raise DamagedReplyError(endpoint, content) from None
    return parsed if isinstance(parsed, dict) and "code" in parsed else None


_SHORT = 10_000
"""Bytes that a refusal has at most."""

_ENVELOPE = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_CHINESE = re.compile(r"charset\s*=\s*\"?(?:gb2312|gbk|gb18030|cp936)\b", re.IGNORECASE)


def in_utf8(response: Received) -> bytes:
    """Return the reply in UTF-8: in another encoding only where it is declared, and nothing else fits."""
    content = response.content
    if content.isascii() or not _CHINESE.search(response.headers.get("Content-Type", "")):
        return content
    try:
        content.decode()
    except UnicodeDecodeError:
        try:
            return content.decode("gb18030").encode()
        except UnicodeDecodeError:
            pass
    return content


def guessed(content: bytes) -> object:
    """Return a reply's JSON however its texts are encoded; None where it is none. Good for words that are only shown."""
    text = content.decode("utf-8", "replace")
    if text.count("\ufffd") * 2 > len(_NOT_ASCII.findall(text)):
        text = content.decode("gb18030", "replace")
    try:
        return parse_json(text)
    except ValueError:
        return None


def number(value: object) -> int | None:
    """Return a whole number, be it sent as 1, "1", 1.0 or "1.0"; None where it is none."""
    if isinstance(value, str):
        return int(float(value)) if _NUMBER.fullmatch(value.strip()) else None
    if isinstance(value, Decimal):
        is_whole = 0 <= value.adjusted() < _DIGITS and value == value.to_integral_value()
        return int(value) if is_whole or not value else None
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number else None  # type: ignore[return-value]  # mypy does not follow


_DIGITS = 15
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.0{1,15})?")


def secret(data: object, name: str) -> Secret | None:
    value = data.get(name) if isinstance(data, dict) else None
    return Secret(value) if isinstance(value, str) and value else None


def retry_after(response: Received, at_most: timedelta) -> timedelta | None:
    said = response.headers.get("Retry-After", "")
    if said.isdigit():
        return timedelta(seconds=min(int(said), at_most.total_seconds()))
    return None


_SHOWN, _DESCRIBED = 120, 80
"""Characters that are shown of a reply's message, and of a reply that has none."""

_SECRETISH = re.compile(r'"\w*(?i:token)"\s*:\s*"[^"]*|[0-9A-Fa-f]{24,}|\d{7,}')


def shown(text: str) -> str | None:
    """Return the vendor's words on one line, cut, without tokens and phone numbers; None where there are none."""
    return _printable(_masked(text.strip())[:_SHOWN]) or None


def described(response: Received) -> str:
    """Return the content type and the first characters of a reply, without tokens and phone numbers."""
    kind = response.headers.get("Content-Type", "")
    start = _masked(response.content.decode("utf-8", "replace"))[:_DESCRIBED]
    return _printable(f"{kind}: {start}" if kind else start)


def _masked(text: str) -> str:
    """Replace what may be a token or a phone number. To be cut afterwards: a piece of one looks harmless."""
    return _SECRETISH.sub("***", text)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).strip()

"""The vendor's envelope: `{"code": 1|0, "msg": …, "data": …}`, and what a reply that is none, or a refusal, means.

Nothing that is said here of a reply shows a secret or a phone number.
"""

import re
from datetime import timedelta
from typing import Any

import httpx

from wpsync.api.auth import RejectedError
from wpsync.errors import (
    RateLimitedError,
    SpanTooLargeError,
    TooManyRowsError,
    VendorRefusedError,
    VendorUnavailableError,
)
from wpsync.model import Secret
from wpsync.values import parse_json

_TOKEN_WORDS = re.compile(r"token|令牌|登录|未授权|授权失败|授权过期|鉴权", re.IGNORECASE)
_SPEED_WORDS = re.compile(
    r"频率|频繁|过快|限流|too (?:many requests|fast|frequent)|rate limit", re.IGNORECASE
)

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

_KINDS = {4018: SpanTooLargeError, 4019: TooManyRowsError}


class AmbiguousRefusalError(VendorUnavailableError):
    """`code: 0` without a usable reason: perhaps a dead token, perhaps a passing fault."""


def failure(endpoint: str, status: int, status_code: int | None, message: str) -> Exception:
    """Return what a `code: 0` stands for: by statusCode where there is one, else by its message."""
    if status_code is not None and status_code in _STATUS_CODES:
        return _refused(endpoint, status_code, message)
    if status in (401, 403) or _TOKEN_WORDS.search(message):
        return RejectedError(message.strip() or f"HTTP {status}")
    if _SPEED_WORDS.search(message):
        return RateLimitedError("vendor.too_fast", words=shown(message), endpoint=endpoint)
    if status_code is None and not message.strip():
        return AmbiguousRefusalError("vendor.no_reason", endpoint=endpoint)
    return _refused(endpoint, status_code, message)


def _refused(endpoint: str, status_code: int | None, message: str) -> VendorRefusedError:
    kind = _KINDS.get(status_code or 0, VendorRefusedError)
    refused: dict[str, Any] = {"status_code": status_code, "words": shown(message)}
    if status_code in _STATUS_CODES:
        return kind(_STATUS_CODES[status_code], endpoint=endpoint, **refused)
    if status_code:
        return kind("vendor.refused_with_code", endpoint=endpoint, status=status_code, **refused)
    return kind("vendor.refused", endpoint=endpoint, **refused)


def refused_anyway(endpoint: str, words: str) -> VendorRefusedError:
    """Return a refusal in words of a dead token that a token just given out met as well."""
    return VendorRefusedError(
        "vendor.refused_with_new_token", words=shown(words), endpoint=endpoint
    )


def unreadable(endpoint: str, response: httpx.Response) -> VendorUnavailableError:
    """Return the error of a reply that is not the vendor's envelope."""
    start = response.content[:200]
    encrypted = start and b"<" not in start and re.fullmatch(rb"[\w+/=\s-]+", start)
    code = "vendor.encrypted_reply" if encrypted else "vendor.not_an_envelope"
    return VendorUnavailableError(
        code, words=described(response), endpoint=endpoint, status=response.status_code
    )


def server_error(endpoint: str, response: httpx.Response) -> VendorUnavailableError:
    """Return the error of a reply with a status of 500 or more."""
    status = response.status_code
    return VendorUnavailableError(
        "vendor.server_error", words=described(response), endpoint=endpoint, status=status
    )


def opened(response: httpx.Response) -> dict[str, object] | None:
    try:
        parsed = parse_json(response.content)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) and "code" in parsed else None


def number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.strip().isdigit() else None


def secret(data: object, name: str) -> Secret | None:
    value = data.get(name) if isinstance(data, dict) else None
    return Secret(value) if isinstance(value, str) and value else None


def retry_after(response: httpx.Response, at_most: timedelta) -> timedelta | None:
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


def described(response: httpx.Response) -> str:
    """Return the content type and the first characters of a reply, without tokens and phone numbers."""
    kind = response.headers.get("Content-Type", "")
    start = _masked(response.content.decode("utf-8", "replace"))[:_DESCRIBED]
    return _printable(f"{kind}: {start}" if kind else start)


def _masked(text: str) -> str:
    """Replace what may be a token or a phone number. To be cut afterwards: a piece of one looks harmless."""
    return _SECRETISH.sub("***", text)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).strip()

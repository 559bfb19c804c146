"""The vendor's envelope: `{"code": 1|0, "msg": …, "data": …}`, and what a reply that is none, or a refusal, means.

Nothing that is said here of a reply shows a secret or a phone number.
"""

import re
from datetime import timedelta

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

REACH = (
    "wpsync tries again by itself; if it lasts, look at the network, the proxy and the vendor's status"
    " / wpsync 会自动重试；如持续失败，请检查网络、代理和厂商服务状态"
)


_TOKEN_WORDS = re.compile(r"token|令牌|登录|未授权|授权失败|授权过期|鉴权", re.IGNORECASE)
_SPEED_WORDS = re.compile(
    r"频率|频繁|过快|限流|too (?:many requests|fast|frequent)|rate limit", re.IGNORECASE
)

_STATUS_CODES: dict[int, tuple[str, str | None]] = {
    4001: ("the device is offline or its app too old", "look at the work phone / 请检查该工作手机"),
    4004: (
        "no such employee",
        "look at the agent's id or phone number: `wpsync api agents`"
        " / 请核对座席编号或手机号：`wpsync api agents`",
    ),
    4005: ("a parameter is wrong", None),
    4006: (
        "the vendor could not decrypt the parameters",
        "switch off parameter encryption in the vendor's console / 请在厂商后台关闭参数加密",
    ),
    4007: (
        "the vendor could not encrypt the parameters",
        "switch off parameter encryption in the vendor's console / 请在厂商后台关闭参数加密",
    ),
    4008: (
        "this host's IP address is not on the vendor's list",
        "add the address to the IP whitelist in the vendor's console"
        " / 请在厂商后台把本机 IP 加入白名单",
    ),
    4009: (
        "API access is not configured at the vendor",
        "have the vendor switch on API access for this account / 请联系厂商为该账号开通接口权限",
    ),
    4015: ("the vendor could not parse a reply of its own", None),
    4016: ("the vendor could not encode its reply", None),
    4017: ("the vendor does not accept the time format", None),
    4018: ("the span of time is too large", None),
    4019: ("too many rows were asked for", None),
}
"""The vendor's statusCode, what it means and what to do (facts.md, newer editions)."""


class AmbiguousRefusalError(VendorUnavailableError):
    """`code: 0` without a usable reason: perhaps a dead token, perhaps a passing fault."""


def failure(endpoint: str, status: int, status_code: int | None, message: str) -> Exception:
    """What a `code: 0` stands for: by statusCode where there is one, else by its message."""
    if status_code is not None and status_code in _STATUS_CODES:
        return refused(endpoint, 0, status_code, message)
    if status in (401, 403) or _TOKEN_WORDS.search(message):
        return RejectedError(message.strip() or f"HTTP {status}")
    if _SPEED_WORDS.search(message):
        return RateLimitedError(f"{endpoint}: the vendor says that we are too fast")
    if status_code is None and not message.strip():
        return AmbiguousRefusalError(
            f"{endpoint}: the vendor refused without a reason (code 0)", hint=REACH
        )
    return refused(endpoint, 0, status_code, message)


def refused(endpoint: str, code: int, status_code: int | None, message: str) -> VendorRefusedError:
    meaning, hint = _STATUS_CODES.get(status_code or 0, ("the vendor refused the call", None))
    said = f": {_masked(message)[:120]}" if message.strip() else ""
    kinds = {4018: SpanTooLargeError, 4019: TooManyRowsError}
    kind = kinds.get(status_code or 0, VendorRefusedError)
    shown = f" ({status_code})" if status_code else ""
    return kind(f"{endpoint}: {meaning}{shown}{said}", hint=hint, status_code=status_code)


def refused_anyway(endpoint: str, words: str) -> VendorRefusedError:
    """A refusal in words of a dead token that a token just given out met as well."""
    return VendorRefusedError(
        f"{endpoint}: the vendor refuses the call, with a new token too: {_masked(words)[:120]}",
        hint="the words may be about a work phone rather than a token; or another program logs in with the same"
        " credentials: give wpsync its own / 可能说的是工作手机而不是令牌；也可能有其他程序在用同一凭据登录，"
        "请为 wpsync 单独申请一套",
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


_SECRETISH = re.compile(r'"\w*(?i:token)"\s*:\s*"[^"]*|[0-9A-Fa-f]{24,}|\d{7,}')


def _masked(text: str) -> str:
    """Without what may be a token or a phone number. To be cut afterwards: a piece of one looks harmless."""
    return _SECRETISH.sub("***", text)


def described(response: httpx.Response) -> str:
    """What a reply was: status, content type, first bytes; never a secret."""
    kind = response.headers.get("Content-Type", "no content type")
    start = _masked(response.content.decode("utf-8", "replace"))[:80]
    shown = "".join(c if c.isprintable() else " " for c in start)
    return f"HTTP {response.status_code}, {kind}, beginning {shown!r}"


def hint(response: httpx.Response) -> str:
    start = response.content[:200]
    if start and b"<" not in start and re.fullmatch(rb"[\w+/=\s-]+", start):
        return (
            "it looks encrypted: switch off encryption of replies in the vendor's console"
            " / 返回内容像是加密过的：请在厂商后台关闭返回加密"
        )
    return REACH

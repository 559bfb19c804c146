"""Stored errors of jobs and requests, and details of dead letters: their cause, and their wording in both languages.

They are stored in English. Texts that no pattern matches stay as they are.
"""

import re

from wpsync.status.texts import Pair

_KINDS: dict[str, Pair] = {
    "NoneType": ("空值", "null"),
    "bool": ("布尔值", "boolean"),
    "int": ("数字", "number"),
    "float": ("数字", "number"),
    "Decimal": ("数字", "number"),
    "str": ("文本", "text"),
    "list": ("列表", "list"),
    "dict": ("对象", "object"),
}

_DETAILS: tuple[tuple[re.Pattern[str], Pair], ...] = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        ("the message has no payload", ("消息没有内容", "the message has no payload")),
        ("the payload is not JSON", ("内容不是 JSON", "the payload is not JSON")),
        (
            r"the payload is a (?:JSON )?(?P<kind>\w+), not an object",
            ("内容是{kind}，不是 JSON 对象", "the payload is a JSON {kind}, not an object"),
        ),
        (
            "the record is not a JSON object",
            ("记录不是 JSON 对象", "the record is not a JSON object"),
        ),
        (
            "(the record has )?no usable id",
            ("记录没有可用的编号", "the record has no usable id"),
        ),
        (
            r"(?P<table>\w+): (?P<code>\w+): (?P<error>\w+)",
            ("写入 {table} 失败：{code} {error}", "writing to {table}: {code} {error}"),
        ),
    )
)


VENDOR, DATABASE, CREDENTIALS = "vendor", "database", "credentials"
"""Causes that all jobs of an account have in common, or of all accounts."""

_ERRORS: tuple[tuple[re.Pattern[str], str, Pair], ...] = tuple(
    (re.compile(rf"(?:/\S+: )?(?:{pattern})", re.DOTALL), cause, said)
    for pattern, cause, said in (
        (
            r"the vendor cannot be reached \((?P<why>.*)\)",
            VENDOR,
            ("连接不上厂商接口：{why}", "the vendor cannot be reached: {why}"),
        ),
        (
            r"no usable answer \((?P<why>.*)\)",
            VENDOR,
            ("厂商接口没有返回可用的应答：{why}", "no usable answer of the vendor: {why}"),
        ),
        (
            r"the vendor has a fault: (?P<why>HTTP \d+).*",
            VENDOR,
            ("厂商接口出错：{why}", "the vendor has a fault: {why}"),
        ),
        (
            r"not the vendor's envelope: (?P<why>HTTP \d+).*",
            VENDOR,
            ("返回的不是厂商接口的内容：{why}", "an answer that is not the vendor's: {why}"),
        ),
        (
            r"the vendor refused without a reason \(code 0\)",
            VENDOR,
            ("厂商接口拒绝请求，未说明原因", "the vendor refuses without a reason"),
        ),
        (
            r"the vendor says that we are too fast.*",
            "speed",
            ("厂商提示请求过于频繁", "the vendor says that requests come too fast"),
        ),
        (
            "the vendor rejects the credentials of account (?P<why>[^;]*);.*",
            CREDENTIALS,
            ("厂商拒绝了账号 {why} 的凭据", "the vendor rejects the credentials of account {why}"),
        ),
        (
            "the database is not available: (?P<why>.*)",
            DATABASE,
            ("数据库没有响应：{why}", "the database does not answer: {why}"),
        ),
        (
            "the database's disk is full: (?P<why>.*)",
            DATABASE,
            ("数据库磁盘已满：{why}", "the database's disk is full: {why}"),
        ),
        (
            "the database is read-only: (?P<why>.*)",
            DATABASE,
            ("数据库处于只读状态：{why}", "the database is read-only: {why}"),
        ),
        (
            "the database role lacks a right: (?P<why>.*)",
            DATABASE,
            ("数据库账号缺少权限：{why}", "the database role lacks a right: {why}"),
        ),
        ("took too long", "took too long", ("未能在时限内完成", "it did not end in time")),
    )
)
"""What jobs and requests fail with, which is stored in English; `{why}` stays as it is."""


def detail(text: str) -> Pair:
    """What a dead letter says of itself, which is stored in English; unknown words stay as they are."""
    for pattern, (zh, en) in _DETAILS:
        found = pattern.fullmatch(text)
        if found is not None:
            values = found.groupdict()
            kind = _KINDS.get(values.get("kind") or "", (values.get("kind"),) * 2)
            return (
                zh.format_map({**values, "kind": kind[0]}),
                en.format_map({**values, "kind": kind[1]}),
            )
    return text, text


def error(text: str) -> Pair:
    """What a job or a request failed with; unknown words stay as they are."""
    for pattern, _, (zh, en) in _ERRORS:
        found = pattern.fullmatch(text)
        if found is not None:
            values = found.groupdict()
            return zh.format_map(values), en.format_map(values)
    return text, text


def cause(text: str) -> str:
    """What failures have in common: a kind that several jobs share, else the words without the endpoint."""
    for pattern, shared, _ in _ERRORS:
        if pattern.fullmatch(text):
            return shared
    return re.sub(r"^/\S+: ", "", text)

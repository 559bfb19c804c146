"""What things are called where people read of them, in Chinese and English: one term for one thing.

Stored codes stay what they are; whoever searches finds them beside the words.
"""

import re

Pair = tuple[str, str]
"""A text in Chinese and in English."""

RESOURCES: dict[str, Pair] = {
    "agents": ("座席", "Agents"),
    "customer_fields": ("客户字段", "Customer fields"),
    "customers": ("客户", "Customers"),
    "wechat_users": ("工作微信号", "WeChat users"),
    "wechat_contacts": ("微信联系人", "WeChat contacts"),
    "wechat_rooms": ("微信群", "WeChat rooms"),
    "wechat_room_members": ("群成员", "Room members"),
    "calls": ("通话", "Calls"),
    "sms": ("短信", "SMS"),
    "wechat_chats": ("微信会话", "WeChat chats"),
    "wechat_messages": ("微信消息", "WeChat messages"),
    "agent_call_totals": ("座席通话汇总", "Agent call totals"),
    "agent_call_days": ("座席每日通话", "Agent call days"),
}

REASONS: dict[str, Pair] = {
    "rows_missing": ("厂商的总数多于实际返回", "the vendor counts more rows than it lists"),
    "count_missing": ("厂商没有返回总数", "the vendor sent no count"),
    "count_contradicts_rows": (
        "厂商的总数少于实际返回",
        "the vendor counts fewer rows than it lists",
    ),
    "list_missing": ("厂商没有返回列表", "the vendor sent no list"),
    "page_ignored": (
        "厂商没有翻页，重复返回同一页",
        "the vendor repeats one page instead of the next",
    ),
    "over_page_cap": ("超过厂商可翻页的上限", "more rows than the vendor shows"),
    "pages_refused": ("厂商拒绝返回部分页", "the vendor refuses some of the pages"),
    "suspiciously_empty": ("整段没有数据，需要确认", "empty where rows would be expected"),
    "unreadable": ("厂商接口读不出来", "the vendor cannot serve it"),
    "mostly_dead_letters": ("其中大量数据无法接收", "much of it cannot be taken"),
    "unread": ("还没有读取过", "nobody has read it yet"),
    "recount_due": ("总数待重新核对", "its count is to be asked again"),
    "payload_unreadable": ("消息内容无法解析", "the message's content cannot be read"),
    "no_id": ("没有可用的编号", "no usable id"),
    "not_an_object": ("格式不对", "not a record"),
    "refused_by_postgres": ("数据库拒绝写入", "refused by the database"),
}
"""Why a window is incomplete, and why something became a dead letter."""

RUNS: dict[str, Pair] = {
    "sync": ("增量同步", "sync"),
    "backfill": ("历史回填", "backfill"),
    "recheck": ("复查", "recheck"),
    "sample": ("抽样重读", "sample"),
    "proof": ("对账", "proof"),
    "verify": ("对账", "verify"),
}

_JOBS: dict[str, Pair] = {
    "tokens": ("令牌轮换", "Tokens"),
    "alerts": ("告警", "Alerts"),
    "housekeeping": ("清理", "Housekeeping"),
}

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


def resource(name: str) -> Pair:
    """A resource as people call it."""
    return RESOURCES.get(name, (name, name))


def reason(code: str) -> Pair:
    """Why something is incomplete or was not taken; a code that nobody worded stays as it is."""
    return REASONS.get(code, (code, code))


def run(kind: str) -> Pair:
    """What a run was for."""
    return RUNS.get(kind, (kind, kind))


def job(name: str) -> Pair:
    """A job of the service: a resource, what is done with it, or a task of the house."""
    if name in _JOBS:
        return _JOBS[name]
    what, _, task = name.partition(" ")
    zh, en = resource(what)
    return (f"{zh}{run(task)[0]}", f"{en}, {run(task)[1]}") if task else (zh, en)


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


def counted(number: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


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

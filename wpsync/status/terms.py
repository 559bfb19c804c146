"""The names of resources, jobs, runs and reasons, in Chinese and English: one term for one thing.

Stored codes stay as they are; the page shows them beside their names.
"""

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

"""The names of resources, jobs, runs and reasons, in Chinese and English: one term for one thing.

Stored codes stay as they are; the page shows them beside their names.
"""

from wpsync.language import Text
from wpsync.resources import RESOURCES as DECLARED
from wpsync.resources.crm import CUSTOMERS

RESOURCES: dict[str, Text] = {
    **{one.name: Text(one.en, one.zh) for one in DECLARED.values()},
    CUSTOMERS.name: Text("Customers", "客户"),
}

REASONS: dict[str, Text] = {
    "rows_missing": Text("the vendor counts more rows than it lists", "厂商的总数多于实际返回"),
    "count_missing": Text("the vendor sent no count", "厂商没有返回总数"),
    "count_contradicts_rows": Text(
        "the vendor counts fewer rows than it lists", "厂商的总数少于实际返回"
    ),
    "list_missing": Text("the vendor sent no list", "厂商没有返回列表"),
    "page_ignored": Text(
        "the vendor repeats one page instead of the next", "厂商没有翻页，重复返回同一页"
    ),
    "over_page_cap": Text("more rows than the vendor shows", "超过厂商可翻页的上限"),
    "pages_refused": Text("the vendor refuses some of the pages", "厂商拒绝返回部分页"),
    "suspiciously_empty": Text("empty where rows would be expected", "整段没有数据，需要确认"),
    "unreadable": Text("the vendor cannot serve it", "厂商接口读不出来"),
    "mostly_dead_letters": Text("much of it cannot be taken", "其中大量数据无法接收"),
    "unread": Text("nobody has read it yet", "还没有读取过"),
    "unexplained": Text(
        "changed by hand where the vendor no longer tells what was there",
        "有人手工改动过，而厂商已不再提供原数据",
    ),
    "came_late": Text(
        "came since the last check, the next one loads it", "上次复查之后才出现，下次复查会读取"
    ),
    "recount_due": Text("its count is to be asked again", "总数待重新核对"),
    "payload_unreadable": Text("the message's content cannot be read", "消息内容无法解析"),
    "broken_record": Text("bytes that cannot be read", "字节无法读取"),
    "no_id": Text("no usable id", "没有可用的编号"),
    "not_an_object": Text("not a record", "格式不对"),
    "refused_by_postgres": Text("refused by the database", "数据库拒绝写入"),
}
"""Why a window is incomplete, and why something became a dead letter."""

RUNS: dict[str, Text] = {
    "sync": Text("sync", "增量同步"),
    "backfill": Text("backfill", "历史回填"),
    "recheck": Text("recheck", "复查"),
    "sample": Text("sample", "抽样重读"),
    "proof": Text("proof", "对账"),
    "verify": Text("verify", "对账"),
    "named": Text("missing ones", "补缺"),
}

_JSON: dict[str, Text] = {
    "null": Text("null", "空值"),
    "boolean": Text("boolean", "布尔值"),
    "number": Text("number", "数字"),
    "string": Text("string", "文本"),
    "array": Text("array", "数组"),
}

_JOBS: dict[str, Text] = {
    "tokens": Text("Tokens", "令牌轮换"),
    "alerts": Text("Alerts", "告警"),
    "housekeeping": Text("Housekeeping", "清理"),
}


def resource(name: str) -> Text:
    """A resource as people call it."""
    return RESOURCES.get(name, Text(name, name))


def reason(code: str) -> Text:
    """Why something is incomplete or was not taken; an unknown code stays as it is."""
    return REASONS.get(code, Text(code, code))


def json_type(name: str) -> Text:
    """Name a type of JSON's values."""
    return _JSON.get(name, Text(name, name))


def run(kind: str) -> Text:
    """Name the purpose of a run."""
    return RUNS.get(kind, Text(kind, kind))


def job(name: str) -> Text:
    """Name a job of the service: a resource, a task on a resource, or a task of the house."""
    if name in _JOBS:
        return _JOBS[name]
    of, _, task = name.partition(" ")
    whose = resource(of)
    if not task:
        return whose
    done = run(task)
    return Text(f"{whose.en}, {done.en}", f"{whose.zh}{done.zh}")

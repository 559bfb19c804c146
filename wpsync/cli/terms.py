"""Words of results, in the language of the process. The codes themselves stand in `--json`."""

from wpsync.language import Text, spoken

_OUTCOMES = {
    "done": Text("done", "完成"),
    "running": Text("running", "进行中"),
    "incomplete": Text("incomplete", "不完整"),
    "failed": Text("failed", "失败"),
    "interrupted": Text("interrupted", "已中断"),
    "deadline": Text("timed out", "超时"),
    "unattempted": Text("unattempted", "未执行"),
}
_DIFFERENCES = {
    "missing": Text("missing", "缺失"),
    "altered": Text("altered", "内容不同"),
    "extra": Text("extra", "厂商没有"),
}
_SEVERITIES = {"warning": Text("warning", "警告"), "critical": Text("critical", "严重")}
_ROLES = {"leader": Text("leader", "主实例"), "standby": Text("standby", "备用实例")}


def outcome(code: str) -> str:
    """How a run ended."""
    return _of(_OUTCOMES, code)


def difference(code: str) -> str:
    """How a row differs from the vendor's."""
    return _of(_DIFFERENCES, code)


def severity(code: str) -> str:
    """How grave an incident is."""
    return _of(_SEVERITIES, code)


def role(code: str) -> str:
    """The part of an instance of the service."""
    return _of(_ROLES, code)


def _of(texts: dict[str, Text], code: str) -> str:
    return texts.get(code, Text(code, code)).to(spoken())

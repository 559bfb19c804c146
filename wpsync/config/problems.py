"""What is wrong with a configuration, in both languages (`English / 中文`), and never a value: it may be a secret."""

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import get_args

from pydantic import BaseModel

from wpsync.config.tree import PREFIX

_ZH = {
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数",
    "float_type": "应为数字",
    "float_parsing": "应为数字",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "string_type": "应为加引号的文本",
    "string_too_short": "至少要有 {min_length} 个字符",
    "too_short": "长度至少为 {min_length}",
    "literal_error": "只能是 {expected}",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "不能小于 {ge}",
    "less_than": "应小于 {lt}",
    "less_than_equal": "不能大于 {le}",
    "tuple_type": '应为列表，例如 ["a", "b"]',
    "dict_type": "应为配置节，例如 [log]",
    "model_type": "应为配置节，例如 [log]",
    "date_type": "应为日期，例如 2026-10-01",
    "date_from_datetime_parsing": "应为日期，例如 2026-10-01",
    "time_type": "应为时间，例如 09:00",
    "time_parsing": "应为时间，例如 09:00",
    "path_type": "应为路径",
}
"""What pydantic's commonest errors say, by their type."""


def worded(error: Mapping[str, object], where: str, root: type[BaseModel]) -> str:
    """One of pydantic's errors, of a configuration that `root` describes."""
    location = error["loc"]
    assert isinstance(location, tuple)
    steps = [str(step) for step in location]
    place = f"{where}: {'.'.join(steps)}"
    match error["type"]:
        case "extra_forbidden":
            known = _keys(root, steps[:-1])
            return f"{place}: " + unknown("unknown key", "没有这个配置项", steps[-1], known)
        case "missing":
            variable = PREFIX + "__".join(steps).upper()
            return (
                f"{place}: missing; set it there, or as {variable} (or {variable}_FILE)"
                f" / 缺少此项；请在配置文件中填写，或设置环境变量 {variable}（或 {variable}_FILE）"
            )
    return f"{place}: {_said(error)}"


def _keys(model: type[BaseModel], sections: Sequence[str]) -> list[str]:
    """The keys that may stand in a section. Those of a table of sections (`accounts`) are alike."""
    for section in sections:
        field = model.model_fields.get(section)
        for kind in (field.annotation, *get_args(field.annotation)) if field else ():
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                model = kind
    return list(model.model_fields)


def unknown(english: str, chinese: str, name: str, known: Collection[str]) -> str:
    """That there is no such thing, and the nearest that there is."""
    near = get_close_matches(name, known, 1, 0.5)
    if not near:
        return f"{english} / {chinese}"
    return f"{english}; did you mean {near[0]}? / {chinese}，是不是 {near[0]}？"


def _said(error: Mapping[str, object]) -> str:
    """Pydantic's words; those of our own validators are in both languages."""
    english = str(error["msg"]).removeprefix("Value error, ")
    chinese = _ZH.get(str(error["type"]))
    if chinese is None:
        return english
    given = error.get("ctx")
    values = dict(given) if isinstance(given, Mapping) else {}
    if "expected" in values:
        values["expected"] = str(values["expected"]).replace(", ", "、").replace(" or ", " 或 ")
    return f"{english} / {chinese.format_map(values)}"

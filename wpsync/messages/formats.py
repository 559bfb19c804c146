"""The formats of parameters in texts.

| format | parameter | example |
|---|---|---|
| (none) | anything, as it is | `/api/device/call` |
| `count` | an integer; None is unknown | `12,345`, `?` |
| `resource`, `resources` | the name of one, the names of several | `Calls`, `通话、短信` |
| `job`, `reason`, `run` | a job, the reason why a window is incomplete, the kind of a run | `Calls, recheck` |
| `named`, `jobs`, `reasons` | a resource, several jobs or reasons, each with its name in logs | `通话（calls）` |
| `json` | a type of JSON's values | `array`, `数组` |
| `at`, `second` | an instant, aware, or in ISO 8601 | `2026-01-31 08:00`, `2026-01-31 08:00:59` in Asia/Shanghai |
| `duration` | seconds | `3 h`, `3 小时` |
| `list` | several texts | `a, b`, `a、b` |
| `message`, `messages` | another message, several | its text, their texts |
| `lines` | several messages | the text of each, on a line of its own |
"""

import string
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import cast

from wpsync.language import Language, Text
from wpsync.messages import terms
from wpsync.values import SHANGHAI
from wpsync.visible import one_line

_UNITS = (
    (86_400, Text(" d", " 天")),
    (3_600, Text(" h", " 小时")),
    (60, Text(" min", " 分钟")),
    (1, Text(" s", " 秒")),
)

_TERMS = {
    "resource": terms.resource,
    "resources": terms.resource,
    "job": terms.job,
    "reason": terms.reason,
    "run": terms.run,
    "json": terms.json_type,
    "named": terms.resource,
    "jobs": terms.job,
    "reasons": terms.reason,
}
_IN_LOGS = ("named", "jobs", "reasons")
"""Formats that also show the name by which logs and tables know the term."""

_TIMES = {"at": "%Y-%m-%d %H:%M", "second": "%Y-%m-%d %H:%M:%S"}


class Formats(string.Formatter):
    """Formats parameters in one language. `say` words a message among them."""

    def __init__(self, language: Language, say: Callable[[object], str]) -> None:
        self._language = language
        self._say = say

    def format_field(self, value: object, format_spec: str) -> str:
        if format_spec in _TERMS:
            names = value if isinstance(value, (list, tuple, set, frozenset)) else [value]
            return self._listed(self._term(format_spec, str(name)) for name in names)
        if format_spec in _TIMES:
            at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
            return format(at.astimezone(SHANGHAI), _TIMES[format_spec])
        match format_spec:
            case "list":
                return self._listed(one_line(str(one)) for one in cast("Iterable[object]", value))
            case "count":
                return _count(cast("int | None", value))
            case "duration":
                return duration(float(cast("float", value)), self._language)
            case "message":
                return self._say(value)
            case "messages":
                between = "；" if self._language is Language.ZH else "; "
                return between.join(map(self._say, cast("Iterable[object]", value)))
            case "lines":
                return "".join(f"\n  {self._say(one)}" for one in cast("Iterable[object]", value))
            case _:
                return one_line(format(value, format_spec))

    def _term(self, format_spec: str, name: str) -> str:
        text, name = one_line(_TERMS[format_spec](name).to(self._language)), one_line(name)
        known = text.lower().replace(" ", "_") == name.replace(" ", "_")
        if known or format_spec not in _IN_LOGS:
            return text
        return f"{text}（{name}）" if self._language is Language.ZH else f"{text} ({name})"

    def _listed(self, texts: Iterable[str]) -> str:
        return ("、" if self._language is Language.ZH else ", ").join(texts)


def _count(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


def duration(seconds: float, language: Language) -> str:
    """Return a duration in its largest unit of which there are two or more, rounded down."""
    for size, unit in _UNITS:
        if seconds >= 2 * size or size == 1:
            return f"{int(seconds // size):,}{unit.to(language)}"
    raise AssertionError

"""Write docs/errors.md and docs/errors.zh-CN.md from the catalogue (`make messages`)."""

import re
from collections import defaultdict
from pathlib import Path

from tests.guards import uses
from wpsync.language import Language, Text
from wpsync.messages.catalogue import MESSAGES
from wpsync.messages.entry import Entry

DOCUMENTS = {
    Language.EN: uses.ROOT / "docs" / "errors.md",
    Language.ZH: uses.ROOT / "docs" / "errors.zh-CN.md",
}

AREAS = {
    "check": Text("`wpsync check`", "`wpsync check`"),
    "command": Text("Command line", "命令行"),
    "cause": Text("Causes", "原因"),
    "condition": Text("Conditions that alerts report", "告警状况"),
    "configuration": Text("Configuration", "配置"),
    "dead_letter": Text("Dead letters", "死信"),
    "database": Text("Database", "数据库"),
    "embedded": Text("Embedded Postgres", "内置 Postgres"),
    "erase": Text("Erasing a person", "删除个人数据"),
    "job": Text("Jobs of the service", "服务任务"),
    "key": Text("Keys", "密钥"),
    "listing": Text("Listings", "列表"),
    "renormalize": Text("`wpsync renormalize`", "`wpsync renormalize`"),
    "schema": Text("Schema and migrations", "表结构与升级"),
    "token": Text("Tokens", "令牌"),
    "vendor": Text("Vendor", "厂商接口"),
    "web": Text("Status page", "状态页"),
    "window": Text("Windows", "时间窗口"),
}
"""Headings by area."""

_TITLE = Text("# Errors and messages", "# 错误与消息")
_INTRODUCTION = Text(
    """\
Every error, warning and finding of wpsync has a code. The code is stable: `--json`, the log and the tables of schema
`wpsync` (`error_code`) carry it, so scripts and alert rules can match it. Texts may change between versions.

`{name}` stands for a value. Where the database, the operating system or the vendor gave a reason of its own, it follows
the text in quotes. The exit status is that of a command which ends with the error (0: done, 1: failed or incomplete,
2: wrong usage or configuration).

`make messages` generates this page from `wpsync/messages/`; do not edit it by hand.""",
    """\
wpsync 的每个错误、警告和检查结果都有一个代码。代码保持稳定，出现在 `--json`、日志和 `wpsync` schema 的各表
（`error_code`）中，可用于脚本和告警规则；文字可能随版本调整。

`{name}` 表示一个值。数据库、操作系统或厂商给出的原因以引号附在文字之后。退出码指以该错误结束的命令的
退出码（0 完成，1 失败或不完整，2 用法或配置有误）。

本页由 `make messages` 根据 `wpsync/messages/` 生成，请勿手工修改。""",
)
_OTHER = Text("[中文](errors.zh-CN.md)", "[English](errors.md)")
_HEADER = Text(
    "| Code | Text | Next step | Exit status |\n|---|---|---|---|",
    "| 代码 | 文字 | 处理方法 | 退出码 |\n|---|---|---|---|",
)


def document(language: Language) -> str:
    """Return the document in a language."""
    areas: dict[str, list[str]] = defaultdict(list)
    statuses = _exit_statuses()
    for code, entry in MESSAGES.items():
        areas[code.partition(".")[0]].append(_row(code, entry, statuses.get(code, set()), language))
    parts = [_TITLE.to(language), _INTRODUCTION.to(language), _OTHER.to(language)]
    for area, rows in areas.items():
        title = AREAS[area].to(language)
        parts += [f"## {title}", "\n".join([_HEADER.to(language), *rows])]
    return "\n\n".join(parts) + "\n"


def _row(code: str, entry: Entry, statuses: set[int], language: Language) -> str:
    step = entry.remedy.to(language) if entry.remedy else ""
    exits = ", ".join(map(str, sorted(statuses)))
    return f"| `{code}` | {_cell(entry.text.to(language))} | {_cell(step)} | {exits} |"


def _cell(text: str) -> str:
    """Return a template as a cell of a table: parameters without their formats."""
    spaced = re.sub(r"(?<!\s)(\{\w+):lines\}", r" \1}", text)  # they begin new lines
    named = re.sub(r"\{(\w+):[^}]*\}", r"{\1}", spaced)
    return named.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _exit_statuses() -> dict[str, set[int]]:
    """Return the exit statuses of the errors that are raised with each code."""
    found: dict[str, set[int]] = defaultdict(set)
    for use in uses.uses():
        for code in use.codes if use.maker in uses.errors() else ():
            found[code].add(uses.errors()[use.maker])
    return found


def main() -> None:
    """Write the documents."""
    for language, path in DOCUMENTS.items():
        Path(path).write_text(document(language), encoding="utf-8")


if __name__ == "__main__":
    main()

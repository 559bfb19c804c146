"""The look of results: tables on a terminal, one record a line in a pipe."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.table import Table

from wpsync.cli.consoles import console
from wpsync.cli.terms import difference
from wpsync.language import Text, spoken, tr
from wpsync.messages import terms
from wpsync.values import SHANGHAI
from wpsync.visible import one_line

if TYPE_CHECKING:
    from wpsync.sync.finding import Finding

_ROWS_SHOWN = 5
_FINDINGS_NOTE = Text(
    "vendor: its count now. ledger: its count when the window was read. held: rows in the table."
    " differ: rows found missing, altered, or unknown to the vendor (extra) when compared one by one.",
    "厂商：厂商现在的总数。账本：读取该窗口时厂商的总数。库中：库中行数。"
    "差异：逐行比对后发现缺失、内容不同或厂商没有的行数。",
)

PIPE = 10_000
"""Columns of a pipe: no line is wrapped, whatever is in it."""


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table on standard output; numbers stand to the right. In a pipe a row is one line."""
    shown = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    rows = list(rows)
    listed = [[one_line(cell(value)) for value in row] for row in rows]
    numeric = [all(_is_number(row[i]) for row in listed) for i in range(len(headings))]
    times = [any(isinstance(row[i], datetime) for row in rows) for i in range(len(headings))]
    for heading, right, local in zip(headings, numeric, times, strict=True):
        heading = f"{heading}{tr(' (Shanghai)', '（上海时间）')}" if local else heading
        shown.add_column(heading, justify="right" if right else "left", overflow="fold")
    for row in listed:
        shown.add_row(*row)
    if sys.stdout.isatty():
        console().print(shown)
        return
    out = console(width=PIPE, color_system=None)
    with out.capture() as captured:
        out.print(shown)
    for line in captured.get().splitlines():
        print(line.rstrip())


def findings(found: "Sequence[Finding]") -> None:
    """Print the findings of `verify`: a line per window, the meaning of its columns, a few rows that differ."""
    headings = (
        tr("resource", "资源"),
        tr("from", "起"),
        tr("to", "止"),
        tr("vendor", "厂商"),
        tr("ledger", "账本"),
        tr("held", "库中"),
        tr("differ", "差异"),
        tr("reason", "原因"),
        tr("repaired", "已修复"),
    )
    rows = [
        (
            f.resource,
            f.window and f.window.start,
            f.window and f.window.end,
            f.vendor_count,
            f.ledger_count,
            f.held,
            len(f.differences),
            f.reason and terms.reason(f.reason).to(spoken()),
            f.repaired,
        )
        for f in found
    ]
    if rows:
        table("", headings, rows)
        print(_FINDINGS_NOTE.to(spoken()))
    for finding in found:
        for row in finding.differences[:_ROWS_SHOWN]:
            print(f"{difference(row.what)}{tr(': ', '：')}wp.{row.table} {one_line(row.key)}")
        if (more := len(finding.differences) - _ROWS_SHOWN) > 0:
            print(
                tr(
                    f"  … and {more:,} more of this window (all: --json)",
                    f"  …本窗口另有 {more:,} 个（--json 可列出全部）",
                )
            )
    if not found:
        print(tr("nothing differs", "没有差异"))


def cell(value: object) -> str:
    """One value as a person reads it; instants in Shanghai's time."""
    match value:
        case None:
            return ""
        case bool():
            return tr("yes", "是") if value else tr("no", "否")
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.1f}"
        case datetime():
            return f"{value.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
    return str(value)


def instant(value: datetime) -> str:
    """An instant that stands by itself, with the name of its time."""
    return f"{cell(value)} Asia/Shanghai"


def _is_number(text: str) -> bool:
    return not text or text.removeprefix("~").replace(",", "").replace(".", "").isdigit()

"""How results look on a terminal: tables, progress bars or plain lines."""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from wpsync.service.progress import Progress as Listener
from wpsync.values import SHANGHAI

if TYPE_CHECKING:
    from wpsync.service.verify import Finding

_LINE_EVERY = 2.0
_ROWS_SHOWN = 100


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table on standard output; numbers stand to the right."""
    shown = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    listed = [[cell(value) for value in row] for row in rows]
    numeric = [all(_is_number(row[i]) for row in listed) for i in range(len(headings))]
    for heading, right in zip(headings, numeric, strict=True):
        shown.add_column(heading, justify="right" if right else "left", overflow="fold")
    for row in listed:
        shown.add_row(*row)
    Console(soft_wrap=not sys.stdout.isatty(), highlight=False, markup=False).print(shown)


def findings(found: "Sequence[Finding]") -> None:
    """What `verify` found: a line per window, then the rows that differ."""
    headings = (
        "resource",
        "from",
        "to",
        "vendor",
        "ledger",
        "held",
        "differ",
        "reason",
        "repaired",
    )
    rows = [
        (
            f.resource,
            f.window.start,
            f.window.end,
            f.vendor_count,
            f.ledger_count,
            f.held,
            len(f.differences),
            f.reason,
            f.repaired,
        )
        for f in found
    ]
    if rows:
        table("", headings, rows)
    for finding in found:
        for row in finding.differences[:_ROWS_SHOWN]:
            print(f"{row.what}: wp.{row.table} {row.key}")
        if (more := len(finding.differences) - _ROWS_SHOWN) > 0:
            print(f"… and {more:,} more in this window; --json shows all")
    if not found:
        print("nothing differs / 没有差异")


def cell(value: object) -> str:
    """One value as a person reads it; instants in Shanghai's time."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.1f}"
        case datetime():
            return f"{value.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
    return str(value)


def _is_number(text: str) -> bool:
    return not text or text.replace(",", "").replace(".", "").isdigit()


@contextmanager
def progress() -> Iterator[Listener]:
    """Bars on a terminal, plain lines elsewhere; on standard error either way."""
    if sys.stderr.isatty():
        bars = Progress(
            TextColumn("{task.description:<22}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[rows]:>12}"),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True),
        )
        with bars:
            yield _Bars(bars)
    else:
        yield _Lines()


class _Counter:
    """Rows so far and rows expected, by resource."""

    def __init__(self) -> None:
        self.done: dict[str, int] = {}
        self.expected: dict[str, int | None] = {}
        self.began: dict[str, float] = {}

    def begin(self, resource: str, expected_rows: int | None) -> None:
        self.done[resource] = 0
        self.expected[resource] = expected_rows
        self.began[resource] = time.monotonic()

    def advance(self, resource: str, rows: int) -> None:
        self.done[resource] += rows

    def said(self, resource: str) -> str:
        """`12,345/100,000 rows, 12 %, 40 s left`."""
        done, expected = self.done[resource], self.expected[resource]
        if not expected:
            return f"{done:,} rows"
        share = min(1.0, done / expected)
        elapsed = time.monotonic() - self.began[resource]
        left = f", {elapsed * (1 - share) / share:,.0f} s left" if 0 < share < 1 else ""
        return f"{done:,}/{expected:,} rows, {share:.0%}{left}"


class _Lines:
    """A line now and then, for logs and pipes."""

    def __init__(self) -> None:
        self._counter = _Counter()
        self._said = 0.0

    def begin(self, resource: str, expected_rows: int | None) -> None:
        self._counter.begin(resource, expected_rows)
        self._said = time.monotonic()

    def advance(self, resource: str, rows: int) -> None:
        self._counter.advance(resource, rows)
        if time.monotonic() - self._said >= _LINE_EVERY:
            self._said = time.monotonic()
            print(f"{resource}: {self._counter.said(resource)}", file=sys.stderr, flush=True)

    def end(self, resource: str, outcome: str) -> None:
        rows = self._counter.done[resource]
        print(f"{resource}: {outcome}, {rows:,} rows", file=sys.stderr, flush=True)


class _Bars:
    """One bar for each resource."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._counter = _Counter()
        self._tasks: dict[str, TaskID] = {}

    def begin(self, resource: str, expected_rows: int | None) -> None:
        self._counter.begin(resource, expected_rows)
        self._tasks[resource] = self._bars.add_task(resource, total=expected_rows, rows="")

    def advance(self, resource: str, rows: int) -> None:
        self._counter.advance(resource, rows)
        self._update(resource)

    def end(self, resource: str, outcome: str) -> None:
        task, done = self._tasks[resource], self._counter.done[resource]
        if outcome == "done":
            self._bars.update(task, total=max(done, 1), completed=max(done, 1), rows=f"{done:,}")
        else:
            self._bars.update(task, description=f"{resource} ({outcome})", rows=f"{done:,}")

    def _update(self, resource: str) -> None:
        done = self._counter.done[resource]
        self._bars.update(self._tasks[resource], completed=done, rows=f"{done:,}")

"""The progress of a long command: how far it is, how long it still takes, and what it waits for.

On a terminal a bar that is drawn anew; elsewhere a line now and then, the longer it takes the rarer; as
events where the log is JSON. Always on standard error. Log lines of single windows are left out meanwhile,
unless the log is JSON or verbose: the progress says the same in fewer words.
"""

import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from math import floor
from threading import RLock
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from wpsync.api.limits import Wait
from wpsync.cli.consoles import console
from wpsync.cli.context import without_events
from wpsync.cli.eta import Eta, Seen, Step
from wpsync.cli.terms import outcome as outcome_text
from wpsync.language import Language, spoken, tr
from wpsync.status.texts import counted, say

log = logging.getLogger(__name__)

_PER_WINDOW = ("window.closed",)
_SOONEST, _LATEST, _PART = 5.0, 60.0, 10
"""Seconds between two lines: at least, at most, and the part of the time that has passed so far."""


class _Out(Protocol):
    """Where the progress is told."""

    def news(self, tally: Eta) -> None:
        """Something has changed."""
        ...

    def ended(self, outcome: str, seen: Seen) -> None:
        """A resource is finished."""
        ...


class Shown:
    """Hears what is done (`wpsync.sync.progress`) and what the vendor is asked, and tells it."""

    def __init__(self, tally: Eta, out: _Out) -> None:
        self._tally = tally
        self._out = out

    def expect(self, steps: Sequence[Step]) -> None:
        """What is to be done, in order: lets the time that is left be told."""
        self._tally.expect(steps)

    def counting(self, resource: str) -> None:
        """A resource's rows are being counted."""
        self._tally.count(resource)
        self._out.news(self._tally)

    def begin(self, resource: str, expected_rows: int | None, already: int = 0) -> None:
        """A resource is about to be read."""
        self._tally.begin(resource, expected_rows, already)
        self._out.news(self._tally)

    def advance(self, resource: str, rows: int) -> None:
        """Rows were read."""
        self._tally.advance(rows)
        self._out.news(self._tally)

    def end(self, resource: str, outcome: str) -> None:
        """A resource is finished."""
        self._out.ended(outcome, self._tally.seen())

    def requested(self, account: str, endpoint: str, outcome: str, seconds: float) -> None:
        """A request has ended."""
        self._tally.request()
        self._out.news(self._tally)

    def waits(self, wait: Wait) -> None:
        """A request has to wait."""
        self._tally.wait(wait)
        self._out.news(self._tally)


@contextmanager
def progress(form: str = "text", *, quiet: bool = False) -> Iterator[Shown]:
    """Something to tell progress to. `form` is the log's; a quiet one tells nobody."""
    tally = Eta()
    with ExitStack() as stack:
        stack.enter_context(without_events(form, *_PER_WINDOW))
        out: _Out
        if quiet:
            out = _Nobody()
        elif form == "json":
            out = _Events(_Seldom())
        elif sys.stderr.isatty():
            out = stack.enter_context(drawn(tally, console(stderr=True)))
        else:
            out = _Lines(_Seldom())
        yield Shown(tally, out)


class _Seldom:
    """Says when it is time for another line: every few seconds at first, then ever more rarely."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = RLock()
        self._began = self._said = monotonic()

    def is_due(self) -> bool:
        with self._lock:
            now = self._monotonic()
            every = min(_LATEST, max(_SOONEST, (now - self._began) / _PART))
            if now - self._said < every:
                return False
            self._said = now
            return True


class _Nobody:
    """Nothing is told."""

    def news(self, tally: Eta) -> None:
        pass

    def ended(self, outcome: str, seen: Seen) -> None:
        pass


class _Lines:
    """A line now and then, for pipes and files."""

    def __init__(self, seldom: _Seldom) -> None:
        self._seldom = seldom

    def news(self, tally: Eta) -> None:
        if self._seldom.is_due():
            print(line(tally.seen()), file=sys.stderr, flush=True)

    def ended(self, outcome: str, seen: Seen) -> None:
        print(ending(outcome, seen), file=sys.stderr, flush=True)


class _Events:
    """Log events, for who collects JSON."""

    def __init__(self, seldom: _Seldom) -> None:
        self._seldom = seldom

    def news(self, tally: Eta) -> None:
        if self._seldom.is_due():
            seen = tally.seen()
            fields: dict[str, object] = {
                "resource": seen.resource,
                "rows": seen.rows,
                "expected_rows": seen.expected_rows,
                "requests": seen.requests,
                "seconds_left": None if seen.left is None else round(seen.left),
                "waiting_seconds": None if seen.wait is None else round(seen.wait.seconds, 1),
            }
            log.info("progress.told", extra=fields)

    def ended(self, outcome: str, seen: Seen) -> None:
        fields = {"resource": seen.resource, "outcome": outcome, "rows": seen.read}
        log.info("resource.ended", extra=fields)


class Bar:
    """The resource that is being read, drawn anew several times a second; those that ended stand above."""

    def __init__(self, tally: Eta, console: Console) -> None:
        self._tally = tally
        self._console = console

    def news(self, tally: Eta) -> None:
        pass

    def ended(self, outcome: str, seen: Seen) -> None:
        style = None if outcome == "done" else "bold yellow"
        self._console.print(Text(ending(outcome, seen), style=style or ""))

    def __rich__(self) -> RenderableType:
        seen = self._tally.seen()
        if not seen.resource:
            return Text("")
        rows: list[RenderableType] = []
        if seen.is_counting:
            rows.append(Text(_counting(seen)))
        else:
            grid = Table.grid(padding=(0, 1))
            share = ProgressBar(
                100, (seen.share or 0) * 100, width=24, pulse=seen.share is None and not seen.wait
            )
            percent = "" if seen.share is None else _percent(seen.share)
            grid.add_row(f"{seen.resource:<19}", share, f"{percent:>4}", _amount(seen))
            rows.append(grid)
            if seen.left is not None:
                rows.append(Text(f"  {_lasting(seen)}", style="bright_black"))
        if seen.wait is not None:
            rows.append(Text(f"  {_waiting(seen.wait)}", style="yellow"))
        return Group(*rows)


@contextmanager
def drawn(tally: Eta, console: Console) -> Iterator[Bar]:
    """A bar on a terminal. What is logged meanwhile goes above it."""
    bar = Bar(tally, console)
    handlers = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr
    ]
    with Live(
        console=console, get_renderable=lambda: bar, transient=True, refresh_per_second=4
    ) as live:
        before = [handler.setStream(sys.stderr) for handler in handlers]
        try:
            yield bar
        finally:
            for handler, stream in zip(handlers, before, strict=True):
                if stream is not None:
                    handler.setStream(stream)
            live.update(Text(""))


def line(seen: Seen) -> str:
    """`calls: 46%, 49/107 rows, 9 s left; waiting …`."""
    comma, semicolon = tr(", ", "，"), tr("; ", "；")
    if seen.is_counting:
        parts = [_counting(seen)]
    else:
        share = "" if seen.share is None else f"{_percent(seen.share)}{comma}"
        parts = [f"{seen.resource}{tr(': ', '：')}{share}{_amount(seen)}"]
    if seen.left is not None:
        parts.append(_lasting(seen))
    said = comma.join(parts)
    return said if seen.wait is None else f"{said}{semicolon}{_waiting(seen.wait)}"


def ending(outcome: str, seen: Seen) -> str:
    """`calls: done, 107 rows (400 before)`."""
    before = ""
    if seen.already:
        before = tr(f" ({seen.already:,} before)", f"（此前已有 {seen.already:,} 行）")
    return tr(
        f"{seen.resource}: {outcome_text(outcome)}, {counted(seen.read, 'row')}{before}",
        f"{seen.resource}：{outcome_text(outcome)}，{seen.read:,} 行{before}",
    )


def _percent(share: float) -> str:
    """Never more than there is: what is nearly done is not."""
    return f"{floor(share * 100)}%"


def _amount(seen: Seen) -> str:
    if seen.expected_rows is not None:
        rows = _of(seen.rows, seen.expected_rows)
        return f"{_requests(seen)}{tr(', ', '，')}{rows}" if seen.is_sparse else rows
    if seen.expected_requests:
        return _requests(seen)
    return tr(counted(seen.rows, "row"), f"{seen.rows:,} 行")


def _requests(seen: Seen) -> str:
    expected = max(seen.requests, seen.expected_requests)
    return tr(
        f"{seen.requests:,}/{counted(expected, 'request')}",
        f"{seen.requests:,}/{expected:,} 次请求",
    )


def _of(rows: int, expected: int) -> str:
    return tr(f"{rows:,}/{counted(expected, 'row')}", f"{rows:,}/{expected:,} 行")


def _counting(seen: Seen) -> str:
    name = seen.resource
    return tr(f"counting {name} at the vendor", f"正在向厂商查询 {name} 的总数")


def _lasting(seen: Seen) -> str:
    """How long it still takes."""
    left = span(seen.left or 0, spoken())
    if not (seen.left and seen.left_in_all):
        return tr(f"{left} left", f"剩余 {left}")
    whole = span(seen.left_in_all, spoken())
    return tr(f"{left} left ({whole} in all)", f"剩余 {left}（全部 {whole}）")


def span(seconds: float, language: Language) -> str:
    """A length of time, roughly: seconds, minutes, hours or days."""
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 1.5 * length:
            return say(unit, language, n=round(seconds / length))
    return say("seconds", language, n=round(seconds))


def _waiting(wait: Wait) -> str:
    """The reason of a wait, and its length."""
    seconds = max(1, round(wait.seconds))
    if wait.is_pause:
        return tr(
            f"the vendor asked for a pause; next request in {seconds} s",
            f"厂商要求暂停，{seconds} 秒后发出下一个请求",
        )
    return tr(
        f"waiting for the request limit: {wait.per_minute} a minute; next request in {seconds} s",
        f"等待请求限额：每分钟 {wait.per_minute} 次，{seconds} 秒后发出下一个请求",
    )

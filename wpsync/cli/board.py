"""The status page on a terminal: the same picture, in both languages, and legible without colour.

It fits 80 columns; a wider terminal gets more columns. In a pipe there are no colours, and lines are
as long as they need to be.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from wpsync.cli.show import cell
from wpsync.service.calendar import Calendar
from wpsync.service.overview import Activity, BackfillStatus, Budget
from wpsync.service.picture import Line, Picture
from wpsync.service.status import DeadLetterStatus, Status
from wpsync.values import SHANGHAI
from wpsync.web.page import Words, headline
from wpsync.web.texts import TEXTS

DAYS = 30
WEEKS = 6  # hold the last 30 days, whatever day it is
_WIDE = 104
_PIPE = 140
_KINDS = 5
_WINDOWS = 20
_SPARKS = "▁▂▃▄▅▆▇█"
_BAR = 20

# What a day looks like: its sign tells it where there is no colour.
_CELLS = {
    "complete": ("■", "green", "complete", "完整"),
    "differing": ("≠", "bold red", "differing", "有差异"),
    "incomplete": ("!", "bold yellow", "incomplete", "不完整"),
    "partial": ("▪", "cyan", "partly read", "部分读取"),
    "unread": ("·", "bright_black", "not read", "未读取"),
}
_HEADINGS = {
    "resource": ("Resource", "资源"),
    "fresh": ("Fresh", "新鲜度"),
    "up_to": ("Up to", "已读到"),
    "rows": ("Rows", "行数"),
    "vendor": ("Vendor", "厂商总数"),
    "today": ("Today", "今日写入"),
    "last": ("Last run", "上次运行"),
    "next": ("Next", "下次"),
    "awaited": ("Awaited", "待变化"),
}
_NOTES = {
    "gaps": "stretches that nobody has read / 尚未读取的时间段",
    "incomplete": "windows that do not agree with the vendor / 与厂商总数不一致的窗口",
    "dead_letters": "rows that could not be taken (dead letters) / 未能接收的行（死信）",
    "unsettled": "rows still open at the horizon / 到期仍未了结的行",
    "gone_rows": "rows kept that the vendor no longer lists / 厂商已不再列出的行",
}
_NUMBERS = ("rows", "vendor", "today", "awaited")
_OUTCOMES = {"done": "green", "running": "cyan", "failed": "bold red", "incomplete": "yellow"}
_TONES = {"good": ("✓", "bold green"), "open": ("…", "bold yellow"), "bad": ("!", "bold red")}
_QUIET = "bright_black"


def console() -> Console:
    """Standard output: a terminal, or a pipe in which no line is cut to some terminal's width."""
    if sys.stdout.isatty():
        return Console(highlight=False, markup=False, emoji=False)
    return Console(highlight=False, markup=False, emoji=False, width=_PIPE)


def show(out: Console, seen: Picture, lately: Activity) -> None:
    """Print the whole picture."""
    _Board(out, seen).show(lately)


class _Board:
    """One printing: where to, of what, in which words."""

    def __init__(self, out: Console, seen: Picture) -> None:
        self._out = out
        self._seen = seen
        self._words = Words("en", seen.now)
        self._many = len(seen.accounts) > 1

    def show(self, lately: Activity) -> None:
        self._headline()
        self._backfills()
        self._resources()
        self._calendar()
        self._activity(lately)
        self._service()
        self._budgets()
        self._open_points()

    def _headline(self) -> None:
        english = headline(self._words, self._seen)
        chinese = headline(Words("zh", self._seen.now), self._seen)
        sign, style = _TONES[english.tone]
        self._out.print(Text.assemble((f"{sign} {english.text} / {chinese.text}", style)))
        at = f"{self._seen.now.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S} Asia/Shanghai"
        for detail in (english.detail, chinese.detail, at):
            self._out.print(_grid(" ", Text(detail, style=_QUIET)))

    def _title(self, key: str) -> None:
        chinese, english = TEXTS[key]
        self._out.print()
        self._out.print(Text.assemble((english, "bold"), (f"  {chinese}", _QUIET)))

    def _both(self, key: str, **values: datetime | timedelta) -> str:
        """A text in English and in Chinese, with its times in the words of each."""
        said = []
        for language in ("en", "zh"):
            words = Words(language, self._seen.now)
            shown = {
                name: words.span(value) if isinstance(value, timedelta) else words.at(value)
                for name, value in values.items()
            }
            said.append(words.t(key, **shown))
        return " / ".join(said)

    def _print(self, lines: Iterable[Text]) -> bool:
        """Sentences, one by one: wrapped under themselves on a terminal, whole in a pipe."""
        some = False
        for line in lines:
            some = True
            if self._out.is_terminal:
                self._out.print(_grid("•", line))
            else:
                self._out.print(line, soft_wrap=True)
        return some

    def _backfills(self) -> None:
        if not any(one.outcome == "running" for one in self._seen.status.backfills):
            return
        self._title("backfill")
        rows = [
            (self._name(one.account, one.resource), *self._progress(one))
            for one in self._seen.status.backfills
        ]
        self._out.print(_columns(rows))

    def _progress(self, one: BackfillStatus) -> Iterator[Text]:
        share = one.share
        yield _bar(share or 0.0)
        yield Text("" if share is None else f"{share:.0%}", justify="right")
        expected = f" / {one.expected_rows:,}" if one.expected_rows else ""
        yield Text(f"{one.rows_read:,}{expected}", justify="right")
        if one.seconds_left is None:
            yield Text(one.outcome, style=_OUTCOMES.get(one.outcome, "yellow"))
        else:
            yield Text(self._both("backfill.left", left=timedelta(seconds=one.seconds_left)))

    def _resources(self) -> None:
        self._title("resources")
        wide = self._out.width >= _WIDE
        keys = [key for key in _HEADINGS if wide or key not in ("vendor", "awaited")]
        table = Table(box=None, pad_edge=False, padding=(0, 2 if wide else 1, 0, 0))
        for key in keys:
            english, chinese = _HEADINGS[key]
            heading = Text.assemble((english, "bold"), "\n", (chinese, _QUIET))
            right, whole = key in _NUMBERS, key in ("resource", *_NUMBERS)
            side: JustifyMethod = "right" if right else "left"
            table.add_column(heading, justify=side, no_wrap=whole, overflow="fold")
        for line in self._seen.lines:
            cells = dict(self._line(line))
            table.add_row(*(cells[key] for key in keys))
        self._out.print(table)

    def _line(self, line: Line) -> Iterator[tuple[str, Text]]:
        """The cells of a resource, by their columns."""
        one, words = line.status, self._words
        at = one.watermark or one.covered_to
        sign, style = ("!", "bold red") if line.late else ("●", "green")
        age = None if at is None else words.span(self._seen.now - at)
        yield "resource", self._name(one.account, one.resource)
        yield "fresh", Text.assemble((sign, style), f" {age}") if age else Text("–", style=_QUIET)
        yield "up_to", Text(words.at(at))
        yield "rows", Text(words.number(one.rows))
        yield "vendor", Text(words.number(one.vendor_count), style=_QUIET)
        yield "today", Text(words.number(line.written), style="" if line.written else _QUIET)
        yield "last", self._last_run(line)
        yield "next", Text(self._next_run(line), style=_QUIET)
        yield "awaited", Text(f"{one.awaited:,}" if one.awaited else "", style=_QUIET)

    def _last_run(self, line: Line) -> Text:
        run = line.status.last_run
        if run is None:
            return Text(self._words.t("never"), style=_QUIET)
        outcome = str(run["outcome"])
        started = run["started_at"]
        span = self._words.span(self._seen.now - started)  # type: ignore[operator]  # a datetime: the query's column
        return Text.assemble((outcome, _OUTCOMES.get(outcome, "yellow")), (f" {span}", _QUIET))

    def _next_run(self, line: Line) -> str:
        job = line.job
        if job is None or job.next_at is None or not self._seen.status.instances:
            return "–"
        left = job.next_at - self._seen.now
        return self._words.span(left) if left > timedelta(0) else self._words.t("now")

    def _name(self, account: str, resource: str) -> Text:
        return Text(f"{account} {resource}" if self._many else resource)

    def _calendar(self) -> None:
        self._title("calendar.days")
        days = [day.day for day in self._seen.days[0].days[-DAYS:]] if self._seen.days else []
        rows = [(Text(), Text(_ruler(days), style=_QUIET), Text())]
        rows += [
            (self._name(one.account, one.resource), _cells(one), _summary(one))
            for one in self._seen.days
        ]
        self._out.print(_columns(rows))
        self._out.print(_legend())

    def _activity(self, lately: Activity) -> None:
        self._title("activity")
        rows = []
        for name in ("messages", "calls", "requests"):
            counts: list[int] = getattr(lately, name)
            label = Text.assemble(name, (f" {TEXTS[f'chart.{name}'][0]}", _QUIET))
            rows.append((label, Text(_spark(counts), style="cyan"), Text(f"{sum(counts):,}")))
        self._out.print(_columns(rows))

    def _service(self) -> None:
        words, status = self._words, self._seen.status
        self._title("service")
        for one in status.instances:
            since = words.t("since", at=words.at(one.started_at))
            self._out.print(
                Text.assemble(
                    (one.role, "green" if one.role == "leader" else ""),
                    f"  {one.host}  ",
                    (f"{one.version}, {since}", _QUIET),
                )
            )
        if not status.instances:
            self._out.print(Text(self._both("no_instance"), style=_QUIET))
        for token in status.tokens:
            if token.paused_until and token.paused_until > self._seen.now:
                told, style = self._both("tokens.paused", at=token.paused_until), "bold red"
            else:
                age = self._seen.now - token.issued_at
                left = token.refresh_expires_at - self._seen.now
                told, style = self._both("tokens.age", age=age, left=left), ""
            self._out.print(Text(f"tokens of {token.account}: {told}", style=style))

    def _budgets(self) -> None:
        self._title("budget")
        rows = [tuple(self._budget(one)) for one in self._seen.limited]
        self._out.print(_columns(rows) if rows else Text(self._both("budget.none"), style=_QUIET))

    def _budget(self, one: Budget) -> Iterator[Text]:
        limit = one.limit or 1
        full = one.used >= limit or one.exhausted
        yield self._name(one.account, one.endpoint.removeprefix("/api/"))
        yield _bar(min(1.0, one.used / limit), "yellow" if full else "cyan")
        yield Text(f"{one.used} / {limit}", justify="right")
        paused = self._both("budget.paused", at=one.paused_until) if one.paused_until else ""
        yield Text(paused, style="yellow")

    def _open_points(self) -> None:
        """What waits for somebody, and what a table has no column for. Windows follow on standard error."""
        self._title("trouble")
        said = self._print([*self._notes(), *self._failures(), *self._letters(), *self._drift()])
        if not (said or self._seen.status.incidents or self._seen.status.incomplete):
            self._out.print(Text(self._both("trouble.none"), style="green"))

    def _notes(self) -> Iterator[Text]:
        for line in self._seen.lines:
            for name, text in _NOTES.items():
                if count := getattr(line.status, name):
                    where = self._name(line.status.account, line.status.resource)
                    yield Text(f"{where}: {text}: {count:,}")

    def _failures(self) -> Iterator[Text]:
        for job in self._seen.failing:
            times = f"{job.failures} in a row / 连续失败 {job.failures} 次"
            yield Text(f"{self._name(job.account, job.job)}: {times}: {job.error}", style="red")

    def _letters(self) -> Iterator[Text]:
        """The newest, those of one kind together."""
        kinds: dict[tuple[str, str, str], list[DeadLetterStatus]] = {}
        for one in self._seen.letters:
            kinds.setdefault((one.resource, one.reason, one.detail), []).append(one)
        for (resource, reason, detail), alike in list(kinds.items())[:_KINDS]:
            newest = f"#{alike[0].id}, {self._words.at(alike[0].first_seen_at)}"
            more = (
                f", {len(alike) - 1} more like it / 另有 {len(alike) - 1} 条同类"
                if alike[1:]
                else ""
            )
            yield Text(f"{resource}: {reason}: {detail} ({newest}{more})")
        if kinds:
            yield Text("wpsync dead-letters list / show ID / retry", style=_QUIET)

    def _drift(self) -> Iterator[Text]:
        for one in self._seen.status.drift[:10]:
            unknown = f"{one.what} {one.name!r} is not known to this version"
            seen = f"seen {one.seen:,} times / 未知的字段、类型或消息"
            yield Text(f"{one.resource}: {unknown}, {seen}")


def complain(found: Status) -> None:
    """What is open, on standard error: the incidents, and the windows that do not agree."""
    out = Console(stderr=True, highlight=False, markup=False, emoji=False)
    whole = not out.is_terminal
    for one in found.incidents:
        if whole:
            out.print(Text(f"{one.severity}: {one.en}\n  {one.zh}"), soft_wrap=True)
        else:
            out.print(_grid(f"{one.severity}:", Text(f"{one.en}\n{one.zh}")))
    for part in found.incomplete[:_WINDOWS]:
        where = part.parent_id or f"{cell(part.starts_at)} – {cell(part.ends_at)}"
        counts = f"vendor {part.vendor_count}, read {part.rows_seen}"
        said = f"incomplete: {part.resource} {where}: {part.reason}, {counts}"
        out.print(Text(said), soft_wrap=whole)


def _columns(rows: Sequence[Sequence[Text]]) -> Table:
    """Rows without headings; a text that is justified to the right makes its column so."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for place in range(max(map(len, rows), default=0)):
        right = all(row[place].plain.replace(",", "").isdigit() for row in rows)
        table.add_column(justify="right" if right else "left", no_wrap=place < 2, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _grid(sign: str, text: Text) -> Table:
    """A text that wraps under itself, behind a sign."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(sign, text)
    return grid


def _bar(share: float, style: str = "cyan") -> Text:
    full = round(share * _BAR)
    return Text.assemble(("█" * full, style), ("░" * (_BAR - full), _QUIET))


def _spark(counts: Sequence[int]) -> str:
    """A line of bars, the highest full; nothing at all is the lowest."""
    top = max(counts, default=0) or 1
    return "".join(_SPARKS[-(-count * (len(_SPARKS) - 1) // top)] for count in counts)


def _ruler(days: Sequence[date]) -> str:
    """The date of each week's first day, above it."""
    ruler = ""
    for place, day in _placed(days):
        if len(ruler) <= place and (day.weekday() == 0 or (place == 0 and day.weekday() <= 1)):
            ruler = ruler.ljust(place) + f"{day:%m-%d} "
    return ruler.rstrip()


def _placed(days: Sequence[date]) -> Iterator[tuple[int, date]]:
    """Days and their columns: a gap before each Monday."""
    gaps = 0
    for number, day in enumerate(days):
        gaps += bool(number) and day.weekday() == 0
        yield number + gaps, day


def _cells(one: Calendar) -> Text:
    days = one.days[-DAYS:]
    cells = Text()
    for (place, _), day in zip(_placed([day.day for day in days]), days, strict=True):
        sign, style, *_ = _CELLS[day.state]
        cells.append(" " * (place - len(cells))).append(sign, style)
    return cells


def _summary(one: Calendar) -> Text:
    states = [day.state for day in one.days[-DAYS:]]
    wrong = sum(state in ("differing", "incomplete") for state in states)
    summary = Text(f"{states.count('complete')}/{len(states)}", style=_QUIET)
    return summary.append(f"  {wrong} !", "bold yellow") if wrong else summary


def _legend() -> Table:
    """What each sign means, the Chinese below the English."""
    legend = Table.grid(padding=(0, 2, 0, 0))
    legend.add_row(
        *(
            Text.assemble((sign, style), (f" {english}\n  {chinese}", _QUIET))
            for sign, style, english, chinese in _CELLS.values()
        )
    )
    return legend

"""The status page on a terminal: the same picture, legible without colour.

It fits 80 columns; a wider terminal gets more columns. In a pipe there are no colours, and lines are
as long as they need to be, or as COLUMNS wants them.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from wpsync import messages
from wpsync.cli import consoles
from wpsync.cli import terms as words_of
from wpsync.cli.tables import PIPE, cell, instant
from wpsync.errors import Message
from wpsync.language import Language, spoken, tr
from wpsync.language import Text as Phrase
from wpsync.messages import terms
from wpsync.state.vendor_words import VendorWords
from wpsync.status import causes
from wpsync.status.backfills import BackfillStatus
from wpsync.status.calendar import Calendar, Day
from wpsync.status.resources import DeadLetterStatus, Status
from wpsync.status.service import Activity, Budget
from wpsync.status.snapshot import Line, Snapshot
from wpsync.status.texts import say
from wpsync.status.wording import Words, headline
from wpsync.visible import one_line

_WIDE = 118
_KINDS = 5
_QUOTES = 5
_DRIFT = 10
_WINDOWS = 20
_HEADINGS = {
    "resource": Phrase("Resource", "资源"),
    "fresh": Phrase("Fresh", "新鲜度"),
    "up_to": Phrase("Up to", "已读到"),
    "rows": Phrase("Rows", "库中行数"),
    "vendor": Phrase("Vendor", "厂商总数"),
    "today": Phrase("Today", "今日写入"),
    "last": Phrase("Last run", "上次运行"),
    "next": Phrase("Next", "下次"),
    "awaited": Phrase("Awaited", "待复查"),
}
_NOTES = {
    "gaps": Phrase("stretches that were not read yet", "尚未读取的时间段"),
    "incomplete": Phrase("windows that do not agree with the vendor", "与厂商总数不一致的窗口"),
    "unreadable": Phrase(
        "messages whose content could not be read (dead letters)", "内容无法解析的消息（死信）"
    ),
    "refused": Phrase("rows that could not be taken (dead letters)", "未能接收的行（死信）"),
    "unsettled": Phrase(
        "rows still open after their last follow-up (recording, payment)",
        "复查期满仍未了结的行（录音、收付款）",
    ),
    "gone_rows": Phrase("rows kept that the vendor no longer lists", "厂商已不再列出的行"),
}
_TABLE_NOTE = Phrase(
    "Rows: in the table now. Vendor: of the windows in the ledger; the newest follow. Today: by runs that have ended."
    " Reports have no vendor's count.",
    "库中行数：此刻表中的行数。厂商总数：已记账的部分，最新的稍后计入。今日写入：只计已结束的运行。报表没有厂商总数。",
)
_NUMBERS = ("rows", "vendor", "today", "awaited")
_OUTCOMES = {"done": "green", "running": "cyan", "failed": "bold red", "incomplete": "yellow"}
_TONES = {"good": ("✓", "bold green"), "open": ("…", "bold yellow"), "bad": ("!", "bold red")}


def console(*, stderr: bool = False) -> Console:
    """Standard output: a terminal, or a pipe, in which lines are whole unless COLUMNS says how wide it is."""
    is_terminal = (sys.stderr if stderr else sys.stdout).isatty()
    wide = None if is_terminal or os.environ.get("COLUMNS", "").isdigit() else PIPE
    return consoles.console(stderr=stderr, width=wide)


def show(out: Console, seen: Snapshot, lately: Activity, said: Sequence[VendorWords] = ()) -> None:
    """Print the whole picture, and the vendor's words, which are shown nowhere else."""
    _Board(out, seen, said).show(lately)


class _Board:
    """One printing: where to, of what, in which words."""

    def __init__(self, out: Console, seen: Snapshot, said: Sequence[VendorWords]) -> None:
        self._said = said
        self._out = out
        self._seen = seen
        self._words = Words(spoken(), seen.now)
        self._many = len(seen.accounts) > 1
        self._is_wide = out.width >= _WIDE
        self._is_whole = out.width == PIPE

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
        said = headline(self._words, self._seen)
        sign, style = _TONES[said.tone]
        self._out.print(Text.assemble((f"{sign} {said.text}", style)))
        for detail in (said.detail, instant(self._seen.now)):
            self._out.print(grid(" ", Text(detail, style=QUIET)))

    def _title(self, key: str) -> None:
        self._out.print()
        self._out.print(Text(self._words.t(key), style="bold"))

    def _text(self, key: str, **values: datetime | timedelta) -> str:
        """Return a text with its times."""
        words = self._words
        shown = {
            name: words.span(value) if isinstance(value, timedelta) else words.at(value)
            for name, value in values.items()
        }
        return words.t(key, **shown)

    def _print(self, lines: Iterable[Text]) -> bool:
        """Sentences, one by one: wrapped under themselves where there is a width, else whole."""
        some = False
        for line in lines:
            some = True
            self._out.print(line if self._is_whole else grid("•", line))
        return some

    def _backfills(self) -> None:
        if not self._seen.backfills:
            return
        self._title("backfill")
        rows = [
            (self._name(one.account, one.resource), *self._progress(one))
            for one in self._seen.backfills
        ]
        self._out.print(columns(rows))
        self._note(self._words.t("backfill.note"))

    def _progress(self, one: BackfillStatus) -> Iterator[Text]:
        share = one.share
        yield Text() if share is None else bar(share)
        yield Text("" if share is None else f"{share:.0%}", justify="right")
        yield Text(self._words.progress(one), justify="right")
        if one.seconds_left is None:
            said = words_of.outcome(one.outcome)
            yield Text(said, style=_OUTCOMES.get(one.outcome, "yellow"))
        else:
            yield Text(self._text("backfill.left", left=timedelta(seconds=one.seconds_left)))

    def _note(self, text: str) -> None:
        """Print a quiet sentence under a table."""
        self._out.print(Text(text, style=QUIET))

    def _resources(self) -> None:
        self._title("resources")
        wide = self._is_wide
        keys = [key for key in _HEADINGS if wide or key not in ("vendor", "awaited")]
        table = Table(box=None, pad_edge=False, padding=(0, 2 if wide else 1, 0, 0))
        for key in keys:
            heading = Text(_HEADINGS[key].to(spoken()), style="bold")
            right, whole = key in _NUMBERS, key in ("resource", *_NUMBERS)
            side: JustifyMethod = "right" if right else "left"
            table.add_column(heading, justify=side, no_wrap=whole, overflow="fold")
        for line in self._seen.lines:
            by_key = dict(self._line(line))
            table.add_row(*(by_key[key] for key in keys))
        self._out.print(table)
        deleted = ", ".join(
            f"{self._name(one.account, one.resource)} {one.deleted_rows:,}"
            for one in self._seen.status.resources
            if one.deleted_rows
        )
        if deleted:
            self._note(tr(f"Of which marked as deleted: {deleted}", f"其中已标记删除：{deleted}"))
        if wide:
            self._note(_TABLE_NOTE.to(spoken()))

    def _line(self, line: Line) -> Iterator[tuple[str, Text]]:
        """The cells of a resource, by their columns."""
        one, words = line.status, self._words
        at = one.watermark or one.covered_to
        sign, style = ("!", "bold red") if line.late else ("●", "green")
        age = None if at is None else words.span(self._seen.now - at)
        name = self._name(one.account, one.resource)
        if self._is_wide and spoken() is Language.ZH:
            name.append(f" {terms.resource(one.resource).zh}", QUIET)
        yield "resource", name
        yield "fresh", Text.assemble((sign, style), f" {age}") if age else Text("–", style=QUIET)
        yield "up_to", Text(words.at(at))
        yield "rows", Text(words.number(one.rows))
        yield "vendor", Text(words.number(one.vendor_count), style=QUIET)
        yield "today", Text(words.number(line.written), style="" if line.written else QUIET)
        yield "last", self._last_run(line)
        yield "next", Text(self._next_run(line), style=QUIET)
        yield "awaited", Text(f"{one.awaited:,}" if one.awaited else "", style=QUIET)

    def _last_run(self, line: Line) -> Text:
        run = line.status.last_run
        if run is None:
            return Text(self._words.t("never"), style=QUIET)
        span = self._words.span(self._seen.now - run.started_at)
        said = words_of.outcome(run.outcome)
        return Text.assemble((said, _OUTCOMES.get(run.outcome, "yellow")), (f" {span}", QUIET))

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
        days = [day.day for day in shown(self._seen.days[0])] if self._seen.days else []
        rows = [(Text(), Text(ruler(days), style=QUIET), Text())]
        rows += [
            (self._name(one.account, one.resource), cells(one), summary(one))
            for one in self._seen.days
        ]
        self._out.print(columns(rows))
        self._out.print(legend())

    def _activity(self, lately: Activity) -> None:
        self._title("activity")
        rows = []
        for name in ("messages", "calls", "requests"):
            counts: list[int] = getattr(lately, name)
            label = Text(self._words.t(f"chart.{name}"))
            rows.append((label, Text(spark(counts), style="cyan"), Text(f"{sum(counts):,}")))
        self._out.print(columns(rows))

    def _service(self) -> None:
        words, status = self._words, self._seen.status
        self._title("service")
        for one in status.instances:
            since = words.t("since", at=words.at(one.started_at))
            self._out.print(
                Text.assemble(
                    (words_of.role(one.role), "green" if one.role == "leader" else ""),
                    f"  {one.host}  ",
                    (words.listed([one.version, since]), QUIET),
                )
            )
        if not status.instances:
            self._out.print(Text(self._text("no_instance"), style=QUIET))
        for token in status.tokens:
            if token.paused_until and token.paused_until > self._seen.now:
                shown, style = self._text("tokens.paused", at=token.paused_until), "bold red"
            else:
                age = self._seen.now - token.issued_at
                left = token.refresh_expires_at - self._seen.now
                shown, style = self._text("tokens.age", age=age, left=left), ""
            said = tr(f"tokens of {token.account}: {shown}", f"{token.account} 的令牌：{shown}")
            self._out.print(Text(said, style=style))

    def _budgets(self) -> None:
        self._title("budget")
        limited, unlimited = self._seen.limited, self._seen.unlimited
        if limited:
            self._out.print(columns([tuple(self._budget(one)) for one in limited]))
        if unlimited:
            which = ", ".join(dict.fromkeys(one.name for one in unlimited))
            if not limited:
                which = self._text("budget.every")
            self._note(f"{self._text('budget.none')}{tr(': ', '：')}{which}")

    def _budget(self, one: Budget) -> Iterator[Text]:
        used, limit = one.used or 0, one.limit or 1
        full = used >= limit or one.exhausted
        yield self._name(one.account, one.name)
        yield bar(min(1.0, used / limit), "yellow" if full else "cyan")
        yield Text(f"{used} / {limit}", justify="right")
        paused = self._text("budget.paused", at=one.paused_until) if one.paused_until else ""
        yield Text(paused, style="yellow")

    def _open_points(self) -> None:
        """List the open points that no table has a column for. Windows follow on standard error."""
        self._title("trouble")
        said = self._print(
            [*self._notes(), *self._failures(), *self._quotes(), *self._letters(), *self._drift()]
        )
        if not (said or self._seen.status.incidents or self._seen.status.incomplete):
            self._out.print(Text(self._text("trouble.none"), style="green"))

    def _notes(self) -> Iterator[Text]:
        for line in self._seen.lines:
            for name, text in _NOTES.items():
                if count := getattr(line.status, name):
                    where = self._name(line.status.account, line.status.resource)
                    yield Text(_joined(where, text.to(spoken()), f"{count:,}"))

    def _failures(self) -> Iterator[Text]:
        for job in self._seen.failing:
            times = tr(f"failed {job.failures} times in a row", f"连续失败 {job.failures} 次")
            name = self._name(job.account, job.job)
            error = self._words.advised(causes.error(job))
            yield Text(_joined(name, times, error), style="red")

    def _quotes(self) -> Iterator[Text]:
        for one in self._said[:_QUOTES]:
            said = tr(
                f'the vendor said "{one_line(one.words)}" ({one.error_code}, {self._words.ago(one.said_at)})',
                f"厂商原文：“{one_line(one.words)}”（{one.error_code}，{self._words.ago(one.said_at)}）",
            )
            yield Text(_joined(one.account, said), style=QUIET)

    def _letters(self) -> Iterator[Text]:
        """The newest, those of one kind together."""
        kinds: dict[tuple[str, str, str], list[DeadLetterStatus]] = {}
        for one in self._seen.letters:
            detail = self._words.message(one.error)
            kinds.setdefault((one.resource, one.reason, detail), []).append(one)
        for (resource, reason, detail), alike in list(kinds.items())[:_KINDS]:
            words, more = self._words, len(alike) - 1
            newest = f"#{alike[0].id}, {words.at(alike[0].first_seen_at)}"
            said = _joined(resource, words.reason(reason), detail)
            others = tr(f", {more} more like it", f"，另有 {more} 条同类") if more else ""
            yield Text(f"{said}{tr(f' ({newest}{others})', f'（{newest}{others}）')}")
        if kinds:
            yield Text("wpsync dead-letters list / show ID / retry", style=QUIET)

    def _drift(self) -> Iterator[Text]:
        status = self._seen.status
        for one in status.drift[:_DRIFT]:
            often = "once" if one.seen == 1 else f"{one.seen:,} times"
            quoted = tr(f"'{one.name}'", f"“{one.name}”")
            name = self._words.t("drift.others") if one.name == "*" else quoted
            said = tr(
                f"{one.what} {name} is not known to this version, seen {often}",
                f"{self._words.t(f'drift.{one.what}')} {name}，已出现 {one.seen:,} 次",
            )
            yield Text(_joined(one.resource, said))
        if (more := sum(one.noted for one in status.drift_counts) - _DRIFT) > 0:
            yield Text(
                tr(f"… and {more:,} more (--json)", f"…另有 {more:,} 项（--json）"), style=QUIET
            )


def complain(found: Status) -> None:
    """Print what is open on standard error: the incidents, and the windows that do not agree."""
    out = console(stderr=True)
    whole = out.width == PIPE
    if found.commits_hang:
        said, remedy = messages.shown(Message("database.commits_hang"))
        out.print(Text(f"{said}\n  → {remedy}"))
    for one in found.incidents:
        severity, (said, remedy) = words_of.severity(one.severity), messages.shown(one.message)
        more = [f"→ {remedy}"] if remedy else []
        if whole:
            out.print(Text("\n  ".join([_joined(severity, said), *more])))
        else:
            out.print(grid(f"{severity}{tr(':', '：')}", Text("\n".join([said, *more]))))
    for resource in found.resources:
        if resource.disputed_at is not None:
            at = instant(resource.disputed_at)
            said = tr(
                f"disputed: {resource.resource}: wpsync verify found differences at {at};"
                " wpsync verify --repair mends them",
                f"有差异：{resource.resource}：{at} 对账发现差异，执行 wpsync verify --repair 即可修复",
            )
            out.print(Text(said))
    for part in found.incomplete[:_WINDOWS]:
        until = "" if part.ends_at is None else f"{cell(part.starts_at)} – {instant(part.ends_at)}"
        where = one_line(part.parent_id) or until or instant(part.starts_at)
        why = terms.reason(part.reason).to(spoken())
        said = tr(
            f"incomplete: {part.resource} {where}: vendor {part.vendor_count}, read {part.rows_seen}: {why}",
            f"不完整：{part.resource} {where}：厂商 {part.vendor_count}，读到 {part.rows_seen}：{why}",
        )
        out.print(Text(said))


def _joined(*parts: object) -> str:
    """`calls: failed twice: …`."""
    return tr(": ", "：").join(map(str, parts))


QUIET = "bright_black"
_SPARKS = "▁▂▃▄▅▆▇█"
_BAR = 20

# The sign of a day tells its state where there is no colour.
_CELLS = {
    "complete": ("■", "green"),
    "differing": ("≠", "bold red"),
    "incomplete": ("!", "bold yellow"),
    "partial": ("▪", "cyan"),
    "unread": ("·", "bright_black"),
}


def columns(rows: Sequence[Sequence[Text]]) -> Table:
    """Rows without headings; a text that is justified to the right makes its column so."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for place in range(max(map(len, rows), default=0)):
        right = all(row[place].plain.replace(",", "").isdigit() for row in rows)
        table.add_column(justify="right" if right else "left", no_wrap=place < 2, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def grid(sign: str, text: Text) -> Table:
    """A text that wraps under itself, behind a sign."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(sign, text)
    return grid


def bar(share: float, style: str = "cyan") -> Text:
    full = round(share * _BAR)
    return Text.assemble(("█" * full, style), ("░" * (_BAR - full), QUIET))


def spark(counts: Sequence[int]) -> str:
    """A line of bars, the highest full; nothing at all is the lowest."""
    top = max(counts, default=0) or 1
    return "".join(_SPARKS[-(-count * (len(_SPARKS) - 1) // top)] for count in counts)


def ruler(days: Sequence[date]) -> str:
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


def shown(one: Calendar) -> list[Day]:
    """The days that are counted, and today."""
    return [*one.lately, *one.days[-1:]]


def cells(one: Calendar) -> Text:
    days = shown(one)
    cells = Text()
    for (place, _), day in zip(_placed([day.day for day in days]), days, strict=True):
        sign, style = _CELLS[day.state]
        cells.append(" " * (place - len(cells))).append(sign, style)
    return cells


def summary(one: Calendar) -> Text:
    summary = Text(f"{one.complete}/{len(one.lately)}", style=QUIET)
    return summary.append(f"  {one.troubled} !", "bold yellow") if one.troubled else summary


def legend() -> Table:
    """The meaning of each sign."""
    legend = Table.grid(padding=(0, 2, 0, 0))
    legend.add_row(
        *(
            Text.assemble((sign, style), (f" {say(f'state.{state}', spoken())}", QUIET))
            for state, (sign, style) in _CELLS.items()
        )
    )
    return legend

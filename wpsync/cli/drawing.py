"""What the terminal's status is drawn with: columns, bars, and the calendar's signs."""

from collections.abc import Iterator, Sequence
from datetime import date

from rich.table import Table
from rich.text import Text

from wpsync.service.calendar import Calendar, Day

QUIET = "bright_black"
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
    """The days that are told in numbers, and today."""
    return [*one.lately, *one.days[-1:]]


def cells(one: Calendar) -> Text:
    days = shown(one)
    cells = Text()
    for (place, _), day in zip(_placed([day.day for day in days]), days, strict=True):
        sign, style, *_ = _CELLS[day.state]
        cells.append(" " * (place - len(cells))).append(sign, style)
    return cells


def summary(one: Calendar) -> Text:
    summary = Text(f"{one.complete}/{len(one.lately)}", style=QUIET)
    return summary.append(f"  {one.troubled} !", "bold yellow") if one.troubled else summary


def legend() -> Table:
    """What each sign means, the Chinese below the English."""
    legend = Table.grid(padding=(0, 2, 0, 0))
    legend.add_row(
        *(
            Text.assemble((sign, style), (f" {english}\n  {chinese}", QUIET))
            for sign, style, english, chinese in _CELLS.values()
        )
    )
    return legend

"""What the page shows, worded and formatted in the reader's language; nothing is decided here."""

from datetime import date
from typing import Any

from wpsync.status import snapshot
from wpsync.status.calendar import Calendar
from wpsync.status.monitor import Monitor
from wpsync.status.wording import Words, headline


def context(monitor: Monitor, language: str) -> dict[str, Any]:
    """Everything that the page's template needs. Raises DatabaseUnavailableError."""
    seen = monitor.snapshot()
    words = Words(language, seen.now)
    return {
        "w": words,
        "t": words.t,
        "now": seen.now,
        "many": len(seen.accounts) > 1,
        "status": seen.status,
        "seen": seen,
        "headline": headline(words, seen),
        "weeks": snapshot.WEEKS,
        "calendars": [(one, months(one)) for one in seen.days],
        "rows": seen.lines,
        "failing": seen.failing,
        "letters": seen.letters,
    }


def months(one: Calendar) -> list[tuple[int, date]]:
    """Where a month begins: the number of its first week, and its first day."""
    found = []
    for number, day in enumerate(one.days):
        if day.day.day == 1:
            found.append((number // 7, day.day))
    return found

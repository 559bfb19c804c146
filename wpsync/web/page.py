"""What the page shows, worded and formatted in the reader's language; nothing is decided here."""

from datetime import date
from typing import Any

from wpsync.language import Language
from wpsync.status import snapshot
from wpsync.status.calendar import Calendar
from wpsync.status.monitor import Monitor
from wpsync.status.snapshot import Line, Snapshot
from wpsync.status.wording import Words, headline


def context(monitor: Monitor, language: Language) -> dict[str, Any]:
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
        "failed_runs": failed_runs(seen),
        "letters": seen.letters,
        "drifts": sum(one.noted for one in seen.status.drift_counts),
    }


def failed_runs(seen: Snapshot) -> list[Line]:
    """Return the resources whose last run failed, except those whose job shows the error."""
    jobs = {(job.account, job.job) for job in seen.failing}
    return [
        line
        for line in seen.lines
        if line.status.last_run
        and line.status.last_run.outcome == "failed"
        and line.status.last_run.error
        and (line.status.account, line.status.resource) not in jobs
    ]


def months(one: Calendar) -> list[tuple[int, date]]:
    """Where a month begins: the number of its first week, and its first day."""
    found = []
    for number, day in enumerate(one.days):
        if day.day.day == 1:
            found.append((number // 7, day.day))
    return found

"""Runs: one execution for one resource, recorded with its outcome however it ends."""

import logging
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Self

from wpsync.clock import Clock
from wpsync.db.database import Database
from wpsync.errors import Message, RetryableError, Stopped, UnwritableError, WpsyncError
from wpsync.extract.events import Reason
from wpsync.model import Window
from wpsync.state import runs
from wpsync.state.runs import RunTotals
from wpsync.state.scope import Scope

log = logging.getLogger(__name__)


def _ignore(rows: int) -> None:
    """Report no progress."""


def _nothing() -> None:
    """Do nothing: the run has its row."""


@dataclass(slots=True)
class Run:
    """One execution for one resource, and its totals so far. Threads may share it.

    `incomplete` names each window or listing that is incomplete, `unshown` each window that was complete before and of
    which the vendor now shows nothing. `on_rows` is called with the rows of each page as it is read, and with a negative
    number where they are read again. `insert_row` gives a tick its row (`enter`).
    """

    scope: Scope
    kind: str
    id: int
    totals: RunTotals = field(default_factory=RunTotals)
    incomplete: list[Message] = field(default_factory=list)
    unshown: list[Message] = field(default_factory=list)
    on_rows: Callable[[int], None] = _ignore
    insert_row: Callable[[], None] = _nothing

    @property
    def is_idle(self) -> bool:
        """Return whether nothing was written and nothing is wrong, so far."""
        totals = self.totals
        wrote = totals.rows_inserted or totals.rows_updated or totals.dead_letters
        return not (wrote or self.incomplete or self.unshown)

    def enter(self) -> None:
        """Give a tick its row, once it has done something; call it as often as you like."""
        insert, self.insert_row = self.insert_row, _nothing
        insert()


class PendingRows:
    """Reports rows as they are read, and takes back those that are not committed in the end."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.forget()

    def add(self, rows: int) -> None:
        self._rows += rows
        self._run.on_rows(rows)

    def forget(self) -> None:
        self._run.on_rows(-self.keep())

    def keep(self) -> int:
        """Return how many rows are committed now."""
        rows, self._rows = self._rows, 0
        return rows


@contextmanager
def recorded(
    database: Database,
    clock: Clock,
    scope: Scope,
    kind: str,
    requests: Callable[[], int],
    on_rows: Callable[[int], None] = _ignore,
    *,
    is_tick: bool = False,
) -> Iterator[Run]:
    """Record a run with its outcome, however it ends.

    A tick of the service gets a row of its own when it has done something, or if it ends badly; until then, and for
    those that do nothing, `wpsync.jobs` tells that it ran.
    """
    began = clock.now()
    if is_tick:
        run = Run(scope, kind, runs.next_run_id(database), on_rows=on_rows)
        run.insert_row = partial(runs.enter_run, database, scope, kind, run.id, began)
    else:
        run = Run(scope, kind, runs.open_run(database, scope, kind, began), on_rows=on_rows)
    before = requests()
    outcome: str = "failed"
    error: Message | None = None
    try:
        yield run
        outcome = "incomplete" if run.incomplete else "done"
        error = together(run.incomplete)
    except (Stopped, KeyboardInterrupt):
        outcome = "interrupted"
        raise
    except WpsyncError as exc:
        error = exc.message
        raise
    except Exception as exc:
        error = defect(exc)
        raise
    finally:
        run.totals.requests = requests() - before
        idle = is_tick and outcome == "done" and run.is_idle
        try:
            if run.totals.requests:
                runs.count_requests(database, scope.account, began, run.totals.requests)
            if idle:
                runs.note_idle_run(database, scope, kind, began, clock.now(), run.totals)
            else:
                run.enter()
        except (RetryableError, UnwritableError) as exc:
            log.debug("run.unrecorded", extra={"resource": scope.resource, "error": str(exc)})
        if not idle:
            _finish(database, run, clock.now(), outcome, error)


def _finish(
    database: Database, run: Run, at: datetime, outcome: str, error: Message | None
) -> None:
    """Record how the run ended; where the database itself failed, the run stays open and shows as such."""
    try:
        runs.finish_run(database, run.id, at, outcome, run.totals, error)
    except (RetryableError, UnwritableError) as exc:
        log.debug("run.unrecorded", extra={"resource": run.scope.resource, "error": exc.message})


_SHOWN = 5
"""As many problems of a run are kept as messages; the others are counted."""


def incomplete(window: Window | None, reason: str) -> Message:
    """Say that a window, or where there is none a listing, is incomplete."""
    is_refused = reason == Reason.MOSTLY_DEAD_LETTERS
    if window is None:
        listing = "listing.mostly_dead_letters" if is_refused else "listing.incomplete"
        return Message(listing, {"reason": reason})
    code = "window.mostly_dead_letters" if is_refused else "window.incomplete"
    return Message(code, {"start": window.start, "end": window.end, "reason": reason})


def together(problems: Sequence[Message]) -> Message | None:
    """Return one message for several problems: the first few, and how many there are; None where there is none."""
    if len(problems) < 2:
        return problems[0] if problems else None
    return Message("window.several", {"count": len(problems), "first": list(problems[:_SHOWN])})


def defect(exc: Exception) -> Message:
    """Name a defect of wpsync by its kind and place. Its text is left out: it may hold secrets or people's data."""
    frame = traceback.extract_tb(exc.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return Message("job.defect", {"kind": type(exc).__name__, "place": place})

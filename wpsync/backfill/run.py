"""Reading history as planned (`backfill.plan`): newest first, resumable, shared by processes.

What is to be read is what the ledger does not vouch for: stopped at any point, in any way, the same
command goes on from there. No live watermark moves.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from threading import Lock

from wpsync.backfill.plan import Plan
from wpsync.backfill.progress_recorder import ProgressRecorder
from wpsync.errors import Stopped, WpsyncError
from wpsync.extract import windows
from wpsync.model import Priority, Window
from wpsync.resources.spec import Mode, Resource
from wpsync.state import window_ledger
from wpsync.sync.account import Account
from wpsync.sync.passes import Outcome, fill, in_turn, read_new, stops_everything
from wpsync.sync.progress import Progress
from wpsync.sync.window_sync import Run, recorded

log = logging.getLogger(__name__)

_LOOK = 1.0
"""Seconds between two looks at what another process is reading."""


def backfill(
    account: Account, plans: Sequence[tuple[Resource, Plan]], progress: Progress, *, again: bool
) -> list[Outcome]:
    """Carry out plans, one resource after the other. Raises Stopped when asked to stop."""
    noted, by_name = ProgressRecorder(account, progress), {plan.resource: plan for _, plan in plans}
    return in_turn(
        account,
        [resource for resource, _ in plans],
        lambda one: _backfill(account, one, by_name[one.name], noted, again=again),
    )


def _backfill(
    account: Account, resource: Resource, plan: Plan, progress: ProgressRecorder, *, again: bool
) -> Outcome:
    result = Outcome(account.name, resource.name, "done")
    if not plan.windows and not plan.requests:
        progress.begin(resource.name, 0, plan.already)
        progress.end(resource.name, "done")
        return result
    progress.span(_span_of(plan, account))
    progress.begin(resource.name, plan.rows, plan.already)
    result.outcome = "failed"
    run: Run | None = None
    scope = account.scope(resource)
    try:
        with recorded(
            account.database, account.clock, scope, "backfill", account.client_requests
        ) as run:
            if resource.mode is Mode.WINDOWED:
                _read_windows(account, resource, plan, run, progress, again=again)
            else:
                with account.alone(resource.name, "sync"):
                    read_new(account, resource, run, partial(progress.advance, resource.name))
        result.outcome = "incomplete" if run.incomplete else "done"
        result.problems = list(run.incomplete)
    except Stopped:
        result.outcome = "interrupted"
        raise
    except WpsyncError as exc:
        if stops_everything(exc):
            raise
        result.problems, result.hint = [str(exc)], exc.hint
        log.error("run.failed", extra={"resource": resource.name, "error": str(exc)})
    finally:
        progress.end(resource.name, result.outcome)
        if run is not None:
            fill(result, run)
    return result


def _span_of(plan: Plan, account: Account) -> Window:
    """From the oldest to the newest of what is to be read; a listing has only the present."""
    now = windows.floor_second(account.clock.now())
    if not plan.windows:
        return Window(now - windows.SECOND, now)
    return Window(
        min(window.start for window in plan.windows), max(window.end for window in plan.windows)
    )


def _read_windows(
    account: Account, resource: Resource, plan: Plan, run: Run, progress: Progress, *, again: bool
) -> None:
    """Read the missing windows, newest first; several at once only where the pace says so."""
    worker = _Worker(account, resource, plan.windows, run, progress, again=again)
    workers = min(account.pace.parallel_windows, len(plan.windows))
    if workers <= 1:
        worker.work()
    else:
        with ThreadPoolExecutor(workers, thread_name_prefix="window") as pool:
            for future in [pool.submit(worker.work) for _ in range(workers)]:
                future.result()
    worker.take_over()


class _Worker:
    """Takes windows from a shared list until none is left. A failure of one stops the others.

    What another process is at is left to it, and looked at again in the end: only the ledger tells
    that it was read.
    """

    def __init__(
        self,
        account: Account,
        resource: Resource,
        todo: Sequence[Window],
        run: Run,
        progress: Progress,
        *,
        again: bool,
    ) -> None:
        self._account = account
        self._resource = resource
        self._todo = list(reversed(todo))
        self._left: list[Window] = []
        self._run = run
        self._progress = progress
        self._again = again
        self._began = account.clock.now()
        self._lock = Lock()
        self._failed = False

    def work(self) -> None:
        """Read windows until the list is empty."""

        def deal_with(window: Window, read: Callable[[Window], None]) -> None:
            if not self._claimed(window, read):
                with self._lock:
                    self._left.append(window)

        self._each(self._next, deal_with)

    def take_over(self) -> None:
        """Wait for what another process is at, and read what it has let go of unread."""
        if self._left:
            fields = {"resource": self._resource.name, "windows": len(self._left)}
            log.info("backfill.awaits_another", extra=fields)
        left = iter(self._left)
        self._each(lambda: next(left, None), self._awaited)

    def _each(
        self,
        following: Callable[[], Window | None],
        deal_with: Callable[[Window, Callable[[Window], None]], None],
    ) -> None:
        pipeline = self._account.pipeline(self._resource, Priority.BACKFILL)
        while (window := following()) is not None:
            if self._account.stopping():
                raise Stopped
            try:
                deal_with(window, lambda piece: self._read(pipeline.window, piece))
            except BaseException:
                self._failed = True
                raise

    def _next(self) -> Window | None:
        with self._lock:
            return self._todo.pop() if self._todo and not self._failed else None

    def _claimed(self, window: Window, read: Callable[[Window], None]) -> bool:
        """Read what is still missing of a window; False where another process is at it."""
        day = windows.shanghai_midnight(window.start).isoformat()  # the present day's end moves on
        names = (self._account.name, self._resource.name, day)
        with self._account.database.lock(*names, wait=False) as held:
            if held:
                for piece in reversed(self._missing(window)):
                    read(piece)
            return held

    def _awaited(self, window: Window, read: Callable[[Window], None]) -> None:
        """Wait until the ledger vouches for a window, or its lock is free, as it is once its holder has died."""
        while self._missing(window) and not self._claimed(window, read):
            if self._account.stopping():
                raise Stopped
            self._account.clock.sleep(_LOOK)

    def _missing(self, window: Window) -> list[Window]:
        """What the ledger does not vouch for; with `again` neither for what was read before we began."""
        known = window_ledger.windows_between(
            self._account.database, self._account.scope(self._resource), window
        )
        done = [
            w.window
            for w in known
            if w.is_complete and (not self._again or w.read_at >= self._began)
        ]
        return windows.missing(window, done)

    def _read(self, read_window: Callable[..., None], piece: Window) -> None:
        read_window(
            self._run,
            piece,
            settled=self._account.settled(self._resource),
            live=False,
            newest_first=True,
            on_rows=lambda rows: self._progress.advance(self._resource.name, rows),
        )


def span_of(start: datetime, end: datetime | None, now: datetime) -> Window:
    """The span that a backfill covers: from the Shanghai midnight before `start` to `end` or now."""
    first = windows.shanghai_midnight(start)
    last = windows.floor_second(min(end or now, now))
    return Window(first, max(last, first + windows.SECOND))

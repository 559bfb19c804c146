"""Reading history as planned (`backfill.plan`): newest first, resumable, shared by processes.

What is to be read is what the ledger does not vouch for: stopped at any point, in any way, the same
command goes on from there. No live watermark moves.
"""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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
from wpsync.sync.passes import (
    Outcome,
    committed_windows,
    fill,
    in_turn,
    read_new,
    stops_everything,
    with_named,
)
from wpsync.sync.progress import Progress
from wpsync.sync.run import Run
from wpsync.sync.window_sync import Pipeline, WindowRequest

log = logging.getLogger(__name__)


def backfill(
    account: Account, plans: Sequence[tuple[Resource, Plan]], progress: Progress, *, again: bool
) -> list[Outcome]:
    """Carry out plans, one resource after the other. Raises Stopped when asked to stop."""
    noted, by_name = ProgressRecorder(account, progress), {plan.resource: plan for _, plan in plans}
    resources = [resource for resource, _ in plans]
    outcomes = in_turn(
        account,
        resources,
        lambda one: _backfill(account, one, by_name[one.name], noted, again=again),
    )
    return with_named(account, resources, outcomes)


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
    runs: list[Run] = []
    began = account.clock.now()
    on_rows = partial(progress.advance, resource.name)
    try:
        for attempt in account.reconnecting(partial(committed_windows, runs)):
            with attempt, account.run(resource, "backfill", on_rows) as run:
                runs.append(run)
                if resource.mode is Mode.WINDOWED:
                    _read_windows(account, resource, plan, run, read_since=began if again else None)
                else:
                    with account.alone(resource.name, "sync"):
                        read_new(account, resource, run)
        # The last attempt has read every window anew that an earlier one left incomplete.
        result.problems = list(runs[-1].incomplete)
        result.outcome = "incomplete" if result.problems else "done"
    except Stopped:
        result.outcome = "interrupted"
        raise
    except WpsyncError as exc:
        if stops_everything(exc):
            raise
        result.problems = [exc.message]
        log.error("run.failed", extra={"resource": resource.name, "error": exc.message})
    finally:
        progress.end(resource.name, result.outcome)
        fill(result, runs)
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
    account: Account, resource: Resource, plan: Plan, run: Run, *, read_since: datetime | None
) -> None:
    """Read the missing windows, newest first; several at once only where the pace says so."""
    worker = _Worker(account, resource, plan.windows, run, read_since=read_since)
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
    that it was read. With `read_since`, what was read before that instant is read again.
    """

    def __init__(
        self,
        account: Account,
        resource: Resource,
        todo: Sequence[Window],
        run: Run,
        *,
        read_since: datetime | None,
    ) -> None:
        self._account = account
        self._resource = resource
        self._todo = list(reversed(todo))
        self._left: list[Window] = []
        self._run = run
        self._read_since = read_since
        self._lock = Lock()
        self._failed = False

    def work(self) -> None:
        """Read windows until the list is empty."""
        pipeline = self._pipeline()
        while (window := self._next()) is not None:
            with self._stopping_others():
                if not self._claimed(window, pipeline):
                    with self._lock:
                        self._left.append(window)

    def take_over(self) -> None:
        """Wait for what another process is at, and read what it has let go of unread."""
        if self._left:
            fields = {"resource": self._resource.name, "windows": len(self._left)}
            log.info("backfill.awaits_another", extra=fields)
        pipeline = self._pipeline()
        for window in self._left:
            with self._stopping_others():
                # Its lease is free once its holder has died.
                while self._missing(window) and not self._claimed(window, pipeline):
                    self._stop_if_asked()
                    self._account.clock.sleep(self._account.pace.policy.backfills.look)

    def _pipeline(self) -> Pipeline:
        return self._account.pipeline(self._resource, self._run, Priority.BACKFILL)

    @contextmanager
    def _stopping_others(self) -> Iterator[None]:
        """Have the other threads take no more windows once this one has failed or was asked to stop."""
        self._stop_if_asked()
        try:
            yield
        except BaseException:
            self._failed = True
            raise

    def _stop_if_asked(self) -> None:
        if self._account.stopping():
            raise Stopped

    def _next(self) -> Window | None:
        with self._lock:
            return self._todo.pop() if self._todo and not self._failed else None

    def _claimed(self, window: Window, pipeline: Pipeline) -> bool:
        """Read the missing parts of a window; return False where another process is at it."""
        day = windows.shanghai_midnight(window.start).isoformat()  # the present day's end moves on
        names = (self._account.name, self._resource.name, day)
        with self._account.database.lease(*names, wait=False) as held:
            if held:
                for piece in reversed(self._missing(window)):
                    settled = self._account.settled(self._resource)
                    request = WindowRequest(window=piece, settled=settled, newest_first=True)
                    pipeline.sync_window(request)
            return held is not None

    def _missing(self, window: Window) -> list[Window]:
        """Return the parts for which the ledger does not vouch."""
        known = window_ledger.windows_between(
            self._account.database, self._account.scope(self._resource), window
        )
        done = [
            one.window
            for one in known
            if one.is_complete and (self._read_since is None or one.read_at >= self._read_since)
        ]
        return windows.missing(window, done)


def span_of(start: datetime, end: datetime | None, now: datetime) -> Window:
    """The span that a backfill covers: from the Shanghai midnight before `start` to `end` or now."""
    first = windows.shanghai_midnight(start)
    last = windows.floor_second(min(end or now, now))
    return Window(first, max(last, first + windows.SECOND))

"""One incremental pass: every resource as far as now.

A windowed resource is read up to now, the newest first (`sync.live`); then what is incomplete, what
is still to change and what may have come late is looked at again, as far as it is due (`sync.recheck`),
and what was left behind is caught up. A listing is read whole; a room's members where the room has
changed, and all in turn once a week.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random

from wpsync import ledger
from wpsync.api.endpoints import vendors_now
from wpsync.config import parse_instant
from wpsync.errors import FatalError, Message, Stopped, VendorRefusedError, WpsyncError
from wpsync.extract import windows
from wpsync.loading import clock_repair
from wpsync.model import EVER, Priority, Window
from wpsync.resources.spec import Mode, Resource
from wpsync.sync.account import Account
from wpsync.sync.listings import read_listing
from wpsync.sync.live import LiveTail
from wpsync.sync.named import is_due, is_missing, look_for
from wpsync.sync.progress import Progress, Silence
from wpsync.sync.reports import read_report
from wpsync.sync.retention import kept_from, sure_now
from wpsync.sync.run import Run, incomplete, recorded
from wpsync.sync.store import Store

log = logging.getLogger(__name__)

_FOLLOWS_ON = timedelta(days=7)
"""The first sync goes back by at most this much to follow on from history. It costs a few requests a day."""

_OF_THE_ACCOUNT = (4006, 4007, 4008, 4009)
"""Parameters that the vendor cannot decrypt or encrypt, an address not on its list, no access at all."""

UNATTEMPTED = "unattempted"
"""The outcome of a resource that was not tried, since it would have failed like the one before it."""


@dataclass(slots=True)
class Outcome:
    """What a pass did, per resource: how it ended, what it wrote, and what went wrong."""

    account: str
    resource: str
    outcome: str
    rows_read: int = 0
    rows_inserted: int = 0
    rows_updated: int = 0
    requests: int = 0
    dead_letters: int = 0
    problems: list[Message] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return self.outcome == "done"

    def add(self, more: "Outcome") -> None:
        """Add a second reading of the same resource."""
        if not more.is_good:
            self.outcome = more.outcome
        for name in ("rows_read", "rows_inserted", "rows_updated", "requests", "dead_letters"):
            setattr(self, name, getattr(self, name) + getattr(more, name))
        self.problems += more.problems


def sync(account: Account, resources: Sequence[Resource], progress: Progress) -> list[Outcome]:
    """One pass over the resources, in turn. Raises Stopped when asked to stop."""
    outcomes = in_turn(
        account,
        resources,
        lambda one: _pass(account, one, "sync", progress, *_phases(one)),
    )
    return with_named(account, resources, outcomes)


def with_named(
    account: Account, resources: Sequence[Resource], outcomes: list[Outcome]
) -> list[Outcome]:
    """Look for the rows that the others name by now and that are not there, and add up the outcomes."""
    read = {one.resource for one in outcomes if one.outcome in ("done", "incomplete")}
    named = [one for one in resources if one.spans and one.name in read]
    lacking: list[Resource] = []
    for attempt in account.reconnecting():
        with attempt:
            lacking = [one for one in named if is_missing(account, one)]
    phase = _Phase("named", partial(look_for, thorough=True))
    for found in in_turn(
        account, lacking, lambda one: _pass(account, one, "sync", Silence(), phase)
    ):
        next(one for one in outcomes if one.resource == found.resource).add(found)
    return outcomes


def look_for_named(account: Account, resource: Resource) -> Outcome | None:
    """Look for the rows that others name and that are not there; None where none is due. Raises as `follow` does."""
    if not is_due(account, resource):
        return None
    return _pass(account, resource, "sync", Silence(), _Phase("named", look_for), is_tick=True)


def in_turn(
    account: Account, resources: Sequence[Resource], read: Callable[[Resource], Outcome]
) -> list[Outcome]:
    """What became of each; a failure of one does not stop the others.

    After what stops every resource alike (rejected credentials, a missing schema, no access to the API)
    those behind it are not attempted.
    """
    outcomes: list[Outcome] = []
    for one in resources:
        try:
            outcomes.append(read(one))
        except WpsyncError as exc:
            outcomes.append(Outcome(account.name, one.name, "failed", problems=[exc.message]))
            if stops_everything(exc):
                left = resources[len(outcomes) :]
                return outcomes + [Outcome(account.name, other.name, UNATTEMPTED) for other in left]
    return outcomes


def follow(account: Account, resource: Resource) -> Outcome:
    """Read what is new, and nothing else: the service's live tick.

    Raises Stopped, and what stops every resource alike.
    """
    return _pass(account, resource, "sync", Silence(), _FOLLOWING, is_tick=True)


def recheck(account: Account, resource: Resource) -> Outcome | None:
    """Look again at what is due of the windows that were read; None where nothing is. Raises as `follow` does.

    It holds a lock of its own, so that following the present never waits for it.
    """
    if not _recheck_is_due(account, resource):
        return None
    return _pass(account, resource, "recheck", Silence(), _RECHECKING, is_tick=True)


Read = Callable[[Account, Resource, Run], None]


@dataclass(frozen=True, slots=True)
class _Phase:
    """A part of a pass, and the lock under which it is done. None waits for one lock while it holds another."""

    lock: str
    read: Read


def _pass(
    account: Account,
    resource: Resource,
    kind: str,
    progress: Progress,
    *phases: _Phase,
    is_tick: bool = False,
) -> Outcome:
    """Run one resource, record the run (a tick of the service only if it does something), and turn what went wrong
    into an outcome."""
    progress.begin(resource.name, None)
    result = Outcome(account.name, resource.name, "failed")
    runs: list[Run] = []
    on_rows = partial(progress.advance, resource.name)
    try:
        for attempt in account.reconnecting(partial(committed_windows, runs)):
            with attempt, ExitStack() as lock:
                lock.enter_context(account.alone(resource.name, phases[0].lock))
                _set_right(account, resource)
                with account.run(resource, kind, on_rows, is_tick=is_tick) as run:
                    runs.append(run)
                    phases[0].read(account, resource, run)
                    for phase in phases[1:]:
                        lock.close()
                        lock.enter_context(account.alone(resource.name, phase.lock))
                        phase.read(account, resource, run)
        result.problems = list(runs[-1].incomplete)
        result.outcome = "incomplete" if result.problems else "done"
    except Stopped:
        result.outcome = "interrupted"
        raise
    except WpsyncError as exc:
        if stops_everything(exc):
            raise
        result.problems = [exc.message]
        level = account.pace.log_level(logging.ERROR)
        log.log(level, "run.failed", extra={"resource": resource.name, "error": exc.message})
    finally:
        progress.end(resource.name, result.outcome)
        fill(result, runs)
    return result


def _set_right(account: Account, resource: Resource) -> None:
    """Where something was fetched in the future, it was not: by the vendor's clock too, since ours may be behind now."""
    scope, now = account.scope(resource), account.clock.now()
    skew = account.pace.policy.clocks.skew
    if clock_repair.was_ahead(account.database, scope, now, skew):
        told = vendors_now(account.client)
        if told is not None:
            clock_repair.set_right(account.database, scope, max(now, told), skew)


def committed_windows(runs: Sequence[Run]) -> int:
    """Return how many windows and listings the runs have committed."""
    return sum(run.totals.windows for run in runs)


def fill(result: Outcome, runs: Sequence[Run]) -> None:
    """Copy the totals of runs into an outcome: several where the database was lost and found again."""
    for run in runs:
        totals = run.totals
        result.rows_read += totals.rows_read
        result.requests += totals.requests
        result.rows_inserted += totals.rows_inserted
        result.rows_updated += totals.rows_updated
        result.dead_letters += totals.dead_letters


def stops_everything(exc: WpsyncError) -> bool:
    """Whether the next resource would fail for the same reason.

    What the vendor refuses, it refuses of this resource (its normal refusal has no statusCode at all),
    unless it says that the whole account is meant.
    """
    if isinstance(exc, VendorRefusedError):
        return exc.status_code in _OF_THE_ACCOUNT
    return isinstance(exc, FatalError)


def read_new(account: Account, resource: Resource, run: Run) -> None:
    """Bring one resource up to now: under its lock `sync`."""
    match resource.mode:
        case Mode.WINDOWED:
            _follow_windows(account, resource, run)
        case Mode.LISTING:
            read_listing(account, resource, run)
        case Mode.REPORT:
            read_report(account, resource, run)


def _follow_windows(account: Account, resource: Resource, run: Run) -> None:
    now = windows.floor_second(account.clock.now()) + windows.SECOND
    _begin(account, resource, now)
    pages = account.pace.policy.live.newest_pages
    _present(account, resource).follow(account.pipeline(resource, run, pages=pages), now)


def _present(account: Account, resource: Resource) -> LiveTail:
    return LiveTail(
        account.store(resource),
        lambda: account.settled(resource),
        account.pace.max_span,
        account.pace.policy.live.newest_days,
    )


def _recheck(account: Account, resource: Resource, run: Run) -> None:
    """Look again at everything that is due: incomplete windows, rows to follow up, windows to probe."""
    recheck = account.recheck(resource)
    again = account.pipeline(resource, run, Priority.PROBE)
    follow_up = account.pipeline(resource, run, Priority.FOLLOW_UP)
    caught_up = False
    while not caught_up:
        recheck.read_incomplete(again)
        recheck.follow_up(follow_up)
        recheck.probe(again)
        caught_up = _catch_up(account, resource, run)
    if _sample_is_due(account, account.store(resource)):
        scope = account.scope(resource)
        # Its requests are those of this run.
        with recorded(account.database, account.clock, scope, "sample", lambda: 0) as sampling:
            sampling.incomplete = run.incomplete
            recheck.sample(again, Random())
    run.incomplete += run.unshown


def _recheck_and_judge(account: Account, resource: Resource, run: Run) -> None:
    """Recheck, and report every incomplete window, including those not yet due for a retry."""
    _recheck(account, resource, run)
    known = account.store(resource).windows(EVER)
    run.incomplete = [
        incomplete(one.window, str(one.reason)) for one in known if not one.is_complete
    ]
    run.incomplete += run.unshown


_FOLLOWING, _RECHECKING = _Phase("sync", read_new), _Phase("recheck", _recheck)
_JUDGING = _Phase("recheck", _recheck_and_judge)


def _phases(resource: Resource) -> Sequence[_Phase]:
    """What a whole pass does of a resource."""
    return (_FOLLOWING, _JUDGING) if resource.mode is Mode.WINDOWED else (_FOLLOWING,)


def _catch_up(account: Account, resource: Resource, run: Run) -> bool:
    """Read what was left behind, for a while; return whether nothing is behind any more."""
    policy = account.pace.policy
    deadline = account.clock.monotonic() + policy.rechecks.catch_up
    pages = policy.live.caught_up_pages
    pipeline = account.pipeline(resource, run, Priority.FOLLOW_UP, pages=pages)
    return _present(account, resource).catch_up(pipeline, deadline, account.clock)


def _recheck_is_due(account: Account, resource: Resource) -> bool:
    store = account.store(resource)
    if store.watermark() is None:
        return False
    if account.recheck(resource).is_due():
        return True
    return bool(_present(account, resource).behind()) or _sample_is_due(account, store)


def _sample_is_due(account: Account, store: Store) -> bool:
    last = store.last_run_at("sample")
    every = account.pace.policy.rechecks.sample_every
    return last is None or not timedelta(0) <= account.clock.now() - last <= every


def _begin(account: Account, resource: Resource, now: datetime) -> None:
    """Set the watermark at the very first sync; it walks over what a backfill has read.

    Later on, take back what was vouched for by a clock that was ahead and has been set right. Nor does it lie
    before what is kept (`[retention]`): nobody catches up with what is then forgotten. To pass over anything
    for that takes more than our clock, which may be ahead.
    """
    store = account.store(resource)
    first = _first_instant(account, now)
    kept = partial(kept_from, account.pace.retention, resource.name)
    since = kept(now)
    first = first if since is None else max(first, since)
    with store.ledger() as book:
        unread = ledger.take_back_ahead(book, now, first, account.pace.policy.clocks.skew)
    if unread is not None:
        log.warning("clock.was_ahead", extra={"resource": resource.name, "window": str(unread)})
    mark = store.watermark()
    if mark is None:
        _start(store, _following_on(store, first))
    elif since is not None and mark < since:
        sure = sure_now(now, [account.client])
        old = None if sure is None else kept(sure)
        if old is not None:
            _start(store, old)


def _following_on(store: Store, first: datetime) -> datetime:
    """Return where the first sync begins: at the end of the history read before, where that ends shortly before it.

    A backfill ends at the present. Without this, the stretch from there to the next midnight would be in neither.
    """
    known = store.windows(Window(first - _FOLLOWS_ON, first))
    return min(first, max((one.ends_at for one in known), default=first))


def _start(store: Store, at: datetime) -> None:
    with store.ledger() as book:
        ledger.start(book, at)


def _first_instant(account: Account, now: datetime) -> datetime:
    """Where a resource that was never read begins, as configured."""
    text = account.pace.first_sync_from
    if text == "today":
        return windows.shanghai_midnight(now)
    return windows.floor_second(parse_instant(text, now=now))

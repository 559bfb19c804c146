"""What a backfill would read: what the ledger does not vouch for, counted by the vendor.

Counting is cheap (one row a month and resource) and kept, so that progress is honest and a second start
need not ask again.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil

from wpsync.backfill.estimate import estimate
from wpsync.errors import UNSERVED, SpanTooLargeError, Stopped, TooManyRowsError
from wpsync.extract import windows
from wpsync.extract.probing import Ends, answers
from wpsync.loading.table_stats import bytes_per_row
from wpsync.model import Priority, Window
from wpsync.resources.spec import Mode, Resource
from wpsync.state import backfills, listings, window_ledger
from wpsync.sync import retention
from wpsync.sync.account import Account
from wpsync.sync.listings import is_complete_since
from wpsync.sync.passes import Outcome, in_turn

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a backfill of one resource would read: rows by the vendor's count, and what that takes.

    `windows` are the missing stretches, newest first, `already` the rows of what is not. `minutes` is at the configured request limit,
    0 where there is none. What listings and reports take is estimated; rows of which nothing can be
    known beforehand are None. `is_sparse`: most requests are for days, not for pages of rows.
    """

    account: str
    resource: str
    windows: list[Window] = field(repr=False)
    rows: int | None
    requests: int
    minutes: float
    bytes: int
    is_estimate: bool = False
    already: int = 0
    is_sparse: bool = False


def make_plans(
    account: Account,
    resources: Sequence[Resource],
    span: Window,
    *,
    again: bool,
    per_minute: Callable[[Resource], int] = lambda resource: 0,
    counting: Callable[[str], None] = lambda resource: None,
) -> tuple[list[tuple[Resource, Plan]], list[Outcome]]:
    """Plans of resources, and what became of those of which none could be made. Each is told to `counting`."""
    plans: list[tuple[Resource, Plan]] = []
    counted: dict[str, int] = {}

    def plan(one: Resource) -> Outcome:
        counting(one.name)
        limit = per_minute(one)
        for attempt in account.reconnecting():
            with attempt:
                made = make_plan(account, one, span, again=again, per_minute=limit, counted=counted)
                plans.append((one, made))
        return Outcome(account.name, one.name, "done")

    return plans, [one for one in in_turn(account, resources, plan) if not one.is_good]


def make_plan(
    account: Account,
    resource: Resource,
    span: Window,
    *,
    again: bool,
    per_minute: int,
    counted: dict[str, int] | None = None,
) -> Plan:
    """Find what is missing and have the vendor count it: one request of one row a month.

    `counted` remembers, from plan to plan, what the vendor said of listings (`wpsync.backfill.estimate`).
    """
    if resource.mode is not Mode.WINDOWED:
        return _plan_whole(account, resource, per_minute, {} if counted is None else counted, again)
    kept = _kept(account, resource, span)
    gaps = _missing(account, resource, kept, again=again) if kept else []
    rows = sum(_counted(account, resource, gap) for gap in gaps)
    pieces = [piece for gap in gaps for piece in windows.by_day(gap, account.pace.max_span)]
    pages = ceil(rows / resource.page_size)
    requests = max(pages, len(pieces))
    size = rows * bytes_per_row(account.database, resource.table.name)
    already = 0  # rows that the ledger vouches for
    if kept and not again:
        known = window_ledger.windows_between(account.database, account.scope(resource), kept)
        already = sum(window.rows_seen for window in known if window.is_complete)
    return Plan(
        account.name,
        resource.name,
        list(reversed(pieces)),
        rows,
        requests,
        _minutes(requests, per_minute),
        size,
        already=already,
        is_sparse=len(pieces) > pages,
    )


def _plan_whole(
    account: Account, resource: Resource, per_minute: int, counted: dict[str, int], again: bool
) -> Plan:
    """What reading a listing or a report would take; nothing where it was read just now."""
    if not again and not _is_stale(account, resource):
        known = listings.listings(account.database, account.scope(resource)).values()
        rows = sum(one.rows_seen for one in known) if resource.mode is Mode.LISTING else 0
        return Plan(account.name, resource.name, [], None, 0, 0.0, 0, already=rows)
    found = estimate(account, resource, counted)
    size = (found.rows or 0) * bytes_per_row(account.database, resource.table.name)
    return Plan(
        account.name,
        resource.name,
        [],
        found.rows,
        found.requests,
        _minutes(found.requests, per_minute),
        size,
        found.is_rough,
    )


def _minutes(requests: int, per_minute: int) -> float:
    return requests / per_minute if per_minute else 0.0


def _is_stale(account: Account, resource: Resource) -> bool:
    """Whether it has to be looked at: always where every parent has a listing of its own."""
    if resource.parent is not None:
        return True
    known = listings.listings(account.database, account.scope(resource)).get("")
    stale = account.clock.now() - account.pace.policy.backfills.listing_fresh
    return known is None or not is_complete_since(known, stale)


def _kept(account: Account, resource: Resource, span: Window) -> Window | None:
    """The part of the span whose rows are kept at all (`[retention]`)."""
    since = retention.kept_from(account.pace.retention, resource.name, account.clock.now())
    if since is None or since <= span.start:
        return span
    log.warning(
        "backfill.clipped", extra={"resource": resource.name, "kept_from": since.isoformat()}
    )
    return Window(since, span.end) if since < span.end else None


def _missing(account: Account, resource: Resource, span: Window, *, again: bool) -> list[Window]:
    """What of the span the ledger does not vouch for; all of it, by whole ledger windows, with `again`."""
    known = window_ledger.windows_between(account.database, account.scope(resource), span)
    if again:
        start = min([span.start, *(w.starts_at for w in known)])
        end = max([span.end, *(w.ends_at for w in known)])
        return [Window(start, end)]
    return windows.missing(span, [w.window for w in known if w.is_complete])


def _counted(account: Account, resource: Resource, gap: Window) -> int:
    """How many rows the vendor says a stretch holds, asked by month unless it was asked before."""
    scope = account.scope(resource)
    known = backfills.planned(account.database, scope, gap)
    rows = 0
    for month in windows.by_month(gap):
        count = known.get(month)
        if count is None:
            count = _asked(account, resource, month)
            if count is None:
                continue
            backfills.plan(account.database, scope, month, count, account.clock.now())
        rows += count
    return rows


def _asked(account: Account, resource: Resource, window: Window) -> int | None:
    """The vendor's count; None where it stumbles over the stretch and answers otherwise."""
    try:
        return _probed(account, resource, window)
    except UNSERVED as exc:
        source = account.source(resource, Priority.BACKFILL)
        now, rules = windows.floor_second(account.clock.now()), account.pace.policy.rechecks
        if not answers(source, now, rules):
            raise
        log.warning(
            "backfill.uncounted",
            extra={"resource": resource.name, "window": str(window), "error": exc.message},
        )
        return None


def _probed(account: Account, resource: Resource, window: Window) -> int:
    """One request of one row, made for its count; halved where the vendor refuses the span."""
    if account.stopping():
        raise Stopped
    source = account.source(resource, Priority.BACKFILL)
    try:
        return source.page(Ends().ask_for_count(window)).count or 0
    except (SpanTooLargeError, TooManyRowsError):
        if window.span <= windows.SECOND:
            return 0
        return sum(_probed(account, resource, half) for half in windows.split(window, 2))

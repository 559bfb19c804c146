"""Listings: read whole, or where each room has one of its own, those of the rooms that have changed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from wpsync.errors import UNSERVED
from wpsync.extract.events import Reason
from wpsync.ledger import COMPLETE, Reading
from wpsync.loading import held_rows
from wpsync.loading import parents as parent_rows
from wpsync.resources.spec import Resource
from wpsync.state import listings
from wpsync.state.scope import Scope
from wpsync.sync import ways
from wpsync.sync.account import Account
from wpsync.sync.one_by_one import OneByOne
from wpsync.sync.run import Run
from wpsync.sync.unit import Comparison
from wpsync.sync.window_sync import ListingRequest


def read_listing(
    account: Account,
    resource: Resource,
    run: Run,
    *,
    fresh: bool = False,
    comparisons: Mapping[str, Comparison] | None = None,
) -> None:
    """Read a listing whole, or the listing of every parent that needs it. `fresh`: as in `ways.read_whole`.

    `comparisons`: compare these first, by parent (or an empty string), and read no others.
    """
    try:
        if resource.parent is None:
            _read_whole(account, resource, run, (comparisons or {}).get(""), fresh=fresh)
        else:
            _read_parents(account, resource, run, comparisons)
    except UNSERVED:
        listings.doubt_empty_listings(account.database, account.scope(resource))
        raise


def _read_whole(
    account: Account, resource: Resource, run: Run, comparison: Comparison | None, *, fresh: bool
) -> None:
    scope = account.scope(resource)
    before = listings.listings(account.database, scope).get("")
    if resource.spans:
        held = _held(account, scope, before)
        ways.read_whole(account, resource, run, before, held, fresh=fresh, comparison=comparison)
        return
    request = ListingRequest(
        held=_held(account, scope, before),
        doubts=_doubts_nothing(before),
        waits=before is None or before.state == COMPLETE,
    )
    loader = account.store(resource).listing("", None, comparison=comparison)
    account.pipeline(resource, run).sync_listing(request, loader)


def _read_parents(
    account: Account,
    resource: Resource,
    run: Run,
    comparisons: Mapping[str, Comparison] | None,
) -> None:
    scope, now = account.scope(resource), account.clock.now()
    pipeline, store = account.pipeline(resource, run), account.store(resource)
    run.totals.rows_updated += parent_rows.forget_gone_rooms(account.database, account.name, now)
    parents = parent_rows.rooms(account.database, account.name)
    known = listings.listings(account.database, scope)
    stale = now - account.pace.members_every
    served: list[str] = []

    def others() -> bool:
        """Whether the vendor serves what it served before; another room, where there is nothing."""
        before = [one for one in parents if one in known and known[one].state == COMPLETE]
        asked = [one for one in [*parents, *before, *served] if one not in one_by_one.problems]
        return any(map(pipeline.serves, asked[-account.pace.policy.listings.others :]))

    one_by_one = OneByOne(others=others, rules=account.pace.policy.listings)
    # What could not be read comes last: what can be read never waits for it.
    for parent in sorted(parents, key=lambda one: one in known and known[one].state != COMPLETE):
        room, before = parents[parent], known.get(parent)
        if comparisons is not None:
            if parent not in comparisons:
                continue
        elif before and is_current(before, room.fingerprint, stale):
            continue
        # An empty one is believed where the room itself says so, and contradicted where it says that it has some.
        says_so = room.members == 0
        held = _none if says_so else _held(account, scope, before, parent, room.members or 0)
        with one_by_one.past(parent), _entered(account, scope, parent, run):
            request = ListingRequest(
                parent=parent,
                held=held,
                doubts=not says_so and _doubts_nothing(before),
                waits=not one_by_one.problems,
            )
            comparison = (comparisons or {}).get(parent)
            loader = store.listing(parent, room.fingerprint, comparison=comparison)
            pipeline.sync_listing(request, loader)
            served.append(parent)
    run.incomplete += one_by_one.said()


@contextmanager
def _entered(account: Account, scope: Scope, parent: str, run: Run) -> Iterator[None]:
    """What cannot be served is entered as it fails, whatever becomes of the others."""
    try:
        yield
    except UNSERVED:
        reading = Reading(None, 0, Reason.UNREADABLE, account.clock.now())
        with account.database.transaction() as connection:
            apart = account.pace.policy.distrust.listing_apart
            listings.close_listing(connection, scope, parent, reading, None, run.id, apart)
        raise


def _held(
    account: Account,
    scope: Scope,
    before: listings.ListingState | None,
    parent: str = "",
    members: int = 0,
) -> Callable[[], int]:
    """Tells how many rows an empty listing would contradict; none once it has been empty often enough.

    `members`: how many a room says that it has. That may lag, so where we hold none it is believed less long.
    """

    def held() -> int:
        if before is not None and _is_believed(account, scope, before):
            return 0
        with account.database.connection() as connection:
            rows = held_rows.listed(connection, scope, parent)
        return rows or (0 if _was_empty_before(account, before) else members)

    return held


def _doubts_nothing(before: listings.ListingState | None) -> bool:
    """Whether nothing would be news of a listing: it was never read completely, or showed rows."""
    return before is None or before.state != COMPLETE or before.rows_seen > 0


def _was_empty_before(account: Account, before: listings.ListingState | None) -> bool:
    """Whether an empty reading well before this one was entered already."""
    at = before.empty_at if before is not None else None
    apart = account.pace.policy.distrust.listing_apart
    return at is not None and account.clock.now() - at > apart


def _is_believed(account: Account, scope: Scope, before: listings.ListingState) -> bool:
    """Whether one more empty reading is enough for rows to be gone.

    What hides everything is more likely to pass than what hides one listing beside others, and is believed later: after
    two days instead of one, as readings apart from each other are counted.
    """
    rules, readings, at = account.pace.policy.distrust, before.empty_readings + 1, before.empty_at
    if at is None or readings < rules.listing_readings:
        return False
    if account.clock.now() - at <= rules.listing_apart:
        return False
    if readings >= rules.listing_readings_everywhere:
        return True
    return listings.shows_rows(account.database, scope, before.parent_id, at)


def _none() -> int:
    return 0


def is_current(before: listings.ListingState, fingerprint: str, stale: datetime) -> bool:
    """Whether a parent's listing need not be read: unchanged, and read completely after `stale`."""
    return before.fingerprint == fingerprint and is_complete_since(before, stale)


def is_complete_since(before: listings.ListingState, stale: datetime) -> bool:
    """Whether the last reading was complete, and after `stale`."""
    at = before.complete_at
    return before.state == COMPLETE and at is not None and at > stale

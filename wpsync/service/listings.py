"""Listings: read whole, or where each room has one of its own, those of the rooms that have changed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from wpsync.extract.events import Reason
from wpsync.ledger import COMPLETE, Reading
from wpsync.load import holdings, state
from wpsync.load.state import Scope
from wpsync.resources.spec import Resource
from wpsync.service.account import Account
from wpsync.service.narrowing import OneByOne
from wpsync.service.pipeline import Run

_EMPTY_FOR = timedelta(hours=24)
"""How long a listing must have been empty, at every reading, for the rows that are held to be gone."""


def read_listing(
    account: Account, resource: Resource, run: Run, on_rows: Callable[[int], None]
) -> None:
    """Read a listing whole, or the listing of every parent that needs it."""
    scope = account.scope(resource)
    pipeline = account.pipeline(resource)
    if resource.parent is None:
        held = _held(account, scope, state.listings(account.database, scope).get(""))
        pipeline.listing(run, held=held, on_rows=on_rows)
        return
    now = account.clock.now()
    run.totals.rows_updated += state.forget_gone_rooms(account.database, account.name, now)
    parents = state.rooms(account.database, account.name)
    known = state.listings(account.database, scope)
    stale = now - account.pace.members_every
    one_by_one = OneByOne()
    for parent, room in parents.items():
        before = known.get(parent)
        if before and is_current(before, room.fingerprint, stale):
            continue
        # An empty one is believed where the room itself says so.
        held = _held(account, scope, before, parent) if room.members != 0 else _none
        with one_by_one.past(parent):
            pipeline.listing(
                run,
                parent=parent,
                fingerprint=room.fingerprint,
                held=held,
                on_rows=on_rows,
                waits=not one_by_one.in_a_row,
            )
    for parent in one_by_one.problems:
        reading = Reading(None, 0, Reason.UNREADABLE, now)
        with account.database.transaction() as connection:
            state.close_listing(connection, scope, parent, reading, None, run.id)
    run.incomplete += one_by_one.said()


def _held(
    account: Account, scope: Scope, before: state.ListingState | None, parent: str = ""
) -> Callable[[], int]:
    """Tells how many rows an empty listing would contradict; none once it has been empty for long enough."""
    since = before.empty_since if before else None
    if since is not None and account.clock.now() - since >= _EMPTY_FOR:
        return _none
    return partial(_listed, account, scope, parent)


def _none() -> int:
    return 0


def _listed(account: Account, scope: Scope, parent: str) -> int:
    with account.database.connection() as connection:
        return holdings.listed(connection, scope, parent)


def is_current(before: state.ListingState, fingerprint: str, stale: datetime) -> bool:
    """Whether a parent's listing need not be read: unchanged, and read completely after `stale`."""
    return before.fingerprint == fingerprint and is_complete_since(before, stale)


def is_complete_since(before: state.ListingState, stale: datetime) -> bool:
    """Whether the last reading was complete, and after `stale`."""
    at = before.complete_at
    return before.state == COMPLETE and at is not None and at > stale

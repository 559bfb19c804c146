"""Listings: read whole, or where each room has one of its own, those of the rooms that have changed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from wpsync.errors import UNSERVED
from wpsync.extract.events import Reason
from wpsync.ledger import COMPLETE, Reading
from wpsync.load import holdings, state
from wpsync.load.state import Scope
from wpsync.resources.spec import Resource
from wpsync.service.account import Account
from wpsync.service.narrowing import OneByOne
from wpsync.service.pipeline import Run

_OTHERS = 3
"""So many other rooms are asked for before it is believed that nobody's members can be served."""

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
    served: list[str] = []

    def others() -> bool:
        """Whether the vendor serves what it served before; another room, where there is nothing."""
        before = [one for one in parents if one in known and known[one].state == COMPLETE]
        asked = [one for one in [*parents, *before, *served] if one not in one_by_one.problems]
        return any(map(pipeline.serves, asked[-_OTHERS:]))

    one_by_one = OneByOne(others=others)
    # What could not be read comes last: what can be read never waits for it.
    for parent in sorted(parents, key=lambda one: one in known and known[one].state != COMPLETE):
        room, before = parents[parent], known.get(parent)
        if before and is_current(before, room.fingerprint, stale):
            continue
        # An empty one is believed where the room itself says so.
        held = _held(account, scope, before, parent) if room.members != 0 else _none
        with one_by_one.past(parent), _entered(account, scope, parent, run):
            pipeline.listing(
                run,
                parent=parent,
                fingerprint=room.fingerprint,
                held=held,
                on_rows=on_rows,
                waits=not one_by_one.problems,
            )
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
            state.close_listing(connection, scope, parent, reading, None, run.id)
        raise


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
    return (
        before.state == COMPLETE
        and before.fingerprint == fingerprint
        and before.complete_at is not None
        and before.complete_at > stale
    )


def listing_age(account: Account, resource: Resource) -> timedelta | None:
    """How long ago a listing or report was last read completely; None where it never was."""
    at = [
        known.complete_at
        for known in state.listings(account.database, account.scope(resource)).values()
        if known.complete_at is not None
    ]
    return account.clock.now() - max(at) if at else None

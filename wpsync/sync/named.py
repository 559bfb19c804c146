"""Rows that others name and that are not there (the chats of messages) are looked for until they are.

First among the newest, which takes a request or two; then in the whole listing; from the second time on also filter by
filter. A look that finds nothing is repeated ever more rarely, and the missing rows are counted in every status.
"""

from collections.abc import Sequence

from wpsync.errors import Message
from wpsync.extract.reading import MAX_FILTER_VALUES
from wpsync.extract.ways import since
from wpsync.model import Priority
from wpsync.resources.spec import Resource
from wpsync.state import named_rows
from wpsync.state.named_rows import Missing
from wpsync.sync import listings, ways
from wpsync.sync.account import Account
from wpsync.sync.run import Run
from wpsync.sync.window_sync import ListingRequest

Body = dict[str, object]


def is_missing(account: Account, resource: Resource) -> bool:
    """Return whether any row is named and not there; asks no vendor."""
    scope = account.scope(resource)
    if not named_rows.missing(account.database, scope):
        return False
    named_rows.look(account.database, scope, account.clock.now())
    return bool(named_rows.missing(account.database, scope))


def is_due(account: Account, resource: Resource) -> bool:
    """Return whether any of them is to be looked for by now."""
    return is_missing(account, resource) and bool(_due(account, resource))


def look_for(account: Account, resource: Resource, run: Run, *, thorough: bool = False) -> None:
    """Look for the rows that are due, and count those that are missing afterwards. `thorough`: in every way at once."""
    scope, ladder = account.scope(resource), account.pace.policy.windows.later
    due = _due(account, resource)
    try:
        for look in (_among_the_newest, _in_the_whole, _by_filters):
            if due:
                look(account, resource, run, due, thorough)
                named_rows.look(account.database, scope, account.clock.now())
                due = _due(account, resource)
    finally:
        if due:
            named_rows.looked_for(account.database, scope, account.clock.now(), ladder)
    left = named_rows.missing(account.database, scope)
    if left:
        run.incomplete.append(Message("listing.named_missing", {"count": left}))


def _due(account: Account, resource: Resource) -> list[Missing]:
    return named_rows.due(account.database, account.scope(resource), account.clock.now())


def _among_the_newest(
    account: Account, resource: Resource, run: Run, due: Sequence[Missing], thorough: bool
) -> None:
    """Read the time since they were first named, where that is not long ago."""
    now, rules = account.clock.now(), account.pace.policy.surveys
    recent = [one.named_at for one in due if not one.attempts and now - one.named_at < rules.recent]
    if recent:
        _read_part(account, resource, run, [dict(since(min(recent) - rules.margin, now))])


def _in_the_whole(
    account: Account, resource: Resource, run: Run, due: Sequence[Missing], thorough: bool
) -> None:
    """Read the whole listing; ask first in which way, where that has not helped before."""
    fresh = thorough or any(one.attempts for one in due)
    with account.alone(resource.name, "sync"):
        listings.read_listing(account, resource, run, fresh=fresh)


def _by_filters(
    account: Account, resource: Resource, run: Run, due: Sequence[Missing], thorough: bool
) -> None:
    """Read the listing once for each value of a filter: a row that it hides from all it may show to one who asks."""
    if not (thorough or any(one.attempts for one in due)):
        return
    source, survey = account.source(resource, Priority.LIVE), ways.surveyed(account, resource)
    for by in resource.filters:
        asks = [
            {**ask, by.name: value}
            for value in source.values(by)
            for ask in survey.asks(account.clock.now())
        ]
        if 0 < len(asks) <= MAX_FILTER_VALUES:
            _read_part(account, resource, run, asks)


def _read_part(account: Account, resource: Resource, run: Run, asks: Sequence[Body]) -> None:
    """Load the rows that are shown. A part is not proved: a row that it lacks is looked for further."""
    problems = list(run.incomplete)
    request = ListingRequest(asks=asks)
    account.pipeline(resource, run).sync_listing(request, account.store(resource).part())
    run.incomplete[:] = problems

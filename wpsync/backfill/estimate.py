"""About how many rows and requests a listing or a report takes: from what is known, else as the vendor counts.

The vendor is asked only where nothing was ever read, one request of one row for each listing, and what it
said is remembered in `counted` while one plan is made.
"""

from dataclasses import dataclass
from math import ceil

from wpsync.api.endpoints import agents
from wpsync.errors import Stopped
from wpsync.loading import parents as parent_rows
from wpsync.model import Priority
from wpsync.resources import RESOURCES
from wpsync.resources.crm import AGENTS
from wpsync.resources.spec import Mode, Resource
from wpsync.state import listings
from wpsync.sync import ways
from wpsync.sync.account import Account
from wpsync.sync.listings import is_current

_AGENTS = AGENTS.name


@dataclass(frozen=True, slots=True)
class Estimate:
    """Rows (None where nobody can know them before) and requests. One that is not rough is exact."""

    rows: int | None
    requests: int
    is_rough: bool


def estimate(account: Account, resource: Resource, counted: dict[str, int]) -> Estimate:
    """What reading a listing or a report would take now."""
    if resource.mode is Mode.REPORT:
        return Estimate(
            None, max(1, _agents(account, counted) * resource.requests_per_parent), True
        )
    if resource.parent is not None:
        return Estimate(None, max(1, _parents(account, resource, counted)), True)
    if not resource.page_size:
        return Estimate(None, 1, False)
    if resource.spans:
        _go_on(account)
        survey = ways.surveyed(account, resource)
        parts = len(survey.asks(account.clock.now()))
        requests = max(parts, ceil(survey.total / resource.page_size))
        return Estimate(survey.total, requests, False)
    rows = _listed(account, resource, counted)
    return Estimate(rows, max(1, ceil((rows or 0) / resource.page_size)), True)


def _agents(account: Account, counted: dict[str, int]) -> int:
    """How many agents there are."""
    known = parent_rows.agents(account.database, account.name)
    if known:
        return len(known)
    if _AGENTS not in counted:
        _go_on(account)
        counted[_AGENTS] = len(agents(account.client))
    return counted[_AGENTS]


def _parents(account: Account, resource: Resource, counted: dict[str, int]) -> int:
    """Pages of the rooms that are due to be read; a room of which nothing is known counts as one."""
    assert resource.parent is not None
    rooms = parent_rows.rooms(account.database, account.name)
    if not rooms:
        return _listed(account, RESOURCES[resource.parent], counted) or 0
    known = listings.listings(account.database, account.scope(resource))
    stale = account.clock.now() - account.pace.members_every
    pages = 0
    for room in rooms.values():
        before = known.get(room.id)
        if before is None or not is_current(before, room.fingerprint, stale):
            pages += max(1, ceil((before.rows_seen if before else 0) / resource.page_size))
    return pages


def _listed(account: Account, resource: Resource, counted: dict[str, int]) -> int | None:
    """How many rows a listing had when it was read last, else as the vendor says."""
    known = listings.listings(account.database, account.scope(resource)).get("")
    if known is not None:
        return known.rows_seen
    if resource.name not in counted:
        _go_on(account)
        source = account.source(resource, Priority.LIVE)
        count = source.page({"page": 1, "pageSize": 1}).count
        if count is None:
            return None
        counted[resource.name] = count
    return counted[resource.name]


def _go_on(account: Account) -> None:
    if account.stopping():
        raise Stopped

"""The reports: what the vendor says of each agent's calls.

`callReport` gives totals; `callDetail` gives a row per day without answered calls, and for one day
alone, today, also how many were answered. A report marks nothing as gone.
"""

from collections.abc import Callable, Iterator, Mapping

from wpsync.api.endpoints import call_detail, call_report
from wpsync.errors import UNSERVED, Stopped, VendorRefusedError
from wpsync.extract.events import Reason
from wpsync.ledger import Reading
from wpsync.loading import diff, listed_rows
from wpsync.loading import parents as parent_rows
from wpsync.loading.diff import EXTRA, Difference
from wpsync.loading.staging import Staging
from wpsync.normalize.rows import Normalizer
from wpsync.resources.report import AGENT_CALL_DAYS, AGENT_CALL_TOTALS
from wpsync.resources.spec import Resource
from wpsync.state import dead_letters, listings
from wpsync.sync.account import Account
from wpsync.sync.one_by_one import OneByOne
from wpsync.sync.run import Run
from wpsync.sync.unit import Comparison
from wpsync.values import SHANGHAI

_NO_SUCH_EMPLOYEE = 4004
Record = Mapping[str, object]


def read_report(
    account: Account, resource: Resource, run: Run, comparison: Comparison | None = None
) -> None:
    """Read a report of every agent and load it in one transaction.

    With a `comparison` compare it first, and load it only to repair: then rows that the vendor should show and does not
    are removed.
    """
    agents = parent_rows.agents(account.database, account.name)
    normalize = Normalizer(resource, account.pace.privacy)
    began = account.clock.now()
    with account.database.held() as connection:
        policy, check = account.pace.policy, account.database.leases.check
        staging = Staging(connection, resource, account.name, policy.windows.deadlocks, check)
        read, served = 0, list[str]()

        def others() -> bool:
            """Whether the vendor answers about whom it served last, or the last of all: a refusal is an answer."""
            try:
                _records(account, resource, [*agents, *served][-1])
            except UNSERVED as exc:
                return isinstance(exc, VendorRefusedError)
            return True

        one_by_one = OneByOne(others=others, rules=policy.listings)
        for agent in agents:
            if account.stopping():
                raise Stopped
            fetched_at, records = account.clock.now(), list[Record]()
            with one_by_one.past(agent):
                records += _records(account, resource, agent)
                served.append(agent)
            normalize(records, fetched_at, staging.batch)
            staging.flush_if_full()
            read += len(records)
            run.on_rows(len(records))
        if not served:
            one_by_one.raise_first()

        reason = Reason.UNREADABLE if one_by_one.problems else None
        reading = Reading(len(agents), read, reason, began)
        extra: list[Difference] = []
        if comparison is not None:
            staging.stage_all()
            found = diff.compare_listed(connection, run.scope, "", began)
            comparison.differences, comparison.reason = found, reason
            extra = [one for one in found if one.what == EXTRA]
            if not comparison.repair:
                return
        for transaction in staging.transactions():
            with transaction:
                changed = listed_rows.is_changed(connection, run.scope)
                counts = staging.merge(duplicates=True)
                diff.remove(connection, run.scope, extra, began)
                letters = dead_letters.keep_dead_letters(
                    connection, account.name, staging.dead_letters, began, run.id
                )
                apart = policy.distrust.listing_apart
                unsure = changed and reason is not None
                digest = None if unsure else listed_rows.digest(connection, run.scope)
                listings.close_listing(
                    connection, run.scope, "", reading, None, run.id, apart, digest
                )
    run.totals.dead_letters += letters
    run.incomplete += one_by_one.said()
    run.totals.rows_read += read
    run.totals.rows_inserted += counts.inserted
    run.totals.rows_updated += counts.updated


def _records(account: Account, resource: Resource, agent: str) -> list[Record]:
    """What the vendor says of one agent; nothing of one it no longer knows."""
    try:
        return list(_READERS[resource.name](account, agent))
    except VendorRefusedError as exc:
        if exc.status_code != _NO_SUCH_EMPLOYEE:
            raise
        return []


def _totals(account: Account, agent: str) -> Iterator[Record]:
    today = f"{account.clock.now().astimezone(SHANGHAI):%Y-%m-%d}"
    totals = call_report(account.client, agent)
    yield {**totals, "id": f"{agent}:{today}", "agent_id": agent, "as_of": today}


def _days(account: Account, agent: str) -> Iterator[Record]:
    """Thirty days without answered calls; then today, which the vendor also tells alone, with them."""
    for day in _listed(call_detail(account.client, agent, "late30")):
        yield {**day, "id": f"{agent}:{day.get('date')}", "agent_id": agent}
    today = call_detail(account.client, agent, "today")
    frame = str(today.get("timeframe") or "").split("~")
    named = {part.strip() for part in frame if part.strip()}
    local = f"{account.clock.now().astimezone(SHANGHAI):%Y-%m-%d}"
    date = named.pop() if len(named) == 1 else local
    totals = {key: value for key, value in today.items() if key not in ("list", "timeframe")}
    yield {**totals, "date": date, "id": f"{agent}:{date}", "agent_id": agent}


def _listed(detail: Record) -> list[Record]:
    listed = detail.get("list")
    return [day for day in listed if isinstance(day, dict)] if isinstance(listed, list) else []


_READERS: dict[str, Callable[[Account, str], Iterator[Record]]] = {
    AGENT_CALL_TOTALS.name: _totals,
    AGENT_CALL_DAYS.name: _days,
}

"""Proof of listings and reports: our rows against the digest that their last reading entered.

Every sync reads them whole, so a change at the vendor is no difference. A change by hand is one, and shows in the digest
without a request. Only such a listing is read and compared, and repaired in the same transaction. A report shows the
last days only: a change of an earlier row is reported once, and cannot be mended.
"""

from wpsync.extract.events import Reason
from wpsync.loading import clock_repair
from wpsync.resources.spec import Mode, Resource
from wpsync.state.listings import listings
from wpsync.sync.account import Account
from wpsync.sync.finding import Finding
from wpsync.sync.listings import read_listing
from wpsync.sync.reports import read_report
from wpsync.sync.run import Run
from wpsync.sync.unit import Comparison


def verify_listing(
    account: Account, resource: Resource, *, repair: bool, kind: str
) -> list[Finding]:
    """Find changes by hand in a listing, in the listings of all parents, or in a report."""
    findings: list[Finding] = []
    for attempt in account.reconnecting():
        with attempt:
            if not _changed(account, resource):
                continue
            with account.alone(resource.name, "sync"), account.run(resource, kind) as run:
                if repair:  # else nothing overwrites rows of the future
                    now, skew = account.clock.now(), account.pace.policy.clocks.skew
                    scope = account.scope(resource)
                    clock_repair.set_rows_right(account.database, scope, now, skew)
                findings = _compared(account, resource, run, repair=repair)
                findings += _orphans(account, resource, repair=repair)
                run.incomplete[:] = [one.message for one in findings if not one.repaired]
    return findings


def _changed(account: Account, resource: Resource) -> bool:
    store = account.store(resource)
    return bool(store.changed_listings() or store.orphans())


def _compared(account: Account, resource: Resource, run: Run, *, repair: bool) -> list[Finding]:
    """Read the listings whose rows are not as they were left, and compare them."""
    store = account.store(resource)
    compared = {
        parent: Comparison(repair=repair, counted=True, reason=Reason.UNREADABLE)
        for parent in store.changed_listings()
    }
    if not compared:
        return []
    if resource.mode is Mode.REPORT:
        read_report(account, resource, run, compared[""])
    else:
        read_listing(account, resource, run, fresh=True, comparisons=compared)
    findings = []
    known = listings(account.database, account.scope(resource))  # a room may have gone
    for parent, result in compared.items():
        if parent not in known:
            continue
        reason = result.reason
        if resource.mode is Mode.REPORT and not result.differences:
            reason = reason or Reason.UNEXPLAINED
        if result.differences or reason is not None:
            findings.append(
                Finding(
                    account.name,
                    resource.name,
                    None,
                    reason=reason,
                    differences=result.differences,
                    repaired=repair and reason is None,
                    parent=parent,
                )
            )
    return findings


def _orphans(account: Account, resource: Resource, *, repair: bool) -> list[Finding]:
    """Rows of parents that never were; repair moves them to the history."""
    store = account.store(resource)
    found = store.orphans()
    if not found:
        return []
    if repair:
        store.put_away(found)
    return [Finding(account.name, resource.name, None, differences=found, repaired=repair)]

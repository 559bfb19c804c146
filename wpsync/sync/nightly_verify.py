"""The nightly proof: what the tables hold against the ledger, without asking the vendor.

Probes keep the ledger true to the vendor; this keeps the tables true to the ledger. Only a window
whose rows are not as many as were entered, or in which `verify` left differences, is verified with
the vendor, and repaired.
"""

from datetime import timedelta

from wpsync.extract import windows
from wpsync.model import Window
from wpsync.resources.spec import Resource
from wpsync.sync.account import Account
from wpsync.sync.finding import Finding
from wpsync.sync.progress import Silence
from wpsync.sync.retention import kept_from
from wpsync.sync.verify import verify

_ENDLESS = timedelta(days=36_500)


def prove(account: Account, resource: Resource) -> list[Finding]:
    """Compare every complete window with its table; what differed, and whether it is repaired now.

    What retention forgets, perhaps at this very time, is left alone.
    """
    now = windows.floor_second(account.clock.now())
    store = account.store(resource)
    since = kept_from(account.pace.retention, resource.name, now) or now - _ENDLESS
    known = [
        window
        for window in store.windows(Window(since, now))
        if window.is_complete and window.starts_at >= since
    ]
    held = store.held([window.window for window in known])
    findings: list[Finding] = []
    for window, rows in zip(known, held, strict=True):
        if rows != window.rows_held or window.disputed_at is not None:
            span = window.window
            findings += verify(
                account, resource, span, Silence(), deep=False, repair=True, kind="proof"
            )
    return findings

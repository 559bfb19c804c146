"""The nightly proof: the tables against the ledger, without asking the vendor.

Probes keep the ledger true to the vendor; this keeps the tables true to the ledger. A window is verified with the vendor, and
repaired, where it has other rows than were entered (by count or digest), where `verify` left differences, and where rows are
suspicious by themselves (`loading.suspicion`). Rows where the ledger has no window are read again: the ledger
lost it. So are listings whose digest differs. Altered content is left to the daily sample and `verify --deep`.
"""

from bisect import bisect_left
from datetime import timedelta

from wpsync.extract import windows
from wpsync.model import Window
from wpsync.resources.spec import Mode, Resource
from wpsync.sync.account import Account
from wpsync.sync.finding import Finding
from wpsync.sync.progress import Silence
from wpsync.sync.retention import kept_from
from wpsync.sync.verify import set_clocks_right, unread, verify

_ENDLESS = timedelta(days=36_500)


def prove(account: Account, resource: Resource) -> list[Finding]:
    """Compare the tables with the ledger; return each difference, and whether it is repaired now.

    Rows that retention deletes, perhaps at this very time, are left alone.
    """
    now = windows.floor_second(account.clock.now())
    since = kept_from(account.pace.retention, resource.name, now) or now - _ENDLESS
    findings: list[Finding] = []

    def check(span: Window, *, deep: bool = False) -> None:
        found = verify(account, resource, span, Silence(), deep=deep, repair=True, kind="proof")
        findings.extend(found)

    if resource.mode is not Mode.WINDOWED:
        check(Window(since, now))
        return findings
    for span, deep in _suspects(account, resource, Window(since, now)):
        check(span, deep=deep)
    return findings


def _suspects(account: Account, resource: Resource, span: Window) -> list[tuple[Window, bool]]:
    """Return the stretches to verify, and of each whether its content is to be compared although counts may agree."""
    store = account.store(resource)
    times = store.suspicious_times(span.end + account.pace.policy.clocks.skew)
    set_clocks_right(account, resource)
    mark, known = store.watermark(), store.windows(span)
    complete = [one for one in known if one.is_complete and one.starts_at >= span.start]
    held = store.held([one.window for one in complete])
    found: list[tuple[Window, bool]] = []
    for window, rows in zip(complete, held, strict=True):
        first = bisect_left(times, window.starts_at)
        is_suspicious = first < len(times) and times[first] < window.ends_at
        same = rows == window.rows_held and store.holds_the_same(window)
        if is_suspicious or window.disputed_at is not None or not same:
            found.append((window.window, is_suspicious))
    for stretch in unread(account, resource, span, known, mark, whole=True):
        days = list(windows.by_day(stretch, account.pace.max_span))
        found += [(day, False) for day, rows in zip(days, store.held(days), strict=True) if rows]
    return found

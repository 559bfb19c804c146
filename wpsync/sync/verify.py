"""Proof: the ledger and our tables against the vendor, window by window, and the repair of what differs.

Counts first: the vendor's now, the ledger's, and the rows held. Where they disagree the window is
bisected down to about a page and the content compared row by row; with `deep`, and where rows show no
time by which they could be counted, the content is compared everywhere; so it is in a window that is disputed
(`LedgerWindow.disputed_at`), whatever was asked for, until it agrees or is repaired. A window is held under its
resource's locks while it is looked at, so that rows in flight raise no alarm; where a backfill entered it
meanwhile, or it moved while it was read, it is compared again. Repair reads nothing twice: what was
compared is what is loaded. What nobody has read is a finding too.

Rows that the vendor has added since a window was checked are awaited (`Finding.awaited`) as long as the next check, which
loads them, is not overdue. Rows that it has changed are no finding as long as a follow-up is to read them. Repair takes
both along.

A row that we hold and the vendor does not list was either put in by hand or has gone at the vendor.
The digest of its window tells: where the vendor still lists the very rows that the ledger was entered
for, ours were changed. Then the row is foreign, and repair moves it to `wp.history`. Where only pieces
of a window were read, counts tell: the vendor's is what the ledger says, and we hold just so many rows
more. Otherwise, also where it cannot be told, it is kept and noted as gone.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from wpsync import ledger
from wpsync.errors import UNSERVED, Stopped
from wpsync.extract import windows
from wpsync.extract.events import Reason
from wpsync.ledger import LedgerWindow
from wpsync.loading import clock_repair
from wpsync.loading.diff import EXTRA, MISSING
from wpsync.model import EVER, Priority, Window
from wpsync.resources.spec import Mode, Resource
from wpsync.sync import retention
from wpsync.sync.account import Account
from wpsync.sync.finding import Finding
from wpsync.sync.progress import Progress
from wpsync.sync.run import Run
from wpsync.sync.unit import Comparison
from wpsync.sync.verify_listings import verify_listing
from wpsync.sync.window_sync import WindowRequest


class Verifier:
    """Verifies one windowed resource. One thread at a time."""

    def __init__(
        self, account: Account, resource: Resource, run: Run, *, deep: bool, repair: bool
    ) -> None:
        self._account = account
        self._resource = resource
        self._deep = deep
        self._repair = repair
        self._store = account.store(resource)
        self._recheck = account.recheck(resource)
        self._pipeline = account.pipeline(resource, run, Priority.PROBE)

    def windows(self, span: Window) -> list[Finding]:
        """Compare the windows of the ledger in a span, and note there which of them still differ.

        Where the ledger changed meanwhile, or the vendor's list did, the comparison was of two states: another is made.
        """
        for _ in range(self._account.pace.policy.rechecks.comparisons):
            known = self._store.windows(span)
            findings = [self._window(window) for window in known]
            moved = any(one is not None and one.reason == Reason.ROWS_MISSING for one in findings)
            if self._repair or not any(one is not None and one.is_open for one in findings):
                break
            if not moved and self._store.windows(span) == known:
                break
        for window, finding in zip(known, findings, strict=True):
            self._note(window, finding)
        return [finding for finding in findings if finding is not None]

    def _window(self, known: LedgerWindow) -> Finding | None:
        """Compare one window; None where nothing differs.

        One that the vendor cannot serve, although it answers otherwise, is a finding.
        """
        try:
            return self._compared(known)
        except UNSERVED:
            if not self._pipeline.vendor_answers():
                raise
            return self._unserved(known)

    def _note(self, known: LedgerWindow, finding: Finding | None) -> None:
        if not known.is_complete:
            return
        if finding is not None and finding.awaited:
            return
        if finding is not None and not finding.repaired:
            self._dispute(known.window, self._account.clock.now())
        elif known.disputed_at is not None and (finding is None or finding.reason is None):
            self._dispute(known.window, None)

    def _dispute(self, span: Window, at: datetime | None) -> None:
        self._store.update(span, partial(ledger.dispute, span=span, at=at))

    def _unserved(self, known: LedgerWindow) -> Finding:
        finding = Finding(
            self._account.name,
            self._resource.name,
            known.window,
            None,
            known.vendor_count,
            self._store.held([known.window])[0],
            Reason.UNREADABLE,
        )
        if not self._repair:
            return finding
        self._recheck.doubt(known.window)
        return self._read_again(finding)

    def _compared(self, known: LedgerWindow) -> Finding | None:
        window = known.window
        counted = self._recheck.count(window)
        held = self._store.held([window])[0]
        finding = Finding(
            self._account.name, self._resource.name, window, counted, known.vendor_count, held
        )
        is_to_be_counted = known.reason == ledger.RECOUNT_DUE and not self._repair
        if not known.is_complete and not is_to_be_counted:
            finding.reason = known.reason
            return self._read_again(finding) if self._repair else finding
        if counted is None:
            finding.reason = Reason.COUNT_MISSING
        agrees = counted == known.vendor_count and held == known.rows_held
        agrees |= is_to_be_counted  # only its count is not known; its rows tell
        same = self._store.holds_the_same(known)
        deep = self._deep or known.disputed_at is not None or is_to_be_counted
        if agrees and same and not deep:
            return None
        pieces = [window] if deep else self._suspicious(finding)
        shown = [self._compare(finding, piece) for piece in pieces]
        if agrees and not finding.differences and finding.reason is None:
            if self._repair and not same:  # the ledger's digest is out of date
                self._settle(finding)
            return None
        if not self._repair and self._came_late(finding, known):
            finding.reason, finding.awaited = Reason.CAME_LATE, True
        if self._repair and finding.reason is None:
            is_same = pieces == [window] and shown[0].digest == known.digest
            self._put_away(finding, known, is_same=is_same)
            self._settle(finding)
        return finding

    def _came_late(self, finding: Finding, known: LedgerWindow) -> bool:
        """Whether all that differs are rows that came since the window was checked, and the next check is to take them.

        We hold as many as were entered, and none that is not listed: then those that we lack are new.
        """
        now, pace = self._account.clock.now(), self._account.pace
        age = now - known.ends_at
        due = known.checked_at + pace.ages.every(age) + pace.policy.rechecks.next_pass
        if finding.reason is not None or now > due or age > pace.ages.horizon:
            return False
        main = self._resource.table.name
        late = {
            one.owner for one in finding.differences if (one.table, one.what) == (main, MISSING)
        }
        others = [one for one in finding.differences if one.owner not in late]
        return finding.held == known.rows_held and not others

    def _suspicious(self, finding: Finding) -> list[Window]:
        """The narrow pieces in which the vendor's count is not what we hold; else the whole window."""
        pieces: list[Window] = []
        if finding.vendor_count is not None and finding.held is not None:
            window, counted, held = finding.stretch, finding.vendor_count, finding.held
            pieces += self._recheck.differing(window, counted, held)
        return pieces or [finding.stretch]

    def _compare(self, finding: Finding, window: Window) -> Comparison:
        """Read a stretch and compare its rows; mend them, where that is wanted, with what was read."""
        counted = finding.vendor_count == finding.ledger_count
        comparison = Comparison(repair=self._repair, counted=counted)
        request = WindowRequest(
            window=window,
            settled=self._account.settled(self._resource),
            believes_empty=counted or bool(finding.vendor_count),
            bisects=False,
        )
        self._pipeline.sync_window(request, self._store.comparing(comparison))
        finding.differences += comparison.differences
        finding.reason = comparison.reason or finding.reason
        return comparison

    def _put_away(self, finding: Finding, known: LedgerWindow, *, is_same: bool) -> None:
        """Take out what never came from the vendor. `is_same`: it lists the rows that the ledger was entered for."""
        main = self._resource.table.name
        extra = [f for f in finding.differences if f.what == EXTRA and f.table == main]
        surplus = (finding.held or 0) - known.rows_held
        counts = finding.vendor_count == known.vendor_count and len(extra) == surplus
        if extra and (is_same or counts):
            self._store.put_away(extra)

    def unread(self, window: Window) -> Finding:
        """A stretch that nobody has read; repair reads it by days as a backfill does, the newest first."""
        held = self._store.held([window])[0]
        names = self._account.name, self._resource.name
        finding = Finding(*names, window, None, None, held, Reason.UNREAD)
        if self._repair:
            days = list(windows.by_day(window, self._account.pace.max_span))
            for day in reversed(days):
                with self._account.alone(self._resource.name, "recheck"):
                    for rest in _missing(day, self._store.windows(day)):
                        self._read(rest)
            self._judge(finding)
        return finding

    def _read_again(self, finding: Finding) -> Finding:
        """An incomplete window is read as any other is."""
        self._read(finding.stretch)
        self._judge(finding)
        return finding

    def _read(self, window: Window) -> None:
        settled = self._account.settled(self._resource)
        self._pipeline.sync_window(WindowRequest(window=window, settled=settled))

    def _judge(self, finding: Finding) -> None:
        """What was read is repaired if the ledger vouches for all of it now."""
        known = self._store.windows(finding.stretch)
        finding.repaired = not _missing(finding.stretch, [one for one in known if one.is_complete])

    def _settle(self, finding: Finding) -> None:
        """What was mended agrees now, by counts; where it does not, the whole window is read again."""
        for last in (False, True):
            counted = self._recheck.count(finding.stretch)
            pieces = self._store.windows(finding.stretch)
            held = self._store.held([piece.window for piece in pieces])
            good = all(
                p.is_complete and p.rows_held == h and self._store.holds_the_same(p)
                for p, h in zip(pieces, held, strict=True)
            )
            if good and counted == sum(piece.vendor_count or 0 for piece in pieces):
                finding.repaired = True
                return
            if not last:
                self._recheck.doubt(finding.stretch)
                self._read(finding.stretch)


def _missing(span: Window, known: Sequence[LedgerWindow]) -> list[Window]:
    return windows.missing(span, [one.window for one in known])


def unread(
    account: Account,
    resource: Resource,
    span: Window,
    known: Sequence[LedgerWindow],
    mark: datetime | None,
    *,
    whole: bool,
) -> list[Window]:
    """What of a span nobody has read, of what is kept and can be known by now.

    `mark` is the watermark as it was before `known` was asked for. With `whole` only stretches passed over: before, or
    between, those that were read.
    """
    # A stretch that settled just now is left to the next pass, but for one that a pass has read already.
    settled = account.settled(resource)
    known_by = settled - account.pace.policy.rechecks.next_pass
    if mark is not None:
        known_by = max(known_by, min(mark, settled))
    start, end = span.start, min(span.end, known_by)
    if whole:
        begins = [*(one.starts_at for one in known), *([mark] if mark is not None else [])]
        start = max(start, min(begins, default=end))
        # The watermark says that it was read, where the newest windows were removed.
        end = min(
            end, max([*(one.ends_at for one in known), *([mark] if mark else [])], default=start)
        )
    since = retention.kept_from(account.pace.retention, resource.name, account.clock.now())
    start = max(start, since or start)
    return _missing(Window(start, end), known) if start < end else []


def nothing_read(account: Account, resources: Sequence[Resource]) -> bool:
    """Whether nothing was ever read of what can be verified."""
    windowed = [one for one in resources if one.mode is Mode.WINDOWED]
    return bool(windowed) and not any(account.store(one).windows(EVER) for one in windowed)


def set_clocks_right(account: Account, resource: Resource) -> None:
    """Take back what says that it is of the future: else nothing overwrites such rows, and nothing is read."""
    now, store = windows.floor_second(account.clock.now()), account.store(resource)
    skew = account.pace.policy.clocks.skew
    before = now - windows.SECOND  # so that a reading that begins now finds them older
    clock_repair.set_rows_right(account.database, account.scope(resource), before, skew)
    with store.ledger() as book:
        first = min((one.starts_at for one in store.windows(EVER)), default=now)
        ledger.take_back_ahead(book, now, first, skew)
        ledger.advance(book)


def verify(
    account: Account,
    resource: Resource,
    span: Window,
    progress: Progress,
    *,
    deep: bool,
    repair: bool,
    whole: bool = False,
    kind: str = "verify",
) -> list[Finding]:
    """What differs, newest first: of every window of the ledger that touches the span, and what nobody has read.

    `whole`: the span is all that was read, however far that goes. Raises Stopped when asked to stop.
    Listings and reports have no ledger by time: all of them is verified, for any span.
    """
    if resource.mode is not Mode.WINDOWED:
        return verify_listing(account, resource, repair=repair, kind=kind)
    findings: list[Finding] = []
    verified: set[Window] = set()
    store = account.store(resource)
    for attempt in account.reconnecting(lambda: len(verified)):
        with attempt, account.run(resource, kind) as run:
            if deep and repair:
                set_clocks_right(account, resource)
            mark, known = store.watermark(), store.windows(span)
            if not verified:
                progress.begin(resource.name, sum(window.rows_held for window in known))
            verifier = Verifier(account, resource, run, deep=deep, repair=repair)
            for stretch in unread(account, resource, span, known, mark, whole=whole):
                if stretch not in verified:
                    findings.append(verifier.unread(stretch))
                    verified.add(stretch)
            for window in reversed(known):
                if window.window in verified:
                    continue
                if account.stopping():
                    raise Stopped
                with (
                    account.alone(resource.name, "recheck"),  # waited for first: it may last hours
                    account.alone(resource.name, "sync"),
                ):
                    findings += verifier.windows(window.window)
                verified.add(window.window)
                progress.advance(resource.name, window.rows_held)
            left = [finding for finding in findings if finding.is_open]
            run.incomplete += [one.message for one in left]
    progress.end(resource.name, "incomplete" if left else "done")
    return sorted(findings, key=lambda finding: finding.stretch, reverse=True)

"""Proof: the ledger and our tables against the vendor, window by window, and the repair of what differs.

Counts first: the vendor's now, the ledger's, and the rows held. Where they disagree the window is
bisected down to about a page and the content compared row by row; with `deep` the content is compared
everywhere. A window is held under its resource's lock while it is looked at, so that rows in flight
raise no alarm. Repair reads nothing twice: what was compared is what is loaded.

A row that we hold and the vendor does not list was either put in by hand or has gone at the vendor.
The vendor's count tells: where it is what the ledger says, nothing went, so the row is foreign and
repair moves it to `wp.history`; otherwise it is kept and noted as gone.
"""

from dataclasses import dataclass, field

from wpsync.errors import UNSERVED, Stopped
from wpsync.extract.events import Closed, Reason
from wpsync.ledger import LedgerWindow
from wpsync.load.comparing import EXTRA, Difference
from wpsync.load.upsert import Counts
from wpsync.model import Priority, Window
from wpsync.resources.spec import Mode, Resource
from wpsync.service.account import Account
from wpsync.service.pipeline import Run, recorded
from wpsync.service.progress import Progress
from wpsync.service.store import Intake, Loaded


@dataclass(slots=True)
class Finding:
    """A window that differs: the vendor's count now, the ledger's, the rows held, and which rows.

    `reason` says why it could not be compared, where that is so. `repaired` is set when it was mended.
    """

    account: str
    resource: str
    window: Window
    vendor_count: int | None
    ledger_count: int | None
    held: int | None
    reason: str | None = None
    differences: list[Difference] = field(default_factory=list)
    repaired: bool = False


class Verifier:
    """Verifies one windowed resource. One thread at a time."""

    def __init__(
        self, account: Account, resource: Resource, run: Run, *, deep: bool, repair: bool
    ) -> None:
        self._account = account
        self._resource = resource
        self._run = run
        self._deep = deep
        self._repair = repair
        self._store = account.store(resource)
        self._recheck = account.recheck(resource)
        self._pipeline = account.pipeline(resource, Priority.PROBE)

    def window(self, known: LedgerWindow) -> Finding | None:
        """Compare one window of the ledger; None where nothing differs.

        One that the vendor cannot serve, although it answers otherwise, is a finding.
        """
        try:
            return self._compared(known)
        except UNSERVED:
            if not self._pipeline.vendor_answers():
                raise
        return self._unserved(known)

    def _unserved(self, known: LedgerWindow) -> Finding:
        holding = self._store.held([known.window])
        finding = Finding(
            self._account.name,
            self._resource.name,
            known.window,
            None,
            known.vendor_count,
            holding[0] if holding is not None else None,
            Reason.UNREADABLE,
        )
        if not self._repair:
            return finding
        if known.is_complete:
            self._store.doubt(known)
        return self._read_again(finding)

    def _compared(self, known: LedgerWindow) -> Finding | None:
        window = known.window
        counted = self._recheck.count(window)
        holding = self._store.held([window])
        held = holding[0] if holding is not None else None
        finding = Finding(
            self._account.name, self._resource.name, window, counted, known.vendor_count, held
        )
        if not known.is_complete:
            finding.reason = known.reason
            return self._read_again(finding) if self._repair else finding
        if counted is None:
            finding.reason = Reason.COUNT_MISSING
        agrees = counted == known.vendor_count and held in (None, known.rows_held)
        if agrees and not self._deep:
            return None
        foreign = counted == known.vendor_count
        for piece in [window] if self._deep else self._suspicious(finding):
            self._compare(finding, piece, foreign=foreign)
        if agrees and not finding.differences and finding.reason is None:
            return None
        if self._repair and finding.reason is None:
            self._settle(finding)
        return finding

    def _suspicious(self, finding: Finding) -> list[Window]:
        """The narrow pieces in which the vendor's count is not what we hold; else the whole window."""
        pieces: list[Window] = []
        if finding.vendor_count is not None and finding.held is not None:
            self._recheck.bisect(finding.window, finding.vendor_count, finding.held, pieces.append)
        return pieces or [finding.window]

    def _compare(self, finding: Finding, window: Window, *, foreign: bool) -> None:
        """Read a stretch and compare its rows; mend them, where that is wanted, with what was read."""
        main = self._resource.table.name

        def look(intake: Intake, closed: Closed) -> Loaded:
            if closed.window is None or closed.read_at is None:
                return Loaded(Counts())
            if closed.reason is not None:
                finding.reason = closed.reason
                return Loaded(Counts())
            found = intake.differences(closed.window, closed.read_at)
            finding.differences += found
            if not (self._repair and found):
                return Loaded(Counts())
            unwanted = [f for f in found if f.what == EXTRA and (foreign or f.table != main)]
            return intake.mend(closed, self._run.id, unwanted, counted=foreign)

        settled = self._account.settled(self._resource)
        self._pipeline.window(
            self._run,
            window,
            settled=settled,
            live=False,
            believes_empty=foreign or bool(finding.vendor_count),
            close=look,
        )

    def _read_again(self, finding: Finding) -> Finding:
        """An incomplete window is read as any other is."""
        settled = self._account.settled(self._resource)
        self._pipeline.window(self._run, finding.window, settled=settled, live=False)
        pieces = self._store.ledger(finding.window)
        finding.repaired = all(piece.is_complete for piece in pieces)
        return finding

    def _settle(self, finding: Finding) -> None:
        """What was mended agrees now, by counts; where it does not, the whole window is read again."""
        for last in (False, True):
            counted = self._recheck.count(finding.window)
            pieces = self._store.ledger(finding.window)
            holding = self._store.held([piece.window for piece in pieces])
            held = [p.rows_held for p in pieces] if holding is None else holding
            good = all(
                p.is_complete and p.rows_held == h for p, h in zip(pieces, held, strict=True)
            )
            if good and counted == sum(piece.vendor_count or 0 for piece in pieces):
                finding.repaired = True
                return
            if not last:
                for piece in pieces:
                    self._store.doubt(piece)
                settled = self._account.settled(self._resource)
                self._pipeline.window(self._run, finding.window, settled=settled, live=False)


def verify(
    account: Account,
    resource: Resource,
    span: Window,
    progress: Progress,
    *,
    deep: bool,
    repair: bool,
) -> list[Finding]:
    """Every window of the ledger that touches the span, newest first; what differs.

    Raises Stopped when asked to stop. Listings and reports are read whole by every sync: there is no
    ledger by time to verify.
    """
    if resource.mode is not Mode.WINDOWED:
        return []
    findings: list[Finding] = []
    store = account.store(resource)
    known = store.ledger(span)
    progress.begin(resource.name, sum(window.rows_held for window in known))
    with recorded(
        account.database, account.clock, account.scope(resource), "verify", account.client_requests
    ) as run:
        verifier = Verifier(account, resource, run, deep=deep, repair=repair)
        for window in reversed(known):
            if account.stopping():
                raise Stopped
            with (
                account.alone(resource.name, "sync"),
                account.alone(resource.name, "recheck"),
            ):
                for present in store.ledger(window.window):
                    finding = verifier.window(present)
                    findings += [finding] if finding is not None else []
            progress.advance(resource.name, window.rows_held)
    progress.end(resource.name, "done" if not findings else "incomplete")
    return findings

"""A backfill's progress, kept in the database now and then, so that the status page can show it."""

from threading import Lock

from wpsync.model import Window
from wpsync.state import backfills
from wpsync.sync.account import Account
from wpsync.sync.progress import Progress


class ProgressRecorder:
    """Passes progress on, and notes how far each resource is. Thread-safe."""

    def __init__(self, account: Account, heard: Progress) -> None:
        self._account = account
        self._heard = heard
        self._lock = Lock()
        self._span: Window | None = None
        self._expected: int | None = None
        self._rows = 0
        self._started = account.clock.now()
        self._noted = 0.0

    def span(self, span: Window) -> None:
        """The stretch of vendor time that the next resource is read for."""
        self._span = span

    def begin(self, resource: str, expected_rows: int | None, already: int = 0) -> None:
        """A resource is about to be read."""
        self._heard.begin(resource, expected_rows, already)
        self._expected, self._rows = expected_rows, 0
        self._started = self._account.clock.now()
        self._note(resource, "running")

    def advance(self, resource: str, rows: int) -> None:
        """Rows were read."""
        self._heard.advance(resource, rows)
        with self._lock:
            self._rows += rows
            now = self._account.clock.monotonic()
            if now - self._noted < self._account.pace.policy.backfills.note_every:
                return
            self._noted = now
        self._note(resource, "running")

    def end(self, resource: str, outcome: str) -> None:
        """A resource is finished."""
        self._heard.end(resource, outcome)
        self._note(resource, outcome)
        self._span = None

    def _note(self, resource: str, outcome: str) -> None:
        if self._span is None:
            return
        account = self._account
        backfills.keep_backfill(
            account.database,
            account.name,
            resource,
            self._span,
            expected_rows=self._expected,
            rows_read=self._rows,
            started_at=self._started,
            at=account.clock.now(),
            outcome=outcome,
        )

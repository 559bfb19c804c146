"""The findings of `verify`."""

from dataclasses import dataclass, field

from wpsync.errors import Message
from wpsync.loading.diff import Difference
from wpsync.model import Window
from wpsync.sync.run import incomplete


@dataclass(slots=True)
class Finding:
    """A window or listing that differs: the vendor's count now, the ledger's, the rows held, and which rows.

    A listing has no window, but perhaps a `parent`, and no counts: its rows are not as its last reading left them.
    `reason` says why it could not be compared, where that is so. `repaired` is set when it was mended. `awaited`: all
    that differs came since the last check, and the next one, which is not overdue, loads it.
    """

    account: str
    resource: str
    window: Window | None
    vendor_count: int | None = None
    ledger_count: int | None = None
    held: int | None = None
    reason: str | None = None
    differences: list[Difference] = field(default_factory=list)
    repaired: bool = False
    awaited: bool = False
    parent: str = ""

    @property
    def is_open(self) -> bool:
        """Return whether something is left to be mended."""
        return not self.repaired and not self.awaited

    @property
    def stretch(self) -> Window:
        """Return the window; not to be asked of a listing."""
        assert self.window is not None, "a listing has no window"
        return self.window

    @property
    def message(self) -> Message:
        """Describe the difference, or why it could not be compared."""
        if self.reason is not None:
            return incomplete(self.window, self.reason)
        if self.window is None:
            return Message("listing.differs", {"rows": len(self.differences)})
        return Message("window.differs", {"start": self.window.start, "end": self.window.end})

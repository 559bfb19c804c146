"""Following the present, and catching up with what was left behind it.

What is newest comes first, however much is missing: after an hour's outage, or at the very first start,
a tick reads the last few pages and leaves the rest as a gap in the ledger. The gap is caught up in the
background, so that the next tick never waits for it; the watermark passes it when it is closed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from wpsync.clock import Clock
from wpsync.extract import windows
from wpsync.model import Window
from wpsync.policy import DEFAULT
from wpsync.sync.store import Store
from wpsync.sync.window_sync import Pipeline, WindowRequest

_ENDLESS = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class LiveTail:
    """The stretch between one resource's watermark and now.

    `settled` tells before which instant a stretch counts as accounted for, `longest` the longest window
    that is asked for, `newest_days` into how many days a tick goes back where each holds little.
    """

    store: Store
    settled: Callable[[], datetime]
    longest: timedelta
    newest_days: int = DEFAULT.live.newest_days

    def follow(self, pipeline: Pipeline, end: datetime) -> None:
        """Read from the end of the ledger to `end`; only the newest where that takes many requests."""
        start = self._reached()
        if start >= end:
            return
        pieces, settled = self._by_day(Window(start, end)), self.settled()
        unsettled = sum(piece.start >= settled for piece in pieces)
        for piece in pieces[: unsettled + self.newest_days]:
            request = WindowRequest(
                window=piece,
                settled=self.settled(),
                live=True,
                newest_first=True,
                first_only=True,
            )
            result = pipeline.sync_window(request)
            if request.settled > piece.start:
                accounted = Window(piece.start, min(piece.end, request.settled))
                if result.left(accounted):
                    return

    def behind(self) -> list[Window]:
        """What lies before something that was read and was not read itself, newest first."""
        mark = self._mark()
        reached = self._reached()
        if reached <= mark:
            return []
        span = Window(mark, reached)
        gaps = windows.missing(span, [known.window for known in self.store.windows(span)])
        return [piece for gap in reversed(gaps) for piece in self._by_day(gap)]

    def catch_up(self, pipeline: Pipeline, deadline: float, clock: Clock) -> bool:
        """Read the stretches behind, newest first, until a deadline; return whether no more can be done about them."""
        before = self.behind()
        for piece in before:
            pipeline.sync_window(
                WindowRequest(
                    window=piece,
                    settled=self.settled(),
                    live=True,
                    newest_first=True,
                    deadline=deadline,
                )
            )
            if clock.monotonic() > deadline:
                break
        return self.behind() in ([], before)

    def _by_day(self, span: Window) -> list[Window]:
        return list(reversed(list(windows.by_day(span, self.longest))))

    def _mark(self) -> datetime:
        mark = self.store.watermark()
        assert mark is not None, "a resource has a watermark from its first pass on"
        return mark

    def _reached(self) -> datetime:
        """The end of the newest window that was read."""
        mark = self._mark()
        known = self.store.windows(Window(mark, mark + _ENDLESS))
        return max([mark, *(one.ends_at for one in known)])

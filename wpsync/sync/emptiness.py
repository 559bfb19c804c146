"""An answer of nothing is not believed at once, even where we hold nothing: other counts have to agree.

Where rows lie beside the stretch, the vendor counts both together. If those are as many as there are without the stretch,
it is empty; an answer of nothing contradicts itself there. Where much is empty, one count tells it of ever longer
stretches. Where nothing lies beside it, the vendor is asked several more times, also for a whole month.
Rows that we hold are gone only where the same counts, asked for after the reading, tell so.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from wpsync.errors import UNSERVED
from wpsync.extract import probing
from wpsync.extract.windows import SECOND, floor_second, missing
from wpsync.ledger import LedgerWindow
from wpsync.model import EVER, Window
from wpsync.policy import DEFAULT, Distrust
from wpsync.sync.store import Store

Counted = Callable[[Window], int | None]
"""Asks for the vendor's count of exactly a stretch, in one request. Raises where it is not served."""


class Emptiness:
    """Confirms that stretches of one resource are empty. It remembers, so it lives as long as a run."""

    def __init__(self, store: Store, count: Counted, rules: Distrust = DEFAULT.distrust) -> None:
        self._store = store
        self._count = count
        self._rules = rules
        self._proved: list[Window] = []

    def confirms(self, window: Window) -> bool:
        """Return whether a stretch of which a reading showed nothing, and of which we hold nothing, is empty."""
        if any(one.start <= window.start and window.end <= one.end for one in self._proved):
            return True
        if self._was_proved(window):
            return self._count(window) == 0
        agrees = self._with_later(window)
        if agrees is None:
            agrees = self._with_earlier(window)
        if agrees is None:
            return self._alone(window)
        return agrees and self._count(window) == 0

    def confirms_gone(self, window: Window) -> bool:
        """Return whether the rows that we hold of a stretch are gone, by counts asked for after it was read and empty.

        The nearest row of a complete window is counted with and without the stretch. A vendor that hides rows for a
        while shows neither, and one reply that lies contradicts the others. Where both together are too long to be
        served, or cut in silence, the row has to be shown before and after the stretch is counted again.
        """
        other = probing.beside(self._store.windows(EVER), window)
        if other is None:
            return self._alone(window)
        is_later = other.starts_at >= window.start
        at = self._store.nth_time(other.window, 0 if is_later else other.rows_held - 1)
        if at is None:
            return self._alone(window)
        row = _second(at)
        between = Window(window.end, row.end) if is_later else Window(row.start, window.start)
        alone = self._asked(between)
        both = self._asked(Window(min(window.start, row.start), max(window.end, row.end)))
        if alone and both:
            return both == alone and self._count(window) == 0
        around = Window(
            row.start - SECOND, row.end + SECOND
        )  # shown with either meaning of the vendor's ends
        return bool(self._asked(around)) and self._count(window) == 0 and bool(self._asked(around))

    def _was_proved(self, window: Window) -> bool:
        """Return whether an earlier reading vouches for the stretch, of which we hold nothing: it was empty then."""
        known = [one for one in self._store.windows(window) if one.is_complete]
        return not missing(window, _spans(known))

    def _with_later(self, window: Window) -> bool | None:
        """Ask for it with the nearest rows after it; None where there are none, or such a count tells nothing."""
        reached = window.end
        for known in self._store.windows(Window(window.end, window.end + self._rules.beside)):
            if known.starts_at > reached or not known.is_complete or known.vendor_count is None:
                return None
            empty, reached = reached, known.ends_at
            if known.vendor_count:
                break
        else:
            return None
        first = self._store.nth_time(Window(empty, reached), 0)
        row = None if first is None else _second(first)
        beside = Window(window.end, reached if row is None else row.end)
        rows = self._held(beside)
        # The longer it is empty, the further back is asked with the same request.
        back = min(empty - window.end, self._rules.beside - (beside.end - window.start))
        if rows and back >= window.span:
            wider = Window(window.start - back, window.end)
            if self._asked(Window(wider.start, beside.end)) == rows:
                self._proved.append(wider)
                return True
        return self._agrees(window, beside, row or beside)

    def _with_earlier(self, window: Window) -> bool | None:
        """Ask for it with the rows just before it. A span that is cut in silence loses its end, so it is kept short."""
        since = window.end - self._rules.beside_before
        if since >= window.start:
            return None
        known = self._store.windows(Window(since, window.start))
        whole = all(one.is_complete for one in known)
        if not known or not whole or missing(Window(since, window.start), _spans(known)):
            return None
        rows = self._held(Window(since, window.start))
        last = self._store.nth_time(Window(since, window.start), rows - 1) if rows else None
        if last is None:
            return None
        row = _second(last)
        return self._agrees(window, Window(row.start, window.start), row)

    def _held(self, stretch: Window) -> int:
        return self._store.held([stretch])[0]

    def _agrees(self, window: Window, beside: Window, row: Window) -> bool | None:
        """Compare the count of both with that of the rows beside, all of which lie in the second `row`.

        None where none is served, and where a span so long is cut in silence: then the count tells nothing.
        """
        both = self._asked(
            Window(min(window.start, beside.start), max(window.end, beside.end)), some=True
        )
        if both is None or (both and both == self._held(row)):
            return None if both is None else True
        alone = self._asked(row, some=True)
        if not alone:
            return None if alone is None else False
        return both == alone if both else None

    def _alone(self, window: Window) -> bool:
        """Ask for nothing else than the stretch, and for the month that ends with it, as often as the rules say.

        A month of which we hold rows is not empty: a count of 0 would tell that it is cut in silence.
        """
        month = Window(min(window.start, window.end - self._rules.beside), window.end)
        is_wide, asks = not self._held(month), self._rules.empty_asks
        for number in range(asks):
            if number and is_wide:
                is_wide = self._asked(month) == 0
            if not (number and is_wide) and self._count(window) != 0:
                return False
        if is_wide and asks > 1:
            self._proved.append(month)
        return True

    def _asked(self, stretch: Window, *, some: bool = False) -> int | None:
        """Return the vendor's count; None where none is served. `some`: asked again where it is 0 and cannot be."""
        counted = None
        try:
            for _ in range(self._rules.empty_asks if some else 1):
                counted = self._count(stretch)
                if counted:
                    break
        except UNSERVED:
            return None
        return counted


def _second(at: datetime) -> Window:
    start = floor_second(at)
    return Window(start, start + SECOND)


def _spans(known: Sequence[LedgerWindow]) -> list[Window]:
    return [one.window for one in known]

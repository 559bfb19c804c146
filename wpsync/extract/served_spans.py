"""How long a span the vendor serves whole. Pure: `prove` does the asking.

A vendor may cut spans that are too long in silence: it serves their beginning or their end, and its count is of that.
A reading that shows rows at both ends of a span proves that spans of that length are served whole.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from wpsync.extract.windows import SECOND, floor_second, split
from wpsync.model import Window
from wpsync.policy import DEFAULT, Distrust

Prove = Callable[[timedelta], timedelta | None]
"""Asks the vendor for a span at least so long that has rows at both ends; returns the length that it proves."""


@dataclass(slots=True)
class Served:
    """The longest span of one resource that is known to be served whole, and when a proof was last asked for."""

    length: timedelta = timedelta(0)
    asked_at: datetime | None = None


class ServedSpans:
    """Tells which spans of one resource are served whole, and keeps `known` up, which may be shared."""

    def __init__(
        self,
        known: Served,
        prove: Prove = lambda length: None,
        rules: Distrust = DEFAULT.distrust,
    ) -> None:
        self._known = known
        self._prove = prove
        self._rules = rules

    @property
    def proven(self) -> timedelta:
        return self._known.length

    def note(self, length: timedelta) -> None:
        """Note that rows at both ends of a span this long were shown."""
        self._known.length = max(self.proven, timedelta(seconds=length // SECOND))

    def serves(self, length: timedelta) -> bool:
        """Whether spans this long are served whole; where it is not known, the vendor is asked for a proof."""
        if not self._covers(length) and (proved := self._prove(length)) is not None:
            self.note(proved)
        return self._covers(length)

    def pieces(self, window: Window) -> list[Window]:
        """Cut a window into pieces that are served whole, as far as is known."""
        return split(window, ceil(window.span / max(self.proven, self._rules.short_span)))

    def _covers(self, length: timedelta) -> bool:
        short = self._rules.short_span
        slack = short if self.proven >= self._rules.nearly_a_day else timedelta(0)
        return length <= max(self.proven + slack, short)

    def unproved(
        self, window: Window, oldest: datetime | None, newest: datetime | None, until: datetime
    ) -> list[Window]:
        """The stretches of a window before `until` that a cut may hide, in pieces that are served whole if any are known to be.

        Where the beginning of a span is served, as much of it as was proved is; so with the end. Between the oldest and
        the newest row that were shown nothing is hidden. A stretch shorter than `short_stretch` is left out.
        """
        if oldest is None or newest is None:
            before = after = floor_second(window.start + window.span / 2)
        else:
            before = min(floor_second(oldest), window.end - self.proven)
            after = max(floor_second(newest) + SECOND, window.start + self.proven)
        stretches = [(window.start, min(before, until)), (after, min(window.end, until))]
        step = max(self.proven, self._rules.short_span) if self.proven else window.span
        found = []
        for start, end in stretches:
            while end - start >= self._rules.short_stretch:
                found.append(Window(start, min(start + step, end)))
                start += step
        return found

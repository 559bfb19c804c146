"""What the vendor cannot serve costs its seconds, and nothing else.

A row that the vendor stumbles over takes every answer with it in which it would come. While the vendor
answers otherwise, the stretch is halved, and halved again, until what can be read is read; the seconds
that are left are entered into the ledger as unreadable, and come up again like everything incomplete.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from wpsync.errors import UNSERVED, WpsyncError
from wpsync.extract import windows
from wpsync.model import Window


@dataclass(slots=True)
class Patience:
    """How many readings may fail before what is left is entered as it is.

    One such row takes about seventeen in a day, since each halving fails once. `waits`: whether a
    reading that failed is first tried again, after a while.
    """

    failures: int = 60
    waits: bool = True

    @property
    def is_over(self) -> bool:
        return self.failures <= 0


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Reads what can be read of one stretch.

    `read` and `enter` tell whether it was enough; `left` what neither of them has dealt with, in the
    order in which it is to be read; `answers` whether the vendor answers at all.
    """

    read: Callable[[Window], bool]
    enter: Callable[[Window], bool]
    left: Callable[[Window], Sequence[Window]]
    answers: Callable[[], bool]
    patience: Patience
    newest_first: bool

    def narrow(self, window: Window) -> None:
        """Deal with a stretch that could not be read as a whole, until it is enough.

        Raises what a reading raised once the vendor does not answer at all.
        """
        failed = list(self.left(window))
        while failed:
            pieces, failed = failed, []
            for piece in pieces:
                halves = windows.split(piece, 2)
                if len(halves) == 1 or self.patience.is_over:
                    if self.enter(piece):
                        return
                    continue
                for half in reversed(halves) if self.newest_first else halves:
                    if self._is_enough(half, failed):
                        return

    def _is_enough(self, window: Window, failed: list[Window]) -> bool:
        try:
            return self.read(window)
        except UNSERVED:
            if not self.answers():
                raise
        self.patience.failures -= 1
        failed += self.left(window)
        return False


_IN_A_ROW = 3
"""After so many the trouble is not with one of them."""


@dataclass(slots=True)
class OneByOne:
    """Goes through rooms or agents, past those that cannot be served; `problems` by which it was."""

    problems: dict[str, WpsyncError] = field(default_factory=dict)
    in_a_row: int = 0

    @contextmanager
    def past(self, which: str) -> Iterator[None]:
        """Note what is the matter with this one instead of raising it, unless it is so with all of them."""
        try:
            yield
        except UNSERVED as exc:
            self.problems[which] = exc
            self.in_a_row += 1
            if self.in_a_row == _IN_A_ROW:
                raise
        else:
            self.in_a_row = 0

    def said(self) -> list[str]:
        """A line for each that was passed over."""
        return [f"{which}: {exc}" for which, exc in self.problems.items()]

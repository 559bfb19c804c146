"""What the vendor cannot serve costs its seconds, and nothing else.

A row that the vendor stumbles over takes every answer with it in which it would come. While the vendor
answers otherwise, the stretch is halved, and halved again, until what can be read is read; the seconds
that are left are entered into the ledger as unreadable, and come up again like everything incomplete.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from wpsync.errors import UNSERVED, NothingShownError, WpsyncError
from wpsync.extract import windows
from wpsync.model import Window

AT_ONCE = 60
"""How many readings may fail one after the other."""


@dataclass(slots=True)
class Patience:
    """How many readings may fail before what is left is entered as it is. Windows may share it.

    One such row takes about seventeen in a day, since each halving fails once. `waits`: whether a
    reading that failed is first tried again, after a while.
    """

    failures: int = AT_ONCE
    waits: bool = True

    @property
    def is_over(self) -> bool:
        return self.failures <= 0


@dataclass(frozen=True, slots=True)
class FailureBisection:
    """Reads what can be read of one stretch.

    `read` and `enter` tell whether it was enough; `left` what neither of them has dealt with, in the
    order in which it is to be read; `answers` whether the vendor answers at all; `stands` whether the
    ledger is to stay as it is, unless there is more to be read.
    """

    read: Callable[[Window], bool]
    enter: Callable[[Window], bool]
    left: Callable[[Window], Sequence[Window]]
    answers: Callable[[], bool]
    patience: Patience
    newest_first: bool
    stands: Callable[[], bool]

    def narrow(self, window: Window, problem: WpsyncError) -> None:
        """Deal with a stretch that could not be read as a whole for a `problem`, until it is enough.

        Raises what a reading raised once the vendor does not answer at all, NothingShownError where the ledger stands.
        """
        failed = self._left(window, problem)
        while failed:
            pieces, failed = failed, []
            for piece in pieces:
                halves = windows.split(piece, 2)
                if len(halves) == 1 or self.patience.is_over:
                    if self.stands():
                        raise NothingShownError(str(problem)) from problem
                    if self.enter(piece):
                        return
                    continue
                for half in reversed(halves) if self.newest_first else halves:
                    try:
                        if self.read(half):
                            return
                    except UNSERVED as exc:
                        failed += self._left(half, exc)

    def _left(self, window: Window, problem: WpsyncError) -> list[Window]:
        """What is left of a stretch in which something could not be served, if that was not for all requests."""
        if not self.answers():
            raise problem
        self.patience.failures -= 1
        return list(self.left(window))


_IN_A_ROW = 3
"""After so many it is asked whether the trouble is with each of them."""


@dataclass(slots=True)
class OneByOne:
    """Goes through rooms or agents, past those that cannot be served; `problems` by which it was.

    `others` tells, where several in a row could not, whether others can be served all the same.
    """

    others: Callable[[], bool] = lambda: False
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
                if not self.others():
                    raise
                self.in_a_row = 0
        else:
            self.in_a_row = 0

    def said(self) -> list[str]:
        """A line for each that was passed over."""
        return [f"{which}: {exc}" for which, exc in self.problems.items()]

    def raise_first(self) -> None:
        """Raise what was the matter with the first that was passed over, if any was."""
        for exc in self.problems.values():
            raise exc

"""Reads rooms or agents one after the other, past those that the vendor cannot serve."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from wpsync.errors import UNSERVED, Message, WpsyncError
from wpsync.policy import DEFAULT, ListingRetries


@dataclass(slots=True)
class OneByOne:
    """Goes through rooms or agents, past those that cannot be served; `problems` by which it was.

    `others` tells, where several in a row could not, whether others can be served all the same.
    """

    others: Callable[[], bool] = lambda: False
    rules: ListingRetries = DEFAULT.listings
    problems: dict[str, WpsyncError] = field(default_factory=dict)
    in_a_row: int = 0

    @contextmanager
    def past(self, which: str) -> Iterator[None]:
        """Keep the error of this one instead of raising it, unless all of them fail."""
        try:
            yield
        except UNSERVED as exc:
            self.problems[which] = exc
            self.in_a_row += 1
            if self.in_a_row == self.rules.parents_in_a_row:
                if not self.others():
                    raise
                self.in_a_row = 0
        else:
            self.in_a_row = 0

    def said(self) -> list[Message]:
        """Name each that was passed over, with its error."""
        return [
            Message("listing.passed_over", {"which": which, "cause": exc.message})
            for which, exc in self.problems.items()
        ]

    def raise_first(self) -> None:
        """Raise the error of the first that was passed over, if there is one."""
        for exc in self.problems.values():
            raise exc

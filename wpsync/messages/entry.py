"""What the catalogue holds for one code."""

from dataclasses import dataclass

from wpsync.language import Text


@dataclass(frozen=True, slots=True)
class Entry:
    """The text of a code, and what a person can do about it; None where there is nothing to do.

    Texts begin small and end without a full stop, so that they fit into a line of the log, an alert or the page.
    """

    text: Text
    remedy: Text | None = None

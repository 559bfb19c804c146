"""One entry of the catalogue."""

from dataclasses import dataclass

from wpsync.language import Text


@dataclass(frozen=True, slots=True)
class Entry:
    """The text of a code, and the next step for a person; None where there is none.

    Texts begin small and end without a full stop, so that they fit into a line of the log, an alert or the page.
    """

    text: Text
    remedy: Text | None = None

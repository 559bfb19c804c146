"""What a long run tells about itself while it works; the CLI shows it."""

from typing import Protocol


class Progress(Protocol):
    """Hears what has been done. Called from several threads."""

    def begin(self, resource: str, expected_rows: int | None, already: int = 0) -> None:
        """A resource is about to be read: so many rows by the vendor's count, where it is known.

        `already` more were read before.
        """
        ...

    def advance(self, resource: str, rows: int) -> None:
        """Rows were read; fewer than none where some of them are read again, or could not be loaded."""
        ...

    def end(self, resource: str, outcome: str) -> None:
        """A resource is finished: done, incomplete, failed or interrupted."""
        ...


class Silence:
    """Nobody listens."""

    def begin(self, resource: str, expected_rows: int | None, already: int = 0) -> None:
        """Nothing."""

    def advance(self, resource: str, rows: int) -> None:
        """Nothing."""

    def end(self, resource: str, outcome: str) -> None:
        """Nothing."""

"""Standard output and error as the program needs them: there, in any encoding, and never a reason to stop the work.

Progress and logs that cannot be printed (a full disk, a closed pipe, `2>&-`) are lost, and the work goes on. Results
that cannot be printed are an error of the command. Invisible characters are written out (`wpsync.visible`): they may
come from the vendor and be meant for the terminal. Only rich writes control sequences (`rendered`).
"""

import io
import os
import sys
from typing import TextIO, cast

from wpsync.visible import visible

_STANDARD = (0, 1, 2)


class _Visible(io.TextIOWrapper):
    """A text stream on which nothing is hidden."""

    def write(self, text: str) -> int:
        self.write_rendered(visible(text))
        return len(text)

    def write_rendered(self, text: str) -> None:
        """Write a text with control sequences of our own."""
        super().write(text)


class _Forgiving(_Visible):
    """One that loses the text that cannot be written."""

    def write_rendered(self, text: str) -> None:
        try:
            super().write_rendered(text)
        except (OSError, ValueError):  # full, closed, a pipe without a reader
            return

    def flush(self) -> None:
        try:
            super().flush()
        except (OSError, ValueError):
            return


class _Rendered:
    """A stream as rich needs it: its texts were made visible before."""

    def __init__(self, stream: _Visible) -> None:
        self._stream = stream
        self.encoding, self.fileno, self.isatty = stream.encoding, stream.fileno, stream.isatty
        self.flush = stream.flush

    def write(self, text: str) -> int:
        self._stream.write_rendered(text)
        return len(text)


def rendered(stream: TextIO) -> TextIO:
    """Return the stream to which rich writes for one of the two."""
    return cast("TextIO", _Rendered(stream)) if isinstance(stream, _Visible) else stream


def prepare() -> None:
    """Make both streams usable; call it before anything is printed."""
    _open_closed()
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8")
    result, told = sys.stdout, sys.stderr
    if isinstance(result, io.TextIOWrapper):
        encoding, lines = result.encoding, result.line_buffering
        sys.stdout = _Visible(
            result.detach(), encoding=encoding, errors="replace", line_buffering=lines
        )
    if isinstance(told, io.TextIOWrapper):
        encoding = told.encoding
        sys.stderr = _Forgiving(
            told.detach(), encoding=encoding, errors="replace", line_buffering=True
        )


def _open_closed() -> None:
    """Let no socket or file take the number of a standard stream that is closed."""
    for number in _STANDARD:
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free

"""Standard output and error as the program needs them: there, in any encoding, and never a reason to stop the work.

Progress and logs that cannot be printed (a full disk, a closed pipe, `2>&-`) are lost, and the work goes on. Results
that cannot be printed are an error of the command.
"""

import io
import os
import sys

_STANDARD = (0, 1, 2)


class _Forgiving(io.TextIOWrapper):
    """A text stream that loses the text that cannot be written."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except (OSError, ValueError):  # full, closed, a pipe without a reader
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except (OSError, ValueError):
            return


def prepare() -> None:
    """Make both streams usable; call it before anything is printed."""
    _open_closed()
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    told = sys.stderr
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

"""Kernel locks (`flock`) on files. A lock ends with the process that holds it, however that process ends.

Three files beside a cluster: `turn` is held while a database is made or its server is started, `users` is
shared by every process that needs the server, `keeper` is held by the process that looks after the server.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wpsync.errors import DatabaseUnavailableError

_POLL_SECONDS = 0.02


class FileLock:
    """One open lock file. Each instance is a holder of its own, also within one process."""

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._fd = os.open(path, flags, 0o600)

    def try_shared(self) -> bool:
        """Take the lock beside other shared holders. Return False while an exclusive holder has it."""
        return self._try(fcntl.LOCK_SH)

    def try_exclusive(self) -> bool:
        """Take the lock alone. Return False while any other holder has it."""
        return self._try(fcntl.LOCK_EX)

    def wait_exclusive(self) -> None:
        """Take the lock alone, as soon as there is no other holder. New shared holders go first."""
        fcntl.flock(self._fd, fcntl.LOCK_EX)

    def release(self) -> None:
        """Give the lock back; the file stays open."""
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the lock back and close the file."""
        os.close(self._fd)

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self._fd, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def opened(path: Path) -> Iterator[FileLock]:
    """A lock file for the length of a block."""
    lock = FileLock(path)
    try:
        yield lock
    finally:
        lock.close()


@contextmanager
def turn(run: Path, *, seconds: float) -> Iterator[None]:
    """Make or start one at a time. Raise DatabaseUnavailableError if another process takes longer than `seconds`."""
    with opened(run / "turn") as lock:
        end = time.monotonic() + seconds
        while not lock.try_exclusive():
            if time.monotonic() > end:
                raise DatabaseUnavailableError(
                    f"another wpsync has been starting the embedded Postgres for {seconds:.0f} seconds",
                    hint=f"see {run / 'server.log'} / 请查看 {run / 'server.log'}",
                )
            time.sleep(_POLL_SECONDS)
        yield

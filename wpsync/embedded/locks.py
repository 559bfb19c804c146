"""Kernel locks (`flock`) on files. A lock ends with the last process that holds it, however that process ends.

Four files in the run folder beside a cluster: `turn` is held while a database is made or its server is started,
`users` is shared by every process that needs the server, `keeper` is held by the process that looks after the
server, and `server` by the server's own processes, which inherit it.
"""

import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from wpsync.embedded import folders
from wpsync.errors import DatabaseUnavailableError

_POLL_SECONDS = 0.02
_LOG_BYTES = 10_000_000


class FileLock:
    """One open lock file. Each instance is a holder of its own, also within one process."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def try_shared(self) -> bool:
        """Take the lock beside other shared holders. Return False while an exclusive holder has it."""
        return self._try(fcntl.LOCK_SH)

    def try_exclusive(self) -> bool:
        """Take the lock alone. Return False while any other holder has it."""
        return self._try(fcntl.LOCK_EX)

    def is_held(self) -> bool:
        """Whether another holder has the lock alone. Do not ask while this instance holds it."""
        if not self.try_shared():
            return True
        self.release()
        return False

    def wait_exclusive(self) -> None:
        """Take the lock alone, as soon as there is no other holder. New shared holders go first."""
        fcntl.flock(self.descriptor, fcntl.LOCK_EX)

    def release(self) -> None:
        """Give the lock back; the file stays open."""
        fcntl.flock(self.descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file. The lock ends unless another process has inherited it."""
        os.close(self.descriptor)

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self.descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class RunFolder:
    """The folder of locks and logs, held open: moving it, or putting a link in its place, changes nothing.

    Only its owner may enter it. It is made if it is missing, and refused if another user could have made it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        folders.private_folder(path)
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(path, flags)
        folders.check_descriptor(path, self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)

    def open(self, name: str, flags: int) -> int:
        """Open a file of the folder, made with mode 0600 under any umask; never through a link."""
        flags |= os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        descriptor = os.open(name, flags, 0o600, dir_fd=self._descriptor)
        if stat.S_IMODE(os.fstat(descriptor).st_mode) != 0o600:
            os.fchmod(descriptor, 0o600)
        return descriptor

    def lock(self, name: str) -> FileLock:
        """Open a lock file."""
        return FileLock(self.open(name, os.O_RDWR))

    @contextmanager
    def locked(self, name: str) -> Iterator[FileLock]:
        """A lock file, open for the length of a block."""
        lock = self.lock(name)
        try:
            yield lock
        finally:
            lock.close()

    @contextmanager
    def log(self, name: str) -> Iterator[int]:
        """A log, open for appending. One of more than 10 MB begins anew, and its past is kept once."""
        descriptor = self.open(name, os.O_WRONLY | os.O_APPEND)
        if os.fstat(descriptor).st_size > _LOG_BYTES:
            os.close(descriptor)
            here = self._descriptor
            os.replace(name, f"{name}.1", src_dir_fd=here, dst_dir_fd=here)
            descriptor = self.open(name, os.O_WRONLY | os.O_APPEND)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def size(self, name: str) -> int:
        """The bytes of a log."""
        descriptor = self.open(name, os.O_RDONLY)
        try:
            return os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)

    def read(self, name: str, after: int = 0) -> str:
        """The text of a file after its first bytes; empty if there is none."""
        with os.fdopen(self.open(name, os.O_RDONLY), "rb") as file:
            file.seek(after)
            return file.read().decode("utf-8", errors="replace")

    def write(self, name: str, text: str) -> None:
        """Replace the content of a file."""
        with os.fdopen(self.open(name, os.O_WRONLY | os.O_TRUNC), "wb") as file:
            file.write(text.encode())

    @contextmanager
    def turn(self, *, seconds: float, given_up: Callable[[], bool]) -> Iterator[None]:
        """Make or start one at a time.

        Raise DatabaseUnavailableError if `given_up`, or if another process takes longer than `seconds`.
        """
        with self.locked("turn") as lock:
            end = time.monotonic() + seconds
            while not lock.try_exclusive():
                if given_up() or time.monotonic() > end:
                    raise DatabaseUnavailableError(
                        "embedded.still_starting", log=str(self.path / "server.log")
                    )
                time.sleep(_POLL_SECONDS)
            yield

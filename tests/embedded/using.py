"""Processes that use an embedded server, and the traces that they leave."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from wpsync.embedded.locks import FileLock

_USER = """
import sys
from pathlib import Path
import psycopg
from wpsync.embedded.server import running
with running(Path(sys.argv[1]), durable=False) as server:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(1)")
        connection.execute("create table if not exists seen (at timestamptz default now())")
        connection.execute("select pg_advisory_unlock(1)")
        connection.execute("insert into seen default values")
    print(server.url, flush=True)
    sys.stdin.read()
"""


class User:
    """A process that uses the server of a folder until it is asked to end, or is killed."""

    def __init__(self, folder: Path, umask: int = -1) -> None:
        self.url = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", _USER, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            umask=umask,
        )

    def ready(self) -> str:
        """The server's address, as soon as it is used."""
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url, self.process.communicate()[1]
        return self.url

    def end(self) -> None:
        """End in good order."""
        _, said = self.process.communicate("", timeout=120)
        assert self.process.returncode == 0, said

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def using(folder: Path, count: int = 1) -> Iterator[list[User]]:
    """Users of one folder, all of them ready; killed at the end if they still run."""
    users = [User(folder) for _ in range(count)]
    try:
        for user in users:
            user.ready()
        yield users
    finally:
        for user in users:
            if user.process.poll() is None:
                user.kill()


def within(seconds: float, found: Callable[[], object], what: str) -> None:
    """Wait until something is found. A bound for a failure, not a measure of speed."""
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def servers(folder: Path) -> list[int]:
    """The Postgres processes that work below a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            works_in = (entry / "cwd").readlink()
            name = (entry / "comm").read_text().strip()
        except OSError:
            continue
        if name in ("postgres", "initdb") and works_in.is_relative_to(folder):
            found.append(int(entry.name))
    return found


def keeper_of(run: Path) -> int:
    """The process that looks after the server; 0 if there is none."""
    lock = FileLock(run / "keeper")
    try:
        if lock.try_shared():
            return 0
    finally:
        lock.close()
    inode = (run / "keeper").stat().st_ino
    for line in Path("/proc/locks").read_text().splitlines():
        fields = line.split()
        if fields[1] == "FLOCK" and fields[3] == "WRITE" and fields[5].endswith(f":{inode}"):
            return int(fields[4])
    return 0


def postmaster(cluster: Path) -> int:
    return int((cluster / "postmaster.pid").read_text().split()[0])


def kill(pid: int) -> None:
    assert pid > 0
    os.kill(pid, signal.SIGKILL)


def answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            return connection.execute("select 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder with a digest of its content."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        if file.is_file()
        else "-"
        for file in sorted(folder.rglob("*"))
    }

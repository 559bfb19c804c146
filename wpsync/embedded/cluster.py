"""One database on disk (a cluster, in Postgres' words): make it, start the server on it, stop that server.

A cluster is made under another name and renamed when it is finished, so that a folder under its final name
is either whole or not ours. No server runs while it is made: the single-user mode creates the database and
ends with its standard input, even if we are killed.
"""

import os
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo

from wpsync.embedded import folders
from wpsync.embedded.folders import Place
from wpsync.embedded.locks import FileLock, RunFolder
from wpsync.embedded.programs import Programs
from wpsync.errors import DatabaseUnavailableError, Message

DATABASE = "wpsync"
USER = "postgres"
PORT = 5432
LOG = "server.log"

_MARK = "wpsync.json"
"""Written into every cluster that was finished; a folder without it is not ours."""

_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "''",
    "max_wal_size": "'1GB'",
    "shared_buffers": "'128MB'",
    "jit": "off",
}
_NOT_DURABLE: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "10min",
}

_SOCKET_BYTES = 107 - len("/.s.PGSQL.65535")
"""The kernel's limit for the path of a socket, less the name that Postgres appends."""

_FAST_STOP_SECONDS = 60
_ENDING_SECONDS = 90
_TELLING = ("FATAL", "PANIC", "ERROR", "error:", "could not", "invalid", "DETAIL", "HINT")
_LOG_PREFIX = re.compile(r"^\d{4}-\d\d-\d\d [\d:.]+ \S+ \[\d+\] ")


class NotStartedError(DatabaseUnavailableError):
    """The server did not start; the message quotes the server."""


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A running server, by the folder of its socket."""

    socket: Path

    def conninfo(self, database: str = DATABASE) -> str:
        """The address of one of its databases, as libpq reads it."""
        return make_conninfo(host=str(self.socket), port=PORT, dbname=database, user=USER)


def is_there(cluster: Path) -> bool:
    """Whether a finished cluster of ours is in that folder; False if there is nothing.

    Raise DatabaseUnavailableError for any other content: it is not ours to use, and never removed.
    """
    if not os.path.lexists(cluster):
        return False
    if not cluster.is_dir():
        raise _foreign(cluster, Message("embedded.not_a_folder"))
    if not any(cluster.iterdir()):
        return False
    for name in (_MARK, "PG_VERSION", "global/pg_control"):
        if not (cluster / name).is_file():
            raise _foreign(cluster, Message("embedded.file_missing", {"name": name}))
    return True


def major(cluster: Path) -> int:
    """The major version that made the cluster."""
    text = (cluster / "PG_VERSION").read_text(encoding="ascii", errors="replace").strip()
    if not text.isdecimal():
        raise _foreign(cluster, Message("embedded.no_version"))
    return int(text)


def make(place: Place, programs: Programs, *, durable: bool = True) -> None:
    """Make the cluster and its database. Killed at any moment, it leaves an unfinished folder of another name.

    A later call does not remove such a folder: it only removes its own.
    """
    target = place.cluster
    if place.is_elsewhere and not target.parent.exists():
        target.parent.mkdir(mode=0o711)
        target.parent.chmod(0o711)
    fresh = Path(tempfile.mkdtemp(prefix=f"{target.name}.new-", dir=target.parent))
    try:
        folders.give_away(fresh, place.account)
        _initialise(fresh, programs, durable=durable)
        _create_database(fresh, programs)
        _configure(fresh)
        try:
            fresh.rename(target)  # replaces an empty folder, and nothing else
        except OSError as exc:
            raise DatabaseUnavailableError(
                "embedded.cannot_place", folder=str(target), words=exc.strerror
            ) from exc
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)  # made by this very call
        if place.is_elsewhere:
            with suppress(OSError):
                target.parent.rmdir()
        raise


def _initialise(fresh: Path, programs: Programs, *, durable: bool) -> None:
    locale = (
        ("--locale-provider=builtin", "--locale=C.UTF-8")  # compares bytes, which is quick
        if programs.major >= 17
        else ("--locale=C",)
    )
    options = ("-D", ".", "-U", USER, "-A", "trust", "-E", "UTF8", "--no-instructions", *locale)
    sync = () if durable else ("--no-sync",)
    done = programs.run("initdb", *options, *sync, folder=fresh)
    if done.returncode != 0:
        raise DatabaseUnavailableError(
            "embedded.cannot_create", folder=str(fresh.parent), words=telling(done.stdout)
        )


def _create_database(fresh: Path, programs: Programs) -> None:
    done = programs.run(
        "postgres", "--single", "-D", ".", "template1",
        folder=fresh, stdin=f"create database {DATABASE};\n",
    )  # fmt: skip
    if done.returncode != 0 or "ERROR" in done.stdout:
        raise DatabaseUnavailableError(
            "embedded.cannot_create", folder=str(fresh.parent), words=telling(done.stdout)
        )


def _configure(fresh: Path) -> None:
    settings = "\n".join(f"{name} = {value}" for name, value in _SETTINGS.items())
    _append(fresh / "postgresql.conf", f"\n# wpsync's choices\n{settings}\n")
    _append(fresh / _MARK, '{"made_by": "wpsync"}\n')
    descriptor = os.open(fresh, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _append(file: Path, text: str) -> None:
    """Append to a file in a folder of the server's user; never through a link that this user could plant."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    descriptor = os.open(file, flags, 0o644)
    with os.fdopen(descriptor, "a", encoding="utf-8") as out:
        out.write(text)


def running(place: Place, run: RunFolder, port: int = PORT) -> Postmaster | None:
    """The server of a database, if it is ready, else None.

    The file `postmaster.pid` alone proves nothing: after a restart of the machine its number may be another
    program's. A server of ours holds the lock `server`, and answers on its socket.
    """
    lines = _pid_file(place.cluster)
    if len(lines) < 8 or lines[7].strip() != b"ready":
        return None
    with run.locked("server") as lock:
        if not lock.is_held():
            return None
    found = Path(os.fsdecode(lines[4]))
    socket_file = found / f".s.PGSQL.{port}"
    return Postmaster(found) if _answers(socket_file, place.owner_uid) else None


def start(
    place: Place,
    run: RunFolder,
    programs: Programs,
    *,
    durable: bool = True,
    settings: Mapping[str, str] | None = None,
    given_up: Callable[[], bool] = lambda: False,
) -> subprocess.Popen[bytes]:
    """Start the server and wait until it is ready, however long it recovers after a crash.

    The server stops when the calling thread's process ends. `settings` go onto its command line. Raise
    NotStartedError with the server's words, or if `given_up`; no server is left behind then.
    """
    cluster = place.cluster
    with run.locked("server") as lock:
        _wait_for_end(lock, given_up)
        _set_aside_pid_file(cluster)
        folder = _socket_folder(place, run)
        options = {
            "unix_socket_directories": '"' + str(folder).replace('"', '""') + '"',
            "unix_socket_permissions": "0700",
            "port": str(PORT),
            **({} if durable else _NOT_DURABLE),
            **(settings or {}),
        }
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        before = run.size(LOG)
        with run.log(LOG) as log:
            process = programs.serve(
                "-D", str(cluster), *arguments,
                folder=Path("/"), log=log, inherited=lock.descriptor,
            )  # fmt: skip
    try:
        while process.poll() is None and not given_up():
            if running(place, run, int(options["port"])) is not None:
                return process
            time.sleep(0.02)
    except BaseException:
        end_process(process)
        raise
    if process.poll() is None:
        end_process(process)
        raise NotStartedError("embedded.no_longer_needed")
    words = telling(run.read(LOG, before))
    raise NotStartedError("embedded.does_not_start", log=str(run.path / LOG), words=words)


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Stop a server: the fast way, which rolls back open transactions, then the immediate way.

    A signal is repeated: a server that is just starting may have missed the first.
    """
    for number, seconds in ((signal.SIGINT, _FAST_STOP_SECONDS), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):  # fmt: skip
        for _ in range(seconds):
            with suppress(ProcessLookupError):
                process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(1)
                return


def telling(output: str) -> str | None:
    """Return the lines of a program's output that name the reason, joined; all lines if none does."""
    lines = [_LOG_PREFIX.sub("", line).strip() for line in output.splitlines() if line.strip()]
    chosen = [line for line in lines if any(word in line for word in _TELLING)] or lines
    return "; ".join(chosen[:6]) or None


def _foreign(cluster: Path, reason: Message) -> DatabaseUnavailableError:
    return DatabaseUnavailableError("embedded.foreign_content", folder=str(cluster), reason=reason)


def _pid_file(cluster: Path) -> list[bytes]:
    """The lines of `postmaster.pid`; none if it is no plain file."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(cluster / "postmaster.pid", flags)
    except OSError:
        return []
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return []
        return os.read(descriptor, 8_192).split(b"\n")
    finally:
        os.close(descriptor)


def _answers(socket_file: Path, uid: int) -> bool:
    """Whether a server of that user answers on a socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        try:
            client.connect(os.fsencode(socket_file))
        except OSError:
            return False
        peer = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return bool(struct.unpack("3i", peer)[1] == uid)


def _wait_for_end(lock: FileLock, given_up: Callable[[], bool]) -> None:
    """Take the lock of a server before that is just stopping, or whose children are."""
    end = time.monotonic() + _ENDING_SECONDS
    while not lock.try_exclusive():
        if given_up() or time.monotonic() > end:
            raise NotStartedError("embedded.not_ended")
        time.sleep(0.02)


def _set_aside_pid_file(cluster: Path) -> None:
    """Rename the `postmaster.pid` of a server that has ended without removing it.

    Postgres refuses to start if the file is empty, or if any process of the same user has its number.
    """
    file = cluster / "postmaster.pid"
    with suppress(FileNotFoundError):
        file.replace(file.with_suffix(".stale"))


def _socket_folder(place: Place, run: RunFolder) -> Path:
    """The folder of the socket: inside the cluster, or, where that path does not do, one of a random name.

    A random one is kept, so that the address stays the same when the server is started again.
    """
    inside = place.cluster / "socket"
    if _can_be_address(inside):
        if not inside.is_dir():
            folders.make_folder(inside, place.account)
        return inside
    noted = run.read("socket")
    if noted:
        kept = Path(noted)
        if _is_ours(kept, place):
            return kept
        with suppress(OSError):
            folders.make_folder(kept, place.account)
            return kept
    fresh = Path(tempfile.mkdtemp(prefix="wpsync-", dir="/tmp"))
    folders.give_away(fresh, place.account)
    run.write("socket", str(fresh))
    return fresh


def _can_be_address(folder: Path) -> bool:
    """Whether libpq takes the path as a host: a comma separates hosts, and the kernel limits the bytes."""
    try:
        path = str(folder).encode()
    except UnicodeEncodeError:
        return False
    return len(path) <= _SOCKET_BYTES and not set(b",\n\r") & set(path)


def _is_ours(folder: Path, place: Place) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    private = stat.S_IMODE(found.st_mode) == 0o700
    return stat.S_ISDIR(found.st_mode) and private and found.st_uid == place.owner_uid

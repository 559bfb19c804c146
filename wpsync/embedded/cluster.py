"""One database on disk (a cluster, in Postgres' words): make it, start the server on it, stop that server.

A cluster is made under another name and renamed when it is finished, so that a folder under its final name
is either whole or not ours. No server runs while it is made: the single-user mode creates the database and
ends with its standard input, even if we are killed.
"""

import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo

from wpsync.embedded import folders
from wpsync.embedded.folders import Place
from wpsync.embedded.programs import Programs
from wpsync.errors import DatabaseUnavailableError

DATABASE = "wpsync"
USER = "postgres"

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
_ORPHANS_SECONDS = 30
_LOG_BYTES = 10_000_000
_TELLING = ("FATAL", "PANIC", "ERROR", "error:", "could not", "invalid", "DETAIL", "HINT")
_LOG_PREFIX = re.compile(r"^\d{4}-\d\d-\d\d [\d:.]+ \S+ \[\d+\] ")


class NotStartedError(DatabaseUnavailableError):
    """The server did not start; the message holds the server's own words."""


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A running server: its process, and the folder of its socket."""

    pid: int
    socket: Path

    def conninfo(self, database: str = DATABASE) -> str:
        """The address of one of its databases, as libpq reads it."""
        return make_conninfo(host=str(self.socket), dbname=database, user=USER)


def is_there(cluster: Path) -> bool:
    """Whether a finished cluster of ours is in that folder; False if there is nothing.

    Raise DatabaseUnavailableError for any other content: it is not ours to use, and never removed.
    """
    if not os.path.lexists(cluster):
        return False
    if not cluster.is_dir():
        raise _foreign(cluster, "it is no folder", "不是目录")
    if not any(cluster.iterdir()):
        return False
    for name in (_MARK, "PG_VERSION", "global/pg_control"):
        if not (cluster / name).is_file():
            raise _foreign(cluster, f"{name} is missing", f"缺少 {name}")
    return True


def major(cluster: Path) -> int:
    """The major version that made the cluster."""
    return int((cluster / "PG_VERSION").read_text(encoding="ascii").strip())


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
                f"the new database cannot take its place in {target}: {exc.strerror}",
                hint=f"remove {target} if it is an empty folder; a volume is mounted one level above it"
                f" / 如果 {target} 是空目录请将其删除；数据卷应挂载在它的上一级目录",
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
            f"the database cannot be made in {fresh.parent}: {telling(done.stdout)}",
            hint=f"look at the rights and the free space of {fresh.parent}"
            f" / 请检查 {fresh.parent} 的权限和剩余空间",
        )


def _create_database(fresh: Path, programs: Programs) -> None:
    done = programs.run(
        "postgres", "--single", "-D", ".", "template1",
        folder=fresh, stdin=f"create database {DATABASE};\n",
    )  # fmt: skip
    if done.returncode != 0 or "ERROR" in done.stdout:
        raise DatabaseUnavailableError(
            f"the database cannot be made in {fresh.parent}: {telling(done.stdout)}",
            hint=f"look at the free space of {fresh.parent} / 请检查 {fresh.parent} 的剩余空间",
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
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(file, flags, 0o644)
    with os.fdopen(descriptor, "a", encoding="utf-8") as out:
        out.write(text)


def running(cluster: Path) -> Postmaster | None:
    """The server that runs on a cluster and is ready, else None.

    The file `postmaster.pid` alone proves nothing: after a restart of the machine its number may be another
    program's. The process must work in the cluster's folder.
    """
    lines = _pid_file(cluster)
    if len(lines) < 8 or lines[7].strip() != "ready" or not lines[0].strip().isdigit():
        return None
    pid = int(lines[0])
    return Postmaster(pid, Path(lines[4])) if _works_in(pid, cluster) else None


def start(
    place: Place,
    programs: Programs,
    *,
    durable: bool = True,
    settings: Mapping[str, str] | None = None,
    seconds: float = 300,
    given_up: Callable[[], bool] = lambda: False,
) -> tuple[Postmaster, subprocess.Popen[bytes]]:
    """Start the server and wait until it is ready. The caller is alone: no other process starts it meanwhile.

    `settings` go onto the server's command line. Raise NotStartedError with the server's words; no server is
    left behind then.
    """
    cluster = place.cluster
    _let_orphans_end(cluster)
    _set_aside_stale_pid_file(cluster)
    socket = _socket_folder(place)
    options = {
        "unix_socket_directories": '"' + str(socket).replace('"', '""') + '"',
        "unix_socket_permissions": "0700",
        **({} if durable else _NOT_DURABLE),
        **(settings or {}),
    }
    arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    log = place.run / "server.log"
    with _opened_log(log) as descriptor:
        before = os.fstat(descriptor).st_size
        process = programs.serve("-D", str(cluster), *arguments, folder=Path("/"), log=descriptor)
    end = time.monotonic() + seconds
    while True:
        found = running(cluster)
        if found is not None and found.pid == process.pid:
            return found, process
        if process.poll() is not None or given_up() or time.monotonic() > end:
            break
        time.sleep(0.02)
    was_up = process.poll() is None
    if was_up:
        end_process(process.pid, process.poll)
    said = telling(gained(log, before)) if not was_up else f"not ready after {seconds:.0f} seconds"
    raise NotStartedError(
        f"the embedded Postgres does not start: {said}", hint=f"see {log} / 请查看 {log}"
    )


def end_process(pid: int, ended: Callable[[], object | None]) -> None:
    """Stop a server: the fast way, which rolls back open transactions, then the immediate way.

    `ended` returns None as long as the process lives.
    """
    for number, seconds in ((signal.SIGINT, _FAST_STOP_SECONDS), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):  # fmt: skip
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if ended() is not None:
                return
            time.sleep(0.02)


def stop(cluster: Path) -> None:
    """Stop the server that runs on a cluster; nothing happens if none runs."""
    lines = _pid_file(cluster)
    pid = int(lines[0]) if lines and lines[0].strip().isdigit() else 0
    if _works_in(pid, cluster):
        end_process(pid, lambda: None if _works_in(pid, cluster) else 0)


def gained(log: Path, before: int) -> str:
    """The part of a log that was written after its first `before` bytes."""
    with log.open("rb") as file:
        file.seek(before)
        return file.read().decode("utf-8", errors="replace")


def telling(output: str) -> str:
    """The lines of a program's output that name the reason, joined; all lines if none does."""
    lines = [_LOG_PREFIX.sub("", line).strip() for line in output.splitlines() if line.strip()]
    chosen = [line for line in lines if any(word in line for word in _TELLING)] or lines
    return "; ".join(chosen[:6]) or "it printed nothing"


def _foreign(cluster: Path, why: str, why_zh: str) -> DatabaseUnavailableError:
    return DatabaseUnavailableError(
        f"{cluster} holds something that is no finished database of wpsync's: {why}",
        hint=f"move it away, or restore all of it from the backup; nothing was changed"
        f" / 请将其移走，或从备份完整恢复（{why_zh}）；未做任何改动",
    )


def _pid_file(cluster: Path) -> Sequence[str]:
    try:
        return (cluster / "postmaster.pid").read_text(errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return ()


def _processes(cluster: Path) -> list[int]:
    """The server processes that work in a cluster's folder, by their number."""
    numbers = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in numbers if _works_in(pid, cluster)]


def _works_in(pid: int, cluster: Path) -> bool:
    """Whether a process is a server whose working directory is the cluster, under any name of that folder."""
    process = Path("/proc") / str(pid)
    try:
        return (process / "comm").read_text().startswith("postgres") and (
            (process / "cwd").samefile(cluster)
        )
    except OSError:  # it has ended, or belongs to another user
        return False


def _let_orphans_end(cluster: Path) -> None:
    """Wait for the children of a server that was killed: they end by themselves within seconds."""
    end = time.monotonic() + _ORPHANS_SECONDS
    while _processes(cluster) and time.monotonic() < end:
        time.sleep(0.05)


def _set_aside_stale_pid_file(cluster: Path) -> None:
    """Rename a `postmaster.pid` that no server of this cluster has written.

    Postgres refuses to start if the file is empty, or if any process of the same user has its number.
    """
    file = cluster / "postmaster.pid"
    if file.exists() and not _processes(cluster):
        file.replace(file.with_suffix(".stale"))


def _socket_folder(place: Place) -> Path:
    """The folder of the socket: inside the cluster, or, where that path does not do, one of a random name.

    A random one is kept, so that the address stays the same when the server is started again.
    """
    inside = place.cluster / "socket"
    if _can_be_address(inside):
        if not inside.is_dir():
            folders.make_folder(inside, place.account)
        return inside
    note = place.run / "socket"
    if note.exists():
        kept = Path(note.read_text(encoding="utf-8"))
        if _is_ours(kept, place):
            return kept
        with suppress(OSError):
            folders.make_folder(kept, place.account)
            return kept
    fresh = Path(tempfile.mkdtemp(prefix="wpsync-", dir="/tmp"))
    folders.give_away(fresh, place.account)
    note.write_text(str(fresh), encoding="utf-8")
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


@contextmanager
def _opened_log(path: Path) -> Iterator[int]:
    """The server's log as a descriptor to append to; one of more than 10 MB begins anew."""
    with suppress(FileNotFoundError):
        if path.stat().st_size > _LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)

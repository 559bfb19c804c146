"""Use an embedded Postgres: `running` keeps its server running for the length of a block.

Several processes may use one database. The first one starts the server; after the last one has ended the
server stops. A server that dies in between is started again within seconds.
"""

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from wpsync.embedded import cluster, folders, keeper, programs
from wpsync.embedded.cluster import DATABASE, USER, Postmaster
from wpsync.embedded.folders import Account, Place
from wpsync.embedded.locks import RunFolder
from wpsync.errors import DatabaseUnavailableError

_TURN_SECONDS = 360
_READY_SECONDS = 300
_STOP_SECONDS = 90
_POLL_SECONDS = 0.02
_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `data_dir` is the cluster's folder, `is_new` whether this call has made it."""

    data_dir: Path
    socket: Path
    major: int
    account: Account | None
    is_new: bool
    is_elsewhere: bool

    @property
    def url(self) -> str:
        """The address of the database."""
        return self.database(DATABASE)

    def database(self, name: str) -> str:
        """The address of another database of the server, as a URL that any path survives."""
        return f"postgresql://{USER}@/{quote(name, safe='')}?host={quote(str(self.socket))}"


@contextmanager
def running(configured: Path, *, durable: bool = True) -> Iterator[Server]:
    """Keep the server of a database running for the length of a block; the database is made on first use.

    `durable=False` gives up safety against a crash of the machine, for tests; the first user decides. Raise
    DatabaseUnavailableError with the reason and the remedy. Nothing is ever removed that this call has not
    made, and nothing stays running that it has started if it fails. Settings of libpq in the environment
    (PGPORT and others) are removed from this process: they are about other servers.
    """
    with ExitStack() as stack:
        with folders.problems_in_words(configured):
            configured = configured.absolute()
            for name in [name for name in os.environ if name.startswith("PG")]:
                del os.environ[name]
            place, is_new = _find_or_make(configured, durable=durable)
            run = RunFolder(place.run)
            stack.callback(run.close)
            use = stack.enter_context(_Use(place, run, durable=durable))
            found = use.ensure()
        use.watch()
        yield Server(
            place.cluster,
            found.socket,
            cluster.major(place.cluster),
            place.account,
            is_new,
            place.is_elsewhere,
        )


@contextmanager
def emptied(configured: Path, *, durable: bool) -> Iterator[Server]:
    """Like `running`, for one process at a time, and with an empty database at the beginning.

    Raise DatabaseUnavailableError while another process is in such a block.
    """
    with running(configured, durable=durable) as server, ExitStack() as stack:
        run = RunFolder(server.data_dir.with_name(server.data_dir.name + ".run"))
        stack.callback(run.close)
        alone = stack.enter_context(run.locked("alone"))
        if not alone.try_exclusive():
            raise DatabaseUnavailableError("embedded.in_use", folder=str(configured.parent))
        if not server.is_new:
            with psycopg.connect(server.database("postgres"), autocommit=True) as connection:
                connection.execute(f"drop database if exists {DATABASE} with (force)")
                connection.execute(f"create database {DATABASE}")
        yield server


def _find_or_make(configured: Path, *, durable: bool) -> tuple[Place, bool]:
    """The place of the database, and whether it was made now."""
    place = folders.locate(configured)
    if _is_finished(place):
        return place, False
    own = RunFolder(configured.with_name(configured.name + ".run"))
    try:
        with own.turn(seconds=_TURN_SECONDS, given_up=lambda: False):
            place = folders.locate(configured)  # another command may have made it meanwhile
            if _is_finished(place):
                return place, False
            cluster.make(place, programs.find(place.account), durable=durable)
            if place.is_elsewhere:
                folders.record(place)
    finally:
        own.close()
    return place, True


def _is_finished(place: Place) -> bool:
    """Whether the database is there. A folder of our own is judged by its content, before its owner."""
    if os.path.lexists(place.cluster) and place.cluster.lstat().st_uid == os.geteuid():
        cluster.is_there(place.cluster)
    folders.check_owner(place)
    return cluster.is_there(place.cluster)


class _Use:
    """One user of a server: its share of the lock, and the thread that replaces a keeper that was killed."""

    def __init__(self, place: Place, run: RunFolder, *, durable: bool) -> None:
        self._place = place
        self._run = run
        self._durable = durable
        self._users = run.lock("users")
        self._keeper = run.lock("keeper")
        self._server = run.lock("server")
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._process = os.getpid()

    def __enter__(self) -> "_Use":
        """Share the lock. A server that is just stopping is waited for."""
        end = time.monotonic() + _STOP_SECONDS
        while not self._users.try_shared():
            if time.monotonic() > end:
                raise DatabaseUnavailableError(
                    "embedded.still_stopping",
                    seconds=_STOP_SECONDS,
                    log=str(self._run.path / cluster.LOG),
                )
            time.sleep(_POLL_SECONDS)
        return self

    def __exit__(self, *exc: object) -> None:
        """Stop using the server; the last user waits until it has stopped."""
        if os.getpid() != self._process:  # a fork of the user, which shares its locks
            return
        self._ended.set()
        self._users.release()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
        self._wait_for_stop()
        for lock in (self._users, self._keeper, self._server):
            lock.close()

    def ensure(self) -> Postmaster:
        """Have a keeper and a server that is ready, started now or before."""
        before = self._run.size(cluster.LOG)
        with self._run.turn(seconds=_TURN_SECONDS, given_up=self._ended.is_set):
            end = time.monotonic() + _READY_SECONDS
            while True:
                if not self._keeper.is_held():
                    self._start_keeper()
                found = cluster.running(self._place, self._run)
                if found is not None:
                    return found
                if self._ended.is_set() or time.monotonic() > end:
                    raise DatabaseUnavailableError(
                        "embedded.does_not_start",
                        log=str(self._run.path / cluster.LOG),
                        words=cluster.telling(self._run.read(cluster.LOG, before)),
                    )
                time.sleep(_POLL_SECONDS)

    def watch(self) -> None:
        """Start another keeper whenever the one there was killed, until the use ends."""

        def look() -> None:
            while not self._ended.wait(_LOOK_SECONDS):
                try:
                    if not self._keeper.is_held():
                        self.ensure()
                except (DatabaseUnavailableError, OSError):  # the keeper's log has it; tried again
                    self._ended.wait(_LOOK_SECONDS * 5)

        self._thread = threading.Thread(target=look, name="embedded-postgres", daemon=True)
        self._thread.start()

    def _start_keeper(self) -> None:
        """Start a keeper and wait for its report. Raise DatabaseUnavailableError with the reason it reports."""
        with self._run.log("keeper.log") as descriptor:
            done = subprocess.run(
                keeper.command(self._place, durable=self._durable),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=descriptor,
                start_new_session=True,
                env={k: v for k, v in os.environ.items() if not k.startswith(("PG", "WPSYNC_"))},
                check=False,
            )
        line = done.stdout.decode(errors="replace").strip()
        if line == keeper.READY:
            return
        reported = keeper.reported(line)
        if reported is not None:
            raise reported
        log = self._run.path / "keeper.log"
        raise DatabaseUnavailableError("embedded.keeper_ended", log=str(log), words=line or None)

    def _wait_for_stop(self) -> None:
        end = time.monotonic() + _STOP_SECONDS
        while (self._keeper.is_held() or self._server.is_held()) and time.monotonic() < end:
            if (
                self._users.try_exclusive()
            ):  # no other user: the keeper, or the kernel, stops the server
                self._users.release()
            elif self._users.try_shared():  # another user stays
                self._users.release()
                return
            time.sleep(_POLL_SECONDS)

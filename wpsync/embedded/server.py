"""Use an embedded Postgres: `running` keeps its server running for the length of a block.

Several processes may use one database. The first one starts the server; after the last one has ended the
server stops. A server that dies in between is started again within seconds.
"""

import json
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

from wpsync.embedded import cluster, folders, keeper, locks, programs
from wpsync.embedded.cluster import DATABASE, USER, Postmaster
from wpsync.embedded.folders import Account, Place
from wpsync.embedded.locks import FileLock
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
    made, and nothing stays running that it has started if it fails.
    """
    configured = configured.absolute()
    with ExitStack() as stack:
        with folders.problems_in_words(configured):
            place, is_new = _find_or_make(configured, durable=durable)
            folders.private_folder(place.run)
            user = stack.enter_context(_using(place))
            found = _ensure(place, durable=durable)
        stack.callback(_leave, place, user)
        stack.enter_context(_watched(place, durable=durable))
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
        run = server.data_dir.with_name(server.data_dir.name + ".run")
        alone = stack.enter_context(locks.opened(run / "alone"))
        if not alone.try_exclusive():
            raise DatabaseUnavailableError(
                f"another wpsync uses the database in {configured.parent}",
                hint="stop it, or use another folder / 请先停止它，或换一个目录",
            )
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
    own = folders.private_folder(configured.with_name(configured.name + ".run"))
    with locks.turn(own, seconds=_TURN_SECONDS):
        place = folders.locate(configured)  # another command may have made it meanwhile
        if _is_finished(place):
            return place, False
        cluster.make(place, programs.find(place.account), durable=durable)
        if place.is_elsewhere:
            folders.record(place)
    return place, True


def _is_finished(place: Place) -> bool:
    """Whether the database is there. A folder of our own is judged by its content, before its owner."""
    if os.path.lexists(place.cluster) and place.cluster.lstat().st_uid == os.geteuid():
        cluster.is_there(place.cluster)
    folders.check_owner(place)
    return cluster.is_there(place.cluster)


@contextmanager
def _using(place: Place) -> Iterator[FileLock]:
    """Share the lock of users. A server that is just stopping is waited for."""
    with locks.opened(place.run / "users") as user:
        end = time.monotonic() + _STOP_SECONDS
        while not user.try_shared():
            if time.monotonic() > end:
                raise DatabaseUnavailableError(
                    f"the embedded Postgres has been stopping for {_STOP_SECONDS} seconds",
                    hint=f"see {place.run / 'server.log'} / 请查看 {place.run / 'server.log'}",
                )
            time.sleep(_POLL_SECONDS)
        yield user


def _ensure(place: Place, *, durable: bool) -> Postmaster:
    """Have a keeper and a server that is ready, started now or before."""
    log = place.run / "server.log"
    before = log.stat().st_size if log.exists() else 0
    with locks.turn(place.run, seconds=_TURN_SECONDS):
        end = time.monotonic() + _READY_SECONDS
        while True:
            if not _has_keeper(place):
                _start_keeper(place, durable=durable)
            found = cluster.running(place.cluster)
            if found is not None:
                return found
            if time.monotonic() > end:
                raise DatabaseUnavailableError(
                    f"the embedded Postgres does not start: {cluster.telling(cluster.gained(log, before))}",
                    hint=f"see {log} / 请查看 {log}",
                )
            time.sleep(_POLL_SECONDS)


def _has_keeper(place: Place) -> bool:
    with locks.opened(place.run / "keeper") as lock:
        return not lock.try_shared()


def _start_keeper(place: Place, *, durable: bool) -> None:
    """Start a keeper and wait for its report. Raise DatabaseUnavailableError with the server's words."""
    with (place.run / "keeper.log").open("ab") as log:
        done = subprocess.run(
            keeper.command(place, durable=durable),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            env=programs.environment(),
            check=False,
        )
    line = done.stdout.decode(errors="replace").strip()
    if line == keeper.READY:
        return
    try:
        reason, hint = json.loads(line)
    except ValueError:
        reason, hint = f"its keeper ended: {line or 'without a word'}", None
    raise DatabaseUnavailableError(
        reason,
        hint=hint or f"see {place.run / 'keeper.log'} / 请查看 {place.run / 'keeper.log'}",
    )


@contextmanager
def _watched(place: Place, *, durable: bool) -> Iterator[None]:
    """Start another keeper if the one there was killed, as long as the block lasts."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_LOOK_SECONDS):
            try:
                if not _has_keeper(place):
                    _ensure(place, durable=durable)
            except (DatabaseUnavailableError, OSError):  # the keeper's log has it; tried again
                ended.wait(_LOOK_SECONDS * 5)

    thread = threading.Thread(target=watch, name="embedded-postgres", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _leave(place: Place, user: FileLock) -> None:
    """Stop using the server; the last user waits until it has stopped."""
    user.release()
    end = time.monotonic() + _STOP_SECONDS
    while _has_keeper(place) and time.monotonic() < end:
        if user.try_exclusive():  # no other user, and the keeper is about to stop it
            user.release()
        elif user.try_shared():  # another user stays
            user.release()
            return
        time.sleep(_POLL_SECONDS)

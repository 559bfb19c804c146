"""The process that looks after one server: `python -P -m wpsync.embedded.keeper`, started by the first user.

It starts the server, starts it again when it dies, and stops it after the last user has ended. It learns of
that end from the kernel: users share the lock `users` as long as they live, and the keeper waits for it. So no
server stays behind a user that was killed. The keeper in turn holds the lock `keeper`: if it is killed itself,
a user notices and starts another one, which takes over the running server.

Its first line of output is `ready`, or the reason why the server does not start.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from wpsync.embedded import cluster, programs
from wpsync.embedded.cluster import NotStartedError
from wpsync.embedded.folders import Account, Place
from wpsync.embedded.locks import FileLock
from wpsync.errors import DatabaseUnavailableError

READY = "ready"
_LOOK_SECONDS = 0.25
_TAKE_SECONDS = 1.0
_PAUSES = (0.0, 1.0, 2.0, 5.0, 10.0)
"""Seconds before each further try to start a server that does not start; the last goes on."""


def command(place: Place, *, durable: bool) -> list[str]:
    """The command line that starts a keeper."""
    account = place.account
    task = {
        "configured": str(place.configured),
        "cluster": str(place.cluster),
        "account": [account.name, account.uid, account.gid] if account else None,
        "durable": durable,
    }
    return [sys.executable, "-P", "-m", __name__, json.dumps(task)]


class Keeper:
    """Looks after the server of one place until its last user has ended."""

    def __init__(self, place: Place, *, durable: bool) -> None:
        self._place = place
        self._programs = programs.find(place.account, cluster.major(place.cluster))
        self._durable = durable
        self._unused = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, report: "Report") -> None:
        """Start the server or take it over, and keep it running while it has users."""
        users = FileLock(self._place.run / "users")
        threading.Thread(target=self._wait_for_end, args=(users,), daemon=True).start()
        try:
            if cluster.running(self._place.cluster) is None:
                self._start()
            report.send(READY)
            self._keep()
        finally:
            cluster.stop(self._place.cluster)
            if self._process is not None:
                self._process.wait()

    def _wait_for_end(self, users: FileLock) -> None:
        users.wait_exclusive()
        self._unused.set()

    def _start(self) -> None:
        _, self._process = cluster.start(
            self._place, self._programs, durable=self._durable, given_up=self._unused.is_set
        )

    def _keep(self) -> None:
        failures = 0
        while not self._unused.wait(_LOOK_SECONDS):
            if self._process is not None:
                self._process.poll()  # a server that died leaves the table of processes
            if cluster.running(self._place.cluster) is not None:
                failures = 0
                continue
            if self._unused.wait(_PAUSES[min(failures, len(_PAUSES) - 1)]):
                return
            failures += 1
            try:
                self._start()
            except NotStartedError as exc:
                sys.stderr.write(f"{time.strftime('%F %T')} {exc}\n")
                sys.stderr.flush()


class Report:
    """The pipe to the user that started us. It is closed after one line."""

    def __init__(self) -> None:
        self._out = os.dup(1)
        os.dup2(2, 1)

    def send(self, line: str) -> None:
        if self._out < 0:
            return
        try:
            os.write(self._out, f"{line}\n".encode(errors="replace"))
        except BrokenPipeError:  # that user has ended; others may be there
            pass
        finally:
            os.close(self._out)
            self._out = -1


def main(task: str) -> None:
    """Leave the user that started us, and keep the server. Exit at once if another keeper is there."""
    if os.fork():
        os._exit(0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)  # users end by them; the end of the last user ends us
    given = json.loads(task)
    account = Account(*given["account"]) if given["account"] else None
    place = Place(Path(given["configured"]), Path(given["cluster"]), account)
    report = Report()
    lock = FileLock(place.run / "keeper")
    if not _taken(lock):
        report.send(READY)
        return
    os.chdir("/")
    try:
        Keeper(place, durable=given["durable"]).run(report)
    except (DatabaseUnavailableError, OSError) as exc:
        report.send(json.dumps([str(exc), getattr(exc, "hint", None)]))


def _taken(lock: FileLock) -> bool:
    """Whether the lock is ours now. Users look at it for moments, a living keeper holds it throughout."""
    end = time.monotonic() + _TAKE_SECONDS
    while not lock.try_exclusive():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


if __name__ == "__main__":
    main(sys.argv[1])

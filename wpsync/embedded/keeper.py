"""The process that looks after one server: `python -P -m wpsync.embedded.keeper`, started by the first user.

It starts the server, starts it again when it dies, and stops it after the last user has ended. It learns of
that end from the kernel: users share the lock `users` as long as they live, and the keeper waits for it. So no
server stays behind a user that was killed. The keeper in turn holds the lock `keeper`. If it is killed itself,
the kernel stops its server, and the users that remain start another keeper.

Its first line of output is `ready`, or the error for which the server does not start: an object with `code`,
`params` and `words`.
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
from wpsync.embedded.folders import Account, Place, problems_in_words
from wpsync.embedded.locks import FileLock, RunFolder
from wpsync.errors import DatabaseUnavailableError
from wpsync.language import Language

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

    def __init__(self, place: Place, run: RunFolder, *, durable: bool) -> None:
        self._place = place
        self._run = run
        self._programs = programs.find(place.account, cluster.major(place.cluster))
        self._durable = durable
        self._unused = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    def keep(self, report: "Report") -> None:
        """Start the server, report, and keep it running while it has users."""
        users = self._run.lock("users")
        threading.Thread(target=self._wait_for_end, args=(users,), daemon=True).start()
        try:
            self._start()
            report.send(READY)
            self._look()
        finally:
            self._stop()

    def _wait_for_end(self, users: FileLock) -> None:
        users.wait_exclusive()
        self._unused.set()

    def _start(self) -> None:
        self._stop()
        with problems_in_words(self._place.cluster):
            self._process = cluster.start(
                self._place,
                self._run,
                self._programs,
                durable=self._durable,
                given_up=self._unused.is_set,
            )

    def _stop(self) -> None:
        if self._process is not None:
            cluster.end_process(self._process)
            self._process = None

    def _look(self) -> None:
        failures = 0
        while not self._unused.wait(_LOOK_SECONDS):
            if cluster.running(self._place, self._run) is not None:
                failures = 0
                continue
            if self._unused.wait(_PAUSES[min(failures, len(_PAUSES) - 1)]):
                return
            failures += 1
            try:
                self._start()
            except DatabaseUnavailableError as exc:
                _log(exc)


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
        # Users end by these signals, and the end of the last user ends us. Ignoring them would be inherited
        # by the server, which then misses a stop that comes before it has its own handlers.
        signal.signal(number, lambda *_: None)
    given = json.loads(task)
    account = Account(*given["account"]) if given["account"] else None
    place = Place(Path(given["configured"]), Path(given["cluster"]), account)
    report = Report()
    try:
        with problems_in_words(place.cluster):
            run = RunFolder(place.run)
            os.chdir("/")
            if not _taken(run.lock("keeper")):
                report.send(READY)
                return
            Keeper(place, run, durable=given["durable"]).keep(report)
    except DatabaseUnavailableError as exc:
        _log(exc)
        said = exc.message
        report.send(json.dumps({"code": said.code, "params": said.stored(), "words": said.words}))


def reported(line: str) -> DatabaseUnavailableError | None:
    """Return the error that a keeper reported; None for any other line."""
    try:
        given = json.loads(line)
        return DatabaseUnavailableError(given["code"], words=given["words"], **given["params"])
    except (ValueError, TypeError, KeyError):
        return None


def _log(exc: DatabaseUnavailableError) -> None:
    """Write an error into the keeper's log, in English."""
    from wpsync.messages import say

    sys.stderr.write(f"{time.strftime('%F %T')} {say(exc.message, Language.EN)}\n")
    sys.stderr.flush()


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

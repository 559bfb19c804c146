"""One of the program's waiting loops, begun anew after each signal that ends it.

`python -m tests.acceptance.signalled LOOP CONFIG ROUNDS` writes a byte to standard output when the loop
begins; test_signals answers each with one signal. With `every` instead of a number the loop signals
itself: before the first of its instructions, before the second, and so on until it sleeps.
"""

import faulthandler
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import Random
from types import FrameType
from typing import TYPE_CHECKING

from wpsync import config
from wpsync.__main__ import serve_page
from wpsync.backfill.plan import make_plans
from wpsync.backfill.run import backfill
from wpsync.cli import run
from wpsync.cli.leaving import leaving_in_time
from wpsync.cli.signals import StopRequest, stopping_on_signals
from wpsync.clock import SystemClock
from wpsync.emulator.server import serve
from wpsync.emulator.state import Settings
from wpsync.errors import Stopped
from wpsync.model import EVER, Secret
from wpsync.resources import RESOURCES
from wpsync.sync.passes import sync
from wpsync.sync.progress import Silence
from wpsync.sync.session import Session, session

if TYPE_CHECKING:
    from _typeshed import TraceFunction

_chance = Random(7)


def ask() -> None:
    """Ask for a signal, and be busy for a moment, so that it comes before or after what follows."""
    os.write(1, b".")
    end = time.perf_counter() + _chance.random() * 0.0004
    while time.perf_counter() < end:
        pass


begun: Callable[[], None] = ask


def ready(*_: object) -> None:
    begun()


class Instructions:
    """Counts the main thread's instructions in the loop, and signals the process before the n-th.

    A handler runs between instructions. Signals from outside hit the few that matter too seldom:
    thousands of them did not find the lock of an Event held.
    """

    FILES = ("/threading.py", "/signals.py", "/server.py", "/run.py")

    def __init__(self, number: int) -> None:
        self._left = number
        self.were_fewer = False
        self._asleep = threading.Timer(0.3, self._fire)

    def _fire(self) -> None:
        self.were_fewer = True
        os.kill(os.getpid(), signal.SIGTERM)

    def begin(self) -> None:
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            self._traced(frame)
            frame = frame.f_back
        sys.settrace(self._trace)
        self._asleep.start()

    def end(self) -> None:
        sys.settrace(None)
        self._asleep.cancel()
        self._asleep.join()

    def _traced(self, frame: FrameType) -> bool:
        if not frame.f_code.co_filename.endswith(self.FILES):
            return False
        frame.f_trace, frame.f_trace_opcodes = self._trace, True
        return True

    def _trace(self, frame: FrameType, event: str, _: object) -> "TraceFunction | None":
        if event == "call":
            return self._trace if self._traced(frame) else None
        if event == "opcode" and not self.were_fewer:
            self._left -= 1
            if not self._left:
                self._asleep.cancel()
                signal.raise_signal(signal.SIGTERM)
        return self._trace


class OnEvent(logging.Handler):
    """Ready when one event is logged."""

    def __init__(self, event: str) -> None:
        super().__init__()
        self._event = event

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg == self._event:
            ready()


def emulator(_: config.Config) -> None:
    serve(Settings(messages=100, days=1), ready)


def awaiting(loaded: config.Config) -> None:
    """`wpsync run`, whose database does not answer."""
    stop = StopRequest()
    nowhere = Secret("postgresql://x@127.0.0.1:1/x")
    with (
        stopping_on_signals(stop),
        run.opened(loaded, nowhere, stop, SystemClock()) as opened,
    ):
        assert opened is None


def service(loaded: config.Config) -> None:
    """`wpsync run`, with what ends it in time."""
    stop = StopRequest()
    with (
        stopping_on_signals(stop),
        leaving_in_time(stop, 0),
        run.opened(loaded, loaded.database_address(), stop, SystemClock()) as opened,
    ):
        assert opened is not None
        run.serve(opened, serve_page)


def reading(loaded: config.Config, read: Callable[[Session], object]) -> None:
    stop = StopRequest()
    address = loaded.database_address()
    with (
        stopping_on_signals(stop),
        session(loaded, address, stopping=stop.is_set) as opened,
        suppress(Stopped),
    ):
        ready()
        while not stop.is_set():
            read(opened)


def backfilling(loaded: config.Config) -> None:
    def read(opened: Session) -> None:
        with opened.accounts() as (account,):
            plans, _ = make_plans(account, [RESOURCES["calls"]], EVER, again=True)
            backfill(account, plans, Silence(), again=True)

    reading(loaded, read)


def syncing(loaded: config.Config) -> None:
    def read(opened: Session) -> None:
        with opened.accounts() as (account,):
            sync(account, [RESOURCES["calls"], RESOURCES["sms"]], Silence())

    reading(loaded, read)


LOOPS = {
    "emulator": (emulator, ""),
    "awaiting": (awaiting, "database.awaited"),
    "service": (service, "service.leads"),
    "backfill": (backfilling, ""),
    "sync": (syncing, ""),
}


def every(loop: Callable[[], None]) -> int:
    """Signal before each instruction; return how many there are."""
    global begun
    for number in count(1):
        instructions = Instructions(number)
        begun = instructions.begin
        faulthandler.dump_traceback_later(20, exit=True)
        loop()
        instructions.end()
        if instructions.were_fewer:
            return number - 1
    raise AssertionError


def main(name: str, file: Path, rounds: str) -> None:
    loop, event = LOOPS[name]
    loaded = config.load(file, environ={}, cwd=file.parent)
    logging.getLogger().setLevel(logging.INFO)
    if event:
        logging.getLogger().addHandler(OnEvent(event))
    if rounds == "every":
        os.write(1, str(every(lambda: loop(loaded))).encode())
        return
    for _ in range(int(rounds)):
        loop(loaded)


if __name__ == "__main__":
    faulthandler.enable()  # SIGABRT prints where every thread is
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])

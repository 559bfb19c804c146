"""Stop on signals: the only module of the program that sets signal handlers.

A handler runs between any two instructions of the main thread, also while that thread holds a lock.
So a handler stores a flag or raises, and takes no lock. `threading.Event.set` takes one, and hangs for
ever when the main thread is inside `wait` of the same event. Waiting here is polling a pipe that is
never emptied: the signal's number is written into it before Python comes to run the handler, so a
signal that arrives just before the poll begins ends it as well.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from select import POLLIN, poll
from types import FrameType
from weakref import finalize

INTERRUPTED = 130
"""Exit status of a program that a signal ended."""

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_Handler = Callable[[int, FrameType | None], None]


class StopRequest:
    """Whether a stop is asked for. It cannot be taken back. Threads may share it."""

    def __init__(self) -> None:
        self._reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)
        self._asked = False
        finalize(self, _close, self._reader, self.writer)

    def set(self) -> None:
        """Ask for a stop and wake everyone who waits. Signal handlers may call it."""
        self._asked = True
        with suppress(BlockingIOError):  # full: everyone is awake
            os.write(self.writer, b"\0")

    def is_set(self) -> bool:
        return self._asked

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the request, at most so many seconds; return whether it came."""
        waiting = poll()
        waiting.register(self._reader, POLLIN)
        return bool(waiting.poll(None if seconds is None else seconds * 1000))


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


@contextmanager
def stopping_on_signals(stop: StopRequest) -> Iterator[None]:
    """Let the first SIGINT, SIGTERM or SIGHUP ask for a stop, and the second end the program at once.

    A second SIGHUP does not: a closed terminal sends one, and its shell another.
    """

    def on_signal(number: int, frame: FrameType | None) -> None:
        if stop.is_set() and number != signal.SIGHUP:
            os._exit(INTERRUPTED)
        stop.set()

    before = signal.set_wakeup_fd(stop.writer, warn_on_full_buffer=False)
    try:
        with _handled(on_signal, _ENDING):
            yield
    finally:
        signal.set_wakeup_fd(before)


@contextmanager
def leaving_on_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the program as Ctrl-C does: through every `finally`.

    For what a command does outside `stopping_on_signals`: nothing that it started stays behind.
    """
    left = False

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal left
        if not left:
            left = True
            sys.exit(INTERRUPTED)
        if number != signal.SIGHUP:
            os._exit(INTERRUPTED)

    with _handled(on_signal, (signal.SIGTERM, signal.SIGHUP)):
        yield


@contextmanager
def _handled(handler: _Handler, numbers: tuple[signal.Signals, ...]) -> Iterator[None]:
    """Install a handler. An ignored SIGHUP stays ignored: that is what nohup asks for."""
    previous = {
        number: signal.signal(number, handler)
        for number in numbers
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler_before in previous.items():
            signal.signal(number, handler_before)

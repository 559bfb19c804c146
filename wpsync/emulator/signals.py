"""End the emulator: on a signal, or when the program that started it has gone."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from select import POLLIN, poll

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ending(until_eof: int | None = None) -> Iterator[Callable[[], None]]:
    """A function that waits for SIGINT, SIGTERM or SIGHUP, or for the end of the given descriptor.

    The handlers do nothing: they run at any moment and so take no lock. Python itself writes into the
    pipe that is waited for, also when the signal arrives just before the waiting begins.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    waiting = poll()
    waiting.register(reader, POLLIN)
    if until_eof is not None:
        waiting.register(until_eof, POLLIN)

    def wait() -> None:
        while True:
            for descriptor, _ in waiting.poll():
                if descriptor == reader or not os.read(descriptor, 4096):
                    return

    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    handlers = {
        number: signal.signal(number, lambda *_: None)
        for number in _NUMBERS
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN  # nohup
    }
    try:
        yield wait
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before)
        os.close(reader)
        os.close(writer)

"""End the process soon after a stop was asked for, even where something hangs: a request, a commit, a locked table."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from wpsync.cli.signals import INTERRUPTED, StopRequest
from wpsync.policy import DEFAULT

log = logging.getLogger(__name__)


@contextmanager
def leaving_in_time(
    stop: StopRequest, status: int = INTERRUPTED, within: float = DEFAULT.leading.leave_within
) -> Iterator[None]:
    """After a signal the process ends within ten seconds, even where a request or a commit hangs.

    Work that was not committed is rolled back by Postgres, and read again after the next start.
    """
    left = Event()

    def watch() -> None:
        stop.wait()
        if left.wait(within):
            return
        log.warning("service.cut_off", extra={"seconds": within})
        with suppress(OSError):  # the terminal may be gone
            sys.stderr.flush()
        os._exit(status)

    Thread(target=watch, name="leave", daemon=True).start()
    try:
        yield
    finally:
        left.set()

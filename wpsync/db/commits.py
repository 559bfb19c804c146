"""Whether commits end: tried by a thread of its own, so that a database that hangs is noticed without anyone looking.

A lost synchronous standby or a frozen disk lets every statement through and every commit wait. Nothing fails then: all
writes wait, and to all that reads the database looks healthy.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from time import monotonic

import psycopg

from wpsync.db.connecting import Pinned, UnansweredError
from wpsync.policy import DatabaseWaits

log = logging.getLogger(__name__)

_COMMIT = "select pg_logical_emit_message(true, 'wpsync', '')"
"""The smallest commit: it is written to the log and to no table, so it holds no lock of anyone while it hangs."""


class Commits:
    """Tries again and again whether a commit ends, from `begin` to `close`."""

    def __init__(self, connect: Callable[[], Pinned], waits: DatabaseWaits) -> None:
        self._connect = connect
        self._waits = waits
        self._connection: Pinned | None = None
        self._begun: float | None = None
        self._closing = Event()
        self._thread: Thread | None = None

    @property
    def hang(self) -> bool:
        """Whether the commit that is tried now has not ended in time."""
        begun = self._begun
        return begun is not None and monotonic() - begun > self._waits.hangs

    def begin(self) -> None:
        """Try from now on."""
        if self._thread is None:
            self._thread = Thread(target=self._go_on, name="commits", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Try no more. A commit that hangs is left to its thread, which ends with the process."""
        self._closing.set()

    def _go_on(self) -> None:
        while not self._closing.wait(self._waits.probe):
            try:
                self._try()
            except UnansweredError:
                continue  # `_begun` stays as it is: they have hung since then
            except psycopg.Error as exc:
                log.debug("commit.untried", extra={"error": type(exc).__name__})
            self._begun = None
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()

    def _try(self) -> None:
        connection = self._connection
        if connection is None or connection.closed:
            self._connection = connection = self._connect()
            connection.answer_within = self._waits.commit
        self._begun = self._begun or monotonic()
        connection.execute(_COMMIT)

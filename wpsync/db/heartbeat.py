"""The life of a process in the database: its row in `wpsync.instances`, its heartbeat, and the name of its sessions.

A small thread with a connection of its own says every few seconds that the process lives. Where another process has
taken its row away (`db.leases`), the process was held for dead: that instance is over, and nothing it had counts any
more. A process that goes on all the same does so as a new instance, with new sessions.

All sessions of an instance carry its id in `application_name`, so that the process that takes over finds and ends them. A new
session of an instance that is over is refused (`admit`), so that none is left that could still write.
"""

import logging
import os
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from threading import Event, Lock, Thread
from typing import Self
from uuid import uuid4
from weakref import WeakKeyDictionary

import psycopg

from wpsync.db.connecting import Connection
from wpsync.db.queries import statements
from wpsync.policy import LeaseRules

log = logging.getLogger(__name__)

QUERIES = statements(__name__)

COMMAND, LEADER, STANDBY = "command", "leader", "standby"
"""The roles of an instance: a single command, or the service, which leads or stands by."""

BROKEN = (psycopg.OperationalError, psycopg.InterfaceError)

_HOST_CHARACTERS = 32  # Postgres cuts an application_name after 63 bytes


@dataclass(frozen=True, slots=True)
class Instance:
    """One process at work, until it is held for dead."""

    id: str
    host: str
    version: str

    @classmethod
    def begin(cls) -> Self:
        """Return a new instance, of this process."""
        host = socket.gethostname()
        shown = re.sub(r"[^!-~]", "_", host)[:_HOST_CHARACTERS]
        return cls(f"{shown}:{os.getpid()}:{uuid4().hex[:12]}", host, version("wpsync"))

    @property
    def sessions(self) -> str:
        """The `application_name` of all its sessions."""
        return sessions_of(self.id)


def sessions_of(instance: str) -> str:
    """Return the `application_name` that the sessions of an instance carry."""
    return f"wpsync {instance}"


class Heartbeat:
    """Says that this process lives. Threads may share it; the driver's errors are its own.

    `connect` opens a connection for statements about leases. `on_beat` is called by the thread after each sign of life.
    """

    def __init__(self, connect: Callable[[], Connection], rules: LeaseRules) -> None:
        self.instance = Instance.begin()
        self.role = COMMAND
        self.on_beat: Callable[[], None] = lambda: None
        self._connect = connect
        self._rules = rules
        self._connection: Connection | None = None
        self._known = False
        self._names: WeakKeyDictionary[Connection, str] = WeakKeyDictionary()
        self._lock = Lock()
        self._closing = Event()
        self._thread: Thread | None = None

    def begin(self) -> None:
        """Have a row, and a connection that keeps it; nothing to do where both are there."""
        if self._connection is None or self._connection.closed:
            self.beat()

    def beat(self) -> None:
        """Say that we live, and go on saying so. Notices where we were held for dead."""
        with self._lock:
            try:
                self._beat()
            except BROKEN:  # the server may only have been restarted
                self._drop()
                self._beat()
            if self._thread is None:
                self._thread = Thread(target=self._go_on, name="heartbeat", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End in good order: without its row an instance holds nothing."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(self._rules.statement)
        with self._lock, suppress(psycopg.Error):
            if self._known and self._connection is not None:
                self._connection.execute(QUERIES["remove_instance"], {"id": self.instance.id})
        self._drop()

    def admit(self, connection: Connection) -> None:
        """Give a new connection the instance's name. Raises OperationalError where the instance is over.

        The process that takes over removes our row first and ends our sessions then. So a session that comes too late to be
        ended finds no row.
        """
        instance = self.instance
        connection.execute(QUERIES["name_session"], {"name": instance.sessions})
        if self._known:
            found = connection.execute(QUERIES["instance"], {"id": instance.id}).fetchone()
            if found is None:
                raise psycopg.OperationalError("this instance was taken over")
        self._names[connection] = instance.id

    def is_ours(self, connection: Connection) -> bool:
        """Whether a connection was admitted for the present instance."""
        return self._names.get(connection) == self.instance.id

    def _go_on(self) -> None:
        while not self._closing.wait(self._rules.beat):
            try:
                self.beat()
                self.on_beat()
            except psycopg.Error as exc:
                log.debug("heartbeat.missed", extra={"error": type(exc).__name__})

    def _beat(self) -> None:
        """Renew the row: with the connection's backend where the connection is new."""
        fields: dict[str, object] = {"id": self.instance.id, "role": self.role}
        if self._connection is not None and not self._connection.closed:
            if self._connection.execute(QUERIES["beat"], fields).rowcount == 0:
                self._begin_anew(self._connection)
            return
        connection = self._connect()
        try:
            connection.execute(QUERIES["name_session"], {"name": self.instance.sessions})
            connection.execute("set synchronous_commit to off")  # no sign of life waits for a disk
            if not self._known:
                self._insert(connection)
            elif connection.execute(QUERIES["beat_anew"], fields).rowcount == 0:
                self._begin_anew(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def _begin_anew(self, connection: Connection) -> None:
        """Go on as another instance, since this one was held for dead: we stood still, or were out of reach."""
        before, self.instance = self.instance, Instance.begin()
        if self.role == LEADER:
            self.role = STANDBY
        connection.execute(QUERIES["name_session"], {"name": self.instance.sessions})
        self._insert(connection)
        log.warning("instance.taken_over", extra={"instance": before.id, "now": self.instance.id})

    def _insert(self, connection: Connection) -> None:
        own = self.instance
        fields = {"id": own.id, "host": own.host, "version": own.version, "role": self.role}
        connection.execute(QUERIES["insert_instance"], fields)
        self._known = True
        for name in ("forget_instances", "forget_leases"):
            connection.execute(QUERIES[name])

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(*BROKEN):
                self._connection.close()
            self._connection = None

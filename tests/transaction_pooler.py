"""A pooler between clients and Postgres, for tests: it gives each transaction, or each client, a session of its pool.

It knows the messages of Postgres well enough for statements, not for COPY.
"""

import re
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

from psycopg.conninfo import conninfo_to_dict

_ASKS_FOR_ENCRYPTION = (80877103, 80877104)
"""The first message of a client that wants TLS or GSSAPI."""


def _exactly(stream: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = stream.recv(size - len(found))
        if not more:
            raise ConnectionError
        found += more
    return found


def _message(stream: socket.socket) -> bytes:
    """Return a message: its kind, its length, and what it holds."""
    head = _exactly(stream, 5)
    (size,) = struct.unpack("!I", head[1:])
    return head + _exactly(stream, size - 4)


def _until_ready(session: socket.socket) -> list[bytes]:
    """Return all that a server says until it is ready again."""
    found = [_message(session)]
    while found[-1][:1] != b"Z":
        found.append(_message(session))
    return found


class Pooler:
    """Serves clients with sessions of a server. `by_transaction`: a session is given back after each transaction.

    `version` is told in place of the server's. The setting that `drops` names is never made.
    """

    def __init__(
        self, server: str, *, by_transaction: bool, version: str | None, drops: str | None
    ) -> None:
        self._server = server
        self._version = version
        self._drops = drops
        self._by_transaction = by_transaction
        self._free: list[socket.socket] = []
        self._greeting: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more clients, and end the sessions that are free."""
        self._listener.close()
        for session in self._free:
            session.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        session = None
        with client, suppress(OSError):
            start = self._start(client)
            if self._by_transaction and self._free:
                session, greeting = None, self._greeting
            else:
                session, greeting = self._session(start)
                self._greeting = greeting
            client.sendall(b"".join(self._ours(one, client) for one in greeting))
            ready = greeting[-1]
            while True:
                if self._by_transaction and session is not None and ready[5:] == b"I":
                    self._free.append(session)
                    session = None
                asked = _message(client)
                if asked[:1] == b"X":
                    break
                if session is None:
                    session = self._free.pop() if self._free else self._session(start)[0]
                session.sendall(self._without(asked))
                ready = b""
                if asked[:1] in b"QS":
                    said = _until_ready(session)
                    client.sendall(b"".join(said))
                    ready = said[-1]
        if session is not None:
            session.close()

    def _start(self, client: socket.socket) -> bytes:
        while True:
            head = _exactly(client, 8)
            size, code = struct.unpack("!II", head)
            if code not in _ASKS_FOR_ENCRYPTION:
                return head + _exactly(client, size - 8)
            client.sendall(b"N")

    def _session(self, start: bytes) -> tuple[socket.socket, list[bytes]]:
        session = socket.socket(socket.AF_UNIX)
        session.connect(self._server)
        session.sendall(start)
        return session, _until_ready(session)

    def _without(self, asked: bytes) -> bytes:
        if self._drops is None or asked[:1] != b"Q":
            return asked
        body = re.sub(rb"set %s to [^;\0]*;?" % self._drops.encode(), b"", asked[5:])
        return b"Q" + struct.pack("!I", len(body) + 4) + body

    def _ours(self, message: bytes, client: socket.socket) -> bytes:
        """Give the client a process id of ours, as poolers do: it is there to cancel through them."""
        told = b"server_version\0"
        if message[:1] == b"S" and message[5:].startswith(told) and self._version is not None:
            body = told + self._version.encode() + b"\0"
            return b"S" + struct.pack("!I", len(body) + 4) + body
        if message[:1] != b"K":
            return message
        return message[:5] + struct.pack("!I", 10_000_000 + client.fileno()) + message[9:]


@contextmanager
def pooled(
    url: str, *, by_transaction: bool, version: str | None = None, drops: str | None = None
) -> Iterator[str]:
    """Yield the address of a pooler before the server of a test."""
    found = conninfo_to_dict(url)
    server = f"{found['host']}/.s.PGSQL.{found.get('port') or 5432}"
    pooler = Pooler(server, by_transaction=by_transaction, version=version, drops=drops)
    name = f"{found['user']}@127.0.0.1:{pooler.port}/{found['dbname']}"
    try:
        yield f"postgresql://{name}"
    finally:
        pooler.close()

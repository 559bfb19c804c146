"""A server that answers with any bytes at all: what no honest one would send, and no HTTP library would let it."""

import socket
import socketserver
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Thread

Answer = Callable[[str, bytes], Iterable[bytes]]
"""From a request's path with its query, and its body, to the pieces of the reply: status line, headers and all."""

TOKENS = b'{"code":1,"msg":"","data":{"accessToken":"%s","refreshToken":"%s"}}' % (
    b"A" * 32,
    b"B" * 32,
)


def reply(content: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An ordinary reply."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", "Connection: close", *headers]
    return "\r\n".join([*head, "", ""]).encode() + content


def unending(piece: bytes, *headers: str, pause: float = 0) -> Iterator[bytes]:
    """A reply without an end."""
    yield "\r\n".join(["HTTP/1.1 200 OK", "Connection: close", *headers, "", ""]).encode()
    while True:
        yield piece
        time.sleep(pause)


class HostileVendor:
    """Answers one request a connection. Logins are answered well, unless `logins` is set."""

    def __init__(self, answer: Answer, *, logins: bool = False) -> None:
        self.answer = answer
        self.logins = logins
        self.asked: list[str] = []
        self.longest = 0.0
        """The seconds that the longest reply took until it had gone, or was given up."""

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Serve until left; yields the address."""
        vendor = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                vendor._handle(self.rfile, self.connection)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address, request_queue_size = True, True, 128
            block_on_close = False

            def handle_error(self, request: object, client_address: object) -> None:
                """Say nothing: a client that gives up is what is tested."""

        with Server(("127.0.0.1", 0), Handler) as server:
            thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_address[1]}"
            finally:
                server.shutdown()
                thread.join()

    def _handle(self, asked, connection: socket.socket) -> None:
        path = asked.readline().split(b" ")[1].decode()
        length = 0
        while (line := asked.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        body = asked.read(length)
        self.asked.append(path)
        began = time.monotonic()
        try:
            is_login = path.startswith("/oauth") and not self.logins
            for piece in [reply(TOKENS)] if is_login else self.answer(path, body):
                connection.sendall(piece)
        except OSError:
            pass  # the client gave up
        finally:
            self.longest = max(self.longest, time.monotonic() - began)

    def count(self, ending: str) -> int:
        """How often an endpoint was asked."""
        return sum(path.partition("?")[0].endswith(ending) for path in self.asked)

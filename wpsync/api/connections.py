"""Connections on which no request waits beyond its deadline, nor beyond a stop.

A timeout of the HTTP library counts anew with each byte that comes: a vendor that sends one a second holds a request for
ever. So reading and writing are done in short turns, and between them we look at the deadline and at whether to stop.
"""

import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import local
from typing import Any

import httpcore
import httpx

from wpsync.clock import SystemClock
from wpsync.errors import Stopped

_REAL = SystemClock()
"""Sockets wait in real time, also where the caller has another clock."""


class Waits:
    """How long the request of each thread may still take. Threads may share it."""

    def __init__(self, look: float, stopping: Callable[[], bool]) -> None:
        self._look = look
        self._stopping = stopping
        self._of_thread = local()

    @contextmanager
    def within(self, seconds: float, *, stops: bool) -> Iterator[None]:
        """Bound all that this thread sends and receives meanwhile; `stops`: a stop ends it."""
        self._of_thread.until = _REAL.monotonic() + seconds
        self._of_thread.stops = stops
        try:
            yield
        finally:
            self._of_thread.until = None

    def look(self) -> None:
        """Raise ReadTimeout once the deadline is over, and Stopped when asked to stop."""
        until = getattr(self._of_thread, "until", None)
        if until is None:
            return
        if self._of_thread.stops and self._stopping():
            raise Stopped
        if _REAL.monotonic() >= until:
            raise httpcore.ReadTimeout("the whole took too long")

    def turns(self, timeout: float | None) -> Iterator[float]:
        """Yield the length of each turn, until the timeout."""
        until = None if timeout is None else _REAL.monotonic() + timeout
        while True:
            self.look()
            left = self._look if until is None else until - _REAL.monotonic()
            if left <= 0:
                return
            yield min(left, self._look)


class _Stream(httpcore.NetworkStream):
    """A stream that waits in turns."""

    def __init__(self, stream: httpcore.NetworkStream, waits: Waits) -> None:
        self._stream = stream
        self._waits = waits

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        for seconds in self._waits.turns(timeout):
            try:
                return self._stream.read(max_bytes, seconds)
            except httpcore.ReadTimeout:
                continue
        raise httpcore.ReadTimeout("nothing came")

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._waits.look()
        self._stream.write(buffer, timeout)  # our requests are short

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._waits)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.SyncBackend):
    """Opens connections whose streams wait in turns."""

    def __init__(self, waits: Waits) -> None:
        self._waits = waits

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        opened = super().connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(opened, self._waits)


def bound(client: httpx.Client, waits: Waits) -> None:
    """Let a client's connections wait in turns, those through proxies too. The library has no setting for it."""
    for transport in (client._transport, *client._mounts.values()):
        pool = getattr(transport, "_pool", None)
        if isinstance(pool, httpcore.ConnectionPool):
            pool._network_backend = _Backend(waits)

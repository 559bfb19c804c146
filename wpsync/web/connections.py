"""The connections of the status page, and how much each may take: of memory, time and descriptors.

The server's own settings bound neither a request that never ends nor a connection on which nothing happens, and where no
descriptor is left, asyncio logs each connection that it cannot accept. The page shares its process with the sync.
"""

import asyncio
import logging
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

log = logging.getLogger(__name__)

MOST = 128
"""Open connections. Beyond, the one on which nothing has happened for the longest time is closed."""

IDLE, SLOW, LOOK = 10.0, 60.0, 2.0
"""Seconds until a connection without a whole request is closed, and one whose reply is not taken; between two looks."""

MOST_HEADERS = 16 * 1024
"""Bytes of a request's line and headers."""

BACKLOG = 256
"""Connections that are accepted at once: with those that are open, fewer than a process may have descriptors."""

_AGAIN = 60.0
"""Seconds until trouble of the same kind is logged again."""


class BoundedProtocol(H11Protocol):
    """One connection: closed if it is idle for too long, sends a request too slowly, or does not take the reply."""

    _since = 0.0
    _look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if len(self.connections) >= MOST:
            idle = [one for one in self.connections if isinstance(one, BoundedProtocol)]
            idle = [one for one in idle if not one.is_serving]
            if not idle:
                self.transport = transport
                self.abort()
                return
            min(idle, key=lambda one: one._since).abort()
        super().connection_made(transport)
        self._since = self.loop.time()
        self._look = self.loop.call_later(LOOK, self._look_at_it)

    @property
    def is_serving(self) -> bool:
        """Whether a request came whole, and its reply has not gone whole."""
        if self.cycle is None:
            return False
        return not self.cycle.response_complete or self.transport.get_write_buffer_size() > 0

    def abort(self) -> None:
        """Close at once, although something may still have to be sent."""
        self.connections.discard(self)
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        was_serving = self.is_serving
        try:
            super().data_received(data)
        except h11.LocalProtocolError:  # nonsense came while a reply was on its way
            self.abort()
        if self.is_serving and not was_serving:
            self._since = self.loop.time()

    def on_response_complete(self) -> None:
        self._since = self.loop.time()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def _look_at_it(self) -> None:
        if self.loop.time() - self._since > (SLOW if self.is_serving else IDLE):
            self.abort()
        else:
            self._look = self.loop.call_later(LOOK, self._look_at_it)


class QuietServer(uvicorn.Server):
    """A server that tells trouble with its sockets once a minute."""

    _told_at = float("-inf")

    async def startup(self, sockets: Any = None) -> None:
        asyncio.get_running_loop().set_exception_handler(self._trouble)
        await super().startup(sockets)

    def _trouble(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log it, without addresses and contents."""
        now, exc = loop.time(), context.get("exception")
        if now - self._told_at >= _AGAIN:
            self._told_at = now
            fields = {"error": type(exc).__name__, "errno": getattr(exc, "errno", None)}
            log.warning("web.trouble", extra=fields)

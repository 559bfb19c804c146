"""The web server: uvicorn in a thread of this process, on a socket that is bound before anything starts."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread

import uvicorn
from starlette.types import ASGIApp

from wpsync.errors import ConfigError
from wpsync.web.connections import BACKLOG, MOST_HEADERS, BoundedProtocol, QuietServer


@contextmanager
def serving(
    app: ASGIApp, bind: str, port: int, trusted_proxies: Sequence[str] = ()
) -> Iterator[str]:
    """Serve until left; yields the address. Port 0: any free one. Raises ConfigError where it is taken.

    Only of the proxies that are trusted is it believed for whom they ask.
    """
    try:
        listening = socket.create_server(
            (bind, port), family=socket.AF_INET6 if ":" in bind else socket.AF_INET
        )
    except OSError as exc:
        raise ConfigError(
            "web.cannot_listen", address=f"{bind}:{port}", words=exc.strerror
        ) from None
    server = QuietServer(
        uvicorn.Config(
            app,
            http=BoundedProtocol,
            loop="asyncio",
            h11_max_incomplete_event_size=MOST_HEADERS,
            backlog=BACKLOG,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
            log_config=None,
            log_level="error",  # its warnings are one for each request that is none
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
    )
    thread = Thread(target=server.run, kwargs={"sockets": [listening]}, name="web", daemon=True)
    thread.start()
    try:
        host = f"[{bind}]" if ":" in bind else bind
        yield f"http://{host}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(3)
        listening.close()

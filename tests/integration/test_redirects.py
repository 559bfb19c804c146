"""A vendor that points elsewhere: credentials and tokens go to the configured address, and to no other."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.fake_clock import FakeClock
from tests.unit.test_client import START, TOKEN, MemoryTokens, good
from wpsync.api.auth import Credentials
from wpsync.api.client import Client
from wpsync.api.limits import Limits
from wpsync.errors import WpsyncError
from wpsync.model import Secret

SECRET = "a-secret-for-the-vendor-only"


@contextmanager
def listening(
    status: int, location: str = "", *, logs_in: bool = False
) -> Iterator[tuple[str, list[str]]]:
    """A real server: its address, and the paths that were asked for. It gives one answer, but to a login that it takes."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            welcome = logs_in and "getToken" in self.path
            body = (
                good({"accessToken": TOKEN, "refreshToken": TOKEN[::-1]}).content
                if welcome
                else b""
            )
            self.send_response(200 if welcome else status)
            if location and not welcome:
                self.send_header("Location", location + self.path)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("logs_in", [False, True])
def test_a_redirect_of_the_vendor_is_not_followed(status, logs_in):
    clock = FakeClock(START)
    with (
        listening(200) as (elsewhere, astray),
        listening(status, elsewhere, logs_in=logs_in) as (vendor, asked),
    ):
        client = Client(
            account="main",
            base_url=vendor,
            credentials=Credentials("id", Secret(SECRET)),
            tokens=MemoryTokens(),
            clock=clock,
            limits=Limits({}, clock=clock),
            timeout_seconds=10,
        )
        with client, pytest.raises(WpsyncError) as caught:
            client.call("/api/agents")
    assert ("getToken" in asked[-1]) is not logs_in
    assert astray == []
    assert SECRET not in repr(caught.value)
    assert TOKEN not in repr(caught.value)

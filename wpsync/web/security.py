"""Who may see the page: everybody on this machine, and who knows the password from elsewhere.

A page on the loopback answers only to loopback names, so that no site on the internet can read it
through a visitor's browser (DNS rebinding). Everything is read-only, and nothing is loaded from
anywhere else.
"""

import base64
import binascii
import hmac
from collections import deque
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wpsync.addresses import is_loopback
from wpsync.clock import Clock
from wpsync.language import Language, Text
from wpsync.model import Secret
from wpsync.status.texts import chosen

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OPEN = ("/livez", "/readyz", "/healthz")
"""What an orchestrator asks, which has no password; the answers name nothing."""

_READ_ONLY = Text("this page is read-only", "本页面只读")
_ONLY_LOCAL = Text(
    "this page answers only to localhost; set web.bind and web.password",
    "本页面仅限本机访问；如需远程访问，请配置 web.bind 与 web.password",
)
_TOO_MANY = Text("too many wrong passwords", "密码错误次数过多")
_PASSWORD = Text("a password is required", "需要密码")

_TRIES, _WITHIN, _CLIENTS = 10, 60.0, 1_000


class Guard:
    """Middleware: method, host, password, headers. `password` None: nobody is asked for one."""

    def __init__(self, app: ASGIApp, *, password: Secret | None, local: bool, clock: Clock) -> None:
        self._app = app
        self._password = password
        self._local = local
        self._clock = clock
        self._wrong: dict[str, deque[float]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        refused = self._refused(HTTPConnection(scope), str(scope["method"]))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                known = {name.lower() for name, _ in message["headers"]}
                message["headers"] += [
                    (name.lower().encode(), value.encode())
                    for name, value in HEADERS.items()
                    if name.lower().encode() not in known
                ]
                if b"cache-control" not in known:
                    message["headers"].append((b"cache-control", b"no-store"))
            await send(message)

        await (refused or self._app)(scope, receive, send_with_headers)

    def _refused(self, asked: HTTPConnection, method: str) -> Response | None:
        if method not in ("GET", "HEAD"):
            return _refusal(_READ_ONLY, asked, 405, {"Allow": "GET, HEAD"})
        host = urlsplit(f"//{asked.headers.get('host', '')}").hostname or ""
        if self._local and not is_loopback(host):
            return _refusal(_ONLY_LOCAL, asked, 421)
        if self._password is None or asked.url.path in OPEN or self._knows(asked):
            return None
        if self._locked(_client(asked)):
            return _refusal(_TOO_MANY, asked, 429, {"Retry-After": "60"})
        basic = {"WWW-Authenticate": 'Basic realm="wpsync", charset="UTF-8"'}
        return _refusal(_PASSWORD, asked, 401, basic)

    def _knows(self, asked: HTTPConnection) -> bool:
        assert self._password is not None
        given = _given(asked.headers.get("authorization", ""))
        if given is None or self._locked(_client(asked)):
            return False
        if hmac.compare_digest(given.encode(), self._password.reveal().encode()):
            return True
        if len(self._wrong) >= _CLIENTS:
            self._wrong.clear()
        tries = self._wrong.setdefault(_client(asked), deque(maxlen=_TRIES))
        tries.append(self._clock.monotonic())
        return False

    def _locked(self, client: str) -> bool:
        """Whether an address has guessed too often of late."""
        tries = self._wrong.get(client, deque[float]())
        return len(tries) == _TRIES and self._clock.monotonic() - tries[0] < _WITHIN


def language_of(asked: HTTPConnection) -> Language:
    """Return the language of a reader: chosen in the address, remembered, or the browser's."""
    wanted = asked.query_params.get("lang") or asked.cookies.get("lang")
    return chosen(wanted, asked.headers.get("accept-language", ""))


def _refusal(
    text: Text, asked: HTTPConnection, code: int, headers: Mapping[str, str] | None = None
) -> Response:
    return PlainTextResponse(f"{text.to(language_of(asked))}\n", code, headers)


def _client(asked: HTTPConnection) -> str:
    return asked.client.host if asked.client else ""


def _given(header: str) -> str | None:
    """The password of an Authorization header: Basic with any user name, or Bearer."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return decoded.partition(":")[2]

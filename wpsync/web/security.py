"""Who may see the page: everybody on this machine, and who knows the password from elsewhere.

A page on the loopback answers only to loopback names and to those that are configured (`web.hosts`), so that no site on
the internet can read it through a visitor's browser (DNS rebinding). Everything is read-only, and nothing is loaded from
anywhere else.

Where passwords were guessed wrong too often, the answer waits for a second, to a right one too: it is never locked out.
"""

import asyncio
import base64
import binascii
import hmac
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wpsync.addresses import is_loopback
from wpsync.clock import Clock
from wpsync.language import Language, Text
from wpsync.model import Secret
from wpsync.status.texts import chosen
from wpsync.web.guesses import Guesses

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
"""What an orchestrator asks, which has no password; the answers then name nothing."""

NAMING = "/healthz"
"""The one of them that names resources that are behind, to those who know the password."""

KNOWN = "wpsync.known"
"""In the scope of a request: whether it may learn more than that, since it knows the password or none is needed."""

_READ_ONLY = Text("this page is read-only", "本页面只读")
_ONLY_LOCAL = Text(
    "this page answers only to localhost; set web.bind and web.password, or web.hosts behind a proxy",
    "本页面仅限本机访问；如需远程访问，请配置 web.bind 与 web.password，使用反向代理时请配置 web.hosts",
)
_TOO_MANY = Text("too many wrong passwords", "密码错误次数过多")
_PASSWORD = Text("a password is required", "需要密码")

_LONGEST_URL = 4_000
_TOO_LONG = Text("the address is too long", "网址过长")

_HELD, _AT_ONCE = 1.0, 32
"""Seconds for which an answer is held where guesses are many, and how many wrong ones are held at the same time."""


class Guard:
    """Middleware: method, host, password, headers. `password` None: nobody is asked for one."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        password: Secret | None,
        local: bool,
        clock: Clock,
        hosts: Collection[str] = (),
    ) -> None:
        self._app = app
        self._password = password
        self._local = local
        self._hosts = frozenset(host.casefold() for host in hosts)
        self._guesses = Guesses(clock)
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return

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

        asked = HTTPConnection(scope)
        refused = self._refused(asked, str(scope["method"])) or await self._unknown(asked)
        await (refused or self._app)(scope, receive, send_with_headers)

    def _refused(self, asked: HTTPConnection, method: str) -> Response | None:
        """Return the refusal of a request that is wrong, whether with the password or without."""
        if method not in ("GET", "HEAD"):
            return _refusal(_READ_ONLY, asked, 405, {"Allow": "GET, HEAD"})
        if len(asked.scope["raw_path"]) + len(asked.scope["query_string"]) > _LONGEST_URL:
            return _refusal(_TOO_LONG, asked, 414)
        if not self._answers_to(asked.headers.get("host", "")):
            return _refusal(_ONLY_LOCAL, asked, 421)
        return None

    def _answers_to(self, header: str) -> bool:
        """Whether a Host header names this page. From elsewhere it may have any name, unless some are configured."""
        try:
            host = urlsplit(f"//{header}").hostname or ""
        except ValueError:
            return False
        if not self._local and not self._hosts:
            return True
        return is_loopback(host) or host.removesuffix(".") in self._hosts

    async def _unknown(self, asked: HTTPConnection) -> Response | None:
        """Return the refusal of a request that lacks the password."""
        given = _given(asked.headers.get("authorization", ""))
        is_open = asked.url.path in OPEN
        asked.scope[KNOWN] = self._password is None
        if self._password is None or (is_open and (given is None or asked.url.path != NAMING)):
            return None
        if given is None:
            return _asking(asked)
        address = asked.client.host if asked.client else ""
        is_held = self._guesses.are_many(address)
        if hmac.compare_digest(given.encode(), self._password.reveal().encode()):
            if is_held:
                await asyncio.sleep(_HELD)
            asked.scope[KNOWN] = True
            return None
        self._guesses.note(address)
        if is_held:
            await self._hold()
        if is_open:
            return None
        wait = {"Retry-After": "60"}
        return _refusal(_TOO_MANY, asked, 429, wait) if is_held else _asking(asked)

    async def _hold(self) -> None:
        """Let a wrong password wait, as a right one would; of very many at once some are refused without."""
        if self._held >= _AT_ONCE:
            return
        self._held += 1
        try:
            await asyncio.sleep(_HELD)
        finally:
            self._held -= 1


def _asking(asked: HTTPConnection) -> Response:
    basic = {"WWW-Authenticate": 'Basic realm="wpsync", charset="UTF-8"'}
    return _refusal(_PASSWORD, asked, 401, basic)


def language_of(asked: HTTPConnection) -> Language:
    """Return the language of a reader: chosen in the address, remembered, or the browser's."""
    wanted = asked.query_params.get("lang") or asked.cookies.get("lang")
    return chosen(wanted, asked.headers.get("accept-language", ""))


def _refusal(
    text: Text, asked: HTTPConnection, code: int, headers: Mapping[str, str] | None = None
) -> Response:
    return PlainTextResponse(f"{text.to(language_of(asked))}\n", code, headers)


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

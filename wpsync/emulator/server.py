"""The emulator's HTTP server: one thread, one event loop, connections that can be broken on purpose."""

import asyncio
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import parse_qs

import httptools
import msgspec

from wpsync.emulator.control import Control
from wpsync.emulator.faults import Fault
from wpsync.emulator.rows import Object
from wpsync.emulator.signals import ending
from wpsync.emulator.state import Settings, State
from wpsync.emulator.vendor import Refusal
from wpsync.emulator.world import World, encoded

_HTML = b"<html><body><h1>%d</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back. `cut` sends only half of the body it announced; `delay` is in seconds, `drip` for each byte."""

    body: bytes
    status: int = 200
    kind: bytes = b"application/json;charset=UTF-8"
    headers: bytes = b""
    cut: bool = False
    reset: bool = False
    delay: float = 0.0
    drip: float = 0.0
    drips_head: bool = False


class _Connection(asyncio.Protocol):
    """One client's connection; requests are answered in order."""

    def __init__(self, state: State, control: Control, there: set[asyncio.Transport]) -> None:
        self._state = state
        self._control = control
        self._there = there
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._url = b""
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._there.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._there.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._close()

    def on_message_begin(self) -> None:
        self._body = []

    def on_url(self, url: bytes) -> None:
        self._url = url

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        path, _, query = self._url.decode("latin-1").partition("?")
        method, body = self._parser.get_method().decode(), b"".join(self._body)
        if path.startswith("/_emulator/"):
            status, told = self._control.handle(method, path, query, body)
            self._send(Answer(told, status))
            return
        answer = _answer(self._state, method, path, query, body)
        if answer.delay:
            asyncio.get_running_loop().call_later(answer.delay, self._send, answer)
        else:
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if answer.reset:
            self._transport.abort()
            return
        head = b"HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %d\r\nDate: %s\r\n%s\r\n" % (
            answer.status,
            answer.kind,
            len(answer.body),
            _date(self._state.now()),
            answer.headers,
        )
        if answer.drip:
            whole = head + answer.body
            self._drip(whole, 0 if answer.drips_head else len(head), answer.drip)
        elif answer.cut:
            self._transport.write(head + answer.body[: len(answer.body) // 2])
            self._close()
        else:
            self._transport.write(head + answer.body)

    def _drip(self, whole: bytes, at: int, seconds: float) -> None:
        """Send so much at once, and then byte by byte."""
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(whole[:at] if at else b"")
        rest = whole[at:]
        if rest:
            later = asyncio.get_running_loop().call_later
            later(seconds, self._drip, rest, 1, seconds)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()


_DATES: dict[int, bytes] = {}


def _date(now: float) -> bytes:
    second = int(now)
    if second not in _DATES:
        _DATES.clear()
        _DATES[second] = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(second)).encode()
    return _DATES[second]


def _answer(state: State, method: str, path: str, query: str, raw: bytes) -> Answer:
    """One request of the vendor's API, with whatever fault strikes it."""
    known = state.vendor.knows(path) or path in ("/oauth/token/getToken", "/oauth/token/reToken")
    if method != "POST" or not known:
        return Answer(_HTML % 404, 404, b"text/html")
    state.world.advance(state.now())
    state.vendor.last_rows, state.vendor.last_count = 0, None
    params = {name: values[0] for name, values in parse_qs(query).items()}
    token = params.get("accessToken", "")
    fault = state.faults.strike(path, raw)
    body: Object = {}
    try:
        parsed = msgspec.json.decode(raw) if raw.strip() else {}
        body = parsed if isinstance(parsed, dict) else {}
        early = _before(state, fault)
        answer = early or Answer(_served(state, path, body, params, token))
        outcome = fault.name if fault is not None else "ok"
    except msgspec.DecodeError:
        answer, outcome = _refused(Refusal(4005, "参数错误")), "code0"
    except Refusal as refusal:
        if refusal.status_code == 429:
            answer = _limited()
        elif refusal.status_code == 500:
            answer = Answer(_HTML % 500, 500, b"text/html")
        else:
            answer = _refused(refusal)
        outcome = "code0" if fault is None else fault.name
    state.note(path, body, outcome, token)
    return _after(answer, fault)


def _served(state: State, path: str, body: Object, params: dict[str, str], token: str) -> bytes:
    now = state.now()
    desk = state.vendor.desk
    if not params.get("timestamp", "").isdigit():
        raise Refusal(4005, "timestamp错误")
    if path == "/oauth/token/getToken":
        return b'{"code":1,"msg":"","data":%s}' % encoded(desk.log_in(body, now))
    if path == "/oauth/token/reToken":
        return b'{"code":1,"msg":"","data":%s}' % encoded(
            desk.renew(params.get("refreshToken", ""), now)
        )
    _hold_to_rate(state, path, now)
    desk.admit(token, now)
    return state.vendor.answer(path, body)


def _hold_to_rate(state: State, path: str, now: float) -> None:
    limit = state.rules.requests_per_minute
    if not limit:
        return
    sent = state.sent.setdefault(path, [])
    sent[:] = [at for at in sent if at > now - 60]
    if len(sent) >= limit:
        raise Refusal(429 if state.rules.rate_mode == "429" else None, "请求频率过快，请稍后再试")
    sent.append(now)


def _refused(refusal: Refusal) -> Answer:
    envelope: Object = {"code": 0, "msg": refusal.message, "data": None}
    if refusal.status_code is not None:
        envelope["statusCode"] = refusal.status_code
    return Answer(encoded(envelope))


def _limited() -> Answer:
    return Answer(
        b'{"code":0,"msg":"too many requests","data":null}', 429, headers=b"Retry-After: 1\r\n"
    )


_FIXED = {
    "http_500": Answer(b'{"error":"internal"}', 500),
    "http_502_html": Answer(_HTML % 502, 502, b"text/html"),
    "http_503": Answer(b"", 503, b"text/plain"),
    "not_json": Answer(b"3q2+7wAAAAECAwQFBgcICQoLDA0ODw==", kind=b"text/plain"),
    "web_page": Answer(_HTML % 200, 200, b"text/html"),
}
"""The faults whose answer is always the same."""


def _before(state: State, fault: Fault | None) -> Answer | None:
    """An answer that a fault gives instead of the vendor's."""
    match fault.name if fault is not None else "":
        case name if name in _FIXED:
            return _FIXED[name]
        case "http_429":
            return _limited()
        case "reset":
            return Answer(b"", reset=True)
        case "code_0":
            args = fault.args if fault is not None else {}
            code = args.get("statusCode")
            raise Refusal(code if isinstance(code, int) else None, str(args.get("msg") or ""))
        case "null_data":
            return Answer(b'{"code":1,"msg":"","data":null}')
        case "revoke_access":
            state.vendor.desk.revoke(access=True, refresh=False)
    return None


def _after(answer: Answer, fault: Fault | None) -> Answer:
    """What a fault does to an answer that was made."""
    match fault.name if fault is not None else "":
        case "cut_body":
            return Answer(answer.body, answer.status, cut=True)
        case "stall":
            seconds = fault.args.get("seconds") if fault is not None else 0
            return Answer(answer.body, answer.status, delay=float(str(seconds or 3600)))
        case "slow":
            millis = fault.args.get("ms") if fault is not None else 0
            return Answer(answer.body, answer.status, delay=float(str(millis or 100)) / 1000)
        case "drip" if fault is not None:
            seconds = float(str(fault.args.get("seconds") or 1))
            is_head = bool(fault.args.get("head"))
            return Answer(answer.body, answer.status, drip=seconds, drips_head=is_head)
        case "bad_bytes" if answer.status == 200 and fault is not None:
            return Answer(_with_bad_bytes(answer.body, str(fault.args.get("field") or "")))
        case "gbk" if answer.status == 200 and fault is not None:
            kind = "GBK" if fault.args.get("declared") else "UTF-8"
            body = answer.body.decode().encode("gb18030")
            return Answer(body, kind=f"application/json;charset={kind}".encode())
        case "floats" if answer.status == 200:
            return Answer(re.sub(rb'("code"|"count"):(\d+)', rb"\1:\2.0", answer.body))
        case "null_list" | "empty_page" | "wrong_count" if answer.status == 200:
            return Answer(_spoilt(answer.body, fault))
    return answer


def _with_bad_bytes(body: bytes, field: str) -> bytes:
    """A reply in which one character is cut: the first beyond ASCII in a list, or the first of a field's text."""
    start = body.find(b'"list":[')
    if start < 0:
        return body
    if field:
        found = re.compile(b'"%s":"' % field.encode()).search(body, start)
        return body if found is None else body[: found.end()] + b"\xe7\x8e" + body[found.end() :]
    found = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+").search(body, start)
    return body if found is None else body[: found.end() - 1] + body[found.end() :]


def _spoilt(body: bytes, fault: Fault | None) -> bytes:
    """A listing's answer with a wrong list or count."""
    envelope = msgspec.json.decode(body)
    data = envelope.get("data")
    if fault is None or not isinstance(data, dict) or "list" not in data:
        return body
    if fault.name == "null_list":
        data["list"] = None
    elif fault.name == "empty_page":
        data["list"] = []
        if fault.args.get("count") is not None:
            data["count"] = fault.args["count"]
    elif fault.args.get("missing"):
        data.pop("count", None)
    elif "set" in fault.args:
        data["count"] = fault.args["set"]
    else:
        data["count"] = max(0, data.get("count", 0) + int(str(fault.args.get("add", 0))))
    return encoded(envelope)


class Emulator:
    """The server in a thread of this process. A context manager; `url` is known once it is started."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.state = State(self.settings)
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)

    @property
    def world(self) -> World:
        return self.state.world

    def start(self) -> "Emulator":
        self._thread.start()
        self._ready.wait(30)
        return self

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def __enter__(self) -> "Emulator":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        control, there = Control(self.state), set[asyncio.Transport]()
        server = self._loop.run_until_complete(
            self._loop.create_server(
                lambda: _Connection(self.state, control, there),
                self.settings.host,
                self.settings.port,
            )
        )
        port = server.sockets[0].getsockname()[1]
        self.url = f"http://{self.settings.host}:{port}"
        self._ready.set()
        try:
            self._loop.run_forever()
        finally:
            server.close()
            for transport in list(there):
                transport.abort()
            while there:
                self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()


def serve(
    settings: Settings, ready: Callable[[str], None], *, until_eof: int | None = None
) -> None:
    """Serve in the foreground until SIGINT, SIGTERM or SIGHUP; `ready` hears the address.

    `until_eof` is a descriptor whose end ends the service too.
    """
    with ending(until_eof) as wait, Emulator(settings) as emulator:
        ready(emulator.url)
        wait()

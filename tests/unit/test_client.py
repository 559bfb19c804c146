"""The client: what every reply means, what is tried again, and how one renewal serves everybody."""

import base64
import inspect
import logging
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock

import httpx
import pytest

from tests.fake_clock import FakeClock
from wpsync.api import client as client_module
from wpsync.api import endpoints
from wpsync.api.auth import Credentials
from wpsync.api.client import Client
from wpsync.api.limits import Limits
from wpsync.errors import (
    AuthenticationError,
    ConfigError,
    RateLimitedError,
    SpanTooLargeError,
    TooManyRowsError,
    VendorRefusedError,
    VendorUnavailableError,
)
from wpsync.language import Language
from wpsync.messages import say
from wpsync.model import Secret, Tokens
from wpsync.policy import DEFAULT, Policy, RateLimits, RequestRetries, TokenDistrust

TOKEN = "70C5F5F19942DF9378422B649D3E14BD"
START = datetime(2026, 1, 1, tzinfo=UTC)


class MemoryTokens:
    """A token store for one test."""

    def __init__(self):
        self.kept: dict[str, Tokens] = {}
        self._lock = Lock()

    def read(self, account):
        return self.kept.get(account)

    def write(self, account, tokens):
        self.kept[account] = tokens

    @contextmanager
    def locked(self, account):
        with self._lock:
            yield


class Vendor:
    """Answers from a script: the last reply is repeated."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.asked: list[str] = []
        self._lock = Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.asked.append(request.url.path)
            if request.url.path.endswith("getToken"):
                return good({"accessToken": TOKEN, "refreshToken": TOKEN[::-1]})
            if request.url.path.endswith("reToken"):
                return good({"accessToken": "A" * 32})
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        assert isinstance(reply, httpx.Response)
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)

    def count(self, ending):
        return sum(path.endswith(ending) for path in self.asked)


class Sessions(Vendor):
    """A vendor with one token at a time, kept by a renewal while it lives. What it has to say of a call
    is `says(path, token)`; None is a good answer.
    """

    def __init__(self, says: Callable[[str, str], httpx.Response | None]) -> None:
        super().__init__()
        self.says = says
        self.live = 0
        self.refusing_logins = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        if path.endswith("getToken"):
            if self.refusing_logins:
                return refused("clientSecret错误")
            self.live += 1
        pair = {"accessToken": str(self.live), "refreshToken": "refresh"}
        if path.startswith("/oauth"):
            return good(pair)
        return self.says(path, request.url.params["accessToken"]) or good({})


def good(data) -> httpx.Response:
    return httpx.Response(200, json={"code": 1, "msg": "", "data": data})


def refused(message="", **more) -> httpx.Response:
    return httpx.Response(200, json={"code": 0, "msg": message, "data": None, **more})


def streamed(vendor):
    """The vendor, its replies as they come from a network: not yet read."""

    def answer(request: httpx.Request) -> httpx.Response:
        reply = vendor(request)
        stream = httpx.ByteStream(reply.content)
        return httpx.Response(reply.status_code, headers=reply.headers, stream=stream)

    return answer


def made(vendor, clock=None, tokens=None, policy=DEFAULT):
    clock = clock or FakeClock(START)
    return Client(
        account="main", base_url="https://vendor.example", credentials=Credentials("id", Secret("hush-hush")),
        tokens=tokens or MemoryTokens(), clock=clock, limits=Limits({}, clock=clock), transport=httpx.MockTransport(streamed(vendor)),
        policy=policy,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "error", "code"),
    [
        (refused(statusCode=4018), SpanTooLargeError, "span_too_large"),
        (refused(statusCode=4019), TooManyRowsError, "too_many_rows"),
        (refused(statusCode=4008), VendorRefusedError, "ip_not_allowed"),
        (refused(statusCode=4444), VendorRefusedError, "refused_with_code"),
        (refused("something else"), VendorRefusedError, "refused"),
        (refused("请求过于频繁，请稍后"), RateLimitedError, "too_fast"),
        (httpx.Response(429), RateLimitedError, "too_fast"),
        (httpx.Response(502, html="<h1>bad gateway</h1>"), VendorUnavailableError, "server_error"),
        (httpx.Response(200, html="<h1>hello</h1>"), VendorUnavailableError, "not_an_envelope"),
        (httpx.Response(200, json=[1, 2]), VendorUnavailableError, "not_an_envelope"),
        (refused(""), VendorUnavailableError, "no_reason"),
        (httpx.ConnectError("no"), VendorUnavailableError, "unreachable"),
        (httpx.ReadTimeout("no"), VendorUnavailableError, "no_answer"),
        (httpx.UnsupportedProtocol("no"), VendorRefusedError, "request_impossible"),
    ],
    ids=str,
)
def test_what_a_reply_means(reply, error, code):
    with pytest.raises(error) as caught:
        made(Vendor(reply)).call("/api/x")
    assert caught.value.message.code == f"vendor.{code}"
    for language in Language:
        assert "/api/x" in say(caught.value.message, language)
    formatted = "".join(traceback.format_exception(caught.value))
    for secret in (TOKEN, TOKEN[::-1], "hush-hush", "accessToken="):
        assert secret not in formatted


ROWS = ",".join(['{"id":"1","n":"王"}'] * 3)
LISTED = f'{{"code":1,"msg":"","data":{{"count":3,"list":[{ROWS}]}}}}'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'{"code":1,"msg":"","data":{"a":"\xe7\x8e"}}', "damaged_reply"),
        (LISTED.encode("gb18030"), "other_encoding"),
    ],
)
def test_a_reply_that_cannot_be_read_is_none_and_is_asked_for_again(content, code):
    vendor = Vendor(httpx.Response(200, content=content))
    with pytest.raises(VendorUnavailableError) as caught:
        endpoints.list_page(made(vendor), "/api/x", {})
    assert caught.value.message.code == f"vendor.{code}"
    assert vendor.count("/api/x") > 1


@pytest.mark.parametrize("count", ["3", "3.0", '"3"', '"3.0"'])
def test_numbers_are_whole_however_they_are_written(count):
    content = f'{{"code":1.0,"msg":"ok","data":{{"count":{count},"list":[]}}}}'
    vendor = Vendor(httpx.Response(200, content=content.encode()))
    assert endpoints.list_page(made(vendor), "/api/x", {}).count == 3


@pytest.mark.parametrize(
    "count", ["3.5", "1e999999999", '"²"', '"%s"' % ("9" * 5000), "true", "-1"]
)
def test_a_count_that_is_none_is_missing(count):
    content = f'{{"code":1,"msg":"ok","data":{{"count":{count},"list":[]}}}}'
    vendor = Vendor(httpx.Response(200, content=content.encode()))
    assert endpoints.list_page(made(vendor), "/api/x", {}).count is None


def test_every_exception_of_the_http_library_is_mapped():
    leaves = {
        kind for _, kind in inspect.getmembers(httpx, inspect.isclass)
        if issubclass(kind, httpx.HTTPError | httpx.InvalidURL | httpx.StreamError | httpx.CookieConflict)
    }  # fmt: skip
    mapped = (*client_module._PASSING, *client_module._NOT_SENT, *client_module._HOPELESS)
    abstract = (httpx.HTTPError, httpx.RequestError, httpx.TransportError, httpx.HTTPStatusError)
    assert [kind for kind in leaves if kind not in abstract and not issubclass(kind, mapped)] == []


def test_what_may_pass_is_tried_again_and_each_wait_is_longer():
    clock = FakeClock(START)
    vendor = Vendor(httpx.ReadTimeout("x"), httpx.Response(503), good({"ok": True}))
    assert made(vendor, clock).call("/api/x").data == {"ok": True}
    assert vendor.count("/api/x") == 3
    assert timedelta(seconds=1) < clock.now() - START < timedelta(seconds=10)


def test_a_call_that_acts_is_repeated_only_where_it_surely_did_nothing():
    vendor = Vendor(httpx.ReadTimeout("x"), good({}))
    with pytest.raises(VendorUnavailableError):
        endpoints.call_phone(made(vendor), "1", "2")
    assert vendor.count("callPhone") == 1
    vendor = Vendor(httpx.ConnectError("x"), good({}))
    endpoints.call_phone(made(vendor), "1", "2")
    assert vendor.count("callPhone") == 2


def test_a_reply_that_is_encrypted_names_that_possibility_and_shows_no_number():
    body = base64.b64encode(bytes(range(200)))
    with pytest.raises(VendorUnavailableError) as caught:
        made(Vendor(httpx.Response(200, content=body))).call("/api/x")
    assert caught.value.message.code == "vendor.encrypted_reply"
    with pytest.raises(VendorUnavailableError) as caught:
        made(Vendor(httpx.Response(200, text=f"{TOKEN} 13877777777 oops"))).call("/api/x")
    assert TOKEN not in str(caught.value)
    assert "13877777777" not in str(caught.value)


@pytest.mark.parametrize("before", [*range(70, 80), *range(100, 120)])
@pytest.mark.parametrize("secret", [TOKEN, "13877777777"])
def test_no_piece_of_a_secret_is_shown_where_a_text_is_cut(secret, before):
    text = "参" * before + secret
    for reply in (refused(text), httpx.Response(502, text="a" * before + secret)):
        with pytest.raises((VendorRefusedError, VendorUnavailableError)) as caught:
            made(Vendor(reply)).call("/api/x")
        assert secret[:4] not in str(caught.value)


def test_no_piece_of_a_token_is_shown_of_a_reply_that_breaks_off_in_it():
    text = '{"code":1,"data":{"accessToken": "' + TOKEN[:12]
    with pytest.raises(VendorUnavailableError) as caught:
        made(Vendor(httpx.Response(200, text=text))).call("/api/x")
    assert TOKEN[:4] not in str(caught.value)


def test_twenty_calls_at_expiry_are_served_by_one_renewal():
    clock, store = FakeClock(START), MemoryTokens()
    vendor = Vendor(good({}))
    client = made(vendor, clock, store)
    client.call("/api/x")
    clock.sleep(2 * 3600)
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: client.call("/api/x"), range(20)))
    assert (vendor.count("getToken"), vendor.count("reToken")) == (1, 1)
    assert store.kept["main"].refresh == Secret(TOKEN[::-1])


def test_what_another_process_has_renewed_is_used():
    clock, store = FakeClock(START), MemoryTokens()
    vendor = Vendor(good({}))
    one, other = made(vendor, clock, store), made(vendor, clock, store)
    one.call("/api/x")
    other.call("/api/x")
    clock.sleep(2 * 3600)
    one.call("/api/x")
    other.call("/api/x")
    assert (vendor.count("getToken"), vendor.count("reToken")) == (1, 1)


def test_a_token_that_is_rejected_for_ever_costs_two_renewals_one_login_and_an_error():
    """The first renewal gives another token, the second keeps it: so it is not dead."""
    vendor = Vendor(refused("accessToken无效"))
    with pytest.raises(VendorRefusedError):
        made(vendor).call("/api/x")
    assert vendor.count("reToken") <= 2
    assert vendor.count("getToken") <= 2


ABOUT_A_PHONE = "该设备未登录微信"


def asked_for_hours(client, clock, hours, every=timedelta(minutes=1), path="/api/x"):
    """One call a minute, each of which fails."""
    until = clock.now() + timedelta(hours=hours)
    while clock.now() < until:
        with pytest.raises((VendorRefusedError, VendorUnavailableError)):
            client.call(path)
        clock.sleep(every.total_seconds())


def test_a_refusal_that_sounds_like_a_dead_token_costs_ever_fewer_logins():
    """After 15 minutes, and then 30, 60, … up to a day; a day of refusals is not 1,440 logins, nor 96."""
    clock, vendor = FakeClock(START), Sessions(lambda path, token: refused(ABOUT_A_PHONE))
    client = made(vendor, clock)
    asked_for_hours(client, clock, 0.5)
    assert vendor.count("getToken") <= 2
    asked_for_hours(client, clock, 23.5)
    assert vendor.count("getToken") <= 8
    assert vendor.count("/api/x") < 1_440 + 30
    with pytest.raises(VendorRefusedError) as caught:
        client.call("/api/x")
    assert ABOUT_A_PHONE in str(caught.value.message.quote)


def test_the_same_refusal_about_many_phones_is_one_refusal():
    clock, numbers = FakeClock(START), iter(range(10_000))
    vendor = Sessions(lambda path, token: refused(f"设备8613800{next(numbers):05d}未登录"))
    asked_for_hours(made(vendor, clock), clock, 0.5)
    assert vendor.count("getToken") <= 2


def test_a_dead_token_is_replaced_although_one_endpoint_refuses_for_a_reason_of_its_own():
    clock = FakeClock(START)

    def says(path: str, token: str) -> httpx.Response | None:
        if token != str(vendor.live):
            return refused("accessToken无效")
        return refused(ABOUT_A_PHONE) if path == "/api/x" else None

    vendor: Sessions = Sessions(says)
    client = made(vendor, clock)
    asked_for_hours(client, clock, 1)
    vendor.live += 1  # somebody else has logged in
    logins = vendor.count("getToken")
    with pytest.raises(VendorRefusedError):
        client.call("/api/x")
    client.call("/api/y")
    assert vendor.count("getToken") == logins


def test_a_token_that_died_within_a_minute_of_another_is_renewed_again():
    clock = FakeClock(START)
    vendor: Sessions = Sessions(
        lambda path, token: None if token == str(vendor.live) else refused("token")
    )
    client = made(vendor, clock)
    for _ in range(4):
        client.call("/api/x")
        vendor.live += 1
        clock.sleep(5)
    client.call("/api/x")
    assert (vendor.count("getToken"), vendor.count("reToken")) == (1, 4)


def test_where_a_renewal_does_not_help_a_login_does():
    """A vendor whose renewal keeps a dead token."""
    clock, dead = FakeClock(START), {"1"}
    vendor = Sessions(lambda path, token: refused("token") if token in dead else None)
    client = made(vendor, clock)
    client.authenticate()
    clock.sleep(3600)
    client.call("/api/x")
    assert (vendor.count("getToken"), vendor.count("reToken")) == (2, 1)


def test_a_login_that_is_rejected_is_not_repeated_because_renewals_work():
    clock, vendor = FakeClock(START), Sessions(lambda path, token: None)
    client = made(vendor, clock)
    client.call("/api/x")
    clock.sleep(3600)
    vendor.says, vendor.refusing_logins = lambda path, token: refused("token"), True
    for _ in range(14):
        with pytest.raises(AuthenticationError):
            client.call("/api/x")
        clock.sleep(60)
    assert vendor.count("getToken") == 2


def test_a_refusal_without_a_reason_renews_once_and_not_at_every_retry():
    clock, vendor = FakeClock(START), Sessions(lambda path, token: refused(""))
    client = made(vendor, clock)
    asked_for_hours(client, clock, 0.25)
    assert vendor.count("getToken") == 1
    assert vendor.count("reToken") <= 4
    assert vendor.count("/api/x") <= 5 * 15 + 4


def test_twenty_refusals_at_once_are_met_by_one_renewal():
    clock, vendor = FakeClock(START), Sessions(lambda path, token: refused(ABOUT_A_PHONE))
    client = made(vendor, clock)

    def call(number):
        with pytest.raises(VendorRefusedError):
            client.call(f"/api/{number}")

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(call, range(20)))
    assert (vendor.count("getToken"), vendor.count("reToken")) == (1, 1)


def test_a_token_revoked_twenty_times_in_one_run_costs_no_login_and_no_call():
    """Also where it dies again before the renewed one was used."""
    clock, told = FakeClock(START), []

    def says(path: str, token: str) -> httpx.Response | None:
        told.append(token)
        if len(told) % 5 in (1, 2):
            vendor.live += 1  # revoked just now; a renewal gives another
        return None if token == str(vendor.live) else refused("accessToken无效")

    vendor: Sessions = Sessions(says)
    client = made(vendor, clock)
    for _ in range(40):
        client.call("/api/x")
    assert vendor.count("getToken") == 1
    assert vendor.count("reToken") >= 20


def test_a_doubt_that_arose_while_another_logged_in_ends_with_it():
    clock, vendor = FakeClock(START), Sessions(lambda path, token: refused("accessToken无效"))
    client = made(vendor, clock)
    with pytest.raises(VendorRefusedError):
        client.call("/api/x")
    vendor.live += 1  # the other has logged in for the last time
    vendor.says = lambda path, token: (
        None if token == str(vendor.live) else refused("accessToken无效")
    )
    clock.sleep(60)
    client.call("/api/x")
    assert vendor.count("getToken") == 1


def test_a_login_that_is_refused_as_busy_is_repeated_and_rejects_no_credentials():
    clock, store = FakeClock(START), MemoryTokens()
    busy = iter([refused("系统繁忙，请稍后再试")] * 2)
    asked = []

    def vendor(request):
        asked.append(request.url.path)
        pair = {"accessToken": "access", "refreshToken": "refresh"}
        return next(busy, None) or good(pair)

    made(vendor, clock, store).call("/api/x")
    assert len(asked) == 4
    assert store.read("main").failures == 0


def test_rejected_credentials_are_not_tried_again_for_a_while_unless_they_change():
    clock, store = FakeClock(START), MemoryTokens()
    asked = []

    def vendor(request):
        asked.append(request.url.path)
        return refused("clientSecret错误")

    client = made(vendor, clock, store)
    for _ in range(5):
        with pytest.raises(AuthenticationError):
            client.call("/api/x")
    assert len(asked) == 1
    clock.sleep(16 * 60)
    with pytest.raises(AuthenticationError):
        client.call("/api/x")
    assert len(asked) == 2


def test_only_tls_is_spoken_except_to_this_machine():
    for address in ("http://vendor.example", "ftp://x", "vendor.example"):
        with pytest.raises(ConfigError):
            client_module.checked_base_url(address)
    for address in ("https://vendor.example", "http://127.0.0.1:8", "http://localhost"):
        client_module.checked_base_url(address)


def test_no_more_requests_than_the_limit_in_any_minute_and_half_after_a_refusal():
    clock = FakeClock(START)
    limits = Limits({"/x": 20}, clock=clock)
    sent = []
    for _ in range(100):
        number = limits.acquire("/x")
        sent.append(clock.monotonic())
        clock.sleep(0.3)
        limits.ended("/x", number)
    assert all(sum(at <= other < at + 60 for other in sent) <= 20 for at in sent)
    limits.slow_down("/x", timedelta(seconds=30))
    before = clock.monotonic()
    limits.acquire("/x")
    assert clock.monotonic() - before >= 30


def test_requests_are_logged_without_what_is_secret(caplog):
    with caplog.at_level(logging.DEBUG):
        made(Vendor(good({}))).call("/api/x")
    assert "request.sent" in caplog.text
    assert TOKEN not in "".join(
        str(vars(record)) for record in caplog.records if record.name.startswith("wpsync")
    )


def test_a_client_tries_as_often_and_doubts_as_long_as_its_policy_says():
    policy = Policy(
        requests=RequestRetries(attempts=2, wait_initial=100, wait_max=100, jitter=0),
        token_distrust=TokenDistrust(first=timedelta(seconds=30)),
    )
    clock, vendor = FakeClock(START), Vendor(httpx.Response(502))
    with pytest.raises(VendorUnavailableError):
        made(vendor, clock, policy=policy).call("/api/x")
    assert vendor.count("/api/x") == 2
    assert clock.now() == START + timedelta(seconds=100)

    refusing = Sessions(lambda path, token: refused(ABOUT_A_PHONE))
    client = made(refusing, clock, policy=policy)
    for seconds in (0, 20, 20):  # replaced, doubted, replaced again
        clock.sleep(seconds)
        with pytest.raises(VendorRefusedError):
            client.call("/api/x")
    assert refusing.count("reToken") == 2


def test_a_pause_that_the_vendor_asks_for_is_as_long_as_the_policy_allows():
    limits = replace(DEFAULT, rate_limits=RateLimits(pause_max=timedelta(seconds=7)))
    clock = FakeClock(START)
    client = made(Vendor(httpx.Response(429, headers={"Retry-After": "600"})), clock, policy=limits)
    with pytest.raises(RateLimitedError) as refusal:
        client.call("/api/x")
    assert refusal.value.retry_after == timedelta(seconds=7)

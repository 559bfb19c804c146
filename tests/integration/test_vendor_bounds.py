"""Whatever the vendor answers, it costs bounded memory and time, and ends in one error that names it."""

import gzip
import json
import time
import tracemalloc
import zlib
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.hostile_vendor import HostileVendor, reply, unending
from tests.unit.test_client import MemoryTokens
from wpsync import config
from wpsync.api import endpoints
from wpsync.api.auth import Credentials
from wpsync.api.broken_replies import in_pieces
from wpsync.api.client import Client, checked_base_url
from wpsync.api.envelope import Received, retry_after
from wpsync.api.limits import Limits
from wpsync.clock import SystemClock
from wpsync.errors import ConfigError, ReplyTooLargeError, VendorUnavailableError
from wpsync.model import Secret
from wpsync.resources import RESOURCES
from wpsync.sync.page_source import PageSource

MIB = 1024 * 1024
GOOD = b'{"code":1,"msg":"","data":{"count":1,"list":[{"id":"1"}]}}'


@contextmanager
def asking(answer):
    """A client and the vendor that answers it so."""
    vendor, clock = HostileVendor(answer), SystemClock()
    with (
        vendor.listening() as url,
        Client(
            account="main",
            base_url=url,
            credentials=Credentials("id", Secret("hush-hush")),
            tokens=MemoryTokens(),
            clock=clock,
            limits=Limits({}, clock=clock),
            timeout_seconds=5,
        ) as client,
    ):
        yield client, vendor


def packed(mebibytes, wbits=31):
    """Zeros, packed."""
    packing = zlib.compressobj(9, wbits=wbits)
    return b"".join(packing.compress(bytes(MIB)) for _ in range(mebibytes)) + packing.flush()


GZIP = "Content-Encoding: gzip"
TOO_LARGE = {
    "packed zeros": lambda: [reply(packed(200), GZIP)],
    "packed zeros, as deflate": lambda: [reply(packed(200, 15), "Content-Encoding: deflate")],
    "a body without an end": lambda: unending(b" " * 65_536),
    "a packed body without an end": lambda: unending(packed(20), GZIP),
    "millions of values": lambda: [reply(b"[" + b"[]," * (2 * MIB) + b"[]]")],
    "millions of rows": lambda: [
        reply(b'{"code":1,"data":{"count":9,"list":[' + b"{}," * (2 * MIB) + b"{}]}}")
    ],
}


@pytest.mark.parametrize("what", TOO_LARGE)
def test_a_reply_that_is_too_large_is_given_up_once_it_is(what):
    with asking(lambda path, body: TOO_LARGE[what]()) as (client, vendor):
        client.authenticate()
        tracemalloc.start()
        try:
            with pytest.raises(ReplyTooLargeError) as caught:
                endpoints.list_page(client, "/api/x", {})
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert caught.value.message.code == "vendor.reply_too_large"
    assert peak < 40 * MIB
    assert vendor.count("/api/x") == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("gzip", packed(1)[:500]),
        ("gzip", b"not packed at all"),
        ("gzip, gzip", packed(1)),
        ("gzip", gzip.compress(packed(100))),
        ("br", b"\x00\x01"),
    ],
)
def test_a_reply_that_is_not_packed_as_it_says_is_none(name, content):
    with (
        asking(lambda path, body: [reply(content, f"Content-Encoding: {name}")]) as (client, _),
        pytest.raises(VendorUnavailableError),
    ):
        client.call("/api/x", narrows=True)


@pytest.mark.parametrize(
    "name", ["gzip", "x-gzip", "deflate", "identity", "GZIP", "gzip, identity"]
)
def test_an_honest_reply_may_be_packed(name):
    kind = name.lower().partition(",")[0].removeprefix("x-")
    content = {"gzip": gzip.compress(GOOD), "deflate": zlib.compress(GOOD)}.get(kind, GOOD)
    with asking(lambda path, body: [reply(content, f"Content-Encoding: {name}")]) as (client, _):
        assert endpoints.list_page(client, "/api/x", {}).rows == [{"id": "1"}]


@pytest.mark.parametrize("pieces", [b"x", b"HTTP/1.1 100 Continue\r\n\r\n", b"X-A: b\r\n"])
def test_what_drips_ends_at_the_deadline(pieces):
    def dripping(path, body):
        yield b"HTTP/1.1 200 OK\r\n" if pieces[:1] == b"X" else b""
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" if pieces == b"x" else b""
        while True:
            yield pieces
            time.sleep(0.2)

    with asking(dripping) as (client, vendor):
        client.authenticate()
        began = time.monotonic()
        with pytest.raises(VendorUnavailableError):
            client.call("/api/x", narrows=True)
        assert time.monotonic() - began < 7
    assert vendor.count("/api/x") == 1


@pytest.mark.parametrize(
    "count", [10**12, 10**30, "1e999999999", f'"{10**14}"', "9" * 4_000, 100_000_001]
)
def test_a_count_beyond_what_can_be_is_none(count):
    content = f'{{"code":1,"msg":"","data":{{"count":{count},"list":[]}}}}'.encode()
    with asking(lambda path, body: [reply(content)]) as (client, _):
        assert endpoints.list_page(client, "/api/x", {}).count is None


DATES = {
    "Thu, 01 Jan 1970 00:00:00 GMT": timedelta(days=365),
    "Mon, 01 Jan 0001 00:00:00 GMT": timedelta(days=365),
    "Mon, 01 Jan 0001 00:00:00 +2359": None,
    "Fri, 31 Dec 9999 23:59:59 GMT": timedelta(days=-365),
    "Fri, 31 Dec 9999 23:59:59 -2359": None,
    "Fri, 31 Dec 9999 23:59:59 -99999999999": None,
    "Fri, 31 Dec 99999 23:59:59 GMT": None,
    "soon": None,
    "": None,
    "Mon, 00 Foo -1 99:99:99 X": None,
}
"""Dates, and that our clock is ahead by more, or behind by more; None where they tell no time, or any."""


@pytest.mark.parametrize("date", DATES)
def test_no_date_of_the_vendor_raises_and_a_wrong_one_is_known(date):
    with asking(lambda path, body: [reply(GOOD, f"Date: {date}")]) as (client, _):
        client.call("/api/x")
        skew, least = client.clock_skew(), DATES[date]
        client.vendors_now()
        if least is not None:
            assert skew is not None
            assert skew > least if least > timedelta(0) else skew < least
        else:
            assert client.tells_no_time is (skew is None)


def test_a_date_that_can_be_one_is_believed():
    with asking(lambda path, body: [reply(GOOD, "Date: Wed, 20 May 2026 06:00:00 GMT")]) as (
        client,
        _,
    ):
        client.call("/api/x")
        told = client.vendors_now()
    assert told is not None
    assert timedelta(0) <= told - datetime(2026, 5, 20, 6, tzinfo=UTC) < timedelta(minutes=1)


NOT_THIS_MACHINE = (
    "http://127.evil.example",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "http://0.0.0.0",
    "http://[::2]",
    "http://2130706433.example",
)


@pytest.mark.parametrize("address", NOT_THIS_MACHINE)
def test_a_name_that_begins_like_this_machine_is_another(tmp_path, address):
    with pytest.raises(ConfigError):
        checked_base_url(address)
    file = tmp_path / "config.toml"
    file.write_text(
        f'[accounts.main]\nbase_url = "{address}"\nclient_id = "a"\nclient_secret = "b"\n'
    )
    with pytest.raises(ConfigError):
        config.load(file, environ={}, cwd=tmp_path)


@pytest.mark.parametrize("bind", ["127.evil.example", "127.0.0.1.evil.example"])
def test_a_page_is_local_only_where_its_address_is(tmp_path, bind):
    file = tmp_path / "config.toml"
    file.write_text(f'[web]\nbind = "{bind}"\n')
    with pytest.raises(ConfigError):
        config.load(file, environ={}, cwd=tmp_path)


def test_what_goes_to_this_machine_passes_no_proxy(monkeypatch):
    with asking(lambda path, body: [reply(GOOD)]) as (client, _):
        client.call("/api/x")
    proxy = HostileVendor(lambda path, body: [reply(GOOD)])
    with proxy.listening() as url:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, url)
        with asking(lambda path, body: [reply(GOOD)]) as (client, vendor):
            client.call("/api/x")
    assert vendor.count("/api/x") == 1
    assert proxy.asked == []


def test_a_page_of_very_many_rows_is_none():
    content = b'{"code":1,"data":{"count":9,"list":[' + b"{}," * 20_000 + b"{}]}}"
    with asking(lambda path, body: [reply(content)]) as (client, vendor):
        pages = PageSource(
            client,
            RESOURCES["calls"],
            SystemClock(),
            None,  # type: ignore[arg-type]  # only the values of filters are read there
            account="main",
            executor=None,
            ahead=0,
        )
        with pytest.raises(ReplyTooLargeError):
            pages.page({"page": 1, "pageSize": 500})
    assert vendor.count(RESOURCES["calls"].endpoint) < 30


def test_a_reply_of_very_many_broken_records_is_not_read_one_by_one():
    def listing(many):
        return b'{"code":1,"data":{"count":9,"list":[' + b"x," * many + b"0]}}"

    assert in_pieces(listing(100)) is not None
    assert in_pieces(listing(50_000)) is None


@pytest.mark.parametrize("seconds", ["²", "9" * 5_000, "-1", "1e9", "soon", "9999999999", "7"])
def test_no_pause_that_the_vendor_asks_for_raises_or_lasts(seconds):
    hour = timedelta(hours=1)
    pause = retry_after(Received(429, {"Retry-After": seconds}, b""), hour)
    assert pause == {"9999999999": hour, "7": timedelta(seconds=7)}.get(seconds)


def test_only_the_kept_piece_of_a_large_reply_is_kept():
    row = {"id": "7", "text": "x" * (9 * MIB)}
    content = json.dumps({"code": 1, "msg": "", "data": {"count": 1, "list": [row]}}).encode()
    with (
        asking(lambda path, body: [reply(content)]) as (client, _),
        pytest.raises(ReplyTooLargeError) as caught,
    ):
        client.call("/api/x")
    assert len(caught.value.beginning) < 100_000
    assert "xxxx" not in str(caught.value)

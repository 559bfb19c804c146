"""The page costs bounded memory, time and descriptors, however it is asked, and the sync beside it goes on.

`PAGE_CONNECTIONS`, `PAGE_GUESSES` and `PAGE_HEADERS` (mebibytes) say how much of it the long test sends.
"""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest

from tests.acceptance.driving import Driver
from tests.acceptance.test_service import QUICK, serving, until
from tests.web.sites import served
from wpsync.web import connections, guesses

PASSWORD = "correct horse battery"
GUARDED = f'[web]\npassword = "{PASSWORD}"\n'
RIGHT, WRONG = {"Authorization": f"Bearer {PASSWORD}"}, {"Authorization": "Bearer wrong-one"}


def codes(client, number, **headers):
    """The replies to so many wrong passwords."""
    return [client.get("/", headers={**WRONG, **headers}).status_code for _ in range(number)]


def test_the_right_password_is_let_in_however_often_a_wrong_one_came(driver):
    with served(driver, GUARDED) as site, httpx.Client(base_url=site.url) as client:
        assert codes(client, 10) == [401] * 10
        assert codes(client, 2) == [429] * 2
        began = time.monotonic()
        assert client.get("/metrics", headers=RIGHT).status_code == 200
        assert time.monotonic() - began >= 0.9, "a right one is told apart by how fast it is"


def test_a_header_says_for_whom_it_asks_only_where_a_proxy_is_trusted(driver):
    with served(driver, GUARDED) as site, httpx.Client(base_url=site.url) as client:
        found = [codes(client, 1, **{"X-Forwarded-For": f"203.0.113.{n}"})[0] for n in range(12)]
        assert (found[0], found[-1]) == (401, 429)
    trusting = 'trusted_proxies = ["127.0.0.0/8"]\n'
    with served(driver, trusting) as site, httpx.Client(base_url=site.url) as client:
        one, other = {"X-Forwarded-For": "203.0.113.7"}, {"X-Forwarded-For": "203.0.113.8"}
        assert codes(client, 11, **one)[-1] == 429
        assert codes(client, 1, **other) == [401]
        forged = {"X-Forwarded-For": "198.51.100.1, 203.0.113.7"}  # the proxy adds the last
        assert codes(client, 1, **forged) == [429]


class Clock:
    """A clock that stands."""

    at = 0.0

    def monotonic(self):
        return self.at


def test_all_addresses_together_guess_no_faster_and_take_no_memory():
    clock = Clock()
    known = guesses.Guesses(clock)  # type: ignore[arg-type]
    for number in range(5_000):
        known.note(f"2001:db8:0:{number % 50:x}::{number:x}")
        known.note(f"10.{number % 250}.{number // 250}.1")
    assert known.are_many("192.0.2.1")
    clock.at += 61
    assert not known.are_many("192.0.2.1")
    for number in range(10):
        known.note(f"2001:db8::{number:x}")
    assert known.are_many("2001:db8::ffff"), "64 bits are one subscriber"
    assert not known.are_many("2001:db8:0:1::1")
    assert len(known._of) <= 1_000


def test_a_proxy_on_this_machine_may_ask_by_the_names_that_are_configured(driver):
    more = GUARDED + 'hosts = ["wpsync.corp"]\n'
    with served(driver, more) as site, httpx.Client(base_url=site.url) as client:
        for host, status in (
            ("wpsync.corp", 200), ("WPSYNC.corp:443", 200), ("wpsync.corp.", 200), ("127.0.0.1", 200),
            ("evil.example", 421), ("wpsync.corp.evil.example", 421), ("[::", 421),
        ):  # fmt: skip
            reply = client.get("/metrics", headers={**RIGHT, "Host": host})
            assert reply.status_code == status, host
        assert client.get("/metrics", headers={"Host": "wpsync.corp"}).status_code == 401


def test_who_does_not_know_the_password_learns_no_name(driver):
    with served(driver, GUARDED) as site, httpx.Client(base_url=site.url) as client:
        site.driver.query(
            "with late as (update wpsync.watermarks set at = now() - interval '6 minutes'"
            " where resource = 'sms' returning 1) select count(*) from late"
        )
        assert client.get("/healthz").text == "behind\n"
        assert client.get("/healthz", headers=WRONG).text == "behind\n"
        assert client.get("/healthz", headers=RIGHT).text == "behind: sms\n"


def talk(address, sent, within=20.0):
    """All that comes back until the connection is closed; a reset counts as that."""
    with socket.create_connection(address, timeout=within) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(sent)
        found = b""
        with contextlib.suppress(ConnectionError):
            while piece := connection.recv(65_536):
                found += piece
        return found


def asked_for(path, *headers):
    """A request, after which the connection is closed."""
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode()


def address_of(url):
    parts = httpx.URL(url)
    return parts.host, parts.port


def test_a_request_has_a_length(site, caplog):
    address = address_of(site.url)
    long_address = b"GET /?%s HTTP/1.0\r\nHost: localhost\r\n\r\n" % (b"a" * 5_000)
    assert b" 414 " in talk(address, long_address)
    for endless in (b"GET /" + b"a" * 300_000, b"GET / HTTP/1.1\r\nX: " + b"a" * 300_000):
        reply = talk(address, endless)
        assert not reply or b" 400 " in reply  # a reset may overtake the reply
    pipelined = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n" + b"\x00nonsense\r\n\r\n"
    assert talk(address, pipelined).startswith(b"HTTP/1.1 200")
    assert httpx.get(f"{site.url}/livez").status_code == 200
    assert "Traceback" not in caplog.text


ENDLESS_BODY = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000000\r\n\r\n"


@pytest.mark.long
@pytest.mark.parametrize("sent", [b"", b"GET /livez HTT", ENDLESS_BODY + b"x" * 100_000])
def test_a_request_has_a_time(site, sent):
    began = time.monotonic()
    reply = talk(address_of(site.url), sent)
    assert reply[:12] == (b"HTTP/1.1 200" if sent.startswith(ENDLESS_BODY) else b"")
    assert time.monotonic() - began < connections.IDLE + connections.LOOK + 5


@pytest.mark.long
def test_connections_without_a_request_are_closed_and_the_oldest_make_room(site):
    address = address_of(site.url)
    with contextlib.ExitStack() as stack:
        opened = [
            stack.enter_context(socket.create_connection(address, timeout=20)) for _ in range(300)
        ]
        began = time.monotonic()
        assert httpx.get(f"{site.url}/livez").status_code == 200
        assert time.monotonic() - began < 1
        for one in opened:
            with contextlib.suppress(ConnectionError):
                assert one.recv(1) == b""
        assert time.monotonic() - began < connections.IDLE + connections.LOOK + 5


FEW = """
import logging, resource, sys, time
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from wpsync.web.server import serving

logging.basicConfig(level=logging.INFO, stream=sys.stderr)

async def live(request):
    return PlainTextResponse("alive")

with serving(Starlette(routes=[Route("/livez", live)]), "127.0.0.1", 0) as url:
    resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
    print(url, flush=True)
    sys.stdin.read()
"""
"""A page whose process may have forty descriptors."""


def test_where_no_descriptor_is_left_the_log_says_so_once_and_the_page_comes_back():
    with subprocess.Popen(
        [sys.executable, "-c", FEW],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as page:  # fmt: skip
        assert page.stdout is not None
        address = address_of(page.stdout.readline().strip())
        with contextlib.ExitStack() as stack:
            for _ in range(100):
                stack.enter_context(socket.create_connection(address, timeout=20))
            time.sleep(3)
        until(lambda: talk(address, asked_for("/livez")).startswith(b"HTTP/1.1 200"), "an answer")
        _, log = page.communicate("")
    assert "web.trouble" in log
    assert len(log.splitlines()) < 10, log


# -- the program ----------------------------------------------------------------------------------


@pytest.fixture
def running(emulator, database_url, tmp_path) -> Iterator["Running"]:
    vendor = emulator(messages=200, days=2)
    driver = Driver(database_url, vendor.url, tmp_path, QUICK + f'password = "{PASSWORD}"\n')
    with serving(driver) as process:
        log = driver.folder / "service.log"
        until(lambda: "page.served" in log.read_text(), "the page")
        (url,) = re.findall(r"page\.served.*?(http://[\w.:]+)", log.read_text())
        yield Running(url, driver, process, log)


class Running:
    """The service, as a program."""

    def __init__(
        self, url: str, driver: Driver, process: subprocess.Popen[bytes], log: Path
    ) -> None:
        self.url, self.driver, self.process, self.log = url, driver, process, log

    @property
    def memory(self) -> float:
        """Its resident memory, in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def synced(self) -> int:
        """How many runs have ended."""
        return int(self.driver.one("select count(*) from wpsync.runs"))


def attacked(running: Running, many: int, mebibytes: int, wrong: int) -> None:
    """Attack the page in every way at once; ask meanwhile whether it lives, and afterwards for its memory."""
    address = address_of(running.url)
    until(lambda: httpx.get(f"{running.url}/healthz").status_code == 200, "the first sync")
    with httpx.Client(base_url=running.url) as client:
        for _ in range(20):
            client.get("/", headers=RIGHT)
    before, seconds, done = running.memory, list[float](), Event()
    peaks = [before]

    def watch() -> None:
        while not done.wait(0.2):
            began = time.monotonic()
            assert talk(address, asked_for("/livez")).startswith(b"HTTP/1.1 200")
            seconds.append(time.monotonic() - began)
            peaks.append(running.memory)

    def guess(number: int) -> None:
        with contextlib.suppress(OSError):
            talk(address, asked_for("/", f"Authorization: Bearer wrong-{number}"))

    def endless(number: int) -> None:
        with contextlib.suppress(OSError), socket.create_connection(address, timeout=10) as one:
            one.sendall(b"GET /livez HTTP/1.1\r\nX-A: ")
            for _ in range(mebibytes):
                one.sendall(b"A" * 1024 * 1024)

    watching = Thread(target=watch)
    watching.start()
    with ThreadPoolExecutor(40) as pool, contextlib.ExitStack() as idle:
        for _ in range(many):
            with contextlib.suppress(OSError):
                idle.enter_context(socket.create_connection(address, timeout=10))
        list(pool.map(endless, range(8)))
        list(pool.map(guess, range(wrong)))
        assert httpx.get(f"{running.url}/metrics", headers=RIGHT, timeout=10).status_code == 200
    done.set()
    watching.join()
    assert sorted(seconds)[len(seconds) * 19 // 20] < 1, (
        seconds
    )  # one in twenty may meet a busy machine
    assert max(seconds) < 5
    assert max(peaks) - before < 50
    until(lambda: running.memory - before < 20, "its memory is given back", 60)
    assert len(running.log.read_bytes()) < 200_000
    assert "Traceback" not in running.log.read_text()
    ran = running.driver.one("select max(finished_at) from wpsync.jobs where job = 'calls'")
    until(
        lambda: (
            running.driver.one("select max(finished_at) from wpsync.jobs where job = 'calls'") > ran
        ),
        "another sync",
    )


def test_an_attack_on_the_page_leaves_it_alive_and_the_sync_at_work(running):
    attacked(running, 300, 2, 100)


@pytest.mark.long
def test_a_great_attack_on_the_page_leaves_it_alive_and_the_sync_at_work(running):
    attacked(
        running,
        int(os.environ.get("PAGE_CONNECTIONS", "1000")),
        int(os.environ.get("PAGE_HEADERS", "64")),
        int(os.environ.get("PAGE_GUESSES", "2000")),
    )

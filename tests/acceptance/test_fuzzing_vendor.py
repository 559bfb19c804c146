"""A vendor that answers with anything at all: memory and time stay bounded, nothing raises, and nothing stored is lost.

The replies are the emulator's, changed at random. `FUZZED` says how many the long test makes, `FUZZING_SEED` which.
"""

import gzip
import http.client
import json
import os
import random
import re
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

import pytest

from tests.acceptance.driving import Driver, Timeline
from tests.hostile_vendor import HostileVendor, reply, unending
from wpsync.messages.catalogue import MESSAGES

MIB = 1024 * 1024
TIMEOUT = 1


def bomb(mebibytes: int) -> bytes:
    """Spaces, packed."""
    packing = zlib.compressobj(9, wbits=31)
    return b"".join(packing.compress(b" " * MIB) for _ in range(mebibytes)) + packing.flush()


BOMB = bomb(100)

Change = Callable[[random.Random, bytes], Iterable[bytes]]
CHANGES: dict[str, Change] = {}
"""From a good body to the pieces of a reply, by name."""


def change(how: Change) -> Change:
    CHANGES[how.__name__] = how
    return how


@change
def length(rng: random.Random, body: bytes) -> Iterable[bytes]:
    said = rng.choice(["0", "-1", "7", str(len(body) + 9), str(10**18), "x", "1, 2", "99" * 2_000])
    return [
        f"HTTP/1.1 200 OK\r\nContent-Length: {said}\r\nConnection: close\r\n\r\n".encode(),
        body,
    ]


@change
def cut(rng: random.Random, body: bytes) -> Iterable[bytes]:
    return [reply(body)[: rng.randrange(len(body) + 60)]]


@change
def cut_inside(rng: random.Random, body: bytes) -> Iterable[bytes]:
    return [reply(body[: rng.randrange(len(body))])]


@change
def count(rng: random.Random, body: bytes) -> Iterable[bytes]:
    counts = ["-1", "0", "null", "1e999999999", '"many"', "true", "[]", "3.5", "100000000", "501"]
    said = rng.choice([*counts, str(10**12), str(10**30), f'"{10**12}"', "9" * 4_000])
    return [reply(re.sub(rb'"count":\s*\d+', b'"count":' + said.encode(), body))]


@change
def encoding(rng: random.Random, body: bytes) -> Iterable[bytes]:
    name = rng.choice(["gb18030", "utf-16", "utf-32", "utf-8-sig"])
    said = rng.choice(["", "; charset=gbk", "; charset=utf-8", "; charset=x"])
    content = body.decode().encode(name)
    return [reply(content, f"Content-Type: application/json{said}")]


@change
def bytes_at_random(rng: random.Random, body: bytes) -> Iterable[bytes]:
    spoilt = bytearray(body)
    for _ in range(rng.choice([1, 3, 100])):
        spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
    return [reply(bytes(spoilt))]


@change
def packing(rng: random.Random, body: bytes) -> Iterable[bytes]:
    packed = gzip.compress(body)
    name = rng.choice(["gzip", "deflate", "gzip, gzip", "br", "zstd", "x" * 1_000])
    content = rng.choice(
        [packed, packed[:-9], packed[: len(packed) // 2], BOMB, gzip.compress(BOMB)]
    )
    return [reply(content, f"Content-Encoding: {name}")]


@change
def drip(rng: random.Random, body: bytes) -> Iterable[bytes]:
    return unending(rng.choice([b" ", b"{", b"7"]), pause=0.1)


@change
def endless(rng: random.Random, body: bytes) -> Iterable[bytes]:
    piece = rng.choice([b" " * 65_536, body, b'{"code":1,' * 1_000])
    if rng.random() < 0.3:
        return unending(b"8\r\n[[[[[[[[\r\n" * 1_000, "Transfer-Encoding: chunked")
    return unending(piece)


@change
def headers(rng: random.Random, body: bytes) -> Iterable[bytes]:
    def endlessly() -> Iterable[bytes]:
        yield b"HTTP/1.1 200 OK\r\n"
        while True:
            yield rng.choice([b"X-A: b\r\n", b"X" * 10_000]) * 10

    def continuing() -> Iterable[bytes]:
        while True:
            yield b"HTTP/1.1 100 Continue\r\n\r\n" * 100

    return rng.choice([endlessly, continuing])()


@change
def nested(rng: random.Random, body: bytes) -> Iterable[bytes]:
    many = rng.choice([1_000, 100_000, 2_000_000])
    deep = b"[" * many + rng.choice([b"", b"]" * many])
    return [reply(body[:-1] + b',"x":' + deep + b"}")]


@change
def numbers(rng: random.Random, body: bytes) -> Iterable[bytes]:
    number = rng.choice([b"7" * 1_000_000, b"1e999999999", b"-1e-999999999", b"NaN", b"0" * 99])
    return [reply(re.sub(rb'"ts":\s*\d+', b'"ts":' + number, body, count=rng.choice([0, 1])))]


@change
def values(rng: random.Random, body: bytes) -> Iterable[bytes]:
    one = rng.choice([b"[],", b"{},", b"1e1,", b"0,", b'"",', b'{"":0},', b"x,", b'{"id":1},'])
    many = rng.choice([1_000, 100_000, 2_000_000])
    return [reply(b'{"code":1,"msg":"","data":{"count":9,"list":[' + one * many + b"0]}}")]


@change
def padding(rng: random.Random, body: bytes) -> Iterable[bytes]:
    spaces = b" " * rng.choice([100_000, 8 * MIB, 9 * MIB])
    return [reply(body.replace(b'{"id"', b"{" + spaces + b'"id"', 1))]


@change
def shape(rng: random.Random, body: bytes) -> Iterable[bytes]:
    data = rng.choice(
        ["null", "[]", "7", '"x"', "{}", '{"list":7}', '{"count":1,"list":[null,1,"x",[]]}']
    )
    whole = f'{{"code":1,"msg":"","data":{data}}}'
    return [reply(rng.choice([whole, data, "", "<html>", "[" + whole + "]"]).encode())]


@change
def refusal(rng: random.Random, body: bytes) -> Iterable[bytes]:
    code = rng.choice([4001, 4008, 4018, 4019, 10**30, "x", None, -1])
    words = rng.choice(
        ["", "系统繁忙", "token无效", "请求过于频繁", "x" * 5_000_000, "\x1b]0;x\x07"]
    )
    return [
        reply(
            json.dumps(
                {"code": rng.choice([0, None, "x", []]), "statusCode": code, "msg": words}
            ).encode()
        )
    ]


@change
def status(rng: random.Random, body: bytes) -> Iterable[bytes]:
    more = rng.choice(
        [
            "Location: http://127.0.0.1:1/",
            f"Retry-After: {rng.choice(['9999999999', '9' * 5_000, chr(178), '-1'])}",
            f"Set-Cookie: a={'b' * 9_000}",
        ]
    )
    line = rng.choice(
        ["204 X", "301 X", "401 X", "418 X", "429 X", "500 X", "503 X", "999 X", "0 X", "x"]
    )
    return [reply(body, more, status=line)]


@change
def date(rng: random.Random, body: bytes) -> Iterable[bytes]:
    year = rng.randrange(1970, 10_000)
    said = f"Mon, {rng.randrange(32)} Jan {year:04} {rng.randrange(25)}:00:00"
    return [reply(body, f"Date: {said} {rng.choice(['GMT', '+9999', '-2359', ''])}")]


@change
def repeated(rng: random.Random, body: bytes) -> Iterable[bytes]:
    return [reply(re.sub(rb'"id":"[^"]*"', b'"id":"1"', body))]


@change
def nothing(rng: random.Random, body: bytes) -> Iterable[bytes]:
    return []


class Fuzzing:
    """Passes requests on to an emulator, and changes most replies."""

    def __init__(self, url: str, seed: int) -> None:
        self._address = urlsplit(url).netloc
        self._rng = random.Random(seed)
        self.made = Counter[str]()

    def __call__(self, path: str, body: bytes) -> Iterable[bytes]:
        connection = http.client.HTTPConnection(self._address, timeout=10)
        connection.request("POST", path, body)
        good = connection.getresponse().read()
        connection.close()
        rarely = 0.02 if path.startswith("/oauth") else 0.6
        name = self._rng.choice(list(CHANGES)) if self._rng.random() < rarely else "good"
        if name == "drip" and self._rng.random() < 0.8:
            name = "good"  # each takes a second
        self.made[name] += 1
        seed = random.Random(self._rng.random())
        return [reply(good)] if name == "good" else CHANGES[name](seed, good)


def fuzzed(emulator, database_url, folder, requests: int, seed: int) -> None:
    line = Timeline(emulator, database_url, folder, messages=1_000, days=2)
    line.driver.backfill("3d")
    tables = ("calls", "sms", "wechat_messages")
    held = {name: ids(line.driver, name) for name in tables}
    fuzzing = Fuzzing(line.vendor.url, seed)
    vendor = HostileVendor(fuzzing, logins=True)
    with vendor.listening() as url:
        driver = Driver(database_url, url, folder, timeout_seconds=TIMEOUT)
        line.driver.query("update wpsync.accounts set base_url = %s returning 1", url)
        found = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.acceptance.fuzzed",
                str(driver.config_file),
                str(requests),
            ],
            capture_output=True,
            text=True,
            timeout=60 + requests * 2,
            check=False,
        )
    assert found.returncode == 0, found.stderr[-3_000:]
    assert "Traceback" not in found.stderr
    told = json.loads(found.stdout)
    sys.stdout.write(f"{told} {fuzzing.made} {vendor.longest:.1f}\n")
    assert told["requests"] >= requests
    assert told["peak"] < 300, "MiB"
    assert vendor.longest < TIMEOUT + 3
    assert set(told["codes"]) <= set(MESSAGES)
    assert set(told["outcomes"]) <= {"done", "incomplete", "failed", "unattempted"}
    for name in tables:
        assert held[name] <= ids(line.driver, name), name


def ids(driver: Driver, table: str) -> set[str]:
    return {row[0] for row in driver.query(f"select id from wp.{table}")}


def test_what_a_fuzzing_vendor_sends_ends_in_documented_results(emulator, database_url, tmp_path):
    fuzzed(emulator, database_url, tmp_path, 60, 1)


@pytest.mark.long
def test_what_a_fuzzing_vendor_sends_for_long_ends_in_documented_results(
    emulator, database_url, tmp_path
):
    seed = int(os.environ.get("FUZZING_SEED", "2"))
    fuzzed(emulator, database_url, tmp_path, int(os.environ.get("FUZZED", "1000")), seed)

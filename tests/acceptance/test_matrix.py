"""Every fault alone and all together, in each order and with each meaning of a span's ends, while rows arrive.

After each step every window that the ledger calls complete is held against the emulated world. After the faults have
ended, one pass leaves nothing incomplete, nothing lost, nothing wrong and nothing invented.

`make test-long` takes each fault once, with orders and ends in turn, and one mixed run; `make matrix` takes all.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product

import pytest

from tests.acceptance.driving import START, Timeline, differences, local
from wpsync.resources import RESOURCES, TABLES

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

ORDERS = ("newest", "oldest")
ENDS = ("inclusive", "exclusive_end", "exclusive_start", "exclusive")
WAYS = list(product(ORDERS, ENDS))

LIVE = {"calls": 3, "sms": 2, "wechat_messages": 12}
"""So many rows of each resource arrive between two steps."""

STEPS = 6

TABLES_READ = [name for name in TABLES if name != "customers"]


@dataclass(frozen=True)
class Trouble:
    """A fault that strikes some replies, or a rule that the vendor has.

    `makes_late`: rows come into windows that are being read, so that only a later reading can see them.
    """

    fault: str = ""
    rate: float = 0.2
    how: Mapping[str, object] = field(default_factory=dict)
    rules: Mapping[str, object] = field(default_factory=dict)
    makes_late: bool = False


def struck(fault: str, rate: float = 0.2, **how: object) -> Trouble:
    return Trouble(fault, rate, how)


def ruled(**rules: object) -> Trouble:
    return Trouble(rules=rules)


TROUBLES = {
    "http 500": struck("http_500"),
    "http 502 with a page": struck("http_502_html"),
    "http 503": struck("http_503"),
    "http 429": struck("http_429"),
    "reset": struck("reset"),
    "stall": struck("stall", times=3, seconds=60),
    "cut body": struck("cut_body"),
    "refused without words": struck("code_0"),
    "refused as busy": struck("code_0", msg="系统繁忙"),
    "refused in unknown words": struck("code_0", msg="服务异常，请联系管理员", statusCode=4999),
    "no data": struck("null_data"),
    "no list": struck("null_list"),
    "count too high": struck("wrong_count", add=3),
    "count too low": struck("wrong_count", add=-2),
    "count 0": struck("wrong_count", set=0),
    "no count": struck("wrong_count", missing=True),
    "empty page": struck("empty_page"),
    "empty and count 0": struck("empty_page", count=0),
    "token revoked": struck("revoke_access"),
    "not JSON": struck("not_json"),
    "a web page": struck("web_page"),
    "slow": struck("slow", ms=20),
    "drip": struck("drip", rate=0.02, seconds=0.0002),
    "bad bytes": struck("bad_bytes"),
    "GBK": struck("gbk"),
    "GBK, and said": struck("gbk", declared=True),
    "counts as floats": struck("floats"),
    "chats by activity": ruled(chat_time="active"),
    "the last month without a span": ruled(default_span=30 * 86_400),
    "spans refused": ruled(span_limit=86_400),
    "spans cut in silence": ruled(span_limit=3 * 86_400, span_mode="silent"),
    "many rows refused": ruled(row_limit=150),
    "pages clamped": ruled(page_size_clamp=37),
    "late pages refused": ruled(page_refused=3),
    "the page ignored": ruled(ignore_page=True),
    "pages that drift": Trouble(rules={"page_drift": 1}, makes_late=True),
    "one session": ruled(sessions="one"),
}

SAMPLE = [(name, *WAYS[number % len(WAYS)]) for number, name in enumerate(TROUBLES)]
WHOLE = [(name, *way) for name in TROUBLES for way in WAYS]
IN_THE_GATE = [
    ("empty and count 0", "newest", "exclusive"),
    ("count too low", "oldest", "inclusive"),
]


class Listed:
    """The rows that the vendor lists, and since when at the latest."""

    def __init__(self, line) -> None:
        self._line = line
        self._since: dict[tuple[str, str, datetime], datetime] = {}

    def look(self) -> None:
        for name in LIVE:
            for row in self._line.vendor.world.truth(name):
                key = (name, str(row["id"]), row[RESOURCES[name].cursor])
                self._since.setdefault(key, self._line.clock.now())

    def lacking(self) -> list[str]:
        """Return the rows that were listed when a window was read which lacks them and is called complete."""
        found = []
        for name in LIVE:
            complete = self._line.driver.query(
                "select starts_at, ends_at, read_at from wpsync.windows where resource = %s and state = 'complete'",
                name,
            )
            held = {key for (key,) in self._line.driver.query(f"select id from wp.{name}")}
            found += [
                f"{name} {key} at {at} is not in {start} to {end}"
                for (resource, key, at), since in self._since.items()
                if resource == name and key not in held
                for start, end, read_at in complete
                if start <= at < end and max(at, since) <= read_at
            ]
        return found


def lives(line, troubles: list[Trouble]) -> None:
    """Read beside the troubles, then without them, and check what is told and what is held."""
    for trouble in troubles:
        if trouble.fault:
            line.remote.fault(trouble.fault, rate=trouble.rate, **trouble.how)
    listed = Listed(line)
    listed.look()
    line.go_to(START + MINUTE)
    line.driver.backfill("6d")
    assert listed.lacking() == []
    for _ in range(STEPS):
        now = line.clock.now()
        for name, count in LIVE.items():
            line.remote.generate(name, count, local(now), local(now + 9 * MINUTE))
        line.go_to(now + 10 * MINUTE)
        listed.look()
        line.go_to(now + 11 * MINUTE)
        line.driver.sync()
        assert listed.lacking() == []
    line.remote.clear_faults()
    line.remote.settings(page_drift=0, ignore_page=False)
    listed.look()
    line.go_to(line.clock.now() + 5 * MINUTE)
    again = any(trouble.makes_late for trouble in troubles)
    passed = line.driver.backfill("6d", again=again) + line.driver.sync()
    assert [one for one in passed if one.outcome != "done"] == []
    assert line.driver.query("select * from wpsync.windows where state <> 'complete'") == []
    assert listed.lacking() == []
    assert differences(line.driver, line.vendor, TABLES_READ) == []


@pytest.fixture
def line(emulator, database_url, tmp_path):
    line = Timeline(emulator, database_url, tmp_path, messages=700, days=5)
    line.driver.timeout_seconds = 2
    return line


def alone(line, name, order, ends):
    trouble = TROUBLES[name]
    line.remote.settings(order=order, ends=ends, **trouble.rules)
    lives(line, [trouble])


@pytest.mark.parametrize(("name", "order", "ends"), IN_THE_GATE)
def test_a_few_faults_alone(line, name, order, ends):
    alone(line, name, order, ends)


@pytest.mark.long
@pytest.mark.parametrize(("name", "order", "ends"), WHOLE if os.environ.get("MATRIX") else SAMPLE)
def test_each_fault_alone(line, name, order, ends):
    alone(line, name, order, ends)


@pytest.mark.long
@pytest.mark.parametrize(("order", "ends"), WAYS if os.environ.get("MATRIX") else WAYS[:1])
def test_all_faults_together(line, order, ends):
    line.remote.settings(order=order, ends=ends)
    lives(line, [Trouble(one.fault, 0.01, one.how) for one in TROUBLES.values() if one.fault])

"""Two accounts whose vendors give the same ids: each keeps its own rows, through everything that touches rows."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest

from tests.acceptance.driving import (
    CLIENT,
    START,
    Driver,
    differences,
    elsewhere,
    local,
)
from tests.fake_clock import FakeClock
from wpsync import config
from wpsync.backfill import run as backfills
from wpsync.backfill.plan import make_plans
from wpsync.db.database import Database
from wpsync.emulator.client import Remote
from wpsync.model import Secret, Window
from wpsync.resources import RESOURCES, TABLES, TYPED_TABLES, WINDOWED
from wpsync.sync import retention
from wpsync.sync.account import Account
from wpsync.sync.passes import sync
from wpsync.sync.progress import Silence
from wpsync.sync.session import session
from wpsync.sync.verify import verify
from wpsync.values import id_digest

EVERYTHING = [name for name in TABLES if name != "customers"]
SINCE = START - timedelta(days=7)


class Two:
    """Two vendors of one seed, so that all ids are the same, at one database. The second one then differs."""

    def __init__(self, emulator, database_url, folder):
        made = {"now": START, "frozen": True, "messages": 700, "days": 6}
        self.vendors = {"main": emulator(**made), "other": emulator(**made)}
        self.clock = FakeClock(START)
        self.driver = Driver(database_url, self.vendors["main"].url, folder, clock=self.clock)
        self.driver.more = (
            f'[accounts.other]\nbase_url = "{self.vendors["other"].url}"\n'
            f'client_id = "{CLIENT[0]}"\nclient_secret = "{CLIENT[1]}"\n'
        )
        world, remote = self.vendors["other"].world, Remote(self.vendors["other"].url)
        world.fields["filed0"] = "乙公司：身份证号"
        for number, contact in enumerate(world.truth("wechat_contacts")[:8]):
            if number < 5:
                nick = {"nick": f"乙方{number}"}
                remote.mutate("wechat_contacts", contact["id"], set=nick, truth=nick)
            else:
                remote.mutate("wechat_contacts", contact["id"], delete=True)
        name = {"name": "乙方座席"}
        remote.mutate("agents", world.truth("agents")[0]["id"], set=name, truth=name)
        for kind in ("calls", "wechat_messages"):
            for row in world.series[kind].rows[3:40:5]:
                remote.mutate(kind, row.id, delete=True)
        self.arrive(START - timedelta(days=2), 20, 33)

    def arrive(self, at, *counts):
        """Rows of the same ids at both vendors, with other content, and not equally many."""
        for vendor, count in zip(self.vendors.values(), counts, strict=True):
            for kind in ("calls", "sms", "wechat_messages"):
                span = local(at), local(at + timedelta(hours=1))
                Remote(vendor.url).generate(kind, count, *span)

    def go_on(self, by):
        self.clock.sleep(by.total_seconds())
        for vendor in self.vendors.values():
            Remote(vendor.url).clock(now_ms=self.clock.now().timestamp() * 1000, freeze=True)

    @contextmanager
    def accounts(self) -> Iterator[list[Account]]:
        loaded = config.load(self.driver.config_file, environ={}, cwd=self.driver.folder)
        url = Secret(self.driver.database_url)
        with session(loaded, url, clock=self.clock) as opened, opened.accounts() as accounts:
            yield accounts

    def backfill(self, *, again=False):
        span = Window(SINCE, self.clock.now())
        with self.accounts() as accounts:
            for account in accounts:
                plans, unplanned = make_plans(account, list(RESOURCES.values()), span, again=again)
                done = backfills.backfill(account, plans, Silence(), again=again) + unplanned
                assert {one.outcome for one in done} == {"done"}

    def sync(self):
        with self.accounts() as accounts:
            for account in accounts:
                done = sync(account, list(RESOURCES.values()), Silence())
                assert {one.outcome for one in done} == {"done"}

    def wrong(self, tables=EVERYTHING):
        return {
            name: found
            for name, vendor in self.vendors.items()
            if (found := differences(self.driver, vendor, tables, name))
        }

    def unproved(self):
        with self.accounts() as accounts:
            return [
                finding
                for account in accounts
                for resource in WINDOWED
                for finding in verify(
                    account,
                    resource,
                    Window(SINCE, self.clock.now()),
                    Silence(),
                    deep=True,
                    repair=False,
                )
            ]


@pytest.fixture
def two(emulator, database_url, tmp_path):
    return Two(emulator, database_url, tmp_path)


_NO_REPORTS = [name for name in EVERYTHING if not name.startswith("agent_call")]


def test_two_accounts_with_the_same_ids_keep_their_own_rows(two):
    ids = [{row["id"] for row in one.world.truth("calls")} for one in two.vendors.values()]
    assert len(ids[0] & ids[1]) > 50
    two.backfill()
    assert two.wrong() == {}
    assert two.unproved() == []

    two.arrive(START + timedelta(minutes=1), 7, 12)  # live
    two.go_on(timedelta(hours=2))
    two.sync()
    assert two.wrong(_NO_REPORTS) == {}
    history = "select _account, count(*) from wp.history group by 1"
    before = two.driver.query(history)
    two.sync()
    assert two.driver.query(history) == before  # neither overwrites the other's version

    two.arrive(START - timedelta(days=1), 9, 4)  # late
    assert {finding.account for finding in two.unproved()} == {"main", "other"}
    two.backfill(again=True)
    assert two.wrong(_NO_REPORTS) == {}
    assert two.unproved() == []

    for view in ("call_facts", "message_facts", "agent_daily", "money_flows", "risk_events"):
        columns = two.driver.query(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum = 1",
            f"wp_bi.{view}",
        )
        assert columns == [("account",)], view
    for name, vendor in two.vendors.items():
        shown = "select count(*) from wp_bi.message_facts where account = %s"
        assert two.driver.one(shown, name) == len(vendor.world.truth("wechat_messages"))


def test_who_is_erased_at_one_account_is_left_alone_at_another_that_uses_the_ids(two):
    world, remote = two.vendors["other"].world, Remote(two.vendors["other"].url)
    per_chat: dict[str, int] = {}
    for row in world.truth("wechat_messages"):
        per_chat[row["chat_id"]] = per_chat.get(row["chat_id"], 0) + 1
    single = {row["id"] for row in world.truth("wechat_chats") if row["chat_type"] == "single"}
    chat = max(single & per_chat.keys(), key=lambda one: per_chat[one])
    shared = {row["id"] for row in two.vendors["main"].world.truth("calls")}
    call = next(row["id"] for row in world.truth("calls")[30:] if row["id"] in shared)
    remote.mutate("wechat_chats", chat, set={"contactWxNo": "wxid_only_there"})
    remote.mutate("calls", call, set={"contactTel": "13912345678"})
    two.backfill()
    for option, number in (("--wx", "wxid_only_there"), ("--phone", "13912345678")):
        ran = two.driver.run("erase", option, number, "--yes")
        assert ran.returncode == 0, ran.stderr
    for again in (False, True):
        if again:
            two.backfill(again=True)
        assert differences(two.driver, two.vendors["main"], EVERYTHING) == []
        for query in (
            "select count(*) from wp.wechat_messages where chat_id = %s and _account = 'other'",
            "select count(*) from wp.wechat_chats where id = %s and _account = 'other'",
        ):
            assert two.driver.one(query, chat) == 0
        assert two.driver.one("select _account from wp.calls where id = %s", call) == "main"
    assert two.unproved() == []


def test_each_account_keeps_its_rows_as_long_as_it_is_told(two):
    two.backfill()
    two.driver.more += (
        "[accounts.other.retention]\nwechat_messages = 2\ncalls = 3\n[retention]\nsms = 400\n"
    )
    loaded = config.load(two.driver.config_file, environ={}, cwd=two.driver.folder)
    assert loaded.retention_of("other").sms == 400
    now = two.clock.now()
    with Database(Secret(two.driver.database_url)) as database:
        assert retention.apply(database, loaded.retention_of, now)["wechat_messages"] > 0
        assert not any(retention.apply(database, loaded.retention_of, now).values())
    assert differences(two.driver, two.vendors["main"], EVERYTHING) == []
    since = retention.kept_from(loaded.retention_of("other"), "wechat_messages", now)
    assert since is not None
    truth = two.vendors["other"].world.truth("wechat_messages")
    young = {row["id"] for row in truth if row["sent_at"] >= since}
    assert 0 < len(young) < len(truth)
    held = "select id from wp.wechat_messages where _account = 'other'"
    assert {row[0] for row in two.driver.query(held)} == young
    for table in TYPED_TABLES:
        lone = (
            f"select count(*) from wp.{table.name} t where not exists (select from wp.wechat_messages m"
            " where m._account = t._account and m.id = t.message_id)"
        )
        assert two.driver.one(lone) == 0
    assert two.unproved() == []


def test_a_console_has_one_name(emulator, database_url, tmp_path):
    vendor = emulator(messages=100, days=2)
    driver = Driver(database_url, vendor.url, tmp_path)
    driver.backfill("1d", ["agents"])
    renamed = driver.config_file.read_text().replace("accounts.main", "accounts.shop")
    other = tmp_path / "other.toml"
    other.write_text(renamed)
    for command in ("check",), ("sync",), ("backfill", "--from", "1d"), ("run", "--once-each"):
        ran = run(other, *command)
        assert ran.returncode == 2, (command, ran.stdout, ran.stderr)
        assert "already has rows as main" in ran.stderr
    assert driver.query("select account from wpsync.accounts") == [("main",)]
    assert driver.query("select distinct _account from wp.agents") == [("main",)]
    moved = driver.config_file.read_text().replace(vendor.url, elsewhere(vendor.url))
    other.write_text(moved)  # the same name at another address is the same account
    assert run(other, "sync", "agents").returncode == 0
    assert driver.query("select account, base_url from wpsync.accounts") == [
        ("main", elsewhere(vendor.url))
    ]


def run(file, *arguments):
    command = [sys.executable, "-m", "wpsync", "--config", str(file), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_what_the_ledger_adds_up_of_ids_is_the_same_in_sql(database_url):
    ids = ["", "a", "5d0b6fc8a1", "编号", "😀", *map(str, range(2_000))]
    in_sql = (
        "select mod(sum(wpsync.id_digest(id)), 18446744073709551616) from unnest(%s::text[]) id"
    )
    with psycopg.connect(database_url) as connection:
        for some in (ids, ids[:3], ids[7:], ids[::-1]):
            assert connection.execute(in_sql, (some,)).fetchone() == (id_digest(some),)
    part, rest = ids[:900], ids[900:]
    assert (id_digest(part) + id_digest(rest)) % 2**64 == id_digest(ids)
    assert (id_digest(ids) - id_digest(part)) % 2**64 == id_digest(rest)
    assert id_digest([]) == 0

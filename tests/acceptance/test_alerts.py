"""Alerts arrive once, and once more when it is over; against a real receiver of webhooks."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from time import sleep
from typing import Any

import psycopg
import pytest

from tests.acceptance.driving import START, Driver, Timeline
from tests.acceptance.test_outages import fills
from tests.acceptance.test_service import until
from tests.fake_clock import FakeClock
from tests.postgres import OwnServer, own_server
from wpsync import config
from wpsync.alerts.notices import Notice
from wpsync.alerts.targets import send, targets
from wpsync.alerts.watch import Sending, Watch, is_quiet, observe
from wpsync.cli import run
from wpsync.cli.signals import StopRequest
from wpsync.daemon.jobs import perform
from wpsync.daemon.service import Service, watching, working
from wpsync.db import migrations
from wpsync.db.database import Database
from wpsync.model import Secret
from wpsync.sync.session import session

MINUTE = timedelta(minutes=1)


class Receiver:
    """A webhook that keeps what it is sent, and can refuse."""

    def __init__(self):
        self.messages: list[dict[str, Any]] = []
        self.refusing = False
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.refusing:
                    self.send_response(503)
                else:
                    receiver.messages.append(json.loads(body))
                    self.send_response(200)
                self.end_headers()

            def log_message(self, format, *args):
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.target = f"json://127.0.0.1:{self.server.server_port}/"

    @contextmanager
    def listening(self) -> Iterator["Receiver"]:
        Thread(target=self.server.serve_forever, daemon=True).start()
        yield self
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    with Receiver().listening() as receiver:
        yield receiver


@pytest.fixture
def line(emulator, database_url, tmp_path, receiver):
    line = Timeline(emulator, database_url, tmp_path, messages=300, days=3)
    line.driver.more = (
        f'[alerts]\ntargets = ["{receiver.target}"]\n[sync]\nfirst_sync_from = "2d"\n'
    )
    return line


def ticks(watch: Watch, opened, start: datetime, count: int) -> datetime:
    """Look once a minute; the time after the last look."""
    for number in range(count):
        watch.tick(opened.database, start + number * MINUTE)
    return start + count * MINUTE


TROUBLES = {
    "stale": (
        "update wpsync.watermarks set at = %(now)s::timestamptz - interval '2 hours' where resource = 'sms'",
        "update wpsync.watermarks set at = %(now)s::timestamptz + interval '2 hours' where resource = 'sms'",
        13,
    ),
    "gap": (
        "update wpsync.windows set state = 'incomplete', reason = 'rows_missing' where resource = 'calls'",
        "update wpsync.windows set state = 'complete', reason = null where resource = 'calls'",
        6 * 60 + 2,
    ),
    "format": (
        "update wpsync.windows set state = 'incomplete', reason = 'mostly_dead_letters' where resource = 'calls'",
        "update wpsync.windows set state = 'complete', reason = null where resource = 'calls'",
        3,
    ),
    "cut": (
        "update wpsync.listings set state = 'incomplete', reason = 'over_page_cap'"
        " where resource = 'wechat_contacts'",
        "update wpsync.listings set state = 'complete', reason = null",
        3,
    ),
    "credentials": (
        "update wpsync.tokens set failures = 1, paused_until = issued_at + interval '30 days'",
        "update wpsync.tokens set failures = 0, paused_until = null",
        2,
    ),
    "token_age": (
        "update wpsync.tokens set issued_at = issued_at - interval '28 days'",
        "update wpsync.tokens set issued_at = issued_at + interval '28 days'",
        63,
    ),
    "dead_letters": (
        "insert into wpsync.dead_letters (account, resource, reason, error_code, error_params, original, fingerprint,"
        " first_seen_at) select 'main', 'sms', 'no_id', 'dead_letter.no_id', '{}', '{}', n::text, now()"
        " from generate_series(1, 101) n",
        "update wpsync.dead_letters set resolved_at = now()",
        3,
    ),
    "drift": (
        "insert into wpsync.drift select 'main', 'sms', 'field', 'newThing', 1, now, now"
        " from (select %(now)s::timestamptz as now) t",
        "delete from wpsync.drift where name = 'newThing'",
        3,
    ),
    "budget": (
        "insert into wpsync.budget values ('main', '/api/device/call', jsonb_build_object('limit', 20, 'rate', 20,"
        " 'wanted', jsonb_build_object('0', %(now)s::timestamptz + interval '1 day')))"
        " on conflict (account, endpoint) do update set book = excluded.book",
        "delete from wpsync.budget",
        18,
    ),
    "job": (
        "update wpsync.jobs set failures = 3, error_code = 'vendor.wrong_parameter',"
        """ error_params = '{"endpoint": "/x"}' where job = 'agents'""",
        "update wpsync.jobs set failures = 0",
        3,
    ),
    "silence": (
        "insert into wp.sms (id, device_id, sent_at, _account, _first_synced_at, _synced_at)"
        " select n || ':' || w, 'd', %(now)s::timestamptz - interval '1 hour' - w * interval '7 days', 'main', now(), now()"
        " from generate_series(1, 9) n, generate_series(1, 4) w",
        "insert into wp.sms (id, device_id, sent_at, _account, _first_synced_at, _synced_at)"
        " values ('today', 'd', %(now)s::timestamptz - interval '1 hour', 'main', now(), now())",
        12,
    ),
}


@pytest.mark.parametrize("kind", TROUBLES)
def test_each_kind_is_told_once_and_its_end_once(line, receiver, kind):
    make, mend, count = TROUBLES[kind]
    line.driver.calls_a_minute = 20 if kind == "budget" else 0  # what has no limit is never short
    with line.session() as opened, psycopg.connect(line.driver.database_url) as connection:
        connection.autocommit = True
        watch = watching(opened.config)
        with working(opened, watch) as jobs:
            line.live(opened, jobs, line.clock.now() + 2 * MINUTE)
        now = line.clock.now()
        if kind == "silence":
            connection.execute("delete from wp.sms")
        connection.execute("delete from wpsync.drift")
        now = ticks(watch, opened, now, 3)
        assert receiver.messages == []
        connection.execute("update wpsync.watermarks set at = at + interval '9 hours'")
        connection.execute(
            "update wpsync.listings set complete_at = complete_at + interval '9 hours'"
        )
        connection.execute("update wpsync.runs set started_at = started_at + interval '9 hours'")
        connection.execute(make, {"now": now})
        now = ticks(watch, opened, now, count)
        again = watching(opened.config)  # a restart, or another instance
        now = ticks(again, opened, now, 3)
        assert len(receiver.messages) == 1, receiver.messages
        assert receiver.messages[0]["title"] == "[wpsync] 1 new problem"
        (data,) = receiver.messages[0]["incidents"]
        assert (data["event"], data["kind"]) == ("began", kind)
        assert data["text"] in receiver.messages[0]["message"]
        advice = "" if kind == "stale" else f"\n  → {data['remedy']}"
        assert receiver.messages[0]["message"].endswith(data["text"] + advice)
        kinds = connection.execute("select kind from wpsync.incidents where opened_at is not null")
        assert kinds.fetchall() == [(kind,)]
        connection.execute(mend, {"now": now})
        now = ticks(again, opened, now, 6)
        assert len(receiver.messages) == 2, receiver.messages
        assert receiver.messages[1]["title"] == "[wpsync] 1 resolved"
        assert receiver.messages[1]["incidents"][0]["event"] == "resolved"
        ticks(again, opened, now, 6)
        assert len(receiver.messages) == 2, receiver.messages


def test_rooms_that_cannot_be_read_are_one_incident_in_words_that_fit(line, receiver):
    line.driver.sync(["wechat_rooms"])
    rooms = sorted({row["room_id"] for row in line.vendor.world.truth("wechat_room_members")})
    line.remote.settings(broken=rooms[:2], broken_status=500)
    line.driver.sync(["wechat_room_members"])
    with line.session() as opened:
        watch = watching(opened.config)
        ticks(watch, opened, START, 2)
        assert receiver.messages == []
        ticks(watch, opened, START + timedelta(hours=6), 2)
    (said,) = receiver.messages
    text = said["message"]
    assert said["title"] == "[wpsync] 1 new problem"
    assert "rooms not fully read: 2: the vendor cannot serve it (unreadable)" in text
    assert "window" not in text
    assert "verify" not in text
    state = json.loads(line.driver.run("status", "--json").stdout)
    assert [one["parent_id"] for one in state["incomplete"]] == rooms[:2], "where it says they are"


def test_on_a_holiday_nobody_wonders_that_there_is_nothing(line):
    for days, wondered in (("2026-05-20", False), ("2026-05-21", True)):
        line.driver.more = f"[bi]\nholidays = [{days}]\n"
        with line.session() as opened:
            assert bool(observe(opened.database, opened.config, START).counted) is wondered


@pytest.mark.parametrize("minutes", [20, pytest.param(60, marks=pytest.mark.long)])
def test_nothing_is_said_while_all_is_normal(minutes, line, receiver):
    with line.session() as opened:
        watch = watching(opened.config)
        with working(opened, watch) as jobs:
            line.live(opened, jobs[:-2], START + MINUTE)
            with psycopg.connect(line.driver.database_url) as connection:
                connection.execute("update wpsync.drift set first_seen_at = '2020-01-01'")
            done = line.live(opened, jobs, START + (minutes + 1) * MINUTE)
    looked = [result for job, result in done if job.key.job == "alerts"]
    assert len(looked) == minutes
    assert {result.outcome for _, result in done} == {"done"}
    assert receiver.messages == []


def test_in_quiet_hours_only_what_is_critical_is_said(line, receiver):
    line.driver.more = line.driver.more.replace("[sync]", 'quiet_hours = "13:00-15:00"\n[sync]')
    with line.session() as opened, psycopg.connect(line.driver.database_url) as connection:
        connection.autocommit = True
        watch = watching(opened.config)
        connection.execute(TROUBLES["dead_letters"][0])
        now = ticks(watch, opened, START, 4)
        assert receiver.messages == []
        after = ticks(watch, opened, START + timedelta(hours=1), 1)
        assert len(receiver.messages) == 1
        assert after > now


def test_a_target_that_refuses_gets_it_later_and_others_at_once(receiver):
    with Receiver().listening() as second:
        second.refusing = True
        addresses = [Secret(receiver.target), Secret(second.target)]
        known = {target.name: target for target in targets(addresses)}
        sending = Sending(list(known), lambda name, m: send(known[name], m))
        assert sending(Notice("t", "one")) == ["2:json"]
        second.refusing = False
        assert sending(Notice("t", "two")) == []
        assert [m["message"] for m in receiver.messages] == ["one", "two"]
        assert [m["message"] for m in second.messages] == ["one", "two"]


@pytest.mark.parametrize(("another_led", "minutes"), [(False, 2), (True, 5)])
def test_a_database_that_stays_away_is_told_by_the_process_itself(
    line, receiver, another_led, minutes
):
    with line.session() as opened:
        watch = watching(opened.config)
        for minute in range(minutes + 2):
            assert bool(receiver.messages) == (minute > minutes)
            watch.away(START + minute * MINUTE, "host-a", another_led=another_led)
        watch.back()
        watch.back()
    assert len(receiver.messages) == 2
    assert receiver.messages[0]["title"] == "[wpsync] the database does not answer"
    assert receiver.messages[1]["title"] == "[wpsync] the database is back"
    codes = [one["code"] for message in receiver.messages for one in message["incidents"]]
    assert codes == ["condition.database_away", "condition.database_back"]


def test_a_database_that_takes_no_alert_to_be_kept_is_told_by_the_process_itself(line, receiver):
    with line.session() as opened, psycopg.connect(line.driver.database_url) as connection:
        connection.autocommit = True
        connection.execute(TROUBLES["dead_letters"][0])
        for statement in fills("wpsync.incidents"):
            connection.execute(statement)
        with working(opened, watching(opened.config)) as jobs:
            (alerts,) = (job for job in jobs if job.key.job == "alerts")
            for _ in range(5):
                assert perform(opened, alerts, lambda: False).outcome == "failed"
                line.clock.sleep(60)
            assert [one["title"] for one in receiver.messages] == [
                "[wpsync] the database accepts no writes"
            ]
            (data,) = receiver.messages[0]["incidents"]
            assert data["params"]["error"]["code"] == "database.disk_full"
            assert "the disk of the database is full" in receiver.messages[0]["message"]
            assert "could not extend file" not in str(receiver.messages), "a function's own words"
            assert f"→ {data['remedy']}" in receiver.messages[0]["message"]
            connection.execute("drop function full_disk cascade")
            assert perform(opened, alerts, lambda: False).outcome == "done"
    assert receiver.messages[1]["title"] == "[wpsync] the database is back"


def lost(server, tmp_path, receiver, *, led: bool) -> str:
    """What an instance says that led, or did not, when Postgres stopped; its clock runs as fast as it looks."""
    text = f'[alerts]\ntargets = ["{receiver.target}"]\n'
    (tmp_path / "config.toml").write_text(text)
    loaded = config.load(tmp_path / "config.toml", environ={}, cwd=tmp_path)
    stop = Event()
    with ExitStack() as stack:
        if not led:
            another = stack.enter_context(Database(Secret(server.url)))
            assert stack.enter_context(another.lease("leader", wait=False))
        opened = stack.enter_context(
            session(loaded, Secret(server.url), clock=FakeClock(START), stopping=stop.is_set)
        )
        thread = Thread(target=Service(opened).run)
        thread.start()
        role = "leader" if led else "standby"
        with psycopg.connect(server.url, autocommit=True) as connection:
            until(
                lambda: (
                    connection.execute(
                        "select role from wpsync.instances where role <> 'command'"
                    ).fetchone()
                    == (role,)
                ),
                f"a {role}",
            )
        server.stop()
        until(lambda: receiver.messages, "a message")
        server.start()
        until(lambda: len(receiver.messages) == 2, "that it is back")
        stop.set()
        thread.join()
    assert receiver.messages[1]["title"] == "[wpsync] the database is back"
    return str(receiver.messages[0]["message"])


@pytest.mark.parametrize(
    ("led", "minutes"), [(True, 2), pytest.param(False, 5, marks=pytest.mark.long)]
)
def test_a_lost_database_is_told_by_who_led_and_by_a_standby_only_where_it_lasts(
    tmp_path, server_folder, receiver, led, minutes
):
    with own_server(server_folder / "pg") as server:
        migrations.upgrade(server.url)
        said = lost(server, tmp_path, receiver, led=led)
    waited = re.search(rf"has not answered host {socket.gethostname()} for (\d+) minutes", said)
    # Every thread that waits moves the clock on, so that more may have passed between two looks.
    assert waited is not None
    assert int(waited[1]) >= minutes


def test_a_database_that_was_not_there_at_the_start_is_told_too(tmp_path, server_folder, receiver):
    stop, clock = StopRequest(), FakeClock(START)
    text = f'[alerts]\ntargets = ["{receiver.target}"]\n'
    (tmp_path / "config.toml").write_text(text)
    loaded = config.load(tmp_path / "config.toml", environ={}, cwd=tmp_path)
    server = OwnServer(server_folder / "pg")
    server.start()
    server.stop()
    there = []

    def wait():
        with run.opened(loaded, Secret(server.url), stop, clock) as opened:
            there.append(opened)

    thread = Thread(target=wait)
    thread.start()
    while not receiver.messages:
        clock.sleep(10)
        sleep(0.1)
    server.start()
    thread.join()
    server.stop()
    assert there[0] is not None
    assert [message["title"] for message in receiver.messages] == [
        "[wpsync] the database does not answer",
        "[wpsync] the database is back",
    ]


def test_alert_test_says_what_took_the_message_and_never_an_address(
    emulator, database_url, tmp_path, receiver
):
    vendor = emulator(messages=100, days=1)
    driver = Driver(database_url, vendor.url, tmp_path)
    ran = driver.run("alert", "test")
    assert ran.returncode == 2
    assert "alerts.targets" in ran.stderr
    secret = "dingtalk://very-secret-token-value/13800001111"
    driver.more = f'[alerts]\ntargets = ["{receiver.target}"]\n'
    ran = driver.run("alert", "test", "--json")
    assert (ran.returncode, json.loads(ran.stdout)) == (0, [{"target": "1:json", "taken": True}])
    assert receiver.messages[0]["title"] == "[wpsync] test message"
    driver.head = 'lang = "zh"\n'
    assert driver.run("alert", "test").returncode == 0
    assert receiver.messages[1]["title"] == "[wpsync] 测试消息"
    assert "收到即表示告警可以送达" in receiver.messages[1]["message"]
    driver.head = ""
    driver.more = (
        f'[alerts]\ntargets = ["{receiver.target}", "nonsense://{secret}", "no address"]\n'
    )
    ran = driver.run("alert", "test")
    assert ran.returncode == 1
    assert re.search(r"(?i)fail\w* +2:nonsense", ran.stdout)
    assert "very-secret" not in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    "address",
    [
        "dingtalk://0123456789abcdef0123456789abcdef0123456789abcdef",
        "feishu://01234567-89ab-cdef-0123-456789abcdef",
        "lark://01234567-89ab-cdef-0123-456789abcdef",
        "wecombot://01234567-89ab-cdef-0123-456789abcdef",
        "mailtos://user:password@smtp.example.com?to=ops@example.com",
        "jsons://hooks.example.com/wpsync",
    ],
)
def test_the_addresses_of_the_readme_are_understood(address):
    (target,) = targets([Secret(address)])
    assert target.is_good
    assert address not in repr(target)


def test_quiet_hours_may_go_past_midnight():
    night = (time(22), time(8))
    for hour, quiet in ((21, False), (22, True), (3, True), (8, False), (12, False)):
        at = datetime(2026, 5, 20, hour, tzinfo=UTC) - timedelta(hours=8)
        assert is_quiet(night, at) is quiet
    assert not is_quiet(None, START)

"""The long-running service as users run it: a process of its own, signals, a second instance, outages.

`STOPS` says at how many moments the long test asks it to stop.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import psycopg
import pytest

from tests.acceptance.driving import Driver, differences
from wpsync.emulator.client import Remote

pytestmark = pytest.mark.reads_the_day

STOPS = int(os.environ.get("STOPS", "16"))
LIVE = ["calls", "sms", "wechat_chats", "wechat_messages"]
# A day more than the vendor has: the service starts seconds after it, and would leave out its first rows.
QUICK = "[sync]\ninterval_seconds = 1\nlisting_interval_minutes = 0.1\nfirst_sync_from = '4d'\n[web]\nport = 0\n"
PATIENCE = 60
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def vendor(emulator):
    return emulator(messages=1_000, days=3)


@pytest.fixture
def driver(vendor, database_url, tmp_path):
    return Driver(database_url, vendor.url, tmp_path, QUICK)


@contextmanager
def serving(driver: Driver, *arguments: str):
    """`wpsync run` in a process of its own, killed at the end."""
    log = (driver.folder / "service.log").open("ab")
    process = subprocess.Popen(
        driver.command("run", *arguments), stdout=log, stderr=log, start_new_session=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        log.close()


def until(true: Callable[[], object], what: str, within: float = PATIENCE) -> None:
    """Wait for something that comes soon."""
    end = time.monotonic() + within
    while not true():
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(0.1)


def stopped(process: subprocess.Popen[bytes]) -> int:
    """The exit status after a SIGTERM; the contract gives ten seconds."""
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=10)


def connections(driver: Driver) -> int:
    """How many other programs' connections the database has."""
    return int(
        driver.one(
            "select count(*) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    )


def just_now() -> str:
    """A moment ago, as the vendor writes it."""
    return f"{datetime.now(SHANGHAI) - timedelta(seconds=5):%Y-%m-%d %H:%M:%S}"


def everything_is_there(driver: Driver, vendor) -> bool:
    return not differences(driver, vendor, [*LIVE, "agents", "wechat_contacts"])


def test_it_brings_everything_follows_the_vendor_and_stops_when_told(driver, vendor):
    remote = Remote(vendor.url)
    with serving(driver) as process:
        until(lambda: everything_is_there(driver, vendor), "the first three days")
        now = just_now()
        remote.generate("wechat_messages", 50, now, now)
        until(lambda: everything_is_there(driver, vendor), "fifty new messages")
        roles = driver.query("select role from wpsync.instances")
        assert roles == [("leader",)]
        assert stopped(process) == 0
    assert driver.query("select role from wpsync.instances") == []
    jobs = dict(driver.query("select job, outcome from wpsync.jobs where account = 'main'"))
    assert set(LIVE) | {"agents", "tokens", "calls recheck", "calls proof"} <= set(jobs)
    assert jobs["calls"] in ("done", "interrupted")
    failed = driver.query("select job, error_code from wpsync.jobs where outcome = 'failed'")
    assert failed == []


@pytest.mark.parametrize("stops", [2, pytest.param(STOPS, marks=pytest.mark.long)])
def test_asked_to_stop_at_any_moment_it_exits_in_time_and_leaves_nothing_half_written(
    stops, driver, vendor
):
    chance = Random(7)
    remote = Remote(vendor.url)
    remote.fault("slow", ms=20)
    for number in range(stops):
        if number % 4 == 1:
            remote.fault("stall", endpoint="/api/wechat/getWeMessageByPage", times=1)
        with serving(driver) as process:
            until(lambda: connections(driver), "that it begins")
            time.sleep(2.5 * chance.random())
            assert stopped(process) == 0
        held = driver.query(
            "select w.resource, w.rows_held, (select count(*) from wp.wechat_messages m"
            " where m.sent_at >= w.starts_at and m.sent_at < w.ends_at)"
            " from wpsync.windows w where w.resource = 'wechat_messages' and w.state = 'complete'"
        )
        assert all(entered == there for _, entered, there in held)
    remote.clear_faults()
    with serving(driver):
        until(lambda: everything_is_there(driver, vendor), "what the stops left")


def test_when_the_leader_is_killed_the_other_goes_on_and_no_window_is_read_by_both(driver, vendor):
    remote = Remote(vendor.url)

    def leader():
        found = driver.query("select id from wpsync.instances where role = 'leader'")
        return found[0][0] if found else None

    with serving(driver) as first:
        until(leader, "a leader")
        before = leader()
        with serving(driver) as second:
            until(lambda: driver.one("select count(*) from wpsync.instances") == 2, "a second")
            until(lambda: everything_is_there(driver, vendor), "the first three days")
            os.killpg(first.pid, signal.SIGKILL)
            first.wait()
            mark = remote.stats()["requests"]
            now = just_now()
            remote.generate("wechat_messages", 20, now, now)
            until(lambda: everything_is_there(driver, vendor), "what came after the kill")
            assert remote.stats()["requests"] > mark
            until(lambda: leader() != before, "another leader")
            assert stopped(second) == 0
    read = [
        (request["path"], json.dumps(request["body"], sort_keys=True))
        for request in remote.requests()
        if request["path"].endswith(("getWeMessageByPage", "device/call"))
        and request["n"] <= mark
        # Counts may repeat: shortly after midnight on the first day of a month, a day and its month are one span.
        and request["body"]["pageSize"] > 1
    ]
    assert read
    assert len(read) == len(set(read)), "a page was asked for twice"


def test_a_database_that_goes_away_is_waited_for(driver, vendor, database_url):
    remote = Remote(vendor.url)
    with serving(driver) as process:
        until(lambda: everything_is_there(driver, vendor), "the first three days")
        with psycopg.connect(database_url, autocommit=True) as connection:
            for _ in range(3):
                connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and pid <> pg_backend_pid()"
                )
                time.sleep(1)
        now = just_now()
        remote.generate("calls", 10, now, now)
        until(lambda: everything_is_there(driver, vendor), "what came after it was away")
        assert process.poll() is None
        assert stopped(process) == 0


def test_once_each_does_every_job_and_says_how_it_went(driver, vendor):
    ran = driver.run("run", "--once-each", "--json")
    assert ran.returncode == 0, ran.stderr
    done = json.loads(ran.stdout)
    assert {row["outcome"] for row in done} == {"done"}
    assert {"calls", "calls recheck", "calls proof", "agents", "tokens", "housekeeping"} <= {
        row["job"] for row in done
    }
    assert everything_is_there(driver, vendor)
    driver.query(
        "update wpsync.windows set state = 'incomplete', reason = 'rows_missing', retry_at = now() + interval '1 hour'"
        " where resource = 'calls' returning 1"
    )
    ran = driver.run("run", "--once-each")
    assert ran.returncode == 1
    assert "calls incomplete: " in ran.stderr, "also what is not due yet"

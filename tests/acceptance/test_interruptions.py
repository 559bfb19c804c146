"""Killed at any moment, a backfill goes on from there; no secret is seen whatever fails."""

import os
import random
import re
import signal
import subprocess
import time
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.acceptance.driving import CLIENT, START, Driver, Timeline, differences
from tests.fake_clock import FakeClock
from wpsync.db.database import Database
from wpsync.emulator.client import Remote
from wpsync.extract import windows
from wpsync.model import Secret
from wpsync.values import SHANGHAI

MESSAGES = "/api/wechat/getWeMessageByPage"
WINDOWED = ["calls", "sms", "wechat_chats", "wechat_messages"]


KILLS = int(os.environ.get("KILLS", "30"))


@pytest.mark.reads_the_day
@pytest.mark.parametrize("wanted", [1, pytest.param(KILLS, marks=pytest.mark.long)])
def test_kills_lose_nothing_and_cost_at_most_one_window_each(
    wanted, emulator, database_url, tmp_path
):
    vendor = emulator(messages=max(2_000, 4_000 * wanted // 30), days=12)
    remote = Remote(vendor.url)
    driver = Driver(database_url, vendor.url, tmp_path, "[backfill]\nwindow_rows = 200\n")
    assert driver.run("sync", "agents").returncode == 0
    remote.fault("slow", ms=40)
    rng = random.Random(30)
    kills = 0
    lives: list[list[dict[str, Any]]] = []
    while kills < wanted:
        since = remote.stats()["requests"]
        process = subprocess.Popen(
            driver.command("backfill", "--from", "14d", *(f"--resource={n}" for n in WINDOWED)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if _ended_by_itself(process, remote, since + rng.randint(1, 16), rng.random() / 20):
            break
        kills += 1
        lives.append(remote.requests(since))
    remote.clear_faults()
    since = remote.stats()["requests"]
    assert (
        driver.run("backfill", "--from", "14d", *(f"--resource={n}" for n in WINDOWED)).returncode
        == 0
    )
    lives.append(remote.requests(since))
    assert kills == wanted, "the backfill was too quick to be killed often enough"
    found = differences(driver, vendor, [*WINDOWED, "message_transfers", "message_media"])
    assert not found, "\n".join(found[:20])
    assert _windows_read_twice(lives) <= kills
    assert driver.one("select count(*) from wpsync.windows where state <> 'complete'") == 0


def _ended_by_itself(
    process: subprocess.Popen[bytes], remote: Remote, requests: int, delay: float
) -> bool:
    """Wait until the vendor has had so many requests and a little longer, then kill; unless it ends before."""
    while process.poll() is None:
        if remote.stats()["requests"] >= requests:
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
            return process.wait() == 0
        time.sleep(0.005)
    return True


def _windows_read_twice(lives: list[list[dict[str, Any]]]) -> int:
    """Windows whose first page was asked for in more than one life, beyond the first time."""
    times: dict[object, int] = {}
    for requests in lives:
        seen = {
            (r["path"], r["body"].get("start"), r["body"].get("end"))
            for r in requests
            if r["body"].get("page") == 1 and r["body"].get("pageSize") != 1
        }
        for window in seen:
            times[window] = times.get(window, 0) + 1
    return sum(count - 1 for count in times.values())


@pytest.mark.reads_the_day
def test_ctrl_c_ends_with_130_and_the_same_command_goes_on(emulator, database_url, tmp_path):
    vendor = emulator(messages=3_000, days=10)
    remote = Remote(vendor.url)
    remote.fault("slow", ms=60)
    driver = Driver(database_url, vendor.url, tmp_path, "[backfill]\nwindow_rows = 200\n")
    command = driver.command("backfill", "--from", "12d", "--resource", "wechat_messages")
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    while not driver.one("select count(*) from wpsync.windows"):
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130, said
    remote.clear_faults()
    done = driver.one("select sum(rows_seen) from wpsync.windows")
    assert driver.run(*command[5:]).returncode == 0
    assert driver.one("select sum(rows_seen) from wpsync.windows") > done
    assert differences(driver, vendor, ["wechat_messages"]) == []


@pytest.mark.reads_the_day
def test_two_backfills_share_the_work_without_overlap(emulator, database_url, tmp_path):
    vendor = emulator(messages=4_000, days=12)
    remote = Remote(vendor.url)
    driver = Driver(database_url, vendor.url, tmp_path)
    driver.run("sync", "agents")
    remote.fault("slow", ms=30)
    command = driver.command("backfill", "--from", "14d", "--resource", "wechat_messages")
    both = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    assert differences(driver, vendor, ["wechat_messages"]) == []
    # What lies within the newest minutes is vouched for by no backfill, so the next one reads it again: just after
    # midnight that is the whole of the newest window.
    newest = f"{datetime.now(SHANGHAI) - timedelta(minutes=5):%Y-%m-%d %H:%M:%S}"
    pages = [
        (r["body"]["start"], r["body"]["end"], r["body"]["page"])
        for r in remote.requests()
        if r["path"] == MESSAGES
        and r["body"].get("pageSize") == 100
        and r["body"]["start"] < newest
    ]
    assert len(pages) >= 40
    assert len(pages) == len(set(pages))


FAULTS = (
    "http_500", "http_502_html", "http_503", "http_429", "reset", "cut_body", "code_0", "null_data",
    "null_list", "empty_page", "not_json", "revoke_access",
)  # fmt: skip


@pytest.mark.reads_the_day
def test_every_fault_at_once_loses_nothing_and_shows_no_secret(emulator, database_url, tmp_path):
    """At DEBUG: no token, secret or password in any line, exception or process list."""
    vendor = emulator(messages=900, days=4)
    remote = Remote(vendor.url)
    for fault in FAULTS:
        remote.fault(fault, rate=0.01)
    address = database_url.replace("postgres@", "postgres:open-sesame-pw@")
    driver = Driver(address, vendor.url, tmp_path)
    process = subprocess.Popen(
        driver.command("--verbose", "backfill", "--from", "6d"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    time.sleep(1.5)
    listed = subprocess.run(
        ["ps", "-eo", "args"], capture_output=True, text=True, check=True
    ).stdout
    said, _ = process.communicate(timeout=120)
    said += driver.run("--verbose", "backfill", "--from", "6d").stderr
    remote.clear_faults()
    remote.revoke(access=True, refresh=True)
    remote.settings(client_secret="changed")
    said += driver.run("--verbose", "sync").stderr
    remote.settings(client_secret=CLIENT[1])
    driver.query("delete from wpsync.tokens returning 1")
    ran = driver.run("--verbose", "backfill", "--from", "6d")
    assert ran.returncode == 0, ran.stderr[-2000:]
    said += ran.stderr
    assert said.count("request.sent") > 50
    tokens = {s.access for s in vendor.state.vendor.desk.sessions}
    tokens |= {s.refresh for s in vendor.state.vendor.desk.sessions}
    for secret in (*tokens, CLIENT[1], "open-sesame-pw"):
        assert secret not in said
        assert secret not in listed
    assert not re.search(r"\b[0-9A-F]{32}\b", said)
    assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", said)
    found = differences(driver, vendor, ["calls", "sms", "wechat_chats", "wechat_messages"])
    assert not found, "\n".join(found[:20])


def test_a_vendor_that_never_answers_ends_by_the_timeout(emulator, database_url, tmp_path):
    vendor = emulator(messages=200, days=2)
    remote = Remote(vendor.url)
    driver = Driver(database_url, vendor.url, tmp_path)
    driver.sync(["agents"])
    remote.fault("stall", endpoint="/api/crm/getUsers", times=1)
    slow = driver.config_file.read_text().replace("client_id", "timeout_seconds = 0.5\nclient_id")
    file = tmp_path / "slow.toml"
    file.write_text(slow)
    command = driver.command("sync", "agents")
    command[4] = str(file)
    ran = subprocess.run(
        command, capture_output=True, text=True, timeout=30, check=False, env=os.environ
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"ip_listed": False}, "IP allow list"),
        ({"configured": False}, "API access"),
    ],
    ids=str,
)
def test_what_only_a_person_can_mend_is_said_with_the_mend(
    settings, words, emulator, database_url, tmp_path
):
    vendor = emulator(messages=200, days=2)
    Remote(vendor.url).settings(**settings)
    ran = Driver(database_url, vendor.url, tmp_path).run("sync", "agents")
    assert ran.returncode == 1
    assert words in ran.stderr
    assert "Traceback" not in ran.stderr


class _UntilWeWait(FakeClock):
    """A clock at which something happens as soon as somebody waits."""

    def __init__(self, start, happens):
        super().__init__(start)
        self._happens = happens

    def sleep(self, seconds):
        self._happens()
        super().sleep(seconds)


def _at_a_day(stack, database_url, day):
    """Another process that is at a day of SMS, until the stack is closed: its death."""
    other = stack.enter_context(Database(Secret(database_url)))
    name = windows.shanghai_midnight(day).isoformat()
    assert stack.enter_context(other.lease("main", "sms", name, wait=False))


def test_a_day_whose_backfill_was_killed_is_read_by_the_one_that_had_left_it_to_it(
    emulator, database_url, tmp_path
):
    line = Timeline(emulator, database_url, tmp_path, messages=600, days=6)
    with ExitStack() as killed:
        _at_a_day(killed, database_url, START - timedelta(days=2))
        line.driver.clock = _UntilWeWait(START, killed.close)
        (outcome,) = line.driver.backfill("6d", ["sms"])
    assert outcome.outcome == "done"
    assert differences(line.driver, line.vendor, ["sms"]) == []


def test_a_day_for_which_another_backfill_takes_minutes_is_waited_for(
    emulator, database_url, tmp_path
):
    line = Timeline(emulator, database_url, tmp_path, messages=600, days=6)
    with ExitStack() as other:
        _at_a_day(other, database_url, START - timedelta(days=2))

        def minutes_later():
            if clock.now() > START + timedelta(minutes=10):
                other.close()

        line.driver.clock = clock = _UntilWeWait(START, minutes_later)
        (outcome,) = line.driver.backfill("6d", ["sms"])
    assert outcome.outcome == "done"
    assert differences(line.driver, line.vendor, ["sms"]) == []

"""Control sequences, forged lines and turned texts of the vendor's reach no terminal, log or page."""

import json

import httpx
import pytest

from tests.acceptance.driving import Timeline
from tests.web.sites import served
from tests.web.test_terminal import on_terminal

HOSTILE = "\x1b]0;owned\x07\x1b[31m\x9b31mred\u202eder\u2066\u200b\r\nforged: 2026-01-01 info done"
HIDDEN = ("\x1b]0", "\x1b[31mred", "\x07", "\x9b", "\u202e", "\u2066", "\u200b", "\r")


def hidden(text):
    return [one for one in HIDDEN if one in text.replace("\r\n", "\n")]


@pytest.fixture
def line(emulator, database_url, tmp_path):
    return Timeline(emulator, database_url, tmp_path, messages=50, days=2)


def test_a_result_in_a_pipe_and_on_a_terminal(line):
    agent = line.vendor.world.truth("agents")[0]
    line.remote.mutate("agents", agent["id"], set={"name": HOSTILE})
    ran = line.driver.run("api", "agents")
    assert ran.returncode == 0, ran.stderr
    assert "\\u001b]0;owned" in ran.stdout
    assert hidden(ran.stdout) == []
    assert not [one for one in ran.stdout.splitlines() if one.startswith("forged")]
    shown = json.loads(line.driver.run("api", "agents", "--json").stdout)
    assert HOSTILE in [one.get("name") for one in shown]
    assert hidden(line.driver.run("api", "agents", "--json").stdout) == []


def test_an_error_on_a_terminal_and_in_both_logs(line):
    line.remote.fault("code_0", rate=1.0, msg=HOSTILE, endpoint="/api/device/sms")
    for form in ("text", "json"):
        line.driver.more = f'[log]\nformat = "{form}"\nlevel = "debug"\n'
        ran = line.driver.run("sync", "sms")
        assert ran.returncode == 1
        assert "owned" in ran.stderr
        assert hidden(ran.stderr) == []
        assert not [one for one in ran.stderr.splitlines() if one.startswith("forged")]


def test_the_page_its_json_and_status(line):
    line.driver.sync(["wechat_rooms"])
    line.driver.query(
        "insert into wpsync.listings (account, resource, parent_id, state, reason, read_at, vendor_count, rows_seen)"
        " values ('main', 'wechat_room_members', %s, 'incomplete', 'rows_missing', now(), 2, 1) returning 1",
        HOSTILE,
    )
    with served(line.driver) as site:
        for path in ("/", "/api/status"):
            text = httpx.get(site.url + path, timeout=60).text
            assert "owned" in text, path
            assert hidden(text) == [], path
        found = httpx.get(f"{site.url}/api/status", timeout=60).json()["incomplete"]
        assert HOSTILE in [one["parent_id"] for one in found]
    ran = line.driver.run("status")
    assert "owned" in ran.stderr
    assert hidden(ran.stdout + ran.stderr) == []
    assert "\x1b[" in on_terminal(line.driver, 100), "our own colours are there"
    assert hidden(on_terminal(line.driver, 100)) == []

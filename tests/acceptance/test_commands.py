"""The commands as a data engineer types them: what they say, where, and with which exit status."""

import json
from collections import Counter

from tests.acceptance.driving import Driver
from wpsync.emulator.client import Remote


def test_a_backfill_in_a_pipe_has_a_line_per_resource_and_none_per_window(
    emulator, database_url, tmp_path
):
    vendor = emulator(messages=300, days=5)
    ran = Driver(database_url, vendor.url, tmp_path).run("backfill", "--from", "3d")
    assert ran.returncode == 0, ran.stderr
    assert "window.closed" not in ran.stderr
    assert "wechat_room_members: done" in ran.stderr
    assert len(ran.stderr.splitlines()) < 20
    as_json = Driver(database_url, vendor.url, tmp_path, '[log]\nformat = "json"\n')
    ran = as_json.run("backfill", "--from", "3d", "--again", "--resource", "calls")
    events = [json.loads(line)["event"] for line in ran.stderr.splitlines()]
    assert {"window.closed", "resource.ended"} >= set(events)
    assert "resource.ended" in events


def test_a_backfill_says_that_it_waits_for_the_request_limit(emulator, database_url, tmp_path):
    vendor = emulator(messages=300, days=5)
    driver = Driver(database_url, vendor.url, tmp_path)
    ran = driver.run(
        "backfill", "--from", "2d", "--resource", "calls",
        WPSYNC_LIMITS__REQUESTS_PER_MINUTE__CALLS="20",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "waiting for the request limit: 20 a minute; next request in" in ran.stderr


def test_a_plan_counts_a_request_per_room_and_agent_and_asks_the_vendor_little(
    emulator, database_url, tmp_path
):
    vendor = emulator(messages=3_000, days=5)
    remote = Remote(vendor.url)
    rooms, agents = len(remote.truth("wechat_rooms")), len(remote.truth("agents"))
    driver = Driver(database_url, vendor.url, tmp_path)

    def plan() -> dict[str, dict[str, object]]:
        ran = driver.run("backfill", "--from", "2d", "--plan", "--json")
        assert ran.returncode == 0, ran.stderr
        return {one["resource"]: one for one in json.loads(ran.stdout)}

    before = plan()
    asked = Counter(r["path"] for r in remote.requests() if r["body"].get("start") is None)
    assert asked.pop("/oauth/token/getToken") == 1
    assert set(asked.values()) == {1}, asked  # users, contacts, rooms, agents: once each
    assert len(asked) == 4
    assert rooms > 1
    assert before["wechat_room_members"]["requests"] == rooms
    assert before["agent_call_totals"]["requests"] == agents
    assert before["agent_call_days"]["requests"] == 2 * agents
    assert before["wechat_contacts"]["rows"] == len(remote.truth("wechat_contacts"))
    assert [one for one, its in before.items() if its["is_estimate"]] == [
        "wechat_users", "wechat_contacts", "wechat_rooms", "wechat_room_members",
        "agent_call_totals", "agent_call_days",
    ]  # fmt: skip
    driver.backfill("2d")
    heard = len(remote.requests())
    after = plan()
    assert all(r["body"].get("start") for r in remote.requests()[heard:])
    assert after["wechat_room_members"]["requests"] == 1  # all are current: only whether one is new
    driver.query("update wp.wechat_rooms set display_name = 'changed' returning 1")
    assert plan()["wechat_room_members"]["requests"] == rooms


def test_a_plan_shows_minutes_of_rooms_and_what_is_estimated(emulator, database_url, tmp_path):
    vendor = emulator(messages=3_000, days=5)
    rooms = len(Remote(vendor.url).truth("wechat_rooms"))
    driver = Driver(database_url, vendor.url, tmp_path)
    ran = driver.run(
        "backfill", "--from", "1d", "--plan", "-r", "wechat_rooms", "-r", "wechat_room_members",
        WPSYNC_LIMITS__REQUESTS_PER_MINUTE__OTHER="6",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    members = next(line for line in ran.stdout.splitlines() if "members" in line).split()
    assert members == ["wechat_room_members", f"~{rooms}", f"{rooms / 6:.1f}", "0.0"]
    assert "~ is an estimate" in ran.stdout
    assert "估算值" in ran.stdout

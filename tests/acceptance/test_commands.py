"""The commands as a data engineer types them: what they say, where, and with which exit status."""

import json

from tests.acceptance.driving import Driver


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

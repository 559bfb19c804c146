"""What the vendor changes without saying: noticed, counted, shown; and a broken reader is not swallowed."""

import json
from datetime import UTC, datetime

from tests.acceptance.driving import Timeline
from wpsync.emulator.client import Remote

AT = "2026-05-10 10:00:00"
MESSAGE = {"chatId": "c", "from": "f", "ts": 1778378400, "date": "2026-05-10", "isSend": "1"}


def test_a_new_field_a_new_type_and_a_new_kind_of_message_are_counted_and_shown(
    emulator, database_url, tmp_path
):
    line = Timeline(emulator, database_url, tmp_path, messages=50, days=12)
    vendor, driver = line.vendor, line.driver
    rows = [
        {**MESSAGE, "id": "a", "msgType": "101", "msg": "hi", "mood": "good"},
        {**MESSAGE, "id": "b", "msgType": "199", "msg": "hi"},
        {**MESSAGE, "id": "c", "msgType": "101", "msg": "hi", "isSend": {"yes": True}},
    ]
    Remote(vendor.url).rows("wechat_messages", rows, AT)
    driver.backfill("2026-05-10", ["wechat_messages"])
    shown = json.loads(driver.run("status", "--json").stdout)["drift"]
    found = {(one["what"], one["name"]) for one in shown if one["resource"] == "wechat_messages"}
    assert found >= {("field", "mood"), ("kind", "199"), ("type", "isSend")}
    assert "mood" in driver.run("status").stdout


def test_a_window_of_which_much_cannot_be_taken_is_incomplete_and_nothing_of_it_is_loaded(
    emulator, database_url, tmp_path
):
    line = Timeline(emulator, database_url, tmp_path, messages=50, days=12)
    vendor, driver = line.vendor, line.driver
    rows = [
        {**MESSAGE, "id": f"x{i}", "msgType": "115", "msg": "bm90IGEgcGF5bG9hZA=="}
        for i in range(80)
    ]
    Remote(vendor.url).rows("wechat_messages", rows, AT)
    span = ("--from", "2026-05-08", "--to", "2026-05-12")
    done = driver.run("backfill", *span, "--resource", "wechat_messages")
    assert done.returncode == 1
    assert "mostly_dead_letters" in done.stderr
    assert "encrypts payloads" in done.stderr
    assert driver.one("select count(*) from wp.wechat_messages where id like 'x%%'") == 0
    assert driver.one("select outcome from wpsync.runs order by id desc limit 1") == "incomplete"
    state = "select state from wpsync.windows where starts_at <= %s and ends_at > %s"
    for day, found in ((10, "incomplete"), (9, "complete")):
        at = datetime(2026, 5, day, 2, tzinfo=UTC)
        assert driver.one(state, at, at) == found
    assert driver.run("backfill", *span, "--resource=wechat_messages").returncode == 1

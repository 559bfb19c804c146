"""What the vendor changes without saying: noticed, counted, shown; and a broken reader is not swallowed."""

import json
from datetime import UTC, datetime, timedelta

import httpx

from tests.acceptance.driving import START, Timeline
from tests.web.sites import served
from wpsync.daemon.jobs import perform
from wpsync.daemon.service import watching, working
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


def test_thousands_of_field_names_cost_fifty_rows_a_day_and_a_short_page(
    emulator, database_url, tmp_path
):
    line = Timeline(emulator, database_url, tmp_path, messages=50, days=12)
    driver = line.driver
    fields = {f"f{number:05}x": 1 for number in range(99_999, 69_999, -1)}

    def comes(name):
        rows = [{**MESSAGE, "id": name, "msgType": "101", "msg": "hi", **shaped(fields)}]
        Remote(line.vendor.url).rows("wechat_messages", rows, AT)
        line.go_to(line.clock.now() + timedelta(minutes=1))
        driver.backfill("2026-05-10", ["wechat_messages"], again=True)

    comes("a")
    noted = "select count(*) from wpsync.drift where name <> '*'"
    assert driver.one(noted) == 50
    assert driver.one("select seen from wpsync.drift where name = '*'") == 30_000 - 50
    assert driver.one("select count(*) from wp.wechat_messages where id = 'a'") == 1
    comes("b")
    assert driver.one(noted) == 50, "the same day has no more"
    assert driver.one("select min(seen) from wpsync.drift where name <> '*'") > 1, "those go on"
    driver.query(
        "update wpsync.drift set first_seen_at = first_seen_at - interval '2 days' returning 1"
    )
    comes("c")
    assert driver.one(noted) == 100, "the next day has fifty more"
    shown = json.loads(driver.run("status", "--json").stdout)
    assert len(shown["drift"]) == 50
    (counts,) = [one for one in shown["drift_counts"] if one["resource"] == "wechat_messages"]
    assert counts["noted"] == 101
    assert len(driver.run("status").stdout) < 20_000
    with served(driver) as site:
        page = httpx.get(site.url, timeout=60).text
        assert len(page) < 400_000
        assert page.count("<code>f") <= 50
        assert len(httpx.get(f"{site.url}/api/status", timeout=60).text) < 400_000
        assert "wpsync_drift 101.0" in httpx.get(f"{site.url}/metrics", timeout=60).text


def shaped(fields):
    """Names as fields have them: letters, and fewer digits than a number of a person has."""
    letters = str.maketrans("0123456789", "abcdefghij")
    return {f"f{name[1:].translate(letters)}": value for name, value in fields.items()}


def test_what_no_longer_comes_is_forgotten(emulator, database_url, tmp_path):
    line = Timeline(emulator, database_url, tmp_path, messages=50, days=2)
    assert line.driver.run("migrate").returncode == 0
    for name, at in (("old", START - timedelta(days=91)), ("new", START - timedelta(days=89))):
        line.driver.query(
            "insert into wpsync.drift values ('main', 'calls', 'field', %s, 1, %s, %s) returning 1",
            name,
            at,
            at,
        )
    with line.session() as opened, working(opened, watching(opened.config)) as jobs:
        (house,) = [job for job in jobs if job.key.job == "housekeeping"]
        (tokens,) = [job for job in jobs if job.key.job == "tokens"]
        assert perform(opened, tokens, lambda: False).outcome == "done"  # the vendor tells the time
        assert perform(opened, house, lambda: False).outcome == "done"
    assert line.driver.query("select name from wpsync.drift") == [("new",)]

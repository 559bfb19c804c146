"""The database's clock is ahead for a while and is then set right: nothing stops, nothing is lost."""

import logging
from datetime import timedelta

import pytest

from tests.acceptance.driving import START, Timeline, differences, local
from tests.fake_clock import FakeClock
from wpsync.daemon.jobs import perform
from wpsync.daemon.service import watching, working

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def line(emulator, database_url, tmp_path):
    return Timeline(emulator, database_url, tmp_path, messages=300, days=1)


def show(line, at):
    """Ours is a clock of its own; the vendor's stays as it is."""
    line.clock = line.driver.clock = FakeClock(at)


@pytest.mark.parametrize(
    "ahead", [10 * MINUTE, DAY, pytest.param(400 * DAY, marks=pytest.mark.long)]
)
@pytest.mark.parametrize("from_the_beginning", [False, True])
def test_a_clock_that_was_ahead_for_a_while_stops_nothing(ahead, from_the_beginning, line, caplog):
    names = ["sms", "wechat_messages"]
    if not from_the_beginning:
        line.driver.sync(names)
    show(line, START + ahead)
    line.driver.sync(names)
    show(line, START + 2 * MINUTE)
    caplog.set_level(logging.WARNING)
    for minutes in range(10, 100, 10):
        now = START + minutes * MINUTE
        for name in names:
            line.remote.generate(name, 5, local(now - 9 * MINUTE), local(now - 4 * MINUTE))
        line.go_to(now)
        outcomes = line.driver.sync(names)
    assert {one.outcome for one in outcomes} == {"done"}
    midnight = START - timedelta(hours=14)
    missing = [
        f"{name} {row['id']}"
        for name in names
        for row in line.vendor.world.truth(name)
        if row["sent_at"] >= midnight
        and not line.driver.one(f"select count(*) from wp.{name} where id = %s", row["id"])
    ]
    assert missing == []
    marks = line.driver.query(
        "select now_is - at from wpsync.watermarks, (values (%s::timestamptz)) v(now_is)", now
    )
    assert all(timedelta(0) <= behind[0] <= 3 * MINUTE for behind in marks)
    assert ahead < timedelta(hours=1) or "clock.was_ahead" in caplog.messages


def test_what_a_clock_that_was_ahead_has_checked_is_checked_again(line):
    line.driver.more = "[recheck]\nsample_rows = 0\n"
    line.driver.backfill("2d", ["sms"])
    line.driver.sync(["sms"])
    show(line, START + DAY)
    line.driver.sync(["sms"])
    show(line, START + 2 * MINUTE)
    line.remote.generate("sms", 3, local(START - 20 * timedelta(hours=1)), local(START - DAY / 2))
    line.go_to(START + timedelta(hours=2))
    line.driver.sync(["sms"])
    assert not differences(line.driver, line.vendor, ["sms"])


@pytest.mark.parametrize("days", [1, 90])
def test_an_outage_is_caught_up_although_our_clock_said_that_it_is_too_old_to_be_kept(line, days):
    line.driver.more = f"[retention]\nsms = {days}\n"
    line.driver.sync(["sms"])
    line.remote.generate("sms", 30, local(START + 2 * HOUR), local(START + 9 * HOUR))
    morning = START + 18 * HOUR
    line.remote.clock(now_ms=morning.timestamp() * 1000, freeze=True)
    show(line, morning + 400 * DAY)
    line.driver.sync(["sms"])
    show(line, morning + 2 * MINUTE)
    line.go_to(morning + HOUR)
    line.driver.sync(["sms"])
    today = START - 14 * HOUR
    wanted = {row["id"] for row in line.vendor.world.truth("sms") if row["sent_at"] >= today}
    assert wanted == {row[0] for row in line.driver.query("select id from wp.sms")}


def housekeeping(line):
    """The nightly job, as the service does it."""
    with line.session() as opened, working(opened, watching(opened.config)) as jobs:
        (job,) = (job for job in jobs if job.key.job == "housekeeping")
        return perform(opened, job, lambda: False)


@pytest.mark.parametrize("ours", [400 * DAY, timedelta(0)])
@pytest.mark.parametrize("theirs", [400 * DAY, timedelta(0), None])
def test_only_what_is_old_by_our_clock_and_the_vendors_is_forgotten(line, ours, theirs):
    line.driver.more = "[retention]\nsms = 90\n"
    line.driver.backfill("2d", ["sms"])
    held = line.driver.one("select count(*) from wp.sms")
    show(line, START + ours)
    if theirs is None:
        line.remote.fault("http_500")
    else:
        line.remote.clock(now_ms=(START + theirs).timestamp() * 1000, freeze=True)
    assert housekeeping(line).outcome == ("done" if theirs is not None else "incomplete")
    old = bool(ours and theirs)
    assert line.driver.one("select count(*) from wp.sms") == (0 if old else held)


def test_what_changes_after_a_clock_that_was_ahead_is_taken(line):
    names = ["wechat_contacts", "wechat_rooms", "wechat_room_members"]
    line.driver.sync(names)
    listings = line.vendor.world.listings
    contact, member = (next(iter(listings[name])) for name in (names[0], names[2]))
    for text, ours in (("ahead", START + 400 * DAY), ("right", START + 2 * MINUTE)):
        line.remote.mutate(names[0], contact, set={"nick": text}, truth={"nick": text})
        show(line, ours)
        line.driver.sync(names)
    assert not differences(line.driver, line.vendor, names)
    line.remote.mutate(names[2], member, delete=True)  # its room does not show it
    line.go_to(START + 8 * DAY)
    line.driver.sync(names)
    gone = "select id from wp.wechat_room_members where _deleted_at is not null"
    assert line.driver.query(gone) == [(member,)]


def test_a_clock_that_is_behind_for_a_while_leaves_alone_when_things_were_fetched(line):
    line.driver.sync(["wechat_contacts"])
    fetched = "select min(_synced_at), max(_synced_at) from wp.wechat_contacts"
    before = line.driver.query(fetched)
    show(line, START - DAY)
    line.driver.sync(["wechat_contacts"])
    assert line.driver.query(fetched) == before

"""The database's clock is ahead for a while and is then set right: nothing stops, nothing is lost."""

import logging
from datetime import timedelta

import pytest

from tests.acceptance.driving import START, Timeline, differences, local
from wpsync.clock import FakeClock

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def line(emulator, database_url, tmp_path):
    return Timeline(emulator, database_url, tmp_path, messages=300, days=1)


def show(line, at):
    """Ours is a clock of its own; the vendor's stays as it is."""
    line.clock = line.driver.clock = FakeClock(at)


@pytest.mark.parametrize("ahead", [10 * MINUTE, DAY, 400 * DAY])
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

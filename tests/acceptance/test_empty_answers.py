"""An answer of nothing is confirmed before it is believed, and a doubt about nothing has an end."""

from datetime import timedelta

import pytest

from tests.acceptance.driving import START, Timeline, differences
from tests.acceptance.test_matrix import Listed

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WINDOWED = ["calls", "sms", "wechat_messages"]
ROOMS = ["wechat_rooms", "wechat_room_members"]


@pytest.fixture
def line(emulator, database_url, tmp_path):
    return Timeline(emulator, database_url, tmp_path, messages=300, days=12)


def answers_nothing_at_first(line):
    """One of five requests is answered by nothing when it is made for the first time."""
    line.remote.fault("empty_page", count=0, rate=0.2, firsts=True)


def test_no_window_is_complete_without_the_rows_that_a_first_answer_left_out(line):
    answers_nothing_at_first(line)
    listed = Listed(line)
    listed.look()
    line.go_to(START + MINUTE)
    for _ in range(2):
        line.driver.backfill("13d", WINDOWED)
        assert listed.lacking() == []
    assert differences(line.driver, line.vendor, WINDOWED) == []
    assert not line.driver.query("select 1 from wpsync.windows where state <> 'complete'")


def test_rooms_have_their_members_although_a_first_answer_left_them_out(line):
    answers_nothing_at_first(line)
    for _ in range(2):
        line.driver.sync(ROOMS)
        line.go_to(line.clock.now() + HOUR)
    assert differences(line.driver, line.vendor, ROOMS) == []


def test_a_doubt_about_a_window_of_which_nothing_is_left_ends_by_itself(line):
    """A row was there when the vendor showed none, and is not there any more; every count is 0."""
    line.driver.sync(["calls"])
    before = START - 13 * DAY
    moved = "update wp.calls set id = 'another', began_at = %s where id = (select min(id) from wp.calls) returning 1"
    assert line.driver.one(moved, before)
    (outcome,) = line.driver.backfill("13d", ["calls"])
    assert outcome.outcome == "incomplete"
    doubted = "select vendor_count, rows_held, reason from wpsync.windows where state <> 'complete'"
    assert line.driver.query(doubted) == [(0, 1, "suspiciously_empty")]
    line.driver.query("delete from wp.calls where id = 'another' returning 1")
    outcomes = []
    for _ in range(4):
        line.go_to(line.clock.now() + 20 * MINUTE)
        (outcome,) = line.driver.sync(["calls"])
        outcomes.append(outcome.outcome)
    assert outcomes[-1] == "done"
    assert not line.driver.query(doubted)

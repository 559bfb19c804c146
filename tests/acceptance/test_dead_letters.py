"""Windows and listings of which much cannot be taken: nothing of them is loaded, and they are in nobody's way."""

from datetime import timedelta

import pytest

from tests.acceptance.driving import START, Timeline, local
from wpsync.emulator.world import Entry
from wpsync.messages import remedy
from wpsync.model import Window
from wpsync.resources.wechat import WECHAT_MESSAGES
from wpsync.sync.progress import Silence
from wpsync.sync.verify import verify

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
REASONS = "select reason from wpsync.windows where state = 'incomplete'"
MOSTLY = ("mostly_dead_letters",)


@pytest.fixture
def line(emulator, database_url, tmp_path):
    line = Timeline(emulator, database_url, tmp_path, messages=6_000, days=14)
    line.driver.more = "[recheck]\nsample_rows = 0\n"
    return line


def spoil(line, table, field, at, rows):
    """Rows without an id."""
    for number in range(rows):
        row = {field: local(at), "n": number}
        line.vendor.world.insert(table, row, int(at.timestamp()) + number, None)


def missing(line, table, cursor, since, until):
    """How many good rows of a span we lack, which has some."""
    good = {r["id"] for r in line.vendor.world.truth(table) if since <= r[cursor] < until}
    assert good
    return len(good - {row[0] for row in line.driver.query(f"select id from wp.{table}")})


def test_a_backfill_goes_past_days_that_cannot_be_taken_however_often_it_is_started(line):
    for days in (2, 4, 6):
        spoil(line, "sms", "sendTime", START - days * DAY, 300)
    for start in ("8d", "14d"):  # the second meets only those three before what is older
        (outcome,) = line.driver.backfill(start, ["sms"])
        assert outcome.outcome == "incomplete"
        assert [problem.params["reason"] for problem in outcome.problems] == [*MOSTLY * 3]
        assert "parameter encryption" in str(remedy(outcome.problems[0]))
    assert not missing(line, "sms", "sent_at", START - 14 * DAY, START - 8 * DAY)
    assert line.driver.query(REASONS) == [MOSTLY] * 3
    assert not line.driver.one("select count(*) from wpsync.dead_letters")


def test_an_outage_is_caught_up_past_a_day_that_takes_long_and_cannot_be_taken(line):
    line.driver.calls_a_minute = 20
    line.driver.sync(["calls"])
    for days in range(1, 14):
        at = START + days * DAY
        line.remote.generate("calls", 20, local(at), local(at + 10 * HOUR))
    bad = (
        START + 5 * DAY
    )  # the tick reads the newest seven days; of the rest this is about the newest
    spoil(line, "calls", "beginTime", bad, 7_000)
    for _ in range(2):
        line.go_to(max(START + 14 * DAY, line.clock.now() + HOUR))
        line.driver.sync(["calls"])
    assert not missing(line, "calls", "began_at", START, bad - DAY)
    before = line.last()
    line.go_to(line.clock.now() + timedelta(seconds=15))
    line.driver.sync(["calls"])
    assert len(line.requests(before)) < 5  # it is not tried again at every pass


def test_the_present_is_followed_past_an_hour_that_cannot_be_taken(line):
    line.driver.sync(["sms"])
    bad = START + HOUR
    spoil(line, "sms", "sendTime", bad, 60)
    for hours in (1.5, 3, 5):
        at = START + hours * HOUR
        line.go_to(at)
        line.driver.sync(["sms"])
        line.remote.generate("sms", 3, local(at), local(at + HOUR))
    line.go_to(START + 7 * HOUR)
    line.driver.sync(["sms"])
    assert not missing(line, "sms", "sent_at", START + 2 * HOUR, line.clock.now())
    assert line.driver.query(REASONS) == [MOSTLY]


def test_what_could_be_taken_before_stays_and_is_a_finding(line):
    line.driver.backfill("5d", ["wechat_messages"])
    at = START - 2 * DAY
    held = line.driver.one("select count(*) from wp.wechat_messages")
    payload = {"msgType": "115", "msg": "bm90IGEgcGF5bG9hZA==", "chatId": "c", "from": "f"}
    encrypted = [
        {**payload, "id": f"x{number}", "ts": int(at.timestamp()) + number} for number in range(900)
    ]
    line.remote.rows("wechat_messages", encrypted, local(at))
    span = Window(at - HOUR, at + HOUR)
    with line.driver.account() as account:
        (finding,) = verify(account, WECHAT_MESSAGES, span, Silence(), deep=True, repair=True)
    assert (finding.reason, finding.repaired) == (*MOSTLY, False)
    assert line.driver.query(REASONS) == [MOSTLY]
    assert line.driver.one("select count(*) from wp.wechat_messages") == held


def test_a_room_whose_members_cannot_be_taken_leaves_the_others_theirs(line):
    line.driver.sync(["wechat_rooms"])
    members = line.vendor.world.listings["wechat_room_members"]
    rooms = sorted({entry.truth["room_id"] for entry in members.values()})
    some = next(entry for entry in members.values() if entry.truth["room_id"] == rooms[0])
    for number in range(80):
        spoilt = {**some.vendor, "id": None, "_id": None, "n": number}
        members[f"spoilt{number}"] = Entry(spoilt, {**some.truth})
    (outcome,) = line.driver.sync(["wechat_room_members"])
    assert outcome.outcome == "incomplete"
    held = "select distinct room_id from wp.wechat_room_members order by 1"
    assert [row[0] for row in line.driver.query(held)] == rooms[1:]
    incomplete = "select parent_id, reason from wpsync.listings where state = 'incomplete'"
    assert line.driver.query(incomplete) == [(rooms[0], *MOSTLY)]

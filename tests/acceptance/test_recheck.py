"""Late rows, changing rows, gone rows: found by counts and followed up, never by reading days again."""

import logging
import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.acceptance.driving import START, Timeline, differences, local
from wpsync.resources import RESOURCES
from wpsync.sync.passes import recheck

log = logging.getLogger(__name__)

IN_TIME = ["calls", "sms", "wechat_messages"]
SMS = "/api/device/sms"
MESSAGES = "/api/wechat/getWeMessageByPage"


@pytest.fixture
def timeline(emulator, database_url, tmp_path):
    return lambda **world: Timeline(emulator, database_url, tmp_path, **world)


def truth_of(timeline, tables):
    return differences(timeline.driver, timeline.vendor, tables)


@pytest.mark.long
def test_a_clean_fortnight_costs_one_request_a_day_and_resource(timeline):
    line = timeline(messages=52_000, days=16)
    line.driver.backfill("16d", ["wechat_messages"])
    line.driver.sync(["wechat_messages"])
    line.go_to(START + timedelta(hours=25))
    line.driver.sync(["wechat_messages"])
    with psycopg.connect(line.driver.database_url) as connection:
        connection.execute("delete from wpsync.follow_ups")  # this is about what does not change
    line.go_to(START + timedelta(hours=49))
    line.driver.more = "[recheck]\nsample_rows = 0\n"  # nor about the sample, whose place is chance
    before = line.last()
    line.driver.sync(["wechat_messages"])
    made = line.requests(before, MESSAGES)
    counts = [r for r in made if r["body"].get("pageSize") == 1]
    pages = [r for r in made if r["body"].get("pageSize") != 1]
    # The two days without rows were read for the first time: their emptiness is confirmed by counts of its own.
    probes = [r for r in counts if r["body"]["end"] <= local(START + timedelta(hours=25))]
    look_back = sum(-(-r["count"] // 100) for r in probes if r["count"])
    log.info("clean fortnight: %d probes; reading it again: %d requests", len(probes), look_back)
    assert len(probes) <= 20
    assert len(counts) - len(probes) <= 12
    assert len(pages) <= 4
    assert look_back >= 20 * len(probes)
    assert not truth_of(line, ["wechat_messages"])


def test_a_vendor_that_shows_nothing_for_hours_loses_nothing_and_a_day_that_is_empty_for_hours_is(
    timeline,
):
    line = timeline(messages=1_000, days=20)
    driver = line.driver
    driver.more = "[recheck]\nsample_rows = 0\n"
    driver.backfill("20d", ["sms"])
    driver.sync(["sms"])
    rows = driver.one("select count(*) from wp.sms")
    later = START + timedelta(days=8)
    believed = (
        "select count(*) from wpsync.windows where resource = 'sms' and state = 'complete'"
        " and vendor_count < (select count(*) from wp.sms where sent_at >= starts_at and sent_at < ends_at)"
    )

    def look(after):
        line.go_to(later + after)
        driver.sync(["sms"])
        return driver.one("select count(*) from wp.sms where _gone_at is not null"), driver.one(
            believed
        )

    line.remote.fault("empty_page", endpoint=SMS, count=0)
    assert [look(timedelta(minutes=m)) for m in (0, 2, 8, 30, 91, 400)] == [(0, 0)] * 6
    line.remote.clear_faults()
    assert look(timedelta(days=1)) == (0, 0)
    assert driver.one("select count(*) from wpsync.windows where state = 'incomplete'") == 0
    assert not truth_of(line, ["sms"])

    series = line.vendor.world.series["sms"]
    day = local(START - timedelta(days=2))[:10]
    there = [row for row in series.rows if local(datetime.fromtimestamp(row.at, UTC))[:10] == day]
    assert there
    for row in there:
        series.remove(row.id)
    gone = timedelta(days=8)
    retried = [look(gone + timedelta(minutes=m)) for m in (0, 1, 6, 21, 82, 202)]
    assert retried == [(0, 0)] * 6
    assert look(gone + timedelta(hours=6)) == (len(there), 1)

    for row in list(series.rows):
        series.remove(row.id)
    for days in range(13):  # a week until all are probed, and retries once a day
        look(timedelta(days=9 + days))
    assert look(timedelta(days=22))[0] == rows


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_a_late_row_in_the_part_of_a_day_that_the_vendor_leaves_out_is_found(order, timeline):
    line = timeline(messages=900, days=7)
    line.remote.settings(span_limit=12 * 3_600, span_mode="silent", order=order)
    line.driver.more = "[recheck]\nsample_rows = 0\n"
    line.driver.backfill("8d", ["sms"])
    assert not truth_of(line, ["sms"])
    for days in range(1, 6):
        late = local(START - timedelta(days=days, hours=1))
        line.remote.generate("sms", 1, late, late)
    for hours in (1, 6, 25, 26):
        line.go_to(START + timedelta(hours=hours))
        line.driver.sync(["sms"])
    assert not truth_of(line, ["sms"])
    assert line.driver.one("select count(*) from wpsync.windows where state <> 'complete'") == 0


def test_a_vendor_that_tells_counts_no_more_is_asked_for_them_ever_more_rarely(timeline):
    line = timeline(messages=600, days=3)
    line.driver.backfill("3d", ["sms"])
    line.driver.sync(["sms"])
    line.remote.fault("wrong_count", endpoint=SMS, missing=True)
    line.go_to(START + timedelta(hours=25))
    made = []
    for minutes in range(20):
        before = line.last()
        line.go_to(START + timedelta(hours=25, minutes=minutes))
        with line.driver.account() as account:
            recheck(account, RESOURCES["sms"])
        made.append(len(line.requests(before, SMS)))
    log.info("requests to a vendor that tells no counts: %s", made)
    assert made.count(0) >= 14
    assert line.driver.query("select distinct reason from wpsync.windows") == [("count_missing",)]
    line.remote.clear_faults()
    line.go_to(START + timedelta(hours=30))
    (outcome,) = line.driver.sync(["sms"])
    assert outcome.is_good
    assert not truth_of(line, ["sms"])


def test_a_window_that_cannot_be_taken_is_read_ever_more_rarely_and_holds_up_no_other(timeline):
    line = timeline(messages=4_000, days=3)
    line.driver.more = "[recheck]\nsample_rows = 0\n"
    line.driver.backfill("3d", ["sms"])
    line.driver.sync(["sms"])
    at, before = START - timedelta(hours=20), START - timedelta(days=2)
    for number in range(600):
        row = {"sendTime": local(at), "smsType": "in", "n": number}  # it has no id
        line.vendor.world.insert("sms", row, int(at.timestamp()) + number, None)
    line.remote.generate("sms", 3, local(before), local(before + timedelta(minutes=1)))
    line.go_to(START + timedelta(hours=26))
    asked = line.last()
    with line.driver.account() as account:
        for _ in range(40):  # ten minutes of the service
            recheck(account, RESOURCES["sms"])
            line.go_to(line.clock.now() + timedelta(seconds=15))
    assert line.last() - asked < 40
    assert not [one for one in truth_of(line, ["sms"]) if "missing" in one]
    assert line.driver.query(
        "select attempts, retry_at > %s from wpsync.windows where state = 'incomplete'",
        line.clock.now(),
    ) == [(3, True)]


@pytest.mark.parametrize("messages", [3_000, pytest.param(40_000, marks=pytest.mark.long)])
def test_rows_that_upload_late_are_all_found_after_the_cycles_their_age_entitles_them_to(
    messages, timeline
):
    line = timeline(messages=messages, days=20)
    driver, remote = line.driver, line.remote
    driver.more = "[recheck]\nsample_rows = 0\n"
    driver.backfill("20d", IN_TIME)
    driver.sync(IN_TIME)
    line.go_to(START + timedelta(hours=2))
    driver.sync(IN_TIME)
    lateness = (timedelta(hours=1), timedelta(days=1), timedelta(days=3), timedelta(days=7))
    uploaded = START + timedelta(hours=2)
    for late in lateness:
        for resource, share in (("wechat_messages", 150), ("calls", 70), ("sms", 30)):
            until = uploaded - late
            remote.generate(resource, share, local(until - timedelta(hours=2)), local(until))
    stop, moving = threading.Event(), threading.Lock()

    def drift():
        while not stop.wait(0.2):
            with moving:  # a row of the time before the clock moved would be later than it is to be
                now = line.clock.now()
                since = now - timedelta(seconds=60)
                remote.generate("wechat_messages", 10, local(since), local(now))

    drifting = threading.Thread(target=drift)
    drifting.start()
    before = line.last()
    try:
        for minutes in (16, 75, 24 * 60 + 10):
            with moving:
                line.go_to(uploaded + timedelta(minutes=minutes))
            driver.sync(IN_TIME)
    finally:
        stop.set()
        drifting.join()
    made = line.last() - before
    line.go_to(uploaded + timedelta(hours=25))
    driver.sync(IN_TIME)
    fortnight = sum(
        -(-driver.one(f"select count(*) from wp.{name}") * 14 // 20 // size)
        for name, size in (("wechat_messages", 100), ("calls", 500), ("sms", 500))
    )
    log.info("late rows in 12 days: %d requests; three look-backs: %d", made, 3 * fortnight)
    found = truth_of(line, IN_TIME)
    assert not found, "\n".join(found[:20])


def test_recordings_money_and_collections_end_in_their_final_state_without_reading_days_again(
    timeline,
):
    line = timeline(messages=3_000, days=5)
    driver, remote = line.driver, line.remote
    driver.more = "[recheck]\nsample_rows = 0\n"
    driver.backfill("5d", IN_TIME)
    driver.sync(IN_TIME)
    at = START + timedelta(minutes=1)
    line.go_to(START + timedelta(minutes=2))
    now = local(at)
    remote.generate("calls", 40, now, local(at + timedelta(seconds=30)))
    for kind in ("transfer", "red_packet", "group_collection"):
        remote.generate("wechat_messages", 2, now, now, message_kind=kind)
    world = line.vendor.world.series
    calls = [row for row in world["calls"].rows if row.at >= at.timestamp()]
    money = [row for row in world["wechat_messages"].rows if row.message_kind]
    connected = [r for r in calls if r.made()[1]["recording_status"] not in ("none", "pending")]
    for row in connected:
        remote.mutate("calls", row.id, recorded=False)
    for row in money:
        remote.mutate(
            "wechat_messages", row.id, state=0 if row.message_kind != "group_collection" else 1
        )
    line.go_to(START + timedelta(minutes=4))
    driver.sync(IN_TIME)
    assert driver.one("select count(*) from wpsync.follow_ups") >= len(connected) + 4

    changes = {
        timedelta(hours=2): lambda: [
            [remote.mutate("calls", row.id, recorded=True) for row in connected[::2]],
            [
                remote.mutate("wechat_messages", r.id, state=4)
                for r in money
                if r.message_kind == "transfer"
            ],
            [
                remote.mutate("wechat_messages", r.id, state=3)
                for r in money
                if r.message_kind == "group_collection"
            ],
        ],
        timedelta(hours=26): lambda: [
            [remote.mutate("calls", row.id, recorded=True) for row in connected[1::2]],
            [
                remote.mutate("wechat_messages", r.id, state=1)
                for r in money
                if r.message_kind != "group_collection"
            ],
            [
                remote.mutate("wechat_messages", r.id, state=6)
                for r in money
                if r.message_kind == "group_collection"
            ],
        ],
    }
    begun = line.last()
    for step in (1, 2, 3, 5, 13, 25, 26, 27, 49, 50, 51):
        moment = START + timedelta(hours=step)
        line.go_to(moment)
        if (change := changes.get(timedelta(hours=step))) is not None:
            change()
        driver.sync(["calls", "wechat_messages"])
        if step == 5:
            assert not truth_of(line, ["calls"])
    tables = [
        *IN_TIME,
        "message_transfers",
        "message_red_packets",
        "message_group_collections",
        "message_group_collection_payers",
    ]
    found = truth_of(line, tables)
    assert not found, "\n".join(found[:20])
    pages = [r for r in line.requests(begun) if r["body"].get("pageSize") not in (1, None)]
    further = [r for r in pages if r["body"]["page"] > 1]
    assert not further, further[:3]  # every stretch that was read again was narrower than a page
    ours = [
        row.id for row in connected + money
        if (row.made()[1] or {}).get("recording_status") not in ("not_found", "copy_failed")
    ]  # fmt: skip
    assert driver.one("select count(*) from wpsync.follow_ups where id = any(%s)", ours) == 0


def test_what_the_vendor_changes_within_the_horizon_is_right_a_day_later(timeline):
    """Recordings that were not found, packets that lay unclaimed past their end: of days that a backfill read."""
    line = timeline(messages=1_500, days=9)
    driver, remote, world = line.driver, line.remote, line.vendor.world.series
    driver.more = "[recheck]\nsample_rows = 0\n"
    early, late = local(START - timedelta(days=8)), local(START - timedelta(days=2))
    words = ("not_found", "copy_fail")
    remote.generate("calls", 60, early, late)
    for kind in ("red_packet", "group_collection"):
        remote.generate("wechat_messages", 30, early, late, message_kind=kind)
    recordings = [
        row for row in world["calls"].rows
        if (row.made()[1] or {})["recording_status"] not in ("none", "lost_multiple_calls")
    ]  # fmt: skip
    money = [row for row in world["wechat_messages"].rows if row.message_kind]
    for number, row in enumerate(recordings):
        remote.mutate("calls", row.id, recorded=words[number % 2])
    for row in money:
        remote.mutate("wechat_messages", row.id, state=0)
    driver.backfill("9d", ["calls", "wechat_messages"])
    begun = line.last()
    for day in range(1, 6):
        line.go_to(START + timedelta(days=day))
        driver.sync(["calls", "wechat_messages"])
        for rows, resource, how in (
            (recordings, "calls", {"recorded": True}),
            (money, "wechat_messages", {"state": 6}),
        ):
            for row in rows[day - 1 :: 5]:
                how_far = {"state": 1} if row.message_kind == "red_packet" else how
                remote.mutate(resource, row.id, **how_far)
        line.go_to(START + timedelta(days=day, hours=23, minutes=58))
        driver.sync(["calls", "wechat_messages"])
    line.go_to(START + timedelta(days=6, hours=1))
    driver.sync(["calls", "wechat_messages"])
    tables = ["calls", "message_red_packets", "message_group_collections"]
    found = truth_of(line, [*tables, "message_group_collection_payers"])
    assert not found, f"{len(found)}: " + "\n".join(found[:20])
    open_days = (
        14 * 12 + 40
    )  # groups of the days within the horizon, and pages of days with many rows
    made = [r for r in line.requests(begun) if r["body"].get("pageSize") not in (1, None)]
    log.info("%d requests to follow %d rows up for 6 days", len(made), len(recordings + money))
    assert len(made) < 2 * 6 * open_days


def test_a_row_that_the_vendor_moves_to_another_day_is_there_once_and_counted_there(timeline):
    line = timeline(messages=600, days=9)
    driver, remote, series = line.driver, line.remote, line.vendor.world.series["calls"]
    driver.more = "[recheck]\nsample_rows = 0\n"
    driver.backfill("9d", ["calls"])
    old = next(row for row in series.rows if row.at < (START - timedelta(days=4)).timestamp())
    young = [row for row in series.rows if row.at < (START - timedelta(hours=4)).timestamp()][-1]
    for row, days in ((old, 5), (young, -5)):
        vendor, truth, _ = row.made()
        at = datetime.fromtimestamp(row.at, UTC) + timedelta(days=days)
        moved = {**vendor, "beginTime": local(at)}
        remote.mutate("calls", row.id, delete=True)
        line.vendor.world.insert(
            "calls", moved, int(at.timestamp()), {**(truth or {}), "began_at": at}
        )
    for hours in (1, 26, 52, 80):
        line.go_to(START + timedelta(hours=hours))
        driver.sync(["calls"])
    found = truth_of(line, ["calls"])
    assert not found, "\n".join(found[:20])
    wrong = driver.query(
        "select starts_at, vendor_count, rows_held, state from wpsync.windows where resource = 'calls'"
        " and (state <> 'complete' or vendor_count <> rows_held)"
    )
    assert not wrong

"""Windows that hold more than can be shown, and vendors that read the document differently."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.driving import START, Driver, Timeline, differences
from wpsync.emulator.client import Remote

CALLS = "/api/device/call"
MESSAGES = "/api/wechat/getWeMessageByPage"


def local(at: datetime) -> str:
    return f"{at.astimezone(UTC) + timedelta(hours=8):%Y-%m-%d %H:%M:%S}"


def noon(days_ago: int, now: datetime = START) -> datetime:
    """12:00 in Shanghai, so many days before."""
    today = (now.astimezone(UTC) + timedelta(hours=8)).replace(
        hour=4, minute=0, second=0, microsecond=0
    )
    return today - timedelta(days=days_ago)


@pytest.mark.parametrize(
    ("rows", "clamp"), [(12_000, 10), pytest.param(120_000, 0, marks=pytest.mark.long)]
)
def test_many_more_messages_of_one_day_than_can_be_shown_arrive_in_full(
    rows, clamp, emulator, database_url, tmp_path
):
    line = Timeline(emulator, database_url, tmp_path, messages=100, days=5)
    remote, driver = line.remote, line.driver
    remote.settings(page_size_clamp=clamp)
    start = noon(2)
    remote.generate(
        "wechat_messages",
        rows,
        local(start),
        local(start + timedelta(hours=9)),
        message_kind="system",
    )
    (outcome,) = driver.backfill("4d", ["wechat_messages"])
    assert outcome.outcome == "done"
    assert driver.one("select count(*) from wp.wechat_messages where kind = 'system'") >= rows
    assert driver.one(
        "select sum(vendor_count) = sum(rows_seen) from wpsync.windows where state = 'complete'"
    )


@pytest.mark.long
@pytest.mark.reads_the_day
def test_more_in_one_second_than_can_be_shown_ends_as_incomplete_and_status_says_so(
    emulator, database_url, tmp_path
):
    vendor = emulator(messages=100, days=5)
    remote = Remote(vendor.url)
    second = local(noon(2, datetime.now(UTC)))
    chat = vendor.world.people.chats[0].id
    remote.generate(
        "wechat_messages", 50_001, second, second, chat_id=chat, message_kind="semi_xml"
    )
    driver = Driver(database_url, vendor.url, tmp_path)
    ran = driver.run("backfill", "--from", "4d", "--resource", "wechat_messages")
    assert ran.returncode == 1, ran.stderr
    assert "more rows than the vendor shows" in ran.stderr
    status = driver.run("status")
    assert status.returncode == 1
    assert "more rows than the vendor shows" in status.stderr
    assert driver.query(
        "select vendor_count, rows_seen, ends_at - starts_at from wpsync.windows where state = 'incomplete'"
    ) == [(50_001, 50_000, timedelta(seconds=1))]
    assert driver.one("select count(*) from wp.wechat_messages where kind = 'semi_xml'") >= 50_000


@pytest.mark.parametrize(
    ("rows", "clamp"), [(5_001, 10), pytest.param(50_001, 0, marks=pytest.mark.long)]
)
def test_a_second_that_overflows_is_split_by_the_other_filters(
    rows, clamp, emulator, database_url, tmp_path
):
    line = Timeline(emulator, database_url, tmp_path, messages=100, days=5)
    remote, driver = line.remote, line.driver
    remote.settings(page_size_clamp=clamp)
    second = local(noon(2))
    remote.generate("wechat_messages", rows, second, second, message_kind="semi_xml")
    driver.sync(["wechat_users"])
    (outcome,) = driver.backfill("4d", ["wechat_messages"])
    assert outcome.outcome == "done"
    assert driver.one("select count(*) from wp.wechat_messages where kind = 'semi_xml'") >= rows


@pytest.mark.parametrize("ends", ["inclusive", "exclusive", "exclusive_start", "exclusive_end"])
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_rows_on_the_edges_arrive_whatever_the_vendor_means_by_its_ends(
    ends, order, emulator, database_url, tmp_path
):
    line = Timeline(emulator, database_url, tmp_path, messages=300, days=4)
    vendor, remote, driver = line.vendor, line.remote, line.driver
    remote.settings(ends=ends, order=order)
    midnight = noon(2) - timedelta(hours=12)
    for edge in (-1, 0, 1):
        at = local(midnight + timedelta(seconds=edge))
        remote.generate("wechat_messages", 150, at, at)
    driver.more = "[backfill]\nwindow_rows = 100\n"
    (outcome,) = driver.backfill("5d", ["wechat_messages"])
    assert outcome.outcome == "done"
    assert differences(driver, vendor, ["wechat_messages"]) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"page_size_clamp": 7},
        {"span_limit": 3600},
        {"span_limit": 7 * 3600, "span_mode": "silent"},
        {"row_limit": 40},
        {"page_refused": 2},
        {"page_drift": 3},
    ],
    ids=str,
)
def test_refusals_clamps_and_drift_lose_nothing(settings, emulator, database_url, tmp_path):
    line = Timeline(emulator, database_url, tmp_path, messages=1_500, days=4)
    vendor, remote, driver = line.vendor, line.remote, line.driver
    remote.settings(**settings)
    driver.more = "[backfill]\npage_concurrency = 1\n"
    outcomes = driver.backfill("5d", ["wechat_messages"])
    if "page_drift" in settings:
        remote.settings(page_drift=0)
        line.go_to(START + timedelta(minutes=5))  # rows came up to the very end of what was read
        outcomes = driver.backfill("5d", ["wechat_messages"], again=True)
    assert {o.outcome for o in outcomes} == {"done"}
    assert differences(driver, vendor, ["wechat_messages"]) == []


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"name": "wrong_count", "add": 5}, "rows_missing"),
        ({"name": "wrong_count", "missing": True}, "count_missing"),
        ({"name": "wrong_count", "set": 1}, "count_contradicts_rows"),
        ({"name": "null_list"}, "list_missing"),
    ],
    ids=str,
)
def test_a_window_whose_count_cannot_be_believed_is_never_complete_and_its_rows_are_there(
    fault, reason, emulator, database_url, tmp_path
):
    timeline = Timeline(
        emulator, database_url, tmp_path, messages=300, days=3
    )  # it is 14:00: today has rows
    vendor, remote, driver = timeline.vendor, timeline.remote, timeline.driver
    remote.fault(**fault, endpoint=MESSAGES)
    (outcome,) = driver.backfill("2d", ["wechat_messages"])
    assert outcome.outcome == "incomplete"
    assert driver.query(
        "select distinct reason from wpsync.windows where state = 'incomplete'"
    ) == [(reason,)]
    remote.clear_faults()
    (outcome,) = driver.backfill("5d", ["wechat_messages"])
    assert outcome.outcome == "done"
    assert differences(driver, vendor, ["wechat_messages"]) == []


def test_a_vendor_that_ignores_the_page_is_found_out_within_two_pages(
    emulator, database_url, tmp_path
):
    line = Timeline(emulator, database_url, tmp_path, messages=100, days=3)
    remote, driver = line.remote, line.driver
    at = local(noon(1))
    remote.generate("wechat_messages", 500, at, at)
    remote.settings(ignore_page=True)
    (outcome,) = driver.backfill("2d", ["wechat_messages"])
    assert outcome.outcome == "incomplete"
    assert any(problem.params["reason"] == "page_ignored" for problem in outcome.problems)
    pages = [r["body"]["page"] for r in remote.requests() if r["path"] == MESSAGES and r["count"]]
    assert max(pages) == 2


def test_a_window_of_three_pages_is_read_as_pages_one_two_three(emulator, database_url, tmp_path):
    line = Timeline(emulator, database_url, tmp_path, messages=100, days=2, born=noon(3))
    remote, driver = line.remote, line.driver
    at = noon(6)
    remote.generate("wechat_messages", 250, local(at), local(at + timedelta(hours=8)))
    driver.backfill("7d", ["wechat_messages"])
    asked = [
        (r["body"]["page"], r["body"]["pageSize"])
        for r in remote.requests()
        if r["path"] == MESSAGES and r["count"] == 250
    ]
    assert [page for page, size in asked if size == 100] == [1, 2, 3]


def test_a_transient_empty_page_in_the_middle_is_read_again(emulator, database_url, tmp_path):
    line = Timeline(emulator, database_url, tmp_path, messages=600, days=2)
    vendor, remote, driver = line.vendor, line.remote, line.driver
    remote.fault("empty_page", endpoint=MESSAGES, times=2, skip=3)
    (outcome,) = driver.backfill("3d", ["wechat_messages"])
    assert outcome.outcome == "done"
    assert differences(driver, vendor, ["wechat_messages"]) == []

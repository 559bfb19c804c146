"""Chats: whatever the vendor means by their start and end, all of them are there, and none is taken for gone."""

from datetime import timedelta

import pytest

from tests.acceptance.driving import START, Driver, Timeline, differences, local
from wpsync.emulator.client import Remote

CHATS = "/api/wechat/getWeChatByPage"
NAMES = ["wechat_users", "wechat_chats", "wechat_messages"]
DAY = 86_400

VENDORS = {
    "created": {},
    "active": {"chat_time": "active"},
    "last month": {"default_span": 30 * DAY},
    "active, last month": {"chat_time": "active", "default_span": 30 * DAY},
    "created, cut": {"span_limit": 31 * DAY, "span_mode": "cut", "default_span": 30 * DAY},
    "active, cut": {
        "chat_time": "active",
        "span_limit": 31 * DAY,
        "span_mode": "cut",
        "default_span": 30 * DAY,
    },
    "cut to a week": {"span_limit": 7 * DAY, "span_mode": "cut", "default_span": 7 * DAY},
    "refused above a week": {"span_limit": 7 * DAY, "chat_time": "active"},
}


def lacking(driver):
    return driver.one(
        "select count(distinct chat_id) from wp.wechat_messages m"
        " where not exists (select from wp.wechat_chats c where c.id = m.chat_id)"
    )


def gone(driver):
    return driver.one("select count(*) from wp.wechat_chats where _deleted_at is not null")


@pytest.mark.reads_the_day
@pytest.mark.parametrize("rules", VENDORS.values(), ids=VENDORS)
def test_all_chats_are_there_also_those_that_began_before(emulator, database_url, tmp_path, rules):
    vendor = emulator(messages=1_500, days=90, rules=rules)
    driver = Driver(database_url, vendor.url, tmp_path)
    remote = Remote(vendor.url)
    outcomes = {one.resource: one for one in driver.backfill("35d", NAMES)}
    assert all(one.is_good for one in outcomes.values()), outcomes
    assert not differences(driver, vendor, ["wechat_chats"])
    assert lacking(driver) == 0
    assert driver.one("select count(*) from wpsync.listings where state <> 'complete'") == 0
    made = [one for one in remote.requests() if one["path"] == CHATS]
    print("requests of chats", len(made))
    last = remote.stats()["requests"]
    assert all(one.is_good for one in driver.sync(["wechat_chats"]))
    again = [one for one in remote.requests(last) if one["path"] == CHATS]
    print("again", len(again))
    assert gone(driver) == 0

"""Corruption by hand: whatever was done to our tables or ledger, `verify --deep --repair` finds and mends it."""

import json

import psycopg
import pytest

from tests.acceptance.driving import Driver, differences

NAMES = ["calls", "sms", "wechat_chats", "wechat_messages"]
TABLES = ["calls", "sms", "wechat_messages", "message_transfers", "message_links"]

_OLD = "now() - interval '2 days'"
_FUTURE = "timestamptz '2099-01-01'"


def _some(table, at, number, skip=0):
    """The ids of some rows, other ones with another `skip`."""
    return (
        f"(select id from wp.{table} where {at} < {_OLD} and _gone_at is null"
        f" order by md5(id) offset {skip} limit {number})"
    )


def _invented(table, of, key, change=""):
    """A copy of a row under an id that the vendor never gave."""
    return (
        f"create temporary table forged on commit drop as select * from wp.{table}"
        f" where id in {of}; update forged set id = '{key}'{change};"
        f" insert into wp.{table} select * from forged; drop table forged"
    )


_LOST_DAY = (
    "(select {} from wpsync.windows where resource = 'sms' order by starts_at offset 2 limit 1)"
)


def _sms(of_the_lost_day):
    """The id of an SMS of the day that the ledger is to lose, or of another."""
    inside = f"sent_at between {_LOST_DAY.format('starts_at')} and {_LOST_DAY.format('ends_at')}"
    where = inside if of_the_lost_day else f"not ({inside})"
    return f"(select id from wp.sms where {where} order by md5(id) limit 1)"


CORRUPTIONS = {
    "a call deleted": f"delete from wp.calls where id in {_some('calls', 'began_at', 1)}",
    "a call invented": _invented("calls", _some("calls", "began_at", 1), "forged-call"),
    "calls altered": f"update wp.calls set contact_tel = 'x' where id in {_some('calls', 'began_at', 2, 3)}",
    "a call moved": "update wp.calls set began_at = began_at - interval '1 day'"
    f" where id in {_some('calls', 'began_at', 1, 8)}",
    "a message deleted": f"delete from wp.wechat_messages where id in {_some('wechat_messages', 'sent_at', 1)}",
    "a message invented": _invented(
        "wechat_messages", _some("wechat_messages", "sent_at", 1), "forged-message"
    ),
    "messages altered": "update wp.wechat_messages set plain_text = 'x'"
    f" where id in {_some('wechat_messages', 'sent_at', 3, 5)}",
    "messages moved back": "update wp.wechat_messages set sent_at = sent_at - interval '1 day'"
    f" where id in {_some('wechat_messages', 'sent_at', 2, 10)}",
    "a message moved on": "update wp.wechat_messages set sent_at = sent_at + interval '1 day'"
    f" where id in {_some('wechat_messages', 'sent_at', 1, 14)}",
    "a message altered from the future": f"update wp.wechat_messages set plain_text = 'x', _synced_at = {_FUTURE}"
    f" where id in {_some('wechat_messages', 'sent_at', 1, 18)}",
    "a message invented in the future": _invented(
        "wechat_messages",
        _some("wechat_messages", "sent_at", 1, 20),
        "forged-2099",
        f", _synced_at = {_FUTURE}, _first_synced_at = {_FUTURE}",
    ),
    "typed rows deleted": "delete from wp.message_links where message_id in"
    " (select message_id from wp.message_links order by md5(message_id) limit 3)",
    "typed rows altered": "update wp.message_transfers set memo = 'x' where message_id in"
    " (select message_id from wp.message_transfers order by md5(message_id) limit 2)",
    "SMS of a day deleted": f"delete from wp.sms where id in {_some('sms', 'sent_at', 4)}",
    "SMS invented": _invented("sms", _sms(False), "forged-sms"),
    "an SMS invented in a day without ledger": _invented("sms", _sms(True), "flagged-sms"),
    "a day of the ledger deleted": f"delete from wpsync.windows where starts_at = {_LOST_DAY.format('starts_at')}"
    " and resource = 'sms'",
    "the newest window deleted": "delete from wpsync.windows where starts_at = (select max(starts_at)"
    " from wpsync.windows where resource = 'calls') and resource = 'calls'",
    "a watermark of 2099": f"update wpsync.watermarks set at = {_FUTURE} where resource = 'wechat_messages'",
}


def _verify(driver, *arguments):
    done = driver.run("verify", "--deep", "--json", *arguments)
    assert done.returncode in (0, 1), done.stderr
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.reads_the_day
def test_whatever_was_corrupted_by_hand_is_found_and_mended(emulator, database_url, tmp_path):
    vendor = emulator(messages=900, days=6)
    driver = Driver(database_url, vendor.url, tmp_path)
    driver.backfill("6d", NAMES)
    driver.sync(NAMES)
    with psycopg.connect(database_url) as connection:
        for statement in CORRUPTIONS.values():
            for one in statement.split(";"):
                connection.execute(one)
    assert differences(driver, vendor, TABLES)
    status, found = _verify(driver, "--repair")
    assert (status, [one for one in found if not one["repaired"]]) == (0, [])
    flagged = "delete from wp.sms where _gone_at is not null returning id"
    assert driver.query(flagged) == [("flagged-sms",)]
    assert not differences(driver, vendor, TABLES)
    assert not driver.one("select count(*) from wp.wechat_messages where _gone_at is not null")
    forged = "select count(distinct id) from wp.history where id like 'forged-%%'"
    assert driver.one(forged) == 4
    late = "select count(*) from wp.wechat_messages where _synced_at > now() + interval '1 day'"
    assert driver.one(late) == 0
    assert driver.one("select max(at) < now() + interval '1 day' from wpsync.watermarks")
    assert _verify(driver) == (0, [])

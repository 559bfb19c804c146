"""Corruption by hand: whatever was done to our tables or ledger, `verify --deep --repair` finds and mends it."""

import os
import re
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.acceptance.driving import START, Timeline, differences
from wpsync.cli.tables import findings
from wpsync.daemon.service import watching, working
from wpsync.extract.windows import floor_second
from wpsync.model import Window
from wpsync.resources import RESOURCES
from wpsync.resources.spec import Mode
from wpsync.sync.progress import Silence
from wpsync.sync.verify import verify

LISTINGS = [one.name for one in RESOURCES.values() if one.mode is not Mode.WINDOWED]
TABLES = ["calls", "sms", "wechat_messages", "message_transfers", "message_links", *LISTINGS]
ROWS = int(os.environ.get("CORRUPTED_ROWS", "10000"))

_OLD = "(select max(read_at) - interval '2 days' from wpsync.windows)"
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
    "(select {} from wpsync.windows where resource = 'sms' order by starts_at offset 1 limit 1)"
)


_ENTERED = "(select max(ends_at) from wpsync.windows where resource = 'sms')"


def _sms(number, *, of_the_lost_day=False):
    """The ids of SMS of the day that the ledger is to lose, or of others."""
    inside = f"sent_at between {_LOST_DAY.format('starts_at')} and {_LOST_DAY.format('ends_at')}"
    where = inside if of_the_lost_day else f"not ({inside})"
    return f"(select id from wp.sms where {where} and sent_at < {_ENTERED} order by md5(id) limit {number})"


def _listed(table, number=1, skip=0):
    return (
        f"(select id from wp.{table} where _deleted_at is null order by md5(id)"
        f" offset {skip} limit {number})"
    )


def _of_listing(table, column):
    """A row altered, one deleted, one invented, one marked as gone, and one altered from the future."""
    return {
        f"{table}: altered": f"update wp.{table} set {column} = 'x' where id in {_listed(table)}",
        f"{table}: deleted": f"delete from wp.{table} where id in {_listed(table, skip=1)}",
        f"{table}: invented": _invented(table, _listed(table, skip=1), f"forged-{table}"),
        f"{table}: marked": f"update wp.{table} set _deleted_at = _synced_at where id in {_listed(table, skip=2)}",
        f"{table}: from the future": f"update wp.{table} set {column} = 'y', _synced_at = {_FUTURE}"
        f" where id in {_listed(table)}",
    }


def _report_day(skip):
    return f"(select id from wp.agent_call_days order by md5(id) offset {skip} limit 1)"


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
    "a typed row invented": "create temporary table forged on commit drop as select * from wp.message_links"
    f" where sent_at < {_OLD} order by md5(message_id) limit 1; update forged set message_id = 'forged-link';"
    " insert into wp.message_links select * from forged; drop table forged",
    "typed rows altered": "update wp.message_transfers set memo = 'x' where message_id in"
    " (select message_id from wp.message_transfers order by md5(message_id) limit 2)",
    "SMS of a day deleted": f"delete from wp.sms where id in {_sms(4)}",
    "SMS invented": _invented("sms", _sms(1), "forged-sms"),
    "an SMS invented in a day without ledger": _invented(
        "sms", _sms(1, of_the_lost_day=True), "flagged-sms"
    ),
    "a day of the ledger deleted": f"delete from wpsync.windows where starts_at = {_LOST_DAY.format('starts_at')}"
    " and resource = 'sms'",
    "the newest window deleted": "delete from wpsync.windows where starts_at = (select max(starts_at)"
    " from wpsync.windows where resource = 'calls') and resource = 'calls'",
    **_of_listing("wechat_contacts", "nick"),
    **_of_listing("wechat_room_members", "nick"),
    **_of_listing("wechat_rooms", "name"),
    **_of_listing("agents", "name"),
    **_of_listing("wechat_users", "nick"),
    **_of_listing("customer_fields", "label"),
    **_of_listing("wechat_chats", "contact_wx_no"),
    "members of no room": _invented(
        "wechat_room_members",
        _listed("wechat_room_members"),
        "forged-no-room",
        ", room_id = 'none'",
    ),
    "a report day altered": f"update wp.agent_call_days set calls_in = 999 where id in {_report_day(0)}",
    "a report day deleted": f"delete from wp.agent_call_days where id in {_report_day(1)}",
    "a report day invented": _invented("agent_call_days", _report_day(2), "forged-day"),
    "a report day of nobody": _invented(
        "agent_call_days", _report_day(2), "forged-agent", ", agent_id = 'none', day = '2020-01-01'"
    ),
    "report totals altered": "update wp.agent_call_totals set today = 999",
    "a watermark of 2099": f"update wpsync.watermarks set at = {_FUTURE} where resource = 'wechat_messages'",
}


CONTENT = ("calls altered", "messages altered", "typed rows altered")
"""Kinds that show in no digest: found by `--deep` and the daily sample."""


def _verified(driver, *, repair):
    """All findings of a deep verification of everything."""
    with driver.account() as account:
        span = Window(datetime(2000, 1, 1, tzinfo=UTC), floor_second(account.clock.now()))
        return [
            finding
            for resource in RESOURCES.values()
            for finding in verify(
                account, resource, span, Silence(), deep=True, repair=repair, whole=True
            )
        ]


def _rows(told):
    """The rows of lines of `differences`, as findings name them."""
    found = (re.match(r"(\w+) \('(.*?)',?\)", line) for line in told)
    return {(one[1], one[2].replace("', '", "/")) for one in found if one}


def _corrupt(driver, but=()):
    with psycopg.connect(driver.database_url) as connection:
        for name, statements in CORRUPTIONS.items():
            if name in but:
                continue
            for statement in statements.split(";"):
                assert connection.execute(statement).rowcount, name


@pytest.mark.parametrize("rows", [500, pytest.param(ROWS, marks=pytest.mark.long)])
def test_whatever_was_corrupted_by_hand_is_found_and_mended(emulator, database_url, tmp_path, rows):
    line = Timeline(emulator, database_url, tmp_path, messages=rows, days=5)
    vendor, driver = line.vendor, line.driver
    driver.backfill("5d")
    driver.sync()
    assert not differences(driver, vendor, TABLES)
    line.go_to(START + timedelta(hours=1))
    assert _verified(driver, repair=False) == []
    _corrupt(driver)
    corrupted = _rows(differences(driver, vendor, TABLES))
    assert {table for table, _ in corrupted} == set(TABLES)
    found = _verified(driver, repair=True)
    assert [one for one in found if not one.repaired] == []
    named = {(row.table, row.key) for one in found for row in one.differences}
    unnamed = {("sms", "flagged-sms"), ("wechat_room_members", "forged-no-room")}
    assert (named - corrupted, corrupted - named) == (set(), unnamed - named)
    flagged = "delete from wp.sms where _gone_at is not null returning id"
    assert driver.query(flagged) == [("flagged-sms",)]
    assert not differences(driver, vendor, TABLES)
    for table in TABLES:
        assert not driver.one(
            f"select count(*) from wp.{table} where greatest(_synced_at, _first_synced_at) >= {_FUTURE}"
        )
    for table in ("wechat_messages", "calls"):
        assert not driver.one(f"select count(*) from wp.{table} where _gone_at is not null")
    forged = {row[0] for row in driver.query("select id from wp.history where id like 'forged-%%'")}
    assert len(forged) == 5 + 7 + 3
    assert driver.one(f"select max(at) < {_FUTURE} from wpsync.watermarks")
    assert _verified(driver, repair=False) == []


@pytest.mark.parametrize("rows", [500, pytest.param(ROWS, marks=pytest.mark.long)])
def test_the_schedule_alone_finds_whatever_digests_and_times_and_the_ledger_show(
    emulator, database_url, tmp_path, rows
):
    line = Timeline(emulator, database_url, tmp_path, messages=rows, days=5)
    line.driver.backfill("5d")
    line.driver.sync()
    since = line.last()
    with (
        line.session() as opened,
        working(opened, watching(opened.config, opened.policy)) as jobs,
    ):
        proofs = [job for job in jobs if job.key.job.endswith(" proof")]
        assert {job.key.job.removesuffix(" proof") for job in proofs} == set(RESOURCES)
        line.live(opened, proofs, START + timedelta(days=1))
        assert not line.requests(since), "a proof of an untouched database asked the vendor"
        _corrupt(line.driver, but=CONTENT)
        done = line.live(opened, proofs, START + timedelta(days=2))
        assert {result.outcome for _, result in done} == {"done"}
    flagged = "delete from wp.sms where _gone_at is not null returning id"
    assert line.driver.query(flagged) == [("flagged-sms",)]
    tables = [name for name in TABLES if not name.startswith("agent_call_")]
    assert not differences(line.driver, line.vendor, tables)
    wrong = "select count(*) from wp.agent_call_days where calls_in = 999 or id like 'forged%%'"
    assert line.driver.one(wrong) == 0
    assert _verified(line.driver, repair=False) == []


def test_what_the_vendor_no_longer_tells_of_a_report_is_said_once(
    emulator, database_url, tmp_path, capsys
):
    line = Timeline(emulator, database_url, tmp_path, messages=100, days=5)
    names = ["agents", "agent_call_days"]
    line.driver.sync(names)
    line.driver.query(
        "insert into wp.agent_call_days (id, agent_id, day, calls_in, _account, _first_synced_at, _synced_at)"
        " select agent_id || ':old', agent_id, day - 400, 3, _account, _first_synced_at, _synced_at"
        " from wp.agent_call_days limit 1 returning 1"
    )
    for repair in (False, True):
        (found,) = _verified(line.driver, repair=repair)
        assert (found.reason, found.differences, found.repaired) == ("unexplained", [], False)
    assert _verified(line.driver, repair=False) == []
    findings([found])
    assert "changed by hand" in capsys.readouterr().out

"""Chats: whatever the vendor means by their start and end, all of them are there, and none is taken for gone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.acceptance.driving import START, Driver, Timeline, differences, local
from wpsync.daemon.jobs import DONE, Job
from wpsync.daemon.service import watching, working
from wpsync.emulator.client import Remote
from wpsync.state.jobs import JobKey
from wpsync.status import snapshot

CHATS = "/api/wechat/getWeChatByPage"
NAMES = ["wechat_users", "wechat_chats", "wechat_messages"]
DAY = 86_400

VENDORS: dict[str, dict[str, object]] = {
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


def of_chats(requests):
    return [one for one in requests if one["path"] == CHATS]


@pytest.mark.reads_the_day
@pytest.mark.parametrize("rules", VENDORS.values(), ids=VENDORS)
def test_all_chats_are_there_also_those_that_began_before(emulator, database_url, tmp_path, rules):
    vendor = emulator(messages=600, days=90, rules=rules)
    driver, remote = Driver(database_url, vendor.url, tmp_path), Remote(vendor.url)
    outcomes = driver.backfill("35d", NAMES)
    assert all(one.is_good for one in outcomes), outcomes
    assert not differences(driver, vendor, ["wechat_chats"])
    assert lacking(driver) == 0
    assert driver.one("select count(*) from wpsync.listings where state <> 'complete'") == 0
    assert len(of_chats(remote.requests())) <= 100
    begun = remote.stats()["requests"]
    assert all(one.is_good for one in driver.sync(["wechat_chats"]))
    assert len(of_chats(remote.requests(begun))) <= 16
    assert gone(driver) == 0


@pytest.mark.parametrize("chat_time", ["created", "active"])
@pytest.mark.parametrize("is_silent", [False, True], ids=["4019", "without a word"])
def test_all_chats_are_there_although_many_at_once_are_refused(
    emulator, database_url, tmp_path, chat_time, is_silent
):
    """In the second part more chats than before begin within a span that was short enough."""
    rules = {"row_limit": 20, "row_limit_is_silent": is_silent, "chat_time": chat_time}
    line = Timeline(emulator, database_url, tmp_path, messages=600, days=60, rules=rules)
    line.driver.sync(["wechat_users"])
    (outcome,) = line.driver.sync(["wechat_chats"])
    assert outcome.is_good, outcome
    assert not differences(line.driver, line.vendor, ["wechat_chats"])
    assert len(of_chats(line.requests())) <= 400
    for number in range(25):
        chat = f"new{number}"
        line.remote.rows("wechat_chats", [a_chat(chat)], local(START - timedelta(hours=number)))
    (outcome,) = line.driver.sync(["wechat_chats"])
    assert outcome.is_good, outcome
    new = "select count(*) from wp.wechat_chats where id like 'new%%'"
    assert (line.driver.one(new), gone(line.driver)) == (25, 0)


@pytest.mark.parametrize("rules", VENDORS.values(), ids=VENDORS)
def test_a_chat_that_the_vendor_deletes_is_marked_and_no_other(
    emulator, database_url, tmp_path, rules
):
    line = Timeline(emulator, database_url, tmp_path, messages=200, days=20, rules=rules)
    line.driver.sync(["wechat_chats"])
    line.go_to(START + timedelta(days=40))  # the last month shows other chats now, or none
    busy = line.vendor.world.people.chats[0].id
    now = local(START + timedelta(days=39))
    line.remote.generate("wechat_messages", 3, now, now, chat_id=busy)
    assert all(one.is_good for one in line.driver.sync(["wechat_chats"]))
    assert gone(line.driver) == 0
    line.remote.mutate("wechat_chats", line.vendor.world.people.chats[5].id, delete=True)
    assert all(one.is_good for one in line.driver.sync(["wechat_chats"]))
    assert gone(line.driver) == 1
    assert not differences(line.driver, line.vendor, ["wechat_chats"])


def test_the_rules_of_a_vendor_may_change_and_no_chat_is_gone_for_it(
    emulator, database_url, tmp_path
):
    line = Timeline(emulator, database_url, tmp_path, messages=200, days=90)
    line.driver.sync(["wechat_chats"])
    for rules in ({}, *VENDORS.values()):
        line.remote.settings(chat_time="created", default_span=0, span_limit=0, span_mode="4018")
        line.remote.settings(**rules)
        outcomes = line.driver.sync(["wechat_chats"])
        assert all(one.is_good for one in outcomes), (rules, outcomes)
        assert gone(line.driver) == 0
        assert not differences(line.driver, line.vendor, ["wechat_chats"])


@pytest.mark.parametrize("rules", [{}, VENDORS["cut to a week"]], ids=["whole", "in pieces"])
def test_a_broken_chat_leaves_the_others_and_marks_none_as_gone(
    emulator, database_url, tmp_path, rules
):
    line = Timeline(emulator, database_url, tmp_path, messages=200, days=20, rules=rules)
    broken, deleted = (line.vendor.world.people.chats[n].id for n in (5, 7))
    line.driver.sync(["wechat_chats"])
    line.driver.query("delete from wp.wechat_chats where id = %s returning 1", broken)
    line.remote.settings(broken=[broken])
    line.remote.mutate("wechat_chats", deleted, delete=True)
    (outcome,) = line.driver.sync(["wechat_chats"])
    assert outcome.outcome == "incomplete"
    assert gone(line.driver) == 0
    line.remote.settings(broken=[])
    (outcome,) = line.driver.sync(["wechat_chats"])
    assert outcome.outcome == "done"
    assert gone(line.driver) == 1
    assert not differences(line.driver, line.vendor, ["wechat_chats"])


def a_chat(identifier):
    return {
        "id": identifier,
        "agentWxNo": "wxid_agent",
        "contactWxNo": f"wxid_{identifier}",
        "chatType": "single",
        "isSend": "0",
    }


def a_message(chat, number, at):
    return {
        "id": f"{chat}-{number}",
        "chatId": chat,
        "from": "x",
        "msg": "hello",
        "msgType": "101",
        "date": f"{local(at)[:10]}",
        "ts": int(at.timestamp()),
        "msgId": str(number),
        "isSend": "0",
    }


@pytest.mark.parametrize("chat_time", ["created", "active"])
@pytest.mark.parametrize("begun", ["now", "long ago"])
def test_a_busy_chat_is_there_within_a_minute_and_the_headline_never_lies(
    emulator, database_url, tmp_path, chat_time, begun
):
    """Its messages come every five seconds; a chat that began long ago and was never listed is new to us likewise."""
    line = Timeline(
        emulator, database_url, tmp_path, messages=100, days=3, rules={"chat_time": chat_time}
    )
    line.driver.more = "[sync]\nlisting_interval_minutes = 600\n"
    line.driver.sync()
    first, seconds = START + timedelta(seconds=70), timedelta(seconds=1)
    began = first if begun == "now" else START - timedelta(days=2)
    answers: list[tuple[bool, bool, str]] = []

    def say_something(opened):
        """Another message, and how things stand."""
        at, number = line.clock.now(), len(answers)
        if not number:
            line.remote.rows("wechat_chats", [a_chat("busy")], local(began))
        line.remote.rows("wechat_messages", [a_message("busy", number, at)], local(at))
        there = bool(line.driver.one("select count(*) from wp.wechat_chats where id = 'busy'"))
        named = bool(
            line.driver.one("select count(*) from wp.wechat_messages where chat_id = 'busy'")
        )
        answers.append((named, there, snapshot.read(opened).answer))
        return DONE

    with line.session() as opened, working(opened, watching(opened.config)) as jobs:
        names = ("wechat_messages", "wechat_chats named", "wechat_chats")
        chosen = [job for job in jobs if job.key.job in names]
        line.live(opened, chosen, first)
        requests = line.last()
        vendor = Job(JobKey("", "alerts"), 5 * seconds, lambda stopping: say_something(opened))
        line.live(opened, [*chosen, vendor], first + 100 * seconds)
    (reached,) = {[there for _, there, _ in answers].index(True)}
    first_named = [named for named, _, _ in answers].index(True)
    assert (reached - first_named) * 5 <= 10
    assert all(answer != "good" for named, there, answer in answers if named and not there)
    assert all(there for _, there, _ in answers[reached:])
    assert len(of_chats(line.requests(requests))) <= 4
    assert gone(line.driver) == 0


def test_a_chat_that_the_vendor_never_lists_stays_an_open_point_that_costs_little(
    emulator, database_url, tmp_path
):
    line = Timeline(emulator, database_url, tmp_path, messages=100, days=3)
    line.driver.sync()
    at = START - timedelta(minutes=30)
    line.go_to(START + timedelta(minutes=1))
    line.remote.rows("wechat_messages", [a_message("unlisted", 1, at)], local(at))
    (outcome,) = [one for one in line.driver.backfill("2d", NAMES, again=True) if one.problems]
    assert [one.code for one in outcome.problems] == ["listing.named_missing"]
    with line.session() as opened, working(opened, watching(opened.config)) as jobs:
        assert snapshot.read(opened).named == 1
        assert not snapshot.read(opened).status.is_good
        requests = line.last()
        (job,) = [one for one in jobs if one.key.job == "wechat_chats named"]
        job = replace(job, every=timedelta(minutes=5))
        line.live(opened, [job], START + timedelta(hours=6))
        assert len(of_chats(line.requests(requests))) <= 200
        line.remote.rows("wechat_chats", [a_chat("unlisted")], local(START - timedelta(days=1)))
        line.live(opened, [job], START + timedelta(hours=36))
        assert snapshot.read(opened).named == 0
    assert line.driver.one("select count(*) from wp.wechat_chats where id = 'unlisted'") == 1


def test_chats_lost_by_hand_come_back_with_the_next_listing(emulator, database_url, tmp_path):
    line = Timeline(emulator, database_url, tmp_path, messages=100, days=3)
    line.driver.sync(NAMES)
    line.driver.query(
        "delete from wp.wechat_chats where id in (select id from wp.wechat_chats order by md5(id) limit 5)"
        " returning id"
    )
    assert all(one.is_good for one in line.driver.sync(["wechat_chats"]))
    assert not differences(line.driver, line.vendor, ["wechat_chats"])

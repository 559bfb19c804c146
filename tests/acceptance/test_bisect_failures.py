"""However much the vendor cannot serve, for however long: the rest comes, what was proved stands, little is asked."""

from datetime import timedelta

import pytest

from tests.acceptance.driving import START, Timeline, differences, local
from wpsync.db.database import Database
from wpsync.loading.erasure import Request, erase
from wpsync.model import Secret
from wpsync.normalize.privacy import OFF
from wpsync.resources.wechat import WECHAT_MESSAGES
from wpsync.sync.passes import recheck

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)
NAMES = ["wechat_messages"]
MESSAGES = "/api/wechat/getWeMessageByPage"
INCOMPLETE = (
    "select coalesce(sum(ends_at - starts_at), interval '0') from wpsync.windows"
    " where state = 'incomplete'"
)


@pytest.fixture
def line(emulator, database_url, tmp_path):
    line = Timeline(emulator, database_url, tmp_path, messages=3_000, days=5)
    line.driver.more = "[recheck]\nsample_rows = 0\n"
    return line


def breaks(line, rows, status=4016):
    line.remote.settings(broken=[row["id"] for row in rows], broken_status=status)


def messages(line, days_ago=None):
    """All messages, or those of one day, in order."""
    day = None if days_ago is None else (START - days_ago * DAY).date()
    rows = line.vendor.world.truth("wechat_messages")
    chosen = [row for row in rows if day in (None, row["sent_on"])]
    return sorted(chosen, key=lambda row: row["sent_at"])


def passes(line, times, every):
    for _ in range(times):
        line.go_to(line.clock.now() + every)
        line.driver.sync(NAMES)


def lost(line, rows, poison):
    """What can be served and is not here: all but what shares its second, or one beside it, with a broken row."""
    held = {row[0] for row in line.driver.query("select id from wp.wechat_messages")}
    ats = [row["sent_at"] for row in poison]
    return {
        row["id"]
        for row in rows
        if row["id"] not in held and all(abs(row["sent_at"] - at) > SECOND for at in ats)
    }


def rechecked(line):
    with line.driver.account() as account:
        return recheck(account, WECHAT_MESSAGES)


def asked(line, since):
    return len(line.requests(since, MESSAGES))


@pytest.mark.long
def test_a_broken_row_costs_its_second_also_where_all_was_broken_for_an_afternoon(line):
    day = messages(line, days_ago=2)
    poison = day[len(day) // 2]
    breaks(line, day)
    line.driver.backfill("5d", NAMES)
    passes(line, 10, 40 * MINUTE)
    breaks(line, [poison])
    passes(line, 8, DAY)
    assert not lost(line, day, [poison])
    assert line.driver.one(INCOMPLETE) <= 3 * SECOND


@pytest.mark.long
def test_what_lies_between_many_broken_rows_of_one_day_comes(line):
    day = messages(line, days_ago=2)
    poison = day[5::25]
    assert len(poison) > 30
    breaks(line, poison)
    line.driver.backfill("5d", NAMES)
    passes(line, 14, 6 * HOUR)
    assert not lost(line, day, poison)


def test_a_day_that_stays_broken_costs_few_requests_an_hour(line):
    breaks(line, messages(line, days_ago=2))
    line.driver.backfill("5d", NAMES)
    before = line.last()
    for _ in range(36):
        line.go_to(line.clock.now() + 5 * MINUTE)
        rechecked(line)
    assert asked(line, before) < 3 * 300


@pytest.mark.parametrize("status", [4016, pytest.param(500, marks=pytest.mark.long)])
def test_an_archive_that_is_down_is_asked_little_and_what_was_proved_stands(line, status):
    line.driver.backfill("5d", NAMES)
    line.go_to(START + 8 * DAY)  # nothing of those days comes late any more
    line.driver.sync(NAMES)
    line.go_to(START + 10 * DAY)
    complete = "select sum(ends_at - starts_at) from wpsync.windows where state = 'complete'"
    proved = line.driver.one(complete)
    breaks(line, [row for row in messages(line) if row["sent_on"] < START.date()], status)
    before = line.last()
    assert rechecked(line).outcome == "failed"
    for _ in range(60):
        line.go_to(line.clock.now() + MINUTE)
        rechecked(line)
    assert asked(line, before) < (600 if status == 4016 else 2_000)
    assert line.driver.one(complete) >= proved
    assert not line.driver.one(INCOMPLETE)

    breaks(line, [])
    line.go_to(line.clock.now() + 8 * DAY)
    line.driver.sync(NAMES)
    assert not differences(line.driver, line.vendor, NAMES)
    assert not line.driver.one("select count(*) from wpsync.windows where attempts > 1")


def test_days_that_show_nothing_any_more_do_not_keep_others_from_being_checked(line):
    line.driver.backfill("5d", NAMES)
    line.driver.sync(NAMES)
    breaks(line, [row for ago in (1, 2, 3) for row in messages(line, days_ago=ago)])
    for _ in range(3):
        line.go_to(line.clock.now() + DAY)
        with pytest.raises(AssertionError, match="failed"):
            assert rechecked(line).outcome == "done", "failed"
    older = START - 4 * DAY
    line.remote.generate(NAMES[0], count=5, start=local(older), end=local(older + HOUR))
    for _ in range(3):
        line.go_to(line.clock.now() + DAY)
        rechecked(line)
    assert not lost(line, messages(line, days_ago=4), [])


def test_somebody_is_erased_while_a_backfill_narrows_down_what_cannot_be_served(
    line, database_url, monkeypatch
):
    line.driver.sync(["wechat_users", "wechat_contacts", "wechat_chats"])
    breaks(line, [messages(line, days_ago=2)[100]])
    whom = line.driver.one("select min(contact_wx_no) from wp.wechat_chats")
    vendor = line.vendor.state.vendor
    answer, refused, narrowing, erased = vendor.answer, list[str](), list[str](), list[str]()

    def answering(path, body):
        try:
            told = answer(path, body)
        except Exception:
            refused.append(path)
            raise
        if path == MESSAGES and refused and body["pageSize"] == 1:
            narrowing.append(path)  # it was asked whether it answers at all
        elif path == MESSAGES and narrowing and not erased:
            erased.append(whom)
            with Database(Secret(database_url)) as database:
                erase(database, Request("wx", whom), [OFF], line.clock.now())
        return told

    monkeypatch.setattr(vendor, "answer", answering)
    (outcome,) = line.driver.backfill("5d", NAMES)
    assert erased
    assert outcome.outcome == "incomplete"
    assert all(problem.params["reason"] == "unreadable" for problem in outcome.problems)

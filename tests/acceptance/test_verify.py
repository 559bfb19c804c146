"""`verify`: what was deleted, altered or added in our database is named, and mended; nothing else.

`VERIFIES` says how many times the long test verifies in each mode beside a service and live rows.
"""

import json
import os
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.acceptance.driving import START, Driver, Timeline, differences, local
from tests.acceptance.test_service import QUICK, serving, until
from wpsync.emulator.client import Remote
from wpsync.extract.windows import shanghai_midnight
from wpsync.model import Window
from wpsync.resources import RESOURCES
from wpsync.status import snapshot
from wpsync.sync.nightly_verify import prove
from wpsync.sync.progress import Silence
from wpsync.sync.verify import verify as service

VERIFIES = int(os.environ.get("VERIFIES", "10"))
MINUTE = timedelta(minutes=1)

TABLES = ["calls", "sms", "wechat_messages", "message_transfers", "message_links"]


@pytest.fixture
def synced(emulator, database_url, tmp_path):
    vendor = emulator(messages=6_000, days=12)
    driver = Driver(database_url, vendor.url, tmp_path)
    driver.backfill("12d", ["calls", "sms", "wechat_chats", "wechat_messages"])
    driver.sync(["calls", "sms", "wechat_chats", "wechat_messages"])
    return vendor, driver


def tamper(driver):
    """40 rows deleted, 30 altered, 10 added on other days; returns which."""
    statements = {
        "missing": "delete from wp.wechat_messages where id in (select id from wp.wechat_messages"
        " where sent_at < now() - interval '4 days' order by md5(id) limit 40) returning id",
        "altered": "update wp.wechat_messages set plain_text = 'changed by hand' where id in (select id"
        " from wp.wechat_messages where sent_at < now() - interval '1 day' order by md5(id) desc limit 30)"
        " returning id",
        "extra": "insert into wp.wechat_messages (id, chat_id, kind, sent_at, sent_on, payload_ok, _account,"
        " _first_synced_at, _synced_at) select 'forged-' || i, 'x', 'text', now() - i * interval '2 hours',"
        " current_date, true, 'main', now() - interval '1 hour', now() - interval '1 hour'"
        " from generate_series(1, 10) as i returning id",
    }
    with psycopg.connect(driver.database_url) as connection:
        return {
            what: {row[0] for row in connection.execute(statement).fetchall()}
            for what, statement in statements.items()
        }


def verify(driver, *arguments):
    done = driver.run("verify", "--json", *arguments)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)


def named(found):
    told: dict[str, set[str]] = {"missing": set(), "altered": set(), "extra": set()}
    for finding in found:
        for row in finding["differences"]:
            if row["table"] == "wechat_messages":
                told[row["what"]].add(row["key"])
    return told


@pytest.mark.reads_the_day
def test_a_clean_database_raises_no_alarm_by_counts_or_by_content(synced):
    _, driver = synced
    assert verify(driver) == (0, [])
    assert verify(driver, "--deep") == (0, [])


@pytest.mark.reads_the_day
def test_deep_names_every_row_and_nothing_else_and_repair_mends_them(synced):
    vendor, driver = synced
    done = tamper(driver)
    status, found = verify(driver, "--deep")
    assert status == 1
    assert named(found) == done
    status, found = verify(driver, "--deep", "--repair")
    assert status == 0
    assert all(finding["repaired"] for finding in found)
    assert verify(driver, "--deep") == (0, [])
    assert not differences(driver, vendor, TABLES)
    kept = (
        "select count(*) from wp.history where resource = 'wechat_messages' and id like 'forged-%%'"
    )
    assert driver.one(kept) == 10


@pytest.mark.long
@pytest.mark.reads_the_day
def test_days_that_are_read_in_pieces_are_mended_too(emulator, database_url, tmp_path):
    """A day of the ledger is one window; where it holds many rows, it is read and mended in several."""
    vendor = emulator(messages=6_000, days=11)
    more = "[backfill]\nwindow_rows = 200\n"
    driver = Driver(database_url, vendor.url, tmp_path, more)
    driver.backfill("12d")
    driver.sync()
    done = tamper(driver)
    remote = Remote(vendor.url)
    before = remote.stats()["requests"]
    assert named(verify(driver, "--deep", "--resource", "wechat_messages")[1]) == done
    looked = remote.stats()["requests"] - before
    status, found = verify(driver, "--deep", "--repair", "--resource", "wechat_messages")
    assert status == 0, found
    assert named(found) == done
    mended = remote.stats()["requests"] - before - looked
    assert mended <= looked + 2 * len(found), "more was read again than what had been compared"
    assert verify(driver, "--deep") == (0, [])
    assert not differences(driver, vendor, TABLES)


@pytest.mark.reads_the_day
def test_counts_alone_find_what_was_deleted_and_read_only_what_is_suspicious(synced):
    vendor, driver = synced
    query = (
        "delete from wp.calls where id in (select id from wp.calls"
        " where began_at < now() - interval '2 days' order by md5(id) limit 3) returning id"
    )
    with psycopg.connect(driver.database_url) as connection:
        gone = {row[0] for row in connection.execute(query).fetchall()}
    before = Remote(vendor.url).stats()["requests"]
    status, found = verify(driver, "--resource", "calls", "--repair")
    assert status == 0
    assert {row["key"] for finding in found for row in finding["differences"]} == gone
    assert Remote(vendor.url).stats()["requests"] - before < 40
    assert not differences(driver, vendor, ["calls"])
    assert verify(driver) == (0, [])


@pytest.mark.reads_the_day
def test_a_row_that_the_vendor_no_longer_lists_is_kept_and_noted(synced):
    vendor, driver = synced
    row = vendor.world.series["calls"].rows[40]
    Remote(vendor.url).mutate("calls", row.id, delete=True)
    status, found = verify(driver, "--resource", "calls", "--repair")
    assert status == 0
    (finding,) = found
    assert [(d["key"], d["what"]) for d in finding["differences"]] == [(row.id, "extra")]
    assert driver.one("select count(*) from wp.calls where id = %s", row.id) == 1
    assert driver.query("select id from wp.calls where _gone_at is not null") == [(row.id,)]
    assert verify(driver, "--deep", "--resource", "calls") == (0, [])


def test_a_row_that_went_while_another_came_is_kept_and_noted(emulator, database_url, tmp_path):
    """The counts agree all the while: they do not tell it from a row put in and another lost."""
    line = Timeline(emulator, database_url, tmp_path, messages=2_000, days=3)
    line.driver.backfill("3d", ["calls"])
    line.driver.sync(["calls"])
    series = line.vendor.world.series["calls"]
    gone = next(row for row in series.rows if row.at > (START - timedelta(days=1)).timestamp())
    at = datetime.fromtimestamp(gone.at, UTC)
    series.remove(gone.id)
    line.remote.generate("calls", 1, local(at), local(at + timedelta(minutes=1)))
    line.go_to(START + timedelta(minutes=5))
    span = Window(START - timedelta(days=3), START)
    with line.driver.account() as account:
        calls = RESOURCES["calls"]
        (found,) = service(account, calls, span, Silence(), deep=True, repair=True)
        assert found.repaired
        assert sorted(one.what for one in found.differences) == ["extra", "missing"]
        assert service(account, calls, span, Silence(), deep=True, repair=False) == []
    assert line.driver.query("select id from wp.calls where _gone_at is not null") == [(gone.id,)]
    assert line.driver.one("select count(*) from wp.calls where id = %s", gone.id) == 1
    assert line.driver.one("select count(*) from wp.history") == 0


@pytest.mark.parametrize("later", ["narrower", "shallower", "read again"])
def test_what_verify_left_is_claimed_by_nobody_until_it_has_been_compared_again(
    emulator, database_url, tmp_path, later
):
    line = Timeline(emulator, database_url, tmp_path, messages=3_000, days=10)
    line.driver.more = "[recheck]\nsample_rows = 0\n"
    line.driver.backfill("10d", ["calls"])
    line.driver.sync(["calls"])
    calls, everything = RESOURCES["calls"], Window(START - timedelta(days=10), START)
    late = "(select id from wp.calls order by began_at limit 3)"
    line.driver.query(
        f"update wp.calls set contact_tel = 'altered' where id in {late} returning began_at"
    )

    def claims():
        """Whether status, both views and the nightly proof think nothing of it."""
        with line.session() as opened:
            (one,) = (
                found
                for found in snapshot.status(
                    opened.database, opened.config, line.clock.now()
                ).resources
                if found.resource == "calls"
            )
        differing = "select count(*) from wp_bi.completeness where state = 'differing'"
        behind = "select complete_up_to < watermark - interval '1 day' from wp_bi.data_freshness"
        return [
            one.disputed_at is None,
            not line.driver.one(differing),
            not line.driver.one(behind),
        ]

    with line.driver.account() as account:
        assert claims() == [True, True, True]
        assert service(account, calls, everything, Silence(), deep=True, repair=False)
        assert claims() == [False, False, False]
        line.go_to(START + timedelta(hours=1))
        line.driver.sync(["calls"])
        if later == "narrower":
            last = Window(START - timedelta(days=1), START)
            assert not service(account, calls, last, Silence(), deep=True, repair=False)
        elif later == "shallower":
            assert service(account, calls, everything, Silence(), deep=False, repair=False)
        else:
            line.driver.backfill("10d", ["calls"], again=True)
        assert claims() == [False, False, False]
        assert all(found.repaired for found in prove(account, calls))
    assert claims() == [True, True, True]
    assert not differences(line.driver, line.vendor, ["calls"])


@pytest.mark.reads_the_day
def test_what_was_never_read_is_a_finding_and_repair_reads_it(emulator, database_url, tmp_path):
    vendor = emulator(messages=600, days=6)
    driver = Driver(database_url, vendor.url, tmp_path)
    driver.backfill("2d", ["sms"])
    assert verify(driver, "--resource", "sms") == (0, [])
    status, (finding,) = verify(driver, "--resource", "sms", "--from", "6d")
    assert (status, finding["reason"]) == (1, "unread")
    first = driver.one("select min(starts_at) from wpsync.windows")
    assert datetime.fromisoformat(finding["window"]["end"]) == first
    assert verify(driver, "--resource", "sms", "--from", "6d", "--repair")[0] == 0
    assert verify(driver, "--resource", "sms", "--from", "6d") == (0, [])
    assert not differences(driver, vendor, ["sms"])


@pytest.mark.reads_the_day
def test_an_account_of_which_nothing_was_read_is_not_proved(synced):
    driver = synced[1]
    driver.add_account("another")
    done = driver.run("verify", "--resource", "sms")
    assert done.returncode == 1
    assert "nothing has been read that could be verified of another" in done.stderr
    assert "nothing differs" in done.stdout


@pytest.mark.reads_the_day
def test_a_stretch_left_out_between_what_was_read_is_found_without_being_asked_for(synced):
    vendor, driver = synced
    day = shanghai_midnight(datetime.now(UTC) - timedelta(days=4))
    for table, at in (("wpsync.windows", "starts_at"), ("wp.sms", "sent_at")):
        where = f"{at} >= %s and {at} < %s"
        if table == "wpsync.windows":
            where += " and resource = 'sms'"
        driver.query(f"delete from {table} where {where} returning 1", day, day + timedelta(days=1))
    status, (finding,) = verify(driver)
    assert (status, finding["resource"], finding["reason"]) == (1, "sms", "unread")
    assert datetime.fromisoformat(finding["window"]["start"]) == day
    assert verify(driver, "--repair")[0] == 0
    assert verify(driver) == (0, [])
    assert not differences(driver, vendor, ["sms"])


@pytest.mark.reads_the_day
def test_the_completeness_view_shows_every_day_with_the_vendors_count_and_ours(synced):
    vendor, driver = synced
    rows = driver.query(
        "select day, vendor_count, rows_held, state, reason from wp_bi.completeness"
        " where resource = 'wechat_messages' order by day"
    )
    vouched = driver.one(
        "select max(ends_at) from wpsync.windows where resource = 'wechat_messages'"
    )
    made = vendor.world.series["wechat_messages"].rows
    assert sum(row[1] for row in rows) == sum(row.at < vouched.timestamp() for row in made)
    assert all(row[1] == row[2] for row in rows)
    assert {row[3] for row in rows[:-1]} == {"complete"}
    assert rows[-1][3] == "partial"
    behind = driver.query(
        "select resource, minutes_behind, complete_up_to from wp_bi.data_freshness"
    )
    assert {name for name, _, _ in behind} == {"calls", "sms", "wechat_chats", "wechat_messages"}
    assert all(minutes < 10 and upto for _, minutes, upto in behind)


@pytest.mark.parametrize("deep", [False, True])
def test_a_row_that_came_late_is_awaited_until_the_next_check_is_overdue(
    deep, emulator, database_url, tmp_path
):
    line = Timeline(emulator, database_url, tmp_path, messages=300, days=4)
    line.driver.backfill("3d", ["sms"])

    def verified():
        span = Window(START - timedelta(days=3), START - timedelta(hours=1))
        with line.driver.account() as account:
            found = service(account, RESOURCES["sms"], span, Silence(), deep=deep, repair=False)
        return [(one.awaited, one.is_open, one.reason) for one in found]

    assert verified() == []
    late = local(START - timedelta(days=2, hours=1))
    line.remote.generate("sms", 1, late, late)
    line.go_to(START + timedelta(hours=1))
    assert verified() == [(True, False, "came_late")]
    disputed = "select count(*) from wpsync.windows where disputed_at is not null"
    assert line.driver.one(disputed) == 0
    line.go_to(START + timedelta(days=2))
    assert verified() == [(False, True, None)]
    assert line.driver.one(disputed) == 1


HISTORY = 3_000
TWENTY_A_SECOND = 20 * 2 * 86_400 / (HISTORY * (1 + 11 / 70))
"""How much livelier than its history of two days a vendor is that has twenty calls, SMS and messages a second."""


@pytest.mark.timeout(max(1_800, 90 * VERIFIES))
@pytest.mark.reads_the_day
@pytest.mark.parametrize(
    ("times", "minutes", "order"),
    [
        (2, 3, "newest"),
        pytest.param(VERIFIES, 13, "newest", marks=pytest.mark.long),
        pytest.param(VERIFIES, 13, "oldest", marks=pytest.mark.long),
    ],
)
def test_beside_live_and_late_rows_it_names_what_was_done_here_and_nothing_else(
    times, minutes, order, emulator, database_url, tmp_path
):
    born = datetime.now(UTC) - minutes * MINUTE
    vendor = emulator(
        messages=HISTORY, days=2, lively=TWENTY_A_SECOND, born=born, rules={"order": order}
    )
    remote, driver = Remote(vendor.url), Driver(database_url, vendor.url, tmp_path, QUICK)
    names = ["calls", "sms", "wechat_messages"]
    is_current = (
        "select count(*) from wpsync.watermarks where at > now() - interval '150 seconds'"
        " and resource in ('calls', 'sms', 'wechat_messages')"
    )
    with serving(driver), driver.account() as account:
        until(lambda: driver.one(is_current) == len(names), "the present", within=300)

        def found(*, deep):
            now = datetime.now(UTC).replace(microsecond=0)
            found = []
            for name in names:
                late = local(now - 2.8 * MINUTE)
                remote.generate(name, 1, late, late)
                span = Window(now - timedelta(days=3), now)
                found += service(account, RESOURCES[name], span, Silence(), deep=deep, repair=False)
            return [one for one in found if one.is_open]

        for _ in range(times):
            assert found(deep=False) == []
            assert found(deep=True) == []
        one = "(select id from wp.calls where began_at < now() - interval '3 minutes' limit 1)"
        lost = driver.query(f"delete from wp.calls where id = {one} returning id")
        altered = driver.query(
            f"update wp.calls set contact_tel = 'altered' where id = {one} returning id"
        )
        differing = {(row.key, row.what) for one in found(deep=True) for row in one.differences}
        assert {(lost[0][0], "missing"), (altered[0][0], "altered")} <= differing

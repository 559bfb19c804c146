"""What other sync tools really stumbled over (the list in tests/README.md), where no other file holds it."""

import json
import re
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.acceptance.driving import Driver, differences
from tests.fake_clock import FakeClock
from wpsync.emulator.client import Remote
from wpsync.values import SHANGHAI

NOW = datetime(2026, 5, 20, 6, tzinfo=UTC)
IN_TIME = ["calls", "sms", "wechat_messages"]


@pytest.fixture
def still(emulator, database_url, tmp_path):
    """A world at rest, and our clock standing at the same instant."""
    vendor = emulator(messages=1_500, days=10, now=NOW, frozen=True)
    return vendor, Driver(database_url, vendor.url, tmp_path, clock=FakeClock(NOW))


def test_a_watermark_of_200_days_ago_catches_up_within_the_spans_that_the_vendor_allows(still):
    vendor, driver = still
    Remote(vendor.url).settings(span_limit=2 * 86_400)
    old = NOW - timedelta(days=200)
    with psycopg.connect(driver.database_url) as connection:
        connection.execute(
            "insert into wpsync.watermarks values ('main', 'calls', %s, %s)", (old, old)
        )
    assert [o.outcome for o in driver.sync(["calls"])] == ["done"]
    assert not differences(driver, vendor, ["calls"])
    refused = [r for r in Remote(vendor.url).requests() if r["outcome"] not in ("ok", "1", "200")]
    assert driver.one("select at from wpsync.watermarks") >= NOW - timedelta(minutes=3), refused[:2]


def test_a_row_dated_in_the_future_moves_no_watermark_past_now_and_blocks_nothing(still):
    vendor, driver = still
    driver.backfill("2026-05-10", IN_TIME)
    driver.sync(IN_TIME)
    future: dict[str, object] = {"id": "future", "msgType": "101", "msg": "hi", "chatId": "c"}
    future |= {"from": "f", "ts": int((NOW + timedelta(hours=18)).timestamp()), "isSend": "1"}
    Remote(vendor.url).rows("wechat_messages", [future], "2026-05-20 13:59:30")
    driver.sync(IN_TIME)
    assert driver.one("select max(at) from wpsync.watermarks") <= NOW
    later = NOW + timedelta(minutes=30)
    driver.clock.sleep(1800)
    Remote(vendor.url).clock(now_ms=later.timestamp() * 1000, freeze=True)
    Remote(vendor.url).generate("calls", 5, "2026-05-20 14:10:00", "2026-05-20 14:20:00")
    driver.sync(IN_TIME)
    assert not differences(driver, vendor, ["calls"])


def test_a_backfill_moves_no_watermark(still):
    _, driver = still
    driver.sync(IN_TIME)
    before = driver.query("select resource, at from wpsync.watermarks order by 1")
    driver.backfill("2026-05-11", IN_TIME)
    assert driver.query("select resource, at from wpsync.watermarks order by 1") == before


def test_a_failed_window_stays_open_and_is_read_by_the_next_pass(still):
    vendor, driver = still
    remote = Remote(vendor.url)
    remote.fault("code_0", endpoint="/api/device/sms", statusCode=4005, msg="wrong")
    outcomes = {o.resource: o.outcome for o in driver.sync(IN_TIME)}
    assert outcomes["sms"] != "done"
    assert outcomes["calls"] == "done"
    assert driver.one("select count(*) from wpsync.windows where resource = 'sms'") == 0
    remote.clear_faults()
    assert {o.outcome for o in driver.sync(IN_TIME)} == {"done"}
    day = "select count(*) from wp.sms"
    truth = [r for r in vendor.world.series["sms"].rows if r.at >= NOW.timestamp() - 14 * 3600]
    assert driver.one(day) == len(truth)


CONTENT = (
    "select md5(string_agg(t::text, '|' order by id)) from"
    " (select (to_jsonb(x) - '_first_synced_at' - '_synced_at') as t, id from wp.{} as x) as rows"
)


@pytest.mark.reads_the_day
def test_the_hosts_time_zone_changes_nothing_to_the_bit(emulator, postgres, template, tmp_path):
    vendor = emulator(messages=800, days=4)
    start = f"{datetime.now(SHANGHAI) - timedelta(days=2):%Y-%m-%d}"  # the same for all, however long each takes
    seen = set()
    for number, zone in enumerate(("UTC", "Asia/Shanghai", "America/New_York", "Asia/Kathmandu")):
        name = f"zone_{number}_{tmp_path.name[-8:]}".replace("-", "_").lower()
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f'create database "{name}" template "{template}"')
        driver = Driver(str(postgres).replace("/postgres?", f"/{name}?"), vendor.url, tmp_path)
        done = driver.run(
            "backfill", "--from", start, *(f"--resource={n}" for n in IN_TIME), TZ=zone
        )
        assert done.returncode == 0, done.stderr
        days = driver.one("select count(distinct sent_on) from wp.wechat_messages")
        assert days >= 2
        seen.add(tuple(driver.one(CONTENT.format(table)) for table in IN_TIME))
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f'drop database "{name}" with (force)')
    assert len(seen) == 1


def test_a_clock_that_is_five_minutes_off_loses_nothing(emulator, database_url, tmp_path):
    vendor = emulator(messages=800, days=4, now=NOW, frozen=True)
    for minutes in (5, -5):
        clock = FakeClock(NOW + timedelta(minutes=minutes))
        driver = Driver(database_url, vendor.url, tmp_path, clock=clock)
        driver.backfill("2026-05-16", IN_TIME)
    driver.sync(IN_TIME)
    assert not differences(driver, vendor, IN_TIME)


def test_ten_readings_of_an_unchanged_window_write_and_lock_nothing(still):
    _, driver = still
    driver.backfill("2026-05-11", ["wechat_messages"])
    written = (
        "select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint"
        " from pg_stat_user_tables where schemaname = 'wp'"
    )
    locked = "select count(*) from wp.wechat_messages where xmax::text <> '0'"

    others = (
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and backend_type = 'client backend' and pid <> pg_backend_pid()"
    )

    def measured():
        with psycopg.connect(driver.database_url, autocommit=True) as connection:
            while connection.execute(others).fetchall()[0][
                0
            ]:  # each tells what it wrote when it ends
                time.sleep(0.05)
            return connection.execute(written).fetchall()[0][0]

    before = measured()
    size = driver.one("select pg_total_relation_size('wp.wechat_messages')")
    for _ in range(10):
        driver.backfill("2026-05-11", ["wechat_messages"], again=True)
    assert measured() == before
    assert driver.one(locked) == 0
    assert driver.one("select pg_total_relation_size('wp.wechat_messages')") == size


def test_a_users_view_and_grant_on_every_table_survive_migrating_and_loading(still):
    _, driver = still
    names = [
        row[0] for row in driver.query("select tablename from pg_tables where schemaname = 'wp'")
    ]
    with psycopg.connect(driver.database_url, autocommit=True) as connection:
        for name in names:
            connection.execute(f"create view public.my_{name} as select * from wp.{name}")
            connection.execute(f"grant select on wp.{name} to public")
    assert driver.run("migrate").returncode == 0
    driver.backfill("2026-05-18", IN_TIME)
    assert driver.one("select count(*) from public.my_calls") > 0
    granted = "select count(distinct table_name) from information_schema.role_table_grants where table_schema = 'wp' and grantee = 'PUBLIC'"
    assert driver.one(granted) == len(names)


def test_wide_rows_load_in_small_statements(still):
    vendor, driver = still
    rows = [
        {"id": f"wide{i}", "msgType": "101", "msg": "宽" * 9_000, "chatId": "c", "from": "f"}
        | {"ts": int((NOW - timedelta(days=2)).timestamp()) + i, "isSend": "1"}
        for i in range(1_500)
    ]
    Remote(vendor.url).rows("wechat_messages", rows, "2026-05-18 14:00:00")
    driver.backfill("2026-05-17", ["wechat_messages"])
    assert driver.one("select count(*) from wp.wechat_messages where length(body) = 9000") == 1_500


@pytest.mark.reads_the_day
def test_a_resource_that_the_vendor_refuses_keeps_no_other_from_being_read(
    emulator, database_url, tmp_path
):
    """The document's form of refusal: `code` 0 and a message, no statusCode."""
    vendor = emulator(messages=300, days=2)
    driver = Driver(database_url, vendor.url, tmp_path)
    Remote(vendor.url).fault("code_0", endpoint="/api/device/sms", msg="短信功能未开通")
    outcomes = {one.resource: one.outcome for one in driver.sync()}
    assert outcomes.pop("sms") == "failed"
    assert set(outcomes.values()) == {"done"}


@pytest.mark.reads_the_day
@pytest.mark.parametrize(
    "arguments", [("backfill", "--from", "2d"), pytest.param(("verify",), marks=pytest.mark.long)]
)
def test_a_history_that_the_vendor_refuses_keeps_no_other_from_being_read_or_proved(
    arguments, emulator, database_url, tmp_path
):
    driver = Driver(database_url, emulator(messages=600, days=2).url, tmp_path)
    if arguments == ("verify",):
        driver.backfill("2d", IN_TIME)
        driver.query("delete from wp.wechat_messages where kind = 'text' returning 1")
    Remote(driver.vendor_url).fault("code_0", endpoint="/api/device/sms", msg="短信功能未开通")
    ran = driver.run(*arguments, "--json")
    told = json.loads(ran.stdout)
    assert ran.returncode == 1
    assert re.findall("短信功能未开通|: not attempted", ran.stderr) == ["短信功能未开通"]
    if arguments == ("verify",):
        assert {one["resource"] for one in told} == {"wechat_messages"}
    else:
        outcomes = {one["resource"]: one["outcome"] for one in told}
        assert outcomes.pop("sms") == "failed"
        assert set(outcomes.values()) == {"done"}


@pytest.mark.reads_the_day
def test_a_refusal_of_the_whole_account_ends_a_pass_at_once(emulator, database_url, tmp_path):
    vendor = emulator(messages=300, days=2)
    driver = Driver(database_url, vendor.url, tmp_path)
    Remote(vendor.url).fault("code_0", endpoint="*", statusCode=4009)
    outcomes = driver.sync()
    assert [one.outcome for one in outcomes] == [
        "failed",
        *["unattempted"] * (len(outcomes) - 1),
    ]
    assert len(outcomes) > 10
    assert driver.one("select count(*) from wpsync.runs") <= 1

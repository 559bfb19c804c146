"""The database equals the emulator's world: every table, every row, every column."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.driving import Driver, Timeline, differences, written_tuples
from wpsync.emulator.client import Remote
from wpsync.resources import TABLES

EVERYTHING = [name for name in TABLES if name != "customers"]


def test_after_backfill_the_database_is_the_world_and_a_sync_with_nothing_new_writes_nothing(
    emulator, database_url, tmp_path
):
    line = Timeline(emulator, database_url, tmp_path, messages=4_000, days=30)
    vendor, driver = line.vendor, line.driver
    assert {o.outcome for o in driver.backfill()} == {"done"}
    found = differences(driver, vendor, EVERYTHING)
    assert not found, "\n".join(found[:20])

    driver.sync()
    before = written_tuples(driver)
    outcomes = driver.sync()
    assert {o.outcome for o in outcomes} == {"done"}
    assert written_tuples(driver) == before


@pytest.mark.reads_the_day
def test_a_later_sync_follows_live_changes(emulator, database_url, tmp_path):
    """Rows arrive, recordings come, money moves, contacts and members come, go and are renamed.

    What changed while nobody read is changed again by reading the days that hold it once more, as a
    follow-up would; a row that came late is found by the same.
    """
    started = datetime.now(UTC) - timedelta(hours=3)
    vendor = emulator(messages=4_000, days=20, now=started, lively=30.0)
    remote = Remote(vendor.url)
    driver = Driver(database_url, vendor.url, tmp_path)
    driver.backfill()
    driver.sync()
    before = vendor.world.series["wechat_messages"].rows[-1].id
    remote.clock(advance_seconds=3 * 3600, freeze=True)
    assert vendor.world.series["wechat_messages"].rows[-1].id != before
    driver.sync()
    driver.backfill("2d", ["calls", "sms", "wechat_chats", "wechat_messages"], again=True)
    late = [name for name in EVERYTHING if name not in ("agent_call_days", "agent_call_totals")]
    found = differences(driver, vendor, late)
    assert not found, "\n".join(found[:20])
    assert driver.one("select count(*) from wp.history")

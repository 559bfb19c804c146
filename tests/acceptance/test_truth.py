"""The database equals the emulator's world: every table, every row, every column."""

import pytest

from tests.acceptance.driving import Driver, differences, written_tuples
from wpsync.resources import TABLES

EVERYTHING = [name for name in TABLES if name != "customers"]


@pytest.fixture
def living(emulator):
    return emulator(messages=6_000, days=30, lively=3.0)


def test_after_backfill_and_after_following_live_changes_the_database_is_the_world(
    emulator, database_url, tmp_path
):
    vendor = emulator(messages=6_000, days=30)
    driver = Driver(database_url, vendor.url, tmp_path)
    outcomes = driver.backfill()
    assert {o.outcome for o in outcomes} == {"done"}
    found = differences(driver, vendor, EVERYTHING); assert not found, "\n".join(found[:20])

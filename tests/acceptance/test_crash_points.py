"""Death at every crash point: a request sent, a reply read, before and after each commit.

The gate takes two of them, the long test some, spread evenly over the run, `EVERY_CRASH_POINT=1` all.
"""

import os

import psycopg
import pytest

from tests.acceptance.driving import Driver, differences
from wpsync import crash_points
from wpsync.resources import TABLES

pytestmark = pytest.mark.reads_the_day

EVERYTHING = [name for name in TABLES if name != "customers"]
SOME = 12


def emptied(database_url):
    """The database as it was after migrating. Processes that live keep their rows and leases."""
    query = "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('wp', 'wpsync') and tablename not in ('alembic_version', 'definitions', 'instances', 'leases')"
    with psycopg.connect(database_url) as connection:
        names = ", ".join(row[0] for row in connection.execute(query))
        connection.execute(f"truncate {names}")


@pytest.mark.parametrize("chosen", [(3, 30), pytest.param((), marks=pytest.mark.long)])
def test_a_run_that_dies_at_any_crash_point_ends_equal_to_the_truth_when_it_is_started_again(
    chosen, emulator, database_url, tmp_path
):
    vendor = emulator(messages=120, days=3)
    driver = Driver(database_url, vendor.url, tmp_path)
    command = ("backfill", "--from", "3d")
    crossed = 0
    for died_at in chosen or points_of(driver, command):
        emptied(database_url)
        dead = driver.run(*command, WPSYNC_DIE_AT=str(died_at))
        if dead.returncode != crash_points.EXIT_STATUS:
            assert dead.returncode == 0, dead.stderr
            break
        crossed += 1
        done = driver.run(*command)
        assert done.returncode == 0, done.stderr
        found = differences(driver, vendor, EVERYTHING)
        assert not found, f"died at {died_at}: {found[:5]}"
        held = "select coalesce(sum(vendor_count - rows_held), 0) from wpsync.windows"
        assert driver.one(held) == 0, died_at
    assert crossed >= (len(chosen) or SOME)


def points_of(driver, command):
    """Every crash point from the first on, or some of them over the whole run."""
    if os.environ.get("EVERY_CRASH_POINT"):
        yield from range(1, 10_000)
    last = 2
    while driver.run(*command, WPSYNC_DIE_AT=str(last)).returncode == crash_points.EXIT_STATUS:
        emptied(driver.database_url)
        last *= 2
    yield from sorted({max(1, last * i // (2 * SOME)) for i in range(1, SOME + 1)})

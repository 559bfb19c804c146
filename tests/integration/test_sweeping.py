"""What was deleted is neither in the statistics nor in the files as rows, once it was swept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.integration.test_erasure import call, contact, erase, read
from tests.integration.test_loading import rows
from wpsync.db.database import Database
from wpsync.loading import sweeping
from wpsync.loading.retention import forget_rows
from wpsync.model import PHONE, WX, Secret
from wpsync.policy import DEFAULT

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def database(database_url):
    with Database(Secret(database_url), connections=3) as opened:
        yield opened


def statistics(database):
    return str(
        rows(
            database,
            "select tablename, most_common_vals::text, histogram_bounds::text, most_common_elems::text"
            " from pg_stats where schemaname = 'wp'",
        )
    )


def size(database, table):
    """The size of a table's file. A vacuum cuts off the end of it in which there is no row."""
    return rows(database, f"select pg_relation_size('wp.{table}')")


@pytest.mark.parametrize("others", [0, 30], ids=["left empty", "with rows"])
def test_an_erasure_is_swept_from_statistics_and_files(others, database):
    """M3"""
    hers = [call(f"hers{one}", "13912345678") for one in range(3)]
    read(
        database, "calls", [*hers, *(call(f"o{one}", f"1390000{one:04}") for one in range(others))]
    )
    read(database, "wechat_contacts", [contact(str(one), "wxid_anna", "anna") for one in range(2)])
    with database.connection() as connection:
        connection.execute("analyze")
    assert "13912345678" in statistics(database)
    assert "wxid_anna" in statistics(database)
    erase(database, PHONE, "13912345678")
    erase(database, WX, "wxid_anna")
    waiting = {table for (table,) in rows(database, "select table_name from wpsync.sweeps")}
    assert {"wp.calls", "wp.wechat_contacts"} <= waiting
    swept = sweeping.sweep(database)
    assert (set(swept.done), swept.left) == (waiting, ())
    assert "13912345678" not in statistics(database)
    assert "wxid_anna" not in statistics(database)
    assert size(database, "wechat_contacts") == [(0,)]
    assert rows(database, "select count(*) from wp.calls") == [(others,)]
    assert rows(database, "select * from wpsync.sweeps") == []


def test_what_another_session_still_sees_is_swept_when_it_has_ended(database, database_url):
    read(database, "calls", [call("hers", "13912345678")])
    with psycopg.connect(database_url) as reader:
        reader.execute("set transaction isolation level repeatable read")
        assert reader.execute("select count(*) from wp.calls").fetchone() == (1,)
        erase(database, PHONE, "13912345678")
        assert "wp.calls" in sweeping.sweep(database).left
        assert ("wp.calls",) in rows(database, "select table_name from wpsync.sweeps")
    assert "wp.calls" in sweeping.sweep(database).done
    assert rows(database, "select * from wpsync.sweeps") == []


def test_a_locked_table_keeps_nobody_waiting_and_is_swept_later(database, database_url):
    read(database, "calls", [call("hers", "13912345678")])
    erase(database, PHONE, "13912345678")
    with psycopg.connect(database_url) as other:
        other.execute("lock table wp.calls in share update exclusive mode")
        waits = replace(DEFAULT.database, sweep_lock=0.2)
        assert "wp.calls" in sweeping.sweep(database, waits).left
    assert "wp.calls" in sweeping.sweep(database).done


def test_what_retention_forgets_is_swept_too(database):
    read(database, "calls", [call(f"old{one}", "13912345678") for one in range(3)])
    with database.connection() as connection:
        connection.execute("analyze")
    assert forget_rows(database, "main", "calls", NOW + timedelta(days=1)) == 3
    sweeping.sweep(database)
    assert "13912345678" not in statistics(database)


def test_a_table_that_is_deleted_from_again_meanwhile_stays_noted(database):
    with database.transaction() as connection:
        sweeping.ask(connection, ["wp.calls"])
    (asked,) = rows(database, "select asked_by from wpsync.sweeps")
    with database.transaction() as connection:
        sweeping.ask(connection, ["wp.calls"])
    assert rows(database, "select asked_by from wpsync.sweeps") != [asked]
    with database.connection() as connection:
        connection.execute(sweeping.QUERIES["swept"], {"table": "wp.calls", "asked": asked[0]})
    assert rows(database, "select table_name from wpsync.sweeps") == [("wp.calls",)]

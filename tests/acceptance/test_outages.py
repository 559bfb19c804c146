"""The database goes away, or is full, in the middle of everything: nothing is lost, nobody has to act.

`RESTARTS` says how often the long test restarts Postgres, `TERMINATIONS` how often it ends connections.
"""

import json
import os
import subprocess
import time

import psycopg
import pytest

from tests.acceptance.driving import Driver, differences
from tests.acceptance.test_service import QUICK, everything_is_there, just_now, serving, until
from tests.postgres import own_server
from wpsync.db import migrations
from wpsync.emulator.client import Remote

pytestmark = pytest.mark.reads_the_day

WINDOWED = ["calls", "sms", "wechat_chats", "wechat_messages"]
READ = "select coalesce(sum(rows_seen), 0) from wpsync.windows"
RESTARTS = int(os.environ.get("RESTARTS", "6"))


@pytest.mark.parametrize("wanted", [1, pytest.param(RESTARTS, marks=pytest.mark.long)])
def test_postgres_crashes_and_comes_back_and_the_backfill_ends_by_itself(
    wanted, emulator, server_folder, tmp_path
):
    vendor = emulator(messages=1_500 * wanted, days=10)
    remote = Remote(vendor.url)
    with own_server(server_folder / "pg", durable=True) as server:
        with psycopg.connect(server.database("postgres"), autocommit=True) as connection:
            connection.execute("create database crashing")
        url = server.database("crashing")
        migrations.upgrade(url)
        driver = Driver(url, vendor.url, tmp_path, "[backfill]\nwindow_rows = 200\n")
        remote.fault("slow", ms=60)
        process = subprocess.Popen(
            driver.command("backfill", "--from", "12d", *(f"--resource={n}" for n in WINDOWED)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        done = crashes = 0
        for _ in range(wanted):
            while driver.one(READ) < done + 500 and process.poll() is None:
                time.sleep(0.05)
            if process.poll() is not None:
                break
            server.crash()
            server.start()
            crashes += 1
            done = driver.one(READ)
        remote.clear_faults()
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
        assert crashes == wanted, "the backfill was too quick"
        found = differences(driver, vendor, [*WINDOWED, "message_transfers", "message_media"])
        assert not found, "\n".join(found[:20])
        assert driver.one("select count(*) from wpsync.windows where state <> 'complete'") == 0


def test_a_full_disk_fails_the_run_and_once_it_is_freed_the_next_run_goes_on(
    emulator, database_url, tmp_path
):
    """The server's own error (53100), raised where the rows come in."""
    vendor = emulator(messages=600, days=5)
    driver = Driver(database_url, vendor.url, tmp_path)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "create function disk_full() returns trigger language plpgsql as $$ begin"
            " if (select count(*) from wp.calls) > 20 then"
            " raise exception 'could not extend file: No space left on device' using errcode = '53100';"
            " end if; return new; end $$"
        )
        connection.execute(
            "create trigger disk_full before insert on wp.calls execute function disk_full()"
        )
    failed = driver.run("backfill", "--from", "6d", "--resource", "calls")
    assert failed.returncode == 1
    assert "No space left" in failed.stderr
    held = driver.one(  # the vendor lives: a call of the last two minutes is held and not yet vouched for
        "select count(*) from wp.calls where began_at < (select max(ends_at) from wpsync.windows)"
    )
    assert driver.one("select coalesce(sum(rows_held), 0) from wpsync.windows") == held
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("drop trigger disk_full on wp.calls")
    assert driver.run("backfill", "--from", "6d", "--resource", "calls").returncode == 0
    assert not differences(driver, vendor, ["calls"])


TERMINATIONS = int(os.environ.get("TERMINATIONS", "20"))


@pytest.mark.parametrize("wanted", [2, pytest.param(TERMINATIONS, marks=pytest.mark.long)])
def test_backends_that_are_terminated_cost_neither_a_row_nor_a_person(
    wanted, emulator, database_url, tmp_path
):
    vendor = emulator(messages=400 * wanted, days=10)
    remote = Remote(vendor.url)
    driver = Driver(database_url, vendor.url, tmp_path, "[backfill]\nwindow_rows = 200\n")
    remote.fault("slow", ms=60)
    process = subprocess.Popen(
        driver.command("backfill", "--from", "12d", *(f"--resource={n}" for n in WINDOWED)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    kill = (
        "select count(pg_terminate_backend(pid)) from pg_stat_activity"
        " where application_name like 'wpsync %%' and datname = current_database()"
    )
    struck = done = 0
    while struck < wanted and process.poll() is None:
        while process.poll() is None and driver.one(READ) < done + 100:
            time.sleep(0.02)
        struck += driver.one(kill) > 0
        done = driver.one(READ)
    remote.clear_faults()
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert struck == wanted, "the backfill was too quick"
    found = differences(driver, vendor, [*WINDOWED, "message_transfers", "message_media"])
    assert not found, "\n".join(found[:20])
    assert driver.one("select count(*) from wpsync.windows where state <> 'complete'") == 0


def fills(*tables):
    """Statements after which nothing can be written to these, for want of space: the server's own error."""
    yield (
        "create function full_disk() returns trigger language plpgsql as $$ begin"
        " raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$"
    )
    for table in tables:
        yield (
            f"create trigger full_disk before insert or update on {table}"
            " for each statement execute function full_disk()"
        )


NO_WRITES = {
    "full": (
        list(fills("wpsync.instances", "wpsync.jobs", "wpsync.runs", "wpsync.incidents")),
        ["drop function full_disk cascade"],
    ),
    "read-only": (
        [
            "do $$ begin execute format('alter database %I set default_transaction_read_only = on',"
            " current_database()); end $$"
        ],
        [
            "do $$ begin execute format('alter database %I reset default_transaction_read_only',"
            " current_database()); end $$"
        ],
    ),
}
CUT = (
    "select pg_terminate_backend(pid) from pg_stat_activity"
    " where datname = current_database() and pid <> pg_backend_pid()"
)


@pytest.mark.parametrize(
    "how", [pytest.param(how, marks=[pytest.mark.long] * (how == "full")) for how in NO_WRITES]
)
def test_a_database_that_takes_no_writes_is_waited_for_by_the_service(
    emulator, database_url, tmp_path, how
):
    vendor = emulator(messages=300, days=2)
    driver = Driver(database_url, vendor.url, tmp_path, f'{QUICK}[log]\nformat = "json"\n')
    log = tmp_path / "service.log"

    def execute(statements):
        options = "-c default_transaction_read_only=off"
        with psycopg.connect(database_url, autocommit=True, options=options) as connection:
            for statement in (*statements, CUT):
                connection.execute(statement)

    def logged(event):
        return f'"event": "{event}"' in log.read_text(encoding="utf-8")

    ends, mends = NO_WRITES[how]
    with serving(driver) as process:
        until(lambda: everything_is_there(driver, vendor), "the first three days")
        execute(ends)
        until(lambda: logged("database.away"), "that it takes no writes")
        time.sleep(5)
        assert process.poll() is None
        execute(mends)
        until(lambda: logged("database.back"), "that it does again")
        now = just_now()
        Remote(vendor.url).generate("calls", 10, now, now)
        until(lambda: everything_is_there(driver, vendor), "what came afterwards")
    lines = [json.loads(one) for one in log.read_text(encoding="utf-8").splitlines()]
    said = [one["event"] for one in lines if one["level"] in ("warning", "error")]
    assert said.count("database.away") == 1
    assert len(said) <= 3, said

"""The leader is stopped, as on a frozen machine, or killed: another leads soon, and the stopped one writes nothing more.

Each write to a table is noted with the session that wrote it. The gate runs services that count as silent after three
seconds (`hasty`). `STANDSTILLS` are the seconds for which the long tests stop a real one.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import psycopg
import pytest

from tests.acceptance.driving import Driver
from tests.acceptance.hasty import POLICY
from tests.acceptance.test_service import QUICK, everything_is_there, just_now, until
from wpsync.emulator.client import Remote
from wpsync.policy import DEFAULT

STANDSTILLS = [int(seconds) for seconds in os.environ.get("STANDSTILLS", "40").split()]
STATES = ["idle", "transaction", "copy"]

NOTE_WRITERS = """
create table public.writes (at timestamptz default clock_timestamp(), writer text, name text);
create function public.note_writer() returns trigger language plpgsql as $$ begin
    insert into public.writes (writer, name)
    values (current_setting('application_name'), tg_table_schema || '.' || tg_table_name);
    return null;
end $$;
do $$ declare one record; begin
    for one in select schemaname, tablename from pg_tables where schemaname in ('wp', 'wpsync') loop
        execute format('create trigger note_writer after insert or update or delete on %I.%I for each row'
                       ' execute function public.note_writer()', one.schemaname, one.tablename);
    end loop;
end $$
"""


@pytest.fixture
def vendor(emulator):
    return emulator(messages=300, days=2)


@pytest.fixture
def driver(vendor, database_url, tmp_path):
    return Driver(database_url, vendor.url, tmp_path, QUICK)


@contextmanager
def serving(driver, *, hasty):
    """A service in a process of its own, killed at the end."""
    command = [sys.executable, "-m", "tests.acceptance.hasty", str(driver.config_file)]
    command = command if hasty else driver.command("run")
    with (driver.folder / "service.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def leader(driver):
    """The process that leads; None where none does."""
    found = driver.query(
        "select split_part(holder, ':', 2)::int from wpsync.leases where scope = 'leader'"
    )
    return found[0][0] if found else None


@contextmanager
def two(driver, *, hasty):
    """A leader and a standby, in that order."""
    with serving(driver, hasty=hasty) as first:
        until(lambda: leader(driver) == first.pid, "a leader")
        with serving(driver, hasty=hasty) as second:
            standby = "select count(*) from wpsync.instances where role = 'standby'"
            until(lambda: driver.one(standby) == 1, "a standby")
            yield first, second


def stop(driver, remote, process, state):
    """Stop the leader: idle, inside a transaction, or inside COPY, with new rows to be loaded."""
    if state == "idle":
        process.send_signal(signal.SIGSTOP)
        return
    # A lock keeps it at a statement until it is stopped; then the server goes on, as far as it can without it.
    table = "wp.wechat_messages" if state == "copy" else "wpsync.windows"
    waits = (
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and application_name like %s"
        " and query ilike %s"
    )
    like = f"%:{process.pid}:%", "copy %" if state == "copy" else "%"
    with psycopg.connect(driver.database_url) as connection:
        connection.execute(f"lock table {table} in exclusive mode")
        now = just_now()
        remote.generate("wechat_messages", 50, now, now)
        until(lambda: driver.one(waits, *like), "that it waits for the lock")
        process.send_signal(signal.SIGSTOP)
    open_still = (
        "select count(*) from pg_stat_activity where xact_start is not null and application_name like %s"
        " and wait_event = 'ClientRead' and query ilike %s"
    )
    sessions = "select count(*) from pg_stat_activity where application_name like %s"
    until(
        lambda: driver.one(open_still, *like) or not driver.one(sessions, like[0]),
        "a transaction that is left open, or was ended by the standby already",
    )


def writes(driver, process, since):
    """Which tables a process has written since then, with how many rows."""
    return driver.query(
        "select name, count(*) from public.writes where writer like %s and at > %s group by 1",
        f"%:{process.pid}:%",
        since,
    )


@pytest.mark.parametrize(
    ("state", "seconds"),
    [(state, None) for state in STATES]
    + [
        pytest.param(state, seconds, marks=pytest.mark.long)
        for state in STATES
        for seconds in STANDSTILLS
    ],
)
def test_a_stopped_leader_is_taken_over_and_writes_nothing_more(driver, vendor, state, seconds):
    remote, hasty = Remote(vendor.url), seconds is None
    rules = (POLICY if hasty else DEFAULT).leases
    with two(driver, hasty=hasty) as (first, second):
        until(lambda: everything_is_there(driver, vendor), "the first days")
        with psycopg.connect(driver.database_url, autocommit=True) as connection:
            connection.execute(NOTE_WRITERS)
        stop(driver, remote, first, state)
        stopped = time.monotonic()
        until(lambda: leader(driver) == second.pid, "that the other leads")
        took = time.monotonic() - stopped
        assert took < rules.silent + 10, "the contract says thirty seconds"
        since = driver.one("select clock_timestamp()")
        now = just_now()
        remote.generate("wechat_messages", 20, now, now)
        until(lambda: everything_is_there(driver, vendor), "what came while it stood still")
        time.sleep(max(0.0, (seconds or 0) - (time.monotonic() - stopped)))
        assert writes(driver, first, since) == []
        first.send_signal(signal.SIGCONT)
        standby = "select count(*) from wpsync.instances where role = 'standby' and id like %s"
        until(lambda: driver.one(standby, f"%:{first.pid}:%"), "that it stands by")
        time.sleep(2 * rules.beat)
        assert {name for name, _ in writes(driver, first, since)} == {"wpsync.instances"}
        assert leader(driver) == second.pid
        second.kill()
        second.wait()
        until(lambda: leader(driver) == first.pid, "that it leads again")
        now = just_now()
        remote.generate("wechat_messages", 20, now, now)
        until(lambda: everything_is_there(driver, vendor), "what came afterwards")


@pytest.mark.parametrize(
    ("state", "hasty"),
    [("copy", True)] + [pytest.param(state, False, marks=pytest.mark.long) for state in STATES],
)
def test_a_leader_that_stands_still_for_a_moment_goes_on_leading(driver, vendor, state, hasty):
    remote = Remote(vendor.url)
    with two(driver, hasty=hasty) as (first, second):
        until(lambda: everything_is_there(driver, vendor), "the first days")
        with psycopg.connect(driver.database_url, autocommit=True) as connection:
            connection.execute(NOTE_WRITERS)
        since = driver.one("select clock_timestamp()")
        stop(driver, remote, first, state)
        time.sleep(1.5 if hasty else 10)
        first.send_signal(signal.SIGCONT)
        until(lambda: everything_is_there(driver, vendor), "what came meanwhile")
        assert leader(driver) == first.pid
        assert {name for name, _ in writes(driver, second, since)} == {"wpsync.instances"}


def test_a_killed_leader_is_taken_over_within_five_seconds(driver):
    with two(driver, hasty=False) as (first, second):
        first.kill()
        killed = time.monotonic()
        until(lambda: leader(driver) == second.pid, "that the other leads")
        assert time.monotonic() - killed < 5

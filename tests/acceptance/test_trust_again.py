"""Once a trouble is over, rows are as young as ever within two minutes. In virtual time."""

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from tests.acceptance.driving import CLIENT, START, Timeline, local
from tests.shared_clock import SharedClock
from wpsync.daemon.jobs import perform
from wpsync.daemon.service import watching, working
from wpsync.policy import DEFAULT
from wpsync.status import freshness

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
BEGIN, TWO_MINUTES = START + 2 * MINUTE, 2 * MINUTE
TIMES = {"calls": "began_at", "wechat_messages": "sent_at"}
HURRIED = replace(DEFAULT, database=replace(DEFAULT.database, pool=0.3))
"""Waits for a connection take real time."""


@pytest.fixture
def line(emulator, database_url, tmp_path):
    clock = SharedClock(START)
    line = Timeline(emulator, database_url, tmp_path, clock=clock, messages=300, days=1)
    clock.on_move = lambda now: setattr(line.vendor.state, "frozen_at", now.timestamp())
    line.driver.calls_a_minute = 20
    line.driver.more = (
        '[sync]\nresources = ["calls", "wechat_messages"]\n[recheck]\nsample_rows = 0\n'
        "[backfill]\npage_concurrency = 1\n"  # the clock knows of no other threads
    )
    return line


def too_fast(line):
    line.remote.fault("http_429")
    line.clock.sleep(60)
    line.remote.clear_faults()


def another_logs_in(line):
    line.remote.settings(sessions="one")
    desk, body = line.vendor.state.vendor.desk, {"clientId": CLIENT[0], "clientSecret": CLIENT[1]}
    for _ in range(25):
        desk.log_in(body, line.clock.now().timestamp())
        line.clock.sleep(1)


def vendor_away(line):
    line.remote.fault("reset")
    line.clock.sleep(300)
    line.remote.clear_faults()


def busy(line):
    line.remote.fault("code_0", msg="系统繁忙")
    line.clock.sleep(120)
    line.remote.clear_faults()


def database_away(line):
    url = line.driver.database_url
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(url.replace(f"/{name}?", "/postgres?"), autocommit=True) as connection:
        connection.execute(f'alter database "{name}" with allow_connections false')
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name]
        )
        line.clock.sleep(120)
        connection.execute(f'alter database "{name}" with allow_connections true')


def live(line, trouble, until):
    """Do every job at its times, beside each other as in the service, and a trouble; return when it was over."""
    ended = []

    def troubled():
        line.clock.sleep_until(BEGIN)
        trouble(line)
        ended.append(line.clock.now())

    with line.session(HURRIED) as opened, working(opened, watching(opened.config)) as jobs:

        def doing(job):
            def work():
                while line.clock.now() < until:
                    next_at = line.clock.now() + job.every
                    perform(opened, job, lambda: line.clock.now() >= until, next_at)
                    line.clock.sleep_until(min(next_at, until))

            return work

        line.clock.run(troubled, *(doing(job) for job in jobs if not job.nightly))
        assert freshness.behind(opened.database, opened.config, line.clock.now()) == []
    return ended[0]


def late(line, since, until):
    """The rows that were not there two minutes after both their time and `since`."""
    found = []
    for name, time in TIMES.items():
        held = dict(line.driver.query(f"select id, _first_synced_at from wp.{name}"))
        for row in line.vendor.world.truth(name):
            due = max(row[time], since) + TWO_MINUTES
            if row[time] >= START and due < until and not held.get(row["id"], until) <= due:
                found.append((name, row["id"], row[time]))
    return found


def rows_come(line, until):
    """A call and a message every ten seconds."""
    for second in range(0, int((until - START).total_seconds()), 10):
        at = local(START + second * SECOND)
        for name in TIMES:
            line.remote.generate(name, 1, at, at)


@pytest.mark.parametrize(
    ("trouble", "minutes"),
    [
        (too_fast, 1),
        pytest.param(another_logs_in, 1, marks=pytest.mark.long),
        pytest.param(vendor_away, 5, marks=pytest.mark.long),
        pytest.param(busy, 2, marks=pytest.mark.long),
        pytest.param(database_away, 2, marks=pytest.mark.long),
    ],
)
def test_rows_are_young_again_two_minutes_after_a_trouble(line, trouble, minutes):
    until = BEGIN + (minutes + 5) * MINUTE
    rows_come(line, until)
    ended = live(line, trouble, until)
    assert ended < until - 4 * MINUTE
    assert late(line, ended, until) == []


def test_a_row_that_cannot_be_read_makes_no_other_late_and_the_vendor_is_not_away(line, caplog):
    until = BEGIN + 8 * MINUTE
    rows_come(line, until)
    at = BEGIN + 40 * SECOND
    (poison,) = (row["id"] for row in line.vendor.world.truth("calls") if row["began_at"] == at)

    def stumbles(line):
        line.remote.settings(broken=[poison], broken_status=500)
        line.clock.sleep_until(BEGIN + 5 * MINUTE)
        line.remote.settings(broken=[])

    live(line, stumbles, until)
    assert late(line, at, until) == [("calls", poison, at)]
    assert "vendor.away" not in caplog.text
    assert not line.driver.query("select 1 from wpsync.windows where state = 'incomplete'")

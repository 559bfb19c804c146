"""Ticks of the service that do nothing leave no row each; all that is read of runs stays right."""

from datetime import timedelta

import pytest

from tests.acceptance.driving import Timeline, local
from wpsync.daemon.service import watching, working
from wpsync.resources import RESOURCES
from wpsync.status import service, snapshot
from wpsync.status.known import Tolerant

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
MOST = 300 / 48
"""Rows in half an hour, so that a day and account has no more than three hundred."""


@pytest.fixture
def line(emulator, database_url, tmp_path):
    line = Timeline(emulator, database_url, tmp_path, messages=300, days=3)
    line.driver.more = '[sync]\nfirst_sync_from = "2d"\n'
    return line


def rows(line):
    return line.driver.one("select count(*) from wpsync.runs")


@pytest.mark.parametrize("minutes", [10, pytest.param(30, marks=pytest.mark.long)])
def test_a_while_in_which_nothing_comes_leaves_a_few_rows_that_show_the_newest_run(minutes, line):
    with line.session() as opened, working(opened, watching(opened.config)) as jobs:
        line.live(opened, jobs, line.clock.now() + 12 * MINUTE)
        before, asked = rows(line), line.last()
        counted = line.driver.one("select sum(requests) from wpsync.requests")
        done = line.live(opened, jobs, line.clock.now() + minutes * MINUTE)
        assert len(done) > 8 * minutes
        assert rows(line) - before <= MOST
        more = line.driver.one("select sum(requests) from wpsync.requests") - counted
        assert more == line.last() - asked > 3 * minutes, (
            "every request is counted, with a row or without"
        )
        now = line.clock.now()
        state = snapshot.status(opened.database, opened.config, now)
        for one in state.resources:
            assert one.last_run is not None
            assert one.last_run.outcome == "done"
            often = HOUR if one.mode == "report" else 11 * MINUTE
            assert now - one.last_run.started_at <= often, one.resource
        members = next(one for one in state.resources if one.resource == "wechat_room_members")
        assert members.minutes_behind is not None
        assert members.minutes_behind < 21
        shown = service.activity(opened.database.monitoring, now, Tolerant(now))
        assert sum(shown.requests) == line.driver.one("select sum(requests) from wpsync.requests")


def test_a_tick_that_does_something_or_fails_has_a_row_of_its_own(line):
    with line.session() as opened, working(opened, watching(opened.config)) as jobs:
        line.live(opened, jobs, line.clock.now() + 5 * MINUTE)
        last = line.driver.one("select max(id) from wpsync.runs")
        now = local(line.clock.now())
        line.remote.generate("calls", 3, now, now)
        line.live(opened, jobs, line.clock.now() + 3 * MINUTE)
        own = (
            "select kind, outcome, rows_inserted, finished_at is not null from wpsync.runs"
            " where id > %s and resource = 'calls' and idle_runs = 0"
        )
        assert line.driver.query(own, last) == [("sync", "done", 3, True)]
        last = line.driver.one("select max(id) from wpsync.runs")
        line.remote.fault("code_0", endpoint=RESOURCES["sms"].endpoint)
        line.live(opened, jobs, line.clock.now() + 2 * MINUTE)
        failed = "select distinct resource, outcome from wpsync.runs where id > %s and outcome = 'failed'"
        assert line.driver.query(failed, last) == [("sms", "failed")]


def test_a_command_has_a_row_whether_it_does_something_or_not_and_no_tick_takes_it(line):
    line.driver.sync(["calls"])
    line.driver.sync(["calls"])
    runs = "select idle_runs from wpsync.runs where kind = 'sync' order by id"
    assert line.driver.query(runs) == [(0,)] * 2
    with line.session() as opened, working(opened, watching(opened.config)) as jobs:
        live = [job for job in jobs if job.key.job == "calls"]
        line.live(opened, live, line.clock.now() + 5 * MINUTE)
    *own, (idle,) = line.driver.query(runs)
    assert own == [(0,)] * 2
    assert idle >= 4

"""The service's jobs: none overlaps itself, missed times are made up and counted, a hung one is left."""

import io
import logging
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.fake_clock import FakeClock
from wpsync import log
from wpsync.clock import SystemClock
from wpsync.config import Config
from wpsync.daemon.jobs import DONE, LIVE, RECHECK, SLOW, Job, Result, perform
from wpsync.daemon.scheduler import AT_ONCE, THREADS, Scheduler
from wpsync.db.database import Database
from wpsync.errors import Message, Stopped
from wpsync.model import Secret
from wpsync.resources import RESOURCES
from wpsync.resources.spec import Mode
from wpsync.state import jobs as kept
from wpsync.state.jobs import JobKey
from wpsync.status import service
from wpsync.sync.session import MOST, Session, connections
from wpsync.values import SHANGHAI

SECOND = timedelta(seconds=1)


@pytest.fixture
def session(database_url):
    stop = threading.Event()
    with Database(Secret(database_url), connections=12) as database:
        yield Session(Config(), Secret(database_url), database, SystemClock(), stop.is_set)
        stop.set()


def job(name, work, every=SECOND, **more):
    return Job(JobKey("", name), every, work, **more)


def noting(ran, number):
    """Work that only notes that it was done."""

    def work(stopping):
        ran.append(number)
        return DONE

    return work


def state_of(session, name):
    found = service.jobs(session.database, list(session.config.accounts))
    return next(one for one in found if one.job == name)


def wait_for(true):
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.reads_the_day
def test_times_that_were_missed_are_made_up_by_one_run_and_counted(session):
    ran: list[int] = []
    hourly = job("hourly", noting(ran, 1), timedelta(hours=1))
    now = session.clock.now()
    kept.plan_job(session.database, hourly.key, 3600, now - timedelta(hours=5, minutes=10))
    scheduler = Scheduler(session, [hourly])
    scheduler.start()
    wait_for(lambda: state_of(session, "hourly").outcome == "done")
    scheduler.stop()
    told = state_of(session, "hourly")
    assert (len(ran), told.missed) == (1, 5)
    assert told.next_at > now + timedelta(minutes=50)


@pytest.mark.reads_the_day
def test_a_restart_runs_nothing_before_its_time(session):
    ran: list[int] = []
    hourly = job("hourly", noting(ran, 1), timedelta(hours=1))
    soon = job("soon", noting(ran, 2))
    kept.plan_job(session.database, hourly.key, 3600, session.clock.now() + timedelta(minutes=30))
    scheduler = Scheduler(session, [hourly, soon])
    scheduler.start()
    wait_for(lambda: 2 in ran)
    scheduler.stop()
    assert 1 not in ran


def test_a_hung_job_is_left_at_its_deadline_and_holds_up_nobody(session):
    ran: list[int] = []

    def hang(stopping):
        while not stopping():
            time.sleep(0.05)
        raise Stopped

    hung = job("hung", hang, lane=SLOW, deadline=2 * SECOND)
    live = job("live", noting(ran, 1), lane=LIVE)
    scheduler = Scheduler(session, [hung, live])
    scheduler.start()
    wait_for(lambda: state_of(session, "hung").outcome == "deadline")
    scheduler.stop()
    assert len(ran) >= 2
    assert state_of(session, "hung").error == Message("job.deadline", {"seconds": 2})


def test_a_job_that_ends_by_its_deadline_again_and_again_counts_as_failing(session):
    key, now = JobKey("", "endless"), session.clock.now()
    for _ in range(3):
        kept.begin_job(session.database, key, 15, now, now)
        kept.end_job(
            session.database, key, now, "deadline", Message("job.deadline", {"seconds": 15})
        )
    assert state_of(session, "endless").failures == 3


def test_a_job_never_overlaps_itself(session):
    at_once: list[int] = []
    most: list[int] = []

    def slow(stopping):
        at_once.append(1)
        most.append(len(at_once))
        time.sleep(2.2)
        at_once.pop()
        return DONE

    scheduler = Scheduler(session, [job("slow", slow)])
    scheduler.start()
    wait_for(lambda: len(most) >= 2)
    scheduler.stop()
    assert max(most) == 1


def test_a_time_that_finds_its_job_at_work_is_counted_and_no_warning(session, monkeypatch):
    stream, root = io.StringIO(), logging.getLogger()
    for where, name in ((sys, "excepthook"), (threading, "excepthook"), (root, "level")):
        monkeypatch.setattr(where, name, getattr(where, name))
    monkeypatch.setattr(root, "handlers", [])
    log.setup("info", "json", stream)

    def slow(stopping):
        time.sleep(3.2)
        return DONE

    scheduler = Scheduler(session, [job("slow", slow)])
    scheduler.start()
    wait_for(lambda: state_of(session, "slow").missed)
    scheduler.stop()
    assert stream.getvalue() == ""


def test_a_failure_that_people_were_told_of_already_is_not_told_again(session, caplog):
    def fails(stopping):
        return Result("failed", Message("vendor.no_reason", {"endpoint": "/x"}))

    scheduler = Scheduler(session, [job("told", fails, is_told=lambda result: True)])
    scheduler.start()
    wait_for(lambda: state_of(session, "told").failures > 1)
    scheduler.stop()
    assert "job.failed" not in caplog.text


def test_a_defect_ends_one_job_only_and_shows_nothing_of_what_it_held(session, caplog):
    def defect(stopping):
        raise ValueError("13800138000 said something")

    result = perform(session, job("defect", defect), lambda: False)
    assert result.outcome == "failed"
    error = state_of(session, "defect").error
    assert (error.code, error.params["kind"]) == ("job.defect", "ValueError")
    assert error.params["place"].startswith("test_scheduler.py:")
    assert "13800138000" not in caplog.text + str(state_of(session, "defect"))
    for _ in range(2):
        perform(session, job("defect", defect), lambda: False)
    assert state_of(session, "defect").failures == 3
    perform(session, job("defect", lambda stopping: DONE), lambda: False)
    assert state_of(session, "defect").failures == 0


def test_an_account_whose_vendor_hangs_keeps_no_other_waiting(session):
    """All jobs of one account hang, in every lane, and more of them than a lane has threads."""
    ran: list[str] = []
    over = threading.Event()

    def hang(stopping):
        over.wait(60)
        return DONE

    def of(account, lane, number, work):
        return Job(JobKey(account, f"{lane} {number}"), SECOND, work, lane=lane)

    hanging = [of("hangs", lane, n, hang) for lane in THREADS for n in range(THREADS[lane] + 1)]
    well = [of("well", lane, 0, noting(ran, lane)) for lane in THREADS]
    scheduler = Scheduler(session, [*hanging, *well])
    scheduler.start()
    try:
        wait_for(lambda: set(ran) == set(THREADS))
    finally:
        over.set()
        scheduler.stop()


@pytest.mark.parametrize("lane", [LIVE, RECHECK])
def test_a_resource_that_is_caught_up_with_for_hours_keeps_no_other_waiting(session, lane):
    """However many accounts there are: all windowed resources but one are at it, in each."""
    names = [one.name for one in RESOURCES.values() if one.mode is Mode.WINDOWED]
    ran: list[str] = []
    over = threading.Event()

    def catch_up(stopping):
        over.wait(60)
        return DONE

    accounts = ["first", "second", "third"]
    jobs = [
        Job(
            JobKey(account, name),
            SECOND,
            noting(ran, account) if name == names[-1] else catch_up,
            lane=lane,
        )
        for account in accounts
        for name in names
    ]
    scheduler = Scheduler(session, jobs)
    scheduler.start()
    try:
        wait_for(lambda: set(ran) == set(accounts))
    finally:
        over.set()
        scheduler.stop()


def test_many_accounts_need_no_more_connections_than_a_server_allows():
    account = {"base_url": "http://127.0.0.1:1", "client_id": "x", "client_secret": "y"}
    needed = [
        connections(
            Config.model_validate({"accounts": {f"a{n}": account for n in range(many)}}), AT_ONCE
        )
        for many in (1, 2, 10)
    ]
    assert needed[0] < needed[1] < needed[2] == MOST


def test_a_stop_waits_for_a_job_that_only_begins(session):
    """One more than the lane has threads: it begins when the others have seen that all must stop."""
    begun: list[int] = []
    told = threading.Event()

    def until_told(stopping):
        begun.append(1)
        told.wait(30)
        return DONE

    jobs = [job(f"job {number}", until_told, lane=LIVE) for number in range(THREADS[LIVE] + 1)]
    scheduler = Scheduler(session, jobs)
    scheduler.start()
    wait_for(lambda: len(begun) == THREADS[LIVE])
    stopping = threading.Thread(target=scheduler.stop, daemon=True)
    stopping.start()
    time.sleep(0.3)
    told.set()
    stopping.join(20)
    assert not stopping.is_alive()
    assert len(begun) == len(jobs)


class JumpingClock(FakeClock):
    """A wall clock that somebody sets."""

    def jump(self, by):
        self._now += by


@pytest.mark.reads_the_day
def test_a_wall_clock_that_is_set_moves_the_next_times_along(session):
    wall = JumpingClock(SystemClock().now())
    daily = job("daily", lambda stopping: DONE, timedelta(days=1))
    kept.plan_job(session.database, daily.key, 86_400, session.clock.now() + timedelta(hours=9))
    scheduler = Scheduler(session, [daily], wall=wall)
    scheduler.start()
    (before,) = scheduler.next_times()
    scheduler.look()
    assert scheduler.next_times() == [before]
    wall.jump(timedelta(hours=-1))
    scheduler.look()
    assert scheduler.next_times() == [before - timedelta(hours=1)]
    scheduler.stop()


def test_nightly_jobs_wait_for_the_night_in_shanghai():
    noon = datetime(2026, 5, 20, 4, tzinfo=UTC)  # 12:00 in Shanghai
    nightly = job("proof", lambda stopping: DONE, timedelta(days=1), nightly=True)
    at = nightly.first_at(noon, None).astimezone(SHANGHAI)
    assert (at.hour, at.minute) == (3, 30)
    assert noon < at < noon + timedelta(days=1)

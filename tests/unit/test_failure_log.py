"""The log says of one trouble that it began, now and then that it lasts, and that it is over: not more."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from wpsync.daemon.failure_log import FailureLog
from wpsync.daemon.jobs import DONE, Result
from wpsync.errors import Message
from wpsync.state.jobs import JobKey

START = datetime(2026, 5, 20, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def failed(code, words=None, **params):
    return Result("failed", Message(code, params, words))


def away(path):
    return failed("vendor.server_error", "text/plain: x", endpoint=path, status=503)


@pytest.fixture
def troubles(caplog):
    caplog.set_level(logging.DEBUG)
    return FailureLog()


def said(caplog):
    return [(record.levelname, record.getMessage()) for record in caplog.records]


def test_jobs_that_fail_for_one_cause_are_one_trouble_until_all_have_got_through(troubles, caplog):
    calls, sms = JobKey("main", "calls"), JobKey("main", "sms")
    for minute in range(30):
        troubles.heard(calls, away("/api/device/call"), START + minute * MINUTE, START)
        troubles.heard(sms, away("/api/device/sms"), START + minute * MINUTE, START)
    assert said(caplog) == [("ERROR", "job.failed")]
    assert vars(caplog.records[0])["tried_again_at"] == START.isoformat()
    troubles.heard(calls, DONE, START + 30 * MINUTE)
    assert len(caplog.records) == 1
    troubles.heard(sms, DONE, START + 31 * MINUTE)
    assert said(caplog)[1:] == [("INFO", "job.recovered")]
    over = vars(caplog.records[1])
    assert (over["seconds"], over["failures"]) == (31 * 60, 60)


def test_a_trouble_that_lasts_is_told_hourly(troubles, caplog):
    for minute in range(60 * 3 + 1):
        troubles.heard(JobKey("main", "calls"), away("/x"), START + minute * MINUTE)
    assert [event for _, event in said(caplog)] == ["job.failed", *["job.failing"] * 3]
    assert vars(caplog.records[1])["jobs"] == "calls"


def test_other_causes_and_other_accounts_are_other_troubles(troubles, caplog):
    troubles.heard(JobKey("main", "calls"), away("/x"), START)
    troubles.heard(JobKey("second", "calls"), away("/x"), START)
    troubles.heard(JobKey("main", "agents"), failed("vendor.wrong_parameter", endpoint="/y"), START)
    assert len(caplog.records) == 3
    down = failed("database.unavailable", "connection refused")
    troubles.heard(JobKey("main", "sms"), down, START)
    troubles.heard(JobKey("", "alerts"), down, START)
    assert len(caplog.records) == 4, "the database is everybody's"


def test_a_job_that_fails_in_other_words_is_still_in_the_same_trouble(troubles, caplog):
    key = JobKey("main", "calls")
    for number in range(6):
        troubles.heard(
            key,
            failed("job.defect", kind="ValueError", place="a.py:1") if number % 2 else away("/x"),
            START,
        )
    assert len(caplog.records) == 1


def test_a_job_that_was_interrupted_tells_nothing_either_way(troubles, caplog):
    key = JobKey("main", "calls")
    troubles.heard(key, away("/x"), START)
    troubles.heard(key, Result("interrupted"), START)
    troubles.heard(key, away("/x"), START)
    assert len(caplog.records) == 1

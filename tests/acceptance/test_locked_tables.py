"""Somebody locks a table of `wp`: its own resource waits, nothing else does, and every question is answered.

The gate locks the tables of a few resources for as long as the others take to show that they go on. `make test-long`
locks every table, one after the other, for so many seconds at least as `LOCKED_SECONDS` says, and the calls four times
as long.
"""

import os
import time
from contextlib import contextmanager

import httpx
import psycopg
import pytest

from tests.acceptance.driving import Driver
from tests.acceptance.test_service import serving, until
from tests.web.sites import served
from wpsync.resources import RESOURCES, TABLES
from wpsync.resources.spec import Mode

LOCKED_SECONDS = float(os.environ.get("LOCKED_SECONDS", "2"))
PATIENCE = 30
"""Seconds for an answer. The lock is held until all have answered, so an answer that waits for it never comes."""
EVERY = ", ".join(f"{name} = 1" for name in RESOURCES)
QUICK = f"[sync]\ninterval_seconds = 1\nfirst_sync_from = '2d'\nevery = {{ {EVERY} }}\n[web]\nport = %s\n"
PATHS = ("/", "/metrics", "/healthz", "/readyz", "/api/status", "/api/calendar", "/api/activity")

FAMILIES = {
    name: {name, *(other.name for other in RESOURCES.values() if other.parent == name)}
    for name in RESOURCES
}
"""Which resources need a resource's table: itself, and what is read parent by parent."""


def owners(table):
    """The resources that a table belongs to."""
    if table == "history":
        # The rows that a listing no longer has are kept there too.
        return {
            one.name for one in RESOURCES.values() if one.table.history or one.mode is Mode.LISTING
        }
    return {
        name
        for one in RESOURCES.values()
        if table == one.table.name or table in [detail.name for detail in one.details]
        for name in FAMILIES[one.name]
    }


@contextmanager
def locked(url, *tables):
    """Hold tables as a migration or a VACUUM FULL does."""
    with psycopg.connect(url) as connection:
        for table in tables:
            connection.execute(f"lock table wp.{table} in access exclusive mode")
        yield


@pytest.fixture
def driver(emulator, database_url, tmp_path):
    return Driver(database_url, emulator(messages=300, days=2).url, tmp_path)


def answers(url):
    """What each path answers. Within `locked`, each does so while the tables are locked."""
    english = {"Accept-Language": "en"}
    return {path: httpx.get(f"{url}{path}", headers=english, timeout=PATIENCE) for path in PATHS}


@pytest.mark.reads_the_day
def test_every_question_is_answered_while_all_tables_are_locked_and_says_what_it_lacks(driver):
    driver.backfill("3d")
    driver.sync()
    driver.query(
        "update wp.calls set _gone_at = now() where id = (select min(id) from wp.calls) returning 1"
    )
    with served(driver) as site:
        before = answers(site.url)
        assert {reply.status_code for reply in before.values()} == {200}
        with locked(site.driver.database_url, *TABLES, "history"):
            during = answers(site.url)
            assert {reply.status_code for reply in during.values()} == {200}
            page, numbers = during["/"].text, during["/metrics"].text
            assert "wp.calls cannot be read now" in page
            assert "its numbers are as of" in page
            assert 'wpsync_table_unread{table="calls"} 1.0' in numbers
            assert 'wpsync_gone_rows{account="main",resource="calls"} 1.0' in numbers, "as known"
            state = during["/api/status"].json()
            assert {one["table"] for one in state["missing"]} >= {"calls", "wechat_messages"}
            same = before["/api/status"].json()["resources"]
            assert [(one["rows"], one["gone_rows"]) for one in state["resources"]] == [
                (one["rows"], one["gone_rows"]) for one in same
            ]
            ran = site.driver.run("status", timeout=20)
            assert "wp.calls cannot be read now" in ran.stdout
            assert "its numbers are unknown" in ran.stdout, "a new process knows nothing yet"
        after = answers(site.url)
        assert "cannot be read now" not in after["/"].text
        assert "wpsync_table_unread{" not in after["/metrics"].text


def test_a_database_that_hangs_is_answered_for_from_what_is_known(driver):
    """Every table that a look reads is locked, ours too: nothing comes from the database in time."""
    driver.sync(["calls"])
    with served(driver) as site:
        answers(site.url)
        with psycopg.connect(site.driver.database_url) as connection:
            connection.execute(
                "lock table wpsync.watermarks, wpsync.jobs, wpsync.tokens in access exclusive mode"
            )
            during = answers(site.url)
        assert during["/healthz"].status_code == 503
        assert "as of" in during["/healthz"].text
        assert during["/readyz"].status_code == 503
        assert "This is the state as of" in during["/"].text
        assert "The database does not answer" in during["/"].text
        assert "wpsync_database_up 0.0" in during["/metrics"].text
        assert "wpsync_state_age_seconds" in during["/metrics"].text
        assert 'wpsync_rows{account="main",resource="calls"}' in during["/metrics"].text
        assert during["/api/status"].json()["is_current"] is False
        assert answers(site.url)["/readyz"].status_code == 200


def go_on(driver, waiting, at_least):
    """Every job but those of some resources is done again, and what is locked keeps none of them waiting."""
    (since,) = driver.query("select clock_timestamp()")[0]
    others = [name for name in RESOURCES if name not in waiting]

    def done():
        found = driver.query(
            "select job from wpsync.jobs where account = 'main' and started_at > %s and finished_at >= started_at"
            " and outcome = 'done' and job = any(%s)",
            since,
            others,
        )
        return len(found) == len(others)

    end = time.monotonic() + at_least
    until(done, f"{others} go on")
    time.sleep(max(0.0, end - time.monotonic()))


@pytest.fixture
def service(driver, free_port):
    driver.more = QUICK % free_port
    with serving(driver):
        jobs = "select count(*) from wpsync.jobs where account = 'main' and outcome = 'done' and job = any(%s)"
        until(lambda: driver.one(jobs, list(RESOURCES)) == len(RESOURCES), "a first pass")
        yield f"http://127.0.0.1:{free_port}"


@pytest.fixture
def free_port():
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.mark.reads_the_day
def test_a_locked_table_keeps_no_other_resource_waiting(driver, service):
    """In groups: all tables of a resource together."""
    for resource in ("calls", "agents", "wechat_messages"):
        declared = RESOURCES[resource]
        tables = [declared.table.name, *(detail.name for detail in declared.details)]
        with locked(driver.database_url, *tables):
            go_on(driver, FAMILIES[resource], 0)
            answers(service)
    with locked(driver.database_url, "history"):
        go_on(driver, owners("history"), 0)


@pytest.mark.long
@pytest.mark.timeout(1_800)
@pytest.mark.reads_the_day
def test_each_table_is_locked_for_long_and_keeps_no_other_resource_waiting(driver, service):
    for table in (*TABLES, "history"):
        seconds = 4 * LOCKED_SECONDS if table == "calls" else LOCKED_SECONDS
        with locked(driver.database_url, table):
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                go_on(driver, owners(table), 3)
                answers(service)
    failed = driver.query("select job, error_code from wpsync.jobs where outcome = 'failed'")
    assert failed == []

"""Commits hang, as where a synchronous standby is lost: it is noticed, told in its own words, and nothing waits for ever."""

import json
import logging
import subprocess
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Event, Thread

import httpx
import psycopg
import pytest

from tests.acceptance.driving import Driver
from tests.acceptance.test_alerts import Receiver
from tests.acceptance.test_service import QUICK, stopped, until
from tests.postgres import own_server
from wpsync import config
from wpsync.daemon.metrics import Metrics
from wpsync.daemon.service import Service
from wpsync.db import migrations
from wpsync.model import Secret
from wpsync.policy import DEFAULT
from wpsync.sync.session import session
from wpsync.web.app import application
from wpsync.web.server import serving

HASTY = replace(
    DEFAULT,
    database=replace(DEFAULT.database, commit=3.0, probe=0.2, hangs=1.0),
    incidents=replace(DEFAULT.incidents, away=timedelta(seconds=4)),
)
"""Commits hang after a second, and it is an incident after four."""

INCIDENT = 150
"""Seconds in which an incident that is due after two minutes comes."""


@pytest.fixture
def server(server_folder):
    with own_server(server_folder / "pg", durable=True) as server:
        migrations.upgrade(server.url)
        yield server


@pytest.fixture
def driver(server, emulator, tmp_path):
    return Driver(server.url, emulator(messages=60, days=2).url, tmp_path, QUICK)


def set_standby(server, name):
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"alter system set synchronous_standby_names = '{name}'")
        connection.execute("select pg_reload_conf()")


@contextmanager
def hanging(server):
    """No commit ends while this is entered; those that began end afterwards."""
    set_standby(server, "nobody")
    try:
        yield
    finally:
        set_standby(server, "")


@contextmanager
def leading(driver, policy):
    """A service in this process that leads; the address of its page."""
    loaded = config.load(driver.config_file, environ={}, cwd=driver.folder)
    stop, metrics = Event(), Metrics()
    address = Secret(driver.database_url)
    with session(loaded, address, stopping=stop.is_set, policy=policy) as opened:
        service = Service(opened)
        metrics.attach(service)
        thread = Thread(target=service.run)
        with serving(application(opened, service, metrics), loaded.web.bind, 0) as url:
            thread.start()
            try:
                yield url.replace("0.0.0.0", "127.0.0.1")
            finally:
                stop.set()
                thread.join()


def asked(url, path):
    """The status and the text of an answer."""
    reply = httpx.get(f"{url}{path}", headers={"Accept-Language": "en"}, timeout=30)
    return reply.status_code, reply.text


def waiting(server):
    """How many sessions wait for the standby."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        waits = "select pid from pg_stat_activity where wait_event = 'SyncRep'"
        return len(connection.execute(waits).fetchall())


@pytest.mark.parametrize("policy", [HASTY, pytest.param(DEFAULT, marks=pytest.mark.long)])
def test_a_service_whose_commits_hang_says_so_and_goes_on_afterwards(
    driver, server, policy, caplog
):
    """It is ready no more within seconds; later one critical incident is told, and all is well again by itself."""
    caplog.set_level(logging.INFO, "wpsync")
    with Receiver().listening() as receiver:
        driver.more += f"[alerts]\ntargets = ['{receiver.target}']\n"
        with leading(driver, policy) as url:
            until(lambda: asked(url, "/readyz") == (200, "leader\n"), "a leader")
            with hanging(server):
                until(lambda: asked(url, "/readyz")[0] == 503, "that it is ready no more")
                assert "commits hang" in asked(url, "/readyz")[1]
                assert "commits hang" in asked(url, "/healthz")[1]
                assert "wpsync_database_up 0.0" in asked(url, "/metrics")[1]
                page = asked(url, "/")[1]
                assert "commits hang" in page
                assert "No service is running" not in page
                until(lambda: receiver.messages, "an incident", INCIDENT)
                (incident,) = receiver.messages[0]["incidents"]
                assert incident["code"] == "condition.database_hangs"
                assert incident["severity"] == "critical"
                assert asked(url, "/readyz")[0] == 503
            until(lambda: asked(url, "/readyz")[0] == 200, "that it is ready again")
            until(lambda: len(receiver.messages) == 2, "that it is over")
            assert receiver.messages[1]["title"] == "[wpsync] the database is back"
    events = [record.getMessage() for record in caplog.records]
    assert events.count("database.commits_hang") == 1
    assert events.count("database.commits_end") == 1


@pytest.mark.long
def test_status_says_that_the_commits_of_the_service_hang(driver, server):
    with leading(driver, HASTY) as url:
        until(lambda: asked(url, "/readyz") == (200, "leader\n"), "a leader")
        assert "commits hang" not in driver.run("status").stdout
        with hanging(server):
            until(lambda: "commits hang" in driver.run("status").stdout, "that status says so")
            told = driver.run("status", "--json")
            assert told.returncode == 1
            assert json.loads(told.stdout)["commits_hang"]
            assert "synchronous_standby_names" in told.stderr
            assert "Traceback" not in told.stderr
        until(lambda: "commits hang" not in driver.run("status").stdout, "that it is over")


def test_a_command_whose_commits_hang_ends_after_a_signal(driver, server):
    with hanging(server):
        command = driver.command("sync", "agents")
        with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
            until(lambda: waiting(server), "a commit that hangs")
            assert stopped(process) == 130
            said = process.communicate()[1].decode()
    assert "Traceback" not in said


@pytest.mark.long
def test_a_command_whose_commits_hang_ends_by_itself_and_says_why(driver, server):
    driver.sync(["agents"])
    with hanging(server):
        ran = driver.run("sync", "agents", timeout=300)
    assert ran.returncode == 1
    assert "commits hang" in ran.stderr
    assert "synchronous_standby_names" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert driver.run("sync", "agents").returncode == 0

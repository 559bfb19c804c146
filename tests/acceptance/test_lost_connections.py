"""Any one connection to the database is ended by the server, just as it is about to be used: the work goes on.

The gate ends some connections, spread evenly over the work, the long test more of them, and each one in turn where
`EVERY_CONNECTION` is set.
"""

import os
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest

from tests.acceptance.driving import Driver, differences
from tests.acceptance.test_crash_points import EVERYTHING, emptied
from wpsync import config
from wpsync.backfill import run as backfills
from wpsync.backfill.plan import make_plans
from wpsync.db.database import Database
from wpsync.emulator.client import Remote
from wpsync.model import EVER, Secret
from wpsync.policy import DEFAULT
from wpsync.resources import RESOURCES
from wpsync.sync.passes import Outcome, in_turn, sync
from wpsync.sync.progress import Silence
from wpsync.sync.session import session
from wpsync.sync.verify import verify

pytestmark = pytest.mark.reads_the_day

SOON = replace(DEFAULT, windows=replace(DEFAULT.windows, pauses=(0.01, 0.01, 0.01, 0.01, 5.0)))
SOME, MORE = 5, 40


class Ending:
    """Ends the n-th connection that is used from now on, before its first statement; 0 ends none.

    `after` an action ends the first one for which it returns true instead.
    """

    def __init__(self, url, monkeypatch):
        self._url, self._left, self.used = url, 0, 0
        self._action = None
        usual = Database.connection

        @contextmanager
        def connection(database):
            with usual(database) as connection:
                self.used += 1
                self._left -= 1
                if self._left == 0 or (self._action is not None and self._action()):
                    self._action = None
                    self._end(connection.info.backend_pid)
                yield connection

        monkeypatch.setattr(Database, "connection", connection)

    def at(self, number):
        self._left, self.used = number, 0

    def after(self, action):
        self._action = action

    def _end(self, pid):
        with psycopg.connect(self._url, autocommit=True) as connection:
            ended = connection.execute("select pg_terminate_backend(%s, 5000)", [pid]).fetchone()
            assert ended == (True,)


def backfilled(account):
    wanted = list(RESOURCES.values())
    now = account.clock.now()
    span = backfills.span_of(config.parse_instant("2d", now=now), None, now)
    plans, unplanned = make_plans(account, wanted, span, again=False)
    return backfills.backfill(account, plans, Silence(), again=False) + unplanned


def synced(account):
    return sync(account, list(RESOURCES.values()), Silence())


def verified(account):
    def read(resource):
        found = verify(account, resource, EVER, Silence(), deep=True, repair=True, whole=True)
        return Outcome(account.name, resource.name, "incomplete" if found else "done")

    return in_turn(account, list(RESOURCES.values()), read)


def chosen(used, long):
    """Return the numbers of the connections that are ended: all, or some of them over the whole work."""
    steps = MORE if long else SOME
    if long and os.environ.get("EVERY_CONNECTION"):
        steps = used
    return sorted({max(1, used * step // steps) for step in range(1, steps + 1)})


@pytest.mark.parametrize("long", [False, pytest.param(True, marks=pytest.mark.long)])
@pytest.mark.parametrize("work", [backfilled, synced, verified])
def test_a_connection_that_the_server_ends_costs_no_resource(
    work, long, emulator, database_url, tmp_path, monkeypatch
):
    vendor = emulator(messages=30, days=2, frozen=True)
    driver = Driver(database_url, vendor.url, tmp_path)
    loaded = config.load(driver.config_file, environ={}, cwd=tmp_path)
    with (
        session(loaded, Secret(database_url), policy=SOON) as opened,
        opened.accounts() as (account,),
    ):
        if work is verified:
            backfilled(account)
        ending = Ending(database_url, monkeypatch)
        ending.at(0)
        assert not [one for one in work(account) if not one.is_good]
        used = ending.used
        for number in chosen(used, long):
            if work is not verified:
                emptied(database_url)
            ending.at(number)
            bad = [one for one in work(account) if not one.is_good]
            assert not bad, f"connection {number} of {used}: {bad}"
            if work is backfilled:
                found = differences(driver, vendor, EVERYTHING)
                assert not found, f"connection {number} of {used}: {found[:5]}"


def test_a_window_that_the_next_attempt_completes_is_not_called_incomplete(
    emulator, database_url, tmp_path, monkeypatch
):
    vendor = emulator(messages=60, days=2, frozen=True)
    remote = Remote(vendor.url)
    remote.fault("wrong_count", endpoint=RESOURCES["sms"].endpoint, missing=True)
    driver = Driver(database_url, vendor.url, tmp_path)
    loaded = config.load(driver.config_file, environ={}, cwd=tmp_path)
    ending = Ending(database_url, monkeypatch)
    incomplete = "select count(*) from wpsync.windows where state <> 'complete'"

    def mended():
        if not driver.one(incomplete):
            return False
        remote.clear_faults()
        return True

    with (
        session(loaded, Secret(database_url), policy=SOON) as opened,
        opened.accounts() as (account,),
    ):
        now = account.clock.now()
        span = backfills.span_of(config.parse_instant("2d", now=now), None, now)
        plans, _ = make_plans(account, [RESOURCES["sms"]], span, again=False)
        ending.after(mended)
        (outcome,) = backfills.backfill(account, plans, Silence(), again=False)
    assert driver.one("select count(*) from wpsync.runs where resource = 'sms'") == 2
    assert driver.one(incomplete) == 0
    assert outcome.is_good, outcome

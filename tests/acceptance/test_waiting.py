"""Who waits for whom: nobody keeps the present from being followed."""

import threading
from datetime import timedelta

import pytest

from tests.acceptance.driving import Driver
from wpsync.clock import SystemClock
from wpsync.db.database import Database
from wpsync.errors import Stopped
from wpsync.model import Secret, Window
from wpsync.resources import RESOURCES
from wpsync.sync import passes
from wpsync.sync.progress import Silence
from wpsync.sync.verify import verify

pytestmark = pytest.mark.reads_the_day

SMS = RESOURCES["sms"]


class _Noticed(SystemClock):
    """A clock that tells when somebody begins to wait."""

    def __init__(self):
        self.waits = threading.Event()

    def sleep(self, seconds):
        self.waits.set()
        super().sleep(seconds)


def _verified(account):
    now = account.settled(SMS)
    span = Window(now - timedelta(days=3), now)
    verify(account, SMS, span, Silence(), deep=False, repair=False)


def _synced(account):
    passes.sync(account, [SMS], Silence())


def _ticks(driver):
    """Whether the service's live tick comes to its end within some seconds."""
    over = threading.Event()
    timer = threading.Timer(10, over.set)
    timer.start()
    try:
        with driver.account() as account:
            account.stopping = over.is_set
            return passes.follow(account, SMS).outcome == "done"
    except Stopped:
        return False
    finally:
        timer.cancel()


@pytest.mark.parametrize("work", [_verified, _synced])
def test_the_present_is_followed_while_others_wait_for_the_past_to_be_caught_up(
    work, emulator, database_url, tmp_path
):
    """The recheck job holds its lock for as long as it catches up: for hours after an outage."""
    vendor = emulator(messages=1_000, days=3)
    driver = Driver(database_url, vendor.url, tmp_path)
    driver.backfill("3d", ["sms"])
    driver.sync(["sms"])
    clock, ended = _Noticed(), threading.Event()

    def person():
        waiting = Driver(database_url, vendor.url, tmp_path, clock=clock)
        with waiting.account() as account:
            account.stopping = ended.is_set
            with pytest.raises(Stopped):
                work(account)

    with (
        Database(Secret(database_url)) as other,
        other.lease("main", "sms", "recheck", wait=False) as catching_up,
    ):
        assert catching_up
        thread = threading.Thread(target=person)
        thread.start()
        try:
            assert clock.waits.wait(30)
            assert _ticks(driver)
        finally:
            ended.set()
            thread.join()

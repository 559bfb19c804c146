"""A backfill of a source that moves while it is read: new rows are no reason to call what was asked for incomplete."""

import os
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread

import pytest

from tests.acceptance.driving import Driver, local
from wpsync.emulator.client import Remote

pytestmark = pytest.mark.reads_the_day

BACKFILLS = int(os.environ.get("BACKFILLS", "2"))
MESSAGES = "/api/wechat/getWeMessageByPage"


@contextmanager
def moving(vendor, rows_a_second=50):
    """New messages, newest first, as long as the block lasts."""
    remote, ended = Remote(vendor.url), Event()

    def come():
        while not ended.wait(0.1):
            now = local(datetime.now(UTC))
            remote.generate("wechat_messages", rows_a_second // 10, now, now)

    thread = Thread(target=come)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_backfills_in_a_row_of_a_source_that_moves_end_well(emulator, database_url, tmp_path):
    vendor = emulator(messages=600, days=2)
    driver = Driver(database_url, vendor.url, tmp_path)
    begun = datetime.now(UTC)
    with moving(vendor):
        for _ in range(BACKFILLS):
            ended = driver.run(
                "backfill", "--from", "3d", "--resource", "wechat_messages", "--again"
            )
            assert ended.returncode == 0, ended.stdout + ended.stderr
    held = {key for (key,) in driver.query("select id from wp.wechat_messages")}
    listed = vendor.world.truth("wechat_messages")
    assert {row["id"] for row in listed if row["sent_at"] < begun} <= held
    assert not driver.query("select 1 from wpsync.windows where state <> 'complete'")

"""What is past its days is forgotten: rows, what hangs on them, and the ledger, so that nobody asks for it again."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest

from tests.acceptance.driving import START, Driver, Timeline, differences
from tests.fake_clock import FakeClock
from wpsync.config import load
from wpsync.db.database import Connection, Database
from wpsync.db.leases import Lease
from wpsync.emulator.client import Remote
from wpsync.loading.retention import forget_rows
from wpsync.model import EVER, Secret
from wpsync.resources import RESOURCES, TYPED_TABLES
from wpsync.sync import nightly_verify, passes, retention
from wpsync.sync.progress import Silence
from wpsync.sync.verify import verify

SETTINGS = (
    "[retention]\nwechat_messages = 3\ncalls = 2\nhistory = 30\ndead_letters = 30\ndeleted = 30\n"
)


@pytest.mark.reads_the_day
def test_old_rows_go_with_all_that_hangs_on_them_and_nothing_is_missed(
    emulator, database_url, tmp_path
):
    vendor = emulator(messages=3_000, days=8)
    driver = Driver(database_url, vendor.url, tmp_path)
    driver.backfill("9d")
    driver.sync()
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "update wp.wechat_contacts set _deleted_at = now() - interval '40 days' where id < '3'"
        )
    lost = driver.one("select count(*) from wp.wechat_contacts where id < '3'")
    driver.more = SETTINGS
    settings = load(driver.config_file, environ={}, cwd=tmp_path).retention
    with Database(Secret(database_url)) as database:
        now = database.now()
        forgotten = retention.apply(database, lambda account: settings, now)
        assert all(
            rows == 0 for rows in retention.apply(database, lambda account: settings, now).values()
        )
    since = retention.kept_from(settings, "wechat_messages", now)
    assert since is not None
    truth = {row["id"] for row in vendor.world.truth("wechat_messages")}
    young = {row["id"] for row in vendor.world.truth("wechat_messages") if row["sent_at"] >= since}
    held = {row[0] for row in driver.query("select id from wp.wechat_messages")}
    assert (held, forgotten["wechat_messages"]) == (young, len(truth) - len(young))
    assert forgotten["deleted"] == lost > 0
    for table in TYPED_TABLES:
        orphans = driver.one(
            f"select count(*) from wp.{table.name} t where not exists"
            " (select from wp.wechat_messages m where m.id = t.message_id)"
        )
        assert orphans == 0, table.name
    assert (
        driver.one("select min(starts_at) from wpsync.windows where resource = 'wechat_messages'")
        >= since
    )
    before = Remote(vendor.url).stats()["requests"]
    assert [o.outcome for o in driver.backfill("9d", ["wechat_messages", "calls"])] == [
        "done",
        "done",
    ]
    asked = Remote(vendor.url).requests(before)
    oldest = f"{since - timedelta(days=1, hours=-8):%Y-%m-%d}"
    assert not [r for r in asked if str(r["body"].get("start", "9")) < oldest]
    assert driver.one("select count(*) from wp.wechat_contacts where id < '3'") == 0
    driver.sync(["wechat_contacts"])  # the vendor lists them all the same
    assert driver.run("verify", "--deep").returncode == 0
    assert driver.one("select count(*) from wp.wechat_messages") == len(young)
    assert differences(driver, vendor, ["sms", "agents"]) == []


class Between(Database):
    """Something happens before one of its transactions begins."""

    def __init__(self, url: str, number: int, happens: Callable[[], object]) -> None:
        super().__init__(Secret(url))
        self._left = number
        self._happens = happens

    @contextmanager
    def transaction(self, *, under: Sequence[Lease] | None = None) -> Iterator[Connection]:
        self._left -= 1
        if self._left == 0:
            self._happens()
        with super().transaction(under=under) as connection:
            yield connection


@pytest.fixture
def calls(emulator, database_url, tmp_path):
    """Eight days of calls up to a Wednesday afternoon, of which four are to be kept, and since when."""
    vendor = emulator(messages=300, days=8, now=START, frozen=True)
    driver = Driver(database_url, vendor.url, tmp_path, clock=FakeClock(START))
    driver.backfill("8d", ["calls"])
    driver.more = "[retention]\ncalls = 4\n"
    settings = load(driver.config_file, environ={}, cwd=tmp_path).retention
    return driver, retention.kept_from(settings, "calls", START)


class KilledError(Exception):
    """A process that ends at some point."""


def killed():
    raise KilledError


OLD = "select count(*) from wp.calls where began_at < %s"


def forget(database, since):
    """In many short transactions."""
    return forget_rows(database, "main", "calls", since, batch=5)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_forgetting_that_is_killed_anywhere_leaves_nothing_that_is_missed(number, calls):
    driver, since = calls
    with Between(driver.database_url, number, killed) as database, pytest.raises(KilledError):
        forget(database, since)
    left = driver.one(OLD, since)
    resource = RESOURCES["calls"]
    with driver.account() as account:
        assert (
            verify(account, resource, EVER, Silence(), deep=False, repair=False, whole=True) == []
        )
        assert nightly_verify.prove(account, resource) == []
    assert driver.one(OLD, since) == left
    with Database(Secret(driver.database_url)) as database:
        assert forget(database, since) == left > 0
    assert driver.one(OLD, since) == 0


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_nightly_proof_brings_nothing_back_that_is_just_being_forgotten(number, calls):
    driver, since = calls
    with driver.account() as account:

        def prove():
            assert nightly_verify.prove(account, RESOURCES["calls"]) == []

        with Between(driver.database_url, number, prove) as database:
            assert forget(database, since) > 0
    assert driver.one(OLD, since) == 0


def test_the_proof_leaves_days_alone_that_are_to_be_forgotten(calls):
    driver, since = calls
    with psycopg.connect(driver.database_url) as connection:
        connection.execute("delete from wp.calls where began_at < %s", (since,))
    with driver.account() as account:
        assert nightly_verify.prove(account, RESOURCES["calls"]) == []
    assert driver.one(OLD, since) == 0


@pytest.mark.reads_the_day
def test_rows_without_a_time_go_by_their_day_or_by_when_they_came(emulator, database_url, tmp_path):
    vendor = emulator(messages=100, days=3)
    driver = Driver(database_url, vendor.url, tmp_path)
    day = driver.one(
        "select to_char(now() at time zone 'Asia/Shanghai' - interval '2 days', 'YYYY-MM-DD')"
    )
    timeless = {"chatId": "c", "msgType": "103", "msg": "x", "ts": "(null)", "bigImgPath": "a.amr"}
    messages = [{**timeless, "id": "dated", "date": day}, {**timeless, "id": "undated"}]
    remote = Remote(vendor.url)
    remote.rows("wechat_messages", messages, f"{day} 10:00:00")
    remote.rows("calls", [{"_id": "timeless", "beginTime": ""}], f"{day} 10:00:00")
    driver.backfill("3d", ["wechat_messages", "calls"])
    driver.more = "[retention]\nwechat_messages = 1\ncalls = 3\n"
    settings = load(driver.config_file, environ={}, cwd=tmp_path).retention
    held = "select id from wp.wechat_messages where sent_at is null order by id"
    media = "select message_id from wp.message_media where sent_at is null order by 1"
    call = "select id from wp.calls where began_at is null"
    with Database(Secret(database_url)) as database:
        for later, kept, calls in ((0, [("undated",)], [("timeless",)]), (10, [], [])):
            retention.apply(
                database, lambda account: settings, database.now() + timedelta(days=later)
            )
            assert driver.query(held) == driver.query(media) == kept
            assert driver.query(call) == calls


def test_what_retention_would_forget_is_not_read_however_early_reading_is_to_begin(
    emulator, database_url, tmp_path
):
    line = Timeline(emulator, database_url, tmp_path, messages=600, days=12)
    line.driver.more = '[sync]\nfirst_sync_from = "10d"\n[retention]\ncalls = 3\n'
    settings = load(line.driver.config_file, environ={}, cwd=tmp_path).retention
    calls = RESOURCES["calls"]

    def read():
        with line.driver.account() as account:
            passes.follow(account, calls)
            passes.recheck(account, calls)
            assert passes.recheck(account, calls) is None, "nothing is behind"
        since = retention.kept_from(settings, "calls", line.clock.now())
        assert line.driver.one(OLD, since) == 0
        behind = "select %s - at from wpsync.watermarks where resource = 'calls'"
        assert line.driver.one(behind, line.clock.now()) < timedelta(minutes=5)

    read()
    with psycopg.connect(database_url) as connection:  # as after weeks without the service
        connection.execute("update wpsync.watermarks set at = at - interval '20 days'")
        connection.execute("delete from wpsync.windows")
        connection.execute("delete from wp.calls")
    read()

"""What is past its days is forgotten: rows, what hangs on them, and the ledger, so that nobody asks for it again."""

from datetime import timedelta

import psycopg

from tests.acceptance.driving import Driver, differences
from wpsync.config import load
from wpsync.emulator.client import Remote
from wpsync.load.database import Database
from wpsync.model import Secret
from wpsync.resources import TYPED_TABLES
from wpsync.service import retention

SETTINGS = (
    "[retention]\nwechat_messages = 3\ncalls = 2\nhistory = 30\ndead_letters = 30\ndeleted = 30\n"
)


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
        forgotten = retention.apply(database, settings, now)
        assert all(rows == 0 for rows in retention.apply(database, settings, now).values())
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
    assert driver.run("verify", "--deep").returncode == 0
    assert driver.one("select count(*) from wp.wechat_messages") == len(young)
    assert differences(driver, vendor, ["sms", "agents"]) == []

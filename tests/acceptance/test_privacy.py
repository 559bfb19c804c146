"""What is masked, hashed or dropped is nowhere in the database: all tables are searched for the originals."""

import re

import psycopg
import pytest

from tests.acceptance.driving import Driver, differences
from wpsync.emulator.client import Remote

ALL = (
    '[privacy]\nphone_numbers = "mask"\nnames = "mask"\nwechat_numbers = "hash"\nmessage_bodies = "drop"\n'
    'key = "a key of some length"\n'
)
COLUMNS = {
    "agents": ("name", "phone"),
    "wechat_users": ("phone", "wx_no", "wx_alias", "nick", "avatar_url"),
    "wechat_contacts": (
        "agent_nick",
        "agent_wx_no",
        "wx_no",
        "wx_alias",
        "nick",
        "avatar_large_url",
    ),
    "wechat_rooms": ("name", "display_name", "owner_wx_no", "agent_wx_no"),
    "wechat_room_members": ("nick", "wx_no", "agent_wx_no"),
    "wechat_chats": ("agent_wx_no", "contact_wx_no"),
    "calls": ("local_tel", "contact_tel", "agent_name", "contact_name"),
    "sms": ("local_tel", "contact_tel", "agent_name", "contact_name"),
    "wechat_messages": ("body", "plain_text"),
    "message_cards": ("nick", "wx_no"),
    "message_transfers": ("memo", "description"),
    "message_recalls": ("previous_content",),
    "message_links": ("title", "url"),
    "message_locations": ("address",),
    "message_group_collection_payers": ("payer_wx_no",),
}


def everything(database_url):
    """Every row of every table of ours, as text."""
    with psycopg.connect(database_url) as connection:
        names = connection.execute(
            "select schemaname, tablename from pg_tables where schemaname in ('wp', 'wpsync', 'wp_bi')"
        ).fetchall()
        for schema, table in names:
            for (row,) in connection.execute(f'select t::text from "{schema}"."{table}" t'):
                yield f"{schema}.{table}", row


@pytest.fixture
def made(emulator, database_url, tmp_path):
    vendor = emulator(messages=2_500, days=6)
    return vendor, Remote(vendor.url), Driver(database_url, vendor.url, tmp_path)


@pytest.mark.reads_the_day
def test_no_original_is_anywhere(made, database_url):
    vendor, remote, driver = made
    driver.more = ALL
    originals = {
        str(row[column])
        for table, columns in COLUMNS.items()
        for row in vendor.world.truth(table)
        for column in columns
        if row.get(column) and len(str(row[column])) > 1
    }
    at = str(vendor.world.truth("sms")[0]["sent_at"])[:10] + " 12:00:00"
    remote.rows(
        "sms", [{"localTel": "13911112222", "contactName": "无名氏某某", "snedTime": at}], at
    )
    remote.rows(
        "calls",
        [{"_id": "odd", "did": "d", "contactTel": {"n": "13933334444"}, "beginTime": at}],
        at,
    )
    remote.generate("wechat_messages", 3, at, at, message_kind="broken")
    driver.backfill("8d")
    contact = vendor.world.truth("wechat_contacts")[5]
    change = {"nick": "改了名字的人", "remarkName": "老客户备注"}
    remote.mutate("wechat_contacts", contact["id"], set=change, truth={"nick": change["nick"]})
    driver.sync()
    driver.sync(["wechat_contacts"])
    ran = driver.run(
        "api",
        "customers",
        "add",
        "--name",
        "欧阳某某",
        "--phone",
        "13955556666",
        "-f",
        "address=成都市某路",
    )
    assert ran.returncode == 0, ran.stderr
    assert driver.one("select count(*) from wpsync.dead_letters") > 1
    assert driver.one("select count(*) from wp.history where resource = 'wechat_contacts'") > 0
    assert driver.one("select count(*) from wp.wechat_messages where plain_text is not null") == 0
    originals |= {
        "13911112222", "无名氏某某", "13933334444", "改了名字的人", "老客户备注", "欧阳某某", "13955556666", "成都市某路",
    }  # fmt: skip
    assert len(originals) > 2_000
    long = {one for one in originals if len(one) > 3}
    short = re.compile("|".join(sorted(map(re.escape, originals - long))))
    found = [
        (table, one)
        for table, row in everything(database_url)
        if not table.startswith("wp_bi")
        for one in long
        if one in row
    ]
    assert found == []
    spoken = [
        (table, match[0])
        for table, row in everything(database_url)
        if table.startswith("wp.") and table != "wp.customer_fields"
        for match in [short.search(row)]
        if match and not match[0].isascii()
    ]
    assert spoken == []


@pytest.mark.reads_the_day
def test_what_is_hashed_still_joins_and_nothing_is_written_twice(made):
    vendor, _, driver = made
    driver.more = ALL.replace('"mask"', '"hash"')
    driver.backfill("8d")
    mapped = driver.query(
        "select agent_id is not null, count(*) from wp_bi.wechat_agents group by 1 order by 1"
    )
    assert [known for known, _ in mapped] == [False, True]
    with_nick = driver.one(
        "select count(*) from wp_bi.message_facts where chat_type = 'single' and starts_with(contact_nick, 'h_')"
    )
    assert with_nick > 100
    (outcome,) = driver.backfill("8d", ["wechat_messages"], again=True)
    assert (outcome.rows_inserted, outcome.rows_updated) == (0, 0)
    ran = driver.run("verify", "--deep")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert driver.run("renormalize").returncode == 2
    assert vendor.world.truth("calls")


@pytest.mark.reads_the_day
def test_one_column_goes_before_its_class_and_all_else_is_untouched(made):
    vendor, _, driver = made
    driver.more = '[privacy.columns]\n"calls.contact_tel" = "mask"\n'
    driver.backfill("8d")
    masked = {row[0] for row in driver.query("select contact_tel from wp.calls")}
    assert all(re.fullmatch(r"1\d\d\*{6}\d\d", number) for number in masked)
    assert differences(driver, vendor, ["sms", "wechat_messages", "message_transfers"]) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[privacy]\nnames = "hash"\n', "privacy.key: set it"),
        ('[privacy]\nwechat_numbers = "drop"\n', "privacy.key: set it"),
        ('[privacy.columns]\n"calls.contact_phone" = "mask"\n', "did you mean calls.contact_name?"),
        ('[privacy]\nnames = "blur"\n', "privacy.names"),
    ],
)
def test_a_wrong_configuration_is_told(tmp_path, text, said):
    driver = Driver("postgresql://nowhere/x", "http://127.0.0.1:1", tmp_path, text)
    ran = driver.run("status")
    assert ran.returncode == 2
    assert said in ran.stderr

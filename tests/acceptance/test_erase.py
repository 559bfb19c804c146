"""Erasing one person: nothing is left, nothing comes back, and the account still agrees with the vendor."""

import json
from datetime import timedelta

import pytest

from tests.acceptance.driving import START, Driver, Timeline, local
from tests.acceptance.test_privacy import everything
from wpsync.emulator.client import Remote

pytestmark = pytest.mark.reads_the_day


@pytest.fixture
def made(emulator, database_url, tmp_path):
    vendor = emulator(messages=1_500, days=6)
    driver = Driver(database_url, vendor.url, tmp_path)
    driver.backfill("8d")
    return vendor, Remote(vendor.url), driver


def mentions(driver, number):
    return [(table, row) for table, row in everything(driver.database_url) if number in row]


def busiest(vendor):
    """A customer with messages, and how many."""
    chats = {row["id"]: row["contact_wx_no"] for row in vendor.world.truth("wechat_chats")}
    counts: dict[str, int] = {}
    for row in vendor.world.truth("wechat_messages"):
        person = chats[row["chat_id"]]
        if person:
            counts[person] = counts.get(person, 0) + 1
    return max(counts.items(), key=lambda one: one[1])


def test_a_wechat_customer_is_gone_and_stays_gone(made):
    vendor, remote, driver = made
    person, messages = busiest(vendor)
    contact = next(r for r in vendor.world.truth("wechat_contacts") if r["wx_no"] == person)
    remote.mutate(
        "wechat_contacts", contact["id"], set={"nick": "新昵称"}, truth={"nick": "新昵称"}
    )
    driver.sync(["wechat_contacts"])
    held = driver.one("select count(*) from wp.wechat_messages")
    ran = driver.run("erase", "--wx", person, "--yes", "--json")
    assert ran.returncode == 0, ran.stderr
    receipt = json.loads(ran.stdout)
    assert receipt["rows"]["wechat_messages"] >= messages
    assert {"wechat_contacts", "wechat_chats", "history"} <= receipt["rows"].keys()
    assert person not in ran.stdout + ran.stderr
    assert mentions(driver, person) == []
    removed = receipt["rows"]["wechat_messages"]
    assert driver.one("select count(*) from wp.wechat_messages") == held - removed
    for outcome in [*driver.backfill("8d", again=True), *driver.sync()]:
        assert outcome.outcome == "done", outcome
    assert mentions(driver, person) == []
    assert driver.one("select count(*) from wp.wechat_messages") == held - removed
    states = driver.query(
        "select distinct state from wp_bi.completeness where resource = 'wechat_messages'"
    )
    assert {state for (state,) in states} <= {"complete", "partial"}
    ran = driver.run("verify", "--deep")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    again = json.loads(driver.run("erase", "--wx", person, "--yes", "--json").stdout)
    assert again["rows"] == {}


def test_a_phone_number_is_gone_and_a_new_call_of_it_is_not_written(made):
    vendor, remote, driver = made
    call = vendor.world.truth("calls")[7]
    number = call["contact_tel"]
    ran = driver.run("erase", "--phone", number, "--yes", "--json")
    assert json.loads(ran.stdout)["rows"]["calls"] == 1
    at = f"{call['began_at']:%Y-%m-%d} 10:00:00"
    row = {"_id": "once-more", "did": "d", "contactTel": number, "beginTime": at, "callType": "in"}
    remote.rows("calls", [row], at)
    driver.backfill("8d", ["calls"], again=True)
    assert mentions(driver, number) == []
    assert driver.one("select count(*) from wp.calls where id = 'once-more'") == 0
    assert driver.one("select count(*) from wpsync.windows where state <> 'complete'") == 0
    ran = driver.run("verify", "--resource", "calls")
    assert ran.returncode == 0, ran.stdout


def test_it_asks_first_and_refuses_what_is_not_one_customers(made):
    vendor, _, driver = made
    agent = vendor.world.truth("agents")[0]["phone"]
    ran = driver.run("erase", "--phone", agent, "--yes")
    assert (ran.returncode, "an agent" in ran.stderr) == (2, True)
    assert driver.run("erase", "--phone", "13800138000").returncode == 1  # nobody answers
    assert driver.run("erase").returncode == 2
    assert driver.one("select count(*) from wpsync.erasures") == 0


def test_who_is_hashed_is_found_by_the_number(emulator, database_url, tmp_path):
    vendor = emulator(messages=600, days=4)
    more = '[privacy]\nwechat_numbers = "hash"\nmessage_bodies = "hash"\nkey = "a key of some length"\n'
    driver = Driver(database_url, vendor.url, tmp_path, more)
    driver.backfill("6d")
    person, messages = busiest(vendor)
    receipt = json.loads(driver.run("erase", "--wx", person, "--yes", "--json").stdout)
    assert receipt["rows"]["wechat_messages"] >= messages
    before = driver.one("select count(*) from wp.wechat_messages")
    driver.backfill("6d", again=True)
    assert driver.one("select count(*) from wp.wechat_messages") == before


def test_a_room_member_does_not_come_back_with_the_next_listing_of_rooms(made):
    vendor, _, driver = made
    ours = {one[key] for one in vendor.world.truth("wechat_users") for key in ("wx_no", "phone")}
    person = next(
        number
        for room in vendor.world.truth("wechat_rooms")
        for number in room["member_wx_nos"]
        if number not in ours
    )
    ran = driver.run("erase", "--wx", person, "--yes", "--json")
    assert json.loads(ran.stdout)["rows"]["wechat_rooms"] > 0
    assert mentions(driver, person) == []
    driver.sync()
    assert mentions(driver, person) == []


def test_messages_that_were_read_before_their_new_chat_go_with_it_and_are_counted_once(made):
    vendor, remote, driver = made
    person, _ = busiest(vendor)
    assert driver.run("erase", "--wx", person, "--yes").returncode == 0
    at, ts = driver.query(
        "select to_char(t at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS'),"
        " extract(epoch from t)::int from (select now() - interval '10 minutes' as t) as x"
    )[0]
    chat = {"id": "new-chat", "agentWxNo": "a", "contactWxNo": person, "chatType": "single"}
    said = {"id": "new-message", "chatId": "new-chat", "from": "x", "msgType": "101", "ts": ts}
    remote.rows("wechat_chats", [chat], at)
    remote.rows("wechat_messages", [{**said, "msg": "it is me again"}], at)
    driver.backfill("1d", ["wechat_messages"], again=True)
    assert driver.one("select count(*) from wp.wechat_messages where id = 'new-message'") == 1
    driver.backfill("1d", ["wechat_chats"], again=True)
    for _ in range(2):
        assert driver.one("select count(*) from wp.wechat_messages where id = 'new-message'") == 0
        driver.backfill("1d", ["wechat_messages"], again=True)
    assert wrong(driver, "wechat_messages") == []


def wrong(driver, resource):
    """Complete windows in which the vendor's count is not what is held or left out."""
    return driver.query(
        "select starts_at, vendor_count, rows_held from wpsync.windows"
        f" where resource = '{resource}' and state = 'complete' and vendor_count <> rows_held"
    )


def test_a_row_that_goes_at_the_vendor_too_leaves_the_account_right(made):
    vendor, remote, driver = made
    call = vendor.world.truth("calls")[7]
    assert driver.run("erase", "--phone", call["contact_tel"], "--yes").returncode == 0
    remote.mutate("calls", call["id"], delete=True)
    driver.backfill("8d", ["calls"], again=True)
    assert wrong(driver, "calls") == []
    assert driver.one("select count(*) from wpsync.erased_rows") == 0
    states = driver.query("select distinct state from wp_bi.completeness where resource = 'calls'")
    assert {state for (state,) in states} <= {"complete", "partial"}


def test_who_was_stored_in_the_clear_before_numbers_were_hashed_is_erased_too(made):
    vendor, _, driver = made
    call = vendor.world.truth("calls")[7]
    person, messages = busiest(vendor)
    driver.more = (
        '[privacy]\nphone_numbers = "hash"\nwechat_numbers = "hash"\nkey = "a key of some length"\n'
    )
    receipt = json.loads(
        driver.run("erase", "--phone", call["contact_tel"], "--yes", "--json").stdout
    )
    assert receipt["rows"]["calls"] == 1
    receipt = json.loads(driver.run("erase", "--wx", person, "--yes", "--json").stdout)
    assert receipt["rows"]["wechat_messages"] >= messages
    assert mentions(driver, call["contact_tel"]) == mentions(driver, person) == []


def test_a_late_row_of_theirs_is_in_the_account_when_it_was_found(emulator, database_url, tmp_path):
    line = Timeline(emulator, database_url, tmp_path, messages=200, days=1)
    line.driver.more = "[recheck]\nsample_rows = 0\n"
    begun, over = START - timedelta(hours=5), START - timedelta(hours=1)
    line.remote.generate("sms", 6_000, local(begun), local(over))
    line.driver.sync(["sms"])
    number = line.driver.one("select contact_tel from wp.sms limit 1")
    assert line.driver.run("erase", "--phone", number, "--yes").returncode == 0
    line.go_to(START + timedelta(minutes=5))
    line.driver.sync(["sms"])
    at = local(START - timedelta(hours=3))
    late = {"id": "late", "contactTel": number, "sendTime": at, "smsType": "in"}
    line.remote.rows("sms", [late], at)
    line.go_to(START + timedelta(minutes=10))
    line.driver.sync(["sms"])
    first, last, counted = line.driver.query(
        "select min(starts_at), max(ends_at), sum(vendor_count)::int from wpsync.windows"
        " where resource = 'sms'"
    )[0]
    listed = line.vendor.world.series["sms"].rows
    assert counted == sum(first.timestamp() <= row.at < last.timestamp() for row in listed)
    assert line.driver.one("select count(*) from wpsync.erased_rows where id = 'late'") == 1


def test_numbers_hashed_with_a_key_that_is_gone_are_never_certified_as_erased(
    emulator, database_url, tmp_path
):
    vendor = emulator(messages=200, days=3)
    hashing = '[privacy]\nphone_numbers = "hash"\nkey = "the key of some length {}"\n'
    driver = Driver(database_url, vendor.url, tmp_path, hashing.format(1))
    driver.backfill("5d", ["calls"])
    number = vendor.world.truth("calls")[3]["contact_tel"]
    driver.more = hashing.format(2)
    ran = driver.run("erase", "--phone", number, "--yes")
    assert (ran.returncode, "privacy.previous_keys" in ran.stderr) == (2, True)
    assert driver.one("select count(*) from wpsync.erasures") == 0
    driver.more += 'previous_keys = ["the key of some length 1"]\n'
    ran = driver.run("erase", "--phone", number, "--reason", "asked on Monday", "--yes", "--json")
    receipt = json.loads(ran.stdout)
    assert (receipt["rows"], receipt["not_swept"]) == ({"calls": 1}, [])
    assert driver.query("select reason, actor <> '' from wpsync.erasures") == [
        ("asked on Monday", True)
    ]


def test_the_receipt_says_what_could_not_be_searched_and_what_remains(made):
    vendor, _, driver = made
    number = vendor.world.truth("calls")[7]["contact_tel"]
    driver.more = '[privacy]\nphone_numbers = "mask"\n'
    ran = driver.run("erase", "--phone", number, "--yes")
    assert ran.returncode == 0, ran.stderr
    assert mentions(driver, number) == []
    assert "wp.history" in ran.stdout
    assert "backups" in ran.stdout
    assert "calls.contact_tel" in ran.stderr
    assert "backfill --again" in ran.stderr
    found = driver.query("select most_common_vals::text, histogram_bounds::text from pg_stats")
    assert number not in str(found)

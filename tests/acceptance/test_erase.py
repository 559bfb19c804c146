"""Erasing one person: nothing is left, nothing comes back, and the account still agrees with the vendor."""

import json

import pytest

from tests.acceptance.driving import Driver
from tests.acceptance.test_privacy import everything
from wpsync.emulator.client import Remote


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
    assert (ran.returncode, "agent's" in ran.stderr) == (2, True)
    assert driver.run("erase", "--phone", "13800138000").returncode == 1  # nobody answers
    assert driver.run("erase").returncode == 2
    assert driver.one("select count(*) from wpsync.erasures") == 0
    driver.more = '[privacy]\nphone_numbers = "mask"\n'
    ran = driver.run("erase", "--phone", "13800138000", "--yes")
    assert (ran.returncode, "masks or drops" in ran.stderr) == (2, True)


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

"""Listings: who left, who came back, who was renamed; and that half a listing marks nobody as gone."""

from datetime import timedelta

import pytest

from tests.acceptance.driving import START, Driver, Timeline, differences
from wpsync import crash_points
from wpsync.emulator import rows
from wpsync.emulator.client import Remote
from wpsync.emulator.world import Entry
from wpsync.resources import RESOURCES
from wpsync.sync.passes import sync
from wpsync.sync.progress import Silence

CONTACTS = "/api/wechat/getWeContactByPage"
MEMBERS = "/api/wechat/getWeChatRoomMemberByPage"
NAMES = ["wechat_contacts", "wechat_rooms", "wechat_room_members"]


@pytest.fixture
def listed(emulator, database_url, tmp_path):
    vendor = emulator(messages=14_000, days=20)
    driver = Driver(database_url, vendor.url, tmp_path)
    driver.sync(NAMES)
    assert not differences(driver, vendor, NAMES)
    return vendor, driver


def deleted(driver, table):
    return {
        row[0] for row in driver.query(f"select id from wp.{table} where _deleted_at is not null")
    }


@pytest.mark.reads_the_day
@pytest.mark.parametrize("name", ["wechat_contacts", "wechat_rooms"])
def test_who_leaves_is_marked_who_comes_back_is_not_and_history_tells_it(listed, name):
    vendor, driver = listed
    remote = Remote(vendor.url)
    entries = vendor.world.listings[name]
    gone, renamed = list(entries)[3], list(entries)[5]
    field = "nick" if name == "wechat_contacts" else "name"
    before = entries[renamed].truth[field]
    entry = entries[gone]
    remote.mutate(name, gone, delete=True)
    remote.mutate(name, renamed, set={field: "新名字"}, truth={field: "新名字"})
    driver.sync([name])
    assert deleted(driver, name) == {gone}
    assert driver.one(f"select {field} from wp.{name} where id = %s", renamed) == "新名字"
    vendor.world.listings[name][gone] = entry
    driver.sync([name])
    assert deleted(driver, name) == set()
    assert not differences(driver, vendor, [name])
    told = driver.query(
        "select id, row ->> %s, valid_from < valid_to from wp.history where resource = %s order by id",
        field,
        name,
    )
    assert (renamed, before, True) in told
    assert {row[0] for row in told} == {gone, renamed}


def test_a_member_who_joins_or_leaves_an_old_room_is_noticed_by_the_rooms_fingerprint(listed):
    vendor, driver = listed
    world = vendor.world
    room = next(room for room in world.people.rooms if len(room.members) > 4)
    known = {member.id for member in room.members}
    before = {room.id: len(room.members) for room in world.people.rooms}
    rng = world._rng
    while len(room.members) <= before[room.id]:
        world._change_room(_Always(room, rng))
    driver.sync(["wechat_rooms", "wechat_room_members"])
    assert not differences(driver, vendor, ["wechat_rooms", "wechat_room_members"])
    new = {member.id for member in room.members} - known
    assert new
    assert not new & deleted(driver, "wechat_room_members")


def test_the_members_of_a_room_that_is_gone_are_gone_and_back_when_it_comes_back(listed):
    vendor, driver = listed
    rooms, members = (vendor.world.listings[name] for name in NAMES[1:])
    room = vendor.world.people.rooms[0]
    whole = rooms.pop(room.id)
    left = {one.id: members.pop(one.id) for one in room.members}
    driver.sync(NAMES[1:])
    assert deleted(driver, "wechat_room_members") == set(left)
    assert not differences(driver, vendor, NAMES[1:])
    archived = driver.query("select id from wp.history where resource = 'wechat_room_members'")
    assert {key for (key,) in archived} == set(left)
    rooms[room.id] = whole
    members.update(left)
    driver.sync(NAMES[1:])
    assert deleted(driver, "wechat_room_members") == set()
    assert not differences(driver, vendor, NAMES[1:])


class _Always:
    """Chance that always picks one room and lets somebody join."""

    def __init__(self, room, rng):
        self._room, self._rng = room, rng

    def choice(self, among):
        return next((one for one in among if one is self._room), None) or self._rng.choice(among)

    def random(self):
        return 0.9

    def __getattr__(self, name):
        return getattr(self._rng, name)


def test_who_leaves_a_room_that_two_accounts_share_is_gone_from_each_as_it_reads(line):
    line.driver.add_account("other")
    world = line.vendor.world
    room = next(room for room in world.people.rooms if len(room.members) > 4)
    left = room.members.pop()
    del world.listings["wechat_room_members"][left.id]
    world._put("wechat_rooms", rows.room(room))
    held = "select count(*) from wp.wechat_room_members where id = %s and _account = %s"
    for number, gone in ((1, set()), (0, {left.id})):
        with line.session() as opened, opened.accounts() as accounts:
            sync(accounts[number], [RESOURCES[name] for name in NAMES[1:]], Silence())
        assert deleted(line.driver, "wechat_room_members") == gone
    assert line.driver.one(held, left.id, "main") == 1
    assert line.driver.one(held, left.id, "other") == 0


@pytest.mark.parametrize(
    "fault",
    [
        {"name": "empty_page"},
        {"name": "empty_page", "skip": 1},
        {"name": "null_list"},
        {"name": "null_data"},
        {"name": "wrong_count", "set": 0},
        {"name": "empty_page", "count": 0},
    ],
)
def test_half_a_listing_or_an_empty_one_marks_nobody_as_gone(listed, fault):
    vendor, driver = listed
    Remote(vendor.url).fault(fault.pop("name"), endpoint=CONTACTS, **fault)
    done = driver.run("sync", "wechat_contacts", timeout=180)
    assert done.returncode == 1, done.stdout
    assert deleted(driver, "wechat_contacts") == set()
    Remote(vendor.url).clear_faults()
    assert driver.run("sync", "wechat_contacts").returncode == 0
    assert not differences(driver, vendor, ["wechat_contacts"])


@pytest.fixture
def line(emulator, database_url, tmp_path):
    line = Timeline(emulator, database_url, tmp_path, messages=14_000, days=20)
    line.driver.sync(NAMES)
    return line


def reads_nothing(line, hours, name="wechat_contacts", path=CONTACTS, beside=("wechat_rooms",)):
    """So many hours later the vendor shows nothing of a listing, and all of those beside it."""
    line.go_to(line.clock.now() + timedelta(hours=hours))
    line.remote.fault("empty_page", endpoint=path, count=0)
    outcomes = {one.resource: one.outcome for one in line.driver.sync([name, *beside])}
    line.remote.clear_faults()
    return outcomes[name]


@pytest.mark.reads_the_day
def test_a_backfill_reads_a_listing_again_whose_last_reading_was_incomplete(listed):
    vendor, driver = listed
    before = Remote(vendor.url).stats()["requests"]
    assert [one.rows_read for one in driver.backfill("1d", ["wechat_contacts"])] == [0]
    assert Remote(vendor.url).stats()["requests"] == before  # it was complete a moment ago
    Remote(vendor.url).fault("empty_page", endpoint=CONTACTS, count=0)
    for outcomes in (driver.sync(["wechat_contacts"]), driver.backfill("1d", ["wechat_contacts"])):
        assert [one.outcome for one in outcomes] == ["incomplete"]
    Remote(vendor.url).clear_faults()
    (outcome,) = driver.backfill("1d", ["wechat_contacts"])
    assert (outcome.outcome, outcome.rows_read > 0) == ("done", True)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("wechat_contacts", CONTACTS),
        pytest.param("wechat_room_members", MEMBERS, marks=pytest.mark.long),
    ],
)
def test_a_listing_is_believed_to_be_empty_once_it_has_been_so_for_a_day(line, name, path):
    line.go_to(
        START + timedelta(days=8)
    )  # the members of rooms that did not change are due as well
    told = [reads_nothing(line, 1, name, path) for _ in range(25)]
    assert set(told) == {"incomplete"}
    assert deleted(line.driver, name) == set()
    told = [reads_nothing(line, 1, name, path) for _ in range(5)]
    assert "done" in told
    assert len(deleted(line.driver, name)) == line.driver.one(f"select count(*) from wp.{name}")


def test_a_vendor_that_shows_nothing_at_all_is_believed_a_day_later(line):
    told = [reads_nothing(line, 7, beside=()) for _ in range(9)]
    assert set(told) == {"incomplete"}
    assert reads_nothing(line, 7, beside=()) == "done"


def test_a_few_empty_replies_however_far_apart_are_not_believed(line):
    for hours in (1, 24 * 30, 1, 1):
        assert reads_nothing(line, hours) == "incomplete"
    assert deleted(line.driver, "wechat_contacts") == set()


@pytest.mark.parametrize("fault", ["http_500", "null_list", None])
def test_a_reading_that_is_not_empty_in_between_begins_the_count_anew(line, fault):
    for _ in range(4):
        assert reads_nothing(line, 7) == "incomplete"
    line.go_to(line.clock.now() + timedelta(hours=7))
    if fault is not None:
        line.remote.fault(fault, endpoint=CONTACTS)
    line.driver.sync(["wechat_contacts"])
    line.remote.clear_faults()
    for _ in range(4):
        assert reads_nothing(line, 7) == "incomplete"
    assert deleted(line.driver, "wechat_contacts") == set()


def test_the_members_of_a_room_that_says_itself_that_it_has_none_are_gone(listed):
    vendor, driver = listed
    room = driver.one("select room_id from wp.wechat_room_members limit 1")
    members = vendor.world.listings["wechat_room_members"]
    theirs = {
        row[0]
        for row in driver.query("select id from wp.wechat_room_members where room_id = %s", room)
    }
    for member in theirs:
        del members[member]
    emptied = {"memberCount": 0, "memberIdList": [], "memberWxNoList": []}
    Remote(vendor.url).mutate("wechat_rooms", room, set=emptied)
    driver.sync(["wechat_rooms", "wechat_room_members"])
    assert deleted(driver, "wechat_room_members") == theirs


def test_who_leaves_and_who_joins_while_a_listing_is_paged_hides_nobody_else(listed, monkeypatch):
    vendor, driver = listed
    entries, served = vendor.world.listings["wechat_contacts"], vendor.state.vendor
    leaves, copied = list(entries)[3], next(iter(entries.values()))
    joins = Entry(
        {**copied.vendor, "id": "joined", "_id": "joined"}, {**copied.truth, "id": "joined"}
    )
    changes = {1: lambda: entries.pop(leaves), 2: lambda: entries.update(joined=joins)}
    answer = served.answer

    def changing(path, body):
        told = answer(path, body)
        if path == CONTACTS:
            changes.pop(body["page"], lambda: None)()
        return told

    monkeypatch.setattr(served, "answer", changing)
    (outcome,) = driver.sync(["wechat_contacts"])
    assert (outcome.outcome, changes) == ("done", {})
    assert deleted(driver, "wechat_contacts") == {leaves}
    assert not differences(driver, vendor, ["wechat_contacts"])


def test_a_reading_that_dies_in_the_middle_marks_nobody_as_gone(listed):
    vendor, driver = listed
    gone = next(iter(vendor.world.listings["wechat_contacts"]))
    Remote(vendor.url).mutate("wechat_contacts", gone, delete=True)
    for died_at in (3, 7, 11):
        dead = driver.run("sync", "wechat_contacts", WPSYNC_DIE_AT=str(died_at))
        assert dead.returncode == crash_points.EXIT_STATUS
        assert deleted(driver, "wechat_contacts") == set()
    assert driver.run("sync", "wechat_contacts").returncode == 0
    assert deleted(driver, "wechat_contacts") == {gone}


def test_a_listing_longer_than_the_vendor_shows_is_read_as_far_as_it_goes_and_said_to_be_cut(
    emulator, database_url, tmp_path
):
    vendor = emulator(messages=6_000, days=20)
    total = len(vendor.world.listings["wechat_contacts"])
    Remote(vendor.url).settings(page_refused=3)
    assert total > 300
    driver = Driver(database_url, vendor.url, tmp_path)
    done = driver.run("sync", "wechat_contacts")
    assert done.returncode == 1
    assert driver.one("select count(*) from wp.wechat_contacts") == 300
    shown = driver.run("status")
    assert shown.returncode == 1
    assert "wechat_contacts" in shown.stderr
    assert deleted(driver, "wechat_contacts") == set()
    state = driver.query("select vendor_count, rows_seen, state from wpsync.listings")
    assert state == [(total, 300, "incomplete")]

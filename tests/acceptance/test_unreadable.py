"""What the vendor cannot serve costs its seconds, its room or its agent, and nothing else."""

from datetime import timedelta

import pytest

from tests.acceptance.driving import START, Timeline, differences, local
from wpsync.errors import Message
from wpsync.model import Window
from wpsync.resources.wechat import WECHAT_MESSAGES
from wpsync.status import snapshot
from wpsync.sync.passes import follow
from wpsync.sync.progress import Silence
from wpsync.sync.verify import verify

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
MESSAGES = "/api/wechat/getWeMessageByPage"
UNREADABLE = (
    "select coalesce(sum(ends_at - starts_at), interval '0') from wpsync.windows"
    " where state = 'incomplete' and reason = 'unreadable'"
)


@pytest.fixture
def line(emulator, database_url, tmp_path):
    return Timeline(emulator, database_url, tmp_path, messages=3_000, days=5)


def breaks(line, *broken, status=4016):
    """From now on the vendor cannot serve these."""
    line.remote.settings(broken=list(broken), broken_status=status)


def messages(line, table="wechat_messages"):
    return sorted(line.vendor.world.truth(table), key=lambda row: row["sent_at"])


def near(rows, at):
    """The ids of the rows that share a request with an instant, however narrow."""
    return {row["id"] for row in rows if abs(row["sent_at"] - at) <= SECOND}


@pytest.mark.parametrize("status", [4016, 500])
def test_a_row_that_the_vendor_stumbles_over_costs_its_second_and_nothing_else(line, status):
    rows = messages(line)
    poison = rows[len(rows) // 2]
    breaks(line, poison["id"], status=status)
    (outcome,) = line.driver.backfill("6d", ["wechat_messages"])
    assert outcome.outcome == "incomplete"
    assert outcome.problems[0].params["reason"] == "unreadable"
    held = {row[0] for row in line.driver.query("select id from wp.wechat_messages")}
    lost = {row["id"] for row in rows} - held
    assert poison["id"] in lost
    assert lost <= near(rows, poison["sent_at"])
    assert SECOND <= line.driver.one(UNREADABLE) <= 3 * SECOND

    breaks(line)
    line.driver.sync(["wechat_messages"])
    line.go_to(START + DAY)
    line.driver.sync(["wechat_messages"])
    assert not line.driver.one(UNREADABLE)
    assert not differences(line.driver, line.vendor, ["wechat_messages"])


def test_a_pass_is_incomplete_while_anything_is_although_it_is_not_due_and_a_tick_is_not(line):
    breaks(line, messages(line)[1_500]["id"])
    line.driver.backfill("6d", ["wechat_messages"])
    for _ in range(3):
        (outcome,) = line.driver.sync(["wechat_messages"])
        assert outcome.outcome == "incomplete"
        assert outcome.problems[0].params["reason"] == "unreadable"
    with line.driver.account() as account:
        assert follow(account, WECHAT_MESSAGES).is_good
    breaks(line)
    line.go_to(START + DAY)
    (outcome,) = line.driver.sync(["wechat_messages"])
    assert outcome.is_good


def test_a_vendor_that_is_down_leaves_nothing_marked_as_unreadable(line):
    line.remote.fault("http_500")
    (outcome,) = line.driver.backfill("6d", ["wechat_messages"])
    assert outcome.outcome == "failed"
    assert [problem.code for problem in outcome.problems] == ["vendor.server_error"]
    line.remote.clear_faults()
    assert line.driver.one("select count(*) from wpsync.windows") == 0


def test_a_day_that_cannot_be_served_at_all_takes_few_requests_and_the_other_days_come(line):
    rows = messages(line)
    day = rows[len(rows) // 2]["sent_on"]
    breaks(line, *(row["id"] for row in rows if row["sent_on"] == day))
    (outcome,) = line.driver.backfill("6d", ["wechat_messages"])
    assert outcome.outcome == "incomplete"
    others = "select count(*) from wp.wechat_messages where sent_on <> %s"
    assert line.driver.one(others, day) == sum(row["sent_on"] != day for row in rows)
    assert len(line.requests(path=MESSAGES)) < 500
    for _ in range(5):
        before = line.last()
        line.go_to(line.clock.now() + DAY)
        line.driver.sync(["wechat_messages"])  # all of it is due to be tried again
        assert len(line.requests(before, MESSAGES)) < 500


def test_late_rows_are_found_although_the_vendor_stumbles_over_one_of_them(line):
    line.driver.backfill("6d", ["wechat_messages"])
    line.driver.sync(["wechat_messages"])
    day = START - 2 * DAY
    line.remote.generate("wechat_messages", count=20, start=local(day), end=local(day + DAY))
    rows = messages(line)
    held = {row[0] for row in line.driver.query("select id from wp.wechat_messages")}
    late = [row for row in rows if row["id"] not in held]
    breaks(line, late[-1]["id"])
    line.go_to(START + 2 * DAY)
    line.driver.sync(["wechat_messages"])
    held = {row[0] for row in line.driver.query("select id from wp.wechat_messages")}
    lost = {row["id"] for row in rows} - held
    assert lost <= near(rows, late[-1]["sent_at"])
    assert line.driver.one(UNREADABLE) <= 3 * SECOND


def test_the_present_is_followed_although_the_vendor_stumbles_over_a_row_of_it(line):
    line.driver.sync(["wechat_messages"])
    line.go_to(START + timedelta(hours=3))
    line.remote.generate(
        "wechat_messages",
        count=300,
        start=local(START + timedelta(hours=1)),
        end=local(START + timedelta(hours=3)),
    )
    rows = [row for row in messages(line) if row["sent_at"] > START]
    breaks(line, rows[150]["id"])
    for minutes in range(5):
        line.go_to(START + timedelta(hours=3, minutes=3 * minutes))
        line.driver.sync(["wechat_messages"])
    held = {row[0] for row in line.driver.query("select id from wp.wechat_messages")}
    assert {row["id"] for row in rows} - held <= near(rows, rows[150]["sent_at"])
    assert SECOND <= line.driver.one(UNREADABLE) <= 3 * SECOND


@pytest.mark.parametrize("status", [4016, 500])
def test_a_room_whose_members_cannot_be_served_leaves_the_others_theirs(line, status):
    line.driver.sync(["wechat_rooms"])
    members = line.vendor.world.truth("wechat_room_members")
    rooms = sorted({row["room_id"] for row in members})
    assert len(rooms) > 3
    breaks(line, rooms[0], status=status)
    (outcome,) = line.driver.sync(["wechat_room_members"])
    assert outcome.outcome == "incomplete"
    assert outcome.problems[0].params["which"] == rooms[0]
    held = {
        row[0] for row in line.driver.query("select distinct room_id from wp.wechat_room_members")
    }
    assert held == {*rooms[1:]}
    incomplete = "select parent_id, reason from wpsync.listings where state = 'incomplete'"
    assert line.driver.query(incomplete) == [(rooms[0], "unreadable")]
    freshness = (
        "select watermark is not null, complete_up_to is not null from wp_bi.data_freshness"
        " where resource = 'wechat_room_members'"
    )
    assert line.driver.query(freshness) == [(True, False)]  # current, and one of them is not there
    with line.session() as opened:
        told = snapshot.status(opened.database, opened.config, line.clock.now()).resources
    (room_members,) = (one for one in told if one.resource == "wechat_room_members")
    assert room_members.incomplete == 1
    assert room_members.minutes_behind is not None
    assert room_members.minutes_behind < 5
    breaks(line)
    before = line.last()
    line.driver.sync(["wechat_room_members"])
    assert len(line.requests(before)) == 1
    assert not differences(line.driver, line.vendor, ["wechat_room_members"])


def test_members_and_reports_are_as_old_as_the_rooms_and_agents_that_are_known(line):
    """Those listings fail for days: what is read of the rooms and agents of then may lack somebody."""
    parents = {
        "wechat_room_members": "wechat_rooms",
        "agent_call_totals": "agents",
        "agent_call_days": "agents",
    }
    names = [*parents.values(), *parents]
    line.driver.sync(names)
    for endpoint in ("/api/wechat/getWeChatRoomByPage", "/api/crm/getUsers"):
        line.remote.fault("http_500", endpoint=endpoint)
    for _ in range(3):
        line.go_to(line.clock.now() + DAY)
        line.driver.sync(names)
    view = line.driver.query("select resource, watermark, complete_up_to from wp_bi.data_freshness")
    at = {resource: times for resource, *times in view}
    with line.session() as opened:
        found = snapshot.status(opened.database, opened.config, line.clock.now())
    told = {one.resource: one.covered_to for one in found.resources}
    for child, parent in parents.items():
        assert at[child] == [told[parent]] * 2
        assert told[child] == told[parent] < line.clock.now() - 2 * DAY


@pytest.mark.parametrize("name", ["agent_call_totals", "agent_call_days"])
def test_an_agent_whose_report_cannot_be_served_leaves_the_others_theirs(line, name):
    line.driver.sync(["agents"])
    agents = sorted(row["id"] for row in line.vendor.world.truth("agents"))
    breaks(line, agents[1])
    (outcome,) = line.driver.sync([name])
    assert outcome.outcome == "incomplete"
    assert outcome.problems[0].params["which"] == agents[1]
    held = {row[0] for row in line.driver.query(f"select distinct agent_id from wp.{name}")}
    assert held == {*agents} - {agents[1]}


@pytest.mark.parametrize("name", ["agent_call_totals", "agent_call_days"])
@pytest.mark.parametrize(("status", "first"), [(4001, 0), (4001, 1), (500, 1)])
def test_agents_beside_each_other_without_a_report_leave_the_others_theirs(
    line, name, status, first
):
    line.driver.sync(["agents"])
    agents = sorted(row["id"] for row in line.vendor.world.truth("agents"))
    silent = agents[first : first + 3]  # e.g. phones that are switched off
    breaks(line, *silent, status=status)
    (outcome,) = line.driver.sync([name])
    assert outcome.outcome == "incomplete"
    held = {row[0] for row in line.driver.query(f"select distinct agent_id from wp.{name}")}
    assert held == {*agents} - {*silent}


def test_a_vendor_that_serves_nobodys_report_is_a_failure(line):
    line.driver.sync(["agents"])
    breaks(line, *(row["id"] for row in line.vendor.world.truth("agents")), status=4001)
    (outcome,) = line.driver.sync(["agent_call_totals"])
    assert outcome.outcome == "failed"


def test_rooms_that_stay_unreadable_do_not_keep_the_others_from_being_read(line):
    line.driver.sync(["wechat_rooms"])
    rooms = sorted({row["room_id"] for row in line.vendor.world.truth("wechat_room_members")})
    broken = rooms[0:5:2]  # side by side once those between have been read
    breaks(line, *broken)
    (outcome,) = line.driver.sync(["wechat_room_members"])
    assert outcome.outcome == "incomplete"
    again = "update wpsync.listings set fingerprint = 'another' where parent_id = %s returning 1"
    assert line.driver.one(again, rooms[-1])
    before = line.last()
    line.driver.sync(["wechat_room_members"])
    # what is due, the broken ones also in smaller pages, and another to compare with
    assert len(line.requests(before)) == 1 + 3 * 3 + 1
    listed = "select parent_id from wpsync.listings where resource = 'wechat_room_members' and state = %s"
    assert {row[0] for row in line.driver.query(listed, "complete")} == {*rooms} - {*broken}
    assert {row[0] for row in line.driver.query(listed, "incomplete")} == {*broken}


def test_a_vendor_that_serves_nobodys_members_is_a_failure_and_says_of_whom(line):
    line.driver.sync(["wechat_rooms"])
    line.remote.fault("http_500", endpoint="/api/wechat/getWeChatRoomMemberByPage")
    (outcome,) = line.driver.sync(["wechat_room_members"])
    assert outcome.outcome == "failed"
    assert line.driver.one("select count(*) from wpsync.listings where reason = 'unreadable'") == 3


def test_verify_names_what_cannot_be_served_and_goes_on_with_the_rest(line):
    line.driver.backfill("6d", ["wechat_messages"])
    day = START - 2 * DAY
    rows = [row for row in messages(line) if row["sent_on"] == day.date()]
    breaks(line, rows[-1]["id"])  # the day's newest: its very count cannot be asked for
    with line.driver.account() as account:
        span = Window(START - 6 * DAY, START)

        def verified(*, repair):
            return verify(account, WECHAT_MESSAGES, span, Silence(), deep=False, repair=repair)

        assert [finding.reason for finding in verified(repair=False)] == ["unreadable"]
        assert not line.driver.one(UNREADABLE)
        verified(repair=True)
        assert SECOND <= line.driver.one(UNREADABLE) <= 3 * SECOND
        breaks(line)
        verified(repair=True)
        assert verified(repair=False) == []


CONTACTS = "/api/wechat/getWeContactByPage"
LISTED = (
    "select state, reason, vendor_count - rows_seen from wpsync.listings where resource = %s"
    " and rows_seen > 0 and state = 'incomplete'"
)


@pytest.mark.parametrize("status", [4016, 500])
@pytest.mark.parametrize("where", [0, 57, 199])
def test_a_contact_that_the_vendor_stumbles_over_costs_itself_and_no_other(line, status, where):
    contacts = list(line.vendor.world.listings["wechat_contacts"])
    breaks(line, contacts[where], status=status)
    (outcome,) = line.driver.sync(["wechat_contacts"])
    assert outcome.outcome == "incomplete"
    assert outcome.problems == [Message("listing.incomplete", {"reason": "unreadable"})]
    held = {row[0] for row in line.driver.query("select id from wp.wechat_contacts")}
    assert set(contacts) - held == {contacts[where]}
    assert line.driver.query(LISTED, "wechat_contacts") == [("incomplete", "unreadable", 1)]

    breaks(line)
    before = line.last()
    (outcome,) = line.driver.sync(["wechat_contacts"])
    assert (outcome.outcome, len(line.requests(before, CONTACTS))) == ("done", 3)
    assert not differences(line.driver, line.vendor, ["wechat_contacts"])

    breaks(line, contacts[where], status=status)
    line.driver.sync(["wechat_contacts"])
    gone = "select count(*) from wp.wechat_contacts where _deleted_at is not null"
    assert line.driver.one(gone) == 0


def test_a_member_that_the_vendor_stumbles_over_costs_itself_and_no_other(line):
    line.driver.sync(["wechat_rooms"])
    members = [row["id"] for row in line.vendor.world.truth("wechat_room_members")]
    breaks(line, members[1])
    (outcome,) = line.driver.sync(["wechat_room_members"])
    assert outcome.outcome == "incomplete"
    held = {row[0] for row in line.driver.query("select id from wp.wechat_room_members")}
    assert set(members) - held == {members[1]}
    assert line.driver.query(LISTED, "wechat_room_members") == [("incomplete", "unreadable", 1)]


@pytest.mark.parametrize("served", [0, 1, 12, 14])
def test_a_vendor_that_goes_down_while_a_listing_is_read_leaves_it_as_it_was(line, served):
    line.driver.sync(["wechat_contacts"])
    known = "select state, reason, rows_seen from wpsync.listings"
    before = line.driver.query(known)
    breaks(line, list(line.vendor.world.listings["wechat_contacts"])[57])
    line.remote.fault("http_500", endpoint=CONTACTS, skip=served)
    (outcome,) = line.driver.sync(["wechat_contacts"])
    assert outcome.outcome == "failed"
    assert line.driver.query(known) == before

"""The views where the emulated world is too orderly: two work phones at one deal, notices, gaps, holes."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from random import Random

import psycopg
import pytest

NOON = datetime(2026, 5, 20, 4, tzinfo=UTC)
PHONES = ("a", "b", "k")


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


class Tables:
    """Rows written as they would have been loaded."""

    def __init__(self, connection):
        self._connection = connection

    def query(self, text, *parameters):
        return self._connection.execute(text, parameters).fetchall()

    def run(self, text, *parameters):
        self._connection.execute(text, parameters)

    def add(self, table, **columns):
        columns |= {"_account": "main", "_first_synced_at": NOON, "_synced_at": NOON}
        marks = ", ".join(["%s"] * len(columns))
        self._connection.execute(
            f"insert into wp.{table} ({', '.join(columns)}) values ({marks})",
            list(columns.values()),
        )

    def chat(self, identifier, agent, contact=None, room=None):
        kind = "group" if room else "single"
        self.add(
            "wechat_chats", id=identifier, agent_wx_no=agent, contact_wx_no=contact, room_id=room, chat_type=kind
        )  # fmt: skip

    def say(self, identifier, chat, seconds, by_agent, kind="text", msg_type="101"):
        """A message of noon and some seconds; `seconds` None is one without a time."""
        sent = None if seconds is None else at(seconds)
        self.add(
            "wechat_messages", id=identifier, chat_id=chat, msg_type=msg_type, kind=kind, sent_at=sent,
            sent_on=NOON.date() if sent else None, sent_by_agent=by_agent, payload_ok=True,
        )  # fmt: skip

    def transfer(self, identifier, chat, seconds, by_agent, deal, transfer_type=1, claim="claimed"):
        self.say(identifier, chat, seconds, by_agent, "transfer", "115")
        self.add(
            "message_transfers", message_id=identifier, transfer_id=deal, transfer_type=transfer_type,
            claim_kind=claim, amount=100, sent_at=None if seconds is None else at(seconds),
        )  # fmt: skip

    def packet(self, identifier, chat, seconds, by_agent, deal, *, claimed=False):
        self.say(identifier, chat, seconds, by_agent, "red_packet", "112")
        self.add(
            "message_red_packets", message_id=identifier, pay_msg_id=deal, claimed=claimed, sent_at=at(seconds)
        )  # fmt: skip

    def collection(self, identifier, chat, seconds, by_agent, deal, initiator, payers):
        self.say(identifier, chat, seconds, by_agent, "group_collection", "113")
        self.add(
            "message_group_collections", message_id=identifier, bill_no=deal, initiator_wx_no=initiator,
            sent_at=at(seconds),
        )  # fmt: skip
        for payer in payers:
            self.add(
                "message_group_collection_payers", message_id=identifier, payer_wx_no=payer, amount=10,
                paid=False,
            )  # fmt: skip

    def window(self, since, until, *, complete=True):
        self._connection.execute(
            "insert into wpsync.windows (account, resource, starts_at, ends_at, vendor_count, rows_seen,"
            " rows_held, state, read_at, checked_at) values ('main', 'sms', %s, %s, 0, 0, 0, %s, now(), now())",
            (at(since), at(until), "complete" if complete else "incomplete"),
        )

    def flows(self):
        """Who is concerned, how, and by which message."""
        return self.query(
            "select agent_wx_no, direction, flow_id from wp_bi.money_flows order by agent_wx_no, flow_id"
        )

    def risks(self):
        return self.query(
            "select agent_wx_no, message_id from wp_bi.risk_events order by agent_wx_no, event_id"
        )


@pytest.fixture
def tables(database_url):
    """A work phone's chat with a customer, one phone's with another and back, and a room of three of them."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        made = Tables(connection)
        made.chat("ac", "a", "customer")
        made.chat("ab", "a", "b")
        made.chat("ba", "b", "a")
        for phone in PHONES:
            made.chat(f"{phone}-room", phone, room="room")
        yield made


def turns(tables):
    return tables.query(
        "select message_id, reply_id, begins_turn from wp_bi.response_times order by 1"
    )


def test_of_two_questions_in_one_second_one_begins_the_turn(tables):
    tables.say("q2", "ac", 0, by_agent=False)
    tables.say("q1", "ac", 0, by_agent=False)
    tables.say("r", "ac", 60, by_agent=True)
    assert turns(tables) == [("q1", "r", True), ("q2", "r", False)]


@pytest.mark.parametrize(
    ("kind", "msg_type", "said"),
    [
        ("text", "101", True),
        ("voice", "34", True),
        ("group_collection", "113", True),
        ("transfer", "115", True),
        ("unknown", "47", True),
        ("unknown", "50", False),
        ("system", "108", False),
        ("recall", "109", False),
        ("room_event", "110", False),
        ("semi_xml", "111", False),
        ("group_collection_reminder", "114", False),
    ],
)
def test_only_what_a_person_says_asks_and_answers(tables, kind, msg_type, said):
    tables.say("odd", "ac", 0, False, kind, msg_type)
    tables.say("q", "ac", 10, by_agent=False)
    tables.say("reply", "ac", 20, True, kind, msg_type)
    tables.say("words", "ac", 30, by_agent=True)
    reply = "reply" if said else "words"
    asked = [("odd", reply, True)] if said else []
    assert turns(tables) == [*asked, ("q", reply, not said)]


def test_the_receipt_of_a_transfer_neither_asks_nor_answers(tables):
    tables.transfer("paid", "ac", 0, True, "T")
    tables.transfer("receipt", "ac", 10, False, "T", transfer_type=3)
    tables.say("thanks", "ac", 20, by_agent=True)
    assert turns(tables) == []


def test_a_transfer_between_two_work_phones_is_out_for_one_and_in_for_the_other(tables):
    for chat, sends in (("ab", True), ("ba", False)):
        tables.transfer(f"{chat}-1", chat, 0, sends, "T", claim="unclaimed")
        tables.transfer(f"{chat}-2", chat, 60, not sends, "T", transfer_type=3, claim="received")
    assert tables.flows() == [("a", "out", "ab-1"), ("b", "in", "ba-1")]
    assert tables.risks() == [("a", "ab-1"), ("b", "ba-1")]
    sums = "select direction, sum(amount), max(status), min(status) from wp_bi.money_flows group by 1 order by 1"
    assert tables.query(sums) == [
        (way, Decimal("100.00"), "claimed", "claimed") for way in ("in", "out")
    ]


def test_a_transfer_of_which_one_message_has_no_time_is_counted_once(tables):
    tables.transfer("timeless", "ac", None, True, "T")
    tables.transfer("receipt", "ac", 60, False, "T", transfer_type=3)
    assert tables.flows() == [("a", "out", "timeless")]


@pytest.mark.parametrize("kind", ["transfer", "packet"])
def test_what_two_phones_see_in_a_room_counts_for_the_one_that_sent_it(tables, kind):
    add = getattr(tables, kind)
    add("first", "b-room", 0, False, "D")
    add("second", "a-room", 0, True, "D")
    assert tables.flows() == [("a", "out", "second")]
    assert tables.risks() == [("a", "second")]


@pytest.mark.parametrize("kind", ["transfer", "packet"])
def test_what_a_customer_sends_to_a_room_counts_once_until_somebody_takes_it(tables, kind):
    add = getattr(tables, kind)
    add("one", "a-room", 0, False, "D")
    add("two", "b-room", 0, False, "D")
    assert tables.flows() == [("a", "in", "one")]
    assert tables.risks() == [("a", "one")]


def test_a_red_packet_that_two_phones_opened_counts_for_both(tables):
    for phone in PHONES:
        tables.packet(phone, f"{phone}-room", 0, False, "D", claimed=phone != "k")
    assert tables.flows() == [("a", "in", "a"), ("b", "in", "b")]


def test_who_took_a_transfer_in_a_room_is_told_by_the_receipt(tables):
    tables.transfer("a", "a-room", 0, False, "T")
    tables.transfer("b", "b-room", 0, False, "T")
    tables.transfer("b2", "b-room", 60, True, "T", transfer_type=3)
    assert tables.flows() == [("b", "in", "b2")]


def test_a_collection_counts_for_who_collects_and_for_who_pays(tables):
    """a collects of b and of a customer, and k looks on."""
    for phone in PHONES:
        tables.collection(phone, f"{phone}-room", 0, phone == "a", "B", "a", ["b", "customer"])
    assert tables.flows() == [("a", "in", "a:b"), ("a", "in", "a:customer"), ("b", "out", "b:b")]
    assert tables.risks() == [("a", "a"), ("b", "b")]


def test_a_collection_among_customers_counts_once(tables):
    for phone in PHONES:
        tables.collection(phone, f"{phone}-room", 0, False, "B", "customer", ["other"])
    assert tables.flows() == [("a", None, "a:other")]
    assert tables.risks() == [("a", "a")]


@dataclass
class Deal:
    """A transfer as each phone's chats show it: by phone (chat is a room, by agent, receipt, seconds, id)."""

    seen: dict[str, list[tuple[bool, bool, bool, int, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def sides(self):
        """The rows that it should have: phone, direction, message."""
        first = lambda found: min(found, key=lambda m: m[2:])  # noqa: E731
        took = {
            phone: [m for m in messages if not m[0] or m[1]]
            for phone, messages in self.seen.items()
        }
        rows = {phone: first(messages) for phone, messages in took.items() if messages}
        if not rows:
            found = first([m for messages in self.seen.values() for m in messages])
            rows = {phone: found for phone, messages in self.seen.items() if found in messages}
        for phone, (_, by_agent, receipt, _, identifier) in rows.items():
            yield phone, "out" if by_agent != receipt else "in", identifier


def test_transfers_of_every_sort_have_one_row_for_each_side(tables):
    rng, numbers = Random(7), count()
    truth: list[tuple[str, str, str]] = []
    for deal in range(150):
        made = Deal()
        room, sender, receiver = rng.random() < 0.5, *rng.sample([*PHONES, "customer"], 2)
        for phone in PHONES if room else {sender, receiver} & set(PHONES):
            other = receiver if phone == sender else sender
            chat = f"{phone}-room" if room else f"{phone}+{other}"
            for receipt in (False, True):
                if rng.random() < 0.4:
                    continue
                by_agent = phone == (receiver if receipt else sender)
                seconds, identifier = rng.randrange(5), f"{next(numbers):04d}"
                tables.transfer(
                    identifier, chat, seconds, by_agent, f"T{deal}", rng.choice((3, 4, 5) if receipt else (1, 7))
                )  # fmt: skip
                made.seen[phone].append((room, by_agent, receipt, seconds, identifier))
        truth += made.sides() if made.seen else ()
    for phone in PHONES:
        for other in {*PHONES, "customer"} - {phone}:
            tables.chat(f"{phone}+{other}", phone, other)
    assert tables.flows() == sorted(truth, key=lambda row: (row[0], row[2]))
    assert len(truth) > 150


def test_counts_of_an_agents_day_are_numbers(tables):
    tables.add("calls", id="x", agent_id="ag", direction=None, connected=None, began_at=NOON)
    tables.add("sms", id="y", agent_id="ag2", direction=None, sent_at=NOON)
    tables.say("z", "ac", 0, by_agent=None)
    rows = tables.query(
        "select agent, calls_in, calls_out, calls_answered, talk_seconds, sms_in, sms_out, messages_sent,"
        " messages_received, contacts_talked_to, contacts_gained, contacts_lost from wp_bi.agent_daily order by 1"
    )
    people = {"a": 1, "ag": 0, "ag2": 0}
    assert rows == [(agent, *[0] * 8, people[agent], 0, 0) for agent in ("a", "ag", "ag2")]


def test_no_value_that_a_column_can_hold_takes_a_view_away(tables):
    """Two of the largest of everything, in the earliest and the latest year that a time can have."""
    for year in (1900, 2199):
        for number in range(2):
            when = datetime(year, 12, 31, 23, tzinfo=UTC)
            name = f"{year}-{number}"
            tables.add(
                "calls", id=name, agent_id="ag", direction="in", connected=True, began_at=when,
                duration_seconds=2**31 - 1, ended_at=NOON,
            )  # fmt: skip
            tables.chat(name, f"agent-{year}", f"contact-{number}")
            tables.add(
                "wechat_messages", id=name, chat_id=name, msg_type="113", kind="group_collection", sent_at=when,
                sent_on=when.date(), sent_by_agent=False, payload_ok=True,
            )  # fmt: skip
            tables.add("message_group_collections", message_id=name, bill_no="b", sent_at=when)
            for payer in ("x", "y"):
                tables.add(
                    "message_group_collection_payers", message_id=name, payer_wx_no=payer, sent_at=when,
                    amount=Decimal("999999999999.99"), amount_fen=99_999_999_999_999,
                )  # fmt: skip
    views = tables.query("select viewname from pg_views where schemaname = 'wp_bi'")
    for (view,) in views:
        tables.query(f"select * from wp_bi.{view}")
    assert tables.query("select day, talk_seconds from wp_bi.agent_daily where agent = 'ag'") == [
        (date(1901, 1, 1), 2 * (2**31 - 1)),
        (date(2200, 1, 1), 2 * (2**31 - 1)),
    ]
    (seconds,) = tables.query("select wp_bi.working_seconds('1900-01-01', '2200-01-01')")
    assert seconds[0] > 0


def test_an_agents_number_is_known_however_it_is_written(tables):
    pairs = [
        ("+86 133-1234-5678", "13312345678"),
        ("13312345679", "008613312345679"),
        ("013312345670", "133 1234 5670"),
        ("133****5678", "133****5678"),
        ("+852 5123 4567", "85251234567"),
        ("13312340000", "13312340001"),
        ("abc13312345000", "13312345000"),
    ]
    for place, (phone, number) in enumerate(pairs):
        tables.add("agents", id=str(place), name="One", phone=phone)
        tables.add("wechat_users", id=str(place), wx_no=f"wx{place}", phone=number)
    known = tables.query(
        "select agent_id from wp_bi.wechat_agents where starts_with(agent_wx_no, 'wx') order by agent_wx_no"
    )
    assert [agent for (agent,) in known] == ["0", "1", "2", "3", "4", None, None]


def test_a_number_that_was_given_to_another_agent_is_that_agents(tables):
    """The newer of two that are listed; one that is listed before one that is gone."""
    later = NOON + timedelta(days=1)
    for identifier, first, deleted in (
        ("z-new", later, None), ("a-old", NOON, None), ("b-gone", later + timedelta(days=1), later),
    ):  # fmt: skip
        tables.add("agents", id=identifier, name=identifier, phone="13312345678")
        tables.run(
            "update wp.agents set _first_synced_at = %s, _deleted_at = %s where id = %s",
            first, deleted, identifier,
        )  # fmt: skip
    tables.add("wechat_users", id="w", wx_no="wx", phone="13312345678")
    known = tables.query("select agent_id from wp_bi.wechat_agents where agent_wx_no = 'wx'")
    assert known == [("z-new",)]


@pytest.mark.parametrize(
    ("windows", "until"),
    [
        ([(0, 60), (60, 120)], 120),
        ([(0, 60), (90, 120)], 60),
        ([(0, 60), (60, 90, False), (90, 120)], 60),
        ([(0, 60), (60, 90), (120, 180, False)], 90),
        ([(0, 60, False), (60, 120)], 0),
    ],
    ids=["whole", "hole", "incomplete", "hole before incomplete", "incomplete from the start"],
)
def test_complete_up_to_ends_before_the_first_hole(tables, windows, until):
    for since, end, *complete in windows:
        tables.window(since, end, complete=not complete)
    tables.query(
        "insert into wpsync.watermarks (account, resource, at, updated_at) values ('main', 'sms', %s, now())"
        " returning at",
        at(180),
    )
    assert tables.query(
        "select complete_from, complete_up_to, watermark from wp_bi.data_freshness"
    ) == [(at(0), at(until), at(180))]


def test_a_listing_of_which_a_part_was_never_read_is_not_complete_up_to_any_time(tables):
    for room, when in (("r1", NOON), ("r2", None)):
        tables.query(
            "insert into wpsync.listings (account, resource, parent_id, vendor_count, rows_seen, state,"
            " fingerprint, read_at, complete_at) values ('main', 'wechat_room_members', %s, 1, 1, %s, '', %s, %s)"
            " returning 1",
            room, "complete" if when else "incomplete", NOON, when,
        )  # fmt: skip
    assert tables.query("select complete_up_to from wp_bi.data_freshness") == [(None,)]


def test_members_are_complete_once_every_room_that_is_there_was_read(tables):
    def read(room):
        tables.query(
            "insert into wpsync.listings (account, resource, parent_id, vendor_count, rows_seen, state,"
            " fingerprint, read_at, complete_at) values ('main', 'wechat_room_members', %s, 1, 1, 'complete', '',"
            " %s, %s) returning 1",
            room, NOON, NOON,
        )  # fmt: skip
        (told,) = tables.query("select state, reason from wp_bi.completeness")
        return told

    tables.add("wechat_rooms", id="gone", _deleted_at=NOON)
    rooms = [room for (room,) in tables.query("select id from wp.wechat_rooms where id <> 'gone'")]
    tables.add("wechat_rooms", id="another")
    for room in rooms:
        assert read(room) == ("incomplete", "1 rooms never read")
    assert read("another") == ("complete", None)

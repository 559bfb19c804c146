"""Every view of `wp_bi` against a truth computed in Python from the emulated world, never from our tables."""

import re
from collections import defaultdict
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.acceptance.driving import START, Driver
from tests.conftest import fresh
from tests.fake_clock import FakeClock
from wpsync.emulator.client import Remote
from wpsync.emulator.server import Emulator
from wpsync.emulator.state import Settings
from wpsync.values import SHANGHAI

VIEWS = (
    "wechat_agents", "call_facts", "message_facts", "agent_daily", "response_times", "money_flows",
    "risk_events", "completeness", "data_freshness",
)  # fmt: skip


def local(at):
    return at.astimezone(SHANGHAI)


class World:
    """The truth, by tables, and who is who in it."""

    def __init__(self, world, lost):
        self.tables = {
            name: {str(row.get("id") or row.get("message_id")): row for row in world.truth(name)}
            for name in (
                "agents", "wechat_users", "wechat_contacts", "wechat_rooms", "wechat_room_members",
                "wechat_chats", "wechat_messages", "calls", "sms", "message_transfers", "message_cards",
                "message_red_packets", "message_group_collections", "message_recalls",
            )
        }  # fmt: skip
        self.payers = world.truth("message_group_collection_payers")
        self.lost = lost
        by_phone = {row["phone"]: row for row in self.tables["agents"].values()}
        self.who = {}
        for user in self.tables["wechat_users"].values():
            agent = by_phone.get(user["phone"])
            self.who[user["wx_no"]] = {
                "agent_wx_no": user["wx_no"],
                "agent": agent["id"] if agent else user["wx_no"],
                "agent_id": agent["id"] if agent else None,
                "agent_name": agent["name"] if agent else user["nick"],
                "agent_nick": user["nick"],
            }
        self.nicks = {
            (row["agent_wx_no"], row["wx_no"]): row["nick"]
            for row in [*lost, *self.tables["wechat_contacts"].values()]
        }

    def people(self, chat, *, room=True):
        """The columns that say who talks to whom."""
        found = {k: v for k, v in self.who[chat["agent_wx_no"]].items() if k != "agent_nick"}
        found["contact_wx_no"] = chat["contact_wx_no"]
        found["contact_nick"] = self.nicks.get((chat["agent_wx_no"], chat["contact_wx_no"]))
        if room:
            found["room_id"] = chat["room_id"]
            known = self.tables["wechat_rooms"].get(chat["room_id"])
            found["room_name"] = known["name"] if known else None
        return found

    def message(self, identifier):
        row = self.tables["wechat_messages"][identifier]
        return row, self.tables["wechat_chats"][row["chat_id"]]


@pytest.fixture(scope="module")
def read(postgres, template, tmp_path_factory):
    """A synced database, the truth, and a function that gives a view's rows by their key."""
    with (
        contextmanager(fresh)(postgres, template) as database_url,
        Emulator(Settings(messages=4_000, days=12, now=START, frozen=True)) as vendor,
    ):
        yield _synced(database_url, vendor, tmp_path_factory.mktemp("views"))


def _synced(database_url, vendor, folder):
    driver = Driver(database_url, vendor.url, folder, clock=FakeClock(START))
    remote = Remote(vendor.url)
    driver.backfill("14d")
    gone = [dict(vendor.world.truth("wechat_contacts")[number]) for number in (3, 40, 77)]
    for contact in gone:
        remote.mutate("wechat_contacts", contact["id"], delete=True)
    driver.sync()
    driver.sync(["wechat_contacts"])
    world = World(vendor.world, gone)

    def view(name, *key):
        with (
            psycopg.connect(database_url) as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            cursor.execute("set timezone to 'Asia/Kathmandu'")  # no view may depend on it
            rows = cursor.execute(f"select * from wp_bi.{name}").fetchall()
        found = {tuple(row[column] for column in key): row for row in rows}
        assert len(found) == len(rows), f"{name}: a key twice"
        return found

    return driver, world, view


def agree(found, truth):
    """The same keys, and the same value in every column that the view has."""
    assert found.keys() == truth.keys()
    for key, row in found.items():
        added = {"account": "main"} | ({"gone_at": None} if "gone_at" in row else {})
        assert row == added | truth[key], key


def test_who_an_agent_is(read):
    _, world, view = read
    agree(view("wechat_agents", "agent_wx_no"), {(wx,): row for wx, row in world.who.items()})
    assert len({row["agent_id"] is None for row in world.who.values()}) == 2


def test_calls(read):
    _, world, view = read
    truth = {}
    for row in world.tables["calls"].values():
        began, seconds = local(row["began_at"]), row["duration_seconds"] if row["connected"] else 0
        names = ("direction", "local_tel", "contact_tel", "contact_name", "began_at", "ended_at")
        truth[row["id"],] = {
            "call_id": row["id"], "agent": row["agent_id"], "agent_id": row["agent_id"],
            "agent_name": world.tables["agents"][row["agent_id"]]["name"], "answered": row["connected"],
            "lost": row["direction"] == "in" and not row["connected"], "day": began.date(),
            "hour": began.hour, "weekday": began.isoweekday(), "talk_seconds": seconds,
            "talk_minutes": (Decimal(seconds) / 60).quantize(Decimal("0.01"), "ROUND_HALF_UP"),
            "recording_url": row["recording_url"], "recording_status": row["recording_status"],
            **{name: row[name] for name in names},
        }  # fmt: skip
    agree(view("call_facts", "call_id"), truth)


def test_messages(read):
    _, world, view = read
    truth = {}
    for row in world.tables["wechat_messages"].values():
        chat = world.tables["wechat_chats"][row["chat_id"]]
        people = world.people(chat)
        if row["sent_by_agent"]:
            sender = world.who[chat["agent_wx_no"]]["agent_nick"]
        elif chat["chat_type"] == "single":
            sender = people["contact_nick"]
        else:
            sender = world.tables["wechat_room_members"].get(row["sender_id"], {}).get("nick")
        truth[row["id"],] = {
            "message_id": row["id"], "chat_id": row["chat_id"], "chat_type": chat["chat_type"], **people,
            "sent_at": row["sent_at"], "day": row["sent_on"], "hour": local(row["sent_at"]).hour,
            "sent_by_agent": row["sent_by_agent"], "sender_nick": sender, "kind": row["kind"],
            "plain_text": row["plain_text"],
        }  # fmt: skip
    agree(view("message_facts", "message_id"), truth)
    assert any(row["sender_nick"] for row in truth.values() if row["chat_type"] == "group")


def test_what_an_agent_did_each_day(read):
    driver, world, view = read
    names = (
        "calls_in", "calls_out", "calls_answered", "talk_seconds", "sms_in", "sms_out", "messages_sent",
        "messages_received", "contacts_gained", "contacts_lost",
    )  # fmt: skip
    days: defaultdict[tuple[str, date], dict[str, int]] = defaultdict(
        lambda: dict.fromkeys(names, 0)
    )
    persons = defaultdict(set)
    for row in world.tables["calls"].values():
        key = row["agent_id"], local(row["began_at"]).date()
        days[key][f"calls_{row['direction']}"] += 1
        if row["connected"]:
            days[key]["calls_answered"] += 1
            days[key]["talk_seconds"] += row["duration_seconds"]
            persons[key].add(row["contact_tel"])
    for row in world.tables["sms"].values():
        days[row["agent_id"], local(row["sent_at"]).date()][f"sms_{row['direction']}"] += 1
    for row in world.tables["wechat_messages"].values():
        chat = world.tables["wechat_chats"][row["chat_id"]]
        key = world.who[chat["agent_wx_no"]]["agent"], row["sent_on"]
        days[key]["messages_sent" if row["sent_by_agent"] else "messages_received"] += 1
        if chat["chat_type"] == "single":
            persons[key].add(chat["contact_wx_no"])
    for row in [*world.tables["wechat_contacts"].values(), *world.lost]:
        agent = world.who[row["agent_wx_no"]]["agent"]
        days[agent, local(row["created_at"]).date()]["contacts_gained"] += 1
    lost_on = dict(
        driver.query("select id, _deleted_at from wp.wechat_contacts where _deleted_at is not null")
    )
    assert lost_on.keys() == {row["id"] for row in world.lost}
    for row in world.lost:
        agent = world.who[row["agent_wx_no"]]["agent"]
        days[agent, local(lost_on[row["id"]]).date()]["contacts_lost"] += 1
    named = {row["agent"]: row for row in world.who.values()}
    truth = {
        (agent, day): {
            "agent": agent, "day": day, "agent_id": named[agent]["agent_id"],
            "agent_name": named[agent]["agent_name"], **counts,
            "contacts_talked_to": len(persons[agent, day]),
        }
        for (agent, day), counts in days.items()
    }  # fmt: skip
    agree(view("agent_daily", "agent", "day"), truth)


def working(begin: datetime, end: datetime, holidays: set[date], extra: set[date]) -> int:
    """Seconds from 9 to 18 of working days, second by second of thought rather than of SQL."""
    total, day = 0, local(begin).date()
    while day <= local(end).date():
        if (day.isoweekday() <= 5 or day in extra) and day not in holidays:
            opens = datetime.combine(day, time(9), SHANGHAI)
            closes = datetime.combine(day, time(18), SHANGHAI)
            total += max(0, int((min(closes, end) - max(opens, begin)).total_seconds()))
        day += timedelta(days=1)
    return total


NOT_SAID = {"system", "recall", "room_event", "semi_xml", "group_collection_reminder"}


def is_said(world, row):
    """Whether a person says it; of what has no kind, the world knows two codes of that sort and one of none."""
    if row["kind"] == "unknown":
        return row["msg_type"] in ("47", "62")
    receipt = world.tables["message_transfers"].get(row["id"], {}).get("transfer_type") in (3, 4, 5)
    return row["kind"] not in NOT_SAID and not receipt


def test_how_soon_agents_answer(read):
    driver, world, view = read
    today = START.astimezone(SHANGHAI).date()
    holidays = {today - timedelta(days=n) for n in (3, 4)}
    recent = {today - timedelta(days=n) for n in range(9)}
    extra = {day for day in recent - holidays if day.isoweekday() >= 6}
    driver.more += "[bi]\nholidays = [{}]\nextra_work_days = [{}]\n".format(
        *(", ".join(str(day) for day in days) for days in (holidays, extra))
    )
    assert driver.run("migrate").returncode == 0
    chats = defaultdict(list)
    for row in world.tables["wechat_messages"].values():
        if is_said(world, row):
            chats[row["chat_id"]].append(row)
    assert {row["kind"] for row in world.tables["wechat_messages"].values()} > NOT_SAID
    truth = {}
    for identifier, rows in chats.items():
        chat = world.tables["wechat_chats"][identifier]
        if chat["chat_type"] != "single":
            continue
        rows.sort(key=lambda row: (row["sent_at"], row["id"]))
        for row in rows:
            replies = [r for r in rows if r["sent_by_agent"] and r["sent_at"] > row["sent_at"]]
            if row["sent_by_agent"] or not replies:
                continue
            reply = replies[0]
            before = rows[: rows.index(row)]
            truth[row["id"],] = {
                "message_id": row["id"], "chat_id": identifier, **world.people(chat, room=False),
                "asked_at": row["sent_at"], "day": row["sent_on"], "reply_id": reply["id"],
                "answered_at": reply["sent_at"],
                "seconds": int((reply["sent_at"] - row["sent_at"]).total_seconds()),
                "working_seconds": working(row["sent_at"], reply["sent_at"], holidays, extra),
                "begins_turn": before[-1]["sent_by_agent"] if before else True,
            }  # fmt: skip
    agree(view("response_times", "message_id"), truth)
    assert len({row["begins_turn"] for row in truth.values()}) == 2


RANK = ("unclaimed", "claimed_pending", "received", "claimed", "refunded")


def transfers(world):
    """One message for each transfer: the one that sent it, else the first receipt; and how it ended."""
    by_id = defaultdict(list)
    for row in world.tables["message_transfers"].values():
        by_id[row["transfer_id"]].append(row)
    for rows in by_id.values():
        rows.sort(key=lambda r: (r["transfer_type"] not in (1, 7), r["sent_at"], r["message_id"]))
        status = max((row["claim_kind"] for row in rows), key=RANK.index)
        yield rows[0], "claimed" if status == "received" else status


def test_money(read):
    _, world, view = read
    truth = {}

    def add(flow, kind, identifier, direction, **more):
        row, chat = world.message(identifier)
        truth[flow,] = {
            "flow_id": flow, "kind": kind, "message_id": identifier, "chat_id": row["chat_id"],
            **world.people(chat), "sent_at": row["sent_at"], "day": row["sent_on"], "direction": direction,
            "amount": None, "transfer_id": None, "payer_wx_no": None, **more,
        }  # fmt: skip

    def way(identifier, *, reverse=False):
        return "out" if world.message(identifier)[0]["sent_by_agent"] is not reverse else "in"

    counted = list(transfers(world))
    for row, status in counted:
        reverse = row["transfer_type"] not in (1, 7)
        identifier = row["message_id"]
        add(
            identifier, "transfer", identifier, way(identifier, reverse=reverse), amount=row["amount"],
            status=status, transfer_id=row["transfer_id"], memo=row["memo"],
        )  # fmt: skip
    for identifier, row in world.tables["message_red_packets"].items():
        status = "claimed" if row["claimed"] else "unclaimed"
        add(
            identifier, "red_packet", identifier, way(identifier), status=status, memo=row["sender_title"]
        )  # fmt: skip
    for payer in world.payers:
        identifier = payer["message_id"]
        collection = world.tables["message_group_collections"][identifier]
        agent = world.message(identifier)[1]["agent_wx_no"]
        direction = "out" if payer["payer_wx_no"] == agent else None
        if direction is None and collection["initiator_wx_no"] == agent:
            direction = "in"
        add(
            f"{identifier}:{payer['payer_wx_no']}", "group_collection", identifier, direction,
            amount=payer["amount"], status="paid" if payer["paid"] else "unpaid",
            payer_wx_no=payer["payer_wx_no"], memo=collection["title"],
        )  # fmt: skip
    agree(view("money_flows", "flow_id"), truth)
    assert len(counted) < len(world.tables["message_transfers"]), "no receipt met its transfer"


def test_risk(read):
    driver, world, view = read
    truth = {}

    def add(event, identifier, said, amount=None):
        row, chat = world.message(identifier)
        truth[f"{event}:{identifier}",] = {
            "event_id": f"{event}:{identifier}", "event": event, "at": row["sent_at"], "day": row["sent_on"],
            **world.people(chat), "by_agent": row["sent_by_agent"], "amount": amount, "said": said,
            "message_id": identifier, "chat_id": row["chat_id"],
        }  # fmt: skip

    for row, _ in transfers(world):
        identifier = row["message_id"]
        add("transfer", identifier, world.message(identifier)[0]["plain_text"], row["amount"])
    for identifier in world.tables["message_red_packets"]:
        add("red_packet", identifier, world.message(identifier)[0]["plain_text"])
    for identifier in world.tables["message_group_collections"]:
        due = sum(payer["amount"] for payer in world.payers if payer["message_id"] == identifier)
        add("group_collection", identifier, world.message(identifier)[0]["plain_text"], due)
    for identifier, row in world.tables["message_cards"].items():
        if world.message(identifier)[0]["sent_by_agent"]:
            add("card_shared", identifier, row["nick"])
    for identifier, row in world.tables["message_recalls"].items():
        add("recalled", identifier, row["previous_content"])
    lost_on = dict(
        driver.query("select id, _deleted_at from wp.wechat_contacts where _deleted_at is not null")
    )
    for row in world.lost:
        who = {k: v for k, v in world.who[row["agent_wx_no"]].items() if k != "agent_nick"}
        at = lost_on[row["id"]].astimezone(UTC)
        truth[f"contact_lost:{row['id']}",] = {
            "event_id": f"contact_lost:{row['id']}", "event": "contact_lost", "at": at, "day": local(at).date(),
            **who, "contact_wx_no": row["wx_no"], "contact_nick": row["nick"], "room_id": None,
            "room_name": None, "by_agent": None, "amount": None, "said": None, "message_id": None,
            "chat_id": None,
        }  # fmt: skip
    agree(view("risk_events", "event_id"), truth)
    assert len({event for (event,) in ((row["event"],) for row in truth.values())}) == 6


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_every_example_shows_something(read, name):
    driver, *_ = read
    text = (Path(__file__).parents[2] / name).read_text(encoding="utf-8")
    examples = re.findall(r"(?:^|`)(select [^`;\n]+)[`;]", text, re.MULTILINE)
    assert len(examples) == 9
    for example in examples:
        then = example.replace("%", "%%").replace("now()", f"timestamptz '{START}'")
        assert driver.query(then), example


def test_every_view_and_every_column_of_it_is_explained_in_both_languages(database_url):
    query = (
        "select c.relname, a.attname, col_description(c.oid, a.attnum), obj_description(c.oid)"
        " from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
        " where c.relkind in ('r', 'v') and c.relnamespace = 'wp_bi'::regnamespace"
    )
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(query).fetchall()
    assert set(VIEWS) <= {name for name, *_ in rows}
    for view, column, comment, of_view in rows:
        for said in (comment, of_view):
            assert said, f"{view}.{column}"
            zh, _, en = said.partition(" / ")
            assert en, f"{view}.{column}: {said}"
            assert any("\u4e00" <= c <= "\u9fff" for c in zh), f"{view}.{column}: {said}"

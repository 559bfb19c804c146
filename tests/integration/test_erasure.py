"""Erasing against a real Postgres: how somebody is found, and what a load does that meets more of them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tests.fake_clock import FakeClock
from tests.integration.test_loading import rows
from tests.spec.cases import MESSAGE
from wpsync.db.database import Database
from wpsync.errors import ConfigError
from wpsync.extract.events import Closed
from wpsync.loading import erasure
from wpsync.model import PHONE, WX, LeftOut, Secret, Window
from wpsync.normalize.privacy import OFF, Privacy
from wpsync.resources import PERSONAL, RESOURCES
from wpsync.resources.spec import Personal
from wpsync.state.scope import Scope
from wpsync.sync.postgres_store import PostgresStore

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = Window(NOW - timedelta(hours=1), NOW)
HASHED = Privacy(
    {
        name: "hash"
        for name, kind in PERSONAL.items()
        if kind in (Personal.PHONE_NUMBERS, Personal.WECHAT_NUMBERS)
    },
    b"a key of some length",
)
AT = "2026-03-02 15:30:00"
TS = int((NOW - timedelta(minutes=30)).timestamp())


@pytest.fixture
def database(database_url):
    with Database(Secret(database_url), connections=3) as opened:
        yield opened


def read(database, resource, records, privacy=OFF):
    """Read an hour, or a part of a listing, that holds these records."""
    scope, clock = Scope("main", resource), FakeClock(NOW)
    declared = RESOURCES[resource]
    store = PostgresStore(
        database, declared, scope, clock, horizon=timedelta(days=3), privacy=privacy
    )
    seen = {str(record.get("_id", record.get("id"))) for record in records}
    window = HOUR if declared.cursor else None
    with store.unit(1) as unit:
        unit.add(records, NOW)
        closed = Closed(window, len(records), len(records), False, NOW, None, seen)
        unit.commit(closed)


def erase(database, kind, number, privacy=OFF):
    held = Personal.PHONE_NUMBERS if kind == PHONE else Personal.WECHAT_NUMBERS
    return erasure.erase(database, kind, number, partial(privacy.forms, held), NOW)


def account(database):
    """What the ledger says that the vendor counts, and what is held or left out."""
    return rows(
        database,
        "select vendor_count, rows_held from wpsync.windows where state = 'complete'",
    )


def contact(identifier, wx_no, alias):
    return {"id": identifier, "wxNo": wx_no, "wxNo1": alias}


def call(identifier, number):
    return {"_id": identifier, "contactTel": number, "beginTime": AT}


@pytest.mark.parametrize("privacy", [OFF, HASHED], ids=["kept", "hashed"])
@pytest.mark.parametrize(
    "written", ["13912345678", "+8613912345678", "86 139-1234-5678", "013912345678"]
)
def test_a_phone_number_is_found_however_it_is_written(written, privacy, database):
    calls = [call("hers", written), call("another's", "13912345679")]
    for given in ("13912345678", "+86 139 1234 5678"):
        with database.connection() as connection:
            connection.execute("truncate wp.calls, wpsync.erased_marks, wpsync.windows")
        read(database, "calls", [call("hers", "+8613912345678"), calls[1]], privacy)
        assert erase(database, PHONE, given, privacy).rows == {"calls": 1}
        read(database, "calls", calls, privacy)
        assert rows(database, "select id from wp.calls") == [("another's",)]
        assert account(database) == [(2, 2)]


def test_an_unusual_spelling_in_the_clear_is_found_among_what_is_stored(database):
    read(database, "calls", [call("hers", "139 12345 678"), call("another's", "+13912345678")])
    assert erase(database, PHONE, "13912345678").rows == {"calls": 1}


def test_an_agents_own_number_is_refused_however_it_is_written(database):
    with database.connection() as connection:
        connection.execute(
            "insert into wp.agents (id, phone, _account, _first_synced_at, _synced_at)"
            " values ('a', '+8613700000000', 'main', now(), now())"
        )
    with pytest.raises(ConfigError, match=r"^erase\.our_number"):
        erase(database, PHONE, "13700000000")


def test_a_row_that_becomes_one_of_theirs_goes_and_is_counted_once(database):
    read(database, "calls", [call("c", "13900000001")])
    erase(database, PHONE, "13900000002")
    read(database, "calls", [call("c", "13900000002")])
    assert rows(database, "select id from wp.calls") == []
    assert account(database) == [(1, 1)]


def test_the_alias_that_people_see_leads_to_all_that_is_of_them(database):
    read(database, "wechat_contacts", [contact("1", "wxid_a", "anna"), contact("2", "wxid_b", "")])
    chats = [{"id": "ca", "contactWxNo": "wxid_a"}, {"id": "cb", "contactWxNo": "wxid_b"}]
    read(database, "wechat_chats", chats)
    assert erase(database, WX, "anna").rows == {"wechat_contacts": 1, "wechat_chats": 1}
    read(database, "wechat_chats", chats)
    assert rows(database, "select id from wp.wechat_chats") == [("cb",)]


def test_an_alias_of_several_people_erases_nobody_and_a_number_of_one_of_them_only_that_one(
    database,
):
    shown = [contact("1", "wxid_a", "friend"), contact("2", "wxid_b", "friend")]
    read(database, "wechat_contacts", shown)
    with pytest.raises(ConfigError, match=r"^erase\.several_people people=2"):
        erase(database, WX, "friend")
    assert erase(database, WX, "wxid_a").rows == {"wechat_contacts": 1}
    read(database, "wechat_contacts", shown)
    assert rows(database, "select wx_no from wp.wechat_contacts") == [("wxid_b",)]


@pytest.mark.parametrize("privacy", [OFF, HASHED], ids=["kept", "hashed"])
def test_a_contact_that_comes_after_its_alias_was_erased_takes_its_chats_and_messages_along(
    privacy, database
):
    erase(database, WX, "anna", privacy)
    messages = [{**MESSAGE, "id": chat, "chatId": chat, "ts": TS} for chat in ("ca", "cb")]
    read(database, "wechat_messages", messages, privacy)
    chats = [{"id": "ca", "contactWxNo": "wxid_a"}, {"id": "cb", "contactWxNo": "wxid_b"}]
    read(database, "wechat_chats", chats, privacy)
    assert len(rows(database, "select id from wp.wechat_messages")) == 2
    read(database, "wechat_contacts", [contact("1", "wxid_a", "anna")], privacy)
    for table in ("wechat_chats", "wechat_messages"):
        assert rows(database, f"select id from wp.{table}") == [("cb",)]
    read(database, "wechat_messages", messages, privacy)
    read(database, "wechat_chats", chats, privacy)
    for table in ("wechat_chats", "wechat_messages"):
        assert rows(database, f"select id from wp.{table}") == [("cb",)]
    assert account(database) == [(2, 2)]


@pytest.mark.parametrize("privacy", [OFF, HASHED], ids=["kept", "hashed"])
def test_a_room_names_nobody_who_was_erased_and_reading_it_again_changes_nothing(privacy, database):
    rooms = [
        {"id": "1", "memberList": "wxid_a;wxid_b", "roomOwner": "wxid_b", "displayName": "安、白"},
        {
            "id": "2",
            "memberList": "wxid_b",
            "roomOwner": "wxid_a",
            "displayName": "白",
            "note": "安",
        },
        {"id": "3", "memberList": "wxid_a"},
        {"id": "4", "memberList": "wxid_c", "displayName": "陈"},
    ]
    read(database, "wechat_rooms", rooms, privacy)
    state = (
        "select id, cardinality(member_wx_nos), owner_wx_no is null, display_name, _extra, _synced_at"
        " from wp.wechat_rooms order by id"
    )
    assert erase(database, WX, "wxid_a", privacy).rows == {"wechat_rooms": 3}
    cleaned = rows(database, state)
    assert [row[:4] for row in cleaned] == [
        ("1", 1, False, None), ("2", 1, True, None), ("3", 0, True, None), ("4", 1, True, "陈"),
    ]  # fmt: skip
    assert all(row[4] is None for row in cleaned)
    read(database, "wechat_rooms", rooms, privacy)
    assert rows(database, state) == cleaned
    assert rows(database, "select * from wp.history") == []


def test_a_message_that_is_just_being_loaded_goes_with_its_new_chat_too(database):
    """Whoever finds more of somebody waits for the loads under way, which do not know of it."""
    erase(database, WX, "wxid_a")
    waiting = "select count(*) from pg_locks where locktype = 'relation' and not granted"
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as other:
            erasure.hold(other, erasure.erased(other, "main"), LeftOut())
            other.execute(
                "insert into wp.wechat_messages (id, chat_id, kind, payload_ok, _account, _first_synced_at,"
                " _synced_at) values ('m', 'ca', 'text', true, 'main', now(), now())"
            )
            chat = {"id": "ca", "contactWxNo": "wxid_a"}
            loading = pool.submit(read, database, "wechat_chats", [chat])
            while rows(database, waiting) == [(0,)]:
                assert not loading.done()
        loading.result()
    assert rows(database, "select id from wp.wechat_messages") == []

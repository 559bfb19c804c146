"""Erasing against a real Postgres: how somebody is found, and what a load does that meets more of them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from psycopg.types.json import Jsonb

from tests.fake_clock import FakeClock
from tests.integration.test_loading import rows
from tests.spec.cases import MESSAGE
from wpsync.db.database import Database
from wpsync.errors import ConfigError
from wpsync.extract.events import Closed
from wpsync.loading import customers, erasure
from wpsync.model import PHONE, WX, LeftOut, Secret, Window
from wpsync.normalize.privacy import OFF, Privacy
from wpsync.resources import PERSONAL, RESOURCES
from wpsync.resources.spec import Personal
from wpsync.state.scope import Scope
from wpsync.sync.customers import _kept
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


def erase(database, kind, number, *rules, **more):
    request = erasure.Request(kind, number, "the tester", **more)
    return erasure.erase(database, request, rules or [OFF], NOW)


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


def version(database, table, identifier, row, account="main"):
    """A replaced version of a row, as `verify --repair` or a newer reading keeps it."""
    with database.connection() as connection:
        connection.execute(
            "insert into wp.history (resource, id, valid_from, valid_to, row, _account)"
            " values (%s, %s, now(), now(), %s, %s)",
            (table, identifier, Jsonb(row), account),
        )


def letters(database):
    return rows(database, "select resource, record_id from wpsync.dead_letters order by id")


@pytest.mark.parametrize("privacy", [OFF, HASHED], ids=["kept", "hashed"])
def test_dead_letters_and_foreign_messages_of_their_chats_go_too(privacy, database):
    """S2: they name only the chat."""
    chats = [{"id": "ca", "contactWxNo": "wxid_a"}, {"id": "cb", "contactWxNo": "wxid_b"}]
    read(database, "wechat_chats", chats, privacy)
    broken = [
        {**MESSAGE, "id": f"m-{chat}", "chatId": chat, "ts": TS, "msgType": "115", "msg": "{转账"}
        for chat in ("ca", "cb")
    ]
    read(database, "wechat_messages", broken, privacy)
    for chat in ("ca", "cb"):
        row = {"id": f"foreign-{chat}", "chat_id": chat, "body": "转账给你"}
        version(database, "wechat_messages", f"foreign-{chat}", row)
    erase(database, WX, "wxid_a", privacy)
    assert letters(database) == [("wechat_messages", "m-cb")]
    assert rows(database, "select id from wp.history") == [("foreign-cb",)]
    read(database, "wechat_messages", broken, privacy)
    assert letters(database) == [("wechat_messages", "m-cb")]


@pytest.mark.parametrize("number", ["13666660002", "13666660001"], ids=["present", "former"])
@pytest.mark.parametrize("privacy", [OFF, HASHED], ids=["kept", "hashed"])
def test_every_version_of_a_customer_goes_with_either_number(privacy, number, database):
    """S3"""
    for identifier, name in (("hers", "王小明"), ("another's", "李大明")):
        for hour, phone in ((0, "13666660001"), (1, "13666660002")):
            written = phone if identifier == "hers" else phone.replace("1366", "1377")
            fields = _kept({"name": name, "phone": written, "身份证": "110101"}, privacy)
            at = NOW + timedelta(hours=hour)
            customers.keep(database, "main", identifier, fields, at, privacy)
    assert erase(database, PHONE, number, privacy).rows == {"customers": 1, "history": 1}
    assert rows(database, "select id from wp.customers") == [("another's",)]
    assert rows(database, "select id from wp.history") == [("another's",)]


def test_who_was_stored_in_the_clear_is_found_whatever_is_configured_now(database):
    """S4a"""
    read(database, "calls", [call("hers", "13912345678"), call("another's", "13912345679")])
    masking = Privacy(dict.fromkeys(PERSONAL, "mask"))
    receipt = erase(database, PHONE, "13912345678", masking)
    assert receipt.rows == {"calls": 1}
    assert "calls.contact_tel" in receipt.not_findable
    assert rows(database, "select id from wp.calls") == [("another's",)]


def test_a_masked_number_is_counted_and_goes_when_it_is_read_again(database):
    masking = Privacy({"calls.contact_tel": "mask"})
    calls = [call("hers", "13912345678"), call("another's", "13998765478")]
    read(database, "calls", calls, masking)
    receipt = erase(database, PHONE, "13912345678", masking)
    assert (receipt.rows, receipt.masked) == ({}, {"calls": 2})
    read(database, "calls", calls, masking)
    assert rows(database, "select id from wp.calls") == [("another's",)]


ANOTHER_KEY = Privacy(HASHED.modes, b"another key of some length")
BOTH_KEYS = Privacy(HASHED.modes, b"another key of some length", [b"a key of some length"])


@pytest.mark.parametrize(("kind", "number"), [(PHONE, "13912345678"), (WX, "wxid_a")])
def test_numbers_hashed_with_another_key_are_found_by_it_or_the_erasure_is_refused(
    kind, number, database
):
    """S4b"""
    read(database, "calls", [call("hers", "13912345678")], HASHED)
    read(database, "wechat_contacts", [contact("1", "wxid_a", "anna")], HASHED)
    with pytest.raises(ConfigError, match=rf"^erase\.unknown_key keys=\['{HASHED.key_id}'\]"):
        erase(database, kind, number, ANOTHER_KEY)
    assert rows(database, "select count(*) from wpsync.erasures") == [(0,)]
    assert rows(database, "select count(*) from wpsync.erased_marks") == [(0,)]
    receipt = erase(database, kind, number, ANOTHER_KEY, despite_keys=True)
    assert (receipt.rows, receipt.unknown_keys) == ({}, [HASHED.key_id])
    table = "calls" if kind == PHONE else "wechat_contacts"
    assert erase(database, kind, number, BOTH_KEYS).rows == {table: 1}


def test_a_lost_key_hinders_nobody_once_nothing_is_hashed_with_it(database):
    calls = [call("hers", "13912345678"), call("another's", "13912345679")]
    read(database, "calls", calls, HASHED)
    read(database, "calls", calls)
    assert erase(database, PHONE, "13912345678").rows == {"calls": 1}


def test_a_hash_of_no_known_key_hinders_where_no_key_was_ever_noted(database):
    read(database, "calls", [call("hers", "13912345678")], HASHED)
    with database.connection() as connection:
        connection.execute("truncate wpsync.hash_keys")
    with pytest.raises(ConfigError, match=r"^erase\.unknown_key keys=\['\?'\]"):
        erase(database, PHONE, "13912345678")


@pytest.mark.parametrize("privacy", [OFF, HASHED], ids=["kept", "hashed"])
def test_a_membership_leaves_the_list_of_its_room(privacy, database):
    room = {"id": "r", "member": ["ma", "mb"], "memberList": "wxid_a;wxid_b", "displayName": "安"}
    members = [
        {"id": f"m{one}", "chatRoomId": "r", "wxNo": f"wxid_{one}", "nick": one} for one in "ab"
    ]
    read(database, "wechat_rooms", [room], privacy)
    read(database, "wechat_room_members", members, privacy)
    version(database, "wechat_rooms", "r", {"id": "r", "member_ids": ["ma"], "name": "旧"})
    erase(database, WX, "wxid_a", privacy)
    state = "select member_ids, cardinality(member_wx_nos), display_name from wp.wechat_rooms"
    assert rows(database, state) == [(["mb"], 1, None)]
    assert rows(database, "select * from wp.history") == []
    read(database, "wechat_rooms", [room], privacy)
    read(database, "wechat_room_members", members, privacy)
    assert rows(database, state) == [(["mb"], 1, None)]
    assert rows(database, "select id from wp.wechat_room_members") == [("mb",)]


def test_a_card_that_cannot_be_read_goes_from_the_chat_of_another(database):
    def card(identifier, number):
        body = f'{{"nickName":"某人","wxNo":"{number}","bigHeadImgUrl":'
        return {
            **MESSAGE,
            "id": identifier,
            "chatId": "cb",
            "ts": TS,
            "msgType": "105",
            "msg": body,
        }

    cards = [card("hers", "wxid_a"), card("longer", "wxid_abc"), card("another's", "wxid_c")]
    read(database, "wechat_messages", cards)
    assert erase(database, WX, "wxid_a").rows == {"wechat_messages": 1, "dead_letters": 1}
    for _ in range(2):
        held = rows(database, "select id from wp.wechat_messages order by id")
        assert held == [("another's",), ("longer",)]
        assert letters(database) == [
            ("wechat_messages", "longer"),
            ("wechat_messages", "another's"),
        ]
        read(database, "wechat_messages", cards)
    assert account(database) == [(3, 3)]


def test_a_short_number_takes_no_dead_letter_of_another_along(database):
    """L10"""
    nameless = [
        {"contactTel": number, "beginTime": AT} for number in ("10086", "13910086123", "1-0086")
    ]
    read(database, "calls", nameless)
    assert erase(database, PHONE, "10086").rows == {"dead_letters": 2}
    originals = rows(database, "select original from wpsync.dead_letters")
    assert ["13910086123" in one for (one,) in originals] == [True]


def test_fields_that_no_column_knows_do_not_keep_the_number(database):
    calls = [
        {"_id": "hers", "beginTime": AT, "contactTel": {"number": "13912345678"}},
        {"_id": "another's", "beginTime": AT, "contactTel": "13912345679", "by": "13912345678"},
    ]
    read(database, "calls", calls)
    erase(database, PHONE, "13912345678")
    for _ in range(2):
        assert rows(database, "select id, _extra from wp.calls") == [("another's", None)]
        read(database, "calls", calls)


def test_a_recording_whose_address_holds_the_number_is_theirs(database):
    url = "https://rec.example/20190708-13912345678-outCall.mp3"
    calls = [{**call("hers", None), "soundUrl": url}, call("another's", "13912345679")]
    read(database, "calls", calls)
    erase(database, PHONE, "139-1234-5678")
    for _ in range(2):
        assert rows(database, "select id from wp.calls") == [("another's",)]
        read(database, "calls", calls)


def test_a_contact_that_changed_its_number_is_one_person(database):
    read(database, "wechat_contacts", [contact("1", "wxid_old", "anna")])
    read(database, "wechat_contacts", [contact("2", "wxid_b", "bert")])
    chats = [{"id": "ca", "contactWxNo": "wxid_old"}, {"id": "cb", "contactWxNo": "wxid_b"}]
    read(database, "wechat_chats", chats)
    version(database, "wechat_contacts", "1", contact_row("1", "wxid_old", "anna"))
    with database.connection() as connection:
        connection.execute("update wp.wechat_contacts set wx_no = 'wxid_new' where id = '1'")
    erase(database, WX, "wxid_new")
    assert rows(database, "select id from wp.wechat_chats") == [("cb",)]
    assert rows(database, "select * from wp.history") == []
    read(database, "wechat_contacts", [contact("1", "wxid_old", "anna")])
    assert rows(database, "select id from wp.wechat_contacts") == [("2",)]


def contact_row(identifier, wx_no, alias):
    return {"id": identifier, "wx_no": wx_no, "wx_alias": alias}


def test_an_alias_that_was_another_persons_before_erases_nobody(database):
    version(database, "wechat_contacts", "1", contact_row("1", "wxid_a", "friend"))
    read(
        database,
        "wechat_contacts",
        [contact("1", "wxid_a", "anna"), contact("2", "wxid_b", "friend")],
    )
    with pytest.raises(ConfigError, match=r"^erase\.several_people people=2"):
        erase(database, WX, "friend")


def test_the_chats_of_the_erased_are_no_longer_missed(database):
    message = {**MESSAGE, "id": "m", "chatId": "ca", "ts": TS}
    read(database, "wechat_messages", [message])
    read(database, "wechat_chats", [{"id": "ca", "contactWxNo": "wxid_a"}])
    assert rows(database, "select id from wpsync.named_rows") == [("ca",)]
    erase(database, WX, "wxid_a")
    assert rows(database, "select id from wpsync.named_rows") == []


def test_the_words_of_others_in_errors_are_emptied(database):
    with database.connection() as connection:
        connection.execute(
            "insert into wpsync.runs (account, resource, kind, started_at, outcome, error_code, error_words)"
            " values ('main', 'sms', 'sync', now(), 'failed', 'vendor.refused', '员工不存在: 王小明')"
        )
    erase(database, PHONE, "13912345678")
    assert rows(database, "select error_code, error_words from wpsync.runs") == [
        ("vendor.refused", None)
    ]


def test_a_receipt_says_who_asked_and_what_was_looked_at(database):
    receipt = erase(database, PHONE, "13912345678", reason="asked for it")
    assert {"wp.calls", "wp.history", "wpsync.dead_letters"} <= set(receipt.looked_at)
    kept = rows(database, "select actor, reason, report from wpsync.erasures")
    assert [row[:2] for row in kept] == [("the tester", "asked for it")]
    assert kept[0][2]["looked_at"] == receipt.looked_at
    assert "backups" in kept[0][2]["remains"]

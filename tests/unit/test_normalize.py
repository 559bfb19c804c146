"""No input whatsoever makes the normaliser raise."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.spec.cases import FETCHED, MESSAGE, RED_KEYS, message, normalized, rows, send, typed
from tests.unit.test_values import huge
from wpsync.model import PHONE, Batch, Erased
from wpsync.normalize.rows import Normalizer
from wpsync.resources import RESOURCES
from wpsync.resources.messages import KIND_BY_CODE

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | huge
    | st.text(st.characters(codec=None), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(RED_KEYS) | st.text(max_size=6), inner, max_size=6)
    ),
    max_leaves=12,
)


def vendor_fields(resource):
    return sorted(
        {source for column in RESOURCES[resource].table.columns for source in column.sources}
    )


@pytest.mark.parametrize("resource", [name for name in RESOURCES if "call_" not in name])
@settings(max_examples=60)
@given(data=st.data())
def test_any_record_gives_a_row_or_a_dead_letter_that_copy_can_take(resource, data):
    keys = st.sampled_from(vendor_fields(resource)) | st.text(max_size=6)
    record = data.draw(st.dictionaries(keys, anything, max_size=10) | anything)
    batch = normalized(resource, record)
    own = batch.rows.get(RESOURCES[resource].table.name, [])
    assert len(own) + len([d for d in batch.dead_letters if d.reason != "payload_unreadable"]) == 1
    assert all(row[0] for row in own)
    send(batch)
    for letter in batch.dead_letters:
        assert letter.original.isascii()


@pytest.mark.parametrize("code", sorted(KIND_BY_CODE))
@settings(max_examples=40)
@given(payload=anything | st.text(st.characters(codec=None)), as_text=st.booleans())
def test_any_payload_of_any_type_keeps_its_row(code, payload, as_text):
    if as_text and not isinstance(payload, str):
        payload = json.dumps(payload, default=str)
    batch = normalized("wechat_messages", {**MESSAGE, "msgType": code, "msg": payload})
    assert len(batch.rows["wechat_messages"]) == 1
    send(batch)


CALL = {"_id": "1", "connectType": "connected", "beginTime": "2026-01-05 09:00:00"}


@pytest.mark.parametrize(
    ("sent", "status", "url", "kept"),
    [
        ("NOT_FOUND", "not_found", None, None),
        (" not_found ", "not_found", None, None),
        ("录音不存在", "not_found", None, None),
        ("copy-fail", "copy_failed", None, None),
        ("Multiple_Call_Lose", "lost_multiple_calls", None, None),
        ("null", "pending", None, None),
        ("  ", "pending", None, None),
        ("/a.mp3", "unknown", None, '"/a.mp3"'),
        ("upload_fail", "unknown", None, '"upload_fail"'),
        ({"url": "h.cn/a"}, "unknown", None, '{"url":"h.cn/a"}'),
        ("h.cn/a.mp3", "available", "https://h.cn/a.mp3", None),
    ],
)
def test_a_recording_has_an_address_or_a_status(sent, status, url, kept):
    batch = normalized("calls", {**CALL, "soundUrl": sent})
    (row,) = rows(batch, "calls")
    assert (row["recording_status"], row["recording_url"]) == (status, url)
    assert row["_extra"] == (kept and {"_raw.soundUrl": kept})
    assert bool(batch.drift) == bool(kept)


def test_a_word_that_no_list_knows_is_kept_and_noted():
    batch = normalized("calls", {**CALL, "callType": "sideways", "connectType": "busy"})
    (row,) = rows(batch, "calls")
    assert (row["direction"], row["connected"], row["recording_status"]) == (None, None, "pending")
    assert row["_extra"] == {"_raw.callType": '"sideways"', "_raw.connectType": '"busy"'}
    assert {name for _, name in batch.drift} == {"callType", "connectType"}


@pytest.mark.parametrize(
    ("shown", "amount", "currency"),
    [("HK$5.00", None, None), ("¥1.2万", Decimal(12_000), "CNY"), ("¥5 起", None, None)],
)
def test_an_amount_is_never_a_number_taken_from_its_words(shown, amount, currency):
    row = typed("115", {"wcPayInfo": {"feeDesc": shown}}, "message_transfers")
    assert (row["amount"], row["currency"], row["fee_description"]) == (amount, currency, shown)


LISTS = {"payerList": " wxid_a , 3000000000 ,2| wxid_b,100,1|", "receiverList": " wxid_o, 2,2,1"}


@pytest.mark.parametrize(
    "payload",
    [
        {"wcPayInfo": {"newAa": LISTS}},
        {"wcPayInfo": {"newAa": json.dumps(LISTS)}},
        {"wcPayInfo": json.dumps({"newAa": json.dumps(json.dumps(LISTS))})},
        {"wcPayInfo": LISTS},
        {"newAa": LISTS},
        LISTS,
        json.dumps(json.dumps({"wcPayInfo": {"newAA": LISTS}})),
        {"wcPayInfo": {"newAa": {**LISTS, "payerList": LISTS["payerList"].split("|")}}},
    ],
)
def test_who_pays_in_a_collection_however_the_lists_are_wrapped(payload):
    batch = normalized("wechat_messages", message("113", payload))
    paying = rows(batch, "message_group_collection_payers")
    assert [(p["payer_wx_no"], p["amount_fen"], p["amount"], p["paid"]) for p in paying] == [
        ("wxid_a", 3_000_000_000, Decimal(30_000_000), True),
        ("wxid_b", 100, Decimal(1), False),
    ]
    (collection,) = rows(batch, "message_group_collections")
    assert (collection["initiator_wx_no"], collection["paid_count"]) == ("wxid_o", 1)
    assert collection["_extra"] is None


def test_a_payer_that_cannot_be_read_takes_no_other_away():
    sent = "wxid_a,100,1|wxid_b,?,1|,5,1|wxid_c,100000000000000,2|wxid_d,200,2,9|wxid_e,300,2"
    batch = normalized(
        "wechat_messages", message("113", {"wcPayInfo": {"newAa": {"payerList": sent}}})
    )
    paying = rows(batch, "message_group_collection_payers")
    assert [p["payer_wx_no"] for p in paying] == ["wxid_a", "wxid_e"]
    (collection,) = rows(batch, "message_group_collections")
    assert collection["_extra"] == {"_raw.payerList": json.dumps(sent)}


@pytest.mark.parametrize(
    ("payload", "plain", "ok"),
    [
        ('{"msg": null}', None, True),
        ({"msg": None}, None, True),
        ({"msg": "hi", "more": 1}, "hi", True),
        ('{"msg": "hi", "more": 1}', '{"msg": "hi", "more": 1}', True),
        ('{"a": 1}', '{"a": 1}', True),
        ({"a": 1}, None, False),
        ({"msg": {"a": 1}}, None, False),
        ([1], None, False),
        (True, None, False),
        (5, "5", True),
    ],
)
def test_what_was_said_is_a_text_or_nothing(payload, plain, ok):
    batch = normalized("wechat_messages", {**MESSAGE, "msgType": "101", "msg": payload})
    (row,) = rows(batch, "wechat_messages")
    assert (row["plain_text"], row["payload_ok"]) == (plain, ok)
    assert len(batch.dead_letters) == (not ok)


def test_a_type_code_between_blanks_is_known():
    assert normalized("wechat_messages", message(" 113 ", {})).rows["message_group_collections"]


@pytest.mark.parametrize("number", ["1e99999999999999999999", "-1E+1000000", "1E-20000"])
def test_a_payload_with_a_number_that_nothing_holds_keeps_its_row(number):
    payload = f'{{"title": "t", "wcPayInfo": {{"m7Type": {number}, "other": {number}}}}}'
    batch = normalized("wechat_messages", {**MESSAGE, "msgType": "115", "msg": payload})
    assert len(batch.rows["wechat_messages"]) == 1
    send(batch)


def test_a_dead_letter_with_half_an_emoji_stands_in_nobodys_way_once_somebody_was_erased():
    nobody = Erased(b"salt", frozenset({(PHONE, "0")}))
    half, also = "broken { \ud83d", Erased(b"salt").digest(PHONE, "13800000000")
    somebody = Erased(b"salt", nobody.marks | {(PHONE, also)})
    for erased, letters in ((nobody, 1), (somebody, 0)):
        batch = Batch()
        record = message("115", half, **{"from": "13800000000"})
        Normalizer(RESOURCES["wechat_messages"], erased=erased)([record], FETCHED, batch)
        assert len(batch.rows["wechat_messages"]) == letters  # it goes with its letter
        assert len(batch.dead_letters) == letters


def test_an_id_is_looked_for_where_it_is_then_read():
    unusable: list[object] = [False, [], {}, 0, 0.0, "(null)"]
    for identifier in unusable:
        batch = normalized("calls", {"_id": identifier, "id": "x"})
        assert batch.rows == {}
        assert [letter.reason for letter in batch.dead_letters] == ["no_id"]
    assert normalized("calls", {"_id": "", "id": "x"}).rows["calls"][0][0] == "x"


def test_of_an_object_that_comes_in_two_spellings_nothing_is_lost():
    twins = {
        "wcPayInfo": {"feeDesc": "¥1", "m7Type": 1},
        "wc_pay_info": {"feeDesc": "¥2", "payMemo": "x"},
    }
    row = typed("115", twins, "message_transfers")
    assert (row["fee_description"], row["claim_status"], row["memo"]) == ("¥1", 1, "x")
    assert row["_extra"] == {"wc_pay_info": {"feeDesc": "¥2"}}

"""No input whatsoever makes the normaliser raise."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.spec.cases import FETCHED, MESSAGE, RED_KEYS, message, normalized, send, typed
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
        assert len(batch.rows["wechat_messages"]) == 1
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

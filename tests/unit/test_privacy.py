"""No column, field name or code keeps a person's data against the rules, however it looks and wherever it stands."""

import json
from typing import Any

import pytest

from tests.spec.cases import FETCHED, MESSAGE, rows
from tests.unit.test_normalize import vendor_fields
from wpsync.model import Batch
from wpsync.normalize.privacy import HASH, MASK, Privacy
from wpsync.normalize.rows import Normalizer
from wpsync.resources import COLUMNS, PERSONAL, RESOURCES, TABLES
from wpsync.resources.device import CALLS
from wpsync.resources.messages import KIND_BY_CODE
from wpsync.resources.spec import Harmless, Personal, SqlType

PHONE, NAME, WX = "13812345678", "王小明", "wxid_victimvictim01"
RECORDING = f"https://record.example.cn/20190708172233-{PHONE}-outCall-0a1b.mp3"
HASHED = "h_0123456789abcdef0123456789abcdef"
KEY = b"a key of some length"


def treated(resource, mode, *records):
    batch = Batch()
    rules = Privacy(dict.fromkeys(PERSONAL, mode), KEY)
    Normalizer(RESOURCES[resource], rules)(records, FETCHED, batch)
    return batch


def call(**fields):
    return {"_id": "1", "connectType": "connected", "beginTime": "2026-01-05 09:00:00", **fields}


@pytest.mark.parametrize("mode", ["hash", "mask", "drop"])
def test_a_recordings_address_obeys_phone_numbers(mode):
    rules = Privacy({name: mode for name, kind in PERSONAL.items() if kind == "phone_numbers"}, KEY)
    batch = Batch()
    Normalizer(CALLS, rules)([call(soundUrl=RECORDING, contactTel=PHONE)], FETCHED, batch)
    (row,) = rows(batch, "calls")
    assert PHONE not in json.dumps(row, default=str)
    assert row["recording_status"] == "available"
    assert (row["recording_url"] is None) == (mode == "drop")


def test_a_recordings_address_can_be_kept_by_itself():
    rules = Privacy({"calls.contact_tel": "hash"}, KEY)
    batch = Batch()
    Normalizer(CALLS, rules)([call(soundUrl=RECORDING, contactTel=PHONE)], FETCHED, batch)
    assert rows(batch, "calls")[0]["recording_url"] == RECORDING


def test_the_phones_own_ids_obey_phone_numbers():
    (row,) = rows(treated("calls", HASH, call(imei="867530900000001", did="d1")), "calls")
    assert str(row["imei"]).startswith("h_")
    assert str(row["device_id"]).startswith("h_")


@pytest.mark.parametrize("needle", [PHONE, NAME, WX])
@pytest.mark.parametrize("mode", ["hash", "mask", "drop"])
@pytest.mark.parametrize("resource", [name for name in RESOURCES if "call_" not in name])
def test_only_ids_and_labels_hold_what_the_vendor_puts_into_every_field(resource, mode, needle):
    record = {**dict.fromkeys(vendor_fields(resource), needle), "id": "1", "_id": "1"}
    batch = treated(resource, mode, {**record, "soundUrl": f"h.cn/{needle}.mp3", needle: needle})
    for table, found in batch.rows.items():
        for row in found:
            assert row[len(TABLES[table].columns)] is None
            for column, value in zip(TABLES[table].columns, row, strict=False):
                if needle in str(value):
                    assert column.personal in (Harmless.ID, Harmless.LABEL), column.name
    assert not [name for _, name in batch.drift if needle in name]
    assert not [letter for letter in batch.dead_letters if needle in letter.original]


@pytest.mark.parametrize("code", sorted(KIND_BY_CODE))
def test_only_ids_hold_what_a_payload_says(code):
    kind = KIND_BY_CODE[code]
    payload: dict[str, Any] = {}
    for column in [column for table in kind.tables for column in table.columns]:
        for path in column.sources:
            *outer, last = path.split(".")
            inner = payload
            for step in outer:
                inner = inner.setdefault(step, {})
            inner.setdefault(last, NAME)
    batch = treated(
        "wechat_messages", HASH, {**MESSAGE, "msgType": code, "msg": json.dumps(payload)}
    )
    for table, found in batch.rows.items():
        for row in found:
            for column, value in zip(TABLES[table].columns, row, strict=False):
                assert NAME not in str(value) or column.personal is Harmless.ID, column.name


def test_codes_stay_readable_beside_what_is_hashed():
    batch = treated(
        "wechat_users",
        HASH,
        {"id": "1", "version": "8.0.48(0x28003030)"},
        {"id": "2", "version": NAME},
    )
    assert [row["wechat_version"] for row in rows(batch, "wechat_users")] == [
        "8.0.48(0x28003030)",
        "[3]",
    ]


@pytest.mark.parametrize(
    ("mode", "sent"), [(HASH, HASHED), (MASK, "[12]")], ids=["a hash", "a length"]
)
def test_a_value_that_looks_treated_is_treated_all_the_same(mode, sent):
    batch = treated("wechat_messages", mode, {**MESSAGE, "msg": sent})
    (row,) = rows(batch, "wechat_messages")
    assert row["body"] != sent


def test_a_record_that_looks_withheld_is_withheld_all_the_same():
    batch = treated("calls", HASH, {"withheld": [NAME], "fingerprint": NAME, "contactTel": PHONE})
    (letter,) = batch.dead_letters
    kept = json.loads(letter.original)
    assert kept["withheld"] == ["contactTel", "fingerprint", "withheld"]
    assert NAME not in letter.original


def test_drift_names_no_person():
    batch = Batch()
    fields = {PHONE: 1, WX: 1, NAME: 1, "callMood": 1, "wangxiaoming 13812345678": 1}
    Normalizer(CALLS)([call(**fields)], FETCHED, batch)
    assert batch.drift == {("field", "callMood"): 1, ("field", "*"): 4}
    batch = Batch()
    codes = ["199", PHONE, NAME]
    Normalizer(RESOURCES["wechat_messages"])(
        [{**MESSAGE, "id": one, "msgType": one} for one in codes], FETCHED, batch
    )
    assert batch.drift == {("kind", "199"): 1, ("kind", "*"): 2}


def test_our_own_words_are_no_texts_of_the_vendors():
    """A word is computed, or converted by a list that refuses every other word."""
    for name, column in COLUMNS.items():
        if column.personal is Harmless.WORD and column.sources:
            assert column.name == "direction", name


def test_numbers_stand_in_texts():
    for name, column in COLUMNS.items():
        if column.personal in (Personal.PHONE_NUMBERS, Personal.WECHAT_NUMBERS):
            assert column.type in (SqlType.TEXT, SqlType.TEXTS), name

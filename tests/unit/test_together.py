"""Records that are normalised together become exactly what each becomes by itself."""

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.spec.cases import FETCHED, MESSAGE, RED_KEYS, message, normalized, rows, send
from tests.unit.test_normalize import vendor_fields
from wpsync.model import Batch
from wpsync.normalize.rows import Normalizer
from wpsync.resources import RESOURCES
from wpsync.resources.messages import KIND_BY_CODE

ORDINARY = (
    "text",
    "1",
    "0",
    "1561013064",
    1,
    1561013064,
    "¥0.01",
    "w,1,2,3",
    "w,1,2|v,2,1",
    "2019-06-20",
)
UNUSUAL: tuple[object, ...] = (
    None, "", "(null)", "NUL\x00", "half \ud83d", True, 1.5, -1, 0, 10**12, 10**40, "9" * 30, "-7", " 1 ",
    "2019-06-26 11:01:49", "2019-06-26T11:01:49+20:00", "1e9999999", "{", '{"m7Type": 1, "msg": "x"}', [], ["a", "b"],
    "a,b", "w,1,2|w,2,1", "｛", "９",
)  # fmt: skip
scalars = st.sampled_from(ORDINARY) | st.sampled_from(UNUSUAL)
KEYS = (
    *RED_KEYS,
    "wc_pay_info",
    "Title",
    "transcationId",
    "transactionId",
    "lon",
    "latitude",
    "showtrueype",
    "link",
)
nested = st.recursive(
    scalars,
    lambda inner: st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=8,
)


def filled(shape, values):
    """Another object of the same keys, in the same order."""
    return {k: filled(v, values) if isinstance(v, dict) else next(values) for k, v in shape.items()}


def spelt(draw, payload):
    """A payload, or an object in it, may come as text."""
    if draw(st.integers(0, 9)) < 8:
        return json.dumps(payload)
    inner = {k: json.dumps(v) if isinstance(v, dict) else v for k, v in payload.items()}
    return draw(st.sampled_from([payload, json.dumps(inner), "[]", "", None, "broken {"]))


@st.composite
def messages(draw):
    """Messages of a few shapes, of few ids: some are alike, and some come twice."""
    shapes = draw(
        st.lists(st.dictionaries(st.sampled_from(KEYS), nested, max_size=5), min_size=1, max_size=3)
    )
    codes = draw(st.lists(st.sampled_from([*sorted(KIND_BY_CODE), "-7"]), min_size=1, max_size=2))
    found = []
    for number in range(draw(st.integers(1, 7))):
        values = iter(draw(st.lists(st.sampled_from(ORDINARY) | scalars, min_size=40, max_size=40)))
        payload = spelt(draw, filled(draw(st.sampled_from(shapes)), values))
        record = {**MESSAGE, "msgType": draw(st.sampled_from(codes)), "msg": payload}
        record["id"] = draw(st.sampled_from([f"m{number}"] * 4 + ["m0"]))
        more = st.sampled_from([*MESSAGE, "_id", "thumbImgPath", "bigImgPath", "new"])
        found.append({**record, **draw(st.dictionaries(more, scalars, max_size=2))})
    return found


@st.composite
def records(draw, resource):
    keys = st.sampled_from([*vendor_fields(resource), "soundUrl", "new"])
    ids = st.fixed_dictionaries({}, optional={"id": scalars, "_id": scalars})
    record = st.builds(lambda a, b: {**a, **b}, ids, st.dictionaries(keys, nested, max_size=6))
    return draw(st.lists(record | nested, max_size=6))


def normalised(resource, pages):
    batch = Batch()
    for chunk in pages:
        Normalizer(RESOURCES[resource]).pages(chunk, batch)
    return batch


def content(batch):
    """A batch without what does not matter: the order of rows of different ids, and of keys in `_extra`."""
    found = {
        table: sorted(map(shown, of_table), key=lambda row: row[0])
        for table, of_table in batch.rows.items()
        if of_table
    }
    return found, sorted(map(repr, batch.dead_letters)), +batch.drift


def shown(row):
    *values, extra, fetched = row
    kept = extra and json.dumps(json.loads(extra), sort_keys=True)
    return [*map(repr, values), kept, fetched]


@pytest.mark.parametrize("resource", [name for name in RESOURCES if "call_" not in name])
@settings(max_examples=20)
@given(data=st.data())
def test_together_or_one_by_one_the_same_comes_of_them(resource, data):
    found = data.draw(messages() if resource == "wechat_messages" else records(resource))
    each = [([record], FETCHED + timedelta(0, i // 2)) for i, record in enumerate(found)]
    cut = data.draw(st.integers(0, len(each)))
    alone = content(normalised(resource, [[one] for one in each]))
    together = normalised(resource, [each])
    send(together)
    assert content(together) == alone
    assert content(normalised(resource, [each[:cut], each[cut:]])) == alone


def test_of_a_message_that_came_twice_the_last_comes_last_whatever_its_code():
    twice = [message("3", "", id="other"), message("102", ""), message("3", "")]
    twice[1]["thumbImgPath"], twice[2]["thumbImgPath"] = "first", "last"
    found = rows(normalized("wechat_messages", *twice), "message_media")
    assert [row["thumb_path"] for row in found if row["message_id"] == MESSAGE["id"]] == [
        "first",
        "last",
    ]

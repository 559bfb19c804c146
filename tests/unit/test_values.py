"""One vendor value to one Python value."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wpsync import values
from wpsync.normalize import columns

exponents = st.sampled_from([4, 29, 30, 307, 6_144, 999_999, 1_000_000, 10**17])
huge = st.builds(
    lambda digits, exponent, sign: Decimal(f"{digits}E{sign}{exponent}"),
    st.integers(-(10**25), 10**25),
    exponents,
    st.sampled_from("+-"),
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(codec=None))
    | st.text("0123456789.,+-eE¥￥ 　１")
    | st.datetimes().map(str)
    | st.decimals()
    | huge,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
CONVERTERS = [
    values.text, values.verbatim, values.integer, values.flag, values.flag_or_false, values.connected,
    values.instant, values.day, values.coordinate, values.latitude, values.yuan, values.web_address,
    values.texts, values.split_texts, values.first_text, values.seconds, values.big_integer, values.direction,
    values.chat_type, values.folded,
]  # fmt: skip


@pytest.mark.parametrize("convert", CONVERTERS, ids=lambda f: f.__name__)
@given(json_values)
@example(Decimal("-96655372800000.0741"))  # milliseconds to the year -1093, which no datetime holds
@example(Decimal("1e9999999"))  # no arithmetic can be done with it
@example(-(10**11) + 1)
@example(Decimal("-6.25E+1000000"))  # arithmetic with it overflows
@example(Decimal("1E-1000000"))
@example(10**4_299)
@example("-99999999999999")
@example(10**14 - 1)
@example("0001-01-01T00:00:00+14:00")
@example("9999-12-31T23:59:59-14:00")
def test_a_converter_returns_a_value_or_refuses_in_the_one_way_the_normaliser_knows(convert, value):
    try:
        found = convert(value)
    except (values.UnreadableError, values.RepairedError):
        return
    if isinstance(found, str):
        found.encode()
        assert "\x00" not in found
    if isinstance(found, datetime):
        assert found.tzinfo is not None


@pytest.mark.parametrize(
    "convert",
    [
        values.text,
        values.verbatim,
        values.flag,
        values.instant,
        values.integer,
        values.seconds,
        values.direction,
    ],
    ids=lambda f: f.__name__,
)
@given(
    st.lists(
        json_values
        | st.sampled_from(
            [
                "0",
                "1",
                "",
                "(null)",
                1561013064,
                "1561013064",
                "9999999999",
                "2019-06-26 11:01:49",
                "20260105",
                20260105,
                -1,
                10**8,
                10**9,
                "in",
                "OUT",
                61,
                "-30",
            ]
        ),
        max_size=6,
    )
)
def test_a_whole_column_is_converted_as_its_values_are_one_by_one(convert, raw):
    try:
        together = list(columns.convert(convert, raw))
    except columns.UnusualError:
        return
    assert together == [convert(value) for value in raw]


@pytest.mark.parametrize(
    ("sent", "instant"),
    [
        ("2019-06-26 00:30:00", datetime(2019, 6, 25, 16, 30, tzinfo=UTC)),
        (1561013064, datetime(2019, 6, 20, 6, 44, 24, tzinfo=UTC)),
        ("1561014275882", datetime(2019, 6, 20, 7, 4, 35, 882_000, tzinfo=UTC)),
        ("2019-06-26T00:30:00+00:00", datetime(2019, 6, 26, 0, 30, tzinfo=UTC)),
        ("0", None),
        (0, None),
        ("", None),
        ("(null)", None),
        ("20260105", datetime(2026, 1, 4, 16, tzinfo=UTC)),
        (20260105, datetime(2026, 1, 4, 16, tzinfo=UTC)),
        ("20260105090307", datetime(2026, 1, 5, 1, 3, 7, tzinfo=UTC)),
        ("2026-01-05 9:03:07", datetime(2026, 1, 5, 1, 3, 7, tzinfo=UTC)),
        ("2026/1/5 09:03", datetime(2026, 1, 5, 1, 3, tzinfo=UTC)),
        ("2026年1月5日 9:03:07", datetime(2026, 1, 5, 1, 3, 7, tzinfo=UTC)),
        (" 2026-01-05 09:03:07\n", datetime(2026, 1, 5, 1, 3, 7, tzinfo=UTC)),
    ],
)
def test_an_instant_in_every_spelling(sent, instant):
    assert values.instant(sent) == instant


@pytest.mark.parametrize(
    ("shown", "amount"),
    [
        ("¥0.01", "0.01"),
        ("￥1,234.56", "1234.56"),
        ("￥ 5", "5.00"),
        ("1，234.50元", "1234.50"),
        ("", None),
        ("¥1.2万", "12000.00"),
        ("￥100 萬元", "1000000.00"),
        ("人民币 5 元", "5.00"),
        ("-¥3", "-3.00"),
        ("￥１，２３４．５０", "1234.50"),
    ],
)
def test_an_amount_from_what_is_shown(shown, amount):
    assert values.yuan(shown) == (Decimal(amount) if amount else None)


UNREADABLE: dict[Callable[[object], object], list[object]] = {
    values.yuan: [
        "HK$5.00", "¥0.005", "¥1.234,56", "¥12,34", "¥5 x 2", "约5元", "$5", "5 USD", "¥5/人", "￥1.2千", "--5",
        "¥1,234.56 ¥2", "1e5",
    ],
    values.instant: [
        "20261301", 20260230, "-1", -1, 1, 86_400, 10**9 - 1, 10**12 - 1, "2026-02-30 09:00:00", "2026/13/01",
    ],
    values.day: ["20261301", "-1"],
    values.seconds: [-30, "-1", "1:01", "yes", "1.5e3", 2**31],
    values.direction: ["sideways", "1", True, {}],
    values.connected: ["busy", "2", []],
    values.web_address: [
        "NOT_FOUND", "/a.mp3", "upload_fail", "https://", "host only", "a.mp3", "no host/a.mp3", "./a.mp3", {},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("convert", "sent"), [(convert, sent) for convert, all_ in UNREADABLE.items() for sent in all_]
)
def test_nothing_is_guessed_from_what_cannot_be_read(convert, sent):
    with pytest.raises(values.UnreadableError):
        convert(sent)


KNOWN: dict[tuple[Callable[[object], object], object], list[object]] = {
    (values.direction, "in"): ["in", "IN", " In ", "呼入", "接收", "ｉｎ"],
    (values.direction, "out"): ["out", "OUT", "外呼", "发送"],
    (values.connected, True): ["connected", "CONNECTED", True, 1, "1", "接通", "true"],
    (values.connected, False): ["disconnected", "Not connected", 0, "未接通"],
    (values.chat_type, "group"): ["group", "GROUP", " 群聊"],
    (values.chat_type, "Meeting"): ["Meeting"],
    (values.seconds, 61): ["61", 61],
    (values.seconds, None): [""],
    (values.flag, True): ["是", True],
    (values.web_address, None): ["", "  ", "null", "NULL", "(null)", "None"],
    (values.web_address, "https://h.cn/a b.mp3"): [" h.cn/a b.mp3 "],
    (values.web_address, "https://h.cn/a.mp3"): ["//h.cn/a.mp3", "https://h.cn/a.mp3"],
    (values.web_address, "https://host:8080/a.mp3"): ["host:8080/a.mp3"],
}


@pytest.mark.parametrize(
    ("convert", "sent", "value"),
    [(convert, sent, value) for (convert, value), all_ in KNOWN.items() for sent in all_],
)
def test_words_of_the_vendors_lists_are_known_however_they_are_written(convert, sent, value):
    assert convert(sent) == value


def test_a_part_of_a_second_is_rounded_and_its_original_kept():
    for sent, whole in ((Decimal("61.5"), 62), ("61.4", 61)):
        with pytest.raises(values.RepairedError) as repaired:
            values.seconds(sent)
        assert repaired.value.value == whole


def test_numbers_of_json_stay_exact_and_broken_text_is_still_read():
    assert values.parse_json(b'{"a": 123456789012345678901234567890123456, "b": 0.1}') == {
        "a": 123456789012345678901234567890123456,
        "b": Decimal("0.1"),
    }
    assert values.parse_json(b'{"a": "\\ud83d"}') == {"a": "\ud83d"}
    assert values.parse_json(b'{"a": "tab\there"}') == {"a": "tab\there"}
    far = values.parse_json('{"a": 1E+1000000, "b": -1.5e99999999999999999999}')
    assert far == {"a": Decimal("1E+1000000"), "b": "-1.5e99999999999999999999"}
    with pytest.raises(ValueError, match="nested"):
        values.parse_json(b"[" * 200_000)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("13912345678", "13912345678"),
        ("+8613912345678", "13912345678"),
        ("0086 139-1234-5678", "13912345678"),
        ("8613912345678", "13912345678"),
        ("013912345678", "13912345678"),
        ("１３９１２３４５６７８", "13912345678"),
        ("010-12345678", "1012345678"),
        ("+86 (0)10 12345678", "1012345678"),
        ("+1 391 234 5678", "+13912345678"),
        ("10086", "10086"),
        ("139****5678", "139****5678"),
        ("h_0123", "h_0123"),
        ("未知号码", "未知号码"),
        ("+86 ", "+86 "),
        ("", ""),
    ],
)
def test_a_phone_number_has_one_form_however_it_is_written(written, number):
    assert values.phone_number(written) == number


@pytest.mark.parametrize(
    "number", ["13912345678", "1012345678", "75512345678", "+13912345678", "x"]
)
def test_every_spelling_of_a_phone_number_is_of_that_number(number):
    spellings = values.phone_spellings(number)
    assert number in spellings
    assert {values.phone_number(one) for one in spellings} == {number}

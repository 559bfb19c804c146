"""How long a span is known to be served whole, and which of its ends a cut may hide."""

from datetime import UTC, datetime, timedelta

from wpsync.extract.served_spans import Served, ServedSpans
from wpsync.model import Window

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = Window(START, START + 24 * HOUR)


def at(hours):
    return START + hours * HOUR


def test_a_span_is_believed_once_rows_at_its_ends_were_shown_and_is_asked_about_before():
    asked: list[timedelta] = []

    def prove(length):
        asked.append(length)

    spans = ServedSpans(Served(), prove)
    assert spans.serves(HOUR)
    assert asked == []
    assert not spans.serves(12 * HOUR)
    spans.note(12 * HOUR)
    assert spans.serves(12 * HOUR)
    assert asked == [12 * HOUR]


def test_both_ends_without_rows_are_asked_for_until_the_length_is_proved():
    spans = ServedSpans(Served())
    spans.note(12 * HOUR)
    found = spans.unproved(DAY, at(8), at(20), DAY.end)
    assert [(one.start, one.end) for one in found] == [
        (at(0), at(8)),
        (at(20) + timedelta(seconds=1), at(24)),
    ]
    assert spans.unproved(DAY, at(8), at(20), at(20)) == found[:1]


def test_a_count_is_added_up_from_pieces_that_are_served_whole():
    spans = ServedSpans(Served())
    spans.note(12 * HOUR)
    assert spans.pieces(DAY) == [Window(at(0), at(12)), Window(at(12), at(24))]

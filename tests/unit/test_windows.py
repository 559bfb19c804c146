"""Window algebra, as properties."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from wpsync.extract import windows
from wpsync.model import Window

START = datetime(2026, 3, 1, tzinfo=UTC)
offsets = st.integers(0, 200_000)


@st.composite
def some_windows(draw):
    first, length = draw(offsets), draw(st.integers(1, 100_000))
    return Window(START + timedelta(seconds=first), START + timedelta(seconds=first + length))


@given(some_windows(), st.integers(1, 300))
def test_split_covers_the_window_exactly_and_without_overlap(window, parts):
    pieces = windows.split(window, parts)
    assert pieces[0].start == window.start
    assert pieces[-1].end == window.end
    assert all(a.end == b.start for a, b in pairwise(pieces))
    assert len(pieces) <= parts


def overlap(window, other):
    start, end = max(window.start, other.start), min(window.end, other.end)
    return Window(start, end) if start < end else None


@given(some_windows(), st.lists(some_windows(), max_size=5))
def test_missing_and_done_cover_the_span_and_missing_touches_nothing_done(span, done):
    gaps = windows.missing(span, done)
    covered = {w for w in (overlap(span, one) for one in done) if w}
    assert all(overlap(gap, one) is None for gap in gaps for one in done)
    length = sum((gap.span for gap in gaps), timedelta())
    reached, total = span.start, timedelta()
    for one in sorted(covered):
        if one.end > reached:
            total += one.end - max(one.start, reached)
            reached = one.end
    assert length + total == span.span


@given(some_windows(), st.integers(600, 90_000))
def test_days_are_cut_at_shanghai_midnights_and_are_never_longer_than_the_step(window, step):
    pieces = list(windows.by_day(window, timedelta(seconds=step)))
    assert pieces[-1].end == window.end
    assert pieces[0].start == window.start
    for piece in pieces:
        assert piece.span <= timedelta(seconds=step)
        assert windows.shanghai_midnight(piece.start) == windows.shanghai_midnight(
            piece.end - timedelta(seconds=1)
        )


def test_months_are_cut_at_their_beginnings_in_shanghai():
    pieces = list(
        windows.by_month(
            Window(datetime(2026, 1, 20, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
        )
    )
    assert [piece.end for piece in pieces] == [
        datetime(2026, 1, 31, 16, tzinfo=UTC),
        datetime(2026, 2, 28, 16, tzinfo=UTC),
        datetime(2026, 3, 2, tzinfo=UTC),
    ]

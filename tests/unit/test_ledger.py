"""The ledger's algebra: what each change does to windows, and the laws that hold for all of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from wpsync import ledger
from wpsync.ledger import COMPLETE, INCOMPLETE, LedgerWindow, Reading
from wpsync.model import Window

T0 = datetime(2026, 3, 2, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
READ_AT = T0 + timedelta(days=1)


def at(hours):
    return T0 + timedelta(seconds=round(hours * 3600))


def span(start, end):
    return Window(at(start), at(end))


def window(start, end, rows=10, **more):
    known = LedgerWindow(
        starts_at=at(start),
        ends_at=at(end),
        vendor_count=rows,
        rows_seen=rows,
        rows_held=rows,
        state=COMPLETE,
        reason=None,
        attempts=1,
        read_at=READ_AT,
        checked_at=READ_AT,
        retry_at=None,
    )
    return replace(known, **more)


def incomplete(start, end, reason="rows_missing", **more):
    return window(start, end, state=INCOMPLETE, reason=reason, retry_at=READ_AT, **more)


def enter(known, start, end, *, rows=10, reason=None, read_at=READ_AT, held=10, grown=None):
    return ledger.enter(
        known,
        window=span(start, end),
        reading=Reading(rows, rows, reason, read_at),
        held=held if callable(held) else lambda part: held,
        grown=grown or {},
    )


def spans(known):
    return [((w.starts_at - T0) / HOUR, (w.ends_at - T0) / HOUR, w.state) for w in known]


def test_a_complete_reading_is_entered_with_the_vendors_count_and_the_rows_held():
    (new,) = enter([], 0, 1, rows=12, held=11)
    assert new == window(0, 1, 12, rows_held=11)


def test_without_a_time_on_the_rows_as_many_are_held_as_were_seen():
    (new,) = enter([], 0, 1, rows=12, held=None)
    assert new.rows_held == 12


def test_adjoining_complete_windows_of_a_day_are_merged():
    (merged,) = enter([window(0, 1), window(2, 3)], 1, 2, rows=5, held=5)
    assert merged == window(0, 3, 25)


def test_windows_of_two_shanghai_days_stay_apart():
    midnight = 14  # 16:00 UTC
    assert len(enter([window(midnight - 1, midnight)], midnight, midnight + 1)) == 2


def test_an_incomplete_reading_waits_longer_after_each_attempt():
    known: list[LedgerWindow] = []
    waits = []
    for _ in range(8):
        known = enter(known, 0, 1, reason="rows_missing")
        waits.append(((known[0].retry_at or READ_AT) - READ_AT) / timedelta(minutes=1))
    assert waits == [1, 5, 15, 60, 240, 720, 1440, 1440]
    (done,) = enter(known, 0, 1)
    assert (done.attempts, done.retry_at, done.reason) == (1, None, None)


def test_empty_readings_are_counted_by_themselves():
    known = [incomplete(0, 1, attempts=6)]
    (empty,) = enter(known, 0, 1, reason=ledger.SUSPICIOUSLY_EMPTY)
    assert empty.attempts == 1
    (again,) = enter([empty], 0, 1, reason=ledger.SUSPICIOUSLY_EMPTY)
    assert again.attempts == 2
    (other,) = enter([again], 0, 1, reason="rows_missing")
    assert other.attempts == 3


def test_a_complete_reading_inside_a_complete_window_amends_it():
    (amended,) = enter([window(0, 3, 30)], 1, 2, grown={at(0): 2})
    assert amended == window(0, 3, 32)


def test_an_incomplete_reading_divides_a_complete_window():
    held = {span(0, 1): 4, span(2, 3): 6, span(1, 2): 20}
    known = enter([window(0, 3, 30)], 1, 2, reason="rows_missing", held=held.__getitem__)
    assert spans(known) == [(0, 1, COMPLETE), (1, 2, INCOMPLETE), (2, 3, COMPLETE)]
    assert [w.vendor_count for w in known] == [4, 10, 6]


def test_the_rest_of_a_divided_window_is_due_where_its_share_is_not_known():
    counted_otherwise = window(0, 3, 30, rows_held=29)  # a dead letter, in one part or the other
    known = enter([counted_otherwise], 1, 2, reason="rows_missing")
    assert [w.reason for w in known] == [ledger.RECOUNT_DUE, "rows_missing", ledger.RECOUNT_DUE]
    assert known[0].vendor_count is None


def test_a_neighbour_grows_by_the_rows_that_came_to_it():
    beside, new = enter([window(0, 1), window(3, 4)], 2, 3, reason="x", grown={at(0): 1})[:2]
    assert beside.vendor_count == 11
    assert new.state == INCOMPLETE


def test_a_reading_touches_its_neighbours_seconds_and_all_around_it_in_its_container():
    beside = [window(0, 1), window(2, 3), incomplete(3, 4)]
    second = timedelta(seconds=1)
    assert ledger.touched(beside, span(1, 2)) == {
        at(0): Window(at(1) - second, at(1)),
        at(2): Window(at(2), at(2) + second),
    }
    around = ledger.touched([window(0, 3)], span(1, 2))
    assert around == {at(0): Window(at(1) - second, at(2) + second)}
    assert ledger.touched([window(0, 3)], span(0, 3)) == {}


def test_a_confirmed_window_is_checked_and_due_no_more():
    tried = window(0, 1, attempts=4, retry_at=READ_AT + HOUR)
    others = [window(2, 3), incomplete(3, 4)]
    later = READ_AT + HOUR
    known = ledger.confirm([tried, *others], counted=[tried, others[1]], at=later)
    assert known == [window(0, 1, checked_at=later), *others]


def test_a_doubted_window_is_read_again_whole_and_its_neighbour_is_not():
    known = [window(0, 1), window(1, 2), incomplete(2, 3)]
    doubted = ledger.doubt(known, span=span(1, 3), at=READ_AT)
    assert doubted == [known[0], incomplete(1, 2, ledger.RECOUNT_DUE), known[2]]
    assert ledger.due_again(doubted, READ_AT) == doubted[1:]


def test_a_dispute_is_noted_wherever_it_touches_and_ends_only_where_all_was_compared():
    known = [window(0, 2), window(3, 5), incomplete(5, 6)]
    disputed = ledger.dispute(known, span=span(1, 4), at=READ_AT)
    assert [w.disputed_at for w in disputed] == [READ_AT, READ_AT, None]
    cleared = ledger.dispute(disputed, span=span(1, 5), at=None)
    assert [w.disputed_at for w in cleared] == [READ_AT, None, None]


def test_a_dispute_stays_on_the_stretch_while_it_is_read_divided_and_merged():
    disputed = [window(0, 3, 30, disputed_at=READ_AT)]
    divided = enter(disputed, 1, 2, reason="rows_missing")
    assert {w.disputed_at for w in divided} == {READ_AT}
    (merged,) = enter(divided, 1, 2)
    assert merged.disputed_at == READ_AT


def test_a_window_that_cannot_be_checked_is_put_off():
    known = [window(0, 1, 11), window(1, 2)]
    later = [ledger.postponed(window(0, 1), READ_AT, 3, HOUR)]
    put_off = ledger.put_off(known, later=later)
    assert put_off == [
        window(0, 1, 11, attempts=3, retry_at=READ_AT + timedelta(minutes=15)),
        known[1],
    ]
    assert ledger.postponed(known[0], READ_AT, 9, HOUR).retry_at == READ_AT + HOUR


def test_an_incomplete_window_is_due_at_its_time_or_when_a_clock_was_ahead():
    later = incomplete(0, 1, attempts=2)
    later = replace(later, retry_at=READ_AT + HOUR)
    assert ledger.due_again([window(1, 2), later], READ_AT) == []
    assert ledger.due_again([window(1, 2), later], READ_AT + HOUR) == [later]
    assert ledger.due_again([later], READ_AT - HOUR) == [later], "it was read in the future"


def test_retention_forgets_windows_that_end_before_it():
    known = [window(0, 1), window(1, 2), window(2, 3)]
    assert ledger.forget(known, before=at(2)) == known[2:]


def test_the_watermark_walks_over_incomplete_windows_and_stops_at_a_gap():
    known = [window(3, 4), incomplete(1, 2), window(0, 1)]
    assert ledger.advance_watermark(at(0), known) == at(2)
    assert ledger.advance_watermark(at(2.5), known) == at(2.5)
    assert ledger.advance_watermark(at(9), known) == at(9)


class Book:
    """A ledger in memory."""

    def __init__(self, known, mark):
        self.known, self.mark = known, mark

    def windows(self, part):
        return [w for w in self.known if w.starts_at <= part.end and w.ends_at >= part.start]

    def update(self, part, change):
        before = self.windows(part)
        self.known = [w for w in self.known if w not in before] + list(change(before))

    def watermark(self):
        return self.mark

    def set_watermark(self, mark):
        self.mark = mark


def test_reading_begins_behind_the_windows_that_a_backfill_has_read():
    book = Book([window(0, 1), window(1, 2), window(5, 6)], None)
    ledger.start(book, at(0))
    assert book.mark == at(2)
    ledger.start(book, at(1))
    assert book.mark == at(2), "it never goes back"
    ledger.start(book, at(5))
    assert book.mark == at(6)


def test_windows_of_a_clock_that_was_ahead_are_taken_back_with_the_watermark():
    book = Book([window(0, 1), window(1, 3)], at(3))
    assert ledger.take_back_ahead(book, at(2), at(0)) == span(1, 3)
    assert (book.known, book.mark) == ([window(0, 1)], at(1))
    assert ledger.take_back_ahead(book, at(2), at(0)) is None


def test_a_first_watermark_of_such_a_clock_begins_anew():
    book = Book([], at(9))
    assert ledger.take_back_ahead(book, at(2), at(1)) == span(1, 9)
    assert book.mark == at(1)


def test_clocks_that_differ_by_seconds_take_nothing_back():
    book = Book([window(0, 1)], at(1))
    now = at(1) - timedelta(seconds=4)
    assert ledger.take_back_ahead(book, now, at(0)) is None
    assert (book.known, book.mark) == ([window(0, 1)], at(1))


HOURS = st.integers(0, 47)
PARTS = st.tuples(HOURS, HOURS).filter(lambda ends: ends[0] < ends[1]).map(lambda e: span(*e))


@st.composite
def changes(draw):
    """One change of a part of the ledger, as a store is asked to make it."""
    part = draw(PARTS)
    kind = draw(st.sampled_from(("enter", "enter", "enter", "doubt", "dispute", "forget")))
    if kind == "doubt":
        return part, partial(ledger.doubt, span=part, at=READ_AT)
    if kind == "dispute":
        return part, partial(ledger.dispute, span=part, at=draw(st.sampled_from((READ_AT, None))))
    if kind == "forget":
        return Window(T0, part.start + HOUR), partial(ledger.forget, before=part.start)
    reading = Reading(
        draw(st.integers(0, 9)), 5, draw(st.sampled_from((None, "rows_missing"))), READ_AT
    )
    return part, partial(ledger.enter, window=part, reading=reading, held=hours_in, grown={})


def hours_in(part):
    return part.span // HOUR


@given(st.lists(changes(), max_size=12))
def test_windows_never_overlap_and_what_is_read_stays_in_the_ledger(steps):
    book = Book([], None)
    for part, change in steps:
        covered = sum((w.window.span for w in book.windows(part)), timedelta(0))
        book.update(part, change)
        known = sorted(book.known, key=lambda w: w.starts_at)
        assert all(a.ends_at <= b.starts_at for a, b in pairwise(known))
        assert all((w.reason is None) == w.is_complete for w in known)
        assert all((w.retry_at is None) or not w.is_complete for w in known)
        if change.func is not ledger.forget:
            after = sum((w.window.span for w in book.windows(part)), timedelta(0))
            assert after >= covered
        if change.func is ledger.enter:
            inside = [w for w in known if w.starts_at < part.end and w.ends_at > part.start]
            assert inside[0].starts_at <= part.start
            assert inside[-1].ends_at >= part.end


def test_a_digest_grows_with_the_rows_and_is_unknown_where_their_ids_are():
    known = replace(window(0, 3, 30), digest=2**64 - 1)
    assert ledger.amend(known, 1, 3).digest == 2
    assert ledger.amend(known, 0, 3).digest == 2, "one row went while another came"
    assert ledger.amend(known, 1).digest is None

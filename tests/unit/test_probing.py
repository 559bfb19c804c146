"""Whether the vendor answers, what is due, and how much may fail: asked and decided without a vendor."""

from datetime import UTC, datetime, timedelta

from wpsync.errors import VendorRefusedError
from wpsync.extract import probing
from wpsync.ledger import COMPLETE, INCOMPLETE, UNREADABLE, LedgerWindow, postponed
from wpsync.model import Page
from wpsync.policy import Ages

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Choosy:
    """A vendor that refuses a span without length, and every span that holds one second."""

    def __init__(self, at):
        self.at = at

    def page(self, body):
        if body["start"] == body["end"] or body["start"] <= self.at <= body["end"]:
            raise VendorRefusedError("vendor.refused", endpoint="/x")
        return Page(1, [], 0, NOW, NOW)


def test_a_vendor_answers_though_it_stumbles_over_this_very_second_and_refuses_spans_without_length():
    assert probing.answers(Choosy("2026-03-02 12:00:00"), NOW)
    assert probing.answers(Choosy("2025-01-01 00:00:00"), NOW)


def known(ago, *, reason=None):
    at = NOW - ago
    return LedgerWindow(
        starts_at=at - MINUTE,
        ends_at=at,
        vendor_count=1,
        rows_seen=1,
        rows_held=1,
        state=COMPLETE if reason is None else INCOMPLETE,
        reason=reason,
        attempts=1,
        read_at=at,
        checked_at=at,
        retry_at=None,
    )


def test_what_could_not_be_served_lately_leaves_less_patience_and_one_try_a_minute_always():
    assert probing.failures_left([], NOW) == 60
    lately = [known(n * MINUTE / 2, reason=UNREADABLE) for n in range(1, 200)]
    assert probing.failures_left(lately[:10], NOW) == 50
    assert probing.failures_left(lately, NOW) == 0
    assert probing.failures_left(lately[1:], NOW) == 1
    assert probing.failures_left(lately, NOW + 3 * HOUR) == 60


def test_what_cannot_be_checked_is_due_later_each_time_but_not_later_than_it_may():
    window, waits = known(3 * DAY), []
    for attempts in range(2, 8):
        window = postponed(window, NOW, attempts, DAY)
        waits.append((window.retry_at or NOW) - NOW)
    assert waits == sorted(waits)
    assert postponed(window, NOW, 9, HOUR).retry_at == NOW + HOUR
    assert probing.due([window], NOW + DAY - MINUTE, Ages()) == []
    assert probing.due([window], NOW + DAY, Ages()) == [[window]]

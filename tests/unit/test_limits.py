"""The request budget: one hour of virtual time, three processes, every request on its way for a while."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from wpsync.api.limits import Book
from wpsync.model import Priority
from wpsync.policy import RateLimits

START = datetime(2026, 1, 1, tzinfo=UTC)


class Run:
    """Workers that share one book, in virtual time. `arrivals` is what the vendor saw, and when."""

    def __init__(self, seed, limit):
        self.rng = Random(seed)
        self.book = Book(limit, limit)
        self.arrivals: list[float] = []
        self.waited: list[tuple[float, float]] = []
        self.less_urgent: list[float] = []
        self.events: list[tuple[float, int, Callable[[float], None]]] = []
        self.number = 0

    def at(self, moment, do):
        self.number += 1
        heapq.heappush(self.events, (moment, self.number, do))

    def until(self, end):
        while self.events and self.events[0][0] < end:
            moment, _, do = heapq.heappop(self.events)
            do(moment)

    def ask(self, now, priority, since, then):
        wait = self.book.take(START + timedelta(seconds=now), priority)
        if wait > 0:
            self.at(now + min(wait, 0.5), lambda t: self.ask(t, priority, since, then))
            return
        number = self.book.number
        if priority is Priority.LIVE:
            self.waited.append((since, now))
        else:
            self.less_urgent.append(now)
        takes = self.rng.uniform(0.05, 2.0) if self.rng.random() < 0.9 else self.rng.uniform(2, 20)
        self.arrivals.append(now + self.rng.random() * takes)

        def ended(t):
            self.book.end(number, START + timedelta(seconds=t))
            then(t)

        self.at(now + takes, ended)

    def backlog(self, now, priority):
        """A worker that always has another request."""
        self.ask(now, priority, now, lambda t: self.backlog(t, priority))

    def live(self, now):
        """A tick every minute: two requests, one after the other."""
        self.ask(now, Priority.LIVE, now, lambda t: self.ask(t, Priority.LIVE, t, lambda end: None))
        self.at(now + 60, self.live)


@pytest.mark.parametrize("seed", range(20))
def test_three_processes_share_twenty_a_minute_and_live_ticks_do_not_wait(seed):
    run = Run(seed, 20)
    run.at(0.0, lambda t: run.backlog(t, Priority.BACKFILL))
    run.at(0.1, lambda t: run.backlog(t, Priority.BACKFILL))
    run.at(0.2, lambda t: run.backlog(t, Priority.PROBE))
    run.at(7.0, run.live)
    run.until(3600)
    seen = sorted(run.arrivals)
    first = 0
    for number, at in enumerate(seen):
        while seen[first] <= at - 60:
            first += 1
        assert number - first + 1 <= 20, at
    assert len(seen) >= 0.9 * 20 * 60, len(seen)
    overtaken = [(a, at, b) for a, b in run.waited for at in run.less_urgent if a < at < b]
    assert not overtaken, overtaken[:3]
    at_once = sum(b == a for a, b in run.waited)
    assert at_once >= len(run.waited) / 3


def test_what_is_more_urgent_goes_first_where_places_are_scarce():
    book = Book(4, 4)
    now = START
    while book.take(now, Priority.LIVE) == 0:
        now += timedelta(seconds=0.1)
    for one in list(book.taken):
        book.end(one.number, now)
    assert book.take(now, Priority.FOLLOW_UP) > 0
    assert book.take(now, Priority.BACKFILL) > 0
    free = max(one.counts_until() for one in book.taken) + timedelta(seconds=1)
    book.wanted[Priority.FOLLOW_UP] = free + timedelta(seconds=1)
    assert book.take(free, Priority.BACKFILL) > 0
    assert book.take(free, Priority.FOLLOW_UP) == 0


def test_a_request_whose_process_died_counts_for_two_minutes_and_not_for_ever():
    book = Book(1, 1)
    assert book.take(START, Priority.LIVE) == 0
    assert book.take(START + timedelta(seconds=119), Priority.LIVE) > 0
    assert book.take(START + timedelta(seconds=121), Priority.LIVE) == 0


@pytest.mark.parametrize("answered", [True, False])
def test_a_clock_that_is_set_back_costs_two_minutes_at_most_and_never_the_promise(answered):
    book, ahead = Book(20, 20), START + timedelta(days=1)
    for second in range(5):
        assert book.take(ahead + timedelta(seconds=second), Priority.LIVE) == 0
        if answered:
            book.end(book.number, ahead + timedelta(seconds=second))
    book.wanted[Priority.LIVE] = ahead
    book.slow_down(ahead, timedelta(hours=3))
    assert 0 < book.take(START, Priority.PROBE) <= 3600
    book.not_before = START
    book.rate = 20
    at_once = sum(book.take(START + timedelta(seconds=3), Priority.LIVE) == 0 for _ in range(30))
    assert at_once == 15, "what was sent just before still counts"
    assert book.take(START + timedelta(seconds=125), Priority.PROBE) == 0


def test_a_refusal_for_speed_halves_the_rate_and_success_brings_it_back():
    book = Book(20, 20)
    book.slow_down(START, timedelta(seconds=30))
    assert book.rate == 10
    assert book.take(START + timedelta(seconds=29), Priority.LIVE) > 0
    for _ in range(80):
        book.succeeded()
    assert book.rate == 20


@pytest.mark.parametrize("limit", [20, 60, None])
def test_after_a_minute_of_refusals_for_speed_half_of_the_limit_is_back_within_two_minutes(limit):
    book, now = Book(limit, limit), START
    while now < START + timedelta(minutes=1):
        if book.take(now, Priority.LIVE) == 0:
            book.slow_down(now, None)
        now += timedelta(seconds=0.5)
    assert book.rate is not None
    assert book.rate < 6
    for _ in range(240):
        book.take(now, Priority.LIVE)
        now += timedelta(seconds=0.5)
    assert book.rate >= (limit or 120) / 2


def test_a_lowered_rate_does_not_recover_while_refusals_go_on():
    book = Book(20, 20)
    for second in range(0, 600, 10):
        book.slow_down(START + timedelta(seconds=second), None)
        book.take(START + timedelta(seconds=second + 9), Priority.LIVE)
    assert book.rate == 1


def test_another_limit_in_the_configuration_is_taken_up():
    book = Book(20, 7.5)
    book.adopt(20)
    assert book.rate == 7.5
    book.adopt(60)
    assert book.rate == 60


def test_a_book_follows_the_rules_that_it_is_given():
    rules = RateLimits(minute=timedelta(seconds=1), lost=timedelta(seconds=2), creep_every=1)
    book = Book(1, 1)
    assert book.take(START, Priority.LIVE, rules) == 0
    assert book.take(START + timedelta(seconds=2), Priority.LIVE, rules) > 0
    assert book.take(START + timedelta(seconds=4), Priority.LIVE, rules) == 0
    book.limit, book.rate = 20, 10
    book.succeeded(rules)
    assert book.rate == 12.5

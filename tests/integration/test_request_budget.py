"""The budget's books in Postgres: shared by all processes, whoever asks."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from wpsync.api.limits import Limits
from wpsync.clock import SystemClock
from wpsync.db.database import Database
from wpsync.model import Priority, Secret
from wpsync.state.request_budget import PostgresBooks

FASTER = 60
START = datetime(2026, 5, 20, 6, tzinfo=UTC)


class Hurrying:
    """A clock that goes sixty times as fast as the wall's, the same for all who look."""

    def __init__(self):
        self._clock = SystemClock()
        self._start = self._clock.monotonic()

    def now(self):
        passed = self._clock.monotonic() - self._start
        return START + timedelta(seconds=passed * FASTER)

    def monotonic(self):
        return self._clock.monotonic() * FASTER

    def sleep(self, seconds):
        self._clock.sleep(seconds / FASTER)


def test_three_processes_never_send_more_than_the_limit_in_any_minute(database_url):
    clock = Hurrying()
    end = clock.now() + timedelta(minutes=5)

    def work(priority):
        sent = []
        with Database(Secret(database_url)) as database:
            limits = Limits({"/x": 20}, clock=clock, shelf=PostgresBooks(database, "main"))
            while clock.now() < end:
                number = limits.acquire("/x", priority)
                sent.append(clock.now())
                limits.ended("/x", number)
        return sent

    with ThreadPoolExecutor(3) as pool:
        found = pool.map(work, (Priority.BACKFILL, Priority.PROBE, Priority.BACKFILL))
        sent = sorted(at for one in found for at in one)
    minute = timedelta(seconds=60)
    assert all(sum(at - minute < other <= at for other in sent) <= 20 for at in sent)
    assert len(sent) >= 75


def test_two_accounts_have_books_of_their_own(database_url):
    clock = Hurrying()
    with Database(Secret(database_url)) as database:
        for account in ("main", "other"):
            limits = Limits({"/x": 2}, clock=clock, shelf=PostgresBooks(database, account))
            before = clock.now()
            limits.acquire("/x")
            limits.acquire("/x")
            assert clock.now() - before < timedelta(seconds=50)

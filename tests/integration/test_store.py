"""The simulation's store and the one in Postgres do the same: random readings, one after the other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

import pytest

from tests.fake_clock import FakeClock
from tests.simulation.memory import MemoryStore
from wpsync import ledger
from wpsync.db.database import Database
from wpsync.extract import windows
from wpsync.extract.events import Closed
from wpsync.ledger import LedgerWindow, postponed
from wpsync.model import Secret, Window
from wpsync.resources import RESOURCES
from wpsync.state import follow_ups
from wpsync.state.scope import Scope
from wpsync.sync.postgres_store import PostgresStore

START = datetime(2026, 3, 2, 2, tzinfo=UTC)
HORIZON, DAY = timedelta(days=3), timedelta(days=1)
EVERYTHING = Window(START - timedelta(days=1), START + timedelta(days=9))


class Readings:
    """A small world, and readings of it that both stores get."""

    def __init__(self, seed, stores):
        self.rng = Random(seed)
        self.stores = stores
        self.clock = FakeClock(START + timedelta(hours=1))
        self.rows: dict[str, int] = {}

    def change(self):
        """Rows come and go."""
        for _ in range(self.rng.randrange(6)):
            name = f"m{self.rng.randrange(60)}"
            if name in self.rows and self.rng.random() < 0.3:
                del self.rows[name]
            else:
                at = START + timedelta(seconds=self.rng.randrange(30) * 600)
                self.rows.setdefault(name, int(at.timestamp()))

    def window(self):
        first = self.rng.randrange(29)
        length = self.rng.choice((1, 1, 2, 5, 30))
        start = START + timedelta(seconds=first * 600)
        return Window(start, start + timedelta(seconds=min(length, 30 - first) * 600))

    def read(self, run_id):
        """One reading of some window, perhaps an incomplete one, of rows as they are now."""
        self.clock.sleep(self.rng.randrange(1, 20_000))
        self.change()
        window, at = self.window(), self.clock.now()
        inside = {
            name: ts
            for name, ts in self.rows.items()
            if window.start.timestamp() <= ts < window.end.timestamp()
        }
        reason = "rows_missing" if self.rng.random() < 0.2 else None
        if reason:
            inside = dict(list(inside.items())[1:])
        records = [
            {"id": name, "ts": ts, "msgType": "101", "msg": f"settled {self.version(name)}"}
            for name, ts in inside.items()
        ]
        count = len(inside) + (2 if reason else 0)
        closed = Closed(window, count, len(inside), False, at, reason, set(inside))
        live = self.rng.random() < 0.4
        for store in self.stores:
            with store.unit(run_id, live=live) as unit:
                unit.add([dict(record) for record in records], at)
                unit.commit(closed)

    def version(self, name):
        return (int(name[1:]) + int(self.clock.monotonic()) // 40_000) % 3


def told(store, clock):
    """All that a store answers."""
    known = store.windows(EVERYTHING)
    stretches = windows.split(Window(START, START + timedelta(hours=5)), 7)
    return {
        "ledger": [plain(window) for window in known],
        "watermark": store.watermark(),
        "held": store.held(stretches),
        "times": [store.nth_time(EVERYTHING, n) for n in (0, 3, 1000)],
        "follow": store.follow_ups_due(clock.now() + timedelta(days=1)),
    }


def plain(window):
    assert isinstance(window, LedgerWindow)
    utc = {
        name: getattr(window, name).astimezone(UTC)
        for name in ("starts_at", "ends_at", "read_at", "checked_at")
    }
    retry = window.retry_at.astimezone(UTC) if window.retry_at else None
    return replace(window, **utc, retry_at=retry)


def taken_back(store, at, first):
    with store.ledger() as book:
        return ledger.take_back_ahead(book, at, first)


@pytest.mark.parametrize("seed", range(12))
def test_both_stores_tell_the_same_after_every_reading(seed, database_url):
    scope = Scope("main", "wechat_messages")
    with Database(Secret(database_url)) as database:
        readings = Readings(seed, [])
        clock = readings.clock
        resource = RESOURCES["wechat_messages"]
        kept = PostgresStore(database, resource, scope, clock, horizon=HORIZON)
        memory = MemoryStore(clock, HORIZON)
        readings.stores += [kept, memory]
        for store in readings.stores:
            with store.ledger() as book:
                ledger.start(book, START)
        for number in range(25):
            readings.read(number)
            assert told(kept, clock) == told(memory, clock), f"after reading {number}"
            if number % 5 == 4:
                some, now = kept.windows(EVERYTHING)[:2], clock.now()
                later = [postponed(w, now, 3, DAY) for w in some if w.is_complete]
                part = windows.split(EVERYTHING, 9)[number % 9]
                for store in readings.stores:
                    store.update(EVERYTHING, partial(ledger.confirm, counted=some, at=now))
                    store.update(EVERYTHING, partial(ledger.put_off, later=later))
                    store.update(part, partial(ledger.doubt, span=part, at=now))
                    store.update(part, partial(ledger.dispute, span=part, at=now))
                assert told(kept, clock) == told(memory, clock), f"after confirming {number}"
        for hours in (3, 0):  # the clock was ahead, perhaps from the beginning
            at, first = START + timedelta(hours=hours, minutes=-7), START - timedelta(days=1)
            assert taken_back(kept, at, first) == taken_back(memory, at, first)
            assert told(kept, clock) == told(memory, clock), f"set back to {at}"
        assert kept.windows(EVERYTHING) == []
        assert kept.watermark() == first


def test_a_window_that_has_grown_since_it_was_counted_is_doubted_all_the_same(database_url):
    resource, clock = RESOURCES["calls"], FakeClock(START + timedelta(hours=3))
    hours = windows.split(Window(START, START + timedelta(hours=2)), 2)
    with Database(Secret(database_url)) as database:
        store = PostgresStore(database, resource, Scope("main", "calls"), clock, horizon=HORIZON)

        def read(window):
            with store.unit(1, live=True) as unit:
                unit.commit(Closed(window, 0, 0, False, clock.now(), None))

        read(hours[0])
        (counted,) = store.windows(hours[0])
        read(hours[1])
        doubt = partial(ledger.doubt, span=counted.window, at=clock.now())
        store.update(counted.window, doubt)
        assert [known.is_complete for known in store.windows(EVERYTHING)] == [False]


def test_an_open_row_on_the_edge_of_a_reading_is_followed_up_too(database_url):
    """Asked inclusively, a window brings the row of the second before it: nobody else may read it soon."""
    scope = Scope("edge", "wechat_messages")
    window = Window(START, START + timedelta(minutes=5))
    row = "insert into wp.message_transfers (message_id, sent_at, claim_kind, _account, _first_synced_at, _synced_at)"
    row += " values (%s, %s, 'unclaimed', 'edge', now(), now())"

    def due(at, read_at):
        return read_at + timedelta(hours=1)

    def noted(connection):
        query = "select id, due_at from wpsync.follow_ups where account = 'edge' order by id"
        return dict(connection.execute(query).fetchall())

    with Database(Secret(database_url)) as database, database.transaction() as connection:
        for name, seconds in (("before", -1), ("inside", 0), ("at_the_end", 300), ("beyond", 301)):
            connection.execute(row, (name, START + timedelta(seconds=seconds)))
        follow_ups.track(connection, scope, window, START, due, recent=True)
        first = noted(connection)
        assert set(first) == {"before", "inside", "at_the_end"}
        later = START + timedelta(hours=2)
        follow_ups.track(connection, scope, window, later, due, recent=True)
        second = noted(connection)
        assert second["inside"] == later + timedelta(hours=1)
        assert second["before"] == first["before"], "it was perhaps not read this time"
        connection.execute("delete from wp.message_transfers where _account = 'edge'")
        follow_ups.track(connection, scope, window, later, due, recent=True)
        assert set(noted(connection)) == {"before", "at_the_end"}


def test_what_the_vendor_no_longer_lists_tells_nothing_about_it(database_url):
    resource, scope = RESOURCES["wechat_messages"], Scope("gone", "wechat_messages")
    window, clock = Window(START, START + timedelta(hours=1)), FakeClock(START + timedelta(hours=2))
    times = {f"m{n}": int(START.timestamp()) + 60 * n for n in range(4)}
    listed = [times, {name: at for name, at in times.items() if name != "m1"}]
    with Database(Secret(database_url)) as database:
        stores = (
            PostgresStore(database, resource, scope, clock, horizon=HORIZON),
            MemoryStore(clock, HORIZON),
        )
        for rows, lone in zip(listed, (1, 2), strict=True):
            clock.sleep(60)
            at = clock.now()
            for store in stores:
                with store.unit(1) as unit:
                    records = [
                        {"id": name, "ts": ts, "msgType": "101", "msg": "x"}
                        for name, ts in rows.items()
                    ]
                    unit.add(records, at)
                    closed = Closed(window, len(rows), len(rows), False, at, None, set(rows))
                    unit.commit(closed)
                assert store.lone_second(window) == START + timedelta(minutes=lone)
                assert store.nth_time(window, 1) == START + timedelta(minutes=lone)

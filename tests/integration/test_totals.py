"""The totals are what the ledger adds up to, after every change of it."""

from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

import pytest

from wpsync import ledger
from wpsync.db.database import Database
from wpsync.ledger import Reading
from wpsync.loading import parents
from wpsync.model import EVER, Secret, Window
from wpsync.state import listings, totals, window_ledger
from wpsync.state.scope import Scope

CALLS = Scope("main", "calls")
MEMBERS = Scope("main", "wechat_room_members")
START = datetime(2026, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)

ADDED_UP = """
select coalesce(sum(vendor_count), 0), coalesce(sum(rows_held), 0), count(*) filter (where starts_at > reached)
from (select *, lag(ends_at) over (order by starts_at) as reached from wpsync.windows where resource = 'calls') w
"""
TOTALS = "select vendor_count, rows_held, gaps from wpsync.totals where resource = %s"


@pytest.fixture
def opened(database_url):
    with Database(Secret(database_url)) as database:
        yield database


def rows(database, text, *parameters):
    with database.connection() as connection:
        return connection.execute(text, parameters).fetchall()


def change(chance, book):
    """Change the ledger somehow."""
    start = START + HOUR * chance.randrange(400)
    span = Window(start, start + HOUR * chance.randint(1, 40))
    what = chance.randrange(10)
    if what == 0:
        book.update(span, partial(ledger.doubt, span=span, at=start))
    elif what == 1:
        early = START + HOUR * chance.randrange(40)
        book.update(Window(EVER.start, early), partial(ledger.forget, before=early))
    elif what == 2:
        late = START + HOUR * (400 - chance.randrange(40))
        book.update(Window(late, late + 90 * HOUR), partial(ledger.take_back, now=late))
    else:
        count = chance.randrange(50)
        reading = Reading(
            chance.choice([count, count, None]),
            count,
            chance.choice([None, None, "rows_missing"]),
            START,
        )
        held = chance.choice([count, None, 3])
        enter = partial(ledger.enter, window=span, reading=reading, grown={})
        book.update(span, partial(enter, held=lambda window: held))


@pytest.mark.parametrize("seed", range(4))
def test_they_follow_every_change_of_the_windows(opened, seed):
    chance = Random(seed)
    gaps = set()
    for _ in range(60):
        with window_ledger.locked(opened, CALLS) as book:
            change(chance, book)
        (added_up,) = rows(opened, ADDED_UP)
        assert rows(opened, TOTALS, "calls") in ([added_up], [] if not any(added_up) else None)
        gaps.add(added_up[2])
    assert len(gaps) > 3, "gaps came and went"


def test_they_follow_the_listings_and_the_rooms_that_are_gone(opened):
    def close(room, count, seen):
        with opened.transaction() as connection:
            reading = Reading(count, seen, None, START)
            listings.close_listing(connection, MEMBERS, room, reading, None, 1)

    close("r1", 5, 5)
    close("r2", 7, 6)
    assert rows(opened, TOTALS, MEMBERS.resource) == [(12, 11, 0)]
    close("r1", None, 0)
    assert rows(opened, TOTALS, MEMBERS.resource) == [(12, 6, 0)], "a count that is not sent stays"
    rows(
        opened,
        "insert into wp.wechat_rooms (id, _account, _first_synced_at, _synced_at)"
        " values ('r2', 'main', now(), now()) returning 1",
    )
    parents.forget_gone_rooms(opened, "main", START)
    assert rows(opened, TOTALS, MEMBERS.resource) == [(7, 6, 0)], "r1 is no room"


def test_what_somebody_changed_by_hand_is_added_up_anew(opened):
    with window_ledger.locked(opened, CALLS) as book:
        change(Random(1), book)
    close = Reading(5, 4, None, START)
    with opened.transaction() as connection:
        listings.close_listing(connection, MEMBERS, "r1", close, None, 1)
    before = rows(opened, "select * from wpsync.totals order by 1, 2")
    rows(opened, "update wpsync.totals set rows_held = 99, vendor_count = 1, gaps = 7 returning 1")
    totals.recount(opened)
    assert rows(opened, "select * from wpsync.totals order by 1, 2") == before

"""Days begin in Shanghai: rows in the last and the first second of days, months, years and 29 February."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from tests.acceptance.driving import Driver, differences
from tests.fake_clock import FakeClock
from wpsync.alerts import watch
from wpsync.values import SHANGHAI

SECOND = timedelta(seconds=1)


def midnight(text):
    return datetime.fromisoformat(f"{text}T00:00:00").replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    "midnights",
    [
        ("2024-02-28", "2024-02-29", "2024-03-01"),
        ("2025-12-31", "2026-01-01", "2026-01-02"),
        ("2026-02-28", "2026-03-01", "2026-03-02"),  # a month of 28 days ends on a Saturday
        ("2026-05-31", "2026-06-01", "2026-06-02"),  # a month ends on a Sunday
    ],
    ids=lambda days: days[1],
)
def test_rows_on_both_sides_of_a_midnight_count_for_their_own_day(
    emulator, database_url, tmp_path, midnights
):
    now = midnight(midnights[-1]) + timedelta(hours=2)
    vendor = emulator(now=now, frozen=True, messages=0, days=4)
    world = vendor.world
    sides = [midnight(day) + side for day in midnights for side in (-SECOND, timedelta())]
    for at in sides:
        for kind in ("calls", "sms", "wechat_messages"):
            world.generate(kind, 2, int(at.timestamp()), int(at.timestamp()))
    driver = Driver(database_url, vendor.url, tmp_path, clock=FakeClock(now.astimezone(UTC)))
    driver.backfill("7d")
    assert not differences(driver, vendor, ["calls", "sms", "wechat_messages"])
    days = [day.date() for day in sides]
    true_days: dict[str, Counter[date]] = {}
    for resource, table, column in (
        ("calls", "calls", "began_at"),
        ("sms", "sms", "sent_at"),
        ("wechat_messages", "wechat_messages", "sent_at"),
    ):
        truly = Counter(
            datetime.fromtimestamp(row.at, SHANGHAI).date() for row in world.series[resource].rows
        )
        assert all(truly[day] >= 2 for day in days)
        true_days[resource] = truly
        counted = driver.query(
            "select day, vendor_count, rows_held, state from wp_bi.completeness"
            " where resource = %s and rows_held > 0 order by day",
            resource,
        )
        ended = [row for row in counted if row[0] < now.date()]
        assert [row[:3] for row in counted] == [(day, n, n) for day, n in sorted(truly.items())]
        assert {row[3] for row in ended} == {"complete"}
        held = driver.query(
            f"select ({column} at time zone 'Asia/Shanghai')::date, count(*) from wp.{table} group by 1 order by 1"
        )
        assert held == sorted(truly.items())
    facts = driver.query(
        "select began_at, day, hour, weekday from wp_bi.call_facts where began_at = any(%s)", sides
    )
    assert {(began, day, hour, weekday) for began, day, hour, weekday in facts} == {
        (at, at.date(), at.hour, at.isoweekday()) for at in sides
    }
    assert {day for (day,) in driver.query("select sent_on from wp.wechat_messages")} == set(
        true_days["wechat_messages"]
    )
    daily = driver.query(
        "select day, sum(calls_in + calls_out)::int, sum(sms_in + sms_out)::int from wp_bi.agent_daily"
        " where day = any(%s) group by 1 order by 1",
        days,
    )
    assert daily == [
        (day, true_days["calls"][day], true_days["sms"][day]) for day in sorted(set(days))
    ]


@pytest.mark.parametrize(
    "today",
    ["2024-03-07", "2026-01-01", "2026-03-01", "2026-06-07"],
    ids=["leap", "year", "month", "Sunday"],
)
def test_the_weeks_before_are_counted_from_midnight_to_the_time_of_day(database_url, today):
    """So many rows as were there by 9:30 on the same weekday; not those of the evening before, nor later ones."""
    midnight_today = midnight(today)
    now = midnight_today + timedelta(hours=9, minutes=30)
    with psycopg.connect(database_url, autocommit=True) as connection:
        for back in range(5):
            begins, ends = (at - back * timedelta(days=7) for at in (midnight_today, now))
            inside = [begins, begins + SECOND, ends - SECOND][: 3 if back else 0]
            for at in [begins - SECOND, *inside, *([ends] if back else [])]:
                connection.execute(
                    "insert into wp.calls (_account, id, began_at, _first_synced_at, _synced_at)"
                    " values ('main', %s, %s, now(), now())",
                    (at.isoformat(), at),
                )
        found = connection.execute(
            watch.QUERIES["silent_calls"], {"accounts": ["main"], "now": now, "most": 100}
        ).fetchall()
        assert sorted(found) == [("main", back, 3) for back in range(1, 5)]
        connection.execute(
            "update wp.calls set began_at = %s where began_at = %s",
            (midnight_today, midnight_today - SECOND),
        )
        found = connection.execute(
            watch.QUERIES["silent_calls"], {"accounts": ["main"], "now": now, "most": 100}
        ).fetchall()
        assert not found  # a row at midnight is one of today

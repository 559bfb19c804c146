"""Ninety days of the service in virtual time: tokens live and die, the vendor is away for a day, processes restart.

The gate lives thirty-five, which see one rotation, with what touches tokens and one windowed resource.
"""

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from tests.acceptance.driving import START, Timeline, local
from wpsync.daemon.service import watching, working

HOURS = timedelta(hours=1)


@pytest.mark.parametrize("days", [35, pytest.param(90, marks=pytest.mark.long)])
def test_nobody_is_needed_and_nothing_is_lost(days, emulator, database_url, tmp_path):
    line = Timeline(emulator, database_url, tmp_path, messages=150, days=2)
    line.driver.more = (
        "[sync]\ninterval_seconds = 21600\nlisting_interval_minutes = 1440\nreport_interval_minutes = 1440\n"
        'first_sync_from = "3d"\nresources = ["agents", "calls"]\n'
        "[recheck]\nrecent_minutes = 360\nyesterday_minutes = 720\ndaily_hours = 48\nsample_rows = 0\n"
    )
    if days == 90:  # with every job
        line.driver.more = line.driver.more.replace('resources = ["agents", "calls"]\n', "")
    for day in range(0, days, 5):  # a restart every five days
        with line.session() as opened, working(opened, watching(opened.config)) as jobs:
            often = [
                job for job in jobs if job.key.job in ("calls", "agents", "tokens") or days == 90
            ]
            slow = [_slower(job) for job in often]
            if day == 20:
                line.remote.fault("http_503")
                dark = line.live(opened, slow, START + timedelta(days=day + 1))
                assert {result.outcome for job, result in dark if job.key.job == "calls"} == {
                    "failed"
                }
                line.remote.clear_faults()
            line.remote.generate("calls", 3, *_span(line))
            bright = line.live(opened, slow, START + timedelta(days=day + 5))
            assert {result.outcome for _, result in bright} == {"done"}
    stats = line.remote.stats()
    assert stats["logins"] == 1 + (days - 1) // 27, "one login at first, one at each rotation"
    rejected = [
        r
        for r in line.remote.requests()
        if r["outcome"] not in ("ok", "http_503", "renewed", "issued")
    ]
    assert len(rejected) <= 3, rejected[:5]
    missing = _missing(line)
    assert missing == set()
    with psycopg.connect(database_url) as connection:
        states = connection.execute(
            "select state, count(*) from wpsync.windows group by 1"
        ).fetchall()
    assert [state for state, _ in states] == ["complete"]


def _slower(job):
    """Tokens are looked at every hour instead of every ten minutes: there are many days."""
    return replace(job, every=max(job.every, HOURS))


def _span(line):
    now = line.clock.now()
    return local(now - 3 * HOURS), local(now - HOURS)


def _missing(line):
    truth = {str(row["id"]) for row in line.vendor.world.truth("calls")}
    return truth - {row[0] for row in line.driver.query("select id from wp.calls")}

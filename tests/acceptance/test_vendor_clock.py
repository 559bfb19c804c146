"""A vendor's clock that cannot be right is told, and stops or hastens no removal in silence."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.driving import START, Timeline
from tests.acceptance.test_alerts import Receiver
from wpsync.daemon.jobs import perform
from wpsync.daemon.service import watching, working

CALLS = "select count(*) from wp.calls"


@pytest.fixture
def line(emulator, database_url, tmp_path):
    line = Timeline(emulator, database_url, tmp_path, messages=100, days=4)
    line.driver.backfill("5d", ["calls"])
    return line


def told(receiver):
    """The codes of the incidents that were told."""
    return [one["code"] for message in receiver.messages for one in message["incidents"]]


@pytest.mark.parametrize(
    ("year", "code", "is_removed"),
    [
        (1990, "condition.vendor_clock_behind", False),
        (9998, "condition.vendor_clock_ahead", True),
    ],
)
def test_a_clock_that_is_wrong_by_years_is_an_incident_until_it_is_right(
    line, year, code, is_removed
):
    held = line.driver.one(CALLS)
    with Receiver().listening() as receiver:
        line.driver.more = f'[alerts]\ntargets = ["{receiver.target}"]\n[retention]\ncalls = 2\n'
        with (
            line.session() as opened,
            working(opened, watching(opened.config, opened.policy)) as jobs,
        ):
            by_name = {job.key.job: job for job in jobs}

            def do(name, times=1):
                for _ in range(times):
                    perform(opened, by_name[name], lambda: False)
                    line.clock.sleep(60)

            wrong = datetime(year, 1, 1, tzinfo=UTC)
            line.remote.clock(now_ms=wrong.timestamp() * 1000, freeze=True)
            do("housekeeping")
            do("alerts", 5)
            assert told(receiver) == [code]
            assert (line.driver.one(CALLS) < held) is is_removed
            line.go_to(START + timedelta(minutes=30))
            do("agents")
            do("alerts", 5)
            assert told(receiver) == [code, code]
            do("housekeeping")
            assert 0 < line.driver.one(CALLS) < held

"""The short form of the runs under other clocks, and that all programs of a run see the same time."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.clocks import faked

SAMPLE = (
    "tests/clocks/test_clocks.py::test_postgres_and_other_programs_see_our_time",
    "tests/acceptance/test_retention.py::test_rows_without_a_time_go_by_their_day_or_by_when_they_came",
    "tests/acceptance/test_words.py::test_verify_shows_a_few_ids_of_a_window_and_how_many_more_there_are",
    "tests/web/test_terminal.py::test_the_calendar_shows_each_day_by_a_sign_that_needs_no_colour",
)


@pytest.mark.reads_the_day
def test_postgres_and_other_programs_see_our_time(postgres):
    with psycopg.connect(postgres) as connection:
        (at,) = connection.execute("select clock_timestamp()").fetchall()[0]
    ran = subprocess.run(["date", "+%s"], capture_output=True, text=True, check=True)
    for seen in (at, datetime.fromtimestamp(int(ran.stdout), UTC)):
        assert abs(datetime.now(UTC) - seen) < timedelta(seconds=30)
    before = time.monotonic(), time.time()
    time.sleep(0.2)
    passed = time.monotonic() - before[0], time.time() - before[1]
    assert all(seconds >= 0.19 for seconds in passed), "time flows, and sleeping takes its time"


@pytest.mark.long
def test_a_few_tests_pass_while_a_year_ends_in_shanghai():
    begin = datetime.fromisoformat("2026-12-31 23:59:48+08:00")
    ran = faked.run(begin, ["-n", "0", "-q", "-p", "no:cacheprovider", *SAMPLE], quiet=True)
    assert ran.returncode == 0, ran.stdout
    assert f"{len(SAMPLE)} passed" in ran.stdout


@pytest.mark.long
def test_what_is_left_out_is_there_and_reads_the_day():
    """A renamed test would be run again; a name that says nothing any more is no reason."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0"]
    ran = subprocess.run(
        [*command, "-p", "no:cacheprovider", "-m", "reads_the_day"],
        capture_output=True,
        text=True,
        check=True,
    )
    marked = ran.stdout.splitlines()
    for test in faked.LEFT_OUT:
        assert any(line.startswith(test) for line in marked), test

"""Run the tests under another clock.

libfaketime is preloaded into every program: Python, Postgres, the tools of the system. It adds a fixed
number of seconds to the real time, so that all of them agree, whatever their time zone, and time flows.
The monotonic clock, and with it every wait and timeout, stays as it is.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

# A run takes some minutes. Its beginning decides which tests meet the midnight, and which run shortly
# before or after it.
CLOCKS = {
    name: datetime.fromisoformat(begin)
    for name, begin in {
        "new year in Shanghai": "2026-12-31 23:59:15+08:00",
        "new year in UTC": "2026-12-31 23:58:00+00:00",
        "the last quarter of an hour of a month": "2027-04-30 23:45:00+08:00",
        "the first seconds of a month": "2027-03-01 00:00:02+08:00",
        "a Sunday that ends a month": "2027-01-31 14:00:00+08:00",
        "Saturday to Sunday in Shanghai": "2026-12-05 23:57:30+08:00",
        "29 February begins in UTC": "2028-02-28 23:59:00+00:00",
        "29 February ends in Shanghai": "2028-02-29 23:58:30+08:00",
    }.items()
}
LONG = ("new year in Shanghai", "a Sunday that ends a month")

LEFT_OUT = {
    "tests/web/test_browser.py": "Chromium loads no page with the library preloaded",
    # Long, and of a kind of which others are run: a clock takes less than five minutes.
    "tests/acceptance/test_crash_points.py": "dies at one boundary after the other",
    "tests/acceptance/test_interruptions.py::test_kills_lose": "ten processes are killed",
    "tests/acceptance/test_interruptions.py::test_every_fault": "waits out many faults",
    "tests/acceptance/test_outages.py": "crashes of the database, whatever the day",
    "tests/acceptance/test_away.py::test_it_is_logged_once": "waits for an outage",
    "tests/acceptance/test_service.py::test_asked_to_stop": "starts and stops many times",
    "tests/acceptance/test_service.py::test_a_database_that_goes_away": "waits for an outage",
    "tests/acceptance/test_commands.py::test_a_backfill_says_that_it_waits": "waits for a limit",
    "tests/acceptance/test_commands.py::test_check_says": "test_with_json... runs check too",
    "tests/acceptance/test_demo.py::test_from_nothing": "test_with_json... runs these commands",
    "tests/acceptance/test_verify.py::test_days_that_are_read_in_pieces": "reads 12 days often",
    "tests/acceptance/test_windows.py::test_more_in_one_second": "reads 50,000 rows",
    "tests/web/test_answers.py::test_an_interrupted_backfill_is_told_with_how_far_it_is_and_how_to"
    "_go_on[wechat_messages]": "its other half is run",
    "tests/web/test_answers.py::test_a_limit_that_was_lifted": "waits for a limit",
    "tests/web/test_answers.py::test_what_verify_found": "verifies and repairs",
}
"""Tests that read the day and are not run under other clocks, and why."""


def run(
    begin: datetime, arguments: Sequence[str], *, quiet: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run pytest in a process for which it is `begin` now. `quiet` keeps its output in the result."""
    left_out = [f"--deselect={test}" for test in LEFT_OUT]
    with _environment(begin) as environment:
        return subprocess.run(
            [sys.executable, "-m", "pytest", *left_out, *arguments],
            env=environment,
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.STDOUT if quiet else None,
            text=True,
            check=False,
        )


@contextmanager
def _environment(begin: datetime) -> Iterator[dict[str, str]]:
    # A server that runs already has the real time: the tests start one of their own.
    ours = {k: v for k, v in os.environ.items() if k != "WPSYNC_TEST_DATABASE_URL"}
    with tempfile.TemporaryDirectory(prefix="wpclock") as folder:
        library = Path(folder) / "libfaketime.so.1"
        shutil.copyfile(_library(), library)
        for path in (library, library.parent):  # Postgres loads it as an unprivileged user
            path.chmod(0o755)
        faked = {
            "LD_PRELOAD": str(library),
            "FAKETIME": f"{(begin - datetime.now(UTC)).total_seconds():+.3f}",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",  # otherwise Python takes all its compiled files for outdated
        }
        _prove(begin, ours | faked)
        yield ours | faked


def _library() -> Path:
    package = find_spec("libfaketime")
    if package is None or package.origin is None:
        raise SystemExit("libfaketime is not installed; `make lint` installs it")
    return Path(package.origin).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"


def _prove(begin: datetime, environment: dict[str, str]) -> None:
    """End with an error where the library is not loaded: the system only warns, as on another processor."""
    ran = subprocess.run(
        [sys.executable, "-c", "import time; print(time.time())"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    seen = datetime.fromtimestamp(float(ran.stdout), UTC)
    if not begin <= seen < begin + timedelta(minutes=1):
        raise SystemExit(f"programs see {seen}, not {begin}: {ran.stderr.strip()}")

"""Run the tests that read the day under other clocks.

`python -m tests.clocks` takes all clocks of `CLOCKS`, one after the other; `--long` those of
`make test-long`; `--at "2026-12-31 23:59:15+08:00"` one of your own. Other arguments go to pytest. Ends
with 1 if a run fails.
"""

import sys
from argparse import ArgumentParser
from datetime import datetime
from time import monotonic

from tests.clocks.faked import CLOCKS, LONG, run


def instant(text: str) -> datetime:
    """An aware instant; ArgumentParser reports a ValueError."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at


def main() -> int:
    """The exit status of all runs together."""
    parser = ArgumentParser(prog="python -m tests.clocks", description=__doc__)
    parser.add_argument("--at", type=instant, help='with a zone: "2026-12-31 23:59:15+08:00"')
    parser.add_argument("--long", action="store_true", help="the clocks of make test-long")
    options, arguments = parser.parse_known_args()
    clocks = {name: CLOCKS[name] for name in LONG} if options.long else CLOCKS
    if options.at is not None:
        clocks = {"a clock": options.at}
    told = []
    for name, begin in clocks.items():
        started = monotonic()
        status = run(begin, ["-m", "reads_the_day and not long", *arguments]).returncode
        outcome = "passed" if status == 0 else "FAILED"
        told.append(f"{outcome} {name}, from {begin}: {monotonic() - started:.0f} s")
    sys.stdout.write("\n".join(told) + "\n")
    return int(any(line.startswith("FAILED") for line in told))


if __name__ == "__main__":
    raise SystemExit(main())

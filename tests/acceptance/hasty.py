"""The service with another policy, as a process: `python -m tests.acceptance.hasty CONFIG`.

A process that stands still is taken over after three seconds instead of twenty.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

from wpsync import config, log
from wpsync.cli.run import opened
from wpsync.cli.signals import StopRequest, stopping_on_signals
from wpsync.clock import SystemClock
from wpsync.daemon.service import Service
from wpsync.policy import DEFAULT, Leading, LeaseRules

POLICY = replace(
    DEFAULT,
    leases=LeaseRules(beat=0.5, silent=3.0, watched=1.0),
    leading=Leading(look=0.1, beat=0.5, take_again=0.5),
)


def main() -> None:
    loaded = config.load(Path(sys.argv[1]), environ=os.environ, cwd=Path.cwd())
    log.setup("info", "text", sys.stderr)
    stop, address = StopRequest(), loaded.database.conninfo()
    with (
        stopping_on_signals(stop),
        opened(loaded, address, stop, SystemClock(), POLICY) as session,
    ):
        assert session is not None
        Service(session).run()


if __name__ == "__main__":
    main()

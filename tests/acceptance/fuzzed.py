"""Syncing in a process of its own, against any vendor: `python -m tests.acceptance.fuzzed CONFIG REQUESTS`.

Waits cost no time here, but those for the network. It prints how the passes ended, and its greatest memory in MiB.
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path

from tests.acceptance.driving import START
from tests.fake_clock import FakeClock
from wpsync import config, log
from wpsync.errors import WpsyncError
from wpsync.resources import RESOURCES
from wpsync.sync.passes import sync
from wpsync.sync.progress import Silence
from wpsync.sync.session import session


def peak() -> float:
    """The greatest resident memory of this process, in MiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    loaded = config.load(Path(sys.argv[1]), environ=os.environ, cwd=Path.cwd())
    log.setup("warning", "text", sys.stderr)
    outcomes, codes = Counter[str](), Counter[str]()
    passes = 0
    with (
        session(loaded, loaded.database_address(), clock=FakeClock(START), at_once=2) as opened,
        opened.accounts() as (account,),
    ):
        began = peak()
        while account.client.requests < int(sys.argv[2]) and passes < 2_000:
            passes += 1
            try:
                found = sync(account, list(RESOURCES.values()), Silence())
            except WpsyncError as exc:
                codes[exc.message.code] += 1
                found = []
            for one in found:
                outcomes[one.outcome] += 1
                codes.update(problem.code for problem in one.problems)
            account.client.clock_skew()
            account.clock.sleep(300)
        made = account.client.requests
    told = {"requests": made, "passes": passes, "outcomes": outcomes, "codes": codes}
    sys.stdout.write(json.dumps({**told, "began": began, "peak": peak()}))


if __name__ == "__main__":
    main()

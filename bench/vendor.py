"""A vendor fast enough not to matter: the emulator, with every row encoded before it serves."""

import sys
from datetime import UTC, datetime
from random import Random

from wpsync.emulator.people import vendor_id
from wpsync.emulator.server import Emulator
from wpsync.emulator.state import Settings
from wpsync.emulator.world import Row

JSON_KINDS = (
    "link",
    "card",
    "location",
    "system",
    "recall",
    "red_packet",
    "group_collection",
    "transfer",
)
DAYS = 30
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def main() -> None:
    """`python -m bench.vendor MESSAGES`: prints the address, serves until standard input ends."""
    count = int(sys.argv[1])
    emulator = Emulator(Settings(messages=3_000, days=DAYS, now=NOW))
    world, series = emulator.world, emulator.world.series["wechat_messages"]
    rng = Random(1)
    span = world.born - 10 - world.start
    rows = []
    for i in range(count):
        kind = "text" if i % 10 < 7 else JSON_KINDS[i // 10 % len(JSON_KINDS)]
        at = world.start + span * i // count
        rows.append(
            Row(
                at,
                vendor_id("bench", i),
                "wechat_messages",
                rng.choice(world.people.chats),
                i,
                kind,
            )
        )
    series.fill(rows)
    for row in rows:
        row.encode()
    with emulator:
        print(emulator.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()

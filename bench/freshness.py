"""How soon a row is in its table after it became visible at the vendor, with the service as users run it.

`python -m bench.freshness [MINUTES]` (30 by default): a lively emulated vendor, an embedded Postgres, and
`wpsync run` with its default settings and budget in a process of its own. The vendor's day so far was a
busy one, so that the service has thousands of rows to catch up with while it follows what is new.

Every row counts that becomes visible between the end of the service's first live pass over its resource
(seconds after its start) and three minutes before the end of the run; one that is not in its table at the
end counts as never. What a phone uploads late (visible more than the settle time after its own time) is
told once more for itself. Memory is the service's resident set, told every few minutes and compared
between the second and the last third of the run. Nothing is asserted.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import mean

import psycopg

from wpsync.db import migrations
from wpsync.embedded import server as embedded
from wpsync.emulator import world as emulated
from wpsync.emulator.server import Emulator
from wpsync.emulator.state import Settings
from wpsync.emulator.world import Row, World

CLIENT = ("0f30a37f1adca729", "af9cb1d2acf88264ab8477e3b8b34353")
TABLES = ("calls", "sms", "wechat_messages")
SHARES = (0.5, 0.95, 0.99)
LATE = 120.0
"""Seconds after its own time from which on a row's becoming visible is late: the default settle time."""
UNJUDGED = timedelta(minutes=3)
"""What becomes visible so shortly before the end had not its time."""
_SAMPLE_SECONDS = 10.0
_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Seen:
    """When a row became visible at the vendor, and how long after its own time."""

    at: float
    late_by: float


def main() -> None:
    """Serve, run, measure, print."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 30
    _make_the_day_busy()
    folder = Path(tempfile.mkdtemp(prefix="wpf"))
    folder.chmod(0o755)
    try:
        with (
            Emulator(Settings(messages=40_000, days=8, lively=8)) as vendor,
            embedded.running(folder / "pg") as server,
        ):
            visible = _noting(vendor.world)
            migrations.upgrade(server.url)
            file = folder / "config.toml"
            file.write_text(
                f'[database]\nurl = "{server.url}"\n[accounts.main]\nbase_url = "{vendor.url}"\n'
                f'client_id = "{CLIENT[0]}"\nclient_secret = "{CLIENT[1]}"\n[web]\nport = 0\n'
            )
            command = [sys.executable, "-m", "wpsync", "--config", str(file), "run"]
            with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
                _watch(process, minutes)
            _report(visible, server.url)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_the_day_busy() -> None:
    """Put a past day's rows into the hours that are over today, whenever this is run."""
    hour = (datetime.now(UTC) + timedelta(hours=8)).hour
    emulated._HOURS[:] = [20.0 if at <= hour else 0.01 for at in range(24)]


def _noting(world: World) -> dict[str, dict[str, Seen]]:
    """When each new row becomes visible, by resource and id: filled while the vendor lives."""
    visible: dict[str, dict[str, Seen]] = {kind: {} for kind in world.series}

    def note(kind: str, add: Callable[[Row], None], row: Row) -> None:
        visible[kind][row.id] = Seen(world.now, world.now - row.at)
        add(row)

    for kind, series in world.series.items():
        series.add = partial(note, kind, series.add)  # type: ignore[method-assign]  # it only listens
    return visible


def _watch(process: subprocess.Popen[bytes], minutes: float) -> None:
    """Let the service work, and tell its memory."""
    samples: list[float] = []
    while len(samples) * _SAMPLE_SECONDS < minutes * 60:
        time.sleep(_SAMPLE_SECONDS)
        samples.append(_resident(process.pid))
    _tell_memory(samples)
    process.send_signal(signal.SIGTERM)
    print(f"exit status {process.wait(15)}", flush=True)


def _tell_memory(samples: Sequence[float]) -> None:
    every = max(1, len(samples) // 10)
    told = [
        f"{(number + 1) * _SAMPLE_SECONDS / 60:.0f} min {value:.0f}"
        for number, value in enumerate(samples)
        if number == 5 or (number + 1) % every == 0
    ]
    print(f"memory, MiB: {', '.join(told)}")
    third = len(samples) // 3
    middle, last = samples[third : 2 * third], samples[2 * third :]
    if middle:
        print(
            f"memory, mean of the second third {mean(middle):.1f} MiB, of the last {mean(last):.1f} MiB"
        )


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _report(visible: dict[str, dict[str, Seen]], url: str) -> None:
    end = (datetime.now(UTC) - UNJUDGED).timestamp()
    with psycopg.connect(url) as connection:
        for table in TABLES:
            begin = _first_pass(connection, table)
            held = _held(connection, table)
            judged = {
                name: seen for name, seen in visible[table].items() if begin <= seen.at <= end
            }
            waited = {name: held.get(name, _NEVER) - seen.at for name, seen in judged.items()}
            _tell(table, list(waited.values()))
            _tell(
                f"{table}, uploaded late",
                [waited[name] for name, seen in judged.items() if seen.late_by > LATE],
            )
        count = connection.execute("select sum(requests), count(*) from wpsync.runs").fetchone()
        print(f"requests and runs: {count}")


def _first_pass(connection: psycopg.Connection, table: str) -> float:
    """When the service was current with a resource for the first time."""
    found = connection.execute(
        "select min(finished_at) from wpsync.runs"
        " where resource = %s and kind = 'sync' and outcome = 'done'",
        (table,),
    ).fetchone()
    assert found is not None
    assert found[0] is not None, f"{table} was never read"
    return float(found[0].timestamp())


def _held(connection: psycopg.Connection, table: str) -> dict[str, float]:
    """When each row came into its table."""
    found = connection.execute(
        f"select id, extract(epoch from _first_synced_at)::float8 from wp.{table}"
    ).fetchall()
    return dict(found)


def _tell(name: str, waited: list[float]) -> None:
    if not waited:
        print(f"{name}: no rows")
        return
    waited.sort()
    shares = [f"p{share * 100:.0f} {waited[int(len(waited) * share)]:.0f} s" for share in SHARES]
    never = sum(one == _NEVER for one in waited)
    print(
        f"{name}: {len(waited)} rows, {', '.join(shares)}, most {waited[-1]:.0f} s, never {never}"
    )


if __name__ == "__main__":
    main()

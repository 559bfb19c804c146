"""How soon a row is in its table after it became visible at the vendor, with the service as users run it.

`python -m bench.freshness [MINUTES]` (30 by default): a lively emulated vendor, an embedded Postgres, and
`wpsync run` with its default settings in a process of its own. Prints the percentiles by resource, the
service's memory at the beginning and at the end, and its requests. Rows are counted from the end of the
first pass on, which reads the whole day so far at the vendor's pace. Nothing is asserted.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psycopg

from wpsync import embedded
from wpsync.emulator.server import Emulator, Settings
from wpsync.emulator.world import Row
from wpsync.load import migrations

CLIENT = ("0f30a37f1adca729", "af9cb1d2acf88264ab8477e3b8b34353")
TIMES = {"calls": "began_at", "sms": "sent_at", "wechat_messages": "sent_at"}


def main() -> None:
    """Serve, run, measure, print."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 30
    folder = Path(tempfile.mkdtemp(prefix="wpf"))
    folder.chmod(0o755)
    try:
        with (
            Emulator(Settings(messages=40_000, days=8, lively=8)) as vendor,
            embedded.running(folder / "pg") as server,
        ):
            visible = _noting(vendor)
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


def _noting(vendor: Emulator) -> dict[str, dict[str, float]]:
    """When each new row becomes visible, by resource and id: filled while the vendor lives."""
    world = vendor.world
    visible: dict[str, dict[str, float]] = {kind: {} for kind in world.series}

    def note(kind: str, add: Callable[[Row], None], row: Row) -> None:
        visible[kind][row.id] = world.now
        add(row)

    for kind, series in world.series.items():
        series.add = partial(note, kind, series.add)  # type: ignore[method-assign]  # it only listens
    return visible


def _watch(process: subprocess.Popen[bytes], minutes: float) -> None:
    time.sleep(60)
    first = _resident(process.pid)
    time.sleep(max(0.0, minutes * 60 - 60))
    print(f"memory: {first:.0f} MiB after a minute, {_resident(process.pid):.0f} MiB at the end")
    process.send_signal(signal.SIGTERM)
    print(f"exit status {process.wait(15)}", flush=True)


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _report(visible: dict[str, dict[str, float]], url: str) -> None:
    with psycopg.connect(url) as connection:
        end = datetime.now(UTC).timestamp() - 120
        for table in TIMES:
            first = connection.execute(
                "select min(finished_at) from wpsync.runs where resource = %s and outcome = 'done'",
                (table,),
            ).fetchone()
            assert first is not None
            begin = first[0].timestamp()
            synced: dict[str, float] = dict(
                connection.execute(
                    f"select id, extract(epoch from _first_synced_at) from wp.{table}"
                ).fetchall()
            )
            late = sorted(
                float(synced[name]) - at if name in synced else float("inf")
                for name, at in visible[table].items()
                if begin <= at <= end
            )
            if late:
                shares = {share: late[int(len(late) * share)] for share in (0.5, 0.95, 0.99)}
                told = ", ".join(
                    f"p{share * 100:.0f} {value:.0f} s" for share, value in shares.items()
                )
                print(f"{table}: {len(late)} rows, {told}, most {late[-1]:.0f} s")
        count = connection.execute("select sum(requests), count(*) from wpsync.runs").fetchone()
        print(f"requests and runs: {count}")


if __name__ == "__main__":
    main()

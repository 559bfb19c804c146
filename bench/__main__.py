"""`python -m bench [MESSAGES] [RUNS]`: medians of an interleaved comparison on this machine."""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bench import contenders
from bench.contenders import CLIENT
from wpsync.embedded import server as embedded

PROCESSES = 2

CONFIG = """[database]
url = "{database}"
[accounts.main]
base_url = "{vendor}"
client_id = "{clientId}"
client_secret = "{clientSecret}"
[limits.requests_per_minute]
calls = 0
sms = 0
messages = 0
other = 0
[backfill]
page_concurrency = 2
[log]
level = "error"
"""


@contextmanager
def vendor(messages: int) -> Iterator[str]:
    """A vendor in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.vendor", str(messages)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def fresh(server: embedded.Server, name: str) -> str:
    """An empty database."""
    with psycopg.connect(server.database("postgres"), autocommit=True) as connection:
        connection.execute(f'drop database if exists "{name}" with (force)')
        connection.execute(f'create database "{name}"')
    return server.database(name)


def wpsync(config: Path, *arguments: str, times: int = 1) -> tuple[float, float]:
    """Seconds and peak MiB of the program, started so many times at once: all its processes added up."""
    began, peaks = time.perf_counter(), dict[int, float]()
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "wpsync", "--config", str(config), *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(times)
    ]
    while any(process.poll() is None for process in processes):
        for process in processes:
            for pid in (process.pid, *children(process.pid)):
                peaks[pid] = max(peaks.get(pid, 0.0), peak_of(pid))
        time.sleep(0.05)
    for process in processes:
        if process.returncode:
            raise SystemExit(f"wpsync {arguments[0]} ended with {process.returncode}")
    return time.perf_counter() - began, sum(peaks.values())


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    try:
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]
    except OSError:
        return []


def peak_of(pid: int) -> float:
    """The most memory a process has held, in MiB (VmHWM); 0 once it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def backfill(server: embedded.Server, folder: Path, url: str) -> tuple[float, float, Path]:
    """Seconds and peak MiB of a backfill of all messages into a fresh, migrated database.

    The command is started twice at once: the two share the work, and two cores.
    """
    database = fresh(server, "wpsync_bench")
    config = folder / "config.toml"
    config.write_text(CONFIG.format(database=database, vendor=url, **CLIENT))
    wpsync(config, "migrate")
    seconds, peak = wpsync(
        config,
        "backfill",
        "--from",
        "2026-05-30",
        "--to",
        "2026-07-01",
        "--resource",
        "wechat_messages",
        times=PROCESSES,
    )
    return seconds, peak, config


def reread(server: embedded.Server, config: Path) -> tuple[int, int, int]:
    """Rows, tuples written and bytes of WAL of reading one stretch of unchanged rows again."""
    database = server.database("wpsync_bench")
    tuples = "select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) from pg_stat_user_tables where schemaname = 'wp'"
    days = (
        "--from",
        "2026-06-20",
        "--to",
        "2026-06-23",
        "--resource",
        "wechat_messages",
        "--again",
    )
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "alter system set autovacuum = off"
        )  # its own WAL is not what is measured
        connection.execute("select pg_reload_conf()")
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")
        time.sleep(1.5)
        before = connection.execute(f"select pg_current_wal_insert_lsn(), ({tuples})").fetchone()
        wpsync(config, "backfill", *days)
        time.sleep(1.5)
        after = connection.execute(
            f"select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)::bigint, ({tuples}) - %s",
            before,
        ).fetchone()
        rows = connection.execute(
            "select rows_read from wpsync.runs order by id desc limit 1"
        ).fetchone()
    assert after is not None
    assert rows is not None
    return int(rows[0]), int(after[1]), int(after[0])


def main() -> None:
    """Print one line per run, then the medians."""
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    folder = Path(tempfile.mkdtemp(prefix="wpb"))
    folder.chmod(0o755)
    try:
        with embedded.running(folder / "pg") as server, vendor(messages) as url:
            measure(server, folder, url, messages, runs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(server: embedded.Server, folder: Path, url: str, messages: int, runs: int) -> None:
    """The interleaved runs."""
    times: dict[str, list[float]] = {"script": [], "limit": [], "wpsync": []}
    peak = 0.0
    database = fresh(server, "flat_bench")
    for number in range(runs):
        times["script"].append(contenders.script(url, database))
        lines = contenders.ready_lines(database)
        times["limit"].append(contenders.limit(url, database, lines))
        lines.clear()
        seconds, peak, config = backfill(server, folder, url)
        times["wpsync"].append(seconds)
        shown = ", ".join(f"{name} {taken[-1]:.2f} s" for name, taken in times.items())
        print(f"run {number + 1}: {shown}, wpsync's peak {peak:.0f} MiB", flush=True)
    script, limit, ours = (statistics.median(taken) for taken in times.values())
    with psycopg.connect(server.database("wpsync_bench")) as connection:
        row = connection.execute("select count(*) from wp.wechat_messages").fetchone()
    print(f"messages {messages:,} (in the database {row[0]:,})" if row else "")
    for name, seconds in (("script", script), ("limit", limit), ("wpsync", ours)):
        print(f"{name:<7} median {seconds:6.2f} s, {messages / seconds:9,.0f} rows/s")
    print(f"wpsync is {script / ours:.2f} times as fast as the script (wanted: 2.5 or more)")
    print(f"wpsync takes {ours / limit:.2f} times as long as the limit (wanted: 2.5 or less)")
    print(f"peak memory {peak:.0f} MiB (wanted: under 200)")
    rows, tuples, wal = reread(server, config)
    print(
        f"reading {rows:,} unchanged rows again: {tuples} tuples written, {wal / 2**20:.2f} MiB of WAL"
    )


if __name__ == "__main__":
    main()

"""SIGKILL at random moments of making, starting, using and stopping: nothing is lost, nothing stays.

A few in the gate, some in the long tests, `KILLS=500` of them by hand (`make test-whole`).
"""

import os
import random
import signal
import subprocess
import sys
import time

import psycopg
import pytest

from tests.embedded.using import contents, servers, within
from wpsync.embedded.server import running

KILLS = int(os.environ.get("KILLS", "40"))

_USER = """
import sys, time
from pathlib import Path
import psycopg
from wpsync.embedded.server import running
with running(Path(sys.argv[1]), durable=False) as server:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("create table if not exists seen (n int)")
        for _ in range(3):
            connection.execute("insert into seen values (1)")
            print("written", flush=True)
            time.sleep(0.1)
"""


def kill_at_random(folder, chosen, users):
    """Start users, kill each at a random moment, and return the rows that they saw committed."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _USER, str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for _ in range(users)
    ]
    moments = sorted((chosen.uniform(0.1, 3.5), number) for number in range(users))
    start = time.monotonic()
    for at, number in moments:
        time.sleep(max(0.0, start + at - time.monotonic()))
        whole_group = chosen.random() < 0.5
        try:
            (os.killpg if whole_group else os.kill)(processes[number].pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return sum(process.communicate()[0].count(b"written") for process in processes)


def survive(server_folder, kills, users, seed):
    chosen, committed = random.Random(seed), 0
    data = server_folder / "data"
    data.mkdir()
    (data / "mine.txt").write_text("not wpsync's")
    (data / "postgres.old").mkdir()
    (data / "postgres.old" / "PG_VERSION").write_text("15")
    before = contents(data)
    folder = data / "postgres"
    for number in range(0, kills, users):
        if number % 10 == 9 or not folder.exists():  # again from nothing, now and then
            folder = data / f"db{number}" / "postgres"
            committed = 0
        committed += kill_at_random(folder, chosen, users)
        within(60, lambda: not servers(server_folder), f"no server (seed {seed}, {number})")
        if committed:
            with (
                running(folder, durable=False) as server,
                psycopg.connect(server.url) as connection,
            ):
                held = len(connection.execute("select n from seen").fetchall())
            assert held >= committed
        within(60, lambda: not servers(server_folder), f"no server (seed {seed}, {number})")
    after = contents(data)
    assert {name: after.get(name) for name in before} == before
    with running(folder, durable=False):
        assert servers(server_folder)
    assert not servers(server_folder)


@pytest.mark.parametrize("users", [1, 3])
def test_a_few_kills_lose_nothing_and_leave_nothing(server_folder, users):
    survive(server_folder, 3, users, seed=users)


@pytest.mark.long
@pytest.mark.parametrize("users", [1, 3])
def test_kills_lose_nothing_and_leave_nothing(server_folder, users):
    survive(server_folder, KILLS // 2, users, seed=100 + users)

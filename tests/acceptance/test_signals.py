"""Signals end every waiting loop at whichever instruction they find it, and leave nothing behind."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from select import select

import pytest

from tests.acceptance.driving import Driver

WHOLE = int(os.environ.get("SIGNALS", "0"))
"""So many to each loop; few in the gate, more in the long tests."""
LONG = {"emulator": 1_000, "awaiting": 1_000, "service": 100, "backfill": 200, "sync": 200}
SHORT = {"emulator": 50, "awaiting": 50, "service": 10, "backfill": 30, "sync": 30}
WIDTH = {"service": 0.3, "backfill": 0.04, "sync": 0.04}
"""Seconds in which a signal comes after a loop began; elsewhere the moment is that of falling asleep."""
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 20
ROOT = Path(__file__).parents[2]


def program(loop: str, config: Path, rounds: object) -> list[str]:
    return [sys.executable, "-m", "tests.acceptance.signalled", loop, str(config), str(rounds)]


@pytest.mark.parametrize("loop", ["emulator", "awaiting"])
def test_a_signal_before_any_instruction_ends_a_loop_that_falls_asleep(loop, tmp_path):
    config = Driver("postgresql://x@127.0.0.1:1/x", "http://127.0.0.1:1", tmp_path).config_file
    ran = subprocess.run(
        program(loop, config, "every"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 20


def hangs(process: subprocess.Popen[bytes], stacks: Path) -> str:
    process.send_signal(signal.SIGABRT)
    process.wait(PATIENCE)
    return stacks.read_text()


@pytest.mark.parametrize(
    ("loop", "signals"),
    [
        *SHORT.items(),
        *(pytest.param(*one, marks=pytest.mark.long) for one in LONG.items()),
    ],
)
def test_a_signal_at_any_moment_ends_every_loop(loop, signals, emulator, database_url, tmp_path):
    signals = WHOLE or signals
    vendor = emulator(messages=300, days=2)
    driver = Driver(database_url, vendor.url, tmp_path, "[web]\nenabled = false\n")
    chance, stacks = Random(7), tmp_path / "stacks"
    with (
        stacks.open("wb") as said,
        subprocess.Popen(
            program(loop, driver.config_file, signals), cwd=ROOT, stdout=subprocess.PIPE, stderr=said
        ) as process,
    ):  # fmt: skip
        try:
            assert process.stdout is not None
            for number in range(signals):
                begun = select([process.stdout], [], [], PATIENCE)[0]
                assert begun, f"hangs after {number} signals: {hangs(process, stacks)}"
                assert os.read(process.stdout.fileno(), 1), stacks.read_text()
                end = time.perf_counter() + chance.random() * WIDTH.get(loop, 0.0004)
                while time.perf_counter() < end:
                    time.sleep(0)
                process.send_signal(chance.choice(ENDING))
            try:
                assert process.wait(PATIENCE) == 0, stacks.read_text()
            except subprocess.TimeoutExpired:
                pytest.fail(f"hangs after the last signal: {hangs(process, stacks)}")
        finally:
            process.kill()


@contextmanager
def on_a_terminal(command: list[str], folder: Path) -> Iterator[tuple[int, int]]:
    """A program in a session of its own, whose terminal we hold: its number and the terminal."""
    process, terminal = pty.fork()
    if not process:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may ignore it
        os.chdir(folder)
        os.execv(command[0], command)
    try:
        yield process, terminal
    finally:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(process, 0)
        with suppress(OSError):
            os.close(terminal)


def read_until(terminal: int, pattern: bytes) -> re.Match[bytes]:
    said, end = b"", time.monotonic() + 60
    while not (found := re.search(pattern, said)):
        assert time.monotonic() < end, said
        said += os.read(terminal, 4096)
    return found


def exited(process: int) -> int:
    """The exit status of a program that ends by itself."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        number, status = os.waitpid(process, os.WNOHANG)
        if number:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    pytest.fail("it does not end")


def working_in(folder: Path) -> list[str]:
    """The programs whose working folder this is, or is below it."""
    found = []
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if process.name.isdigit() and (process / "cwd").readlink().is_relative_to(folder):
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


def nothing_is_left(folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while left := working_in(folder):
        assert time.monotonic() < end, left
        time.sleep(0.05)


DEMO = [sys.executable, "-m", "wpsync", "demo", "--messages", "300"]


def test_a_demo_whose_terminal_is_closed_leaves_nothing_behind(server_folder):
    with on_a_terminal(DEMO, server_folder) as (process, terminal):
        read_until(terminal, rb"Following new data")
        assert len(working_in(server_folder)) > 2  # the demo, the emulator, Postgres
        os.close(terminal)
        exited(process)
        nothing_is_left(server_folder)


def test_a_demo_that_is_killed_leaves_no_emulator(server_folder):
    with on_a_terminal(DEMO, server_folder) as (process, terminal):
        read_until(terminal, rb"Following new data")
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        end = time.monotonic() + PATIENCE
        while any(" emulate " in one for one in working_in(server_folder)):
            assert time.monotonic() < end
            time.sleep(0.05)


@pytest.mark.parametrize("command", ["run", pytest.param("backfill", marks=pytest.mark.long)])
def test_a_command_whose_terminal_is_closed_stops_its_database(command, emulator, server_folder):
    vendor = emulator(messages=3_000, days=10)
    driver = Driver("", vendor.url, server_folder, "[web]\nport = 0\n")
    file = driver.config_file
    file.write_text(re.sub(r"\[database\]\nurl.*\n", "", file.read_text()))
    base = [sys.executable, "-m", "wpsync", "--config", str(file)]
    subprocess.run([*base, "migrate"], check=True, capture_output=True, timeout=120)
    arguments = {"run": ["run"], "backfill": ["backfill", "--from", "12d"]}[command]
    with on_a_terminal([*base, *arguments], server_folder) as (process, terminal):
        read_until(terminal, {"run": rb"service.leads", "backfill": rb"%"}[command])
        os.close(terminal)
        assert (exited(process) == 0) == (command == "run")  # a backfill was interrupted
        nothing_is_left(server_folder)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["term", "hup"])
def test_a_migration_that_is_stopped_stops_its_database(number, server_folder):
    driver = Driver("", "http://127.0.0.1:1", server_folder)
    file = driver.config_file
    file.write_text(re.sub(r"\[database\]\nurl.*\n", "", file.read_text()))
    with on_a_terminal(
        [sys.executable, "-m", "wpsync", "--verbose", "--config", str(file), "migrate"],
        server_folder,
    ) as (process, terminal):
        read_until(terminal, rb"migration.applied")
        os.kill(process, number)
        assert exited(process) == 130
        nothing_is_left(server_folder)

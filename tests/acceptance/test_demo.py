"""The demo, and the program as a person meets it."""

import os
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.driving import CLIENT, Driver
from wpsync.emulator.client import Remote
from wpsync.resources import TABLES


@pytest.mark.reads_the_day
def test_the_demo_fills_every_table_and_ends_well(server_folder):
    ran = subprocess.run(
        [sys.executable, "-m", "wpsync", "demo", "--once", "--messages", "3000"],
        cwd=server_folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "HOME": str(server_folder)},
    )
    assert ran.returncode == 0, ran.stderr
    counts = dict(re.findall(r"^wp\.(\w+) +([\d,]+)(?: +[\d,]+)?$", ran.stdout, re.MULTILINE))
    assert {*TABLES, "history"} == set(counts)
    assert [name for name, count in counts.items() if count == "0"] == []
    assert re.search(r"^table +rows +of which deleted", ran.stdout, re.MULTILINE)
    assert "both end with this demo" in ran.stdout
    assert 'psql "' not in ran.stdout  # its database ends with it
    assert "make demo" in ran.stdout.splitlines()[-1]


@pytest.mark.reads_the_day
def test_from_nothing_to_data_by_the_commands_of_the_readme(emulator, empty_database_url, tmp_path):
    vendor = emulator(messages=300, days=5)
    driver = Driver(empty_database_url, vendor.url, tmp_path)
    secret = tmp_path / "secret"
    secret.write_text(CLIENT[1])
    file = tmp_path / "mine.toml"

    def wpsync(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "wpsync", "--config", str(file), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    ran = wpsync(
        "init", "--client-id", CLIENT[0], "--client-secret-file", str(secret),
        "--database-url", empty_database_url, "--base-url", vendor.url,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert file.stat().st_mode & 0o077 == 0
    file.write_text(
        file.read_text()
        + "[limits.requests_per_minute]\ncalls = 0\nsms = 0\nmessages = 0\nother = 0\n"
    )
    for arguments in (
        ("check",), ("backfill", "--from", "7d", "--plan"), ("backfill", "--from", "7d"), ("sync",), ("status",),
        ("status", "--json"), ("token", "show"), ("token", "rotate"), ("dead-letters", "list"), ("renormalize",),
        ("api", "agents"), ("api", "customers", "fields"), ("migrate",), ("schema", "--format", "dbml"),
    ):  # fmt: skip
        ran = wpsync(*arguments)
        assert ran.returncode == 0, (arguments, ran.stderr)
        assert CLIENT[1] not in ran.stdout + ran.stderr
    assert driver.one("select count(*) from wp.wechat_messages") == 300


@pytest.mark.reads_the_day
def test_renormalizing_what_was_just_loaded_changes_nothing(emulator, database_url, tmp_path):
    vendor = emulator(messages=800, days=5)
    driver = Driver(database_url, vendor.url, tmp_path)
    driver.backfill("7d", ["wechat_messages"])
    tables = [name for name in TABLES if name.startswith("message_") or name == "wechat_messages"]
    before = {name: sorted(map(str, driver.query(f"select * from wp.{name}"))) for name in tables}
    ran = driver.run("renormalize", "--json")
    assert ran.returncode == 0, ran.stderr
    assert {
        name: sorted(map(str, driver.query(f"select * from wp.{name}"))) for name in tables
    } == before
    driver.query(
        "update wp.wechat_messages set plain_text = 'spoilt' where kind = 'text' returning 1"
    )
    driver.query("delete from wp.message_links returning 1")
    assert driver.run("renormalize").returncode == 0
    assert {
        name: sorted(map(str, driver.query(f"select * from wp.{name}"))) for name in tables
    } == before


def test_a_check_without_an_account_says_so_and_starts_nothing(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "wpsync", "check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert (ran.returncode, "wpsync init" in ran.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_is_said_in_one_line_with_the_mend(emulator, empty_database_url, tmp_path):
    vendor = emulator(messages=100, days=2)
    driver = Driver(empty_database_url, vendor.url, tmp_path)
    ran = driver.run("sync")
    assert (ran.returncode, "wpsync migrate" in ran.stderr) == (1, True)
    assert driver.run("migrate").returncode == 0
    ran = driver.run("sync", "cals")
    assert (ran.returncode, "did you mean calls?" in ran.stderr) == (2, True)
    assert driver.run("backfill", "--from", "yesterday").returncode == 2
    nowhere = Driver("postgresql://x@127.0.0.1:1/x", vendor.url, tmp_path).run("sync")
    assert nowhere.returncode == 1
    assert "database" in nowhere.stderr
    assert "Traceback" not in nowhere.stderr


def test_an_emulated_world_can_be_had_again(emulator):
    born = datetime(2026, 5, 20, 6, tzinfo=UTC)
    later = born + timedelta(hours=5)

    def world(**settings):
        vendor = emulator(messages=700, days=5, lively=20, now=later, frozen=True, **settings)
        remote = Remote(vendor.url)
        remote.clock(now_ms=later.timestamp() * 1000, freeze=True)
        return {
            table: remote.truth(table) for table in ("wechat_messages", "calls", "wechat_contacts")
        }

    first = world(born=born)
    assert max(row["sent_at"] for row in first["wechat_messages"]) > born + timedelta(hours=4)
    assert world(born=born) == first
    assert world(born=born - timedelta(hours=1)) != first


@pytest.mark.reads_the_day
def test_the_emulator_says_how_to_have_its_world_again():
    def said(*arguments: str) -> tuple[str, list[dict[str, object]]]:
        command = [sys.executable, "-m", "wpsync", "emulate", "--port", "0", "--messages", "200"]
        with subprocess.Popen(
            [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            try:
                url = process.stdout.readline().strip()
                lines = [process.stderr.readline() for _ in range(2)]
                return lines[1], Remote(url).truth("calls")
            finally:
                process.terminate()

    line, calls = said("--lively", "0")
    assert "this world ends with the program; the same one again: --seed 7 --messages 200" in line
    again = shlex.split(line.partition("again: ")[2])
    assert said(*again)[1] == calls


@pytest.mark.reads_the_day
def test_a_world_does_not_begin_in_the_future():
    command = [sys.executable, "-m", "wpsync", "emulate", "--begin", "2999-01-01"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (ran.returncode, "is in the future" in ran.stderr) == (2, True)

"""Surroundings that a program does not choose: zones, proxies, certificates, encodings, outputs, settings of a role."""

import os
import subprocess
import sys

import psycopg
import pytest

from tests.acceptance.driving import Driver
from tests.integration.test_inspection import alter
from wpsync.api.building import built
from wpsync.db import migrations
from wpsync.db.database import Database
from wpsync.errors import ConfigError, FatalError
from wpsync.model import Secret

HOSTILE = (
    "datestyle to 'SQL, DMY'",
    "client_encoding to 'SQL_ASCII'",
    "intervalstyle to 'sql_standard'",
    "timezone to 'Asia/Tokyo'",
    "search_path to nowhere",
    "idle_in_transaction_session_timeout to '1ms'",
    "statement_timeout to '3ms'",
    "lock_timeout to '1ms'",
    "default_transaction_isolation to serializable",
)


@pytest.fixture
def driver(emulator, database_url, tmp_path):
    return Driver(database_url, emulator(days=2, messages=500).url, tmp_path, more="[web]\nport = 0\n")  # fmt: skip


def name_of(url):
    return url.partition("@/")[2].partition("?")[0]


def served_until(driver, event, **environment):
    """Run the service until it logs an event; return its log up to there."""
    with subprocess.Popen(
        driver.command("run"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as program:
        assert program.stderr is not None
        log = []
        for line in program.stderr:
            log.append(line)
            if event in line:
                break
        program.terminate()
        log += program.stderr
    return "".join(log)


def shell(driver, command):
    """Run a line of shell in which W is the program."""
    program = f"{sys.executable} -m wpsync --config {driver.config_file}"
    line = command.replace("W ", f"{program} ")
    return subprocess.run(["/bin/sh", "-c", line], capture_output=True, timeout=120, check=False)


def test_no_setting_of_a_database_reaches_a_session(driver, empty_database_url):
    for url in (driver.database_url, empty_database_url):
        name = name_of(url)
        for setting in HOSTILE:
            alter(url, f"alter database {name} set {setting}")
    migrations.upgrade(empty_database_url)
    with Database(Secret(empty_database_url)) as database, database.connection() as connection:
        row = connection.execute(
            "select now()::text like '20__-%', current_setting('timezone'), interval '1 day'::text"
        ).fetchone()
    assert row == (True, "UTC", "1 day")
    for command in (("check",), ("sync", "calls", "agents")):
        done = driver.run(*command, PGDATESTYLE="SQL, DMY", PGCLIENTENCODING="SQL_ASCII")
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_database_in_another_encoding_is_refused_in_words(postgres, empty_database_url):
    name = name_of(empty_database_url)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"drop database {name}")
        connection.execute(
            f"create database {name} template template0 encoding 'EUC_CN' locale_provider libc locale 'C'"
        )
    with pytest.raises(FatalError, match=r"^database\.not_utf8 encoding=EUC_CN"):
        migrations.upgrade(empty_database_url)
    with pytest.raises(FatalError, match=r"^database\.not_utf8 "):
        Database(Secret(empty_database_url)).check()


@pytest.mark.parametrize("zone", ["CST-8", '"Asia/Shanghai"'])
def test_the_service_needs_no_zone_of_its_host(driver, zone):
    log = served_until(driver, "window.closed", TZ=zone)
    assert "window.closed" in log
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:7890", "vendor.socks_proxy"),
        ("all_proxy", "socks://127.0.0.1:7890", "vendor.socks_proxy"),
        ("HTTPS_PROXY", "http://h:x", "vendor.bad_proxy"),
        ("NO_PROXY", "[::1]", "vendor.bad_proxy"),
        ("no_proxy", "fe80::/10", "vendor.bad_proxy"),
        ("SSL_CERT_FILE", "/no/such.pem", "vendor.bad_certificates"),
        ("SSL_CERT_FILE", "/dev/null", "vendor.bad_certificates"),
    ],
)
def test_a_proxy_or_certificate_that_cannot_be_read_is_named(monkeypatch, variable, value, code):
    for name in ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        built(1, 1, verify=True)
    assert (caught.value.message.code, caught.value.message.params["variable"]) == (code, variable)


@pytest.mark.parametrize("encoding", ["gbk", "ascii"])
def test_a_character_that_a_terminal_lacks_ends_no_command(driver, encoding):
    for command in (("status",), ("schema",)):
        done = subprocess.run(
            driver.command(*command),
            capture_output=True,
            env={"PYTHONIOENCODING": encoding, "WPSYNC_LANG": "zh", "PATH": "/usr/bin:/bin"},
            timeout=60,
            check=False,
        )
        assert done.returncode in (0, 1)
        assert b"Traceback" not in done.stderr


def test_outputs_that_are_closed_or_full_end_in_a_line(driver):
    gone = driver.folder / "gone"
    for command, status in (
        ("W schema >/dev/full", 1),
        ("W schema >&-", 0),
        (f"mkdir {gone} && cd {gone} && rmdir {gone} && W status", 2),
        ("W backfill --from 0001-01-01", 2),
        ("W dead-letters list --limit 99999999999999999999", 2),
        ("W bi-role public", 2),
    ):
        done = shell(driver, command)
        assert (command, done.returncode) == (command, status), done.stderr
        assert b"Traceback" not in done.stderr


def test_the_work_goes_on_where_its_progress_cannot_be_printed(driver):
    for command in ("W sync calls 2>&-", "W backfill --from 1d -r agents -r sms 2>/dev/full"):
        assert shell(driver, command).returncode == 0
    for table in ("calls", "agents", "sms"):
        assert driver.one(f"select count(*) from wp.{table}")


def test_a_database_that_is_read_only_is_waited_for(driver):
    name = driver.one("select current_database()")
    alter(driver.database_url, f"alter database {name} set default_transaction_read_only to on")
    log = served_until(driver, "database.awaited")
    assert "read-only" in log
    assert "Traceback" not in log

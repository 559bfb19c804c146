"""Poolers: one that gives each transaction another session is refused in words, one that keeps a session works."""

import pytest

from tests.acceptance.driving import Driver
from tests.transaction_pooler import pooled

COMMANDS = [["check"], ["sync", "agents"], ["run"]]


@pytest.fixture
def driver(emulator, database_url, tmp_path):
    return Driver(database_url, emulator(messages=20, days=1).url, tmp_path)


def test_a_pooler_of_transactions_is_refused_by_every_command_in_words(driver):
    with pooled(driver.database_url, by_transaction=True) as driver.database_url:
        for command in COMMANDS:
            ran = driver.run(*command, timeout=30)
            said = ran.stdout + ran.stderr
            assert ran.returncode == 2, said
            assert "database.url" in said
            assert "pool_mode=session" in said
            assert "Traceback" not in said


def test_a_pooler_of_sessions_is_taken(driver):
    with pooled(driver.database_url, by_transaction=False) as driver.database_url:
        ran = driver.run("migrate", timeout=30)
        assert ran.returncode == 0, ran.stderr


def test_a_pooler_that_drops_where_names_are_looked_up_is_refused(driver):
    server = driver.database_url
    with pooled(server, by_transaction=False, drops="search_path") as driver.database_url:
        ran = driver.run("sync", "agents", timeout=30)
    assert ran.returncode == 2, ran.stderr
    assert "pg_catalog, pg_temp" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(("version", "is_taken"), [("14.18", False), ("15.0", True)])
def test_a_postgres_that_is_out_of_support_is_refused_in_words(driver, version, is_taken):
    server = driver.database_url
    with pooled(server, by_transaction=False, version=version) as driver.database_url:
        ran = driver.run("migrate", timeout=30)
    assert (ran.returncode == 0) is is_taken, ran.stderr
    assert (f"Postgres {version} is too old: wpsync needs 15" in ran.stderr) is not is_taken

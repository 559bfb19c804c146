"""Fixtures: a real Postgres for each test process, a fresh database for each test, the emulator."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from hypothesis import settings

from wpsync.db import migrations
from wpsync.embedded import server as embedded
from wpsync.emulator.server import Emulator
from wpsync.emulator.state import Settings

# Nothing is timed in tests: machines are noisy. Under CI the examples are the same each time.
settings.register_profile("wpsync", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("wpsync")

StartEmulator = Callable[..., Emulator]


_LONG_SECONDS = 1_800


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("long") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_LONG_SECONDS))


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in list(os.environ):
        if name.startswith("WPSYNC_") and name != "WPSYNC_TEST_DATABASE_URL":
            monkeypatch.delenv(name)
    monkeypatch.delenv("COLUMNS", raising=False)  # how wide a pipe is to be
    monkeypatch.setenv("LC_ALL", "C.UTF-8")  # the program speaks English, whoever runs the tests


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a server's maintenance database: the given one, or an embedded one."""
    given = os.environ.get("WPSYNC_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with _reachable() as folder, embedded.running(folder / "pg", durable=False) as server:
        yield server.database("postgres")


@contextmanager
def _reachable() -> Iterator[Path]:
    """A folder with a short path that a server's unprivileged user can enter; removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="wpt"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """Where a test keeps a server of its own, to be stopped and crashed."""
    before = os.umask(0o022)  # what a test makes in it is open too, whoever runs the tests
    try:
        with _reachable() as folder:
            yield folder
    finally:
        os.umask(before)


def _database(url: str, name: str) -> str:
    return str(url).replace("/postgres?", f"/{name}?", 1)


@pytest.fixture(scope="session")
def template(postgres) -> str:
    """A database with every migration applied, to be copied."""
    name = f"template_{uuid4().hex[:8]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
    migrations.upgrade(_database(postgres, name))
    return name


def fresh(postgres: str, template: str | None) -> Iterator[str]:
    """A database of its own, a copy of the template where one is given; dropped at the end."""
    name = f"test_{uuid4().hex[:12]}"
    copied = f' template "{template}"' if template else ""
    with psycopg.connect(postgres, autocommit=True) as connection:
        # Postgres 15 and later copy page by page through the WAL, which takes seven times the CPU of a file's copy.
        if connection.info.server_version >= 150_000:
            copied += " strategy file_copy"
        connection.execute(f'create database "{name}"{copied}')
        try:
            yield _database(postgres, name)
        finally:
            connection.execute(f'drop database if exists "{name}" with (force)')


@pytest.fixture
def database_url(postgres, template) -> Iterator[str]:
    """A fresh, migrated database."""
    yield from fresh(postgres, template)


@pytest.fixture
def empty_database_url(postgres) -> Iterator[str]:
    """A fresh database without anything."""
    yield from fresh(postgres, None)


@pytest.fixture
def emulator() -> Iterator[StartEmulator]:
    """Starts emulators; they are stopped at the end."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(Emulator(Settings(**settings)))

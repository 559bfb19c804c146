"""Driving wpsync against an emulator in one process, and as the real program in another."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush
from pathlib import Path
from typing import Any

import psycopg

from tests.fake_clock import FakeClock
from wpsync import config
from wpsync.backfill import run as backfills
from wpsync.backfill.plan import make_plans
from wpsync.clock import Clock
from wpsync.daemon.jobs import Job, Result, perform
from wpsync.emulator.client import Remote
from wpsync.emulator.server import Emulator
from wpsync.model import Secret
from wpsync.policy import DEFAULT, Policy
from wpsync.resources import RESOURCES
from wpsync.sync.account import Account
from wpsync.sync.passes import Outcome, sync
from wpsync.sync.progress import Silence
from wpsync.sync.session import Session, session
from wpsync.values import SHANGHAI

CLIENT = ("0f30a37f1adca729", "af9cb1d2acf88264ab8477e3b8b34353")


@dataclass
class Driver:
    """One configured account, its database and its vendor."""

    database_url: str
    vendor_url: str
    folder: Path
    more: str = ""
    clock: Clock | None = None
    calls_a_minute: int = 0
    head: str = ""
    secret: str = CLIENT[1]
    timeout_seconds: int | None = None

    @property
    def config_file(self) -> Path:
        file = self.folder / "config.toml"
        timeout = f"timeout_seconds = {self.timeout_seconds}\n" if self.timeout_seconds else ""
        file.write_text(
            f'{self.head}data_dir = "{self.folder}/data"\n[database]\nurl = "{self.database_url}"\n'
            f'[accounts.main]\nbase_url = "{self.vendor_url}"\nclient_id = "{CLIENT[0]}"\n'
            f'client_secret = "{self.secret}"\n{timeout}[limits.requests_per_minute]\n'
            f"calls = {self.calls_a_minute}\nsms = 0\nmessages = 0\nother = 0\n" + self.more
        )
        return file

    @contextmanager
    def account(self) -> Iterator[Account]:
        """The account in this process."""
        loaded = config.load(self.config_file, environ={}, cwd=self.folder)
        with (
            session(loaded, Secret(self.database_url), clock=self.clock) as opened,
            opened.accounts() as accounts,
        ):
            yield accounts[0]

    def backfill(
        self, start: str = "40d", names: Sequence[str] = (), *, again: bool = False
    ) -> list[Outcome]:
        """A backfill in this process."""
        with self.account() as account:
            now = account.clock.now()
            span = backfills.span_of(config.parse_instant(start, now=now), None, now)
            wanted = [one for one in RESOURCES.values() if not names or one.name in names]
            plans, unplanned = make_plans(account, wanted, span, again=again)
            return backfills.backfill(account, plans, Silence(), again=again) + unplanned

    def sync(self, names: Sequence[str] = ()) -> list[Outcome]:
        """One pass in this process."""
        with self.account() as account:
            wanted = [one for one in RESOURCES.values() if not names or one.name in names]
            return sync(account, wanted, Silence())

    def run(
        self, *arguments: str, timeout: float = 120, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """The program itself, in a process of its own."""
        return subprocess.run(
            self.command(*arguments),
            capture_output=True,
            text=True,
            timeout=timeout,
            env={**os.environ, **environment},
            check=False,
        )

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "wpsync", "--config", str(self.config_file), *arguments]

    def add_account(self, name: str) -> None:
        """Another account at the same vendor: by another address, for one console has one name."""
        self.more += (
            f'[accounts.{name}]\nbase_url = "{elsewhere(self.vendor_url)}"\nclient_id = "{CLIENT[0]}"\n'
            f'client_secret = "{CLIENT[1]}"\n'
        )

    def query(self, text: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(text, parameters).fetchall()

    def one(self, text: str, *parameters: object) -> Any:
        """The single value of a query."""
        return self.query(text, *parameters)[0][0]


def elsewhere(url: str) -> str:
    """The same vendor by another address."""
    return url.replace("127.0.0.1", "localhost")


def written_tuples(driver: Driver) -> int:
    """How many rows of `wp` were ever inserted, updated or deleted, as Postgres counts them."""
    with psycopg.connect(driver.database_url, autocommit=True) as connection:
        connection.execute("select pg_stat_force_next_flush()")
        row = connection.execute(
            "select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables where schemaname = 'wp'"
        ).fetchone()
    return int(str(row[0])) if row else 0


def differences(
    driver: Driver, emulator: Emulator, tables: Sequence[str], account: str = "main"
) -> list[str]:
    """Every row and column in which an account's rows are not what the emulator's world truly holds."""
    found: list[str] = []
    for table in tables:
        truth = emulator.world.truth(table)
        found += _table_differences(driver, table, truth, account)
    return found


KEYS = {"message_group_collection_payers": ("message_id", "payer_wx_no")}


def _table_differences(
    driver: Driver, table: str, truth: list[dict[str, object]], account: str
) -> list[str]:
    if not truth:
        count = driver.one(f"select count(*) from wp.{table} where _account = %s", account)
        return [f"{table}: {count} rows, the world has none"] if count else []
    names = list(truth[0])
    keys = KEYS.get(table) or (("id",) if "id" in names else ("message_id",))
    live = " and _deleted_at is null" if _soft(driver, table) else ""
    listed = ", ".join(f'"{name}"' for name in names)
    held = {
        tuple(row[names.index(key)] for key in keys): dict(zip(names, row, strict=True))
        for row in driver.query(
            f"select {listed} from wp.{table} where _account = %s{live}", account
        )
    }
    wanted = {tuple(row[key] for key in keys): row for row in truth}
    found = [f"{table} {key}: missing" for key in wanted.keys() - held.keys()]
    found += [f"{table} {key}: not in the world" for key in held.keys() - wanted.keys()]
    for key in wanted.keys() & held.keys():
        found += [
            f"{table} {key}.{name}: {held[key][name]!r}, truly {wanted[key][name]!r}"
            for name in names
            if held[key][name] != wanted[key][name]
        ]
    return found


def _soft(driver: Driver, table: str) -> bool:
    return bool(
        driver.one(
            "select exists (select from information_schema.columns where table_schema = 'wp'"
            " and table_name = %s and column_name = '_deleted_at')",
            table,
        )
    )


START = datetime(2026, 5, 20, 6, tzinfo=UTC)  # 14:00 in Shanghai


def local(at):
    """As the vendor writes an instant."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


class Timeline:
    """The vendor's clock and ours, moved together."""

    def __init__(self, emulator, database_url, folder, **world):
        self.vendor = emulator(now=START, frozen=True, **world)
        self.remote = Remote(self.vendor.url)
        self.clock = FakeClock(START)
        self.driver = Driver(database_url, self.vendor.url, folder, clock=self.clock)

    def go_to(self, at):
        """Both clocks; ours may already be a little further, where something waited."""
        self.clock.sleep(max(0.0, (at - self.clock.now()).total_seconds()))
        self.remote.clock(now_ms=at.timestamp() * 1000, freeze=True)

    def requests(self, since=0, path=None):
        made = self.remote.requests(since)
        return [r for r in made if path is None or r["path"] == path]

    def last(self):
        return self.remote.stats()["requests"]

    @contextmanager
    def session(self, policy: Policy = DEFAULT) -> Iterator[Session]:
        """A session in which time stands still unless it is moved."""
        loaded = config.load(self.driver.config_file, environ={}, cwd=self.driver.folder)
        url = Secret(self.driver.database_url)
        with session(loaded, url, clock=self.clock, at_once=2, policy=policy) as opened:
            yield opened

    def live(
        self, opened: Session, jobs: Sequence[Job], until: datetime
    ) -> list[tuple[Job, Result]]:
        """Do every job at its times until an instant, as the scheduler would."""
        now = self.clock.now()
        agenda = [(job.first_at(now, None), number) for number, job in enumerate(jobs)]
        heapify(agenda)
        done = []
        while agenda[0][0] < until:
            at, number = heappop(agenda)
            self.go_to(at)
            job = jobs[number]
            done.append((job, perform(opened, job, lambda: False, at + job.every)))
            heappush(agenda, (at + job.every, number))
        self.go_to(until)
        return done

"""Putting the parts together from a configuration: database, clock, clients, accounts."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from wpsync.api.auth import Credentials
from wpsync.api.client import Client, OnRequest
from wpsync.api.limits import Limits, OnWait
from wpsync.clock import AnchoredClock, Clock, SystemClock
from wpsync.config import Config
from wpsync.config.key_files import Key, Kind
from wpsync.db import revision
from wpsync.db.database import BRIEF, Database
from wpsync.errors import FatalError, Message, SchemaMismatchError
from wpsync.model import Secret
from wpsync.normalize.privacy import Privacy
from wpsync.policy import DEFAULT, Ages, Policy
from wpsync.resources import RESOURCES
from wpsync.state import accounts, working_hours
from wpsync.state.outages import PostgresOutages
from wpsync.state.request_budget import PostgresBooks
from wpsync.state.tokens import PostgresTokens, key_ids
from wpsync.sync.account import Account, Pace, opened

log = logging.getLogger(__name__)

MOST = 60
"""Connections that the jobs of however many accounts need at most; a server allows a hundred by default."""


@dataclass(slots=True)
class Session:
    """An open database with its clock. `accounts` are the configured ones, unopened.

    `at_once`: how many jobs of one account may be at work. `wait` waits for so many seconds, less
    where a stop is asked for meanwhile; without it the clock sleeps.
    """

    config: Config
    conninfo: Secret
    database: Database
    clock: Clock
    stopping: Callable[[], bool]
    at_once: int = 1
    on_request: OnRequest = lambda account, endpoint, outcome, seconds: None
    on_wait: OnWait = lambda wait: None
    wait: Callable[[float], object] | None = None
    policy: Policy = DEFAULT

    def client(self, name: str) -> Client:
        """Return a client of one account; close it after use.

        Raises ConfigError where the account's console is stored under another name.
        """
        accounts.refuse_second_names(self.database, consoles(self.config))
        settings = self.config.accounts[name]
        return Client(
            account=name,
            base_url=settings.base_url,
            credentials=Credentials(settings.client_id, self.config.client_secret(name)),
            tokens=self.tokens(),
            clock=self.clock,
            limits=Limits(
                _per_endpoint(self.config, name),
                default=per_minute(self.config, "other", name) or None,
                clock=self.clock,
                shelf=PostgresBooks(self.database, name),
                stopping=self.stopping,
                on_wait=self.on_wait,
                rules=self.policy.rate_limits,
            ),
            timeout_seconds=settings.timeout_seconds,
            connections=_threads(self.config) * self.at_once + 1,
            stopping=self.stopping,
            on_request=self.on_request,
            outages=PostgresOutages(self.database, name),
            policy=self.policy,
        )

    def tokens(self) -> PostgresTokens:
        """Return the token store, with the keys of the configuration, or one that is made for it."""
        return PostgresTokens(self.database, partial(token_keys, self.config, self.database))

    def enter_accounts(self) -> None:
        """Keep which console each configured account is. Raises ConfigError as `client` does."""
        accounts.enter(self.database, consoles(self.config), self.clock.now())

    @contextmanager
    def accounts(self) -> Iterator[list[Account]]:
        """Yield all configured accounts, ready to be read. Raises ConfigError as `client` does."""
        self.enter_accounts()
        with ExitStack() as stack:
            yield [self._account(stack, name) for name in self.config.accounts]

    def _account(self, stack: ExitStack, name: str) -> Account:
        client = stack.enter_context(self.client(name))
        pace = pace_of(self.config, name, self.policy)
        return stack.enter_context(
            opened(name, client, self.database, self.clock, pace, self.stopping)
        )


def consoles(config: Config) -> dict[str, accounts.Console]:
    """Return the console of each configured account."""
    return {
        name: accounts.Console(settings.base_url, settings.client_id)
        for name, settings in config.accounts.items()
    }


def pace_of(config: Config, account: str, policy: Policy = DEFAULT) -> Pace:
    """How the configuration wants an account to be read."""
    return Pace(
        settle=timedelta(seconds=config.sync.settle_seconds),
        max_span=timedelta(hours=config.sync.max_span_hours),
        window_rows=config.backfill.window_rows,
        page_concurrency=config.backfill.page_concurrency,
        parallel_windows=config.backfill.parallel_windows,
        ages=_ages(config),
        members_every=timedelta(days=config.sync.members_full_days),
        first_sync_from=config.sync.first_sync_from,
        privacy=privacy_of(config, account),
        retention=config.retention_of(account),
        policy=policy,
    )


def _ages(config: Config) -> Ages:
    settings = config.recheck
    return Ages(
        horizon=timedelta(days=settings.horizon_days),
        recent=timedelta(minutes=settings.recent_minutes),
        yesterday=timedelta(minutes=settings.yesterday_minutes),
        daily=timedelta(hours=settings.daily_hours),
        older=timedelta(days=settings.older_days),
        sample_rows=settings.sample_rows,
    )


def privacy_of(config: Config, account: str) -> Privacy:
    """What the configuration wants done with people's data of an account."""
    settings = config.privacy_of(account)
    key = settings.key
    previous = [one.get_secret_value().encode() for one in settings.previous_keys]
    return Privacy(settings.modes(), key.get_secret_value().encode() if key else b"", previous)


def tell_views(config: Config, database: Database) -> None:
    """Write the working time into the database, where the views read it."""
    settings = config.bi
    special = dict.fromkeys(settings.holidays, False)
    special |= dict.fromkeys(settings.extra_work_days, True)
    working_hours.write_working_time(
        database, settings.work_days, settings.work_begins, settings.work_ends, special
    )


def encrypt_tokens(config: Config, database: Database) -> None:
    """Encrypt the tokens that an earlier version has left in clear."""
    PostgresTokens(database, partial(token_keys, config, database)).encrypt_clear()


def token_keys(config: Config, database: Database) -> tuple[Key, ...]:
    """Return the keys of the tokens. Where there are none, make one, unless the database needs one that is lost.

    Raises ConfigError for a file that cannot be used, and FatalError for a lost key.
    """
    keys = config.keys(Kind.TOKEN)
    if not keys and (known := key_ids(database)):
        place = config.keys_place(Kind.TOKEN)
        raise FatalError("token.key_missing", ids=known, place=place)
    return keys or made_keys(config, Kind.TOKEN)


def made_keys(config: Config, kind: Kind) -> tuple[Key, ...]:
    """Return the keys of a kind, of which one is made in data_dir if there is none; this is logged once, then."""
    if config.keys(kind):
        return config.keys(kind)
    if config.make_keys(kind):
        told = Message("key.made", {"file": config.keys_place(kind), "kind": kind.value})
        log.info("key.made", extra={"key": told})
    return config.keys(kind)


def _threads(config: Config) -> int:
    return config.backfill.page_concurrency * config.backfill.parallel_windows


def _per_endpoint(config: Config, account: str) -> dict[str, int | None]:
    """Requests a minute for each endpoint; None where there is no limit."""
    return {
        resource.endpoint: per_minute(config, resource.family, account) or None
        for resource in RESOURCES.values()
    }


def per_minute(config: Config, family: str, account: str) -> int:
    """The configured limit of an endpoint family; 0 where there is none."""
    limit = getattr(config.limits_of(account).requests_per_minute, family)
    assert isinstance(limit, int)
    return limit


def connections(config: Config, at_once: int) -> int:
    """So many are needed for so many jobs of each account at once: each holds one while it reads a window.

    Where many accounts would hold more than a server should have to allow, some wait until others have read theirs.
    """
    held = config.backfill.parallel_windows * at_once * max(1, len(config.accounts))
    return max(config.database.connections, min(BRIEF + held, MOST))


@contextmanager
def session(
    config: Config,
    conninfo: Secret,
    *,
    stopping: Callable[[], bool] = lambda: False,
    wait: Callable[[float], object] | None = None,
    migrated: bool = True,
    clock: Clock | None = None,
    at_once: int = 1,
    policy: Policy = DEFAULT,
) -> Iterator[Session]:
    """An open database, and its clock unless another is given, for so many jobs of each account at once.

    Raises SchemaMismatchError where migrations are missing, unless told not to look.
    """
    needed = connections(config, at_once)
    with Database(
        conninfo, connections=needed, waits=policy.database, leases=policy.leases
    ) as database:
        if migrated and not revision.is_current(database):
            _say_what_lacks(conninfo)
        told = clock or AnchoredClock(SystemClock(), database.now())
        yield Session(config, conninfo, database, told, stopping, at_once, wait=wait, policy=policy)


def _say_what_lacks(conninfo: Secret) -> None:
    from wpsync.db import migrations

    if pending := migrations.pending(conninfo.reveal()).names:
        raise SchemaMismatchError("schema.not_current", missing=list(pending))

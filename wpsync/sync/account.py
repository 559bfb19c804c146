"""One vendor account at work: its client, database and clock, and a reader for each resource."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wpsync.api.client import Client
from wpsync.clock import Clock
from wpsync.config import RetentionConfig
from wpsync.db.database import Database
from wpsync.errors import Stopped
from wpsync.extract.probing import Ends
from wpsync.extract.reading import Reader
from wpsync.extract.served_spans import Served
from wpsync.extract.windows import floor_second
from wpsync.model import Priority, Window
from wpsync.normalize.privacy import OFF, Privacy
from wpsync.policy import DEFAULT, Ages, Policy
from wpsync.resources.spec import Resource
from wpsync.state.scope import Scope
from wpsync.sync.attempts import Attempt, reconnecting
from wpsync.sync.emptiness import Emptiness
from wpsync.sync.page_source import PageSource
from wpsync.sync.postgres_store import PostgresStore
from wpsync.sync.recheck import Recheck
from wpsync.sync.run import Run, recorded
from wpsync.sync.window_sync import Pipeline


@dataclass(frozen=True, slots=True)
class Pace:
    """How an account is read. Spans are of vendor time.

    `settle` is the newest stretch, read but not yet vouched for; `max_span` the longest window asked
    for; `window_rows` the rows aimed at in one transaction; `page_concurrency` how many pages of a
    window are fetched at once; `parallel_windows` how many windows a backfill has under way;
    `privacy` what is done with people's data before it is written; `retention` how long it is kept.
    `quietly`: what fails and is tried again is logged at DEBUG, since somebody else tells of it once.
    `policy` is when it is tried again, and when it is believed.
    """

    settle: timedelta = timedelta(minutes=2)
    max_span: timedelta = timedelta(days=1)
    window_rows: int = 5_000
    page_concurrency: int = 4
    parallel_windows: int = 1
    ages: Ages = field(default_factory=Ages)
    members_every: timedelta = timedelta(days=7)
    first_sync_from: str = "today"
    privacy: Privacy = OFF
    retention: RetentionConfig = field(default_factory=RetentionConfig)
    quietly: bool = False
    policy: Policy = DEFAULT

    def log_level(self, usual: int) -> int:
        """At which level trouble is logged."""
        return logging.DEBUG if self.quietly else usual


@dataclass(slots=True)
class Learned:
    """What readings of an account have found out about its vendor, by resource.

    `ends`: whether the vendor counts the rows at the ends of a span. `served`: the longest span that is proved to be
    served whole. `broken`: pieces of the present that could not be served a moment ago.
    """

    ends: dict[str, Ends] = field(default_factory=dict)
    served: dict[str, Served] = field(default_factory=dict)
    broken: dict[str, list[Window]] = field(default_factory=dict)


@dataclass(slots=True)
class Account:
    """Everything that reading one account needs. Threads may share it."""

    name: str
    client: Client
    database: Database
    clock: Clock
    pace: Pace
    executor: Executor | None
    stopping: Callable[[], bool]
    learned: Learned = field(default_factory=Learned)

    def scope(self, resource: Resource) -> Scope:
        """Whose state a resource's reading keeps."""
        return Scope(self.name, resource.name)

    def run(
        self,
        resource: Resource,
        kind: str,
        on_rows: Callable[[int], None] = lambda rows: None,
        *,
        is_tick: bool = False,
    ) -> AbstractContextManager[Run]:
        """Record a run of one resource (`sync.run.recorded`)."""
        scope, requests = self.scope(resource), self.client_requests
        return recorded(self.database, self.clock, scope, kind, requests, on_rows, is_tick=is_tick)

    def pipeline(
        self,
        resource: Resource,
        run: Run,
        priority: Priority = Priority.LIVE,
        *,
        pages: int | None = None,
    ) -> Pipeline:
        """Return a pipeline for one thread of a run. It aims at windows of so many pages, or of the pace's rows."""
        rows = self.pace.window_rows
        if pages is not None and resource.page_size:
            rows = min(rows, pages * resource.page_size)
        source = self.source(resource, priority)
        store, recheck = self.store(resource), self.recheck(resource, priority)
        reader = Reader(
            resource,
            source,
            rows_aim=rows,
            policy=self.pace.policy,
            spans=recheck.spans,
        )
        emptiness = Emptiness(store, recheck.counted, self.pace.policy.distrust)
        return Pipeline(
            resource,
            run,
            reader,
            store,
            self.clock,
            stopping=self.stopping,
            retried=self.pace.log_level(logging.WARNING),
            retries=self.pace.policy.windows,
            is_empty=emptiness.confirms,
            is_gone=emptiness.confirms_gone,
            live_span=self.pace.policy.distrust.live_span,
            narrowing=source.narrowing,
            broken=self.learned.broken.setdefault(resource.name, []),
        )

    def source(self, resource: Resource, priority: Priority) -> PageSource:
        """Where a resource's pages come from."""
        return PageSource(
            self.client,
            resource,
            self.clock,
            self.database,
            account=self.name,
            executor=self.executor,
            ahead=self.pace.page_concurrency,
            priority=priority,
            privacy=self.pace.privacy,
        )

    def recheck(self, resource: Resource, priority: Priority = Priority.PROBE) -> Recheck:
        """What checks a resource's ledger against the vendor."""
        return Recheck(
            resource,
            self.store(resource),
            self.source(resource, priority),
            self.clock,
            self.pace.ages,
            self.learned.ends,
            self.pace.settle,
            self.pace.policy,
            self.learned.served,
        )

    def store(self, resource: Resource) -> PostgresStore:
        """What we keep of a resource."""
        return PostgresStore(
            self.database,
            resource,
            self.scope(resource),
            self.clock,
            horizon=self.pace.ages.horizon,
            privacy=self.pace.privacy,
            policy=self.pace.policy,
        )

    @contextmanager
    def alone(self, *names: str) -> Iterator[None]:
        """Hold a lease of this account across processes. Raises Stopped when asked to stop meanwhile."""
        while True:
            with self.database.lease(self.name, *names, wait=False) as held:
                if held:
                    yield
                    return
            if self.stopping():
                raise Stopped
            self.clock.sleep(self.pace.policy.rechecks.lock_look)

    def reconnecting(self, committed: Callable[[], int] = lambda: 0) -> Iterator[Attempt]:
        """Yield attempts until one is not ended by a lost connection (`sync.attempts.reconnecting`)."""
        return reconnecting(self.pace.policy.windows, self.clock, self.stopping, committed)

    def client_requests(self) -> int:
        """How many requests the account's client has sent."""
        return self.client.requests

    def settled(self, resource: Resource) -> datetime:
        """Before this instant a stretch counts as accounted for."""
        return floor_second(self.clock.now() - self.pace.settle)


@contextmanager
def opened(
    name: str,
    client: Client,
    database: Database,
    clock: Clock,
    pace: Pace,
    stopping: Callable[[], bool],
    learned: Learned | None = None,
) -> Iterator[Account]:
    """An account with its threads for fetching pages ahead. `learned` is kept up for later readings."""
    known = Learned() if learned is None else learned
    if pace.page_concurrency <= 1:
        yield Account(name, client, database, clock, pace, None, stopping, known)
        return
    threads = pace.page_concurrency * pace.parallel_windows
    with ThreadPoolExecutor(threads, thread_name_prefix=f"fetch-{name}") as executor:
        try:
            yield Account(name, client, database, clock, pace, executor, stopping, known)
        finally:
            executor.shutdown(wait=True, cancel_futures=True)

"""The long-running service: one instance leads and works, the others stand by.

The leader holds a lease (`db.leases`). A database that goes away takes the lead with it; it is waited
for, and the instance that gets the lease first goes on where the ledger ends. A leader that stood still for so long that another
took over ends its jobs, which write nothing more, and stands by. A vendor that goes away is asked
again at every job's next time.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from threading import Event, Thread

from wpsync.alerts import targets
from wpsync.alerts.notices import Notice
from wpsync.alerts.watch import Sending, Watch
from wpsync.clock import AnchoredClock
from wpsync.config import Config
from wpsync.daemon.failure_log import FailureLog
from wpsync.daemon.jobs import Job, Result, all_jobs, perform
from wpsync.daemon.scheduler import Ended, Scheduler
from wpsync.db.heartbeat import LEADER, STANDBY, Instance
from wpsync.db.leases import Lease
from wpsync.errors import (
    DatabaseUnavailableError,
    LeaseLostError,
    RetryableError,
    UnwritableError,
    WpsyncError,
)
from wpsync.model import Secret
from wpsync.policy import DEFAULT, Policy
from wpsync.status.monitor import Monitor
from wpsync.sync.session import Session

log = logging.getLogger(__name__)


class Service:
    """One instance. `role` is what it does now: leader or standby. `monitor` is the read model's cache."""

    def __init__(
        self, session: Session, *, on_ended: Ended = lambda job, result, seconds: None
    ) -> None:
        self.role = STANDBY
        self._session = session
        self._on_ended = on_ended
        self.monitor = Monitor(session)
        self._pace = session.policy.leading
        self._watch = watching(session.config, session.policy)
        self._troubles = FailureLog(session.policy.jobs.log_again)
        self._another_leads = False
        self._lost = False
        self._away = False
        self._hung = False

    @property
    def commits_hang(self) -> bool:
        """Whether the database answers and lets no commit end."""
        return self._session.database.commits.hang

    @property
    def instance(self) -> Instance:
        """This process; another instance once it was taken over."""
        return self._session.database.leases.heartbeat.instance

    def run(self) -> None:
        """Lead or stand by until the session's `stopping`; returns when all jobs have ended."""
        self._session.database.leases.heartbeat.role = STANDBY
        self._session.database.commits.begin()
        ended = Event()
        teller = Thread(target=self._tell_until, args=(ended,), name="teller", daemon=True)
        teller.start()
        try:
            while not self._session.stopping():
                self._turn()
        finally:
            ended.set()

    def _tell_until(self, ended: Event) -> None:
        """Say it where commits hang, in a thread that writes nothing: all others may hang then."""
        while not ended.wait(self._pace.look):
            self._tell_of_commits()

    def _turn(self) -> None:
        """Lead while it lasts; else say that we are there, and wait a little."""
        try:
            lease = self._session.database.lease(LEADER, wait=False, all_threads=True)
            with lease as held:
                if held is not None:
                    self._work(held)
                    return
            self._another_leads = True
            self._beat()
            self._back()
        except LeaseLostError:
            log.debug("service.lead_lost")  # the heartbeat logs it, and the process that took it
        except (RetryableError, UnwritableError) as exc:
            if not self._away:
                self._away = True
                log.warning("database.away", extra={"error": exc.message})
            if not self.commits_hang:
                self._say_away(exc)
        until = self._session.clock.monotonic() + self._pace.take_again
        while self._session.clock.monotonic() < until and not self._session.stopping():
            self._pause()

    def _tell_of_commits(self) -> None:
        hang = self.commits_hang
        if hang:
            hung = DatabaseUnavailableError("database.commits_hang")
            if not self._hung:
                log.warning("database.commits_hang", extra={"error": hung.message})
            self._say_away(hung)
        elif self._hung:
            self._watch.back()
            log.info("database.commits_end")
        self._hung = hang

    def _say_away(self, error: WpsyncError) -> None:
        led = self._another_leads
        now, host = self._session.clock.now(), self.instance.host
        self._watch.away(now, host, another_led=led, error=error)

    def _back(self) -> None:
        if self.commits_hang:
            return
        self._watch.back()
        if self._away:
            self._away = False
            log.info("database.back")

    def _work(self, lease: Lease) -> None:
        """Lead until told to stop, or until the lease is lost."""
        self._lost, self._another_leads, self.role = False, False, LEADER
        try:
            self._session.database.refresh()
            self._beat()
        except BaseException:
            self.role = STANDBY
            raise
        self._back()
        log.info("service.leads", extra={"instance": self.instance.id})
        leases = self._session.database.leases

        def over() -> bool:
            return self._lost or not leases.holds(lease) or self._session.stopping()

        term = replace(self._session, stopping=over)
        try:
            with working(term, self._watch) as jobs:
                scheduler = Scheduler(term, jobs, on_ended=self._on_ended, troubles=self._troubles)
                scheduler.start()
                try:
                    self._keep_leading(scheduler, lease)
                finally:
                    self._lost = True
                    scheduler.stop()
        finally:
            self.role = STANDBY
            log.info("service.leads.no_more", extra={"instance": self.instance.id})

    def _keep_leading(self, scheduler: Scheduler, lease: Lease) -> None:
        clock, leases = self._session.clock, self._session.database.leases
        beat = 0.0
        while leases.holds(lease) and not self._session.stopping():
            if clock.monotonic() >= beat:
                self._beat()
                beat = clock.monotonic() + self._pace.beat
            scheduler.look()
            self._pause()

    def _beat(self) -> None:
        """Say that we live, and set our clock by the database's."""
        clock, database = self._session.clock, self._session.database
        if isinstance(clock, AnchoredClock):
            clock.set(database.now())
        database.beat(self.role)

    def _pause(self) -> None:
        wait = self._session.wait or self._session.clock.sleep
        wait(self._pace.look)


def watching(config: Config, policy: Policy = DEFAULT) -> Watch:
    """What looks for trouble, and sends messages to the configured targets."""
    addresses = [Secret(one.get_secret_value()) for one in config.alerts.targets]
    found = {target.name: target for target in targets.targets(addresses)}

    def deliver(name: str, notice: Notice) -> bool:
        return targets.send(found[name], notice)

    sending = Sending(list(found), deliver, policy.incidents.waiting)
    return Watch(config, sending, policy.incidents)


@contextmanager
def working(session: Session, watch: Watch) -> Iterator[list[Job]]:
    """Yield the jobs of all accounts, with their clients open. Raises ConfigError as `Session.client` does."""
    session.enter_accounts()
    with ExitStack() as stack:
        opened = {
            name: stack.enter_context(session.client(name)) for name in session.config.accounts
        }
        yield all_jobs(session, opened, watch)


def once_each(session: Session, on_job: Callable[[Job, Result], None]) -> list[Result]:
    """Every job once, one after the other: for those who would rather use cron than a service."""
    results, troubles = [], FailureLog(session.policy.jobs.log_again)
    with working(session, watching(session.config, session.policy)) as jobs:
        for job in jobs:
            if session.stopping():
                break
            result = perform(session, job, session.stopping)
            if not (result.is_failure and job.is_told(result)):
                troubles.heard(job.key, result, session.clock.now())
            on_job(job, result)
            results.append(result)
    return results

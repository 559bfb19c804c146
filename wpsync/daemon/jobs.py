"""What the service does, and how often.

For each account: every windowed resource is followed (what is new) and rechecked (what is due of the
past), every listing and report is read, rows that others name and that are not there are looked for, tokens are renewed and rotated; each night what the tables
hold is compared with the ledger. Each job has a deadline, after which it is left and begins anew at
its next time: what was committed stays.
"""

import logging
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from wpsync.alerts.watch import Watch
from wpsync.api.client import Client
from wpsync.errors import (
    DatabaseUnavailableError,
    Message,
    RetryableError,
    Stopped,
    UnwritableError,
    WpsyncError,
)
from wpsync.messages import classification
from wpsync.messages.classification import Cause
from wpsync.policy import DEFAULT
from wpsync.resources.spec import Mode, Resource
from wpsync.state import drift, jobs, runs, totals, vendor_words
from wpsync.state.jobs import JobKey
from wpsync.sync import nightly_verify, passes, retention
from wpsync.sync.account import Account, Learned, opened
from wpsync.sync.passes import Outcome
from wpsync.sync.run import defect, together
from wpsync.sync.schedule import every, wanted
from wpsync.sync.session import Session, pace_of, privacy_of
from wpsync.values import SHANGHAI

log = logging.getLogger(__name__)

Stopping = Callable[[], bool]

LIVE, RECHECK, SLOW, WATCH = "live", "recheck", "slow", "watch"
"""Lanes: jobs of one never wait for those of another, nor for those of another account."""

_DAILY = timedelta(days=1)
_RUNS_KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Result:
    """How a job ended: done, incomplete, failed, interrupted or deadline; and how many rows it wrote."""

    outcome: str
    error: Message | None = None
    written: int = 0

    @property
    def is_failure(self) -> bool:
        """It did not do what it was to do."""
        return self.outcome in ("failed", "deadline")


DONE = Result("done")


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done again and again. `nightly`: at half past three in Shanghai.

    `is_told`: whether people have been told already of what it failed with.
    """

    key: JobKey
    every: timedelta
    work: Callable[[Stopping], Result]
    lane: str = SLOW
    deadline: timedelta = DEFAULT.jobs.deadline
    nightly: bool = False
    is_told: Callable[[Result], bool] = lambda result: False

    def first_at(self, now: datetime, known: datetime | None) -> datetime:
        """When it runs after a start: when it was to run anyway, at once where that has passed."""
        if known is not None:
            return min(max(known, now), now + self.every)
        if not self.nightly:
            return now
        tonight = now.astimezone(SHANGHAI).replace(hour=3, minute=30, second=0, microsecond=0)
        return tonight if tonight > now else tonight + _DAILY


def all_jobs(session: Session, clients: dict[str, Client], watch: Watch) -> list[Job]:
    """Every job of the configuration; `clients` are the open ones of each account."""
    found = [job for name, client in clients.items() for job in _of_account(session, name, client)]
    often, deadline = session.policy.jobs.alerts_every, session.policy.jobs.deadline
    return [
        *found,
        Job(JobKey("", "alerts"), often, _alerting(session, watch, clients), WATCH, deadline),
        Job(
            JobKey("", "housekeeping"),
            _DAILY,
            _housekeeping(session, clients),
            deadline=deadline,
            nightly=True,
        ),
    ]


def _of_account(session: Session, name: str, client: Client) -> Iterator[Job]:
    learned = Learned()
    times = session.policy.jobs

    def is_told(result: Result) -> bool:
        return client.is_away and classification.shared(result.error) is Cause.VENDOR

    def job(
        purpose: str, often: timedelta, work: Callable[[Account], Result], **more: object
    ) -> Job:
        def with_account(stopping: Stopping) -> Result:
            pace = replace(pace_of(session.config, name, session.policy), quietly=True)
            with opened(
                name, client, session.database, session.clock, pace, stopping, learned
            ) as account:
                return work(account)

        key, deadline = JobKey(name, purpose), times.deadline
        return Job(key, often, with_account, deadline=deadline, is_told=is_told, **more)  # type: ignore[arg-type]  # Job's own fields

    for resource in wanted(session.config):
        live = resource.mode is Mode.WINDOWED
        follow = _reading(passes.follow, resource)
        yield job(
            resource.name,
            every(session.config, resource),
            follow,
            lane=LIVE if live else SLOW,
        )
        if live:
            again = _reading(passes.recheck, resource)
            yield job(f"{resource.name} recheck", times.recheck_every, again, lane=RECHECK)
        yield job(f"{resource.name} proof", _DAILY, _proving(resource), nightly=True)
        if resource.spans:
            look = _reading(passes.look_for_named, resource)
            often = session.policy.surveys.look_every
            yield job(f"{resource.name} named", often, look, lane=LIVE)
    tokens = JobKey(name, "tokens")

    def keep_tokens(stopping: Stopping) -> Result:
        client.authenticate()
        return DONE

    yield Job(tokens, times.tokens_every, keep_tokens, WATCH, times.deadline, is_told=is_told)


def _reading(
    read: Callable[[Account, Resource], Outcome | None], resource: Resource
) -> Callable[[Account], Result]:
    def work(account: Account) -> Result:
        outcome = read(account, resource)
        if outcome is None:
            return DONE
        written = outcome.rows_inserted + outcome.rows_updated
        return Result(outcome.outcome, together(outcome.problems), written)

    return work


def _proving(resource: Resource) -> Callable[[Account], Result]:
    def prove(account: Account) -> Result:
        left = [
            finding for finding in nightly_verify.prove(account, resource) if not finding.repaired
        ]
        if not left:
            return DONE
        return Result("incomplete", together([finding.message for finding in left]))

    return prove


def _alerting(
    session: Session, watch: Watch, clients: Mapping[str, Client]
) -> Callable[[Stopping], Result]:
    def look(stopping: Stopping) -> Result:
        now = session.clock.now()
        try:
            failed = watch.tick(session.database, now, _clocks(clients))
        except (UnwritableError, DatabaseUnavailableError) as exc:
            watch.away(
                now, socket.gethostname(), error=exc
            )  # nobody can enter it among the incidents
            raise
        watch.back()
        if failed:
            return Result("failed", Message("job.targets_unreachable", {"targets": failed}))
        return DONE

    return look


def _clocks(clients: Mapping[str, Client]) -> dict[str, timedelta | None]:
    """By how much our clock is ahead of each vendor's, where it has answered; None where it tells no time."""
    skews = {name: client.clock_skew() for name, client in clients.items()}
    return {
        name: skew
        for name, skew in skews.items()
        if skew is not None or clients[name].tells_no_time
    }


def _housekeeping(session: Session, clients: dict[str, Client]) -> Callable[[Stopping], Result]:
    def keep_house(stopping: Stopping) -> Result:
        now = retention.sure_now(session.clock.now(), clients.values())
        if now is None:
            return Result("incomplete", Message("job.no_vendor_time"))
        runs.prune_runs(session.database, now - _RUNS_KEPT)
        vendor_words.prune(session.database, now)
        drift.prune(session.database, now)
        totals.recount(session.database)
        forgotten = retention.apply(session.database, session.config.retention_of, now, stopping)
        if any(forgotten.values()):
            log.info("rows.forgotten", extra=forgotten)
        swept = retention.sweep(session.database)
        if swept.left:
            log.info("tables.not_swept", extra={"tables": list(swept.left)})
        return DONE

    return keep_house


def perform(
    session: Session, job: Job, stopping: Stopping, next_at: datetime | None = None
) -> Result:
    """Do a job once and enter how it went. Nothing is raised: what failed is tried at the next time."""
    clock, limit = session.clock, session.clock.monotonic() + job.deadline.total_seconds()

    def enough() -> bool:
        return stopping() or clock.monotonic() > limit

    try:
        seconds = int(job.every.total_seconds())
        jobs.begin_job(session.database, job.key, seconds, clock.now(), next_at)
        result = job.work(enough)
    except Stopped:
        seconds = round(job.deadline.total_seconds())
        late = Message("job.deadline", {"seconds": seconds})
        result = Result("interrupted") if stopping() else Result("deadline", late)
    except WpsyncError as exc:
        result = Result("failed", exc.message)
    except Exception as exc:  # noqa: BLE001 - a defect of ours in one job must not end the others
        result = Result("failed", defect(exc))
    _entered(session, job, result)
    return result


def _entered(session: Session, job: Job, result: Result) -> None:
    fields = {"account": job.key.account, "job": job.key.job, "outcome": result.outcome}
    log.debug("job.ended", extra={**fields, "error": result.error})
    try:
        now = session.clock.now()
        jobs.end_job(session.database, job.key, now, result.outcome, result.error)
        if result.error and privacy_of(session.config, job.key.account).is_off:
            vendor_words.keep(session.database, job.key.account, result.error, now)
    except (RetryableError, UnwritableError) as exc:
        log.debug("job.unrecorded", extra={**fields, "error": exc.message})

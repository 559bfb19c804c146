"""When the jobs run: APScheduler with a lane of threads for each kind of job of each account.

A vendor that hangs keeps the threads of its own account only, and a resource that is caught up with for hours,
or waits for its turn at the vendor, its own thread only. A job that is still at work is not begun again; missed times are
made up by one run and counted (`wpsync.jobs`). The wall clock may jump: then every job is set anew by the
time that truly passed.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from random import Random

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from wpsync.clock import Clock, SystemClock
from wpsync.daemon.failure_log import FailureLog
from wpsync.daemon.jobs import LIVE, RECHECK, SLOW, WATCH, Job, Result, perform
from wpsync.resources import RESOURCES
from wpsync.resources.spec import Mode
from wpsync.state import jobs as kept
from wpsync.sync.session import Session

log = logging.getLogger(__name__)

_WINDOWED = sum(resource.mode is Mode.WINDOWED for resource in RESOURCES.values())
_OTHERS = len(RESOURCES) - _WINDOWED
_NAMED = sum(resource.spans for resource in RESOURCES.values())

THREADS = {LIVE: _WINDOWED + _NAMED, RECHECK: _WINDOWED, SLOW: _OTHERS, WATCH: 1}
"""How many threads a lane of an account has.

Each resource has one of its own, so that a locked table never keeps another resource waiting: that of the history
alone holds up all listings.
"""

AT_ONCE = sum(THREADS.values())
"""How many jobs of an account may be at work."""

Ended = Callable[[Job, Result, float], None]
"""Hears of a job, how it ended, and the seconds that it took."""


def _lane(job: Job) -> str:
    return f"{job.lane}:{job.key.account}"


def _still_at_work(event: JobSubmissionEvent) -> None:
    """A time has come and the job is still at work: expected; the time is counted when it next begins."""
    log.debug("job.at_work", extra={"job": event.job_id})


class Scheduler:
    """Runs jobs in the background from `start` to `stop`."""

    def __init__(
        self,
        session: Session,
        jobs: Sequence[Job],
        *,
        on_ended: Ended = lambda job, result, seconds: None,
        wall: Clock | None = None,
        troubles: FailureLog | None = None,
    ) -> None:
        self._session = session
        self._policy = session.policy
        self._jobs = {f"{job.key.account}:{job.key.job}": job for job in jobs}
        self._on_ended = on_ended
        self._wall = wall or SystemClock()
        self._troubles = troubles or FailureLog(session.policy.jobs.log_again)
        lanes = {_lane(job): THREADS[job.lane] for job in jobs}
        self._lanes = {name: ThreadPoolExecutor(count) for name, count in lanes.items()}
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors=self._lanes,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(_still_at_work, EVENT_JOB_MAX_INSTANCES)
        self._offset = self._present_offset()

    def start(self) -> None:
        """Begin. Each job goes on with the time that it had before a restart."""
        kept.keep_jobs(self._session.database, [job.key for job in self._jobs.values()])
        known = kept.next_times(self._session.database)
        now, chance, share = self._session.clock.now(), Random(), self._policy.jobs.jitter
        for name, job in self._jobs.items():
            first = job.first_at(now, known.get(job.key))
            seconds = int(job.every.total_seconds())
            kept.plan_job(self._session.database, job.key, seconds, first)
            jitter = timedelta(seconds=job.every.total_seconds() * share * chance.random())
            self._scheduler.add_job(
                partial(self._run, name),
                IntervalTrigger(
                    seconds=seconds, timezone="UTC", jitter=int(seconds * share) or None
                ),
                id=name,
                executor=_lane(job),
                next_run_time=self._on_the_wall(first + (jitter if first > now else timedelta(0))),
            )
        self._scheduler.start()

    def look(self) -> None:
        """Notice a jump of the wall clock, by which APScheduler wakes; call it every second or so."""
        present = self._present_offset()
        jump = present - self._offset
        if abs(jump) > self._policy.clocks.jump:
            self._offset = present
            log.warning("clock.jumped", extra={"seconds": round(jump.total_seconds())})
            for planned in self._scheduler.get_jobs():
                planned.modify(next_run_time=planned.next_run_time + jump)

    def next_times(self) -> list[datetime]:
        """When the jobs are next, by the wall clock."""
        return sorted(planned.next_run_time for planned in self._scheduler.get_jobs())

    def stop(self) -> None:
        """End; waits for the jobs at work, which see the session's `stopping`.

        APScheduler itself would wait with its lock held, which a job that only begins asks for.
        """
        self._scheduler.shutdown(wait=False)
        for lane in self._lanes.values():
            lane.shutdown(wait=True)

    def _run(self, name: str) -> None:
        job = self._jobs[name]
        planned = self._scheduler.get_job(name)
        next_at = None
        if planned is not None and planned.next_run_time is not None:
            next_at = self._session.clock.now() + (planned.next_run_time - self._wall.now())
        began = self._session.clock.monotonic()
        result = perform(self._session, job, self._session.stopping, next_at)
        if not (result.is_failure and job.is_told(result)):
            self._troubles.heard(job.key, result, self._session.clock.now(), next_at)
        self._on_ended(job, result, self._session.clock.monotonic() - began)

    def _on_the_wall(self, at: datetime) -> datetime:
        return self._wall.now() + (at - self._session.clock.now())

    def _present_offset(self) -> timedelta:
        """The wall clock minus the time that truly passes."""
        monotonic = timedelta(seconds=self._wall.monotonic())
        return self._wall.now() - datetime.fromtimestamp(0, self._wall.now().tzinfo) - monotonic

"""Why data has fallen behind, and how it goes on: read off the state, in one place.

Pure. The page, `wpsync status` and the alerts show the same message for the same trouble.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from wpsync.errors import Message
from wpsync.resources import RESOURCES
from wpsync.status.resources import Status
from wpsync.status.service import Budget, JobStatus, Outage

READING = "cause.reading"
"""The code of data that is behind though nothing is wrong."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The reason why some resources of an account are behind: a message of the catalogue's area `cause`."""

    message: Message
    account: str = ""
    resources: list[str] = field(default_factory=list)


def of(status: Status, account: str, resource: str, *, served: bool) -> Message:
    """Return why a resource is behind. `served`: whether a service runs that reads it."""
    if not served:
        return Message("cause.stopped")
    if any(one.account == account and one.failures and one.paused_until for one in status.tokens):
        return Message("cause.credentials", {"account": account})
    outage = next((one for one in status.outages if one.account == account), None)
    if outage is not None:
        return silent(outage, served=True)
    for job in status.jobs:
        if job.account == account and job.job in (resource, f"{resource} recheck") and job.failures:
            return _failing(job, status.at)
    endpoint = RESOURCES[resource].endpoint
    for budget in status.budgets:
        if (budget.account, budget.endpoint) == (account, endpoint) and budget.exhausted:
            return waits(budget)
    return Message(READING)


def of_all(status: Status, late: Sequence[tuple[str, str]]) -> list[Cause]:
    """Return the causes of everything late; the resources of one cause are together."""
    found: list[Cause] = []
    for account, resource in late:
        message = of(status, account, resource, served=bool(status.instances))
        mine = next(
            (one for one in found if (one.account, one.message) == (account, message)), None
        )
        if mine is None:
            mine = Cause(message, account)
            found.append(mine)
        if resource not in mine.resources:
            mine.resources.append(resource)
    return found


def waits(one: Budget) -> Message:
    """Return why the requests of an endpoint wait for their turn."""
    if one.slowed_to is not None:
        return Message("cause.slowed", {"per_minute": one.slowed_to})
    return Message("cause.budget_short")


def silent(one: Outage, *, served: bool) -> Message:
    """Return since when a vendor does not answer, and the error met instead."""
    code = "cause.vendor_away" if served else "cause.vendor_was_away"
    return Message(code, {"since": one.since, "error": one.error})


def error(job: JobStatus) -> Message:
    """Return the error of a job that failed."""
    return job.error or Message("job.failed")


def _failing(job: JobStatus, now: datetime) -> Message:
    if job.next_at is None or job.next_at <= now:
        return Message("cause.job_retrying", {"error": error(job)})
    return Message("cause.job_waiting", {"error": error(job), "next_at": job.next_at})

"""Conditions, the trouble that needs a person: they are read off the state, each with a message of the catalogue's area `condition`.

Pure: the same state gives the same conditions. Messages name accounts, resources and counts: no name that
the vendor made up, and none of its words.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from wpsync.config import AlertsConfig
from wpsync.errors import Message
from wpsync.extract.events import Reason
from wpsync.messages.classification import Cause, shared
from wpsync.policy import DEFAULT, Incidents
from wpsync.resources import RESOURCES
from wpsync.resources.spec import Mode
from wpsync.status import causes
from wpsync.status.resources import Incomplete, ResourceStatus, Status

WARNING, CRITICAL = "warning", "critical"

_ERRORS = 3
"""How many different errors of failing jobs a message shows."""

_OF_THE_VENDOR = ("unreadable", "over_page_cap")
"""Why a window is incomplete where reading it again is all that can be done here, and is done."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One trouble that is there now. It becomes an incident when it has held for `hold`."""

    kind: str
    account: str
    resource: str
    severity: str
    message: Message
    hold: timedelta

    @property
    def key(self) -> tuple[str, str, str]:
        return self.kind, self.account, self.resource


@dataclass(frozen=True, slots=True)
class Counted:
    """Rows of a resource from midnight until this time of day: today, and in each of the weeks before."""

    account: str
    resource: str
    today: int
    before: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything that conditions are read off.

    `clocks`: by how much our clock is ahead of each vendor's; None where it answers and tells no time.
    """

    status: Status
    counted: Sequence[Counted] = field(default=())
    settle: timedelta = timedelta(minutes=2)
    clocks: Mapping[str, timedelta | None] = field(default_factory=dict)


def conditions(
    seen: Observed, settings: AlertsConfig, rules: Incidents = DEFAULT.incidents
) -> list[Condition]:
    """Every trouble that is there now."""
    status = seen.status
    found = [
        *_vendors(status, settings),
        *_clocks(seen, rules),
        *_stale(seen, settings, rules),
        *_gaps(status.incomplete, settings, rules),
        *_silent(seen, settings, rules),
        *_tokens(status, settings, rules),
        *_letters(status.resources, settings, rules),
        *_drift(status, rules),
        *_budgets(status, rules),
        *_jobs(status, rules),
    ]
    return list({condition.key: condition for condition in found}.values())


def _behind(seen: Observed, settings: AlertsConfig) -> Iterator[tuple[ResourceStatus, float]]:
    """Yield the resources that are older than they may be, with the minutes that they may be old."""
    jobs = {(job.account, job.job): job for job in seen.status.jobs}
    for one in seen.status.resources:
        job = jobs.get((one.account, one.resource))
        if one.minutes_behind is None or job is None:
            continue
        allowed = settings.stale_minutes + seen.settle.total_seconds() / 60
        allowed = max(allowed, 3 * job.every_seconds / 60)
        if one.minutes_behind > allowed:
            yield one, allowed


def _vendors(status: Status, settings: AlertsConfig) -> Iterator[Condition]:
    for one in status.outages:
        message = Message("condition.vendor_away", {"since": one.since, "error": one.error})
        hold = timedelta(minutes=settings.stale_minutes)
        yield Condition("vendor", one.account, "", CRITICAL, message, hold)


def _clocks(seen: Observed, rules: Incidents) -> Iterator[Condition]:
    """Yield the vendors whose clocks cannot be right, or ours is not: which rows are old enough is unsure."""
    for account, ahead in seen.clocks.items():
        if ahead is None:
            message = Message("condition.vendor_tells_no_time")
        elif abs(ahead) > rules.clock:
            days = round(ahead / timedelta(days=1))
            message = (
                Message("condition.vendor_clock_behind", {"days": days})
                if days > 0
                else Message("condition.vendor_clock_ahead", {"days": -days})
            )
        else:
            continue
        yield Condition("clock", account, "", WARNING, message, rules.hold)


def _stale(seen: Observed, settings: AlertsConfig, rules: Incidents) -> Iterator[Condition]:
    """Yield resources that are behind, except where another condition covers it: an outage, an odd listing."""
    status = seen.status
    since = {one.account: one.since for one in status.outages}
    whole = (i for i in status.incomplete if i.ends_at is None)
    odd = {(i.account, i.resource) for i in whole if RESOURCES[i.resource].parent is None}
    for one, allowed in _behind(seen, settings):
        assert one.minutes_behind is not None
        if (one.account, one.resource) in odd:
            continue
        away = (status.at - since.get(one.account, status.at)) / timedelta(minutes=1)
        if away and one.minutes_behind - away <= allowed:
            continue
        cause = causes.of(status, one.account, one.resource, served=True)
        params = {
            "resource": one.resource,
            "minutes": round(one.minutes_behind),
            "cause": cause,
        }
        message = Message("condition.stale", params)
        hold = rules.catching_up if cause.code == causes.READING else rules.hold
        yield Condition("stale", one.account, one.resource, CRITICAL, message, hold)


def _gaps(
    incomplete: Sequence[Incomplete], settings: AlertsConfig, rules: Incidents
) -> Iterator[Condition]:
    """Yield the windows and listings that still differ from the vendor: one condition for all windows, or all listings, of a resource."""
    alike: dict[tuple[str, str, bool], list[Incomplete]] = {}
    for one in incomplete:
        if one.ends_at is None and one.reason == "over_page_cap":
            yield _cut(one, rules)
        elif one.reason == Reason.MOSTLY_DEAD_LETTERS:
            message = Message("condition.window_refused", {"resource": one.resource})
            yield Condition("format", one.account, one.resource, CRITICAL, message, rules.hold)
        else:
            alike.setdefault((one.account, one.resource, one.ends_at is None), []).append(one)
    for (account, resource, is_listing), found in alike.items():
        message = _listings(resource, found) if is_listing else _windows(resource, found)
        hold = timedelta(hours=settings.gap_hours)
        yield Condition("gap", account, resource, WARNING, message, hold)


def _cut(one: Incomplete, rules: Incidents) -> Condition:
    params = {
        "resource": one.resource,
        "rows_seen": one.rows_seen,
        "vendor_count": one.vendor_count,
    }
    message = Message("condition.listing_cut", params)
    return Condition("cut", one.account, one.resource, WARNING, message, rules.hold)


def _reasons(found: Sequence[Incomplete]) -> list[str]:
    return list(dict.fromkeys(one.reason for one in found))


def _windows(resource: str, found: Sequence[Incomplete]) -> Message:
    of_the_vendor = all(one.reason in _OF_THE_VENDOR for one in found)
    code = "condition.windows_unreadable" if of_the_vendor else "condition.windows_differ"
    return Message(code, {"resource": resource, "windows": len(found), "reasons": _reasons(found)})


def _listings(resource: str, found: Sequence[Incomplete]) -> Message:
    """Return the message for listings: they have no window to look at, and every sync reads them again."""
    params: dict[str, object] = {"resource": resource, "reasons": _reasons(found)}
    declared = RESOURCES[resource]
    if declared.mode is Mode.REPORT:
        return Message("condition.report_incomplete", params)
    if declared.parent is not None:
        return Message(
            "condition.members_incomplete",
            {"resource": resource, "rooms": len(found), "reasons": params["reasons"]},
        )
    return Message("condition.listing_incomplete", params)


def _silent(seen: Observed, settings: AlertsConfig, rules: Incidents) -> Iterator[Condition]:
    """No rows where there always were some; unless it is we who have not read them."""
    late = {(one.account, one.resource) for one, _ in _behind(seen, settings)}
    away = {one.account for one in seen.status.outages}
    for one in seen.counted:
        if one.account in away or (one.account, one.resource) in late:
            continue
        if one.today or len(one.before) < rules.usual_weeks or min(one.before) < rules.usual_rows:
            continue
        usual = sorted(one.before)[len(one.before) // 2]
        message = Message("condition.silence", {"resource": one.resource, "usual": usual})
        yield Condition("silence", one.account, one.resource, WARNING, message, rules.silence)


def _tokens(status: Status, settings: AlertsConfig, rules: Incidents) -> Iterator[Condition]:
    for one in status.tokens:
        if one.failures and one.paused_until is not None:
            message = Message("condition.credentials", {"account": one.account})
            yield Condition("credentials", one.account, "", CRITICAL, message, timedelta(0))
        days = (status.at - one.issued_at) / timedelta(days=1)
        if days >= settings.token_days:
            message = Message("condition.token_age", {"account": one.account, "days": round(days)})
            yield Condition("token_age", one.account, "", WARNING, message, rules.token_age)


def _letters(
    resources: Sequence[ResourceStatus], settings: AlertsConfig, rules: Incidents
) -> Iterator[Condition]:
    for one in resources:
        if one.dead_letters > settings.dead_letters:
            params = {"resource": one.resource, "letters": one.dead_letters}
            message = Message("condition.dead_letters", params)
            yield Condition("dead_letters", one.account, one.resource, WARNING, message, rules.hold)


def _drift(status: Status, rules: Incidents) -> Iterator[Condition]:
    for account in dict.fromkeys(one.account for one in status.drift_counts):
        new = [one for one in status.drift_counts if one.account == account and one.new]
        if new:
            resources = [one.resource for one in new]
            params = {"count": sum(one.new for one in new), "resources": resources}
            message = Message("condition.drift", params)
            yield Condition("drift", account, "", WARNING, message, rules.hold)


def _budgets(status: Status, rules: Incidents) -> Iterator[Condition]:
    for one in status.budgets:
        if one.exhausted:
            params = {"endpoint": one.endpoint, "cause": causes.waits(one)}
            message = Message("condition.budget", params)
            yield Condition("budget", one.account, one.endpoint, WARNING, message, rules.budget)


def _jobs(status: Status, rules: Incidents) -> Iterator[Condition]:
    """Yield the jobs of each account that keep failing, for causes that no other condition covers.

    After an outage each job is given the time to get through again.
    """
    away = {(one.account, Cause.VENDOR) for one in status.outages}
    away |= {(one.account, Cause.CREDENTIALS) for one in status.tokens if one.failures}
    failing = [
        job
        for job in status.jobs
        if job.failures >= rules.failures
        and job.job != "alerts"
        and (job.account, shared(job.error)) not in away
    ]
    for account in dict.fromkeys(job.account for job in failing):
        mine = [job for job in failing if job.account == account]
        found = {shared(job.error) for job in mine}
        errors = list({error.code: error for error in map(causes.error, mine)}.values())
        params = {"jobs": [job.job for job in mine[:5]], "errors": errors[:_ERRORS]}
        longest = timedelta(seconds=max(job.every_seconds for job in mine))
        yield Condition(
            "job",
            account,
            "",
            CRITICAL if Cause.DATABASE in found else WARNING,
            Message("condition.jobs_failing", params),
            rules.hold + longest if found == {Cause.VENDOR} else rules.hold,
        )

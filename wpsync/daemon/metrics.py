"""What machines are told: counters of this process, and the state of the database, for Prometheus.

No label holds personal data: accounts, resources, endpoints, jobs and outcomes are names of ours or of
the vendor's document.
"""

from collections.abc import Iterator
from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from wpsync.daemon.jobs import Job, Result
from wpsync.daemon.service import Service
from wpsync.db.heartbeat import LEADER
from wpsync.errors import DatabaseUnavailableError
from wpsync.status.monitor import Monitor
from wpsync.status.resources import Status

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_JOB_SECONDS = (0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200)


class Metrics:
    """The registry of one process. Thread-safe."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "wpsync_requests_total",
            "Requests to the vendor",
            ("account", "endpoint", "outcome"),
            registry=self._registry,
        )
        self._request_seconds = Histogram(
            "wpsync_request_seconds",
            "How long the vendor took to answer",
            ("account", "endpoint"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._written = Counter(
            "wpsync_rows_written_total",
            "Rows inserted or changed",
            ("account", "job"),
            registry=self._registry,
        )
        self._job_seconds = Histogram(
            "wpsync_job_seconds",
            "How long jobs took",
            ("account", "job", "outcome"),
            buckets=_JOB_SECONDS,
            registry=self._registry,
        )
        self._leads = Gauge("wpsync_leader", "1 where this instance leads", registry=self._registry)

    def on_request(self, account: str, endpoint: str, outcome: str, seconds: float) -> None:
        """A request has ended: ok, refused, rejected, rate_limited or unavailable."""
        self._requests.labels(account, endpoint, outcome).inc()
        self._request_seconds.labels(account, endpoint).observe(seconds)

    def on_ended(self, job: Job, result: Result, seconds: float) -> None:
        """A job has ended."""
        self._job_seconds.labels(job.key.account, job.key.job, result.outcome).observe(seconds)
        self._written.labels(job.key.account, job.key.job).inc(result.written)

    def attach(self, service: Service) -> None:
        """Tell the state of the database too, at every scrape."""
        self._leads.set_function(lambda: float(service.role == LEADER))
        self._registry.register(_State(service))

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)


class _State:
    """Reads the database when it is asked."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def describe(self) -> list[Metric]:
        """Nothing beforehand: the names depend on nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        monitor: Monitor = self._service.monitor
        up = GaugeMetricFamily(
            "wpsync_database_up", "1 where the database answers in time and takes writes"
        )
        try:
            status = monitor.state()
        except DatabaseUnavailableError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], status.is_current and not self._service.commits_hang)
        yield up
        age = GaugeMetricFamily(
            "wpsync_state_age_seconds",
            "How old the state is that the following metrics tell: it grows while the database does not answer",
        )
        age.add_metric([], max(0.0, (monitor.now() - status.at) / timedelta(seconds=1)))
        missing = GaugeMetricFamily(
            "wpsync_table_unread",
            "1 where a table cannot be read now, as while it is locked: its numbers are older",
            labels=("table",),
        )
        for one in status.missing:
            missing.add_metric((one.table,), 1)
        yield from (age, missing)
        yield from _resources(status)
        yield from _jobs_and_tokens(status)


def _resources(status: Status) -> Iterator[Metric]:
    whose = ("account", "resource")
    kinds = {
        "freshness_seconds": "Age of the newest instant up to which everything has been read",
        "rows": "Rows held, as the ledger accounts for them; of listings those of the last reading",
        "incomplete_windows": "Windows and listings that could not be proved complete",
        "gaps": "Stretches inside the ledger that nobody has read",
        "dead_letters": "Rows that could not be taken",
        "awaited_rows": "Rows whose content is still to change",
        "gone_rows": "Rows that we keep and the vendor no longer lists",
    }
    found = {
        name: GaugeMetricFamily(f"wpsync_{name}", text, labels=whose)
        for name, text in kinds.items()
    }
    for one in status.resources:
        label = (one.account, one.resource)
        if one.minutes_behind is not None:
            found["freshness_seconds"].add_metric(label, one.minutes_behind * 60)
        found["rows"].add_metric(label, one.rows)
        found["incomplete_windows"].add_metric(label, one.incomplete)
        found["gaps"].add_metric(label, one.gaps)
        found["dead_letters"].add_metric(label, one.dead_letters)
        found["awaited_rows"].add_metric(label, one.awaited)
        found["gone_rows"].add_metric(label, one.gone_rows)
    yield from found.values()


def _jobs_and_tokens(status: Status) -> Iterator[Metric]:
    failures = GaugeMetricFamily(
        "wpsync_job_failures", "Failures of a job in a row", labels=("account", "job")
    )
    missed = GaugeMetricFamily(
        "wpsync_job_missed", "Times that a job was missed, in all", labels=("account", "job")
    )
    for job in status.jobs:
        failures.add_metric((job.account, job.job), job.failures)
        missed.add_metric((job.account, job.job), job.missed)
    used = GaugeMetricFamily(
        "wpsync_budget_used",
        "Requests that count in the present minute",
        labels=("account", "endpoint"),
    )
    limit = GaugeMetricFamily(
        "wpsync_budget_limit", "Requests that a minute may hold", labels=("account", "endpoint")
    )
    for budget in status.budgets:
        if budget.used is not None and budget.limit is not None:
            used.add_metric((budget.account, budget.endpoint), budget.used)
            limit.add_metric((budget.account, budget.endpoint), budget.limit)
    age = GaugeMetricFamily("wpsync_token_age_seconds", "Age of the tokens", labels=("account",))
    rejected = GaugeMetricFamily(
        "wpsync_token_rejections", "Logins that were rejected, in a row", labels=("account",)
    )
    for tokens in status.tokens:
        age.add_metric((tokens.account,), (status.at - tokens.issued_at) / timedelta(seconds=1))
        rejected.add_metric((tokens.account,), tokens.failures)
    drift = GaugeMetricFamily("wpsync_drift", "Things the vendor sends that no declaration knows")
    drift.add_metric([], sum(one.noted for one in status.drift_counts))
    yield from (failures, missed, used, limit, age, rejected, drift)

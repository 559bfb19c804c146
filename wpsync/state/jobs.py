"""The service's jobs as they are kept: when each ran, how it ended, when it is next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wpsync.db.database import Database
from wpsync.db.queries import statements
from wpsync.errors import Message
from wpsync.state import errors

QUERIES = statements(__name__)


@dataclass(frozen=True, slots=True)
class JobKey:
    """Which job: `account` is empty for those of the whole service."""

    account: str
    job: str

    def parameters(self, **more: object) -> dict[str, object]:
        return {"account": self.account, "job": self.job, **more}


def next_times(database: Database) -> dict[JobKey, datetime]:
    """When each job was to run next, as it was last known."""
    with database.connection() as connection:
        rows = connection.execute(QUERIES["job_next_times"]).fetchall()
    return {JobKey(str(a), str(j)): at for a, j, at in rows if isinstance(at, datetime)}


def plan_job(database: Database, key: JobKey, every_seconds: int, next_at: datetime) -> None:
    """Say when a job will first run; one that has run before is left alone."""
    with database.connection() as connection:
        values = key.parameters(every=every_seconds, next_at=next_at)
        connection.execute(QUERIES["plan_job"], values)


def begin_job(
    database: Database, key: JobKey, every_seconds: int, at: datetime, next_at: datetime | None
) -> None:
    """A job begins; times that passed since it was due are counted as missed."""
    values = key.parameters(every=every_seconds, at=at, next_at=next_at)
    with database.connection() as connection:
        connection.execute(QUERIES["begin_job"], values)


def end_job(
    database: Database, key: JobKey, at: datetime, outcome: str, error: Message | None
) -> None:
    """A job ends: done, incomplete, failed, interrupted or deadline."""
    values = key.parameters(at=at, outcome=outcome, **errors.columns(error))
    with database.connection() as connection:
        connection.execute(QUERIES["end_job"], values)


def keep_jobs(database: Database, keys: Sequence[JobKey]) -> None:
    """Forget the jobs that are no longer there, and those that a dead process left running."""
    names = [f"{key.account}:{key.job}" for key in keys]
    with database.connection() as connection:
        connection.execute(QUERIES["keep_jobs"], {"names": names})
        connection.execute(QUERIES["end_abandoned_runs"], errors.columns(Message("job.abandoned")))

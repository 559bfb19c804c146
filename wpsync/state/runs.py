"""Runs of syncs, backfills and checks: when each began, how it ended, and the rows it wrote."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from wpsync.db.database import Database
from wpsync.db.queries import statements
from wpsync.errors import Message
from wpsync.state import errors
from wpsync.state.scope import Scope

QUERIES = statements(__name__)


@dataclass(slots=True)
class RunTotals:
    """What a run has done so far."""

    requests: int = 0
    rows_read: int = 0
    rows_inserted: int = 0
    rows_updated: int = 0
    dead_letters: int = 0
    windows: int = 0


def open_run(database: Database, scope: Scope, kind: str, at: datetime) -> int:
    """A run begins; returns its number."""
    with database.connection() as connection:
        row = connection.execute(QUERIES["open_run"], scope.parameters(kind=kind, at=at)).fetchone()
    assert row is not None
    return cast("int", row[0])


def next_run_id(database: Database) -> int:
    """Return the number of a run that gets a row only if it does something."""
    with database.connection() as connection:
        row = connection.execute(QUERIES["next_run_id"]).fetchone()
    assert row is not None
    return cast("int", row[0])


def enter_run(database: Database, scope: Scope, kind: str, run_id: int, began: datetime) -> None:
    """Insert the row of a run that began without one; does nothing where it is there."""
    parameters = scope.parameters(kind=kind, id=run_id, started_at=began)
    with database.connection() as connection:
        connection.execute(QUERIES["enter_run"], parameters)


def note_idle_run(
    database: Database, scope: Scope, kind: str, began: datetime, at: datetime, totals: RunTotals
) -> None:
    """Note a run that did nothing: runs of a kind that did nothing, one after the other, share a row."""
    parameters = scope.parameters(
        kind=kind,
        started_at=began,
        at=at,
        requests=totals.requests,
        rows_read=totals.rows_read,
    )
    with database.transaction() as connection:
        if connection.execute(QUERIES["repeat_idle_run"], parameters).fetchone() is None:
            connection.execute(QUERIES["first_idle_run"], parameters)


def count_requests(database: Database, account: str, began: datetime, requests: int) -> None:
    """Add a run's requests to those of the hour in which it began."""
    parameters = {"account": account, "started_at": began, "requests": requests}
    with database.connection() as connection:
        connection.execute(QUERIES["count_requests"], parameters)


def last_run_at(database: Database, scope: Scope, kind: str) -> datetime | None:
    """When the last run of a kind began that did not fail; None where there was none."""
    with database.connection() as connection:
        row = connection.execute(QUERIES["last_run_at"], scope.parameters(kind=kind)).fetchone()
    return None if row is None else cast("datetime | None", row[0])


def finish_run(
    database: Database,
    run_id: int,
    at: datetime,
    outcome: str,
    totals: RunTotals,
    error: Message | None,
) -> None:
    """A run ends: done, incomplete, failed or interrupted."""
    parameters = {
        "id": run_id,
        "at": at,
        "outcome": outcome,
        "requests": totals.requests,
        "rows_read": totals.rows_read,
        "rows_inserted": totals.rows_inserted,
        "rows_updated": totals.rows_updated,
        "dead_letters": totals.dead_letters,
        **errors.columns(error),
    }
    with database.connection() as connection:
        connection.execute(QUERIES["finish_run"], parameters)


def prune_runs(database: Database, before: datetime) -> int:
    """Forget old runs; returns how many."""
    with database.connection() as connection:
        connection.execute(QUERIES["prune_requests"], {"before": before})
        return connection.execute(QUERIES["prune_runs"], {"before": before}).rowcount

"""Incidents as they are kept: the trouble as a message, since when, and which alerts were sent."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import dict_row

from wpsync.db.database import Connection, Database
from wpsync.db.queries import statements
from wpsync.errors import Message
from wpsync.state import errors

QUERIES = statements(__name__)


@dataclass(slots=True)
class Incident:
    """One trouble of one kind. `opened_at` None: seen, and perhaps gone again before it counts.

    `absent` is how often in a row it was not seen. `told_at` and `closing_told_at` are when a message
    was sent.
    """

    id: int
    kind: str
    account: str
    resource: str
    severity: str
    message: Message
    first_seen_at: datetime
    opened_at: datetime | None
    last_seen_at: datetime
    absent: int
    closed_at: datetime | None
    told_at: datetime | None
    closing_told_at: datetime | None

    @property
    def key(self) -> tuple[str, str, str]:
        return self.kind, self.account, self.resource


@contextmanager
def taken(database: Database) -> Iterator[Connection]:
    """Open a transaction in which nothing else reads or writes incidents."""
    with database.transaction() as connection:
        connection.execute(QUERIES["lock_incidents"])
        yield connection


def unfinished(connection: Connection) -> list[Incident]:
    """Return the incidents that are not over, and those whose end was not sent yet."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(QUERIES["unfinished_incidents"]).fetchall()
    return [Incident(message=errors.taken(row), **row) for row in rows]  # type: ignore[arg-type]  # never null there


def begin(
    connection: Connection,
    key: tuple[str, str, str],
    severity: str,
    message: Message,
    at: datetime,
) -> None:
    """Enter trouble that is seen for the first time."""
    kind, account, resource = key
    values = {"kind": kind, "account": account, "resource": resource, "severity": severity}
    connection.execute(QUERIES["begin_incident"], {**values, "at": at, **errors.columns(message)})


def keep(connection: Connection, incident: Incident) -> None:
    """Write an incident as it is now."""
    values = {name: getattr(incident, name) for name in Incident.__slots__ if name != "message"}
    connection.execute(QUERIES["keep_incident"], {**values, **errors.columns(incident.message)})


def forget(connection: Connection, incidents: Sequence[Incident]) -> None:
    """Remove trouble that passed before it was an incident."""
    ids = [incident.id for incident in incidents]
    connection.execute(QUERIES["forget_incidents"], {"ids": ids})

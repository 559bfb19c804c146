"""Incidents as they are kept: what is wrong, since when, and what was said of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from wpsync.db.database import Connection, Database
from wpsync.db.queries import statements

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
    zh: str
    en: str
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
    """A transaction in which nobody else looks at the incidents."""
    with database.transaction() as connection:
        connection.execute(QUERIES["lock_incidents"])
        yield connection


def unfinished(connection: Connection) -> list[Incident]:
    """Those that are not over, and those whose end nobody was told."""
    with connection.cursor(row_factory=class_row(Incident)) as cursor:
        return cursor.execute(QUERIES["unfinished_incidents"]).fetchall()


def begin(connection: Connection, values: dict[str, object]) -> None:
    """Something is seen for the first time."""
    connection.execute(QUERIES["begin_incident"], values)


def keep(connection: Connection, incident: Incident) -> None:
    """Write an incident as it is now."""
    values = {name: getattr(incident, name) for name in Incident.__slots__}
    connection.execute(QUERIES["keep_incident"], values)


def forget(connection: Connection, incidents: Sequence[Incident]) -> None:
    """Remove what never became an incident."""
    ids = [incident.id for incident in incidents]
    connection.execute(QUERIES["forget_incidents"], {"ids": ids})

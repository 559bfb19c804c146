"""The ledger of listings: how each listing was last read, and how often it came back empty.

Functions that take part in the transaction of a listing's rows get its connection; the others get the database.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row, scalar_row

from wpsync.db.database import Connection, Database
from wpsync.db.queries import statements
from wpsync.ledger import Reading
from wpsync.policy import DEFAULT
from wpsync.state.scope import Scope

QUERIES = statements(__name__)


def close_listing(
    connection: Connection,
    scope: Scope,
    parent_id: str,
    reading: Reading,
    fingerprint: str | None,
    run_id: int,
    apart: timedelta = DEFAULT.distrust.listing_apart,
    digest: int | None = None,
) -> None:
    """Enter a whole reading of a listing into the ledger, in the transaction of its rows.

    An empty reading less than `apart` after another does not count: it may be the same trouble. `digest` is of the rows
    as the reading left them; without one the digest stays.
    """
    connection.execute(
        QUERIES["close_listing"],
        scope.parameters(
            parent_id=parent_id,
            vendor_count=reading.vendor_count,
            rows_seen=reading.rows_seen,
            state=reading.state,
            reason=reading.reason,
            fingerprint=fingerprint,
            read_at=reading.read_at,
            run_id=run_id,
            apart=apart,
            digest=digest,
        ),
    )


def digest(connection: Connection, scope: Scope, parent_id: str) -> int | None:
    """Return the digest of a listing's rows as they were written last, as far as it is known."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        found = cursor.execute(QUERIES["digest"], scope.parameters(parent_id=parent_id)).fetchone()
    return None if found is None else int(found)


def shift_digest(connection: Connection, scope: Scope, parent_id: str, shift: int) -> None:
    """Note how rows that were written beside a reading changed the digest."""
    parameters = scope.parameters(parent_id=parent_id, shift=shift)
    connection.execute(QUERIES["shift_digest"], parameters)


def forget_digests(connection: Connection, account: str, resources: Collection[str]) -> None:
    """Rows of these listings were changed with good reason: the next readings tell their digests anew."""
    if resources:
        parameters = {"account": account, "resources": list(resources)}
        connection.execute(QUERIES["forget_digests"], parameters)


@dataclass(frozen=True, slots=True)
class ListingState:
    """How a listing (of one parent) was read last.

    `empty_readings`: how many readings in a row showed nothing although rows are held, `empty_at` the last of
    them; of those less than `apart` (`close_listing`) apart only the first counts.
    """

    parent_id: str
    fingerprint: str | None
    complete_at: datetime | None
    state: str
    rows_seen: int
    empty_readings: int
    empty_at: datetime | None


def listings(database: Database, scope: Scope) -> dict[str, ListingState]:
    """How each listing of a resource was read last, by parent id (empty where there is none)."""
    with (
        database.connection() as connection,
        connection.cursor(row_factory=class_row(ListingState)) as cursor,
    ):
        rows = cursor.execute(QUERIES["listings"], scope.parameters()).fetchall()
    return {row.parent_id: row for row in rows}


def doubt_empty_listings(database: Database, scope: Scope) -> None:
    """The vendor could not be read: what it did not show before that says nothing."""
    with database.connection() as connection:
        connection.execute(QUERIES["doubt_empty_listings"], scope.parameters())


def shows_rows(database: Database, scope: Scope, parent_id: str, since: datetime) -> bool:
    """Whether the vendor has shown rows in another listing of the account since an instant."""
    parameters = scope.parameters(parent_id=parent_id, since=since)
    with database.connection() as connection, connection.cursor(row_factory=scalar_row) as cursor:
        return bool(cursor.execute(QUERIES["shows_rows"], parameters).fetchone())

"""wpsync's own state: runs, the ledger of listings, plan, dead letters; `load.ledgers` keeps that of windows.

One typed function per need over the named statements of queries.sql. Functions that take part in a
window's transaction get its connection; the others get the database.
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from psycopg.rows import class_row, dict_row

from wpsync.errors import DatabaseUnavailableError
from wpsync.ledger import Reading
from wpsync.load.database import Connection, Database
from wpsync.load.queries import QUERIES
from wpsync.model import DeadLetter, Window

log = logging.getLogger(__name__)

EMPTY_APART = timedelta(hours=6)
"""What a listing does not show so soon after another empty reading may be the same trouble."""


@dataclass(slots=True)
class RunTotals:
    """What a run has done so far."""

    requests: int = 0
    rows_read: int = 0
    rows_inserted: int = 0
    rows_updated: int = 0
    dead_letters: int = 0
    windows: int = 0


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose state: one resource of one account."""

    account: str
    resource: str

    def parameters(self, **more: object) -> dict[str, object]:
        return {"account": self.account, "resource": self.resource, **more}


def open_run(database: Database, scope: Scope, kind: str, at: datetime) -> int:
    """A run begins; returns its number."""
    with database.connection() as connection:
        row = connection.execute(QUERIES["open_run"], scope.parameters(kind=kind, at=at)).fetchone()
    assert row is not None
    return cast("int", row[0])


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
    error: str | None,
) -> None:
    """A run ends: done, incomplete, failed or interrupted."""
    parameters = {
        "id": run_id,
        "at": at,
        "outcome": outcome,
        "error": error,
        "requests": totals.requests,
        "rows_read": totals.rows_read,
        "rows_inserted": totals.rows_inserted,
        "rows_updated": totals.rows_updated,
        "dead_letters": totals.dead_letters,
    }
    with database.connection() as connection:
        connection.execute(QUERIES["finish_run"], parameters)


def close_listing(
    connection: Connection,
    scope: Scope,
    parent_id: str,
    reading: Reading,
    fingerprint: str | None,
    run_id: int,
) -> None:
    """Enter a whole reading of a listing into the ledger, in the transaction of its rows."""
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
            apart=EMPTY_APART,
        ),
    )


@dataclass(frozen=True, slots=True)
class ListingState:
    """How a listing (of one parent) was read last.

    `empty_readings`: how many readings in a row showed nothing although rows are held, `empty_at` the last of
    them; of those within `EMPTY_APART` of each other only the first counts.
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
    (found,) = rows(database, "shows_rows", parameters)
    return bool(found["exists"])


def forget_gone_rooms(database: Database, account: str, at: datetime) -> int:
    """Mark the members of rooms that are gone, and drop the rooms' listings; returns how many were marked."""
    (found,) = rows(database, "forget_gone_rooms", {"account": account, "at": at})
    return cast("int", found["count"])


def planned(database: Database, scope: Scope, window: Window) -> dict[Window, int]:
    """The stretches touching a span whose rows were counted, with their counts."""
    parameters = scope.parameters(starts_at=window.start, ends_at=window.end)
    with database.connection() as connection:
        rows = connection.execute(QUERIES["planned"], parameters).fetchall()
    return {
        Window(cast("datetime", start), cast("datetime", end)): cast("int", count)
        for start, end, count in rows
    }


def plan(database: Database, scope: Scope, window: Window, count: int, at: datetime) -> None:
    """Keep a counted stretch, so that an interrupted backfill need not ask again."""
    parameters = scope.parameters(
        starts_at=window.start, ends_at=window.end, vendor_count=count, at=at
    )
    with database.connection() as connection:
        connection.execute(QUERIES["plan"], parameters)


def keep_dead_letters(
    connection: Connection,
    account: str,
    letters: Iterable[DeadLetter],
    at: datetime,
    run_id: int | None,
) -> int:
    """Keep what could not be taken; returns how many were new. Keeping a letter twice changes nothing."""
    new = 0
    for letter in letters:
        print_of = "\0".join((letter.reason, letter.record_id or "", letter.original))
        row = connection.execute(
            QUERIES["keep_dead_letter"],
            {
                "account": account,
                "resource": letter.resource,
                "record_id": letter.record_id,
                "reason": letter.reason,
                "detail": letter.detail,
                "original": letter.original,
                "fingerprint": hashlib.sha256(print_of.encode()).hexdigest(),
                "at": at,
                "run_id": run_id,
            },
        ).fetchone()
        new += row is not None
    return new


def note_drift(
    connection: Connection, scope: Scope, drift: Mapping[tuple[str, str], int], at: datetime
) -> None:
    """Count what no declaration knows: fields, types, kinds of message."""
    for (what, name), seen in sorted(drift.items()):
        parameters = scope.parameters(what=what, name=name, seen=seen, at=at)
        connection.execute(QUERIES["note_drift"], parameters)


def resolve_read_messages(connection: Connection, account: str, at: datetime) -> None:
    """Close the letters of messages that were unreadable and have been read since."""
    scope = Scope(account, "wechat_messages")
    row = connection.execute(QUERIES["any_open_dead_letter"], scope.parameters()).fetchone()
    if row is not None and row[0]:
        connection.execute(QUERIES["resolve_read_messages"], {"account": account, "at": at})


@dataclass(frozen=True, slots=True)
class KeptLetter:
    """A dead letter as stored. `original` is None in listings: it may hold what people wrote."""

    id: int
    account: str
    resource: str
    record_id: str | None
    reason: str
    detail: str
    first_seen_at: datetime
    resolved_at: datetime | None
    original: str | None = None


def dead_letters(
    database: Database, *, resource: str | None = None, resolved: bool = False, limit: int = 100
) -> list[KeptLetter]:
    """Dead letters without their originals, newest first."""
    parameters = {"resource": resource, "all": resolved, "limit": limit}
    with (
        database.connection() as connection,
        connection.cursor(row_factory=class_row(KeptLetter)) as cursor,
    ):
        return cursor.execute(QUERIES["dead_letters"], parameters).fetchall()


def dead_letter(database: Database, number: int) -> KeptLetter | None:
    """One dead letter with its original."""
    with (
        database.connection() as connection,
        connection.cursor(row_factory=class_row(KeptLetter)) as cursor,
    ):
        return cursor.execute(QUERIES["dead_letter"], {"id": number}).fetchone()


def open_dead_letters(database: Database, *, after: int) -> list[KeptLetter]:
    """Up to 500 open letters with their originals, in order of number, beginning after `after`."""
    with (
        database.connection() as connection,
        connection.cursor(row_factory=class_row(KeptLetter)) as cursor,
    ):
        return cursor.execute(QUERIES["open_dead_letters"], {"after": after}).fetchall()


def not_yet_kept(
    connection: Connection, scope: Scope, letters: Sequence[DeadLetter]
) -> list[DeadLetter]:
    """Those of which no open letter of the same record and reason is there: one is enough, and the first,
    from the vendor's own reply, is the better one."""
    if not letters:
        return []
    records = [letter.record_id for letter in letters if letter.record_id is not None]
    known = connection.execute(
        QUERIES["open_letters_of"], scope.parameters(records=records)
    ).fetchall()
    return [letter for letter in letters if (letter.record_id, letter.reason) not in known]


def resolve_dead_letter(connection: Connection, number: int, at: datetime) -> None:
    """A letter that was taken after all."""
    connection.execute(QUERIES["resolve_dead_letter"], {"id": number, "at": at})


def agents(database: Database, account: str) -> list[str]:
    """The ids of agents that still exist."""
    return [str(row["id"]) for row in rows(database, "agents", {"account": account})]


@dataclass(frozen=True, slots=True)
class Room:
    """A room, with the fingerprint that changes when its members may have, and how many it says it has."""

    id: str
    fingerprint: str
    members: int | None


def rooms(database: Database, account: str) -> dict[str, Room]:
    """The rooms that still exist, by id."""
    with (
        database.connection() as connection,
        connection.cursor(row_factory=class_row(Room)) as cursor,
    ):
        found = cursor.execute(QUERIES["rooms"], {"account": account}).fetchall()
    return {room.id: room for room in found}


def rows(
    database: Database, query: str, parameters: Mapping[str, object] | None = None
) -> list[dict[str, object]]:
    """The rows of a named statement, for read models."""
    with database.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cast(
            "list[dict[str, object]]", cursor.execute(QUERIES[query], parameters or {}).fetchall()
        )


def keep_backfill(
    database: Database, account: str, resource: str, span: Window, **progress: object
) -> None:
    """Note how far a backfill is. A database that is away is not waited for: the next note will do."""
    whose = {"account": account, "resource": resource}
    values = {**whose, "starts_at": span.start, "ends_at": span.end, **progress}
    try:
        with database.connection() as connection:
            connection.execute(QUERIES["keep_backfill"], values)
    except DatabaseUnavailableError:
        log.debug("backfill.unnoted", extra=whose)

"""Dead letters: records that could not be stored, with the reason and the original.

Functions that take part in a window's transaction get its connection; the others get the database.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from wpsync.db.database import Connection, Database
from wpsync.db.queries import rows, statements
from wpsync.errors import Message
from wpsync.model import DeadLetter
from wpsync.resources import TABLES
from wpsync.resources.wechat import WECHAT_MESSAGES
from wpsync.state import errors
from wpsync.state.scope import Scope

QUERIES = statements(__name__)

_RESOLVE_WRITTEN = """
update wpsync.dead_letters d set resolved_at = %(at)s
from {target} t
where d.account = %(account)s and d.resource = %(resource)s and d.reason = 'refused_by_postgres'
  and d.error_params->>'table' = %(table)s and d.resolved_at is null
  and t._account = d.account and t.{key} = d.record_id and t._synced_at >= d.first_seen_at
"""
"""Rows that were refused and have been written since, however they came."""


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
                **errors.columns(letter.error),
                "original": letter.original,
                "fingerprint": hashlib.sha256(print_of.encode()).hexdigest(),
                "at": at,
                "run_id": run_id,
            },
        ).fetchone()
        new += row is not None
    return new


def resolve_read_messages(connection: Connection, account: str, at: datetime) -> None:
    """Close the letters of messages that were unreadable and have been read since."""
    scope = Scope(account, WECHAT_MESSAGES.name)
    row = connection.execute(QUERIES["any_open_dead_letter"], scope.parameters()).fetchone()
    if row is not None and row[0]:
        connection.execute(QUERIES["resolve_read_messages"], {"account": account, "at": at})


def resolve_written(connection: Connection, scope: Scope, at: datetime) -> int:
    """Close the letters of rows that Postgres refused and that are there now; return how many."""
    tables = connection.execute(QUERIES["refusing_tables"], scope.parameters()).fetchall()
    closed = 0
    for (name,) in tables:
        table = TABLES.get(str(name))
        if table is not None and len(table.key) == 1:
            statement = sql.SQL(_RESOLVE_WRITTEN).format(
                target=sql.Identifier("wp", table.name), key=sql.Identifier(table.key[0])
            )
            parameters = scope.parameters(table=table.name, at=at)
            closed += connection.execute(statement, parameters).rowcount
    return closed


@dataclass(frozen=True, slots=True)
class KeptLetter:
    """A dead letter as stored. `original` is None in listings: it may hold what people wrote."""

    id: int
    account: str
    resource: str
    record_id: str | None
    reason: str
    error: Message
    first_seen_at: datetime
    resolved_at: datetime | None
    original: str | None = None


def dead_letters(
    database: Database, *, resource: str | None = None, resolved: bool = False, limit: int = 100
) -> list[KeptLetter]:
    """Dead letters without their originals, newest first."""
    parameters = {"resource": resource, "all": resolved, "limit": limit}
    return [_letter(row) for row in rows(database, QUERIES["dead_letters"], parameters)]


def dead_letter(database: Database, number: int) -> KeptLetter | None:
    """One dead letter with its original."""
    found = rows(database, QUERIES["dead_letter"], {"id": number})
    return _letter(found[0]) if found else None


def open_dead_letters(database: Database, *, after: int) -> list[KeptLetter]:
    """Up to 500 open letters with their originals, in order of number, beginning after `after`."""
    found = rows(database, QUERIES["open_dead_letters"], {"after": after})
    return [_letter(row) for row in found]


def _letter(row: dict[str, object]) -> KeptLetter:
    return KeptLetter(error=errors.taken(row), **row)  # type: ignore[arg-type]  # the query's columns are the fields


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

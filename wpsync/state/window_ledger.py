"""The ledger of windows and the watermark in Postgres: `wpsync.ledger` says what changes, this writes it.

Functions that take part in a window's transaction get its connection; the others get the database.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

from psycopg.rows import class_row

from wpsync import ledger
from wpsync.db.database import Connection, Database
from wpsync.db.queries import statements
from wpsync.ledger import Held, LedgerWindow, Reading
from wpsync.model import Window
from wpsync.state.scope import Scope

QUERIES = statements(__name__)


def ledger_around(connection: Connection, scope: Scope, window: Window) -> list[LedgerWindow]:
    """The ledger's windows that overlap or adjoin a window, oldest first."""
    parameters = scope.parameters(starts_at=window.start, ends_at=window.end)
    return _windows(connection, "ledger_around", parameters)


def close_window(
    connection: Connection,
    scope: Scope,
    window: Window,
    reading: Reading,
    run_id: int,
    *,
    held: Held = lambda window: None,
    grown: Mapping[datetime, int] | None = None,
) -> None:
    """Enter a window into the ledger, in the transaction of its rows (`wpsync.ledger.entered`).

    The ledger is locked (`lock_ledger`), or is so now, until the transaction ends.
    """
    lock_ledger(connection, scope)
    known = ledger_around(connection, scope, window)
    after = ledger.entered(known, window, reading, held, grown or {})
    stale = [old.starts_at for old in known if old not in after]
    if stale:
        connection.execute(QUERIES["remove_windows"], scope.parameters(starts=stale))
    for new in after:
        if new not in known:
            fields = {name: getattr(new, name) for name in LedgerWindow.__slots__}
            connection.execute(QUERIES["insert_window"], scope.parameters(**fields, run_id=run_id))


def lock_ledger(connection: Connection, scope: Scope) -> None:
    """Until the transaction ends nobody else changes this ledger."""
    connection.execute(QUERIES["lock_ledger"], scope.parameters())


def doubt_windows(database: Database, scope: Scope, window: Window, at: datetime) -> None:
    """What is complete of a stretch, whatever it has become meanwhile, is incomplete until it has been read again."""
    parameters = scope.parameters(starts_at=window.start, ends_at=window.end)
    with database.transaction() as connection:
        lock_ledger(connection, scope)
        connection.execute(
            QUERIES["doubt_windows"], {**parameters, "reason": ledger.RECOUNT_DUE, "at": at}
        )


def dispute_windows(database: Database, scope: Scope, window: Window, at: datetime | None) -> None:
    """What is held of a stretch differs from what the vendor lists, as was seen at an instant; None: it does not."""
    parameters = scope.parameters(starts_at=window.start, ends_at=window.end)
    with database.transaction() as connection:
        lock_ledger(connection, scope)
        connection.execute(QUERIES["dispute_windows"], {**parameters, "at": at})


def put_off_windows(database: Database, scope: Scope, later: Sequence[LedgerWindow]) -> None:
    """When windows are due that cannot be checked just now, and how often they were tried."""
    with database.transaction() as connection:
        lock_ledger(connection, scope)
        for window in later:
            connection.execute(
                QUERIES["put_off_window"],
                scope.parameters(
                    starts_at=window.starts_at, attempts=window.attempts, retry_at=window.retry_at
                ),
            )


def confirm_windows(
    database: Database, scope: Scope, found: Sequence[LedgerWindow], at: datetime
) -> None:
    """The vendor's count was asked for and agrees with the ledger's."""
    starts = [window.starts_at for window in found]
    with database.connection() as connection:
        connection.execute(QUERIES["confirm_windows"], scope.parameters(starts=starts, at=at))


def advance_watermark(connection: Connection, scope: Scope, at: datetime) -> None:
    """Move the watermark to the end of the unbroken run of windows that adjoins it."""
    connection.execute(QUERIES["advance_watermark"], scope.parameters(updated_at=at))


def start_watermark(database: Database, scope: Scope, start: datetime, at: datetime) -> None:
    """Say where reading begins; a watermark further on is left alone. Then walk over what is already read."""
    with database.transaction() as connection:
        connection.execute(QUERIES["start_watermark"], scope.parameters(at=start, updated_at=at))
        advance_watermark(connection, scope, at)


def watermark(database: Database, scope: Scope) -> datetime | None:
    """Everything before it has been read at least once; None before the first sync."""
    with database.connection() as connection:
        return _watermark(connection, scope)


def watermarks(database: Database) -> dict[tuple[str, str], datetime]:
    """Return every watermark by account and resource."""
    with database.connection() as connection:
        found = connection.execute(QUERIES["watermarks"]).fetchall()
    return {(str(account), str(resource)): cast("datetime", at) for account, resource, at in found}


def _watermark(connection: Connection, scope: Scope) -> datetime | None:
    row = connection.execute(QUERIES["watermark"], scope.parameters()).fetchone()
    return None if row is None else cast("datetime", row[0])


def take_back(database: Database, scope: Scope, now: datetime, first: datetime) -> Window | None:
    """Forget the windows that end after now, and set the watermark back, in one transaction (`wpsync.ledger.ahead`)."""
    with database.transaction() as connection:
        lock_ledger(connection, scope)
        parameters = scope.parameters(starts_at=now, ends_at=datetime.max.replace(tzinfo=UTC))
        known = _windows(connection, "windows_between", parameters)
        found = ledger.ahead(known, _watermark(connection, scope), now, first)
        if found.stretch is not None:
            starts = [window.starts_at for window in found.windows]
            connection.execute(QUERIES["remove_windows"], scope.parameters(starts=starts))
            moved = scope.parameters(at=found.watermark, updated_at=now)
            connection.execute(QUERIES["set_watermark"], moved)
    return found.stretch


def windows_between(database: Database, scope: Scope, window: Window) -> list[LedgerWindow]:
    """The ledger's windows that touch a span, oldest first."""
    parameters = scope.parameters(starts_at=window.start, ends_at=window.end)
    with database.connection() as connection:
        return _windows(connection, "windows_between", parameters)


def incomplete_windows_due(database: Database, scope: Scope, at: datetime) -> list[LedgerWindow]:
    """Incomplete windows whose time to be read again has come, oldest first."""
    with database.connection() as connection:
        return _windows(connection, "incomplete_windows_due", _due(scope, at))


def _due(scope: Scope, at: datetime) -> dict[str, object]:
    return scope.parameters(at=at, skewed=at + ledger.SKEW)


def _windows(
    connection: Connection, query: str, parameters: Mapping[str, object]
) -> list[LedgerWindow]:
    with connection.cursor(row_factory=class_row(LedgerWindow)) as cursor:
        return cursor.execute(QUERIES[query], parameters).fetchall()

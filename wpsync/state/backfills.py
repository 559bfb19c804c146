"""The plan and the progress of backfills, so that an interrupted one goes on where it was."""

import logging
from datetime import datetime
from typing import cast

from wpsync.db.database import Database
from wpsync.db.queries import statements
from wpsync.errors import DatabaseUnavailableError
from wpsync.model import Window
from wpsync.state.scope import Scope

QUERIES = statements(__name__)


log = logging.getLogger(__name__)


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

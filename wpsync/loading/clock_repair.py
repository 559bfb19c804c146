"""Setting right what was written by a clock that was ahead: when rows and listings were fetched.

Otherwise nothing could change them until that time has come, since older never overwrites newer, and no member would
be looked for. (What such a clock vouched for is taken back by `state.window_ledger`.)
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from psycopg import sql

from wpsync.db.database import Connection, Database
from wpsync.db.queries import statements
from wpsync.policy import DEFAULT
from wpsync.resources import RESOURCES
from wpsync.resources.spec import Mode
from wpsync.state.scope import Scope

QUERIES = statements(__name__)


def was_ahead(
    database: Database, scope: Scope, now: datetime, skew: timedelta = DEFAULT.clocks.skew
) -> bool:
    """Whether a run of a resource began in the future; or rows, where few are held, say that they were fetched there."""
    late = scope.parameters(late=now + skew)
    with database.connection() as connection:
        if connection.execute(QUERIES["late_runs"], late).fetchone() is not None:
            return True
        resource = RESOURCES[scope.resource]
        if resource.mode is Mode.WINDOWED:
            return False
        rows = sql.SQL(
            "select from {} where _account = %(account)s"
            " and greatest(_synced_at, _first_synced_at) > %(late)s limit 1"
        ).format(sql.Identifier("wp", resource.table.name))
        return connection.execute(rows, late).fetchone() is not None


def set_right(
    database: Database, scope: Scope, now: datetime, skew: timedelta = DEFAULT.clocks.skew
) -> None:
    """Date rows, listings and runs of the future back to now, in one transaction."""
    parameters = scope.parameters(now=now, late=now + skew)
    with database.transaction() as connection:
        connection.execute(QUERIES["set_runs_right"], parameters)
        connection.execute(QUERIES["set_listings_right"], parameters)
        _set_rows_right(connection, scope, parameters)


def set_rows_right(
    database: Database, scope: Scope, now: datetime, skew: timedelta = DEFAULT.clocks.skew
) -> None:
    """Date rows of a resource of the future back to now."""
    with database.transaction() as connection:
        _set_rows_right(connection, scope, scope.parameters(now=now, late=now + skew))


def _set_rows_right(connection: Connection, scope: Scope, parameters: Mapping[str, object]) -> None:
    resource = RESOURCES[scope.resource]
    for table in (resource.table, *resource.details):
        update = sql.SQL(
            "update {} set _synced_at = least(_synced_at, %(now)s),"
            " _first_synced_at = least(_first_synced_at, %(now)s)"
            " where _account = %(account)s and greatest(_synced_at, _first_synced_at) > %(late)s"
        ).format(sql.Identifier("wp", table.name))
        connection.execute(update, parameters)

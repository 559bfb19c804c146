"""Setting right what was written by a clock that was ahead: when rows and listings were fetched.

Otherwise nothing could change them until that time has come, since older never overwrites newer, and no member would
be looked for. (What such a clock vouched for is taken back by `state.window_ledger`.)
"""

from datetime import datetime

from psycopg import sql

from wpsync.db.database import Database
from wpsync.db.queries import statements
from wpsync.ledger import SKEW
from wpsync.resources import RESOURCES, TYPED_TABLES
from wpsync.state.scope import Scope

QUERIES = statements(__name__)


def was_ahead(database: Database, scope: Scope, now: datetime) -> bool:
    """Whether a run of a resource began in the future."""
    late = scope.parameters(late=now + SKEW)
    with database.connection() as connection:
        return connection.execute(QUERIES["late_runs"], late).fetchone() is not None


def set_right(database: Database, scope: Scope, now: datetime) -> None:
    """What a run that began in the future has fetched was fetched now at the latest. One transaction."""
    parameters = scope.parameters(now=now, late=now + SKEW)
    with database.transaction() as connection:
        if not connection.execute(QUERIES["set_runs_right"], parameters).rowcount:
            return
        connection.execute(QUERIES["set_listings_right"], parameters)
        typed = TYPED_TABLES if scope.resource == "wechat_messages" else ()
        for table in (RESOURCES[scope.resource].table, *typed):
            update = sql.SQL(
                "update {} set _synced_at = least(_synced_at, %(now)s),"
                " _first_synced_at = least(_first_synced_at, %(now)s)"
                " where _account = %(account)s and greatest(_synced_at, _first_synced_at) > %(late)s"
            ).format(sql.Identifier("wp", table.name))
            connection.execute(update, parameters)

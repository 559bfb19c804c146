"""Times of rows that show in the tables alone that they were changed by hand.

Rows that were fetched in the future; messages without the typed row that their payload fills, and typed rows without their
message. Dead letters explain the former. Nothing here finds content that was altered.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import cast

from psycopg import sql

from wpsync.db.database import Connection
from wpsync.loading.merge_sql import kinds_of, target_name
from wpsync.resources import RESOURCES
from wpsync.resources.messages import KINDS
from wpsync.resources.spec import Table
from wpsync.state.scope import Scope


def times(connection: Connection, scope: Scope, late: datetime) -> list[datetime]:
    """Return the times of suspicious rows of a windowed resource, each once. `late`: where the future begins."""
    resource = RESOURCES[scope.resource]
    found: set[datetime] = set()
    for statement in _statements(resource.table, resource.details, str(resource.cursor)):
        rows = connection.execute(statement, scope.parameters(late=late)).fetchall()
        found |= {cast("datetime", row[0]) for row in rows if row[0] is not None}
    return sorted(found)


def _statements(main: Table, details: tuple[Table, ...], cursor: str) -> Iterator[sql.Composed]:
    at = sql.Identifier("t", cursor)
    for table in (main, *details):
        yield sql.SQL(
            "select distinct {at} from {target} as t where t._account = %(account)s"
            " and greatest(t._synced_at, t._first_synced_at) > %(late)s"
        ).format(at=at, target=target_name(table.name))
    for table in details:
        kinds = sql.SQL(", ").join(map(sql.Literal, kinds_of(table.name)))
        yield sql.SQL(
            "select distinct {at} from {target} as t where t._account = %(account)s and not exists (select from {main}"
            " as m where m._account = t._account and m.{key} = t.{owner} and m.kind in ({kinds}))"
        ).format(
            at=at,
            target=target_name(table.name),
            main=target_name(main.name),
            key=sql.Identifier(main.key[0]),
            owner=sql.Identifier(table.key[0]),
            kinds=kinds,
        )
    for table in dict.fromkeys(kind.table for kind in KINDS if kind.table in details):
        assert table is not None
        filling = [kind.name for kind in KINDS if kind.table is table]
        yield sql.SQL(
            "select distinct {at} from {main} as t where t._account = %(account)s and t.kind in ({kinds})"
            " and t.payload_ok and t._gone_at is null and not exists (select from {target} as y where y._account = t._account"
            " and y.{owner} = t.{key}) and not exists (select from wpsync.dead_letters as d where d.account = t._account"
            " and d.resource = %(resource)s and d.record_id = t.{key} and d.resolved_at is null)"
        ).format(
            at=at,
            target=target_name(table.name),
            main=target_name(main.name),
            key=sql.Identifier(main.key[0]),
            owner=sql.Identifier(table.key[0]),
            kinds=sql.SQL(", ").join(map(sql.Literal, filling)),
        )

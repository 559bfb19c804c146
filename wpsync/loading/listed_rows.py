"""Digests of the rows of listings and reports.

Every reading enters the digest of the rows as it left them, and other writers of such rows keep it up. So rows
that were changed by hand are found without asking the vendor. The time of fetching is no part of a digest, nor is a
column without a value (one that a later version adds changes nothing), nor a row that is gone: retention may delete it.
"""

import logging
from collections.abc import Collection
from functools import cache
from typing import LiteralString

from psycopg import sql

from wpsync.db.database import Connection
from wpsync.loading.merge_sql import staging_name, target_name
from wpsync.resources import RESOURCES
from wpsync.resources.spec import Mode
from wpsync.state import listings
from wpsync.state.scope import Scope

log = logging.getLogger(__name__)

_DIGEST: LiteralString = (
    "mod(coalesce(sum(wpsync.id_digest((jsonb_strip_nulls(to_jsonb(t))"
    " - '{{_synced_at,_first_synced_at}}'::text[])::text)){present}, 0), 18446744073709551616)"
)

_PRESENT: LiteralString = " filter (where t._deleted_at is null)"


@cache
def _sql(resource: str, text: LiteralString) -> bytes:
    """A statement over a listing's table: {target}, {staging}, {key}, {parent} and {digest} are filled in."""
    declared = RESOURCES[resource]
    is_listing = declared.mode is Mode.LISTING and declared.parent_column
    parent = sql.Identifier("t", declared.parent_column or "") if is_listing else sql.Literal("")
    filled = sql.SQL(text).format(
        target=target_name(declared.table.name),
        staging=staging_name(declared.table.name),
        key=sql.Identifier(declared.table.key[0]),
        parent=parent,
        digest=sql.SQL(_DIGEST).format(
            present=sql.SQL(_PRESENT if declared.table.soft_delete else "")
        ),
    )
    return filled.as_bytes(None)


def digest(
    connection: Connection, scope: Scope, parent: str = "", without: Collection[str] = ()
) -> int:
    """Add up the digests of the rows of a listing (of one parent), but for those of some keys."""
    statement = _sql(
        scope.resource,
        "select {digest} from {target} as t where t._account = %(account)s and {parent} = %(parent)s"
        " and t.{key} <> all(%(without)s::text[])",
    )
    return _number(connection, statement, scope, parent=parent, without=list(without))


def digest_of_staged(connection: Connection, scope: Scope) -> int:
    """Add up the digests of the rows that we hold of those that are staged."""
    statement = _sql(
        scope.resource,
        "select {digest} from {target} as t where t._account = %(account)s"
        " and exists (select from {staging} as s where s.{key} = t.{key})",
    )
    return _number(connection, statement, scope)


def is_changed(connection: Connection, scope: Scope, parent: str = "") -> bool:
    """Whether the rows of a listing are not as they were left; logged, since a reading mends them."""
    known = listings.digest(connection, scope, parent)
    found = known is not None and digest(connection, scope, parent) != known
    if found:
        fields = {"account": scope.account, "resource": scope.resource, "parent": parent}
        log.warning("listing.changed_by_hand", extra=fields)
    return found


def changed(connection: Connection, scope: Scope) -> list[str]:
    """The parents (or an empty string) of listings whose rows are not as they were left."""
    statement = _sql(
        scope.resource,
        "with held as (select coalesce({parent}, '') as parent_id, {digest} as digest from {target} as t"
        " where t._account = %(account)s group by 1), entered as (select parent_id, digest from wpsync.listings"
        " where account = %(account)s and resource = %(resource)s)"
        " select parent_id from entered as e left join held as h using (parent_id)"
        " where e.digest is not null and e.digest <> coalesce(h.digest, 0) order by 1",
    )
    rows = connection.execute(statement, scope.parameters()).fetchall()
    return [str(row[0]) for row in rows]


def _number(connection: Connection, statement: bytes, scope: Scope, **more: object) -> int:
    row = connection.execute(statement, scope.parameters(**more)).fetchone()
    assert row is not None
    return int(str(row[0]))

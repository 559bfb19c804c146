"""The ledger of customers written through this program (`wp.customers`)."""

from collections.abc import Mapping
from datetime import datetime

from psycopg.types.json import Jsonb

from wpsync.db.database import Database
from wpsync.db.queries import statements
from wpsync.loading import hash_keys
from wpsync.normalize.privacy import OFF, Privacy

QUERIES = statements(__name__)

_OWN_COLUMNS = ("name", "phone")


def keep(
    database: Database,
    account: str,
    identifier: str,
    fields: Mapping[str, str],
    at: datetime,
    privacy: Privacy = OFF,
) -> None:
    """Enter a customer as written; fields that were not written now stay as they were.

    `fields` are as `privacy` wants them.
    """
    other = {name: value for name, value in fields.items() if name not in _OWN_COLUMNS}
    parameters = {
        "id": identifier,
        "name": fields.get("name"),
        "phone": fields.get("phone"),
        "fields": Jsonb(other),
        "account": account,
        "at": at,
    }
    with database.transaction() as connection:
        hash_keys.note(connection, account, privacy)
        connection.execute(QUERIES["archive_customer"], parameters)
        connection.execute(QUERIES["keep_customer"], parameters)


def forget(database: Database, account: str, identifier: str, at: datetime) -> None:
    """Mark a customer as gone; what it was is kept in `wp.history`."""
    parameters = {"account": account, "id": identifier, "at": at}
    with database.transaction() as connection:
        connection.execute(QUERIES["archive_customer"], parameters)
        connection.execute(QUERIES["delete_customer"], parameters)

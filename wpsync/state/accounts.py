"""Accounts that rows were written for, each with its console: the vendor's address and the client id.

Every row carries its account's name. A console under a second name would be read again from the start,
beside the rows that it has under the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from wpsync.db.database import Connection, Database
from wpsync.db.queries import statements
from wpsync.errors import ConfigError

QUERIES = statements(__name__)


@dataclass(frozen=True, slots=True)
class Console:
    """The vendor's address, and the client id there."""

    base_url: str
    client_id: str


def refuse_second_names(database: Database, configured: Mapping[str, Console]) -> None:
    """Raises ConfigError, with the first name, where a configured console has rows under another."""
    with database.connection() as connection:
        _refuse(_stored(connection), configured)


def enter(database: Database, configured: Mapping[str, Console], at: datetime) -> None:
    """Keep the configured accounts before rows are written for them. Idempotent.

    Raises ConfigError as `refuse_second_names`.
    """
    with database.connection() as connection:
        stored = _stored(connection)
        _refuse(stored, configured)
    if configured.items() <= stored.items():
        return
    with database.transaction() as connection:
        connection.execute(QUERIES["lock_accounts"])
        stored = _stored(connection)
        _refuse(stored, configured)
        changed = {
            name: console for name, console in configured.items() if stored.get(name) != console
        }
        connection.execute(QUERIES["forget_accounts"], {"accounts": list(changed)})
        for name, console in changed.items():
            values = {"base_url": console.base_url, "client_id": console.client_id}
            connection.execute(QUERIES["keep_account"], {"account": name, **values, "at": at})


def _stored(connection: Connection) -> dict[str, Console]:
    rows = connection.execute(QUERIES["accounts"]).fetchall()
    return {str(name): Console(str(base), str(client)) for name, base, client in rows}


def _refuse(stored: Mapping[str, Console], configured: Mapping[str, Console]) -> None:
    first: dict[Console, str] = {}
    for name, console in {**stored, **configured}.items():
        known = first.setdefault(console, name)
        if known != name:
            raise ConfigError(
                "configuration.second_name",
                account=name,
                known=known,
                base_url=console.base_url,
                client_id=console.client_id,
            )

"""Since when the vendor of an account has not answered; no row: it does."""

from datetime import datetime

from wpsync.db.database import Database
from wpsync.db.queries import statements
from wpsync.errors import Message
from wpsync.state import errors

QUERIES = statements(__name__)


class PostgresOutages:
    """The note of one account, for `wpsync.api.availability`."""

    def __init__(self, database: Database, account: str) -> None:
        self._database = database
        self._account = account

    def began(self, since: datetime, error: Message) -> None:
        """It has not answered since then; what another process noted before stays."""
        values = {"account": self._account, "since": since, **errors.columns(error)}
        with self._database.connection() as connection:
            connection.execute(QUERIES["note_outage"], values)

    def over(self) -> None:
        """It answers."""
        with self._database.connection() as connection:
            connection.execute(QUERIES["end_outage"], {"account": self._account})

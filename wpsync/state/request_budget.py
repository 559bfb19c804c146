"""The request budget in Postgres: one row per account and endpoint, shared by all processes.

A row is a whole book as JSON, changed under its lock: at tens of requests a minute a small row is
cheaper to read and to reason about than a table of requests.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.types.json import Jsonb

from wpsync.db.database import Database
from wpsync.db.queries import statements

QUERIES = statements(__name__)


class PostgresBooks:
    """The books of one account, for `wpsync.api.limits`."""

    def __init__(self, database: Database, account: str) -> None:
        self._database = database
        self._account = account

    @contextmanager
    def row(self, endpoint: str) -> Iterator[dict[str, object]]:
        """The endpoint's row as a dictionary, empty at first; what is put into it is kept."""
        parameters = {"account": self._account, "endpoint": endpoint}
        with self._database.transaction(under=[]) as connection:  # a request that was sent counts
            connection.execute(QUERIES["open_book"], parameters)
            found = connection.execute(QUERIES["book"], parameters).fetchone()
            assert found is not None
            book = found[0]
            assert isinstance(book, dict)
            yield book
            connection.execute(QUERIES["keep_book"], {**parameters, "book": Jsonb(book)})

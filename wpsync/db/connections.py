"""The types of a connection, and of those that give one."""

from contextlib import AbstractContextManager
from typing import Protocol

import psycopg

Connection = psycopg.Connection[tuple[object, ...]]


class Connects(Protocol):
    """Gives connections: the database for its work, or its `monitoring`."""

    def connection(self) -> AbstractContextManager[Connection]:
        """Yield a connection, outside any transaction, for a moment."""
        ...

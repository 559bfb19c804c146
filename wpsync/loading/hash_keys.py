"""The keys that numbers were hashed with, by their ids: where one is not known, people cannot be found by a number."""

from collections.abc import Iterator, Sequence

from psycopg import sql

from wpsync.db.database import Connection
from wpsync.db.queries import statements
from wpsync.loading.traversal import ROWS_OF_PEOPLE, details
from wpsync.normalize.privacy import Privacy
from wpsync.resources.spec import SqlType

QUERIES = statements(__name__)


def note(connection: Connection, account: str, privacy: Privacy) -> None:
    """Note in the transaction of rows by which key their numbers are hashed, if they are."""
    if privacy.key_id is not None:
        connection.execute(QUERIES["note"], {"account": account, "key": privacy.key_id})


def unknown(connection: Connection, kind: str, rules: Sequence[Privacy]) -> list[str]:
    """Return the ids of keys by which numbers of a kind are hashed and that no rules know; `?` where no id was noted.

    None where no number is hashed.
    """
    seen = {str(row[0]) for row in connection.execute(QUERIES["seen"]).fetchall()}
    known = frozenset[str]().union(*(one.known_keys for one in rules))
    lacking = seen - known
    if (seen and not lacking) or not _is_any_hashed(connection, kind):
        return []
    return sorted(lacking) or ["?"]


def _is_any_hashed(connection: Connection, kind: str) -> bool:
    return any(connection.execute(query).fetchone() != (False,) for query in _hashed(kind))


_IN_A_LIST = "array_to_string({column}, ' ') ~ '\\mh_[0-9a-f]{{32}}\\M'"
_IN_A_TEXT = "{column} >= 'h_' and {column} < 'h`' and {column} ~ '^h_[0-9a-f]{{32}}$'"
"""Both bounds are for the index: the column is compared by bytes."""


def _hashed(kind: str) -> Iterator[sql.Composed]:
    """Ask each column of numbers of a kind, and the history, whether any is hashed."""
    for table in ROWS_OF_PEOPLE:
        for one in (table, *details(table)):
            for column in one.columns:
                if kind in (column.identifies, column.mentions):
                    holds = _IN_A_LIST if column.type is SqlType.TEXTS else _IN_A_TEXT
                    yield sql.SQL("select exists (select from {} where {})").format(
                        sql.Identifier("wp", one.name),
                        sql.SQL(holds).format(column=sql.Identifier(column.name)),
                    )
    yield sql.SQL(QUERIES["is_hashed_in_history"]).format()

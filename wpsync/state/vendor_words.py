"""The vendor's words with a failure of a job: apart from the error, for some days, for `wpsync status` only.

A reply may quote anything, people's data too. So the words are kept only where privacy keeps everything, only the last
of each account and error, and not beyond the time that the policy gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wpsync import messages
from wpsync.db import queries
from wpsync.db.connecting import Connects
from wpsync.db.database import Connection, Database
from wpsync.db.queries import statements
from wpsync.errors import Message
from wpsync.policy import DEFAULT
from wpsync.values import holdable

QUERIES = statements(__name__)


@dataclass(frozen=True, slots=True)
class VendorWords:
    """The last words of an account's vendor with an error."""

    account: str
    error_code: str
    words: str
    said_at: datetime


def keep(database: Database, account: str, error: Message, at: datetime) -> None:
    """Keep the vendor's words with each error in a message."""
    found = {one.code: holdable(one.quote or "") for one in messages.quotes(error)}
    if not found:
        return
    with database.connection() as connection:
        for code, words in found.items():
            values = {"account": account, "error_code": code, "words": words, "at": at}
            connection.execute(QUERIES["keep_vendor_words"], values)


def read(database: Connects, accounts: Sequence[str], now: datetime) -> list[VendorWords]:
    """Return the words that are not too old, the latest first."""
    values = {"accounts": list(accounts), "since": now - DEFAULT.kept.vendor_words}
    return queries.typed(database, VendorWords, QUERIES["vendor_words"], values)


def prune(database: Database, now: datetime, kept: timedelta = DEFAULT.kept.vendor_words) -> None:
    """Forget words that are too old."""
    with database.connection() as connection:
        connection.execute(QUERIES["prune_vendor_words"], {"before": now - kept})


def forget_all(connection: Connection) -> None:
    """Forget all words: a person is erased, and no word shows whom the vendor spoke of."""
    connection.execute(QUERIES["forget_vendor_words"])

"""Findings of `check` about secrets: the way to the database, the keys of the tokens, and the server's log."""

from collections.abc import Iterator

from wpsync.config import Config
from wpsync.config.key_files import Kind
from wpsync.daemon.preflight import Finding
from wpsync.db import queries
from wpsync.db.database import Database
from wpsync.db.queries import statements
from wpsync.errors import Message, WpsyncError
from wpsync.model import Secret
from wpsync.state.tokens import PostgresTokens

QUERIES = statements(__name__)


def check_exposure(config: Config, address: Secret) -> Iterator[Finding]:
    """Check the way to the database, the keys, and whether the server logs parameters. Nothing is made or written."""
    try:
        with Database(address, connections=2) as database:
            yield _way(config, database)
            yield from _token_keys(config, database)
            yield _server_log(database)
    except WpsyncError as exc:
        yield Finding(Message("check.token_key"), exc.message, is_good=False)


def _way(config: Config, database: Database) -> Finding:
    name, way = Message("check.way"), config.database_way()
    if not way.hosts:
        return Finding(name, Message("check.way_local"))
    with database.connection() as connection:
        is_encrypted = connection.pgconn.ssl_in_use
    mode = {"sslmode": way.sslmode}
    if not is_encrypted and way.sslmode == "disable":
        return Finding(name, Message("check.way_private"))
    if not is_encrypted:
        return Finding(name, Message("check.way_clear", mode), is_warning=True)
    if way.sslmode in ("verify-ca", "verify-full"):
        return Finding(name, Message("check.way_verified", mode))
    return Finding(name, Message("check.way_unverified", mode), is_warning=True)


def _token_keys(config: Config, database: Database) -> Iterator[Finding]:
    name = Message("check.token_key")
    keys, place = config.keys(Kind.TOKEN), config.keys_place(Kind.TOKEN)
    store = PostgresTokens(database, lambda: keys)
    wrong = [why for account in config.accounts if (why := store.why_closed(account)) is not None]
    for why in wrong:
        yield Finding(name, why, is_good=False)
    if wrong:
        return
    if not keys:
        yield Finding(name, Message("check.token_key_to_come", {"place": place}))
        return
    yield Finding(name, Message("check.token_key_fits", {"id": keys[0].id, "place": place}))


def _server_log(database: Database) -> Finding:
    name = Message("check.server_log")
    (row,) = queries.rows(database, QUERIES["server_log"])
    if not row["logs_statements"]:
        return Finding(name, Message("check.statements_not_logged"))
    if not row["logs_parameters"]:
        return Finding(name, Message("check.parameters_not_logged"))
    return Finding(name, Message("check.parameters_logged", {"by": row["by"]}), is_warning=True)

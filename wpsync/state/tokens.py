"""Tokens in Postgres: one pair per account, shared by every process, encrypted where a key is configured."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from psycopg.rows import kwargs_row

from wpsync.db.database import Database
from wpsync.db.leases import Lease
from wpsync.db.queries import statements
from wpsync.errors import FatalError
from wpsync.model import Secret, Tokens

QUERIES = statements(__name__)


class PostgresTokens:
    """The token store of all processes that share a database."""

    def __init__(self, database: Database, key: Secret | None = None) -> None:
        self._database = database
        self._cipher = Fernet(key.reveal()) if key is not None else None
        self._leases: dict[str, Lease] = {}

    def read(self, account: str) -> Tokens | None:
        """The stored pair, or None before the first login.

        Raises FatalError where it is encrypted and the configured key is missing or another.
        """
        with (
            self._database.connection() as connection,
            connection.cursor(row_factory=kwargs_row(self._stored)) as cursor,
        ):
            return cursor.execute(QUERIES["tokens"], {"account": account}).fetchone()

    def _stored(
        self, *, access_token: str, refresh_token: str, encrypted: bool, **kept: Any
    ) -> Tokens:
        """Return a stored row as tokens: the columns in `kept` are the other fields."""
        access, refresh = (
            self._opened(token, encrypted=encrypted) for token in (access_token, refresh_token)
        )
        return Tokens(access, refresh, **kept)

    def write(self, account: str, tokens: Tokens) -> None:
        """Replace the stored pair, of an account whose lease is held.

        Only that lease must last: a pair that the vendor has given out is kept, also where other leases are lost.
        """
        values: dict[str, object] = {
            field.name: getattr(tokens, field.name)
            for field in fields(tokens)
            if field.name not in ("access", "refresh")
        }
        values["account"] = account
        values["access_token"] = self._closed(tokens.access)
        values["refresh_token"] = self._closed(tokens.refresh)
        values["encrypted"] = self._cipher is not None
        held = self._leases.get(account)
        with self._database.transaction(under=[held] if held else []) as connection:
            connection.execute(QUERIES["keep_tokens"], values)

    def forget(self, account: str) -> None:
        """Drop the stored pair, so that the next call logs in: for one that nobody can read any more."""
        with self._database.connection() as connection:
            connection.execute(QUERIES["forget_tokens"], {"account": account})

    @contextmanager
    def locked(self, account: str) -> Iterator[None]:
        """Hold the account's lease across processes; a process that dies lets go."""
        with self._database.lease("tokens", account) as held:
            assert held is not None, "it was waited for"
            self._leases[account] = held
            try:
                yield
            finally:
                del self._leases[account]

    def _closed(self, secret: Secret) -> str:
        if self._cipher is None:
            return secret.reveal()
        return self._cipher.encrypt(secret.reveal().encode()).decode()

    def _opened(self, stored: str, *, encrypted: bool) -> Secret:
        if not encrypted:
            return Secret(stored)
        if self._cipher is None:
            raise FatalError("token.key_missing")
        try:
            return Secret(self._cipher.decrypt(stored.encode()).decode())
        except InvalidToken:
            raise FatalError("token.key_changed") from None

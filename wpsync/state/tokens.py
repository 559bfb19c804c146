"""Tokens in Postgres: one pair per account, shared by every process, each encrypted with its account and its kind.

AES-GCM binds a token to its place: one that stands in another account's row, or in the other column, does not open.
A pair in clear is never used, because anyone who can write to the table could have put it there. `migrate` encrypts
those of an earlier version, once.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from secrets import token_bytes
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from wpsync.config.key_files import Key, Kind
from wpsync.db.database import Database
from wpsync.db.leases import Lease
from wpsync.db.queries import rows, statements
from wpsync.errors import FatalError, Message
from wpsync.model import Secret, Tokens

QUERIES = statements(__name__)

_NONCE = 12


def key_ids(database: Database) -> list[str]:
    """Return the ids of the keys that the stored pairs are encrypted with."""
    return [str(row["key_id"]) for row in rows(database, QUERIES["key_ids"])]


class PostgresTokens:
    """The token store of all processes that share a database. `keys` returns its keys, the present one first."""

    def __init__(self, database: Database, keys: Callable[[], Sequence[Key]]) -> None:
        self._database = database
        self._keys = keys
        self._leases: dict[str, Lease] = {}

    def read(self, account: str) -> Tokens | None:
        """The stored pair, or None before the first login.

        Raises FatalError where it is in clear, encrypted with a key that is not here, or not as it was written.
        """
        found: list[dict[str, Any]] = rows(self._database, QUERIES["tokens"], {"account": account})
        return self._stored(account, **found[0]) if found else None

    def _stored(
        self,
        account: str,
        *,
        access_token: str,
        refresh_token: str,
        encrypted: bool,
        key_id: str | None,
        **kept: Any,
    ) -> Tokens:
        """Return a stored row as tokens: the columns in `kept` are the other fields."""
        if not encrypted:
            raise FatalError("token.in_clear", account=account)
        keys = self._keys()
        key = next((one for one in keys if one.id == key_id), None)
        if key is None:
            held = [one.id for one in keys]
            raise FatalError("token.key_changed", account=account, id=key_id or "", held=held)
        try:
            access = _opened(key, access_token, account, "access")
            refresh = _opened(key, refresh_token, account, "refresh")
        except (InvalidTag, ValueError):
            raise FatalError("token.altered", account=account) from None
        return Tokens(access, refresh, **kept)

    def write(self, account: str, tokens: Tokens) -> None:
        """Replace the stored pair, of an account whose lease is held.

        Only that lease must last: a pair that the vendor has given out is kept, also where other leases are lost.
        """
        key = self._keys()[0]
        values: dict[str, object] = {
            field.name: getattr(tokens, field.name)
            for field in fields(tokens)
            if field.name not in ("access", "refresh")
        }
        values |= {"account": account, "encrypted": True, "key_id": key.id}
        values["access_token"] = _closed(key, tokens.access.reveal(), account, "access")
        values["refresh_token"] = _closed(key, tokens.refresh.reveal(), account, "refresh")
        held = self._leases.get(account)
        with self._database.transaction(under=[held] if held else []) as connection:
            connection.execute(QUERIES["note_key"], {"kind": Kind.TOKEN.value, "id": key.id})
            connection.execute(QUERIES["keep_tokens"], values)

    def why_closed(self, account: str) -> Message | None:
        """Return why the stored pair cannot be opened; None where it can, or where there is none."""
        try:
            self.read(account)
        except FatalError as exc:
            if not exc.message.code.startswith("token."):
                raise
            return exc.message
        return None

    def forget(self, account: str) -> None:
        """Drop the stored pair, so that the next call logs in: for one that cannot be opened any more."""
        with self._database.connection() as connection:
            connection.execute(QUERIES["forget_tokens"], {"account": account})

    def encrypt_clear(self) -> int:
        """Encrypt the pairs that a version before encryption has left in clear. Return how many.

        Only as long as the database was written with no key: what is in clear afterwards was put there by another.
        """
        if not rows(self._database, QUERIES["clear_tokens"]):
            return 0
        key = self._keys()[0]
        with self._database.transaction() as connection:
            connection.execute(QUERIES["lock_keys"])
            clear = connection.execute(QUERIES["clear_tokens"]).fetchall()
            for account, access, refresh in clear:
                values = {
                    "account": account,
                    "key_id": key.id,
                    "access_token": _closed(key, str(access), str(account), "access"),
                    "refresh_token": _closed(key, str(refresh), str(account), "refresh"),
                }
                connection.execute(QUERIES["encrypt_tokens"], values)
            connection.execute(QUERIES["note_key"], {"kind": Kind.TOKEN.value, "id": key.id})
        return len(clear)

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


def _place(key: Key, account: str, part: str) -> bytes:
    """Return the place that a token is bound to."""
    return "\0".join(("wpsync token", account, part, key.id)).encode()


def _closed(key: Key, token: str, account: str, part: str) -> str:
    nonce = token_bytes(_NONCE)
    closed = AESGCM(key.material).encrypt(nonce, token.encode(), _place(key, account, part))
    return urlsafe_b64encode(nonce + closed).decode()


def _opened(key: Key, stored: str, account: str, part: str) -> Secret:
    """Return a token. Raises InvalidTag or ValueError for one that was not closed for this place."""
    content = urlsafe_b64decode(stored)
    opened = AESGCM(key.material).decrypt(
        content[:_NONCE], content[_NONCE:], _place(key, account, part)
    )
    return Secret(opened.decode())

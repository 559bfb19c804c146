"""The tokens of one account: when a new pair is needed, and that only one process asks for it.

The document: an access token lives 2 hours and is renewed by `reToken` (a live one keeps its value,
a dead one is replaced); the refresh token lives 30 days, and only `getToken` helps after it. Whether
`getToken` kills the tokens issued before is not said, so it is assumed. Whoever needs a new pair
takes the account's lock, looks whether somebody else has already got one, and only then asks.

For one cause there is at most one renewal, one login, and then an error: never a loop. A login because of
requests that are refused although the refresh token works is made at most once in a quarter of an hour.
"""

import hashlib
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from wpsync.clock import Clock
from wpsync.errors import AuthenticationError
from wpsync.model import Secret, Tokens
from wpsync.policy import DEFAULT, TokenRenewal

log = logging.getLogger(__name__)

ACCESS_LIFE = timedelta(hours=2)
REFRESH_LIFE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the vendor's console gives: `clientId` and `clientSecret`."""

    client_id: str
    client_secret: Secret

    def fingerprint(self) -> str:
        """Tells whether the configured credentials have changed; not reversible."""
        both = f"{self.client_id}\0{self.client_secret.reveal()}"
        return hashlib.sha256(b"wpsync" + both.encode()).hexdigest()[:32]


class TokenStore(Protocol):
    """Where tokens are kept, for all processes of an account."""

    def read(self, account: str) -> Tokens | None:
        """The stored pair."""
        ...

    def write(self, account: str, tokens: Tokens) -> None:
        """Replace the stored pair."""
        ...

    def locked(self, account: str) -> AbstractContextManager[None]:
        """Keep every other process from renewing meanwhile."""
        ...


class RejectedError(Exception):
    """The vendor rejected a token or the credentials, in these words; empty where it gave no reason."""

    def __init__(self, words: str = "") -> None:
        super().__init__("rejected")
        self.words = words


Login = Callable[[Credentials], tuple[Secret, Secret]]
Renew = Callable[[Secret], tuple[Secret, Secret | None]]


class TokenKeeper:
    """Hands out the access token and replaces it when it has to be. Thread-safe."""

    def __init__(
        self,
        account: str,
        credentials: Credentials,
        store: TokenStore,
        clock: Clock,
        *,
        login: Login,
        renew: Renew,
        rules: TokenRenewal = DEFAULT.tokens,
    ) -> None:
        self._account = account
        self._credentials = credentials
        self._store = store
        self._clock = clock
        self._login = login
        self._renew = renew
        self._rules = rules
        self._lock = Lock()
        self._tokens: Tokens | None = None
        self._rotation_tried: datetime | None = None
        self._alive: tuple[Secret, datetime] | None = None

    @property
    def _fingerprint(self) -> str:
        """That of the credentials as they are now: their file may have changed."""
        return self._credentials.fingerprint()

    def access(self) -> Secret:
        """The access token to use now; renewed beforehand where it is about to end."""
        tokens = self._tokens
        if tokens is not None and not self._is_due(tokens):
            return tokens.access
        return self._replace(None).access

    def after_rejection(self, rejected: Secret, *, renewed: bool = False) -> Secret:
        """The token to try next after one was rejected: somebody else's new one, or one of our own.

        Perhaps the same, if a renewal kept it. `renewed`: this one came of a renewal for the same cause, so
        only a login is left. Raises RejectedError where it is too early for another.
        """
        return self._replace(rejected, renewed=renewed).access

    def rotate(self) -> None:
        """Take a new pair now, whatever the age of the present one."""
        with self._lock, self._store.locked(self._account):
            self._tokens = self._log_in(self._store.read(self._account))

    def _is_due(self, tokens: Tokens) -> bool:
        now = self._clock.now()
        if now >= tokens.access_expires_at - self._rules.early:
            return True
        return now >= tokens.issued_at + self._rules.rotate_after and self._may_rotate(now)

    def _may_rotate(self, now: datetime) -> bool:
        """A rotation that fails is tried again daily, while the pair still lives."""
        again = self._rules.rotate_again
        return self._rotation_tried is None or now >= self._rotation_tried + again

    def _replace(self, rejected: Secret | None, *, renewed: bool = False) -> Tokens:
        with self._lock:
            held = self._tokens
            if held is not None and held.access != rejected and not self._is_due(held):
                return held
            with self._store.locked(self._account):
                stored = self._store.read(self._account)
                if stored is not None and self._is_usable(stored, rejected):
                    self._tokens = stored
                elif renewed:
                    self._tokens = self._last_resort(stored)
                else:
                    self._tokens = self._obtain(stored, rejected)
                return self._tokens

    def _is_usable(self, stored: Tokens, rejected: Secret | None) -> bool:
        if stored.credentials_hash != self._fingerprint or not stored.access.reveal():
            return False
        return stored.access != rejected and not self._is_due(stored)

    def _obtain(self, stored: Tokens | None, rejected: Secret | None) -> Tokens:
        """Renew where the refresh token is good for it, else log in. The lock is held."""
        now = self._clock.now()
        if stored is None or stored.credentials_hash != self._fingerprint:
            return self._log_in(stored)
        if not stored.refresh.reveal() or now >= stored.refresh_expires_at:
            return self._log_in(stored)
        is_old = now >= stored.issued_at + self._rules.rotate_after
        if rejected is None and is_old and self._may_rotate(now):
            return self._rotate_early(stored, now)
        if rejected is not None and self._is_alive(rejected, now):
            return stored
        try:
            access, refresh = self._renew(stored.refresh)
        except RejectedError:
            return self._log_in(stored)
        paused = stored.paused_until is not None and now < stored.paused_until
        renewed = replace(
            stored,
            access=access,
            refresh=refresh or stored.refresh,
            renewed_at=now,
            access_expires_at=now + ACCESS_LIFE,
            failures=stored.failures if paused else 0,
            paused_until=stored.paused_until if paused else None,
        )
        self._store.write(self._account, renewed)
        log.info("token.renewed", extra={"account": self._account})
        if access == rejected:
            self._alive = access, now
        return renewed

    def _is_alive(self, access: Secret, now: datetime) -> bool:
        """A renewal has just kept it, as it keeps live ones; one more would do the same."""
        return (
            self._alive is not None
            and self._alive[0] == access
            and now - self._alive[1] < self._rules.just_renewed
        )

    def _last_resort(self, stored: Tokens | None) -> Tokens:
        """A login although the refresh token works, because what it gives is refused; not soon again."""
        if (
            stored is not None
            and stored.credentials_hash == self._fingerprint
            and self._clock.now() - stored.issued_at < self._rules.young
        ):
            raise RejectedError
        return self._log_in(stored)

    def _rotate_early(self, stored: Tokens, now: datetime) -> Tokens:
        """From day 27 on a new pair, daily; while that fails the old one is used as long as it lives."""
        self._rotation_tried = now
        try:
            return self._log_in(stored)
        except AuthenticationError:
            if now < stored.refresh_expires_at:
                self._store.write(self._account, stored)
                return self._obtain(stored, None)
            raise

    def _log_in(self, stored: Tokens | None) -> Tokens:
        now = self._clock.now()
        unchanged = stored is not None and stored.credentials_hash == self._fingerprint
        if stored is not None and unchanged and stored.paused_until and now < stored.paused_until:
            raise self._rejected(stored.paused_until)
        try:
            access, refresh = self._login(self._credentials)
        except RejectedError:
            failures = stored.failures + 1 if stored is not None and unchanged else 1
            self._store.write(self._account, self._failed(stored, now, failures))
            raise self._rejected(now + self._rules.login_pause) from None
        tokens = Tokens(
            access, refresh, now, now, now + ACCESS_LIFE, now + REFRESH_LIFE, self._fingerprint
        )
        self._store.write(self._account, tokens)
        log.info("token.replaced", extra={"account": self._account})
        return tokens

    def _failed(self, stored: Tokens | None, now: datetime, failures: int) -> Tokens:
        """What is stored after a rejected login: the pause, and the pair that there was."""
        nothing = Secret("")
        kept = stored or Tokens(nothing, nothing, now, now, now, now, self._fingerprint)
        until = now + self._rules.login_pause
        return replace(
            kept, credentials_hash=self._fingerprint, paused_until=until, failures=failures
        )

    def _rejected(self, until: datetime) -> AuthenticationError:
        return AuthenticationError(
            "vendor.credentials_rejected", account=self._account, until=until
        )

"""One vendor call: URL, tokens, limits, envelope, errors, retries.

Every call is a POST with a JSON body; `timestamp` and `accessToken` go in the URL (the document), which
is why no exception of the HTTP library leaves this module: its text shows the URL. The envelope is
`{"code": 1|0, "msg": …, "data": …}`; `code` 0 is failure even when HTTP says 200.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from threading import Lock

import httpx

from wpsync import crash_points
from wpsync.addresses import is_loopback
from wpsync.api import broken_replies, building, envelope, reply_body
from wpsync.api.auth import Credentials, RejectedError, TokenKeeper, TokenStore
from wpsync.api.availability import Availability, Outages
from wpsync.api.connections import Waits, bound
from wpsync.api.envelope import DamagedReplyError, Received
from wpsync.api.lasting_refusals import LastingRefusals
from wpsync.api.limits import Limits
from wpsync.api.retry import Retries
from wpsync.api.token_doubts import TokenDoubts
from wpsync.clock import Clock
from wpsync.errors import (
    AmbiguousRefusalError,
    ConfigError,
    RateLimitedError,
    ReplyTooLargeError,
    VendorRefusedError,
    VendorUnavailableError,
)
from wpsync.model import Priority, Secret
from wpsync.policy import DEFAULT, Policy

log = logging.getLogger(__name__)

OnRequest = Callable[[str, str, str, float], None]
"""Hears of a request that ended: account, endpoint, outcome, and the seconds it took."""

GET_TOKEN = "/oauth/token/getToken"
RENEW_TOKEN = "/oauth/token/reToken"

_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "User-Agent": "wpsync",
}
_KEPT_OF_TOO_LARGE = 64 * 1024
"""Bytes that are kept of a reply that is too large: a single row is known by its first fields."""

_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""A vendor's clock outside of these is taken to show them: wrong it is anyway, and instants near the last year overflow."""

_KNOWN_DAMAGE = 100_000
"""Digests of damaged records that are remembered."""

_PASSING = (
    httpx.TimeoutException,
    httpx.NetworkError,
    httpx.ProtocolError,
    httpx.DecodingError,
)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_HOPELESS = (
    httpx.UnsupportedProtocol,
    httpx.TooManyRedirects,
    httpx.InvalidURL,
    httpx.CookieConflict,
    httpx.StreamError,
)


@dataclass(frozen=True, slots=True)
class _Ask:
    """A request, as `Client.call` was asked for it."""

    endpoint: str
    content: bytes
    priority: Priority
    acts: bool = False
    narrows: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful reply: its `data`, its message, and its size in bytes."""

    data: object
    message: str
    size: int


def checked_base_url(base_url: str) -> httpx.URL:
    """The vendor's address: https, or plain http to this machine. Raises ConfigError otherwise."""
    try:
        url = httpx.URL(base_url.rstrip("/"))
    except httpx.InvalidURL:
        raise ConfigError("vendor.insecure_base_url") from None
    if url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host)):
        return url
    raise ConfigError("vendor.insecure_base_url")


class Client:
    """One vendor account over HTTP. Thread-safe."""

    def __init__(
        self,
        *,
        account: str,
        base_url: str,
        credentials: Credentials,
        tokens: TokenStore,
        clock: Clock,
        limits: Limits,
        timeout_seconds: float = 30,
        connections: int = 8,
        transport: httpx.BaseTransport | None = None,
        stopping: Callable[[], bool] = lambda: False,
        on_request: OnRequest = lambda account, endpoint, outcome, seconds: None,
        outages: Outages | None = None,
        policy: Policy = DEFAULT,
    ) -> None:
        url = checked_base_url(base_url)
        self._base = str(url)
        self._clock = clock
        self._limits = limits
        lasting = LastingRefusals(clock, policy.requests.believed)
        self._retries = Retries(policy.requests, clock, stopping, lasting)
        self._account = account
        self._on_request = on_request
        self._doubts = TokenDoubts(clock, policy.token_distrust)
        self._reach = Availability(account, clock, outages, policy.outages)
        self._longest_pause = policy.rate_limits.pause_max
        self._rules = policy.requests
        self._longest = timeout_seconds
        self._renewals = policy.tokens.in_a_row
        self._waits = Waits(policy.requests.look, stopping)
        self._known_damage = set[bytes]()
        self._is_misencoded = False
        self._lock = Lock()
        self._told: tuple[datetime, float] | None = None
        self._answered = False
        self.requests = 0
        self._http = building.built(
            timeout_seconds, connections, verify=url.scheme == "https", transport=transport
        )
        bound(self._http, self._waits)
        self._keeper = TokenKeeper(
            account,
            credentials,
            tokens,
            clock,
            login=self._log_in,
            renew=self._renew,
            rules=policy.tokens,
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def rotate(self) -> None:
        """Take a new token pair now."""
        self._keeper.rotate()

    def authenticate(self) -> None:
        """Make sure that there is a token the vendor gave; asks only where there is none."""
        self._keeper.access()

    @property
    def is_away(self) -> bool:
        """Whether the vendor does not answer at all, which has been told (`api.availability`)."""
        return self._reach.is_away

    def vendors_now(self) -> datetime | None:
        """What time it is at the vendor, by the last reply's Date header (to the second); None before one came."""
        if self._told is None:
            return None
        at, heard = self._told
        return at + timedelta(seconds=self._clock.monotonic() - heard)

    @property
    def tells_no_time(self) -> bool:
        """Whether the vendor has answered, and never with a date."""
        return self._answered and self._told is None

    def clock_skew(self) -> timedelta | None:
        """Our clock minus the vendor's."""
        now = self.vendors_now()
        return None if now is None else self._clock.now() - now

    def call(
        self,
        endpoint: str,
        body: Mapping[str, object] | None = None,
        *,
        acts: bool = False,
        priority: Priority = Priority.LIVE,
        by_record: bool = False,
        narrows: bool = False,
    ) -> Reply:
        """One vendor call.

        A call that `acts` is repeated only where it surely did nothing (never sent, a rejected token,
        too fast). `by_record`: it is a listing, of which the good records are taken where others stay broken.
        `narrows`: it looks for the rows that the vendor cannot serve although it answers, so a failure is no
        surprise: it is not repeated, and does not say that the vendor is away.
        Raises the errors of `wpsync.errors`.
        """
        content = json.dumps(body or {}, ensure_ascii=False).encode()
        ask = _Ask(endpoint, content, priority, acts, narrows)

        def attempt() -> Reply:
            return self._with_token(ask)

        def undamaged() -> Reply:
            return self._undamaged(endpoint, attempt, by_record=by_record)

        return self._retries.until_it_passes(
            attempt if acts else undamaged, endpoint, acts=acts, narrows=narrows
        )

    def _undamaged(self, endpoint: str, attempt: Callable[[], Reply], *, by_record: bool) -> Reply:
        """Ask again where a reply is damaged; if it stays so, read it record by record where it is a listing.

        Damage that stayed so before is not asked for again. Few records do not tell another encoding from a cut
        character: they are taken for it where a longer reply was in one, and none was good since.
        """
        tries, last, pieces = self._rules.damaged, b"", None
        for number in range(1, tries + 1):
            try:
                reply = attempt()
            except DamagedReplyError as damaged:
                if by_record and damaged.content != last:
                    pieces = broken_replies.in_pieces(damaged.content)
                last = damaged.content
                is_last = number == tries
                if pieces is not None:
                    self._is_misencoded |= pieces.is_misencoded
                    if not (self._is_misencoded and pieces.may_be_misencoded):
                        if is_last or pieces.damage <= self._known_damage:
                            return self._taken(endpoint, pieces, len(last))
                    elif is_last:
                        raise VendorUnavailableError(
                            "vendor.other_encoding", endpoint=endpoint
                        ) from None
                if is_last:
                    raise
                self._retries.pause(self._rules.damaged_wait)
            else:
                self._is_misencoded &= not by_record
                return reply
        raise AssertionError("the last try returns or raises")

    def _taken(self, endpoint: str, pieces: broken_replies.Pieces, size: int) -> Reply:
        """Take a listing of which some records are damaged, and remember the damage."""
        is_known = pieces.damage <= self._known_damage
        if len(self._known_damage) > _KNOWN_DAMAGE:
            self._known_damage.clear()
        self._known_damage |= pieces.damage
        level = logging.DEBUG if is_known else logging.WARNING
        fields = {"endpoint": endpoint, "records": len(pieces.damage)}
        log.log(level, "reply.damaged", extra=fields)
        return Reply(pieces.envelope["data"], str(pieces.envelope.get("msg") or ""), size)

    def _with_token(self, ask: _Ask) -> Reply:
        """One call; after a rejected token a renewal and one more try, then at most one login.

        A renewal that replaces the token shows that it was dead: then the next rejection is another cause. What is
        refused all the same is for a while not blamed on the token.
        """
        endpoint = ask.endpoint
        access = self._keeper.access()
        try:
            return self._send(ask, access)
        except RejectedError as rejected:
            words = rejected.words
        except AmbiguousRefusalError:
            if ask.acts or self._doubts.hold(endpoint, ""):
                raise
            words = ""
        renewals = self._renewals
        while True:
            before, is_login = access, renewals <= 0
            try:
                if self._doubts.hold(endpoint, words):
                    is_login = False
                    access = self._undoubted(endpoint, words, access)
                else:
                    access = self._keeper.after_rejection(access, renewed=is_login)
                renewals = renewals - 1 if access != before else 0
                return self._send(ask, access)
            except RejectedError as rejected:
                words = rejected.words or words
                if is_login:
                    break
            except AmbiguousRefusalError:
                self._doubts.note(endpoint, "")
                raise
        self._doubts.note(endpoint, words)
        raise envelope.refused_anyway(endpoint, words)

    def _undoubted(self, endpoint: str, words: str, access: Secret) -> Secret:
        """Return another token where a renewal shows that this one was dead after all. It is seldom asked."""
        if self._doubts.is_due(endpoint, words):
            another = self._keeper.after_rejection(access)
            if another != access:
                self._doubts.forget(endpoint, words)
                return another
        raise envelope.refused_anyway(endpoint, words)

    def _send(self, ask: _Ask, access: Secret) -> Reply:
        with self._counted(ask):
            stamp = int(self._clock.now().timestamp() * 1000)
            url = f"{self._base}{ask.endpoint}?timestamp={stamp}&accessToken={access.reveal()}"
            received = self._post(ask.endpoint, url, ask.content, acts=ask.acts)
            return self._opened(ask.endpoint, received, acts=ask.acts)

    @contextmanager
    def _counted(self, ask: _Ask) -> Iterator[None]:
        """One request within the limits, which hear how it ended."""
        endpoint, priority = ask.endpoint, ask.priority
        number = self._limits.acquire(endpoint, priority)
        at, began, outcome = self._clock.now(), self._clock.monotonic(), "refused"
        try:
            yield
            outcome = "ok"
        except RateLimitedError as exc:
            outcome = "rate_limited"
            self._limits.slow_down(endpoint, exc.retry_after)
            raise
        except RejectedError:
            outcome = "rejected"
            raise
        except DamagedReplyError:
            outcome = "damaged"
            raise
        except ReplyTooLargeError:
            outcome = "too_large"
            raise
        except AmbiguousRefusalError:
            raise  # an answer, of a kind: the vendor is not away
        except VendorUnavailableError as exc:
            outcome = "unavailable"
            if not ask.narrows:
                self._reach.failed(at, exc, endpoint)
            raise
        finally:
            if outcome != "unavailable":
                self._reach.answered()
            self._limits.ended(endpoint, number)
            seconds = self._clock.monotonic() - began
            self._on_request(self._account, endpoint, outcome, seconds)

    def _post(self, endpoint: str, url: str, content: bytes, *, acts: bool = False) -> Received:
        """Send a request and receive the whole reply. A stop ends it, unless it acts."""
        with self._lock:
            self.requests += 1
        request = httpx.Request("POST", url, headers=_HEADERS, content=content)
        began = self._clock.monotonic()
        crash_points.reach()
        try:
            with self._waits.within(self._longest, stops=not acts):
                received = self._received(endpoint, self._http.send(request, stream=True))
        except _NOT_SENT as exc:
            raise building.unreachable(exc, endpoint) from None
        except _PASSING as exc:
            error = type(exc).__name__
            raise VendorUnavailableError(
                "vendor.no_answer", endpoint=endpoint, error=error
            ) from None
        except _HOPELESS as exc:
            error = type(exc).__name__
            raise VendorRefusedError(
                "vendor.request_impossible", endpoint=endpoint, error=error
            ) from None
        crash_points.reach()
        if log.isEnabledFor(logging.DEBUG):
            elapsed = round((self._clock.monotonic() - began) * 1000)
            log.debug(
                "request.sent",
                extra={"endpoint": endpoint, "status": received.status_code, "ms": elapsed},
            )
        return received

    def _received(self, endpoint: str, response: httpx.Response) -> Received:
        """Read a reply, if it is not larger than any can be."""
        try:
            content = reply_body.read(response)
        except reply_body.TooLargeError as exc:
            raise ReplyTooLargeError(
                "vendor.reply_too_large",
                endpoint=endpoint,
                beginning=exc.read[:_KEPT_OF_TOO_LARGE],
                digest=sha256(exc.read).hexdigest(),
            ) from None
        finally:
            response.close()
        return Received(response.status_code, response.headers, content)

    def _opened(self, endpoint: str, response: Received, *, acts: bool = False) -> Reply:
        """The envelope's content. Raises what HTTP's status, `code` and `statusCode` stand for."""
        status = response.status_code
        if status == 429:
            raise RateLimitedError(
                "vendor.too_fast",
                endpoint=endpoint,
                retry_after=envelope.retry_after(response, self._longest_pause),
            )
        if status >= 500:
            raise envelope.server_error(endpoint, response)
        self._note_time(response)
        try:
            said = envelope.opened(endpoint, response)
        except DamagedReplyError as damaged:
            guessed = envelope.guessed(damaged.content)
            if not acts or not isinstance(guessed, dict):
                raise
            said = guessed  # it was done: that is all that matters
        if said is None:
            if status in (401, 403):
                raise RejectedError(f"HTTP {status}")
            raise envelope.unreadable(endpoint, response)
        message = str(said.get("msg") or "")
        if envelope.number(said.get("code")) == 1:
            return Reply(said.get("data"), message, len(response.content))
        status_code = envelope.number(said.get("statusCode"))
        raise envelope.failure(endpoint, status, status_code, message)

    def _note_time(self, response: Received) -> None:
        """Note the vendor's time, by any date that can be one: of its nonsense nothing is raised."""
        self._answered = True
        with suppress(ValueError, TypeError, OverflowError, IndexError):
            said = parsedate_to_datetime(response.headers.get("Date", ""))
            at = said.replace(tzinfo=None) - (said.utcoffset() or timedelta(0))
            told = min(max(at.replace(tzinfo=UTC), _FIRST), _LAST)
            self._told = told, self._clock.monotonic()

    def _log_in(self, credentials: Credentials) -> tuple[Secret, Secret]:
        body = {
            "clientId": credentials.client_id,
            "clientSecret": credentials.client_secret.reveal(),
        }
        data = self._token_call(GET_TOKEN, "", json.dumps(body).encode())
        access, refresh = (
            envelope.secret(data, "accessToken"),
            envelope.secret(data, "refreshToken"),
        )
        if access is None or refresh is None:
            field = "accessToken" if access is None else "refreshToken"
            raise VendorUnavailableError("vendor.field_missing", endpoint=GET_TOKEN, field=field)
        return access, refresh

    def _renew(self, refresh: Secret) -> tuple[Secret, Secret | None]:
        data = self._token_call(RENEW_TOKEN, f"&refreshToken={refresh.reveal()}", b"{}")
        access = envelope.secret(data, "accessToken")
        if access is None:
            raise VendorUnavailableError(
                "vendor.field_missing", endpoint=RENEW_TOKEN, field="accessToken"
            )
        return access, envelope.secret(data, "refreshToken")

    def _token_call(self, endpoint: str, query: str, content: bytes) -> object:
        """A call without an access token; `code` 0 is a rejection, unless it is plainly something else.

        Words that no rule knows reject the credentials: a login is not repeated for their sake.
        """

        def attempt() -> object:
            stamp = int(self._clock.now().timestamp() * 1000)
            url = f"{self._base}{endpoint}?timestamp={stamp}{query}"
            try:
                with self._counted(_Ask(endpoint, content, Priority.LIVE)):
                    return self._opened(endpoint, self._post(endpoint, url, content)).data
            except AmbiguousRefusalError:
                raise RejectedError from None
            except VendorRefusedError as exc:
                if exc.status_code is None and not envelope.is_busy(exc.message.quote):
                    raise RejectedError from None
                raise

        return self._retries.until_it_passes(attempt, endpoint, acts=False)

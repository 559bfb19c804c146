"""Every exception of wpsync, by what the caller does about it.

WpsyncError
  ConfigError                    the configuration or the command line is wrong: nothing was started
  RetryableError                 may pass by itself: backoff, then the next run tries again
    VendorUnavailableError       timeouts, connection errors, 5xx, an unreadable envelope
      ReplyTooLargeError         a reply over the limit: smaller pages are asked for
    RateLimitedError             the vendor says that we are too fast
    DatabaseUnavailableError     the database cannot be reached, or asks for another try
      LeaseLostError             another process took over: nothing more is written under the lease
      ErasedMeanwhileError       a person was erased between reading and writing: read it again
  NothingShownError              the vendor answers, and shows nothing of a stretch that it showed before: try it later
  FatalError                     a person must act: the run stops, its window stays open
    AuthenticationError          the credentials or tokens are rejected
    VendorRefusedError           the vendor answered `code: 0` for a reason that a retry does not mend
      SpanTooLargeError          4018: the reader asks for a shorter window
      TooManyRowsError           4019: likewise
    SchemaMismatchError          migrations are not applied
    UnwritableError              the database's disk is full, or it is read-only: the service waits for it

`exit_status` is the process's exit status (contract: 0 done, 1 failed or incomplete, 2 usage or
configuration). An error carries a `Message`: a code and parameters, no text. `wpsync.messages` words it, with its
remedy, in English or Chinese.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """Something to be said to a person, as data: it is worded where it is shown (`wpsync.messages`).

    `params` are wpsync's own words: endpoints, resources, codes, counts, instants, other messages. `words` are those
    of Postgres or the operating system, without values of rows. Neither holds anything of a person.

    `quote` holds the words of the vendor, a proxy or a foreign function of the database. They may hold anything, and are
    shown only on the terminal of the command that met them. Logs, tables, alerts and the page leave them out
    (`wpsync.state.vendor_words` keeps them apart).
    """

    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    words: str | None = None
    quote: str | None = field(default=None, kw_only=True)

    def stored(self) -> dict[str, object]:
        """Return the parameters as JSON holds them: instants in ISO 8601, a message as `code`, `params`, `words`."""
        return {name: _plain(value) for name, value in self.params.items()}

    def __str__(self) -> str:
        """Return the code and its parameters, for developers."""
        shown = [self.code, *(f"{name}={value}" for name, value in self.params.items())]
        return " ".join([*shown, f"({self.words})"] if self.words else shown)


def _plain(value: object) -> object:
    if isinstance(value, Message):
        return {"code": value.code, "params": value.stored(), "words": value.words}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):  # a message as it was stored before
        return {str(name): _plain(one) for name, one in value.items()}
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


class Stopped(Exception):  # noqa: N818 - not an error: the person asked for it
    """The run was asked to stop; everything committed stays."""


class WpsyncError(Exception):
    """Something went wrong. `code` is one of the catalogue's; `params` fill its text."""

    exit_status = 1

    def __init__(
        self, code: str, *, words: str | None = None, quote: str | None = None, **params: object
    ) -> None:
        self.message = Message(code, params, words, quote=quote)
        super().__init__(str(self.message))


class ConfigError(WpsyncError):
    """The configuration is wrong."""

    exit_status = 2


class RetryableError(WpsyncError):
    """Something failed that may pass by itself."""


class VendorUnavailableError(RetryableError):
    """The vendor cannot be reached, or does not answer sensibly."""


class AmbiguousRefusalError(VendorUnavailableError):
    """`code: 0` without a usable reason: perhaps a dead token or a window too large, perhaps a passing fault."""


class ReplyTooLargeError(VendorUnavailableError):
    """A reply is larger than one may be. `beginning`: its first bytes, not to be shown; `digest` tells it from others."""

    def __init__(self, code: str, *, beginning: bytes, digest: str, **more: Any) -> None:
        super().__init__(code, **more)
        self.beginning = beginning
        self.digest = digest


class RateLimitedError(RetryableError):
    """The vendor says that requests come too fast. `retry_after`: for how long it asks us to wait."""

    def __init__(self, code: str, *, retry_after: timedelta | None = None, **more: Any) -> None:
        super().__init__(code, **more)
        self.retry_after = retry_after


class DatabaseUnavailableError(RetryableError):
    """The database cannot be reached."""


class LeaseLostError(DatabaseUnavailableError):
    """Another process took over a lease of this one."""


class ErasedMeanwhileError(DatabaseUnavailableError):
    """A person was erased meanwhile: what was read before is read again."""


class NothingShownError(WpsyncError):
    """The vendor answers, and shows nothing of a stretch that it showed before."""


class FatalError(WpsyncError):
    """A person must act."""


class AuthenticationError(FatalError):
    """The vendor rejects the credentials."""


class VendorRefusedError(FatalError):
    """The vendor refused the call. `status_code` is its statusCode, where it sent one."""

    def __init__(self, code: str, *, status_code: int | None = None, **more: Any) -> None:
        super().__init__(code, **more)
        self.status_code = status_code


class UnknownRefusalError(VendorRefusedError):
    """The vendor refused the call in words, or by a code, that no rule knows: it may pass by itself."""


UNSERVED = (VendorUnavailableError, VendorRefusedError)
"""Errors of requests that the vendor cannot serve, be it all requests or only those that ask for this."""


class SpanTooLargeError(VendorRefusedError):
    """The vendor accepts only shorter spans of time (4018)."""


class TooManyRowsError(VendorRefusedError):
    """The vendor does not show that many rows at once (4019)."""


class SchemaMismatchError(FatalError):
    """The database's schema is not the one this version needs."""


class UnwritableError(FatalError):
    """The database answers, and takes no writes."""

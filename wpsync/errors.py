"""Every exception of wpsync, by what the caller does about it.

WpsyncError
  ConfigError                    the configuration or the command line is wrong: nothing was started
  RetryableError                 may pass by itself: backoff, then the next run tries again
    VendorUnavailableError       timeouts, connection errors, 5xx, an unreadable envelope
    RateLimitedError             the vendor says that we are too fast
    DatabaseUnavailableError     the database cannot be reached, or asks for another try
      ErasedMeanwhileError       somebody was erased between reading and writing: read it again
  NothingShownError              the vendor answers, and shows nothing of what it showed before: try it later
  FatalError                     a person must act: the run stops, its window stays open
    AuthenticationError          the credentials or tokens are rejected
    VendorRefusedError           the vendor answered `code: 0` for a reason that a retry does not mend
      SpanTooLargeError          4018: the reader asks for a shorter window
      TooManyRowsError           4019: likewise
    SchemaMismatchError          migrations are not applied
    UnwritableError              the database's disk is full, or it is read-only: the service waits for it

`exit_status` is the process's exit status (contract: 0 done, 1 failed or incomplete, 2 usage or
configuration). A message says what failed and on what; `hint` says what to do next, to a person, in two
languages (`English / 中文`). Neither holds secrets, message bodies or phone numbers.
"""

from datetime import timedelta


class Stopped(Exception):  # noqa: N818 - not an error: the person asked for it
    """The run was asked to stop; everything committed stays."""


class WpsyncError(Exception):
    """Something went wrong."""

    exit_status = 1

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        super().__init__(message or self.__doc__ or type(self).__name__)
        self.hint = hint


class ConfigError(WpsyncError):
    """The configuration is wrong."""

    exit_status = 2


class RetryableError(WpsyncError):
    """Something failed that may pass by itself."""


class VendorUnavailableError(RetryableError):
    """The vendor cannot be reached, or does not answer sensibly."""


class RateLimitedError(RetryableError):
    """The vendor says that requests come too fast."""

    def __init__(
        self,
        message: str | None = None,
        *,
        hint: str | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class DatabaseUnavailableError(RetryableError):
    """The database cannot be reached."""


class ErasedMeanwhileError(DatabaseUnavailableError):
    """Somebody was erased meanwhile: what was read before is read again."""


class NothingShownError(WpsyncError):
    """The vendor answers, and shows nothing of a stretch that it showed before."""


class FatalError(WpsyncError):
    """A person must act."""


class AuthenticationError(FatalError):
    """The vendor rejects the credentials."""


class VendorRefusedError(FatalError):
    """The vendor refused the call."""

    def __init__(
        self,
        message: str | None = None,
        *,
        hint: str | None = None,
        code: int | None = None,
        status_code: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.status_code = status_code


UNSERVED = (VendorUnavailableError, VendorRefusedError)
"""What a request meets that the vendor cannot serve, be it for all requests or for what this one asks for."""


class SpanTooLargeError(VendorRefusedError):
    """The vendor accepts only shorter spans of time (4018)."""


class TooManyRowsError(VendorRefusedError):
    """The vendor does not show that many rows at once (4019)."""


class SchemaMismatchError(FatalError):
    """The database's schema is not the one this version needs."""


class UnwritableError(FatalError):
    """The database answers, and takes no writes."""

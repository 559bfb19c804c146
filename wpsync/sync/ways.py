"""A listing whose requests may name a span of time is read in the way in which the vendor shows most of it (`extract.ways`).

In which way that is, is asked for once a day, and at once where a reading shows less than was counted, or lacks rows that
we hold. Only a reading that shows as many rows as any way counts then is complete, and marks rows as gone.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from wpsync.errors import AmbiguousRefusalError, SpanTooLargeError, TooManyRowsError
from wpsync.extract.events import Closed, Reason
from wpsync.extract.ways import Survey, Surveyor
from wpsync.loading import held_rows
from wpsync.model import Priority
from wpsync.resources.spec import Resource
from wpsync.state import surveys
from wpsync.state.listings import ListingState
from wpsync.sync.account import Account
from wpsync.sync.run import Run
from wpsync.sync.unit import Comparison
from wpsync.sync.window_sync import ListingRequest


class _Proof:
    """Judges one reading by the totals of all ways. `survey` is the last one; `is_refuted`: the reading shows too little.

    More rows than are shown at once may have come into a span since: then another survey finds shorter ones.
    """

    def __init__(self, account: Account, resource: Resource, survey: Survey) -> None:
        self._account = account
        self._resource = resource
        self.survey = survey
        self.is_refuted = False

    def __call__(self, closed: Closed) -> Closed:
        seen, reason = len(closed.seen), closed.reason
        if reason == Reason.OVER_CAP:
            before, self.survey = self.survey, _asked(self._account, self._resource)
            self.is_refuted = self.survey.piece < before.piece or self.survey.way is not before.way
            return closed
        if reason not in (None, Reason.SUSPICIOUSLY_EMPTY):
            return closed
        if reason is None and seen >= self.survey.total and not self._lacks(closed):
            return closed
        self.survey = _asked(self._account, self._resource)
        self.is_refuted = seen < self.survey.total
        if self.is_refuted:
            return replace(closed, vendor_count=self.survey.total, reason=Reason.ROWS_MISSING)
        return replace(closed, shows_gone=self.survey.sure)

    def _lacks(self, closed: Closed) -> bool:
        """Whether rows that we hold are not among those read."""
        with self._account.database.connection() as connection:
            held = held_rows.listed_keys(connection, self._account.scope(self._resource))
        return not held.issubset(closed.seen)


def read_whole(
    account: Account,
    resource: Resource,
    run: Run,
    before: ListingState | None,
    held: Callable[[], int],
    *,
    fresh: bool = False,
    comparison: Comparison | None = None,
) -> None:
    """Read the listing whole. `before`: how it was read last; `held` tells how many rows an empty one would contradict.

    `comparison`: compare it first. `fresh`: ask first in which way. Many short spans are not read again and again: each adds to the pause.
    """
    rules, now = account.pace.policy.surveys, account.clock.now()
    survey = surveyed(account, resource, fresh=fresh)
    asks = survey.asks(now)
    pause = len(asks) * rules.pause if len(asks) > rules.many else timedelta(0)
    at = before.complete_at if before is not None else None
    if not fresh and at is not None and timedelta(0) <= now - at < pause:
        return
    problems = list(run.incomplete)
    for _ in range(rules.readings):
        run.incomplete[:] = problems
        proof = _Proof(account, resource, survey)
        request = ListingRequest(
            asks=survey.asks(account.clock.now()), held=held, waits=before is None or at is not None
        )
        loader = account.store(resource).listing("", None, proof, comparison)
        try:
            account.pipeline(resource, run).sync_listing(request, loader)
        except (SpanTooLargeError, TooManyRowsError, AmbiguousRefusalError):
            if fresh:
                raise
            survey, fresh = _asked(account, resource), True
            continue
        if not proof.is_refuted:
            return
        survey = proof.survey


def surveyed(account: Account, resource: Resource, *, fresh: bool = False) -> Survey:
    """Return the last survey, or a new one where that is due or wanted."""
    known = surveys.survey(account.database, account.scope(resource))
    if fresh or known is None:
        return _asked(account, resource)
    age = account.clock.now() - known.asked_at
    is_young = timedelta(0) <= age < account.pace.policy.surveys.every
    return known if is_young else _asked(account, resource)


def _asked(account: Account, resource: Resource) -> Survey:
    known_since = surveys.known_since(account.database, account.name)
    vendor = account.source(resource, Priority.LIVE)
    rules = account.pace.policy.surveys
    survey = Surveyor(vendor, account.clock.now(), known_since, rules).survey()
    surveys.keep_survey(account.database, account.scope(resource), survey)
    return survey

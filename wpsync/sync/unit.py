"""Units of work in Postgres: pages are normalised and staged, and one transaction commits a window or a listing.

The transactions are written as the list of their steps, in the order in which they happen: `WindowUnit` for a window,
`ListingUnit` for a listing. `ComparingUnit` compares a window with the tables, and commits it only to repair.
"""

import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from wpsync import ledger
from wpsync.clock import Clock
from wpsync.db.database import Connection
from wpsync.errors import FatalError
from wpsync.extract import follow_up
from wpsync.extract.events import Closed, Reason
from wpsync.ledger import Reading
from wpsync.loading import diff, erasure, hash_keys, held_rows, listed_rows
from wpsync.loading.diff import EXTRA, Difference
from wpsync.loading.merge_sql import Counts, Gone
from wpsync.loading.staging import Check, Staging, unchecked
from wpsync.model import Window
from wpsync.normalize.privacy import Privacy
from wpsync.normalize.rows import Normalizer
from wpsync.policy import DEFAULT, Policy
from wpsync.resources.spec import Personal, Resource
from wpsync.state import dead_letters, drift, follow_ups, listings, named_rows
from wpsync.state.scope import Scope
from wpsync.state.window_ledger import PostgresLedger
from wpsync.sync.store import Loaded
from wpsync.values import add_digests

log = logging.getLogger(__name__)

_TOGETHER = 1_000
"""Records that are normalised at once."""

_BYTES_TOGETHER = 16 * 1024 * 1024
"""Bytes of replies from which on their rows are no longer held in memory."""


class _MostlyDeadLettersError(Exception):
    """So much of a window cannot be read that our reader must be broken: none of it is loaded or believed."""


@dataclass(frozen=True, slots=True)
class Target:
    """The resource of an account that units load into, and how.

    `check` holds in a transaction the leases under which it is written.
    """

    resource: Resource
    scope: Scope
    clock: Clock
    horizon: timedelta
    privacy: Privacy
    policy: Policy = DEFAULT
    check: Check = unchecked


class _Unit(ABC):
    """Normalises and stages the pages of one window or listing on one connection."""

    def __init__(self, connection: Connection, target: Target, run_id: int) -> None:
        self._connection = connection
        self._target = target
        self._scope = target.scope
        self._run_id = run_id
        self._erased = erasure.erased(connection, target.scope.account)
        self._normalize = Normalizer(target.resource, target.privacy, self._erased)
        account, attempts = target.scope.account, target.policy.windows.deadlocks
        self._staging = Staging(connection, target.resource, account, attempts, target.check)
        self._pages: list[tuple[Sequence[object], datetime]] = []
        self._bytes = 0

    def clear(self) -> None:
        self._pages.clear()
        self._bytes = 0
        self._staging.clear()

    def add(self, records: Sequence[object], fetched_at: datetime, size: int = 0) -> None:
        self._pages.append((records, fetched_at))
        self._bytes += size
        is_much = self._bytes >= _BYTES_TOGETHER
        if is_much or sum(len(page) for page, _ in self._pages) >= _TOGETHER:
            self._stage()
        if is_much:
            self._staging.flush()
            self._bytes = 0

    def commit(self, closed: Closed) -> Loaded:
        """Write everything in one transaction; of a window that is mostly dead letters only that it is incomplete."""
        self._stage()
        try:
            return self._transaction(closed)
        except _MostlyDeadLettersError:
            self._log_dead_letters()
            self.clear()
            refused = replace(closed, reason=Reason.MOSTLY_DEAD_LETTERS)
            return replace(self._transaction(refused), reason=refused.reason)

    @abstractmethod
    def _transaction(self, closed: Closed) -> Loaded: ...

    def _stage(self) -> None:
        self._normalize.pages(self._pages, self._staging.batch)
        self._pages.clear()
        self._staging.flush_if_full()

    def _hold_erasures(self) -> None:
        erasure.hold(self._connection, self._erased, self._staging.left_out)
        hash_keys.note(self._connection, self._scope.account, self._target.privacy)

    def _keep_left_out(self) -> None:
        forms = partial(self._target.privacy.forms, Personal.WECHAT_NUMBERS)
        left = self._staging.left_out
        erasure.keep_left_out(self._connection, self._scope, self._erased, left, forms)

    def _keep_dead_letters(self, closed: Closed, at: datetime) -> int:
        """Keep the dead letters and return how many are new. Raises where they are most of the rows."""
        letters = dead_letters.keep_dead_letters(
            self._connection, self._scope.account, self._staging.dead_letters, at, self._run_id
        )
        rules = self._target.policy.distrust
        if letters >= rules.letters and letters > closed.rows_seen * rules.letters_share:
            raise _MostlyDeadLettersError
        return letters

    def _resolve_dead_letters(self, counts: Counts, at: datetime) -> None:
        """Close the letters of rows that could not be read or written before, and are there now."""
        if not (counts.inserted or counts.updated):
            return
        if self._target.resource.details:
            dead_letters.resolve_read_messages(self._connection, self._scope.account, at)
        dead_letters.resolve_written(self._connection, self._scope, at)

    def _log_dead_letters(self) -> None:
        """Log the commonest reason: the only trace of letters that are not kept."""
        letters = self._staging.dead_letters
        kinds = {str(letter.error): letter.error for letter in letters}
        ((kind, many),) = Counter(str(letter.error) for letter in letters).most_common(1)
        fields = {"resource": self._scope.resource, "letters": len(letters), "like": many}
        log.warning("window.mostly_dead_letters", extra={**fields, "error": kinds[kind]})


@dataclass(frozen=True, slots=True)
class Repair:
    """How a window is committed to repair it.

    `unwanted` are typed rows that no payload holds. `counted`: the ledger counts the rows already that only our table
    lacks, so they are no growth.
    """

    unwanted: Sequence[Difference]
    counted: bool


class WindowUnit(_Unit):
    """Loads windows."""

    def __init__(
        self, connection: Connection, target: Target, run_id: int, *, live: bool = False
    ) -> None:
        super().__init__(connection, target, run_id)
        self._live = live
        self._repair: Repair | None = None
        self._named: dict[str, datetime] = {}

    def clear(self) -> None:
        super().clear()
        self._named.clear()

    def _stage(self) -> None:
        """Stage, and remember which rows of another resource these name."""
        resource = self._target.resource
        staged = self._staging.batch.rows.get(resource.table.name, ())
        before = len(staged)
        self._normalize.pages(self._pages, self._staging.batch)
        self._pages.clear()
        if resource.names:
            table, at = resource.table, resource.table.position(resource.cursor or "")
            name = table.position(resource.names[0])
            for row in self._staging.batch.rows.get(table.name, ())[before:]:
                if isinstance(one := row[name], str) and isinstance(when := row[at], datetime):
                    self._named[one] = min(when, self._named.get(one, when))
        self._staging.flush_if_full()

    def _note_named(self, at: datetime) -> None:
        """Note the rows of another resource that these name, whether they are there or not."""
        if self._target.resource.names:
            scope = replace(self._scope, resource=self._target.resource.names[1])
            named_rows.note(self._connection, scope, self._named, at)

    def _transaction(self, closed: Closed) -> Loaded:
        """Commit one window: all of these steps happen, or none.

        A stretch too fresh to be accounted for has rows and no entry in the ledger: its `closed.window` is None.
        """
        connection, scope, window = self._connection, self._scope, closed.window
        at = self._target.clock.now()
        repair = self._repair if closed.reason is None else None
        for transaction in self._staging.transactions():  # another where Postgres broke a deadlock
            with transaction:
                self._hold_erasures()
                if repair is not None:
                    diff.remove(connection, scope, repair.unwanted, at)
                if window is not None:
                    book = PostgresLedger(connection, scope, self._run_id)
                    is_counted = repair is not None and repair.counted
                    touched = {} if is_counted else ledger.touched(book.windows(window), window)
                    before = self._count(touched)
                    digests = self._digests(touched)
                self._keep_left_out()
                counts = self._staging.merge(
                    duplicates=closed.duplicates, again=repair is not None
                )  # rows, typed rows, history
                letters = self._keep_dead_letters(closed, at)
                self._resolve_dead_letters(counts, at)
                self._note_named(at)
                drift.note_drift(connection, scope, self._staging.drift, at)
                if window is not None:
                    self._mark_gone(closed, window)
                    if repair is not None:
                        self._look_again(closed, window)
                    after = self._count(touched)
                    grown = {start: after[start] - before[start] for start in touched}
                    later = self._digests(touched)
                    shifted = {at: add_digests(later[at], -digests[at]) for at in touched}
                    entry = reading(closed)
                    retries = self._target.policy.windows.later
                    enter = partial(ledger.enter, window=window, reading=entry, grown=grown)
                    enter = partial(enter, held=self._held, retries=retries)
                    book.update(window, partial(enter, digest=self._digest, shifted=shifted))
                    track(connection, self._target, window, entry.read_at)
                    if self._live:
                        ledger.advance(book)
        return Loaded(counts, letters)

    def _look_again(self, closed: Closed, window: Window) -> None:
        """Raises FatalError where rows that were just repaired differ all the same. They are still staged."""
        refused = {letter.record_id for letter in self._staging.dead_letters}
        assert closed.read_at is not None
        left = [
            one
            for one in diff.compare(self._connection, self._scope, window, closed.read_at)
            if one.what != EXTRA and one.key.split("/")[0] not in refused
        ]
        if left:
            raise FatalError("database.not_repaired", table=f"wp.{left[0].table}", rows=len(left))

    def _count(self, stretches: Mapping[datetime, Window]) -> dict[datetime, int]:
        return {start: self._held(part) for start, part in stretches.items()}

    def _digests(self, stretches: Mapping[datetime, Window]) -> dict[datetime, int]:
        return {start: self._digest(part) for start, part in stretches.items()}

    def _digest(self, window: Window) -> int:
        return held_rows.digest(self._connection, self._scope, window)

    def _held(self, window: Window) -> int:
        return held_rows.count(self._connection, self._scope, window)

    def _mark_gone(self, closed: Closed, window: Window) -> None:
        """Mark the rows that a complete reading did not show; asked only where the counts differ."""
        read_at = closed.read_at
        if closed.reason is None and read_at and self._held(window) != closed.rows_seen:
            held_rows.mark_gone(self._connection, self._scope, window, closed.seen, read_at)


@dataclass(slots=True)
class Comparison:
    """How a stretch or a listing is compared, and the result.

    `repair` loads it where it differs. `counted`: the vendor's count is the ledger's, so rows that we lack
    were counted there. `vendor_count` and `digest` are of the rows that the vendor lists, as a reading of the stretch
    shows them. `reason` says why it could not be compared, or not be loaded.
    """

    repair: bool
    counted: bool
    vendor_count: int = 0
    digest: int = 0
    differences: list[Difference] = field(default_factory=list)
    reason: str | None = None


Judge = Callable[[Closed], Closed]
"""Says of a reading of a listing whether it is complete after all."""


class ListingUnit(_Unit):
    """Loads listings: a whole one, or one of a parent with its fingerprint when it was read."""

    def __init__(
        self,
        connection: Connection,
        target: Target,
        run_id: int,
        parent: str,
        fingerprint: str | None,
        judge: Judge,
        comparison: Comparison | None = None,
    ) -> None:
        super().__init__(connection, target, run_id)
        self._parent = parent
        self._fingerprint = fingerprint
        self._judge = judge
        self._comparison = comparison

    def commit(self, closed: Closed) -> Loaded:
        """Have the reading judged, no transaction being open, and write everything in one transaction.

        Where it is to be compared, write nothing unless that is to be repaired.
        """
        judged = self._judge(closed)
        if self._comparison is not None:
            self._compare(judged, self._comparison)
            if not self._comparison.repair:
                return Loaded(Counts())
        loaded = super().commit(judged)
        if self._comparison is not None:
            self._comparison.reason = loaded.reason or judged.reason
        return loaded if loaded.reason else replace(loaded, reason=judged.reason)

    def _compare(self, closed: Closed, result: Comparison) -> None:
        """Note how the listing differs, where the reading shows it whole."""
        result.reason = closed.reason
        if closed.reason is not None or closed.read_at is None:
            return
        self._stage()
        self._staging.stage_all()
        result.differences = diff.compare_listed(
            self._connection,
            self._scope,
            self._parent,
            closed.read_at,
            shows_all=closed.shows_gone,
        )

    def _digest(self, closed: Closed, *, changed: bool) -> int | None:
        """Return the digest of the rows; None where they were changed by hand, and are not known to be mended."""
        if changed and closed.reason is not None:
            return None
        return listed_rows.digest(self._connection, self._scope, self._parent)

    def _put_away(self, at: datetime) -> None:
        """Take out rows that never came from the vendor: without them the listing is as it was left."""
        found = self._comparison.differences if self._comparison is not None else []
        extra = [one for one in found if one.what == EXTRA]
        if not extra:
            return
        known = listings.digest(self._connection, self._scope, self._parent)
        keys = {one.key for one in extra}
        rest = listed_rows.digest(self._connection, self._scope, self._parent, without=keys)
        if known == rest:
            diff.remove(self._connection, self._scope, extra, at)

    def _transaction(self, closed: Closed) -> Loaded:
        """Commit one listing. Only a complete one marks the rows that it does not show as gone."""
        connection, scope, at = self._connection, self._scope, self._target.clock.now()
        gone = None
        if closed.reason is None and closed.read_at is not None and closed.shows_gone:
            gone = Gone(closed.read_at, self._target.resource.parent_column, self._parent or None)
        for transaction in self._staging.transactions():
            with transaction:
                self._hold_erasures()
                changed = listed_rows.is_changed(connection, scope, self._parent)
                self._keep_left_out()
                counts = self._staging.merge(duplicates=closed.duplicates, gone=gone)
                self._put_away(at)
                letters = self._keep_dead_letters(closed, at)
                self._resolve_dead_letters(counts, at)
                drift.note_drift(connection, scope, self._staging.drift, at)
                listings.close_listing(
                    connection,
                    scope,
                    self._parent,
                    reading(closed),
                    self._fingerprint,
                    self._run_id,
                    self._target.policy.distrust.listing_apart,
                    self._digest(closed, changed=changed),
                )
                if self._target.resource.spans:
                    named_rows.settle(connection, scope, at, whole=True)
        return Loaded(counts, letters)


class PartUnit(_Unit):
    """Loads a part of a listing: it marks nothing as gone, and the listing counts as read no later."""

    def _transaction(self, closed: Closed) -> Loaded:
        connection, at = self._connection, self._target.clock.now()
        for transaction in self._staging.transactions():
            with transaction:
                self._hold_erasures()
                self._keep_left_out()
                self._staging.stage_all()
                before = listed_rows.digest_of_staged(connection, self._scope)
                counts = self._staging.merge(duplicates=closed.duplicates)
                after = listed_rows.digest_of_staged(connection, self._scope)
                listings.shift_digest(connection, self._scope, "", after - before)
                letters = self._keep_dead_letters(closed, at)
                drift.note_drift(connection, self._scope, self._staging.drift, at)
                named_rows.settle(connection, self._scope, at)
        return Loaded(counts, letters)


class ComparingUnit(WindowUnit):
    """Compares windows with the tables instead of loading them."""

    def __init__(
        self, connection: Connection, target: Target, run_id: int, comparison: Comparison
    ) -> None:
        super().__init__(connection, target, run_id)
        self._comparison = comparison

    def commit(self, closed: Closed) -> Loaded:
        """Note how the window differs. Where that is to be repaired, commit the compared rows."""
        result = self._comparison
        if closed.window is None or closed.read_at is None:
            return Loaded(Counts())
        if closed.reason is not None:
            result.reason = closed.reason
            return Loaded(Counts())
        result.vendor_count += closed.vendor_count or 0
        self._stage()
        self._staging.stage_all()
        staged = held_rows.digest_of_staged(
            self._connection, self._scope, closed.window, closed.seen
        )
        result.digest = add_digests(result.digest, staged)
        found = diff.compare(self._connection, self._scope, closed.window, closed.read_at)
        if not result.repair:
            found = self._without_followed(found, closed.window, closed.read_at)
        result.differences += found
        if not (result.repair and found):
            return Loaded(Counts())
        main = self._target.resource.table.name
        unwanted = [one for one in found if one.what == EXTRA and one.table != main]
        self._repair = Repair(unwanted, result.counted)
        loaded = super().commit(closed)
        result.reason = loaded.reason or result.reason
        return loaded

    def _without_followed(
        self, found: list[Difference], window: Window, read_at: datetime
    ) -> list[Difference]:
        """Leave out rows that the vendor has changed and the next follow-up reads, unless that is overdue."""
        if not found:
            return found
        since = read_at - self._target.policy.rechecks.next_pass
        waiting = follow_ups.waiting(self._connection, self._scope, window, since)
        waiting &= diff.moved(self._connection, self._scope, found)
        return [one for one in found if one.owner not in waiting]


def track(connection: Connection, target: Target, window: Window, read_at: datetime) -> None:
    """Note when the open rows of a stretch are due to be read again."""

    def due(at: datetime, read: datetime) -> datetime | None:
        return follow_up.due_after(at, read, target.horizon, target.policy.rechecks)

    recent = window.end > read_at - target.horizon
    follow_ups.track(connection, target.scope, window, read_at, due, recent=recent)


def reading(closed: Closed) -> Reading:
    """Return a reading as the ledger keeps it."""
    assert closed.read_at is not None
    return Reading(closed.vendor_count, closed.rows_seen, closed.reason, closed.read_at)

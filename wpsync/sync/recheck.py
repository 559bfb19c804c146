"""What was read is not believed for ever: late rows, changed rows, gone rows.

Complete windows are probed, ever more rarely with age; where the vendor's count differs, the window is
bisected by counts and only what differs is read. Rows whose content is still to change are read again
through the narrowest windows that hold them. An addition and a deletion that cancel out in a count
are caught by reading a sample whole once a day.
"""

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from itertools import pairwise
from random import Random

from wpsync import ledger
from wpsync.clock import Clock
from wpsync.errors import UNSERVED, NothingShownError, SpanTooLargeError, TooManyRowsError
from wpsync.extract import follow_up, probing, windows
from wpsync.extract.probing import Counter, Ends
from wpsync.extract.served_spans import Served, ServedSpans
from wpsync.ledger import UNREADABLE, LedgerWindow
from wpsync.model import EVER, Window
from wpsync.policy import DEFAULT, Ages, Policy
from wpsync.resources.spec import Resource
from wpsync.sync.span_proof import SpanProof
from wpsync.sync.store import Store
from wpsync.sync.window_sync import Patience, Pipeline, WindowRequest

log = logging.getLogger(__name__)

_ENDLESS = timedelta(days=36_500)


class Recheck:
    """Checks one resource against the vendor. One thread at a time."""

    def __init__(
        self,
        resource: Resource,
        store: Store,
        counter: Counter,
        clock: Clock,
        ages: Ages,
        ends: dict[str, Ends],
        settle: timedelta,
        policy: Policy = DEFAULT,
        served: dict[str, Served] | None = None,
    ) -> None:
        self._resource = resource
        self._store = store
        self._counter = counter
        self._clock = clock
        self._ages = ages
        self._ends = ends
        self._settle = settle
        self._policy = policy
        self._rules = policy.rechecks
        self._tried_ends = False
        known = Served() if served is None else served.setdefault(resource.name, Served())
        proof = SpanProof(store, self.counted, clock, known, policy.distrust)
        self.spans = ServedSpans(known, proof, policy.distrust)

    def is_due(self) -> bool:
        """Return whether any row is to be followed up, or any window to be read or probed, by now; asks no vendor."""
        return self._is_to_follow_up() or bool(self._to_probe()) or bool(self._to_read())

    @cached_property
    def patience(self) -> Patience:
        """How many readings may fail in a pass that begins now; all readings of the pass share it."""
        known = self._store.windows(self._everything())
        left = probing.failures_left(known, self._clock.now(), self._rules)
        return Patience(left, waits=False)

    def read_incomplete(self, pipeline: Pipeline) -> None:
        """Read the windows that are incomplete and due, as long as there is patience."""
        for known in self._to_read():
            is_unreadable = known.reason == UNREADABLE
            if not (self.patience.is_over and is_unreadable):
                is_held = bool(self._store.held([known.window])[0])
                self._read(
                    pipeline,
                    known.window,
                    believes_empty=not is_held and self._is_empty_often(known),
                    seems_gone=is_held and self._is_empty_long(known),
                    narrows=is_unreadable,
                )

    def _read(
        self,
        pipeline: Pipeline,
        window: Window,
        *,
        believes_empty: bool = False,
        seems_gone: bool = False,
        proved: bool = False,
        narrows: bool = False,
    ) -> None:
        pipeline.sync_window(
            WindowRequest(
                window=window,
                settled=windows.floor_second(self._clock.now() - self._settle),
                believes_empty=believes_empty,
                seems_gone=seems_gone,
                proved=proved,
                narrows=narrows,
                patience=self.patience,
            )
        )

    def _to_read(self) -> list[LedgerWindow]:
        """Return the windows that are incomplete and due: the least tried first, and of those the longest."""
        known, skew = self._store.windows(EVER), self._policy.clocks.skew
        due = ledger.due_again(known, self._clock.now(), skew)
        due = [one for one in due if not (self.patience.is_over and one.reason == UNREADABLE)]
        return sorted(due, key=lambda known: (known.attempts, -known.window.span))

    def _is_to_follow_up(self) -> bool:
        """Rows that become due wait a little for others: neighbours share one request."""
        return bool(self._store.follow_ups_due(self._clock.now() - self._rules.gathered))

    def follow_up(self, pipeline: Pipeline) -> None:
        """Read again the rows that are due, neighbours together."""
        if not self._is_to_follow_up():
            return
        times = self._store.follow_ups_due(self._clock.now())
        seconds = sorted({windows.floor_second(at) for at in times})
        spans = [Window(a, b) for a, b in pairwise(seconds)]
        between = self._store.held(spans)
        for window in follow_up.together(seconds, between, self._resource.page_size):
            try:
                self._read(pipeline, window, proved=True)
            except NothingShownError:
                self._store.follow_later(window)

    def probe(self, pipeline: Pipeline) -> None:
        """Check every complete window that is due; last what was tried in vain before.

        What cannot be counted is read, as far as it can be. Where nothing of it is shown, what was proved
        stands, and is checked later; after a few such windows in a row all that is due is, and what they
        met is raised.
        """
        todo = deque(sorted(self._to_probe(), key=lambda group: group[0].attempts))
        in_vain: list[LedgerWindow] = []
        while todo:
            group = todo.popleft()
            try:
                todo.extendleft(reversed(self._check(group, pipeline)))
                in_vain.clear()
            except UNSERVED:
                if not self._vendor_answers():
                    raise
                if len(group) > 1:
                    todo.extendleft([one] for one in group)
                    continue
                try:
                    self._read(pipeline, group[0].window, proved=True)
                    in_vain.clear()
                except NothingShownError:
                    in_vain += group
                    self._put_off(in_vain, [one for rest in todo for one in rest])
                    if len(in_vain) == self._rules.in_vain:
                        raise

    def _vendor_answers(self) -> bool:
        now = windows.floor_second(self._clock.now())
        return probing.answers(self._counter, now, self._rules)

    def _put_off(self, in_vain: list[LedgerWindow], rest: list[LedgerWindow]) -> None:
        """Check the last later; the rest, too, where it was in vain with so many. Whose turn did not come is next."""
        now = self._clock.now()

        def later(known: LedgerWindow, tried: int) -> LedgerWindow:
            at_most = max(self._rules.put_off, self._ages.every(now - known.ends_at))
            return ledger.postponed(known, now, tried, at_most, self._policy.windows.later)

        if len(in_vain) < self._rules.in_vain:
            self._postpone([later(in_vain[-1], in_vain[-1].attempts + 1)])
            return
        tried = max(known.attempts for known in in_vain + rest) + 1
        untried = [replace(later(known, tried), attempts=known.attempts) for known in rest]
        self._postpone([*(later(known, tried) for known in in_vain), *untried])

    def _postpone(self, later: list[LedgerWindow]) -> None:
        self._store.update(_span(later), partial(ledger.put_off, later=later))

    def _is_empty_often(self, known: LedgerWindow) -> bool:
        return probing.seems_empty_unheld(known, self._policy.distrust)

    def _is_empty_long(self, known: LedgerWindow) -> bool:
        """Return whether rows that we hold have not been shown for so long that the vendor may be asked if they are gone."""
        beside = probing.beside(self._store.windows(self._everything()), known.window)
        rules, now = self._policy.distrust, self._clock.now()
        return probing.seems_empty_for(known, now, alone=beside is not None, rules=rules)

    def _to_probe(self) -> list[list[LedgerWindow]]:
        known = self._store.windows(self._everything())
        return list(probing.due(known, self._clock.now(), self._ages))

    def _everything(self) -> Window:
        now = windows.floor_second(self._clock.now())
        return Window(now - _ENDLESS, now + windows.SECOND)

    def sample(self, pipeline: Pipeline, chance: Random) -> None:
        """Read a stretch of the horizon again whole, whatever its count says."""
        now = windows.floor_second(self._clock.now())
        complete = [
            window
            for window in self._store.windows(Window(now - self._ages.horizon, now))
            if window.is_complete
            and window.rows_held
            and now - window.read_at > self._rules.not_sampled
        ]
        if not complete or not self._ages.sample_rows:
            return
        chosen = chance.choices(complete, [window.rows_held for window in complete])[0]
        first = chance.randrange(chosen.rows_held)
        start = self._store.nth_time(chosen.window, first)
        if start is None:
            self._read_sample(chosen.window, pipeline)
            return
        end = self._store.nth_time(chosen.window, first + self._ages.sample_rows)
        begin = windows.floor_second(start)
        stop = chosen.ends_at if end is None else windows.floor_second(end)
        self._read_sample(Window(begin, max(stop, begin + windows.SECOND)), pipeline)

    def _read_sample(self, window: Window, pipeline: Pipeline) -> None:
        with suppress(NothingShownError):
            self._read(pipeline, window, proved=True)

    def count(self, window: Window) -> int | None:
        """The vendor's count of exactly this stretch; None where it sent none.

        Added up from pieces that are served whole: a longer one may be cut in silence, and a row that came late in the
        part that is left out shows in no count.
        """
        if self.spans.serves(window.span):
            return self._count_together(window)
        return _sum([self._count_together(piece) for piece in self.spans.pieces(window)])

    def _count_together(self, window: Window) -> int | None:
        """The vendor's count in one request, or as few as it serves."""
        try:
            return self.counted(window)
        except (SpanTooLargeError, TooManyRowsError):
            if window.span <= windows.SECOND:
                return None
            return _sum([self._count_together(half) for half in windows.split(window, 2)])

    def counted(self, window: Window) -> int | None:
        """Return the vendor's count of exactly this stretch, in one request. Raises where it is not served."""
        return self._counter.page(self._known_ends().ask_for_count(window)).count

    def _check(self, group: list[LedgerWindow], pipeline: Pipeline) -> list[list[LedgerWindow]]:
        """Ask for the count of windows together; returns those that are to be asked for by themselves."""
        span = Window(group[0].starts_at, group[-1].ends_at)
        asked_at = self._clock.now()
        counted = self._count_together(span) if len(group) > 1 else self.count(span)
        if counted is not None and counted == sum(window.vendor_count or 0 for window in group):
            self._confirm(group, asked_at)
        elif len(group) > 1:
            return [[window] for window in group]
        elif counted is None:
            self._read_whole(group[0], pipeline)
        else:
            self._mend(group[0], counted, asked_at, pipeline)
        return []

    def _mend(
        self, known: LedgerWindow, counted: int, asked_at: datetime, pipeline: Pipeline
    ) -> None:
        """Read what differs; everything, where that does not explain the count."""
        window = known.window
        differing = counted - (known.vendor_count or 0)
        log.info(
            "probe.differed",
            extra={"resource": self._resource.name, "window": str(window), "rows": differing},
        )
        held = self._store.held([window])
        size = self._resource.page_size
        if probing.worth_reading_whole(differing, counted, size):
            self._read_whole(known, pipeline)
            return
        try:
            for piece in self.differing(window, counted, held[0]):
                self._read(pipeline, piece)
        except UNSERVED:
            if not self._vendor_answers():
                raise
            self._read_whole(known, pipeline)
            return
        if self._grew(window, held[0]) == differing:
            self._confirm([known], asked_at)
            return
        self._count_again(window, pipeline)

    def _count_again(self, window: Window, pipeline: Pipeline) -> None:
        """Whether the ledger is right by now; else everything is read. It may have grown meanwhile, at its end."""
        pieces = self._store.windows(window)
        if not all(piece.is_complete for piece in pieces):
            return
        asked_at = self._clock.now()
        again = self.count(Window(pieces[0].starts_at, pieces[-1].ends_at))
        if again is not None and again != sum(piece.vendor_count or 0 for piece in pieces):
            for piece in pieces:
                self._read_whole(piece, pipeline)
        elif again is not None:
            self._confirm(pieces, asked_at)

    def _grew(self, window: Window, before: int) -> int:
        return self._store.held([window])[0] - before

    def _read_whole(self, known: LedgerWindow, pipeline: Pipeline) -> None:
        """Forget what was counted, and read: a vendor that serves short spans gives it piece by piece."""
        self.doubt(known.window)
        self._read(pipeline, known.window)

    def doubt(self, span: Window) -> None:
        """Make complete windows incomplete until all of them is read again: the count of one is wrong."""
        self._store.update(span, partial(ledger.doubt, span=span, at=self._clock.now()))

    def _confirm(self, counted: list[LedgerWindow], at: datetime) -> None:
        self._store.update(_span(counted), partial(ledger.confirm, counted=counted, at=at))

    def differing(self, window: Window, counted: int, held: int) -> Iterator[Window]:
        """Bisect by counts, where the rows are, and yield the pieces of about a page whose count is not what we hold."""
        if counted == held:
            return
        if max(counted, held) <= self._resource.page_size or window.span <= windows.SECOND:
            yield window
            return
        middle = self._store.nth_time(window, held // 2) if held > 1 else None
        halves = probing.cut(window, middle)
        of_halves = self._store.held(halves)
        left = self.count(halves[0])
        if left is None:
            yield window
            return
        for half, rows, ours in zip(halves, (left, counted - left), of_halves, strict=True):
            yield from self.differing(half, rows, ours)

    def _known_ends(self) -> Ends:
        """How the vendor reads the ends: found once by asking for a second that tells."""
        name = self._resource.name
        if name not in self._ends and not self._tried_ends:
            found = self._find_ends()
            if found is not None:
                self._ends[name] = found
        return self._ends.get(name) or next(iter(self._ends.values()), Ends())

    def _find_ends(self) -> Ends | None:
        """None where no second would tell, or where none of the asks shows the row that should be there."""
        until = windows.floor_second(self._clock.now() - self._settle)
        at = self._store.lone_second(Window(until - self._ages.horizon, until))
        at = at or self._store.lone_second(Window(until - _ENDLESS, until))
        self._tried_ends = at is not None
        if at is None:
            return None
        if self._shows(at, at):
            return Ends()
        found = Ends(
            start_inclusive=self._shows(at, at + windows.SECOND),
            end_inclusive=self._shows(at - windows.SECOND, at),
        )
        if found.start_inclusive or found.end_inclusive:
            return found
        return found if self._shows(at - windows.SECOND, at + windows.SECOND) else None

    def _shows(self, start: datetime, end: datetime) -> bool:
        """Whether the vendor lists a row there. A count may lie; a row that is listed is one."""
        return bool(self._counter.page(probing.ask_between(start, end)).records)


def _sum(counts: list[int | None]) -> int | None:
    told = [count for count in counts if count is not None]
    return sum(told) if len(told) == len(counts) else None


def _span(known: list[LedgerWindow]) -> Window:
    return Window(min(one.starts_at for one in known), max(one.ends_at for one in known))

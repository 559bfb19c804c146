"""The store of the simulation: what `sync.postgres_store` keeps, in memory, by the same algebra.

A record counts as still to change while its `msg` begins with `open`. `tests/integration/test_store.py`
holds both stores to the same behaviour.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from wpsync import ledger
from wpsync.clock import Clock
from wpsync.extract import follow_up, windows
from wpsync.extract.events import Closed
from wpsync.ledger import Change, LedgerWindow, Reading, WindowLedger
from wpsync.loading.merge_sql import Counts
from wpsync.model import Window
from wpsync.sync.store import Loaded, Unit
from wpsync.values import add_digests, id_digest


@dataclass(slots=True)
class Row:
    """One row held: its time, its content, when it was first fetched and when the content was."""

    at: datetime
    content: str
    first_at: datetime
    synced_at: datetime


class MemoryStore:
    """One windowed resource with `id`, `ts` (epoch seconds) and `msg`. `boundary` is crossed at commits."""

    def __init__(
        self, clock: Clock, horizon: timedelta, boundary: Callable[[], None] = lambda: None
    ) -> None:
        self.clock = clock
        self.horizon = horizon
        self.boundary = boundary
        self.rows: dict[str, Row] = {}
        self.gone: dict[str, datetime] = {}
        self.entered: list[LedgerWindow] = []
        self.mark: datetime | None = None
        self.follow: dict[str, tuple[datetime, datetime | None]] = {}
        self.runs: dict[str, datetime] = {}
        self.on_complete: Callable[[Closed], None] = lambda closed: None

    @contextmanager
    def unit(self, run_id: int, *, live: bool = False) -> Iterator[Unit]:
        yield MemoryUnit(self, live=live)

    @contextmanager
    def ledger(self) -> Iterator[WindowLedger]:
        yield MemoryLedger(self)

    def windows(self, span: Window) -> list[LedgerWindow]:
        return [w for w in self.entered if w.starts_at < span.end and w.ends_at > span.start]

    def watermark(self) -> datetime | None:
        return self.mark

    def update(self, span: Window, change: Change) -> None:
        MemoryLedger(self).update(span, change)

    def held(self, stretches: Sequence[Window]) -> list[int]:
        return [self.held_in(stretch) for stretch in stretches]

    def held_in(self, window: Window) -> int:
        return sum(
            window.start <= row.at < window.end and key not in self.gone
            for key, row in self.rows.items()
        )

    def digest(self, window: Window) -> int:
        return id_digest(
            key
            for key, row in self.rows.items()
            if window.start <= row.at < window.end and key not in self.gone
        )

    def nth_time(self, window: Window, number: int) -> datetime | None:
        times = sorted(
            row.at
            for key, row in self.rows.items()
            if window.start <= row.at < window.end and key not in self.gone
        )
        return times[number] if number < len(times) else None

    def last_run_at(self, kind: str) -> datetime | None:
        return self.runs.get(kind)

    def lone_second(self, window: Window) -> datetime | None:
        times = sorted({r.at for r in self.rows.values() if window.start <= r.at < window.end})
        two = 2 * windows.SECOND
        for before, at, after in zip(times, times[1:], times[2:], strict=False):
            if at - before > two and after - at > two and at not in self.gone.values():
                return at
        return None

    def follow_later(self, window: Window) -> None:
        MemoryUnit(self)._follow_up(window, self.clock.now())

    def follow_ups_due(self, at: datetime) -> list[datetime]:
        return sorted(
            row_at for row_at, due in self.follow.values() if due is not None and due <= at
        )


class MemoryLedger:
    """The ledger that is kept in memory (`wpsync.ledger.WindowLedger`)."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def windows(self, span: Window) -> list[LedgerWindow]:
        return [
            w for w in self._store.entered if w.starts_at <= span.end and w.ends_at >= span.start
        ]

    def update(self, span: Window, change: Change) -> None:
        before = self.windows(span)
        kept = [w for w in self._store.entered if w not in before]
        self._store.entered = sorted([*kept, *change(before)], key=lambda w: w.starts_at)

    def watermark(self) -> datetime | None:
        return self._store.mark

    def set_watermark(self, at: datetime) -> None:
        self._store.mark = at


class MemoryUnit:
    """One window's records on their way in."""

    def __init__(self, store: MemoryStore, *, live: bool = False) -> None:
        self._store = store
        self._live = live
        self._pending: list[tuple[dict[str, object], datetime]] = []

    def clear(self) -> None:
        self._pending = []

    def add(self, records: Sequence[object], fetched_at: datetime, size: int = 0) -> None:
        self._pending += [(dict(record), fetched_at) for record in records]  # type: ignore[call-overload]  # the simulated vendor's rows are objects

    def commit(self, closed: Closed) -> Loaded:
        store, window, book = self._store, closed.window, MemoryLedger(self._store)
        store.boundary()
        touched = ledger.touched(book.windows(window), window) if window is not None else {}
        before = {at: store.held_in(stretch) for at, stretch in touched.items()}
        digests = {at: store.digest(stretch) for at, stretch in touched.items()}
        counts = self._upsert()
        if window is not None:
            self._note_gone(closed, window)
            grown = {at: store.held_in(stretch) - before[at] for at, stretch in touched.items()}
            shifted = {
                at: add_digests(store.digest(stretch), -digests[at])
                for at, stretch in touched.items()
            }
            assert closed.read_at is not None
            reading = Reading(closed.vendor_count, closed.rows_seen, closed.reason, closed.read_at)
            enter = partial(
                ledger.enter, window=window, reading=reading, held=store.held_in, grown=grown
            )
            book.update(window, partial(enter, digest=store.digest, shifted=shifted))
            self._follow_up(window, closed.read_at)
            if self._live:
                ledger.advance(book)
        if closed.reason is None:
            store.on_complete(closed)
        store.boundary()
        return Loaded(counts)

    def _upsert(self) -> Counts:
        counts, rows = Counts(), self._store.rows
        for record, fetched_at in self._pending:
            key, content = str(record["id"]), str(record["msg"])
            at = datetime.fromtimestamp(int(str(record["ts"])), UTC)
            known = rows.get(key)
            if known is None:
                rows[key] = Row(at, content, fetched_at, fetched_at)
                counts.inserted += 1
            elif known.content != content and known.synced_at <= fetched_at:
                rows[key] = Row(at, content, known.first_at, fetched_at)
                counts.updated += 1
        return counts

    def _note_gone(self, closed: Closed, window: Window) -> None:
        store = self._store
        if closed.reason is not None or store.held_in(window) == closed.rows_seen:
            return
        assert closed.read_at is not None
        for key in [key for key in store.gone if key in closed.seen]:
            if window.start <= store.rows[key].at < window.end:
                del store.gone[key]
        for key, row in store.rows.items():
            if (
                window.start <= row.at < window.end
                and row.first_at < closed.read_at
                and key not in closed.seen
            ):
                store.gone.setdefault(key, row.at)

    def _follow_up(self, window: Window, read_at: datetime) -> None:
        store = self._store
        inside = {k: r for k, r in store.rows.items() if window.start <= r.at < window.end}
        recent = window.end > read_at - store.horizon
        if not recent and not inside.keys() & store.follow.keys():
            return
        edges = (window.start - windows.SECOND, window.end)
        for key, row in store.rows.items():
            if row.at in edges and row.content.startswith("open") and key not in store.follow:
                store.follow[key] = (row.at, follow_up.due_after(row.at, read_at, store.horizon))
        for key, row in inside.items():
            if row.content.startswith("open"):
                store.follow[key] = (row.at, follow_up.due_after(row.at, read_at, store.horizon))
            else:
                store.follow.pop(key, None)

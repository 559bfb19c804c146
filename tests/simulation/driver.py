"""One simulated life: ticks at odd times, kills, faults; then a quiet end, in which all must be right."""

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from random import Random

from tests.fake_clock import FakeClock
from tests.simulation.memory import MemoryStore
from tests.simulation.world import START, Died, SimulatedVendor, make_rows
from wpsync import ledger
from wpsync.errors import RetryableError, VendorRefusedError
from wpsync.extract import windows
from wpsync.extract.events import Closed
from wpsync.extract.reading import Reader
from wpsync.ledger import LedgerWindow
from wpsync.model import Window
from wpsync.policy import Ages
from wpsync.resources import RESOURCES
from wpsync.state.scope import Scope
from wpsync.sync.emptiness import Emptiness
from wpsync.sync.live import LiveTail
from wpsync.sync.recheck import Recheck
from wpsync.sync.run import Run
from wpsync.sync.window_sync import Pipeline

SETTLE = timedelta(minutes=2)
AGES = Ages(
    horizon=timedelta(days=3),
    recent=timedelta(minutes=15),
    yesterday=timedelta(hours=1),
    daily=timedelta(hours=6),
    older=timedelta(days=1),
    sample_rows=15,
)
LENGTH = timedelta(days=2)
QUIET = (1, 5, 6, 13, 24, 25, 26, 25, 26, 25, 26, 25, 26)
"""Hours between the ticks of the quiet end: every age's turn comes, and every retry's."""


@dataclass(slots=True)
class Life:
    """What happened: the vendor's trace, and how often the process died."""

    trace: list[tuple[object, ...]]
    deaths: int
    problems: list[str]


class Simulation:
    """One seed."""

    def __init__(self, seed: int, *, faults: bool) -> None:
        self.rng = Random(seed)
        self.clock = FakeClock(START)
        self.resource = replace(RESOURCES["wechat_messages"], page_size=7, page_cap=20)
        rows = make_rows(self.rng, START, LENGTH, AGES.horizon)
        self.vendor = SimulatedVendor(self.rng, self.clock, 7, rows)
        self.vendor.faulty = faults
        self.vendor.stumble(Random(f"stumbles {seed}"))
        if faults:
            self.vendor.churn(Random(f"churn {seed}"))
            self.vendor.repeat(Random(f"repeat {seed}"))
            self.vendor.cut_in_silence(Random(f"cut {seed}"))
        self.store = MemoryStore(self.clock, AGES.horizon, self.vendor.boundary)
        self.vendor.holds = self.store.rows.__contains__
        self.store.on_complete = self.check_complete
        self.problems: list[str] = []
        self.deaths = 0

    def run(self) -> Life:
        while self.clock.now() < START + LENGTH:
            self.clock.sleep(self.rng.choice((60, 300, 900, 3_600, 14_400)) * self.rng.random())
            self.tick()
        self.vendor.faulty = False
        for hours in QUIET:
            self.clock.sleep(hours * 3600)
            self.tick()
        self.check_end()
        return Life(self.vendor.trace, self.deaths, self.problems)

    def tick(self) -> None:
        """One pass, as `sync.passes` makes it for a windowed resource; it may die anywhere."""
        before = self.store.mark
        try:
            self.sync()
        except Died:
            self.deaths += 1
        except (RetryableError, VendorRefusedError):
            assert self.vendor.faulty
        if before is not None and self.store.mark is not None and self.store.mark < before:
            self.problems.append("the watermark went back")
        self.check_ledger()

    def sync(self) -> None:
        store, clock = self.store, self.clock
        run = Run(Scope("main", self.resource.name), "sync", 1)
        again = self.pipeline(run, 30)
        recheck = Recheck(self.resource, store, self.vendor, clock, AGES, {}, SETTLE)

        def settled():
            return windows.floor_second(clock.now() - SETTLE)

        if store.watermark() is None:
            with store.ledger() as book:
                ledger.start(book, windows.floor_second(START))
        present = LiveTail(store, settled, timedelta(days=1))
        end = windows.floor_second(clock.now()) + windows.SECOND
        present.follow(self.pipeline(run, self.rng.choice((7, 30))), end)
        caught_up = False
        while not caught_up:
            recheck.read_incomplete(again)
            recheck.follow_up(again)
            recheck.probe(again)
            caught_up = present.catch_up(self.pipeline(run, 15), clock.monotonic() + 30, clock)
        if self.rng.random() < 0.1:
            recheck.sample(again, self.rng)

    def pipeline(self, run: Run, rows_aim: int) -> Pipeline:
        recheck = Recheck(self.resource, self.store, self.vendor, self.clock, AGES, {}, SETTLE)
        reader = Reader(self.resource, self.vendor, rows_aim=rows_aim, spans=recheck.spans)
        emptiness = Emptiness(self.store, recheck.counted)
        return Pipeline(
            self.resource,
            run,
            reader,
            self.store,
            self.clock,
            is_empty=emptiness.confirms,
            is_gone=emptiness.confirms_gone,
            live_span=timedelta(0),
        )

    def check_complete(self, closed: Closed) -> None:
        """A window that is told complete holds every row that was visible when its reading began."""
        if closed.window is None or closed.read_at is None:
            return
        now = self.vendor.now()
        for row in self.vendor.rows:
            inside = closed.window.start.timestamp() <= row.at < closed.window.end.timestamp()
            there = row.listed(closed.read_at.timestamp()) and row.listed(now)
            if inside and there and row.id not in self.store.rows:
                self.problems.append(f"{closed.window} is told complete without {row.id}")

    def check_ledger(self) -> None:
        """No two windows overlap; nothing newer than the settled is vouched for; the mark is covered.

        A window that the ledger calls complete is complete, and nothing is told gone that is there.
        """
        known = self.store.entered
        self.check_windows([window for window in known if window.is_complete])
        for row in self.vendor.rows:
            if row.id in self.store.gone and row.listed(self.vendor.now()):
                self.problems.append(f"{row.id} is told gone and is there")
        for before, after in pairwise(known):
            if before.ends_at > after.starts_at:
                self.problems.append(f"{before.window} overlaps {after.window}")
        if known and known[-1].ends_at > self.clock.now() - SETTLE:
            self.problems.append("what is not settled is vouched for")
        if self.store.mark is not None and self.store.mark > START:
            span = Window(windows.floor_second(START), self.store.mark)
            if windows.missing(span, [w.window for w in known]):
                self.problems.append("the watermark passed what was not read")

    def check_windows(self, complete: list[LedgerWindow]) -> None:
        """Hold every complete window against the world, whenever it was read: commits, merges and doubts included.

        Each row that was listed when its window was read, and still is, is held.
        """
        now, held = self.vendor.now(), self.store.rows
        missing = (row for row in self.vendor.rows if row.id not in held and row.listed(now))
        for row in missing:
            for window in complete:
                inside = window.starts_at.timestamp() <= row.at < window.ends_at.timestamp()
                if inside and row.listed(window.read_at.timestamp()):
                    self.problems.append(f"{window.window} is complete without {row.id}")

    def check_end(self) -> None:
        store, now = self.store, self.vendor.now()
        for row in self.vendor.rows:
            held = store.rows.get(row.id)
            if row.listed(now):
                if held is None:
                    self.problems.append(f"{row.id} is missing")
                elif held.content != row.content(now):
                    self.problems.append(f"{row.id} is {held.content}, truly {row.content(now)}")
                elif row.id in store.gone:
                    self.problems.append(f"{row.id} is told gone and is not")
            elif held is not None and row.id not in store.gone:
                self.problems.append(f"{row.id} is gone and nobody noticed")
        for window in store.entered:
            start, end = window.starts_at.timestamp(), window.ends_at.timestamp()
            listed = [
                row.id for row in self.vendor.rows if start <= row.at < end and row.listed(now)
            ]
            truth, counted = len(listed), sum(1 + (id in self.vendor.twice) for id in listed)
            if not window.is_complete:
                self.problems.append(f"{window.window} is still {window.reason}")
            elif window.rows_held != truth or window.vendor_count not in (truth, counted):
                self.problems.append(
                    f"{window.window}: vendor {window.vendor_count}, held {window.rows_held}, truly {truth}"
                )


def simulate(seed: int, *, faults: bool = True) -> Life:
    """Live one seed through; the same seed gives the same life."""
    return Simulation(seed, faults=faults).run()

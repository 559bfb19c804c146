"""The vendor of the simulation: rows that come late, change and go, and replies that lie, by a seed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from tests.fake_clock import FakeClock
from wpsync.errors import (
    SpanTooLargeError,
    TooManyRowsError,
    VendorRefusedError,
    VendorUnavailableError,
    WpsyncError,
)
from wpsync.extract.probing import Body
from wpsync.model import Page
from wpsync.resources.spec import Filter
from wpsync.values import SHANGHAI


class Died(BaseException):
    """The process was killed here."""


@dataclass(slots=True)
class Made:
    """A row of the vendor: its second, when it becomes visible, changes and goes."""

    id: str
    at: int
    visible_at: float
    settles_at: float | None
    gone_at: float | None

    def content(self, now: float) -> str:
        if self.settles_at is None:
            return "settled from the beginning"
        return "settled" if now >= self.settles_at else "open"

    def listed(self, now: float) -> bool:
        return self.visible_at <= now and (self.gone_at is None or now < self.gone_at)


class SimulatedVendor:
    """Answers as a windowed endpoint does, in virtual time. Faults strike while `faulty`."""

    def __init__(self, rng: Random, clock: FakeClock, page_size: int, rows: list[Made]) -> None:
        self.rng, self.clock, self.page_size = rng, clock, page_size
        self.rows = sorted(rows, key=lambda row: row.at)
        self.faulty = True
        self.fault_rate = rng.choice((0.0, 0.02, 0.1))
        self.death_rate = rng.choice((0.0, 0.002, 0.02))
        self.start_inclusive = rng.random() < 0.6
        self.end_inclusive = rng.random() < 0.6
        self.newest_first = rng.random() < 0.5
        self.clamp = rng.choice((0, 0, 0, page_size // 2 or 1))
        self.span_limit = rng.choice((0, 0, 6, 12)) * 3600
        self.row_limit = rng.choice((0, 0, 0, 40))
        self.stumbles_over: set[str] = set()
        self.stumbling: WpsyncError = VendorUnavailableError("simulated")
        self.churning: Random | None = None
        self.twice: set[str] = set()
        self.keeps = ""
        self.empty_until = 0.0
        self.holds: Callable[[str], bool] = lambda row: False
        self.shown: tuple[int, int, list[Made]] | None = None
        self.trace: list[tuple[object, ...]] = []

    def now(self) -> float:
        return self.clock.now().timestamp()

    def stumble(self, chance: Random) -> None:
        """In some worlds there are rows that cannot be served as long as it is `faulty`."""
        if chance.random() < 0.3:
            self.stumbles_over = {row.id for row in chance.sample(self.rows, chance.randint(1, 3))}
        if chance.random() < 0.5:
            self.stumbling = VendorRefusedError("simulated", status_code=4016)

    def churn(self, chance: Random) -> None:
        """In some worlds, which have no other faults, a row goes and another comes while pages are served."""
        if chance.random() < 0.15:
            self.churning = chance
            self.fault_rate = self.death_rate = 0.0
            self.stumbles_over = set()

    def repeat(self, chance: Random) -> None:
        """In some worlds rows are listed twice, and counted so. Not where pages have few rows: one may repeat another."""
        if chance.random() < 0.2 and not self.clamp:
            self.twice = {row.id for row in chance.sample(self.rows, chance.randint(1, 3))}

    def cut_in_silence(self, chance: Random) -> None:
        """In some worlds a span that is too long is not refused: its beginning is served, or its end.

        They have no hours in which everything seems empty: of the many short windows there one is believed in the end.
        """
        if self.span_limit and chance.random() < 0.6:
            self.keeps = chance.choice(("beginning", "end"))

    def _change(self, start: int, end: int, number: int, size: int) -> None:
        """Once: before the second page a row of the first goes, before the third one comes in its stead."""
        if self.churning is None or self.shown is None or self.shown[:2] != (start, end):
            return
        shown, chance = self.shown[2], self.churning
        if number == 2 and len(self.listed(start, end)) > 2 * size:
            inside = [row for row in shown if start < row.at < end and row.gone_at is None]
            if inside:
                chance.choice(inside).gone_at = self.now()
                self.shown = (start, end, [])
        elif number == 3 and not shown:
            at = self.listed(start, end)[0 if self.newest_first else -1].at
            self.rows.append(Made("in its stead", at, self.now(), None, None))
            self.rows.sort(key=lambda row: row.at)
            self.churning = None

    def boundary(self) -> None:
        """Where a kill could matter."""
        if self.faulty and self.rng.random() < self.death_rate:
            raise Died

    def values(self, by: Filter) -> Sequence[str]:
        return ()

    def pages(self, bodies: Iterable[Body]) -> Iterator[Page]:
        return map(self.page, bodies)

    def page(self, body: Body) -> Page:
        self.boundary()
        fetched_at = self.clock.now()
        self.clock.sleep(self.rng.uniform(0.05, 2.0))
        struck = self.faulty and self.rng.random() < self.fault_rate
        fault = self.rng.randrange(8) if struck else None
        if fault == 0:
            raise VendorUnavailableError("simulated")
        number, size = int(str(body.get("page", 1))), int(str(body["pageSize"]))
        size = min(size, self.clamp) if self.clamp and size > 1 else size
        start, end = _second(body["start"]), _second(body["end"])
        if self.span_limit and end - start > self.span_limit:
            if not self.keeps:
                raise SpanTooLargeError("simulated", status_code=4018)
            if self.keeps == "beginning":
                end = start + self.span_limit
            else:
                start = end - self.span_limit
        self._change(start, end, number, size)
        found = self.listed(start, end)
        if self.row_limit and len(found) > self.row_limit:
            raise TooManyRowsError("simulated", status_code=4019)
        if self.newest_first:
            found.reverse()
        now = self.now()
        shown = found[(number - 1) * size : number * size]
        if number == 1:
            self.shown = (start, end, shown)
        if self.faulty and not self.stumbles_over.isdisjoint(row.id for row in shown):
            raise self.stumbling
        records: list[object] = [
            {"id": row.id, "ts": row.at, "msg": row.content(now)} for row in shown
        ]
        count, told = self._told(fault, len(found), records)
        if self._seems_empty(fault, found):
            count, told = 0, []
        self.trace.append((round(now, 3), start, end, number, size, count, len(told or ())))
        self.boundary()
        return Page(number, told, count, fetched_at, self.clock.now())

    def _told(
        self, fault: int | None, count: int, records: list[object]
    ) -> tuple[int | None, list[object] | None]:
        """The count and the list as they are sent: too low, too high, nothing, none, empty, null."""
        wrong = self.rng.randrange(1, 5)
        if self.clamp and fault == 1:
            fault = (
                2  # too low by just what a clamped page hides agrees with itself: nobody can tell
            )
        lies: dict[int | None, tuple[int | None, list[object] | None]] = {
            1: (max(0, count - wrong), records),
            2: (count + wrong, records),
            3: (0, records),
            4: (None, records),
            5: (count, []),
            6: (count, None),
            7: (0, []),
        }
        return lies.get(fault, (count, records))

    def _seems_empty(self, fault: int | None, found: list[Made]) -> bool:
        """For up to an hour every stretch whose rows are known already is shown as empty, consistently."""
        if fault == 5 and self.rng.random() < 0.3:
            self.empty_until = self.now() + self.rng.uniform(0, 3_600)
        known = all(self.holds(row.id) for row in found)
        return self.faulty and not self.keeps and self.now() < self.empty_until and known

    def listed(self, start: int, end: int) -> list[Made]:
        """Rows that are visible now, from `start` to `end` as the vendor means it."""
        now = self.now()
        first = start if self.start_inclusive else start + 1
        last = end if self.end_inclusive else end - 1
        rows = [row for row in self.rows if first <= row.at <= last and row.listed(now)]
        return [row for row in rows for _ in range(2 if row.id in self.twice else 1)]


def _second(text: object) -> int:
    return int(datetime.fromisoformat(str(text)).replace(tzinfo=SHANGHAI).timestamp())


def make_rows(rng: Random, start: datetime, length: timedelta, horizon: timedelta) -> list[Made]:
    """Rows of some days: most at once, some late; some change; in some worlds some go.

    A world has late rows or rows that go, not both: an addition and a deletion between two probes of
    one window cancel out in its count, which only the daily sample can find, by chance.
    """
    first, seconds = int(start.timestamp()), int(length.total_seconds())
    going = rng.random() < 0.3
    busy = [rng.randrange(seconds) for _ in range(4)]
    made = []
    for number in range(rng.randrange(20, 160)):
        near = rng.random() < 0.4
        offset = rng.choice(busy) + rng.randrange(-90, 90) if near else rng.randrange(seconds)
        at = first + min(max(offset, 0), seconds - 1)
        late = rng.choice((30, 600, 7_200, 86_400)) if not going and rng.random() < 0.15 else 0
        visible = at + late * rng.random()
        settles = None
        if rng.random() < 0.15:
            settles = visible + rng.random() * horizon.total_seconds() * 0.5
        gone = visible + rng.random() * 2 * 86_400 if going and rng.random() < 0.1 else None
        made.append(Made(f"m{number}", at, visible, settles, gone))
    return made


START = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)

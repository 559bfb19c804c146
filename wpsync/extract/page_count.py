"""What the pages of one reading show: distinct ids, the vendor's count, what contradicts it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from wpsync.extract.events import Reason
from wpsync.model import Page, Window
from wpsync.resources.spec import Resource
from wpsync.values import RepairedError, UnreadableError

_OBJECT, _TEXT, _NUMBER = frozenset({dict}), frozenset({str}), frozenset({int})


@dataclass(slots=True)
class PageCount:
    """What the pages of one reading showed. `count` is the highest that a reply told, `told` when each
    count was first told; `newest` and `oldest` the latest and earliest time among the rows inside the window; `repeats` the ids that one
    page lists again, `shifted` those that another page does."""

    seen: set[object] = field(default_factory=set)
    outside: int = 0
    duplicates: bool = False
    repeats: list[object] = field(default_factory=list)
    repeats_outside: int = 0
    shifted: list[object] = field(default_factory=list)
    is_explained: bool = False
    newest: datetime | None = None
    oldest: datetime | None = None
    count: int | None = None
    told: dict[int, datetime] = field(default_factory=dict)
    read_at: datetime | None = None
    problem: str | None = None
    over_cap: bool = False

    @property
    def inside(self) -> int:
        return len(self.seen) - self.outside

    def verdict(self) -> str | None:
        """None when complete."""
        if self.problem is not None:
            return self.problem
        if self.count is None:
            return Reason.COUNT_MISSING
        return (
            Reason.ROWS_MISSING if len(self.seen) < self.count and not self.is_explained else None
        )

    @property
    def counted_outside(self) -> int:
        """How many rows outside the window the vendor's count holds."""
        return self.outside + (self.repeats_outside if self.is_explained else 0)

    def explain_by_repeats(self, before: "PageCount") -> bool:
        """A vendor that lists a row twice counts it twice: distinct ids and repeats on one page make its count.

        Believed where two readings in a row show the same. Rows that another page repeats may hide others, which stand on
        neither. Return whether there are such: then a shorter stretch tells, which fits on one page.
        """
        if self.problem is not None or self.count is None or set(self.told) != {self.count}:
            return False
        mine = (self.seen, self.repeats, self.shifted, self.count)
        theirs = (before.seen, before.repeats, before.shifted, before.count)
        shown = len(self.seen) + len(self.repeats)
        if mine != theirs or not (self.repeats or self.shifted):
            return False
        self.is_explained = shown == self.count and not self.shifted
        return shown < self.count == shown + len(self.shifted)

    def note_time(self, at: datetime) -> None:
        """Note the time of a row inside the window."""
        self.newest = max(self.newest or at, at)
        self.oldest = min(self.oldest or at, at)

    def adopt(self, attempt: "PageCount") -> None:
        """Become what another one is."""
        for name in PageCount.__slots__:
            setattr(self, name, getattr(attempt, name))


class PageCounter:
    """Counts the pages of one resource.

    What lies at or after `settled_before` is outside of every window.
    """

    def __init__(self, resource: Resource) -> None:
        columns = {column.name: column for column in resource.table.columns}
        self.settled_before = datetime.max.replace(tzinfo=UTC)
        self._id = columns[resource.table.key[0]]
        cursor = columns.get(resource.cursor or "")
        self._cursor_sources = cursor.sources if cursor else ()
        self._cursor_convert = cursor.convert if cursor else None

    def add(self, page: Page, behind: int, window: Window | None, tally: PageCount) -> None:
        """Count a page that has `behind` rows on the pages before it.

        A count that falls tells that a row went, and that the rows behind it moved up, perhaps from a page
        that is still to come to one that was served; a row that comes meanwhile hides it in the total. (Of pages
        that were on their way at the same time nobody knows which saw the earlier state.)
        """
        records = page.records
        if page.count is not None:
            if any(
                page.count < count and at <= page.fetched_at for count, at in tally.told.items()
            ):
                tally.problem = Reason.ROWS_MISSING
            first = tally.told.setdefault(page.count, page.answered_at)
            tally.told[page.count] = min(first, page.answered_at)
            tally.count = max(tally.count or 0, page.count)
        if tally.read_at is None:
            tally.read_at = page.fetched_at
        if page.count is None:
            tally.problem = Reason.COUNT_MISSING
        if records is None:
            tally.problem = Reason.LIST_MISSING
            return
        if page.count is not None and records and behind + len(records) > page.count:
            tally.problem = Reason.COUNT_CONTRADICTED
        if not self._see_all(records, window, tally):
            here: set[object] = set()
            for record in records:
                self._see(record, window, tally, here)

    def _see_all(self, records: Sequence[object], window: Window | None, tally: PageCount) -> bool:
        """Count an ordinary page at once: new text ids, times in epoch seconds all inside the window."""
        if window is None or len(self._cursor_sources) != 1 or not records:
            return False
        if not _OBJECT.issuperset(map(type, records)):
            return False
        rows: Sequence[Mapping[str, object]] = records  # type: ignore[assignment]  # just looked
        source, key = self._cursor_sources[0], self._id.sources[0]
        keys, seconds = [row.get(key) for row in rows], [row.get(source) for row in rows]
        if not (_TEXT.issuperset(map(type, keys)) and _NUMBER.issuperset(map(type, seconds))):
            return False
        new = set(keys)
        if len(new) < len(keys) or "" in new or not tally.seen.isdisjoint(new):
            return False
        together = "".join(keys)  # type: ignore[arg-type]  # all are texts
        if not together.isascii() or "\x00" in together:
            return False
        first, last = min(seconds), max(seconds)  # type: ignore[type-var]  # all are integers
        start, end = window.start, min(window.end, self.settled_before)
        if first < start.timestamp() or last >= end.timestamp():  # type: ignore[operator]
            return False
        tally.note_time(datetime.fromtimestamp(first, UTC))  # type: ignore[arg-type]  # likewise
        tally.note_time(datetime.fromtimestamp(last, UTC))  # type: ignore[arg-type]  # likewise
        tally.seen |= new
        return True

    def _see(
        self, record: object, window: Window | None, tally: PageCount, here: set[object]
    ) -> None:
        """Count a row; `here` are the rows before it on its page."""
        key = self._key(record)
        is_repeat = key in tally.seen
        if is_repeat:
            tally.duplicates = True
            (tally.repeats if key in here else tally.shifted).append(key)
        tally.seen.add(key)
        here.add(key)
        if window is None or self._cursor_convert is None:
            return
        try:
            at = self._cursor_convert(_first(record, self._cursor_sources))
        except (UnreadableError, RepairedError):
            return
        if isinstance(at, datetime):
            if not window.start <= at < min(window.end, self.settled_before):
                if is_repeat:
                    tally.repeats_outside += 1
                else:
                    tally.outside += 1
            else:
                tally.note_time(at)

    def _key(self, record: object) -> object:
        """The id as our tables hold it, so that what becomes one row is counted once."""
        try:
            key = self._id.convert(_first(record, self._id.sources))
        except RepairedError as repaired:
            key = repaired.value
        except UnreadableError:
            key = None
        return repr(record) if key is None else key


def _first(record: object, sources: Sequence[str]) -> object:
    if not isinstance(record, dict):
        return None
    for source in sources:
        value = record.get(source)
        if value is not None and value != "":
            return value
    return None

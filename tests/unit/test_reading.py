"""What a reader counts, and whether it says that something was staged twice."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from wpsync.errors import TooManyRowsError
from wpsync.extract.events import Closed, PageRead, Restart
from wpsync.extract.probing import Body
from wpsync.extract.reading import Reader
from wpsync.model import Page, Window
from wpsync.resources import RESOURCES
from wpsync.resources.spec import Filter

START = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = Window(START, START + timedelta(seconds=1))
NOON = int(START.timestamp())


class Pages:
    """A vendor that shows these pages, and refuses the deeper ones of spans longer than a second."""

    def __init__(self, pages: Sequence[Sequence[object]], *, deep: bool = True) -> None:
        self._pages = pages
        self._deep = deep

    def page(self, body: Body) -> Page:
        number = int(str(body["page"]))
        if number > 1 and not self._deep and body["start"] != body["end"]:
            raise TooManyRowsError("too many rows")
        records = self._pages[number - 1] if number <= len(self._pages) else []
        return Page(number, records, sum(map(len, self._pages)), START)

    def pages(self, bodies: Sequence[Body]) -> Iterator[Page]:
        return map(self.page, bodies)

    def values(self, by: Filter) -> Sequence[str]:
        return ()


def read(vendor):
    """The ids that were staged when the window closed, and how it closed."""
    reader = Reader(RESOURCES["wechat_messages"], vendor, rows_aim=1_000)
    staged: list[str] = []
    settled = START + timedelta(days=1)
    for event in reader.window(SECOND, newest_first=False, settled=settled):
        match event:
            case Restart():
                staged.clear()
            case PageRead(records=records):
                staged += [str(record["id"]) for record in records if isinstance(record, dict)]
            case Closed() as closed:
                return staged, closed
    raise AssertionError


@pytest.mark.parametrize("ids", [(5, "5"), ("a\x00", "a\ufffd"), ("x", "x")])
def test_ids_that_become_one_key_are_one_row(ids):
    _, closed = read(Pages([[{"id": one, "ts": NOON} for one in ids]]))
    assert closed.duplicates
    assert (closed.rows_seen, closed.reason) == (1, "rows_missing")


def test_what_a_refused_ask_staged_is_not_staged_twice():
    first = [{"id": f"m{i}", "ts": NOON} for i in range(100)]
    staged, closed = read(Pages([first, [{"id": "last", "ts": NOON}]], deep=False))
    assert closed.reason is None
    assert closed.duplicates or len(set(staged)) == len(staged) == 101

"""The words to say what is synced in: Column, Table, Resource, Filter, MessageKind.

Declarations are data. A converter is a named function (a lambda has no name in a traceback), and a
declaration that contradicts itself is refused at import.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

Converter = Callable[[object], object]
"""A function of `wpsync.values`: any JSON value to a column's value or None."""


class SqlType(Enum):
    """The column types of the data contract."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DOUBLE = "double precision"
    MONEY = "numeric(14,2)"
    INSTANT = "timestamptz"
    DAY = "date"
    TEXTS = "text[]"
    JSON = "jsonb"


ACCOUNT = "_account"
"""The column of every table of `wp` that says which account a row came from."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its vendor spellings in order of preference, and what it means in both languages.

    A column without sources is computed from others by the resource's normaliser.
    """

    name: str
    type: SqlType
    sources: tuple[str, ...]
    convert: Converter
    zh: str
    en: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table of `wp`. `key` tells rows of one account apart; `indexes` are further indexes.

    `gone_by` names the time by which the vendor windows the rows: one that a complete reading lacked is
    kept and marked in `_gone_at`. `inherits` names columns that keep their stored value while the row's other content is unchanged
    and the new row does not know them.
    """

    name: str
    zh: str
    en: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("id",)
    indexes: tuple[tuple[str, ...], ...] = ()
    soft_delete: bool = False
    history: bool = False
    inherits: tuple[str, ...] = ()
    gone_by: str | None = None

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.name}: two columns of one name")
        named = (*self.key, *self.inherits, *(n for index in self.indexes for n in index))
        for name in (*named, *([self.gone_by] if self.gone_by else ())):
            if name not in (ACCOUNT, *names):
                raise ValueError(f"{self.name}: no column {name}")

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The account and the key: two accounts may hold rows of one id."""
        return (ACCOUNT, *self.key)

    def position(self, name: str) -> int:
        """Where in a row the column stands."""
        return next(i for i, column in enumerate(self.columns) if column.name == name)


class Mode(Enum):
    """How a resource is read."""

    WINDOWED = "windowed"
    """By windows of vendor time, with a watermark."""
    LISTING = "listing"
    """Whole each time; a complete reading soft-deletes what it did not hold."""
    REPORT = "report"
    """Per agent; nothing is ever taken for gone."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A request filter by which an overfull second is split: the column whose values are tried."""

    name: str
    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Resource:
    """One endpoint and the table it feeds.

    `page_size` 0 means that the endpoint answers everything at once, without paging. `page_cap` is
    the highest page the vendor shows (None: none is stated). `cursor` is the column that the
    vendor's `start` and `end` are believed to filter on; None where the rows do not show it.
    `parent` is the resource whose rows are iterated, `parent_filter` the request field for its id.
    """

    name: str
    table: Table
    endpoint: str
    mode: Mode
    family: str
    page_size: int = 0
    page_cap: int | None = None
    cursor: str | None = None
    filters: tuple[Filter, ...] = ()
    parent: str | None = None
    parent_filter: str | None = None

    def __post_init__(self) -> None:
        if self.cursor and self.mode is not Mode.WINDOWED:
            raise ValueError(f"{self.name}: only a windowed resource has a cursor")
        if self.mode is Mode.WINDOWED and not self.page_size:
            raise ValueError(f"{self.name}: a windowed resource is paged")
        if (self.parent is None) != (self.parent_filter is None):
            raise ValueError(f"{self.name}: a parent needs its filter")

    @property
    def parent_column(self) -> str | None:
        """The column that holds the parent's id."""
        if self.parent_filter is None:
            return None
        return next(c.name for c in self.table.columns if self.parent_filter in c.sources)

    @property
    def row_cap(self) -> int | None:
        """The most rows that one query can show."""
        return None if self.page_cap is None else self.page_cap * self.page_size


@dataclass(frozen=True, slots=True)
class MessageKind:
    """One kind of WeChat message: the vendor's codes for it and the typed table its payload fills.

    A column's source in a typed table is a path in the payload (`wcPayInfo.newAa.billNo`), spelt
    clean; every spelling of payloads.md is accepted for each step.
    """

    name: str
    codes: tuple[str, ...]
    zh: str
    en: str
    table: Table | None = None

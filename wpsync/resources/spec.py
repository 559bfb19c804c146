"""The types of the declarations: Column, Table, Resource, Filter, FollowUp, Coded, MessageKind.

Declarations are data. A converter is a named function (a lambda has no name in a traceback), and a
declaration that contradicts itself, or leaves a required answer out, is refused at import.
"""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from enum import Enum, StrEnum

from wpsync.model import CHAT, PHONE, SENDER, WX

Converter = Callable[[object], object]
"""A function of `wpsync.values`: any JSON value to a column's value or None."""


class SqlType(Enum):
    """The column types of the data contract."""

    TEXT = "text"
    INTEGER = "integer"
    BIGINT = "bigint"
    BOOLEAN = "boolean"
    DOUBLE = "double precision"
    MONEY = "numeric(14,2)"
    INSTANT = "timestamptz"
    DAY = "date"
    TEXTS = "text[]"
    JSON = "jsonb"


ACCOUNT = "_account"
"""The column of every table of `wp` that says which account a row came from."""


class Personal(StrEnum):
    """The class of personal data that a column holds: a setting of `[privacy]`."""

    PHONE_NUMBERS = "phone_numbers"
    NAMES = "names"
    WECHAT_NUMBERS = "wechat_numbers"
    MESSAGE_BODIES = "message_bodies"


class Harmless(StrEnum):
    """Why a free-form column is in no class of `Personal`: a decision about that column."""

    ID = "id"
    """An id that the vendor made up. It names a person only through rows that privacy treats and erasing removes."""
    CODE = "code"
    """A code of the vendor's, as sent. Where anything of its table is not kept, only the length of other texts is."""
    WORD = "word"
    """One of our own words."""
    LABEL = "label"
    """A label of the firm's own form."""


_FREE_FORM = (SqlType.TEXT, SqlType.TEXTS, SqlType.JSON, SqlType.DOUBLE)
"""Types whose columns may hold personal data (a coordinate is one): these must be declared Personal or Harmless."""

_NUMBERS = {Personal.PHONE_NUMBERS: PHONE, Personal.WECHAT_NUMBERS: WX}
"""The kind of mark (`model.Erased`) that a number of a class makes."""


@dataclass(frozen=True, slots=True)
class Coded:
    """Compute a column from the integer codes of another: `names`, or `other` for a code without a name."""

    column: str
    names: Mapping[int, object] = field(hash=False)
    other: object = None


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its vendor spellings in order of preference, and its meaning in both languages.

    A column without sources is computed: by `coded`, or by the resource's normaliser.

    `personal` has no default for free-form types (text, lists, JSON, coordinates). `within`: the value
    is a longer text with a number in it, such as an address, which identifies the person of the row. Any
    other column of phone or WeChat numbers also declares whose they are, with exactly one of:

    - `identifies`: the person to whom the row belongs; erasing that person removes the row. In a typed
      table the whole message goes. Ids by which rows name a person (CHAT, SENDER) are declared so too.
    - `mentions`: a person among others; erasing removes the number and keeps the row.
    - `ours`: a work phone's or an agent's own number, or the phone's own id, which is never erased.

    `leads_to` marks an id or number by which other rows name the person that this row identifies.
    """

    name: str
    type: SqlType
    sources: tuple[str, ...]
    convert: Converter
    zh: str
    en: str
    required: bool = False
    _: KW_ONLY
    personal: Personal | Harmless | None = None
    within: bool = False
    identifies: str | None = None
    mentions: str | None = None
    ours: bool = False
    leads_to: str | None = None
    coded: Coded | None = None

    def __post_init__(self) -> None:
        if self.personal is None and self.type in _FREE_FORM:
            raise ValueError(f"column {self.name}: declare personal=, or why it is Harmless")
        for kind in (self.identifies, self.mentions, self.leads_to):
            if kind not in (None, PHONE, WX, CHAT, SENDER):
                raise ValueError(f"column {self.name}: no kind of mark is called {kind!r}")
        kind = _NUMBERS.get(self.personal) if isinstance(self.personal, Personal) else None
        whose = [
            one for one in (self.identifies, self.mentions, kind if self.ours else None) if one
        ]
        if kind is not None and whose != ([] if self.within else [kind]):
            raise ValueError(
                f"column {self.name}: declare whose number it is: identifies=, mentions= or ours="
            )


@dataclass(frozen=True, slots=True)
class FollowUp:
    """The rule by which rows are read again until their content has settled.

    A row is open until `column` holds one of the `final` values; one that is empty or unknown is open too.
    `reason` is stored with the row's next reading.
    """

    reason: str
    column: str
    _: KW_ONLY
    final: tuple[str | int | bool, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One table of `wp`. `key` tells rows of one account apart; `indexes` are further indexes.

    `gone_by` names the time by which the vendor windows the rows: one that a complete reading lacked is
    kept and marked in `_gone_at`. `inherits` names columns that keep their stored value while the row's
    other content is unchanged and the new row does not know them. `clears` names columns that are
    emptied, with `_extra`, in a row from which a mention of an erased person was taken: they may show
    that person's name. `unread` names a flag and a text: where the flag is false the text could not be
    read, and a number in it counts as one in a column that identifies.
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
    clears: tuple[str, ...] = ()
    unread: tuple[str, str] | None = None
    follow_up: FollowUp | None = None
    gone_by: str | None = None

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.name}: two columns of one name")
        rule = self.follow_up
        for name in (
            *self.key,
            *self.inherits,
            *self.clears,
            *(self.unread or ()),
            *(name for index in self.indexes for name in index),
            *(column.coded.column for column in self.columns if column.coded),
            *((rule.column,) if rule else ()),
            *([self.gone_by] if self.gone_by else ()),
        ):
            if name not in (ACCOUNT, *names):
                raise ValueError(f"{self.name}: no column {name}")

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The account and the key: two accounts may hold rows of one id."""
        return (ACCOUNT, *self.key)

    def position(self, name: str) -> int:
        """Return the place of a column in a row."""
        return next(i for i, column in enumerate(self.columns) if column.name == name)

    @property
    def identifying(self) -> tuple[Column, ...]:
        """The columns that identify the person of a row."""
        return tuple(column for column in self.columns if column.identifies)

    @property
    def marking(self) -> tuple[tuple[Column, str], ...]:
        """The columns by whose values a row is known to be a person's, each with its kind of mark.

        They are those that identify the person, and the id by which other rows name the person of this one.
        """
        ids = ((one, one.leads_to) for one in self.columns if one.leads_to in (CHAT, SENDER))
        return tuple(
            (column, kind)
            for column, kind in (*((one, one.identifies) for one in self.identifying), *ids)
            if kind
        )

    @property
    def holding(self) -> tuple[Column, ...]:
        """The columns in whose text a number of the row's person may stand."""
        return tuple(column for column in self.columns if column.within)

    @property
    def mentioning(self) -> tuple[Column, ...]:
        """The columns that mention people."""
        return tuple(column for column in self.columns if column.mentions)


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
    """One endpoint and the table it feeds. `zh` and `en` are its name on the page and in messages.

    `page_size` 0 means that the endpoint answers everything at once, without paging. `page_cap` is
    the highest page the vendor shows (None: none is stated). `cursor` is the column of a windowed resource
    that the vendor's `start` and `end` are believed to filter on. `day` is
    the column with the vendor's own date, for rows without a time. `spans`: a listing whose requests may name
    a span of time that its rows do not show. `names` is a column with the ids of another resource's rows, and that resource.
    `parent` is the resource whose rows are iterated, `parent_filter` the request field for its id, and
    `requests_per_parent` the number of requests that a report needs for one parent.
    `label_map` is the field of an answer that is one object, key to label, in place of a list of rows.
    `details` are the tables that a row's payload fills; their first key column is the row's id, and
    they have the column `cursor`. `retained` means that `[retention]` has a setting for its rows.
    """

    name: str
    zh: str
    en: str
    table: Table
    endpoint: str
    mode: Mode
    family: str
    page_size: int = 0
    page_cap: int | None = None
    cursor: str | None = None
    day: str | None = None
    spans: bool = False
    names: tuple[str, str] | None = None
    filters: tuple[Filter, ...] = ()
    parent: str | None = None
    parent_filter: str | None = None
    requests_per_parent: int = 1
    label_map: str | None = None
    details: tuple[Table, ...] = ()
    retained: bool = False

    def __post_init__(self) -> None:
        if (self.cursor is not None) != (self.mode is Mode.WINDOWED):
            raise ValueError(f"{self.name}: a windowed resource has a cursor, and no other has one")
        if self.spans and (self.mode is not Mode.LISTING or self.parent):
            raise ValueError(f"{self.name}: only a listing that has no parent may name spans")
        if self.mode is Mode.WINDOWED and not self.page_size:
            raise ValueError(f"{self.name}: a windowed resource is paged")
        if (self.parent is None) != (self.parent_filter is None):
            raise ValueError(f"{self.name}: a parent needs its filter")
        if self.cursor is None and (self.retained or self.followed):
            raise ValueError(f"{self.name}: only rows with a time are retained or followed up")
        for table in (self.table, *self.details):
            if self.cursor and self.cursor not in (column.name for column in table.columns):
                raise ValueError(f"{self.name}: {table.name} has no column {self.cursor}")

    @property
    def followed(self) -> tuple[Table, ...]:
        """The tables of this resource whose rows are read again until they have settled."""
        return tuple(table for table in (self.table, *self.details) if table.follow_up)

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
    clean; every spelling of payloads.md is accepted for each step. `shown` are columns whose first
    text becomes the message's plain text. `item_tables` get one row for each item of a payload's list.
    """

    name: str
    codes: tuple[str, ...]
    zh: str
    en: str
    table: Table | None = None
    shown: tuple[str, ...] = ()
    item_tables: tuple[Table, ...] = ()

    def __post_init__(self) -> None:
        columns = [column.name for column in self.table.columns] if self.table else []
        for name in self.shown:
            if name not in columns:
                raise ValueError(f"{self.name}: no column {name} to show")

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table that a payload of this kind fills."""
        return ((self.table,) if self.table else ()) + self.item_tables

"""The nouns that every stage speaks: Window, Page, Batch, DeadLetter, Secret. No behaviour but their own."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum

from wpsync.errors import Message

_SHANGHAI = timezone(timedelta(hours=8))

Record = Mapping[str, object]
"""One object of the vendor's JSON, before anything is converted."""

Row = tuple[object, ...]
"""The values of one table row, in the order of the table's columns."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that shows itself to nobody by accident: a text, or a function that reads it anew each time."""

    _value: str | Callable[[], str]

    def reveal(self) -> str:
        """The value itself; only for the place that sends or stores it."""
        return self._value if isinstance(self._value, str) else self._value()

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A half-open stretch [start, end) of vendor time, aware, on whole seconds."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a window's ends must be aware")
        if self.start >= self.end:
            raise ValueError(f"a window must have a length: {self.start} to {self.end}")
        if self.start.microsecond or self.end.microsecond:
            raise ValueError("a window's ends must be whole seconds")

    @property
    def span(self) -> timedelta:
        return self.end - self.start

    def __str__(self) -> str:
        """As people read it: in Shanghai's time, which its offset says."""
        return f"{self.start.astimezone(_SHANGHAI).isoformat()}/{self.end.astimezone(_SHANGHAI).isoformat()}"


EVER = Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Page:
    """One reply of a listing: its rows as sent, the vendor's total, and when it was asked for.

    `records` is None where the vendor sent null instead of a list; `count` is None where it sent no
    usable total. `fetched_at` is the instant before the request was sent, `answered_at` after the reply came.
    `size` are the bytes of the reply.
    """

    number: int
    records: Sequence[object] | None
    count: int | None
    fetched_at: datetime
    answered_at: datetime
    size: int = 0


class Damaged(dict[str, object]):
    """A record whose bytes are not all readable, as the fields that are; `raw` are its bytes.

    `is_whole`: every field is there, and each broken byte stands in its text as a lone surrogate (U+DC80 to U+DCFF),
    so that nothing is lost. Otherwise only short fields are there, and of use to recognise the record.
    """

    __slots__ = ("is_whole", "raw")

    def __init__(self, fields: Mapping[str, object], raw: bytes, *, is_whole: bool) -> None:
        super().__init__(fields)
        self.raw = raw
        self.is_whole = is_whole

    def __repr__(self) -> str:
        """Return the same for the same bytes, and no more than a digest of them."""
        return f"damaged:{hashlib.sha256(self.raw).hexdigest()}"

    def original(self) -> dict[str, object]:
        """Return the form in which it is kept: its short fields, and its bytes, escaped by `surrogateescape`."""
        short = {} if self.is_whole else dict(self)
        return {**short, RAW_BYTES: self.raw.decode("utf-8", "surrogateescape")}


class TooLarge(Damaged):
    """A record that is larger than a reply may be, as the short fields at its beginning; `raw` is a piece of it."""

    __slots__ = ("_digest",)

    def __init__(self, fields: Mapping[str, object], raw: bytes, digest: str) -> None:
        super().__init__(fields, raw, is_whole=False)
        self._digest = digest

    def __repr__(self) -> str:
        """Return the same for the same reply, and no more than its digest."""
        return f"too_large:{self._digest}"


RAW_BYTES = "_bytes"
"""The field of an original that holds a whole record as it was sent."""


class Priority(IntEnum):
    """What a request is for; where requests are scarce the smaller goes first."""

    LIVE = 0
    FOLLOW_UP = 1
    PROBE = 2
    BACKFILL = 3


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Something the vendor sent that could not be taken, with the reason. `original` is ASCII JSON."""

    resource: str
    record_id: str | None
    reason: str
    error: Message
    original: str


PHONE, WX, CHAT, SENDER = "phone", "wx", "chat", "sender"
"""What a mark of somebody who was erased stands for."""


@dataclass(frozen=True, slots=True)
class Erased:
    """Everybody who was erased, as digests: `marks` of (kind, digest), made with the database's salt.

    They are those that concern the rows of `account`: numbers, and ids that this account gave.
    """

    salt: bytes = b""
    marks: frozenset[tuple[str, str]] = frozenset()
    account: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nobody was erased."""
        return not self.marks

    @property
    def size(self) -> int:
        """How many digests there are: it only grows."""
        return len(self.marks)

    def digest(self, kind: str, value: str) -> str:
        """What stands for a value."""
        return hashlib.sha256(self.salt + f"{kind}\0{value}".encode()).hexdigest()

    def has(self, kind: str, value: object) -> bool:
        """Whether a number or id is one of somebody who was erased."""
        return isinstance(value, str) and (kind, self.digest(kind, value)) in self.marks


@dataclass(slots=True)
class LeftOut:
    """What was not written because its person was erased: rows by id and time, and what leads to more.

    `leads` are numbers and ids (kind, value) that nobody knew to be of somebody who was erased.
    """

    rows: list[tuple[str, datetime | None]] = field(default_factory=list)
    leads: set[tuple[str, str]] = field(default_factory=set)

    def add(self, other: "LeftOut") -> None:
        """Take over what another page left out."""
        self.rows += other.rows
        self.leads |= other.leads


@dataclass(slots=True)
class Batch:
    """Rows by table, ready to be loaded together, and what could not become a row.

    `drift` counts what no declaration knows, by what it is and its name: a `field`, a `type` (a field
    that could not be read or stored as it came), a `kind` of message.
    """

    rows: dict[str, list[Row]] = field(default_factory=dict)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    drift: Counter[tuple[str, str]] = field(default_factory=Counter)
    left_out: LeftOut = field(default_factory=LeftOut)


@dataclass(frozen=True, slots=True)
class Tokens:
    """An account's token pair and its lives. All instants are aware.

    `issued_at` is when `getToken` gave the pair, `renewed_at` when the access token was last renewed;
    `credentials_hash` tells whether the configured credentials have changed since; no login is tried
    before `paused_until` while they have not.
    """

    access: Secret
    refresh: Secret
    issued_at: datetime
    renewed_at: datetime
    access_expires_at: datetime
    refresh_expires_at: datetime
    credentials_hash: str
    paused_until: datetime | None = None
    failures: int = 0

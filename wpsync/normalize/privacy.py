"""People's data as the configuration wants it, before anything is written: kept, hashed, masked or dropped.

Pure, and the same for the same value: an unchanged row stays unchanged, and equal values stay equal where
they are hashed. Every value is treated, also one that looks as if it had been: it comes from the vendor.
Where any column of a table is not kept, `_extra` is not either (it holds originals of values that were
repaired, and fields without a declaration). Then a dead letter keeps only the names of its fields, and a
text in a column of codes that looks like no code only its length.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from wpsync import values
from wpsync.model import Batch, DeadLetter, Row
from wpsync.normalize import originals
from wpsync.resources import CODES, COLUMNS, PERSONAL, RESOURCES, TABLES, is_key
from wpsync.resources.spec import Personal

KEEP, HASH, MASK, DROP = "keep", "hash", "mask", "drop"
WITHHELD, FINGERPRINT = "withheld", "fingerprint"
"""The keys of a dead letter whose original is not kept: the names of its fields, and what tells repetitions."""

Treat = Callable[[object], object]

_CODE = re.compile(
    r"(?=.{1,40}\Z)(?!.*(?<!0x)(?<!\d)\d{6})(?!.*\d{9})(?!wxid_)[A-Za-z0-9_.:()-]+|\[\d+\]",
    re.ASCII,
)
"""The form of a code (also `8.0.48(0x28003030)`), or of the length that is kept of another text."""


def treatment(mode: str, kind: str, key: bytes) -> Treat:
    """What a mode does with one value of a class. Lists are treated item by item, objects by value."""
    if mode == DROP:
        return lambda value: None
    one = _hashing(key) if mode == HASH else _MASKS.get(kind, _count)

    def treat(value: object) -> object:
        if isinstance(value, str):
            return one(value)
        if isinstance(value, list | tuple):
            return [treat(item) for item in value]
        if isinstance(value, dict):
            return {name: treat(inner) for name, inner in value.items()}
        return None

    return treat


def _key_id(key: bytes) -> str:
    return hmac.new(key, b"wpsync: the id of a key", hashlib.sha256).hexdigest()[:16]


def _hashing(key: bytes) -> Callable[[str], str]:
    def hashed(value: str) -> str:
        return "h_" + hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:32]

    return hashed


def _mask_number(value: str) -> str:
    """The first three and the last two characters; short ones not at all."""
    if len(value) < 8:
        return "*" * len(value)
    return value[:3] + "*" * (len(value) - 5) + value[-2:]


def _mask_name(value: str) -> str:
    """The first character."""
    return value[:1] + "**" if value else value


def _count(value: str) -> str:
    """How long it was."""
    return f"[{len(value)}]"


def _code(value: object) -> object:
    """A code as it is; of another text how long it was."""
    return value if isinstance(value, str) and _CODE.fullmatch(value) else _count(str(value))


_MASKS: Mapping[str, Callable[[str], str]] = {
    Personal.PHONE_NUMBERS: _mask_number,
    Personal.WECHAT_NUMBERS: _mask_number,
    Personal.NAMES: _mask_name,
}


class Privacy:
    """The rules of a configuration. `modes`: `table.column` to hash, mask or drop; what is kept is left out.

    Values are hashed with `key`; with `previous` ones they may have been before, and are found by them.
    """

    def __init__(
        self, modes: Mapping[str, str], key: bytes = b"", previous: Sequence[bytes] = ()
    ) -> None:
        self.modes = dict(modes)
        self._key = key
        self._previous = tuple(previous)
        self._by_table: dict[str, list[tuple[int, Treat]]] = {}
        for name, mode in modes.items():
            table, _, column = name.partition(".")
            mode = HASH if is_key(name) else mode
            kind = "" if COLUMNS[name].within else PERSONAL[name]
            treat = treatment(mode, kind, key)
            place = TABLES[table].position(column)
            self._by_table.setdefault(table, []).append((place, treat))
        for name in CODES:
            table, _, column = name.partition(".")
            if table in self._by_table:
                self._by_table[table].append((TABLES[table].position(column), _code))

    @property
    def is_off(self) -> bool:
        """Whether everything is kept."""
        return not self.modes

    def keeps(self, table: str, column: str) -> bool:
        """Whether a column's values are stored as they come."""
        return f"{table}.{column}" not in self.modes

    def touches(self, table: str) -> bool:
        """Whether any column of a table is not kept; of one without personal columns, whether any at all is not."""
        return table in self._by_table or (bool(self.modes) and table not in _WITH_PEOPLE)

    @property
    def key_id(self) -> str | None:
        """The id of the key that values are hashed with; None where none are."""
        hashes = any(mode == HASH or is_key(name) for name, mode in self.modes.items())
        return _key_id(self._key) if hashes else None

    @property
    def known_keys(self) -> frozenset[str]:
        """The ids of the keys by which hashed values can be found."""
        return frozenset(_key_id(one) for one in (self._key, *self._previous) if one)

    def not_findable(self, kind: str) -> list[str]:
        """The columns (`table.column`) of a class of which a number cannot be found by now: masked or dropped."""
        return sorted(
            name
            for name, mode in self.modes.items()
            if PERSONAL[name] == kind
            and mode in (MASK, DROP)
            and (COLUMNS[name].identifies or COLUMNS[name].mentions)
            and not is_key(name)
        )

    def masks(self, kind: str, number: str) -> frozenset[str]:
        """How a number stands where it was masked; others may stand so too."""
        written = values.phone_spellings(number) if kind == Personal.PHONE_NUMBERS else {number}
        return frozenset(map(_mask_number, written))

    def forms(self, kind: str, number: str) -> frozenset[str]:
        """How a number of a class may stand in the tables.

        In the clear and hashed, whatever is configured now: it may have been otherwise when a row was written.
        """
        written = values.phone_spellings(number) if kind == Personal.PHONE_NUMBERS else {number}
        keys = [one for one in (self._key, *self._previous) if one]
        return frozenset((*written, *(_hashing(key)(one) for key in keys for one in written)))

    def row(self, table: str, row: Row) -> Row:
        """A row of a table, in the order of its columns; what follows them is left alone."""
        changed = list(row)
        for place, treat in self._by_table.get(table, ()):
            if changed[place] is not None:
                changed[place] = treat(changed[place])
        return tuple(changed)

    def json_row(self, table: str, row: Mapping[str, object]) -> dict[str, object]:
        """The same for a row as `wp.history` keeps it, by column names."""
        changed = dict(row)
        names = [column.name for column in TABLES[table].columns]
        for place, treat in self._by_table.get(table, ()):
            if changed.get(names[place]) is not None:
                changed[names[place]] = treat(changed[names[place]])
        return {**changed, "_extra": None}

    def apply(self, batch: Batch) -> None:
        """Treat everything of a batch, in place."""
        for name, rows in batch.rows.items():
            if self.touches(name):
                extra = len(TABLES[name].columns)
                batch.rows[name] = [
                    (*treated[:extra], None, *treated[extra + 1 :])
                    for treated in (self.row(name, row) for row in rows)
                ]
        batch.dead_letters = [self.letter(letter) for letter in batch.dead_letters]

    def letter(self, letter: DeadLetter) -> DeadLetter:
        """A dead letter without its original, where anything of its resource is not kept."""
        resource = RESOURCES.get(letter.resource)
        if resource is None or not any(
            self.touches(table.name) for table in (resource.table, *resource.details)
        ):
            return letter
        return DeadLetter(
            letter.resource,
            letter.record_id,
            letter.reason,
            letter.error,
            withheld(letter.original, self._key),
        )


def withheld(original: str, key: bytes) -> str:
    """What is kept of an original: the names of its fields, and a fingerprint that tells repetitions."""
    try:
        parsed = json.loads(original)
    except ValueError:
        parsed = None
    fields = cast("dict[str, object]", parsed) if isinstance(parsed, dict) else {}
    names = sorted({originals.shown_name(name) for name in fields})
    fingerprint = hmac.new(key, original.encode(), hashlib.sha256).hexdigest()[:16]
    return json.dumps({WITHHELD: names, FINGERPRINT: fingerprint})


def is_withheld(original: object) -> bool:
    """Whether an original, parsed, is what `withheld` keeps of one."""
    return isinstance(original, dict) and set(original) == {WITHHELD, FINGERPRINT}


_WITH_PEOPLE = frozenset(name.partition(".")[0] for name in PERSONAL)

OFF = Privacy({})

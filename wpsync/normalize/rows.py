"""A page's records to rows by their resource's declaration, column by column.

No input whatsoever raises. A record without a usable id, or that is no object, becomes a dead letter
with its original; a field that cannot be read becomes NULL with its original in `_extra`; a payload
that cannot be read keeps its row and gets a dead letter with the reason.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import repeat
from typing import cast

from wpsync import values
from wpsync.model import Batch, DeadLetter, Erased
from wpsync.normalize import columns, erasure, originals
from wpsync.normalize.payloads import explode
from wpsync.normalize.privacy import OFF, Privacy
from wpsync.resources.messages import KIND_BY_CODE, UNKNOWN
from wpsync.resources.spec import Converter, Resource

Record = Mapping[str, object]

_NOBODY = Erased()
_SHANGHAI = timedelta(hours=8)
_MEDIA = ("image", "voice", "video")


class _Draft:
    """The rows of one page under construction: columns by name, and what has no column by row number."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self.columns: dict[str, list[object]] = {}
        self.extras: dict[int, dict[str, object]] = {}

    def extra(self, row: int) -> dict[str, object]:
        """What the vendor sent in this row that has no column."""
        return self.extras.setdefault(row, {})

    def keep_unless_empty(self, row: int, field: str) -> None:
        """A vendor field that this row has no column for."""
        value = self.records[row].get(field)
        if value is not None and value != "":
            self.extra(row)[field] = value


Finish = Callable[[_Draft, str, Batch], None]
"""Computes what columns do not say by themselves. Takes the draft, the rows' stamp, and the batch."""


class Normalizer:
    """Turns the records of one resource into rows. Stateless between calls, so threads may share it."""

    def __init__(
        self, resource: Resource, privacy: Privacy = OFF, erased: Erased = _NOBODY
    ) -> None:
        table = resource.table
        self._privacy = privacy
        self._erased = erased
        self._resource = resource.name
        self._table = table.name
        self._key = table.key[0]
        self._columns = table.columns
        self._finish: Finish | None
        self._finish, consumed = _FINISH.get(resource.name, (None, ()))
        self._known = frozenset((*consumed, *(s for c in table.columns for s in c.sources)))

    def __call__(self, records: Sequence[object], fetched_at: datetime, into: Batch) -> None:
        """Add the records' rows to `into`, in record order, each followed by `_extra` and `fetched_at`."""
        if self._privacy.is_off and self._erased.is_empty:
            self._add(records, fetched_at, into)
            return
        treated = Batch()
        self._add(records, fetched_at, treated)
        erasure.take(self._erased, self._resource, treated)
        self._privacy.apply(treated)
        for table, rows in treated.rows.items():
            into.rows.setdefault(table, []).extend(rows)
        into.dead_letters += treated.dead_letters
        into.drift += treated.drift
        into.left_out.add(treated.left_out)

    def _add(self, records: Sequence[object], fetched_at: datetime, into: Batch) -> None:
        usable = self._usable(records, into)
        if not usable:
            return
        draft = _Draft(usable)
        for column in self._columns:
            draft.columns[column.name] = _column(draft, column.sources, column.convert)
        known = self._known
        for number, record in enumerate(usable):
            if not record.keys() <= known:
                unknown = ((key, value) for key, value in record.items() if key not in known)
                draft.extra(number).update(unknown)
        stamp = fetched_at.isoformat()
        if self._finish is not None:
            self._finish(draft, stamp, into)
        kept: list[str | None] = [None] * len(usable)
        for number, extra in draft.extras.items():
            kept[number] = originals.extra_json(extra)
            _note_drift(extra, into)
        rows = into.rows.setdefault(self._table, [])
        rows.extend(zip(*draft.columns.values(), kept, repeat(stamp), strict=False))

    def _usable(self, records: Sequence[object], into: Batch) -> list[Record]:
        """The records that are objects with an id; the others become dead letters."""
        key = next(column for column in self._columns if column.name == self._key)
        usable: list[Record] = []
        for record in records:
            if not isinstance(record, dict):
                self._refuse(record, "not_an_object", "the record is not a JSON object", into)
                continue
            identifier = next(filter(None, map(record.get, key.sources)), None)
            if _is_usable(identifier):
                usable.append(record)
            else:
                self._refuse(record, "no_id", "the record has no usable id", into)
        return usable

    def _refuse(self, record: object, reason: str, detail: str, into: Batch) -> None:
        original = originals.ascii_json(record)
        into.dead_letters.append(DeadLetter(self._resource, None, reason, detail, original))


def _note_drift(extra: Record, into: Batch) -> None:
    """A field that no column knows, or that came in a shape which cannot be read or stored."""
    for name in extra:
        what = "type" if name.startswith(originals.RAW) else "field"
        into.drift[what, values.holdable(name.removeprefix(originals.RAW))[:100]] += 1


def _is_usable(identifier: object) -> bool:
    if isinstance(identifier, str):
        return identifier != "(null)"
    return isinstance(identifier, int) and not isinstance(identifier, bool)


def _column(draft: _Draft, sources: tuple[str, ...], converter: Converter) -> list[object]:
    """One column of the page, at once where its values are well-behaved, else value by value."""
    records = draft.records
    if not sources:
        return [None] * len(records)
    if len(sources) == 1:
        source = sources[0]
    else:
        present = [name for name in sources if any(name in record for record in records)]
        if len(present) > 1:
            return _preferred(draft, sources, converter)
        source = present[0] if present else sources[0]
    raw = [record.get(source) for record in records]
    try:
        return list(columns.convert(converter, raw))
    except columns.UnusualError:
        return [_value(draft, number, source, value, converter) for number, value in enumerate(raw)]


def _value(draft: _Draft, number: int, source: str, value: object, converter: Converter) -> object:
    try:
        return converter(value)
    except values.RepairedError as repaired:
        originals.keep_raw(draft.extra(number), source, value)
        return repaired.value
    except values.UnreadableError:
        originals.keep_raw(draft.extra(number), source, value)
        return None


def _preferred(draft: _Draft, sources: tuple[str, ...], converter: Converter) -> list[object]:
    """Of several spellings the first that holds something; another that says something else is kept."""
    column = []
    for number, record in enumerate(draft.records):
        present = [name for name in sources if record.get(name) not in (None, "")] or [sources[0]]
        chosen = record.get(present[0])
        for other in present[1:]:
            if record[other] != chosen:
                draft.extra(number)[other] = record[other]
        column.append(_value(draft, number, present[0], chosen, converter))
    return column


_RECORDING_STATUS = {
    "not_found": "not_found",
    "copy_fail": "copy_failed",
    "multiple_call_lose": "lost_multiple_calls",
}


def _finish_calls(draft: _Draft, stamp: str, into: Batch) -> None:
    """`soundUrl` is an address without a scheme, one of three words, or nothing (yet)."""
    urls, statuses = draft.columns["recording_url"], draft.columns["recording_status"]
    connected = draft.columns["connected"]
    for number, record in enumerate(draft.records):
        sent = record.get("soundUrl")
        if isinstance(sent, str) and sent in _RECORDING_STATUS:
            statuses[number] = _RECORDING_STATUS[sent]
            continue
        urls[number] = _value(draft, number, "soundUrl", sent, values.web_address)
        if urls[number] is not None:
            statuses[number] = "available"
        else:
            statuses[number] = "pending" if connected[number] else "none"


def _finish_messages(draft: _Draft, stamp: str, into: Batch) -> None:
    """The kind by the code, the day in Shanghai, the text for people, and the typed rows."""
    table = draft.columns
    codes, bodies, plain = table["msg_type"], table["body"], table["plain_text"]
    kinds = [KIND_BY_CODE.get(code, UNKNOWN).name for code in cast("list[str]", codes)]
    table["kind"] = list(kinds)
    if UNKNOWN.name in kinds:
        for code, kind in zip(codes, kinds, strict=True):
            if kind == UNKNOWN.name:
                into.drift["kind", str(code)[:100]] += 1
    table["payload_ok"] = [True] * len(codes)
    table["sent_on"] = _days(draft)
    for number, record in enumerate(draft.records):
        kind, sent = kinds[number], record.get("msg")
        if kind == "text" and isinstance(sent, str) and sent.lstrip()[:1] != "{":
            plain[number] = bodies[number]
        else:
            _finish_payload(draft, number, sent, stamp, into)
        if len(record) > 10 and kind not in _MEDIA:
            draft.keep_unless_empty(number, "thumbImgPath")
            draft.keep_unless_empty(number, "bigImgPath")


def _finish_payload(draft: _Draft, number: int, sent: object, stamp: str, into: Batch) -> None:
    table, record = draft.columns, draft.records[number]
    if isinstance(sent, dict | list):
        draft.extra(number).pop(originals.RAW + "msg", None)
        table["body"][number] = originals.ascii_json(sent)
    identifier = cast("str", table["id"][number])
    kind = KIND_BY_CODE.get(cast("str", table["msg_type"][number]), UNKNOWN)
    exploded = explode(
        kind, sent, record, identifier, cast("datetime | None", table["sent_at"][number])
    )
    table["plain_text"][number] = exploded.plain_text
    for name, row in exploded.rows:
        into.rows.setdefault(name, []).append((*row, stamp))
    if exploded.problem is not None:
        table["payload_ok"][number] = False
        original = originals.ascii_json(record)
        into.dead_letters.append(
            DeadLetter(
                "wechat_messages", identifier, "payload_unreadable", exploded.problem, original
            )
        )


def _days(draft: _Draft) -> list[object]:
    """The day in Shanghai of each row; the vendor's own `date` where there is no time, or as extra."""
    names: dict[int, tuple[date, str]] = {}
    days: list[object] = []
    for number, at in enumerate(cast("list[datetime | None]", draft.columns["sent_at"])):
        if at is None:
            days.append(_said_day(draft, number))
            continue
        ordinal = int(at.timestamp() + 28_800) // 86_400
        if ordinal not in names:
            day = (at.astimezone(UTC) + _SHANGHAI).date()
            names[ordinal] = (day, day.isoformat())
        day, name = names[ordinal]
        days.append(day)
        if draft.records[number].get("date") != name:
            _keep_other_day(draft, number, day)
    return days


def _said_day(draft: _Draft, number: int) -> date | None:
    try:
        return values.day(draft.records[number].get("date"))
    except (values.UnreadableError, values.RepairedError):
        draft.keep_unless_empty(number, "date")
        return None


def _keep_other_day(draft: _Draft, number: int, day: date) -> None:
    try:
        said = values.day(draft.records[number].get("date"))
    except (values.UnreadableError, values.RepairedError):
        said = None
    if said != day:
        draft.keep_unless_empty(number, "date")


_FINISH: dict[str, tuple[Finish, tuple[str, ...]]] = {
    "calls": (_finish_calls, ("soundUrl",)),
    "wechat_messages": (_finish_messages, ("date", "thumbImgPath", "bigImgPath")),
}

"""A page's records to rows by their resource's declaration, column by column.

No input whatsoever raises. A record without a usable id, or that is no object, becomes a dead letter
with its original; a field that cannot be read becomes NULL with its original in `_extra`; a payload
that cannot be read keeps its row and gets a dead letter with the reason.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from operator import methodcaller
from typing import cast

from wpsync import values
from wpsync.errors import Message
from wpsync.model import Batch, Damaged, DeadLetter, Erased, TooLarge
from wpsync.normalize import columns, erasure, originals
from wpsync.normalize.payloads import MEDIA_FIELDS, MEDIA_KINDS, Messages, explode, may_be_object
from wpsync.normalize.privacy import OFF, Privacy
from wpsync.resources.device import CALLS
from wpsync.resources.messages import KIND_BY_CODE, UNKNOWN
from wpsync.resources.spec import Converter, MessageKind, Personal, Resource
from wpsync.resources.wechat import WECHAT_MESSAGES

Record = Mapping[str, object]

_NOBODY = Erased()
_SHANGHAI = timedelta(hours=8)


class _Draft:
    """The rows of some records under construction: columns by name, and what has no column by row number.

    `stamps` say when each record was fetched; `fields` are the vendor's fields that any of them has.
    """

    def __init__(self, records: Sequence[Record], stamps: Sequence[str]) -> None:
        self.records = records
        self.stamps = stamps
        self.fields = frozenset[str]().union(*set(map(tuple, records)))
        self.columns: dict[str, list[object]] = {}
        self.extras: dict[int, dict[str, object]] = {}

    def sent(self, field: str) -> list[object]:
        """A vendor field of every record, None where it was not sent."""
        if field not in self.fields:
            return [None] * len(self.records)
        return [record.get(field) for record in self.records]

    def extra(self, row: int) -> dict[str, object]:
        """What the vendor sent in this row that has no column."""
        return self.extras.setdefault(row, {})

    def keep_all_but(self, known: frozenset[str]) -> None:
        """Fields that no column reads."""
        for number, record in enumerate(self.records):
            if not record.keys() <= known:
                self.extra(number).update({k: v for k, v in record.items() if k not in known})

    def keep_unless_empty(self, row: int, field: str) -> None:
        """A vendor field that this row has no column for."""
        value = self.records[row].get(field)
        if value is not None and value != "":
            self.extra(row)[field] = value


Finish = Callable[[_Draft, Batch], None]
"""Computes what columns do not say by themselves."""


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
        self._key = next(column for column in table.columns if column.name == table.key[0])
        self._columns = table.columns
        self._finish: Finish | None
        self._finish, consumed = _FINISH.get(resource.name, (None, ()))
        self._known = frozenset((*consumed, *(s for c in table.columns for s in c.sources)))
        self._free = frozenset(s for c in table.columns if c.personal in _FREE for s in c.sources)

    def __call__(self, records: Sequence[object], fetched_at: datetime, into: Batch) -> None:
        """Add the records' rows to `into`, in record order, each followed by `_extra` and `fetched_at`."""
        self.pages([(records, fetched_at)], into)

    def pages(self, pages: Iterable[tuple[Sequence[object], datetime]], into: Batch) -> None:
        """The same for several pages at once, which is quicker: columns are longer."""
        records: list[object] = []
        stamps: list[str] = []
        for page, fetched_at in pages:
            records += page
            stamps += [fetched_at.isoformat()] * len(page)
        if self._privacy.is_off and self._erased.is_empty:
            self._add(records, stamps, into)
            return
        treated = Batch()
        self._add(records, stamps, treated)
        erasure.take(self._erased, self._resource, treated)
        self._privacy.apply(treated)
        for table, rows in treated.rows.items():
            into.rows.setdefault(table, []).extend(rows)
        into.dead_letters += treated.dead_letters
        into.drift += treated.drift
        into.left_out.add(treated.left_out)

    def _add(self, records: Sequence[object], stamps: Sequence[str], into: Batch) -> None:
        draft = self._usable(records, stamps, into)
        if not draft.records:
            return
        for column in self._columns:
            draft.columns[column.name] = _column(draft, column.sources, column.convert)
        if not draft.fields <= self._known:
            draft.keep_all_but(self._known)
        if self._finish is not None:
            self._finish(draft, into)
        kept: list[str | None] = [None] * len(draft.records)
        for number, extra in draft.extras.items():
            kept[number] = originals.extra_json(extra)
            for name in extra:
                what = "type" if name.startswith(originals.RAW) else "field"
                into.drift[what, originals.shown_name(name.removeprefix(originals.RAW))] += 1
        rows = into.rows.setdefault(self._table, [])
        rows.extend(zip(*draft.columns.values(), kept, draft.stamps, strict=True))

    def _usable(self, records: Sequence[object], stamps: Sequence[str], into: Batch) -> _Draft:
        """The records that are objects with an id; the others become dead letters."""
        if self._all_usable(records):
            return _Draft(cast("Sequence[Record]", records), stamps)
        usable: list[tuple[Record, str]] = []
        for record, stamp in zip(records, stamps, strict=True):
            if isinstance(record, Damaged) and not self._is_intact(record):
                self._keep_bytes(record, into)
                continue
            if not isinstance(record, dict):
                self._refuse(record, Message("dead_letter.not_an_object"), into)
                continue
            if _is_usable(record.get(_holding(record, self._key.sources)[0])):
                usable.append((record, stamp))
            else:
                self._refuse(record, Message("dead_letter.no_id"), into)
        return _Draft([record for record, _ in usable], [stamp for _, stamp in usable])

    def _all_usable(self, records: Sequence[object]) -> bool:
        """Whether all records are objects with a text for an id, in its first spelling."""
        if not _OBJECT.issuperset(map(type, records)):
            return False
        ids = list(map(methodcaller("get", self._key.sources[0]), records))
        return _TEXT.issuperset(map(type, ids)) and all(ids) and "(null)" not in ids

    def _is_intact(self, record: Damaged) -> bool:
        """Whether only names, texts of messages and unknown fields hold broken bytes: no id, no time, no code."""
        return record.is_whole and not any(
            originals.is_broken(name)
            or (name in self._known and name not in self._free and originals.is_broken(value))
            for name, value in record.items()
        )

    def _keep_bytes(self, record: Damaged, into: Batch) -> None:
        """Keep a record that cannot be read as it was sent, with its id where that is intact."""
        identifier = record.get(_holding(record, self._key.sources)[0])
        is_known = _is_usable(identifier) and not originals.is_broken(identifier)
        is_large = isinstance(record, TooLarge)
        reason = Message("dead_letter.too_large" if is_large else "dead_letter.broken_record")
        into.dead_letters.append(
            DeadLetter(
                self._resource,
                str(identifier)[:200] if is_known else None,
                reason.code.partition(".")[2],
                reason,
                originals.ascii_json(record.original()),
            )
        )

    def _refuse(self, record: object, error: Message, into: Batch) -> None:
        reason, original = error.code.partition(".")[2], originals.ascii_json(record)
        into.dead_letters.append(DeadLetter(self._resource, None, reason, error, original))


_FREE = (Personal.NAMES, Personal.MESSAGE_BODIES)
"""Columns that people fill: a broken character in them makes no other row of it."""

_OBJECT, _TEXT = frozenset({dict}), frozenset({str})


def _is_usable(identifier: object) -> bool:
    if isinstance(identifier, str):
        return identifier not in ("", "(null)")
    return isinstance(identifier, int) and not isinstance(identifier, bool) and identifier != 0


def _column(draft: _Draft, sources: tuple[str, ...], converter: Converter) -> list[object]:
    """One column, from whichever of its spellings the records use."""
    present = [name for name in sources if name in draft.fields]
    if len(present) > 1:
        return _preferred(draft, sources, converter)
    if not present and sources:
        present = [sources[0]]
    if not present:
        return [None] * len(draft.records)
    source = present[0]
    return _converted(draft, source, draft.sent(source), converter)


def _converted(
    draft: _Draft, source: str, raw: Sequence[object], converter: Converter
) -> list[object]:
    """A column at once where its values are well-behaved, else value by value."""
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
        present = _holding(record, sources)
        chosen = record.get(present[0])
        for other in present[1:]:
            if record[other] != chosen:
                draft.extra(number)[other] = record[other]
        column.append(_value(draft, number, present[0], chosen, converter))
    return column


def _holding(record: Record, sources: tuple[str, ...]) -> list[str]:
    """The spellings in which a record holds something, best first; the best where none does."""
    return [name for name in sources if record.get(name) not in (None, "")] or [sources[0]]


def _finish_calls(draft: _Draft, into: Batch) -> None:
    """`soundUrl` is an address without a scheme, one of three words, or nothing (yet)."""
    urls, statuses = draft.columns["recording_url"], draft.columns["recording_status"]
    connected = draft.columns["connected"]
    for number, sent in enumerate(draft.sent("soundUrl")):
        try:
            urls[number] = values.web_address(sent)
        except values.RepairedError as repaired:
            originals.keep_raw(draft.extra(number), "soundUrl", sent)
            urls[number] = repaired.value
        except values.UnreadableError:
            statuses[number] = values.recording_status(sent)
            if statuses[number] == "unknown":
                originals.keep_raw(draft.extra(number), "soundUrl", sent)
            continue
        if urls[number] is not None:
            statuses[number] = "available"
        else:
            statuses[number] = "none" if connected[number] is False else "pending"


def _finish_messages(draft: _Draft, into: Batch) -> None:
    """The kind by the code, the day in Shanghai, the text for people, and the typed rows."""
    table = draft.columns
    codes = cast("list[str | None]", table["msg_type"])
    kinds = [_kind(code).name for code in codes]
    table["kind"] = list(kinds)
    if UNKNOWN.name in kinds:
        for code, kind in zip(codes, kinds, strict=True):
            if kind == UNKNOWN.name:
                into.drift["kind", originals.shown_name(str(code))] += 1
    table["payload_ok"] = [True] * len(codes)
    table["sent_on"] = _days(draft)
    bodies, plain, sent = table["body"], table["plain_text"], draft.sent("msg")
    payloads: list[int] = []
    for number, kind in enumerate(kinds):
        text = sent[number]
        if kind == "text" and isinstance(text, str) and not may_be_object(text):
            plain[number] = bodies[number]
        else:
            payloads.append(number)
    for numbers in _together(payloads, table["id"], codes):
        _finish_payloads(draft, _kind(codes[numbers[0]]), numbers, sent, into)
    _keep_media_of_others(draft, kinds)


def _kind(code: str | None) -> MessageKind:
    return KIND_BY_CODE.get(code or "") or KIND_BY_CODE.get((code or "").strip(), UNKNOWN)


def _together(
    numbers: Sequence[int], ids: Sequence[object], codes: Sequence[str | None]
) -> Iterable[list[int]]:
    """The messages of each code; one by one where a message came twice, since its last rows must be last."""
    if len(set(ids)) < len(ids):
        return ([number] for number in numbers)
    by_code: dict[str | None, list[int]] = {}
    for number in numbers:
        by_code.setdefault(codes[number], []).append(number)
    return by_code.values()


def _keep_media_of_others(draft: _Draft, kinds: Sequence[str]) -> None:
    """Paths of media are columns of media; what another message sends there is kept."""
    if draft.fields.isdisjoint(MEDIA_FIELDS):
        return
    for number, kind in enumerate(kinds):
        if kind not in MEDIA_KINDS:
            for field in MEDIA_FIELDS:
                draft.keep_unless_empty(number, field)


def _finish_payloads(
    draft: _Draft, kind: MessageKind, numbers: Sequence[int], sent: Sequence[object], into: Batch
) -> None:
    """What the payloads of one kind of message hold."""
    table = draft.columns
    for number in numbers:
        if isinstance(sent[number], dict | list):
            draft.extra(number).pop(originals.RAW + "msg", None)
            table["body"][number] = originals.ascii_json(sent[number])
    exploded = explode(
        kind,
        Messages(
            [sent[number] for number in numbers],
            [draft.records[number] for number in numbers],
            [cast("str", table["id"][number]) for number in numbers],
            [cast("datetime | None", table["sent_at"][number]) for number in numbers],
            [draft.stamps[number] for number in numbers],
        ),
    )
    for number, text in zip(numbers, exploded.plain_texts, strict=True):
        table["plain_text"][number] = text
    for name, rows in exploded.rows.items():
        into.rows.setdefault(name, []).extend(rows)
    for place, problem in exploded.problems.items():
        number = numbers[place]
        table["payload_ok"][number] = False
        original = originals.ascii_json(draft.records[number])
        identifier = cast("str", table["id"][number])
        into.dead_letters.append(
            DeadLetter(WECHAT_MESSAGES.name, identifier, "payload_unreadable", problem, original)
        )


def _days(draft: _Draft) -> list[object]:
    """The day in Shanghai of each row; the vendor's own `date` where there is no time, or as extra."""
    times = cast("list[datetime | None]", draft.columns["sent_at"])
    said = draft.sent("date")
    if (day := _only_day(times)) and said.count(day.isoformat()) == len(said):
        return [day] * len(said)
    days: list[object] = []
    for number, at in enumerate(times):
        if at is None:
            try:
                days.append(values.day(draft.records[number].get("date")))
            except (values.UnreadableError, values.RepairedError):
                draft.keep_unless_empty(number, "date")
                days.append(None)
            continue
        day = _shanghai_day(at)
        days.append(day)
        if said[number] != day.isoformat():
            _keep_other_day(draft, number, day)
    return days


def _only_day(times: Sequence[datetime | None]) -> date | None:
    """The day in Shanghai, where there is one for all times."""
    known = [at for at in times if at is not None]
    if not known or len(known) < len(times):
        return None
    first = _shanghai_day(min(known))
    return first if first == _shanghai_day(max(known)) else None


def _shanghai_day(at: datetime) -> date:
    return (at.astimezone(UTC) + _SHANGHAI).date()


def _keep_other_day(draft: _Draft, number: int, day: date) -> None:
    try:
        said = values.day(draft.records[number].get("date"))
    except (values.UnreadableError, values.RepairedError):
        said = None
    if said != day:
        draft.keep_unless_empty(number, "date")


_FINISH: dict[str, tuple[Finish, tuple[str, ...]]] = {
    CALLS.name: (_finish_calls, ("soundUrl",)),
    WECHAT_MESSAGES.name: (_finish_messages, ("date", "thumbImgPath", "bigImgPath")),
}

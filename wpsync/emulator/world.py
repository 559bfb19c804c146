"""The emulated world: rows in time, listings, and a clock with which rows go on arriving.

Deterministic from (seed, messages, days, now). A row is made when it is first asked for, from its own
seed, so a world of a million messages starts at once and its truth takes no room.
"""

import heapq
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Literal

from wpsync.emulator import rows
from wpsync.emulator.messages import message
from wpsync.emulator.people import (
    FIELD_LABELS,
    Chat,
    Contact,
    Member,
    People,
    Phone,
    nickname,
    populate,
    vendor_id,
    wx_number,
)
from wpsync.emulator.rows import Object

Kind = Literal["calls", "sms", "wechat_messages", "wechat_chats"]
SERIES: tuple[Kind, ...] = ("calls", "sms", "wechat_messages", "wechat_chats")
LISTINGS = ("agents", "wechat_users", "wechat_contacts", "wechat_rooms", "wechat_room_members")
_DAY = 86_400
_EIGHT = 8 * 3600
_HOURS = [
    1,
    0.5,
    0.3,
    0.2,
    0.2,
    0.4,
    1,
    3,
    8,
    18,
    20,
    18,
    12,
    14,
    18,
    20,
    20,
    18,
    10,
    8,
    7,
    5,
    3,
    2,
]


@dataclass(slots=True)
class Row:
    """One row in time. `state` and `recorded` are how far it has come; `given` overrides it whole."""

    at: int
    id: str
    kind: Kind
    owner: Phone | Chat
    seed: int = 0
    message_kind: str | None = None
    state: int | None = None
    recorded: bool | str = True
    given: Object | None = None
    given_truth: Object | None = None
    changed: Object | None = None
    encoded: bytes | None = None

    def made(self) -> tuple[Object, Object | None, list[tuple[str, Object]]]:
        """The vendor's object, the truth (None: not told), and the truths of typed rows."""
        if self.given is not None:
            return self.given, self.given_truth, []
        typed: list[tuple[str, Object]] = []
        if isinstance(self.owner, Chat) and self.kind == "wechat_messages":
            vendor, truth, typed = message(
                self.id, self.owner, self.at, self.seed, self.message_kind, self.state
            )
        elif isinstance(self.owner, Chat):
            vendor, truth = rows.chat(self.owner)
        elif self.kind == "calls":
            vendor, truth = rows.call(
                self.id, self.owner, self.at, Random(self.seed), recorded=self.recorded
            )
        else:
            vendor, truth = rows.sms(self.id, self.owner, self.at, Random(self.seed))
        if self.changed:
            vendor |= self.changed
        return vendor, truth, typed

    def encode(self) -> bytes:
        """The object as JSON; what UTF-8 cannot hold is escaped."""
        if self.encoded is None:
            self.encoded = encoded(self.made()[0])
        return self.encoded

    @property
    def phone(self) -> Phone:
        return self.owner.phone if isinstance(self.owner, Chat) else self.owner


def encoded(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


class Series:
    """Rows of one resource, in order of time."""

    def __init__(self) -> None:
        self.times: list[int] = []
        self.rows: list[Row] = []
        self.by_id: dict[str, Row] = {}

    def fill(self, made: list[Row]) -> None:
        made.sort(key=lambda row: row.at)
        self.rows = made
        self.times = [row.at for row in made]
        self.by_id = {row.id: row for row in made}

    def add(self, row: Row) -> None:
        where = bisect_right(self.times, row.at)
        self.times.insert(where, row.at)
        self.rows.insert(where, row)
        self.by_id[row.id] = row

    def remove(self, identifier: str) -> None:
        row = self.by_id.pop(identifier)
        where = next(
            i for i in range(bisect_left(self.times, row.at), len(self.rows)) if self.rows[i] is row
        )
        del self.times[where], self.rows[where]

    def between(self, start: int | None, end: int | None) -> tuple[int, int]:
        """Positions [lo, hi) of rows from `start` to `end`, both seconds included."""
        lo = 0 if start is None else bisect_left(self.times, start)
        hi = len(self.times) if end is None else bisect_right(self.times, end)
        return lo, max(lo, hi)


@dataclass(slots=True)
class Entry:
    """One row of a listing, and what it means."""

    vendor: Object
    truth: Object


@dataclass(order=True, slots=True)
class Event:
    at: float
    number: int
    do: Callable[[float], None] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Liveliness:
    """How much happens while the clock runs: `factor` times history's pace; 0 is a world at rest."""

    factor: float = 0.0
    late_share: float = 0.05
    recording_delay: float = 600.0
    money_delay: float = 300.0


class World:
    """Everything the vendor knows. Not thread-safe: one server thread works on it."""

    def __init__(
        self, seed: int, messages: int, days: int, now: float, lively: Liveliness | None = None
    ) -> None:
        self.seed, self.days = seed, days
        self.born = int(now)
        self.now = now
        self.lively = lively or Liveliness()
        self.start = self.born - days * _DAY
        self.people: People = populate(seed, messages, self.start, self.born)
        self.series: dict[Kind, Series] = {kind: Series() for kind in SERIES}
        self.listings: dict[str, dict[str, Entry]] = {name: {} for name in LISTINGS}
        self.fields = dict(FIELD_LABELS)
        self.customers: dict[str, Object] = {}
        self.actions: list[Object] = []
        self._events: list[Event] = []
        self._number = 0
        self._born_later = 10**9
        self._rng = Random(f"life:{seed}")
        self.messages = messages
        self._fill_series()
        self._fill_listings()
        if self.lively.factor:
            per_second = self.messages / (self.days * _DAY) * self.lively.factor
            for kind, share in (("wechat_messages", 1.0), ("calls", 8 / 70), ("sms", 3 / 70)):
                self._next_arrival(kind, per_second * share, float(self.born))  # type: ignore[arg-type]  # the literals are kinds
            self._next_change(float(self.born), 40 / max(1.0, self.lively.factor))

    def _fill_series(self) -> None:
        sizes: dict[Kind, int] = {
            "wechat_messages": self.messages,
            "calls": max(10, self.messages * 8 // 70),
            "sms": max(5, self.messages * 3 // 70),
        }
        for kind, size in sizes.items():
            rng = Random(f"{kind}:{self.seed}")
            times = list(self._moments(rng, size))
            self.series[kind].fill([self._row(kind, i, at, rng) for i, at in enumerate(times)])
        self.series["wechat_chats"].fill(
            [Row(chat.created, chat.id, "wechat_chats", chat) for chat in self.people.chats]
        )

    def _moments(self, rng: Random, size: int) -> Iterator[int]:
        """Instants of working life: mostly daytime, few at weekends."""
        first_day = (self.start + _EIGHT) // _DAY
        days = list(range(first_day, (self.born + _EIGHT) // _DAY + 1))
        weights = [0.2 if (day + 3) % 7 in (5, 6) else 1.0 for day in days]
        made = 0
        while made < size:
            for day, hour in zip(
                rng.choices(days, weights, k=size),
                rng.choices(range(24), _HOURS, k=size),
                strict=True,
            ):
                at = day * _DAY - _EIGHT + hour * 3600 + rng.randrange(3600)
                if self.start <= at < self.born - 1:
                    made += 1
                    yield at
                    if made == size:
                        return

    def _row(self, kind: Kind, number: int, at: int, rng: Random) -> Row:
        owner: Phone | Chat = rng.choice(self.people.phones)
        if kind == "wechat_messages":
            owner = rng.choice(self.people.chats)
        seed = rng.getrandbits(62)
        return Row(at, vendor_id(self.seed, kind, number), kind, owner, seed)

    def _fill_listings(self) -> None:
        for agent in self.people.agents:
            self._put("agents", rows.agent(agent))
        for number, phone in enumerate(self.people.phones):
            self._put("wechat_users", rows.user(phone, Random(f"u{self.seed}:{number}")))
        for contact in self.people.contacts:
            self.put_contact(contact)
        for room in self.people.rooms:
            self._put("wechat_rooms", rows.room(room))
            for member in room.members:
                self.put_member(member)

    def _put(self, listing: str, pair: rows.Pair) -> None:
        vendor, truth = pair
        self.listings[listing][str(truth["id"])] = Entry(vendor, truth)

    def put_contact(self, contact: Contact) -> None:
        self._put("wechat_contacts", rows.contact(contact, Random(f"c{contact.id}")))

    def put_member(self, member: Member) -> None:
        self._put("wechat_room_members", rows.member(member, Random(f"m{member.id}")))

    # -- life -------------------------------------------------------------------------------------

    def advance(self, now: float) -> None:
        """Let everything happen that is due by `now`."""
        while self._events and self._events[0].at <= now:
            event = heapq.heappop(self._events)
            self.now = max(self.now, event.at)
            event.do(event.at)
        self.now = max(self.now, now) if self._events else now

    def schedule(self, at: float, do: Callable[[float], None]) -> None:
        self._number += 1
        heapq.heappush(self._events, Event(at, self._number, do))

    def _next_arrival(self, kind: Kind, rate: float, after: float) -> None:
        at = after + self._rng.expovariate(rate)

        def arrive(now: float) -> None:
            self.arrive(kind, int(now))
            self._next_arrival(kind, rate, now)

        self.schedule(at, arrive)

    def _newborn(self) -> int:
        """The number of what was not there at the beginning; never told twice, whatever is deleted."""
        self._born_later += 1
        return self._born_later

    def arrive(self, kind: Kind, at: int) -> None:
        """A row comes into being now; some become visible later, as phones upload when they can."""
        row = self._row(kind, self._newborn(), at, self._rng)
        if kind == "calls":
            row.recorded = False
            delay = self._rng.uniform(0.2, 2) * self.lively.recording_delay
            self.schedule(at + delay, lambda now: self._record(row))
        if kind == "wechat_messages" and self._rng.random() < 0.05:
            row.message_kind = self._rng.choice(("transfer", "red_packet", "group_collection"))
            row.state = 0
            self._money_moves(row, at)
        if self._rng.random() < self.lively.late_share:
            late = self._rng.choice((60, 600, 3600, 2 * _DAY))
            self.schedule(at + late, lambda now: self.series[kind].add(row))
        else:
            self.series[kind].add(row)

    def _record(self, row: Row) -> None:
        row.recorded, row.encoded = True, None

    def _money_moves(self, row: Row, at: float) -> None:
        """Unclaimed, pending, claimed; or paid by one payer after another."""
        steps = {"transfer": (4, 1), "red_packet": (1,)}.get(
            row.message_kind or "", (1, 2, 3, 4, 5, 6)
        )
        when = float(at)
        for state in steps:
            when += self._rng.uniform(0.2, 2) * self.lively.money_delay

            def move(now: float, state: int = state) -> None:
                row.state, row.encoded = state, None

            self.schedule(when, move)

    def _next_change(self, after: float, every: float) -> None:
        at = after + self._rng.expovariate(1 / every)

        def change(now: float) -> None:
            self._change_somebody(int(now))
            self._next_change(now, every)

        self.schedule(at, change)

    def _change_somebody(self, now: int) -> None:
        rng, contacts = self._rng, self.people.contacts
        match rng.randrange(4):
            case 0:
                contact = rng.choice(contacts)
                contact.nick = nickname(rng)
                self.put_contact(contact)
            case 1:
                gone = rng.choice(contacts)
                self.listings["wechat_contacts"].pop(gone.id, None)
            case 2:
                number = len(contacts)
                new = Contact(
                    vendor_id(self.seed, "contact", number),
                    rng.choice(self.people.phones),
                    wx_number(self.seed, "contact", number),
                    nickname(rng),
                    now,
                )
                contacts.append(new)
                self.put_contact(new)
            case _:
                self._change_room(rng)

    def _change_room(self, rng: Random) -> None:
        room = rng.choice(self.people.rooms)
        if len(room.members) > 3 and rng.random() < 0.5:
            gone = room.members.pop()
            self.listings["wechat_room_members"].pop(gone.id, None)
        else:
            number = self._newborn()
            member = Member(
                vendor_id(self.seed, room.id, number),
                room.id,
                nickname(rng),
                wx_number(self.seed, room.id, number),
                is_agent=False,
            )
            room.members.append(member)
            self.put_member(member)
        self._put("wechat_rooms", rows.room(room))

    # -- what tests and demonstrations do to it -------------------------------------------------------

    def generate(
        self,
        kind: Kind,
        count: int,
        start: int,
        end: int,
        chat_id: str | None = None,
        message_kind: str | None = None,
    ) -> None:
        """Ordinary rows at random seconds of [start, end], visible at once."""
        rng = Random(f"{self.seed}:{kind}:{count}:{start}:{len(self.series[kind].rows)}")
        series, chats = self.series[kind], {chat.id: chat for chat in self.people.chats}
        made = []
        for _ in range(count):
            row = self._row(kind, self._newborn(), rng.randint(start, end), rng)
            if chat_id is not None:
                row.owner = chats[chat_id]
            row.message_kind = message_kind
            made.append(row)
        series.fill([*series.rows, *made])

    def insert(self, kind: Kind, vendor: Object, at: int, truth: Object | None) -> None:
        """A row exactly as given."""
        identifier = str(
            vendor.get("id") or vendor.get("_id") or vendor_id("given", self._number, at)
        )
        self._number += 1
        owner = (
            self.people.chats[0]
            if kind in ("wechat_messages", "wechat_chats")
            else self.people.phones[0]
        )
        row = Row(at, f"{identifier}#{self._number}", kind, owner, given=vendor, given_truth=truth)
        self.series[kind].add(row)

    # -- truth -----------------------------------------------------------------------------------------

    def truth(self, resource: str) -> list[Object]:
        """What every visible row means, in the words of the data contract."""
        if resource in self.listings:
            return [dict(entry.truth) for entry in self.listings[resource].values()]
        if resource == "customer_fields":
            return [{"id": k, "label": v, "_extra": None} for k, v in self.fields.items()]
        if resource == "customers":
            return [dict(customer) for customer in self.customers.values()]
        if resource in self.series:
            made = (row.made()[1] for row in self.series[resource].rows)
            return [truth for truth in made if truth is not None]
        if resource in ("agent_call_totals", "agent_call_days"):
            return self.report_truth(resource)
        typed = (pair for row in self.series["wechat_messages"].rows for pair in row.made()[2])
        return [truth for name, truth in typed if name == resource]

    def days_of(self, agent: str) -> dict[int, list[int]]:
        """An agent's calls by Shanghai day number: in, out, seconds in, seconds out, answered in, out."""
        found: dict[int, list[int]] = {}
        lo, hi = self.series["calls"].between(int(self.now) - 31 * _DAY, int(self.now))
        for row in self.series["calls"].rows[lo:hi]:
            if row.phone.agent.id != agent or row.given is not None:
                continue
            truth = row.made()[1] or {}
            totals = found.setdefault((row.at + _EIGHT) // _DAY, [0] * 6)
            side = 0 if truth["direction"] == "in" else 1
            seconds = truth["duration_seconds"]
            assert isinstance(seconds, int)
            totals[side] += 1
            totals[2 + side] += seconds
            totals[4 + side] += bool(truth["connected"])
        return found

    def report_truth(self, resource: str) -> list[Object]:
        today = (int(self.now) + _EIGHT) // _DAY
        told: list[Object] = []
        for agent in self.listings["agents"]:
            days = self.days_of(agent)
            if resource == "agent_call_totals":
                day = str(date_of(today))
                sums = [
                    sum(sum(days.get(d, [0, 0])[:2]) for d in range(today - n + 1, today + 1))
                    for n in (1, 7, 30)
                ]
                told.append({
                    "id": f"{agent}:{day}", "agent_id": agent, "as_of": date_of(today), "today": sums[0],
                    "last_7_days": sums[1], "last_30_days": sums[2], "_extra": None,
                })  # fmt: skip
                continue
            for number in range(today - 29, today + 1):
                counts = days.get(number, [0] * 6)
                told.append({
                    "id": f"{agent}:{date_of(number)}", "agent_id": agent, "day": date_of(number),
                    "calls_in": counts[0], "calls_out": counts[1], "seconds_in": counts[2], "seconds_out": counts[3],
                    "connected_in": counts[4] if number == today else None,
                    "connected_out": counts[5] if number == today else None, "_extra": None,
                })  # fmt: skip
        return told


def date_of(day_number: int) -> object:
    return (rows.instant(day_number * _DAY) + timedelta(0)).date()

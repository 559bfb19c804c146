"""Random people in random states: one is erased, and every column and statistic is searched for all that was theirs.

`ERASURE_WORLDS` says how many the long test makes; `World(seed)` is one of them.
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import psycopg
import pytest

from tests.fake_clock import FakeClock
from wpsync.db.database import Database
from wpsync.extract.events import Closed
from wpsync.loading import customers, erasure, sweeping
from wpsync.loading.diff import EXTRA, Difference
from wpsync.model import PHONE, WX, Secret, Window
from wpsync.normalize.privacy import OFF, Privacy
from wpsync.resources import PERSONAL, RESOURCES, TABLES
from wpsync.resources.crm import CUSTOMERS
from wpsync.resources.spec import Personal
from wpsync.state.scope import Scope
from wpsync.sync.customers import _kept
from wpsync.sync.postgres_store import PostgresStore
from wpsync.sync.renormalize import renormalize, retry_dead_letters

WORLDS = int(os.environ.get("ERASURE_WORLDS", "60"))
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = Window(NOW - timedelta(hours=1), NOW)
AT = "2026-03-02 15:30:00"
TS = int((NOW - timedelta(minutes=30)).timestamp())
KEYS = (b"the first key of all", b"the second key of all")


def _rules(mode: str, key: bytes) -> Privacy:
    if mode == "keep":
        return OFF
    return Privacy(dict.fromkeys(PERSONAL, mode), key, [one for one in KEYS if one != key])


class Person:
    """One person's numbers and words, which nobody else has."""

    def __init__(self, number: int, rng: Random) -> None:
        self.number = number
        digits = f"{rng.choice(('138', '139', '186'))}{rng.randrange(10**6):06}{number:02}"
        self.phone, self.old_phone = digits, f"177{digits[3:]}"
        self.wx, self.old_wx = f"wxid_{digits[3:]}p", f"wxid_{digits[3:]}q"
        self.alias, self.old_alias = f"alias-{digits[4:]}", f"former_{digits[4:]}"
        token = "".join(rng.choice("甲乙丙丁戊己庚辛壬癸") for _ in range(8))
        self.words = {
            what: f"{what}{token}{number}" for what in ("姓名", "昵称", "头像", "说过", "证件")
        }

    @property
    def needles(self) -> set[str]:
        numbers = {self.phone, self.wx, self.alias, self.old_wx, self.old_alias}
        return {*numbers, *self.words.values()}


class World:
    """People, and what the vendor lists of them; `of` says whose a row is, `named` whom it names besides."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = Random(seed)
        self.people = [Person(number, rng) for number in range(rng.randint(2, 5))]
        self.victim = self.people[0]
        self.records: dict[str, list[dict[str, object]]] = {}
        self.former: dict[str, list[dict[str, object]]] = {}
        self.of: dict[tuple[str, str], Person] = {}
        self.named: set[tuple[str, str]] = set()
        self.members: dict[str, list[tuple[str, Person]]] = {}
        for room in range(rng.randint(0, 3)):
            self._room(f"room{room}")
        for person in self.people:
            self._contact(person)
            self._chat(person)
            for resource in ("calls", "sms"):
                for number in range(rng.randint(0, 3)):
                    self._call(resource, person, number)
        for records in self.records.values():
            rng.shuffle(records)

    def _add(self, resource: str, person: Person | None, record: dict[str, object]) -> str:
        self.records.setdefault(resource, []).append(record)
        identifier = str(record.get("id", record.get("_id", "")))
        if person is not None:
            self.of[resource, identifier] = person
        return identifier

    def _call(self, resource: str, person: Person, number: int) -> None:
        rng = self.rng
        spelled = rng.choice(
            (person.phone, f"+86{person.phone}", f"86 {person.phone}", f"0{person.phone}")
        )
        tel: object = spelled
        if rng.random() < 0.2:
            tel = rng.choice(({"n": person.phone}, [person.phone], int(person.phone)))
        record: dict[str, object] = {
            "contactTel": tel,
            "contactName": person.words["姓名"],
            "beginTime": AT,
            "sendTime": AT,
            "localTel": "13700000000",
        }
        if resource == "calls":
            record["soundUrl"] = f"https://rec.example/{person.phone}-out.mp3"
        if rng.random() < 0.2:
            record["remark"] = rng.choice((person.words["姓名"], {"tel": person.phone}))
        if rng.random() < 0.1:
            self._add(resource, None, record)  # without an id: a dead letter
        else:
            key = "_id" if resource == "calls" else "id"
            self._add(resource, person, {key: f"{resource}{person.number}{number}", **record})

    def _contact(self, person: Person) -> None:
        if person is not self.victim and self.rng.random() < 0.2:
            return
        now: dict[str, object] = {
            "id": f"contact{person.number}",
            "agentWxNo": "wxid_agent",
            "wxNo": person.wx,
            "wxNo1": person.alias,
            "nick": person.words["昵称"],
            "headImg": person.words["头像"],
        }
        before = dict(now)
        if self.rng.random() < 0.5:
            before |= {"nick": person.words["姓名"], "wxNo1": person.old_alias}
        if self.rng.random() < 0.3:
            before["wxNo"] = person.old_wx
        self.former.setdefault("wechat_contacts", []).append(before)
        self._add("wechat_contacts", person, now)

    def _room(self, room: str) -> None:
        rng = self.rng
        present = [one for one in self.people if rng.random() < 0.7]
        members = [(f"{room}member{one.number}", one) for one in present]
        self.members[room] = members
        self._add(
            "wechat_rooms",
            None,
            {
                "id": room,
                "agentWxNo": "wxid_agent",
                "member": [identifier for identifier, _ in members],
                "memberList": ";".join(one.wx for _, one in members),
                "roomOwner": rng.choice(present).wx if present else None,
                "displayName": "、".join(one.words["昵称"] for one in present),
            },
        )
        for identifier, one in members:
            record = {"id": identifier, "chatRoomId": room, "nick": one.words["昵称"]}
            self._add("wechat_room_members", one, {**record, "wxNo": one.wx})
        self._add("wechat_chats", None, {"id": f"chat-{room}", "group": room, "chatType": "2"})
        for identifier, one in members:
            self._say(f"chat-{room}", identifier, one)

    def _chat(self, person: Person) -> None:
        chat = f"chat{person.number}"
        contact = person.old_wx if self.rng.random() < 0.2 else person.wx
        if contact == person.old_wx and not any(
            one["id"] == f"contact{person.number}" and one["wxNo"] == person.old_wx
            for one in self.former.get("wechat_contacts", ())
        ):
            contact = person.wx
        self._add("wechat_chats", person, {"id": chat, "contactWxNo": contact})
        for sender in ("the-agent", "the-contact") * self.rng.randint(0, 3):
            self._say(chat, sender, person)

    def _say(self, chat: str, sender: str, person: Person) -> None:
        rng = self.rng
        identifier = f"message{len(self.records.get('wechat_messages', ()))}"
        about = rng.choice([person, *self.people])
        card = json.dumps({"wxNo": about.wx, "nickName": about.words["昵称"]}, ensure_ascii=False)
        payers = {"wcPayInfo": {"newAa": {"payerList": f"{about.wx},100,1", "billNo": "1"}}}
        kind, body = rng.choice(
            (
                ("101", person.words["说过"]),
                ("101", person.words["说过"]),
                ("105", card),
                ("105", card[:-3]),
                ("106", json.dumps({"log": "1", "lat": "2", "wxNo": about.wx})),
                ("107", json.dumps({"title": "链接", "fromUser": about.wx, "who": "x"})),
                ("113", json.dumps(payers)),
            )
        )
        record = {"id": identifier, "chatId": chat, "from": sender, "msgType": kind}
        self._add("wechat_messages", person, {**record, "msg": body, "ts": TS})
        if kind != "101" and about is not person:
            self.named.add(("wechat_messages", identifier))


def read(
    database: Database,
    resource: str,
    records: list[dict[str, object]],
    privacy: Privacy,
    clock: FakeClock,
) -> None:
    """Read records, a second after whatever was read before."""
    clock.sleep(1)
    declared, at = RESOURCES[resource], clock.now()
    store = PostgresStore(
        database,
        declared,
        Scope("main", resource),
        clock,
        horizon=timedelta(days=3),
        privacy=privacy,
    )
    seen = {str(one.get("_id", one.get("id"))) for one in records}
    window = HOUR if declared.cursor else None
    with store.unit(1) as unit:
        unit.add(records, at)
        unit.commit(Closed(window, len(records), len(records), False, at, None, seen))


def keep_customers(database: Database, world: World, privacy: Privacy) -> None:
    for person in world.people:
        if world.rng.random() < 0.6:
            fields = {"name": person.words["姓名"], "证件": person.words["证件"]}
            for at, phone in ((1, person.old_phone), (2, person.phone)):
                given = _kept({**fields, "phone": phone}, privacy)
                when = NOW + timedelta(minutes=at)
                customers.keep(database, "main", f"customer{person.number}", given, when, privacy)
            world.of[CUSTOMERS.name, f"customer{person.number}"] = person


def texts(database_url: str) -> Iterator[tuple[str, str]]:
    """Every row of every table, and every statistic that readers see."""
    with psycopg.connect(database_url) as connection:
        names = connection.execute(
            "select schemaname, tablename from pg_tables where schemaname in ('wp', 'wpsync', 'wp_bi')"
        ).fetchall()
        for schema, table in names:
            for (row,) in connection.execute(f'select t::text from "{schema}"."{table}" t'):
                yield f"{schema}.{table}", row
        for table, *found in connection.execute(
            "select tablename, attname, most_common_vals::text, histogram_bounds::text,"
            " most_common_elems::text from pg_stats where schemaname in ('wp', 'wpsync', 'wp_bi')"
        ):
            yield f"statistics of {table}", " ".join(str(one) for one in found)


def left(database_url: str, person: Person, rules: list[Privacy]) -> list[tuple[str, str, str]]:
    """What is left of a person's numbers and words, in the clear, escaped or hashed: place, what, and the text."""
    hashed = {
        form
        for one in rules
        for kind in (Personal.PHONE_NUMBERS, Personal.WECHAT_NUMBERS)
        for number in (person.phone, person.wx, person.alias, person.old_wx)
        for form in one.forms(kind, number)
    }
    needles = {*person.needles, *hashed}
    needles |= {json.dumps(one)[1:-1] for one in needles}
    return [
        (place, one, text) for place, text in texts(database_url) for one in needles if one in text
    ]


def load(database: Database, world: World, phases: list[Privacy], clock: FakeClock) -> None:
    """Load a world under one configuration after another; some messages are then taken for foreign ones."""
    rng = world.rng
    with database.connection() as connection:
        names = ", ".join(f"wp.{name}" for name in (*TABLES, "history"))
        connection.execute(
            f"truncate {names}, wpsync.dead_letters, wpsync.erased_marks, wpsync.erased_rows, wpsync.windows,"
            " wpsync.named_rows, wpsync.follow_ups, wpsync.drift, wpsync.runs, wpsync.hash_keys"
        )
    for privacy in phases:
        order = list(RESOURCES)
        rng.shuffle(order)
        for resource in order:
            for records in (world.former.get(resource), world.records.get(resource)):
                if records:
                    read(database, resource, records, privacy, clock)
    keep_customers(database, world, phases[-1])
    declared = RESOURCES["wechat_messages"]
    scope = Scope("main", declared.name)
    store = PostgresStore(database, declared, scope, clock, horizon=timedelta(days=3))
    foreign = [one for name, one in world.of if name == declared.name and rng.random() < 0.2]
    store.put_away([Difference(declared.name, one, EXTRA) for one in foreign])
    victim = world.victim
    with database.connection() as connection:
        connection.execute(
            "insert into wpsync.runs (account, resource, kind, started_at, outcome, error_words)"
            " values ('main', 'sms', 'sync', now(), 'failed', %s)",
            (f"员工不存在: {victim.words['姓名']} {victim.phone}",),
        )
        connection.execute("analyze")


def bring_again(database: Database, world: World, privacy: Privacy, clock: FakeClock) -> None:
    """Read twice all that the vendor lists, and again what is stored."""
    for _ in range(2):
        for resource in RESOURCES:
            if records := world.records.get(resource):
                read(database, resource, records, privacy, clock)
    retry_dead_letters(database, clock, lambda account: privacy)
    if privacy.keeps("wechat_messages", "body"):
        renormalize(database, clock, None, lambda rows: None, lambda account: privacy)


def live(database_url: str, seed: int) -> None:
    """One world: load it in several states, erase a person, and bring everything again."""
    world, clock = World(seed), FakeClock(NOW)
    rng, victim = world.rng, world.victim
    modes = [rng.choice(("keep", "keep", "hash", "mask", "drop")) for _ in range(rng.randint(1, 2))]
    phases = [_rules(mode, rng.choice(KEYS)) for mode in modes]
    rules = [*phases, _rules("hash", KEYS[0])]
    with Database(Secret(database_url), connections=3) as database:
        load(database, world, phases, clock)
        requests = [
            erasure.Request(PHONE, rng.choice((victim.phone, f"+86 {victim.phone}")), "tester"),
            erasure.Request(WX, rng.choice((victim.wx, victim.alias)), "tester"),
        ]
        rng.shuffle(requests)
        for request in requests:
            erasure.erase(database, request, rules, NOW)
        assert sweeping.sweep(database).left == ()
        if {"keep", "hash"}.issuperset(
            modes
        ):  # what was masked or dropped goes when it is read again
            assert left(database_url, victim, rules) == []
        bring_again(database, world, phases[-1], clock)
        assert sweeping.sweep(database).left == ()
        assert left(database_url, victim, rules) == []
        assert [
            key
            for key, person in world.of.items()
            if person is not victim and key not in world.named and not holds(database, *key)
        ] == []


def holds(database: Database, resource: str, identifier: str) -> bool:
    with database.connection() as connection:
        query = f"select exists (select from wp.{resource} where id = %s)"
        return connection.execute(query, (identifier,)).fetchone() == (True,)


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_left_of_one_who_is_erased_and_everything_of_the_others(seed, database_url):
    live(database_url, seed)


@pytest.mark.long
@pytest.mark.parametrize("tenth", range(10))
def test_many_worlds(tenth, database_url):
    for seed in range(100 + tenth, 100 + WORLDS, 10):
        try:
            live(database_url, seed)
        except AssertionError as exc:
            raise AssertionError(f"world {seed}") from exc

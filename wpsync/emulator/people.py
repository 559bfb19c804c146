"""Who lives in the emulated world: agents, phones, WeChat accounts, contacts, rooms and members."""

import hashlib
from dataclasses import dataclass, field
from random import Random

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红梅建国志文斌宇浩然子轩雨桐欣怡佳琪"
NICK_WORDS = (
    "阳光",
    "小确幸",
    "清风",
    "一路向北",
    "星辰",
    "Lucky",
    "静待花开",
    "大海",
    "Jason",
    "糖糖",
    "老王",
    "向日葵",
)
NICK_ENDS = ("", "", "", "😄", "🐑", "📱", "~", "👨‍👩‍👧", " 15397778083", "@地产", "❤️")
ROOM_WORDS = (
    "项目群",
    "客户服务群",
    "团购群",
    "业主群",
    "家装交流群",
    "售后群",
    "打农药的王者",
    "周末爬山",
    "测试群",
)
FIELD_LABELS = {
    "name": "姓名", "phone": "手机", "address": "地址", "birthday": "生日", "email": "邮箱",
    "filed0": "字段1", "filed1": "字段2", "job": "职务", "prov_city": "省市", "remark": "备注",
    "sex": "性别", "source": "来源",
}  # fmt: skip


def vendor_id(*parts: object) -> str:
    """An id that looks like the vendor's, the same for the same parts."""
    h = hashlib.md5("\0".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()
    return f"{h[:8]}-{h[8:12]}-11e9-{h[12:16]}-0242ac11{h[16:20]}"


def wx_number(*parts: object) -> str:
    h = hashlib.md5(("wx" + "\0".join(map(str, parts))).encode(), usedforsecurity=False).hexdigest()
    return f"wxid_{h[:12]}22"


@dataclass(slots=True)
class Agent:
    id: str
    name: str
    phone: str


@dataclass(slots=True)
class Phone:
    """A work phone, who holds it, and the WeChat account logged in on it."""

    device_id: str
    imei: str
    number: str
    agent: Agent
    user_id: str
    wx_no: str
    nick: str


@dataclass(slots=True)
class Contact:
    id: str
    phone: Phone
    wx_no: str
    nick: str
    created: int


@dataclass(slots=True)
class Room:
    id: str
    phone: Phone
    name: str
    members: list["Member"] = field(default_factory=list)
    speakers: tuple["Member", ...] = ()


@dataclass(slots=True)
class Member:
    id: str
    room_id: str
    nick: str
    wx_no: str
    is_agent: bool


@dataclass(slots=True)
class Chat:
    id: str
    phone: Phone
    created: int
    contact: Contact | None = None
    room: Room | None = None
    by_agent: bool = False


@dataclass(slots=True)
class People:
    agents: list[Agent]
    phones: list[Phone]
    contacts: list[Contact]
    rooms: list[Room]
    chats: list[Chat]


def person(rng: Random) -> str:
    return rng.choice(SURNAMES) + "".join(rng.choice(GIVEN) for _ in range(rng.choice((1, 2, 2))))


def nickname(rng: Random) -> str:
    return rng.choice((person(rng), rng.choice(NICK_WORDS))) + rng.choice(NICK_ENDS)


def mobile(rng: Random) -> str:
    return f"1{rng.choice((33, 38, 39, 50, 53, 77, 86, 99))}{rng.randrange(10**8):08d}"


def populate(seed: int, size: int, start: int, end: int) -> People:
    """The people of a world of about `size` messages; times are epoch seconds in [start, end)."""
    rng = Random(f"people:{seed}")
    agents = [
        Agent(vendor_id(seed, "agent", i), person(rng), mobile(rng))
        for i in range(max(3, min(15, size // 200)))
    ]
    phones = [_phone(seed, i, agents[i % len(agents)], rng) for i in range(len(agents) * 4 // 3)]
    for agent, phone in zip(agents, phones, strict=False):
        phone.number = (
            agent.phone
        )  # a second phone has a number that the agents' list does not show
    contacts = [
        Contact(
            vendor_id(seed, "contact", i),
            phones[i % len(phones)],
            wx_number(seed, "contact", i),
            nickname(rng),
            rng.randrange(start, end),
        )
        for i in range(max(20, min(4000, size // 15)))
    ]
    rooms = [_room(seed, i, phones, rng) for i in range(max(3, min(120, size // 500)))]
    chats = [
        Chat(
            vendor_id(seed, "chat", c.id),
            c.phone,
            rng.randrange(start, end),
            c,
            None,
            rng.random() < 0.5,
        )
        for c in contacts
        if rng.random() < 0.6
    ]
    chats += [
        Chat(
            vendor_id(seed, "chat", r.id),
            r.phone,
            rng.randrange(start, end),
            None,
            r,
            rng.random() < 0.5,
        )
        for r in rooms
    ]
    chats.sort(key=lambda chat: (chat.created, chat.id))
    return People(agents, phones, contacts, rooms, chats)


def _phone(seed: int, i: int, agent: Agent, rng: Random) -> Phone:
    return Phone(
        vendor_id(seed, "device", i),
        f"8671830480{rng.randrange(10**5):05d}",
        mobile(rng),
        agent,
        vendor_id(seed, "user", i),
        wx_number(seed, "user", i),
        nickname(rng),
    )


def _room(seed: int, i: int, phones: list[Phone], rng: Random) -> Room:
    room = Room(vendor_id(seed, "room", i), phones[i % len(phones)], rng.choice(ROOM_WORDS))
    owner = room.phone
    room.members.append(
        Member(vendor_id(seed, "member", i, 0), room.id, owner.nick, owner.wx_no, is_agent=True)
    )
    room.members += [
        Member(
            vendor_id(seed, "member", i, j),
            room.id,
            nickname(rng),
            wx_number(seed, "member", i, j),
            is_agent=False,
        )
        for j in range(1, rng.randrange(3, 41))
    ]
    room.speakers = tuple(room.members)
    return room

"""The rows of listings, calls and SMS: as the vendor spells them, and what they mean.

Each function returns the vendor's object and the truth: the meaning in the words of the data
contract, made from the same facts and never by reading the vendor's object back.
"""

from datetime import UTC, datetime, timedelta
from random import Random

from wpsync.emulator.people import Agent, Chat, Contact, Member, Phone, Room, mobile, person

Object = dict[str, object]
Pair = tuple[Object, Object]

AVATAR = "http://wx.qlogo.cn/mmhead/ver_1/"
EIGHT = timedelta(hours=8)


def instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def local(seconds: int) -> str:
    return f"{instant(seconds) + EIGHT:%Y-%m-%d %H:%M:%S}"


def agent(one: Agent) -> Pair:
    return (
        {"_id": one.id, "name": one.name, "phone": one.phone},
        {"id": one.id, "name": one.name, "phone": one.phone, "_extra": None},
    )


def user(one: Phone, rng: Random) -> Pair:
    alias = rng.choice((None, "", f"fake_{rng.randrange(10**12)}"))
    vendor: Object = {
        "id": one.user_id, "imei": one.imei, "phone": one.number, "wxNo": one.wx_no,
        "version": "7.0.5", "nick": one.nick,
        "headImg": AVATAR + one.wx_no + "/132", "headImg1": AVATAR + one.wx_no + "/0",
    }  # fmt: skip
    if alias is not None:
        vendor["wxNo1"] = alias
    return vendor, {
        "id": one.user_id, "imei": one.imei, "phone": one.number, "wx_no": one.wx_no,
        "wx_alias": alias or None, "wechat_version": "7.0.5", "nick": one.nick,
        "avatar_url": AVATAR + one.wx_no + "/132", "avatar_large_url": AVATAR + one.wx_no + "/0",
        "_extra": None,
    }  # fmt: skip


def contact(one: Contact, rng: Random) -> Pair:
    alias = rng.choice((None, "", "wx" + one.id[:6]))
    millis = one.created * 1000 + rng.randrange(1000)
    vendor: Object = {
        "id": one.id, "agentWxNo": one.phone.wx_no, "agentNick": one.phone.nick, "wxNo": one.wx_no,
        "nick": one.nick, "headImg": AVATAR + one.wx_no + "/96", "headImg1": AVATAR + one.wx_no + "/0",
        "status": "normal", "createTime": local(one.created),
        "ts": millis if rng.random() < 0.8 else str(millis),
    }  # fmt: skip
    if alias is not None:
        vendor["wxNo1"] = alias
    return vendor, {
        "id": one.id, "agent_wx_no": one.phone.wx_no, "agent_nick": one.phone.nick, "wx_no": one.wx_no,
        "wx_alias": alias or None, "nick": one.nick, "avatar_url": AVATAR + one.wx_no + "/96",
        "avatar_large_url": AVATAR + one.wx_no + "/0", "status": "normal",
        "created_at": instant(one.created),
        "vendor_ts": instant(millis // 1000) + timedelta(milliseconds=millis % 1000), "_extra": None,
    }  # fmt: skip


def room(one: Room) -> Pair:
    numbers = [member.wx_no for member in one.members]
    ids = [member.id for member in one.members]
    display = "、".join(member.nick for member in one.members)
    common: Object = {"id": one.id, "imei": one.phone.imei, "name": one.name}
    return (
        {
            **common, "agentWxNo": one.phone.wx_no, "member": ids, "headImg": AVATAR + one.id,
            "memberList": ";".join(numbers), "displayName": display,
            "roomOwner": one.phone.wx_no, "memberCount": str(len(ids)),
        },
        {
            **common, "agent_wx_no": one.phone.wx_no, "member_ids": ids, "avatar_url": AVATAR + one.id,
            "member_wx_nos": numbers, "display_name": display,
            "owner_wx_no": one.phone.wx_no, "member_count": len(ids), "_extra": None,
        },
    )  # fmt: skip


def member(one: Member, rng: Random) -> Pair:
    avatar = AVATAR + one.wx_no + "/132"
    vendor: Object = {
        "id": one.id, "chatRoomId": one.room_id, "nick": one.nick, "wxNo": one.wx_no,
        "headImg": [avatar] if rng.random() < 0.3 else avatar,
    }  # fmt: skip
    if one.is_agent:
        vendor |= {"isAgent": True, "agentWxNo": one.wx_no}
    return vendor, {
        "id": one.id, "room_id": one.room_id, "nick": one.nick, "avatar_url": avatar, "wx_no": one.wx_no,
        "is_agent": one.is_agent, "agent_wx_no": one.wx_no if one.is_agent else None, "_extra": None,
    }  # fmt: skip


def chat(one: Chat) -> Pair:
    kind = "single" if one.contact else "group"
    vendor: Object = {
        "id": one.id, "agentWxNo": one.phone.wx_no, "chatType": kind, "isSend": "1" if one.by_agent else "0"
    }  # fmt: skip
    if one.contact:
        vendor["contactWxNo"] = one.contact.wx_no
    if one.room:
        vendor["group"] = one.room.id
    return vendor, {
        "id": one.id, "agent_wx_no": one.phone.wx_no, "chat_type": kind,
        "contact_wx_no": one.contact.wx_no if one.contact else None,
        "room_id": one.room.id if one.room else None, "started_by_agent": one.by_agent, "_extra": None,
    }  # fmt: skip


STATUS = {
    "not_found": "not_found",
    "copy_fail": "copy_failed",
    "multiple_call_lose": "lost_multiple_calls",
}


def call(
    identifier: str, phone: Phone, at: int, rng: Random, *, recorded: bool | str = True
) -> Pair:
    """A call; `recorded` False: its recording has not been uploaded yet. A word: this is listed in its place."""
    connected = rng.random() < 0.65
    seconds = rng.randrange(5, 900) if connected else rng.randrange(0, 60)
    direction = rng.choice(("in", "out", "out"))
    name = person(rng) if rng.random() < 0.6 else None
    other = mobile(rng)
    sound: str | None
    if not connected:
        sound = rng.choice((None, ""))
    elif rng.random() < 0.85:
        sound = f"cf-workphone.oss-cn-hangzhou.aliyuncs.com/originalRecord/P24/{local(at)[:7]}/{identifier}.mp3"
    else:
        sound = rng.choice(("not_found", "copy_fail", "multiple_call_lose", None))
    if recorded is not True:
        sound = recorded or None
    vendor: Object = {
        "_id": identifier, "did": phone.device_id, "imei": phone.imei, "callType": direction,
        "connectType": "connected" if connected else "disconnected", "localTel": phone.number,
        "uid": phone.agent.id, "uName": phone.agent.name, "contactTel": other,
        "beginTime": local(at), "endTime": local(at + seconds),
        "duration": seconds if rng.random() < 0.9 else str(seconds),
    }  # fmt: skip
    if name is not None:
        vendor["contactName"] = name
    if sound is not None:
        vendor["soundUrl"] = sound
    status = "pending" if connected else "none"
    if sound:
        status = STATUS.get(sound, "available")
    return vendor, {
        "id": identifier, "device_id": phone.device_id, "imei": phone.imei, "direction": direction,
        "connected": connected, "local_tel": phone.number, "agent_id": phone.agent.id,
        "agent_name": phone.agent.name, "contact_tel": other, "contact_name": name,
        "began_at": instant(at), "ended_at": instant(at + seconds), "duration_seconds": seconds,
        "recording_url": f"https://{sound}" if status == "available" else None,
        "recording_status": status, "_extra": None,
    }  # fmt: skip


def sms(identifier: str, phone: Phone, at: int, rng: Random) -> Pair:
    direction = rng.choice(("in", "out"))
    name = person(rng) if rng.random() < 0.5 else None
    other = mobile(rng)
    vendor: Object = {
        "id": identifier, "did": phone.device_id, "imei": phone.imei, "smsType": direction,
        "localTel": phone.number, "uid": phone.agent.id, "uName": phone.agent.name, "contactTel": other,
        ("snedTime" if rng.random() < 0.8 else "sendTime"): local(at),
    }  # fmt: skip
    if name is not None:
        vendor["contactName"] = name
    return vendor, {
        "id": identifier, "device_id": phone.device_id, "imei": phone.imei, "direction": direction,
        "local_tel": phone.number, "agent_id": phone.agent.id, "agent_name": phone.agent.name,
        "contact_tel": other, "contact_name": name, "sent_at": instant(at), "_extra": None,
    }  # fmt: skip

"""WeChat messages of every type, in the shapes of the document and in every spelling it shows."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from random import Random

from wpsync.emulator.people import Chat, Phone, nickname, vendor_id, wx_number
from wpsync.emulator.rows import EIGHT, Object, instant

TALK = (
    "您好，请问在吗？", "在的，请讲", "这个产品还有货吗", "有的，今天可以发货", "价格能再优惠一点吗",
    "这已经是最低价了😄", "好的，那我考虑一下", "\n真的是好难约噢", "合同发您邮箱了，请查收", "收到，谢谢！",
    "明天下午三点见面方便吗", "可以，地址发我一下", "OK, see you tomorrow", "辛苦了🙏", "图片看不清楚，再发一次吧",
    "尾款什么时候付", "这周五之前", "哈哈哈哈", "[微笑]", "麻烦您给个五星好评～", "👨‍👩‍👧 一家人都很喜欢",
    "发票抬头：北京某某科技有限公司", "好", "嗯嗯", "稍等，我问一下同事", "退货地址是哪里？", "已经寄出，单号SF1234567890",
)  # fmt: skip
LINKS = (5, 6, 19, 33, 36, 57, 87, 51, 3, 2003)
LINK_KINDS = {
    5: "link", 6: "file", 19: "chat_record", 33: "mini_program", 36: "mini_program",
    57: "quote", 87: "announcement", 51: "channels_video",
}  # fmt: skip
WEIGHTS = (
    ("text", 70.0), ("image", 6.0), ("voice", 4.0), ("video", 2.0), ("card", 1.2), ("location", 1.2),
    ("link", 5.0), ("system", 2.0), ("recall", 1.4), ("room_event", 1.2), ("semi_xml", 0.6),
    ("red_packet", 1.4), ("group_collection", 0.7), ("group_collection_reminder", 0.5),
    ("transfer", 2.4), ("unknown", 0.3), ("broken", 0.1),
)  # fmt: skip
KINDS = [kind for kind, _ in WEIGHTS]
CUMULATIVE = [sum(weight for _, weight in WEIGHTS[: i + 1]) for i in range(len(WEIGHTS))]
CODES = {
    "text": ("101", "1"), "image": ("102", "3"), "voice": ("103", "34"), "video": ("104", "43"),
    "card": ("105", "42"), "location": ("106", "48"), "link": ("107", "49"), "system": ("108", "10000"),
    "recall": ("109",), "room_event": ("110",), "semi_xml": ("111",), "red_packet": ("112",),
    "group_collection": ("113",), "group_collection_reminder": ("114",), "transfer": ("115",),
    "unknown": ("47", "-1879048185", "62"), "broken": ("115", "112", "105"),
}  # fmt: skip
BROKEN_KINDS = {"115": "transfer", "112": "red_packet", "105": "card"}


@dataclass(slots=True)
class Content:
    """What a message carries: `msg` as sent, what a person reads, other fields, and typed truths."""

    msg: object = None
    plain: str | None = None
    fields: Object = field(default_factory=dict)
    typed: list[tuple[str, Object]] = field(default_factory=list)
    extra: Object = field(default_factory=dict)


class Style:
    """How a payload's keys are spelt: clean, damaged as in the document (T became true), or lower case."""

    def __init__(self, rng: Random) -> None:
        self._how = rng.choice(("damaged", "damaged", "clean", "lower"))
        self.rng = rng

    def key(self, name: str) -> str:
        if self._how == "damaged":
            return name.replace("T", "true")
        return name.lower() if self._how == "lower" else name

    def keys(self, value: Object) -> Object:
        """The same object with its keys respelt, nested ones too."""
        return {
            self.key(name): self.keys(inner) if isinstance(inner, dict) else inner
            for name, inner in value.items()
        }

    def number(self, value: int) -> object:
        """A number as number or as text."""
        return value if self.rng.random() < 0.5 else str(value)


def _dump(value: object, rng: Random) -> str:
    return json.dumps(value, ensure_ascii=rng.random() < 0.2)


def _text(style: Style) -> Content:
    rng = style.rng
    said = rng.choice(TALK)
    if rng.random() < 0.3:
        said += rng.choice(TALK)
    chance = rng.random()
    if chance < 0.0005:
        said += "\ud83d"
    elif chance < 0.001:
        said += "\x00"
    msg = _dump({"msg": said}, rng) if chance > 0.97 else said
    return Content(msg, said)


def _media(kind: str, style: Style) -> Content:
    rng = style.rng
    name = vendor_id(rng.random())
    thumb = (
        f"media/{name}_thumb.jpg" if kind != "voice" or rng.random() < 0.5 else f"media/{name}.amr"
    )
    big = f"media/{name}_big.{'mp4' if kind == 'video' else 'jpg'}" if kind != "voice" else None
    paths: Object = {"thumbImgPath": thumb}
    if big is not None:
        paths["bigImgPath"] = big
    truth: Object = {"media_kind": kind, "thumb_path": thumb, "media_path": big, "_extra": None}
    if rng.random() < 0.1:
        return Content(_dump(paths, rng), typed=[("message_media", truth)])
    return Content(rng.choice((None, "")), fields=paths, typed=[("message_media", truth)])


def _card(style: Style) -> Content:
    nick, wx = nickname(style.rng), wx_number("card", style.rng.random())
    sent = style.keys(
        {
            "nickName": nick,
            "wxNo": wx,
            "bigHeadImgUrl": f"http://wx.qlogo.cn/{wx}/0",
            "smallHeadImgUrl": f"http://wx.qlogo.cn/{wx}/96",
        }
    )
    truth: Object = {
        "nick": nick, "wx_no": wx, "avatar_large_url": f"http://wx.qlogo.cn/{wx}/0",
        "avatar_url": f"http://wx.qlogo.cn/{wx}/96", "_extra": None,
    }  # fmt: skip
    return Content(_dump(sent, style.rng), nick, typed=[("message_cards", truth)])


def _location(style: Style) -> Content:
    rng = style.rng
    longitude, latitude = (
        rng.randrange(73_000_000, 135_000_000),
        rng.randrange(18_000_000, 53_000_000),
    )
    wx, address = (
        wx_number("at", rng.random()),
        f"蜀都中心二期(武侯区吉庆三路{rng.randrange(900)}号)",
    )
    east, north = f"{longitude / 10**6:.6f}", f"{latitude / 10**6:.6f}"
    sent = {rng.choice(("log", "log", "lng")): east, "lat": north, "address": address, "wxNo": wx}
    truth: Object = {
        "longitude": float(east),
        "latitude": float(north),
        "address": address,
        "wx_no": wx,
        "_extra": None,
    }
    return Content(_dump(sent, rng), address, typed=[("message_locations", truth)])


def _link(style: Style) -> Content:
    rng = style.rng
    kind, show = rng.choice(LINKS), rng.choice((0, 0, 1))
    title, des = rng.choice(TALK), rng.choice(("", "余林呱:[图片]\n余林呱:那个。。"))
    url = f"https://support.weixin.qq.com/{rng.randrange(10**6)}?a=1&from=singlemessage"
    item = "聊天记录" if kind == 19 else None
    base: Object = {
        "title": title,
        "des": des,
        "type": style.number(kind),
        "showType": style.number(show),
        "url": url,
    }
    if item:
        base["recordItem"] = item
    truth: Object = {
        "title": title, "description": des or None, "app_type": kind, "link_kind": LINK_KINDS.get(kind, "other"),
        "show_type": show, "url": url, "record_item": item, "_extra": None,
    }  # fmt: skip
    return Content(_dump(style.keys(base), rng), title, typed=[("message_links", truth)])


def _system(style: Style) -> Content:
    rng = style.rng
    kind = rng.choice((1, 2, 2, 3))
    pay = f"10000395012019060560{rng.randrange(10**11):011d}" if kind == 1 else ""
    content = (
        f"{nickname(rng)}领取了你的红包"
        if kind == 1
        else rng.choice(("位置共享已经结束", '"H.Note" 撤回了一条消息'))
    )
    sent = style.keys(
        {
            "content": content,
            "payId": pay,
            "msgIsSend": "1" if pay else "",
            "type": style.number(kind),
        }
    )
    truth: Object = {
        "content": content, "notice_type": kind, "notice_kind": {1: "red_packet", 2: "ordinary", 3: "unknown"}[kind],
        "pay_id": pay or None, "original_is_send": "1" if pay else None, "_extra": None,
    }  # fmt: skip
    return Content(_dump(sent, rng), content, typed=[("message_notices", truth)])


def _recall(style: Style, at: int) -> Content:
    rng = style.rng
    before, millis = rng.choice(TALK), (at - rng.randrange(1, 110)) * 1000 + rng.randrange(1000)
    stamp = style.key("timesTamp")
    sent: Object = {
        rng.choice(("test", "text")): "你撤回了一条消息",
        (stamp if stamp != "timesTamp" else "timestamp"): str(millis) if rng.random() < 0.7 else millis,
        "preContent": before, "link": {"text": "重新编辑"},
    }  # fmt: skip
    truth: Object = {
        "notice": "你撤回了一条消息", "recalled_at": instant(millis // 1000) + timedelta(milliseconds=millis % 1000),
        "previous_content": before, "link_text": "重新编辑", "_extra": None,
    }  # fmt: skip
    return Content(_dump(sent, rng), "你撤回了一条消息", typed=[("message_recalls", truth)])


def _room_event(style: Style) -> Content:
    rng = style.rng
    actor, other = nickname(rng), nickname(rng)
    choice = rng.randrange(4)
    truth: Object
    if choice == 0:
        said = f'"{actor}"邀请"{other}"加入了群聊'
        truth = {"event": "invited", "actor_nick": actor, "subject": other}
    elif choice == 1:
        said = f'"{actor}"修改群名为“{other}”'
        truth = {"event": "renamed", "actor_nick": actor, "subject": other}
    elif choice == 2:
        said = f'"{actor}"邀请你加入了群聊，群聊参与人还有：{other}'
        truth = {"event": "invited", "actor_nick": actor, "subject": "你"}
    else:
        said = "你已成为新群主"
        truth = {"event": "other", "actor_nick": None, "subject": None}
    msg = _dump({"msg": said}, rng) if rng.random() < 0.5 else said
    return Content(
        msg, said, typed=[("message_room_events", {"content": said, **truth, "_extra": None})]
    )


def _semi_xml(style: Style) -> Content:
    """`~SEMI_XML~`, then lengths as two UTF-16 units and the text: every one holds NULs."""
    parts = [("title", style.rng.choice(TALK)), ("url", "http://mp.weixin.qq.com/s")]
    body = "~SEMI_XML~" + "".join(f"\x00{chr(len(x))}{x}" for pair in parts for x in pair)
    return Content(body)


def _pay(style: Style, title: str, scene: int, state: int) -> tuple[Object, Object, Object, Object]:
    """The part that red packets and group collections share: payload, its wcPayInfo, truth, extra."""
    rng = style.rng
    number = f"10000395012019060560{rng.randrange(10**11):011d}"
    expires = 1_559_803_593 + rng.randrange(10**8)
    url = f"https://wxapp.tenpay.com/mmpayhb/wxhb_personalreceive?sendid={number}&ver=6"
    named: Object = {
        "templateId": f"{rng.randrange(16**8):08x}", "iconUrl": "https://wx.gtimg.com/hongbao/hb.png",
        "receiverTitle": title, "senderTitle": title, "sceneText": "微信红包" if scene == 1002 else "活动账单",
        "senderDes": "查看红包", "receiverDes": "领取红包", "nativeUrl": f"wxpay://c2c?sendid={number}" if scene == 1002 else "",
        "sceneId": style.number(scene), "innerType": style.number(0),
        "payMsgId": number if scene == 1002 else "", "InvalidTime": style.number(expires), "m7Type": style.number(state),
    }  # fmt: skip
    top: Object = {
        "des": "我给你发了一个红包，赶紧去拆！" if scene == 1002 else "", "url": url, "type": style.number(2001),
        "title": "微信红包" if scene == 1002 else "", "thumbUrl": "https://wx.gtimg.com/hongbao/hb.png",
    }  # fmt: skip
    truth: Object = {
        "title": top["title"] or None, "description": top["des"] or None, "app_type": 2001, "url": url,
        "thumb_url": top["thumbUrl"], "scene_id": scene, "scene_text": named["sceneText"],
        "template_id": named["templateId"], "icon_url": named["iconUrl"], "receiver_title": title,
        "sender_title": title, "sender_description": "查看红包", "receiver_description": "领取红包",
        "native_url": named["nativeUrl"] or None, "inner_type": 0, "pay_msg_id": named["payMsgId"] or None,
        "expires_at": instant(expires), "claim_status": state, "claimed": {0: False, 1: True}.get(state),
    }  # fmt: skip
    return top, named, truth, {"wcPayInfo": {"url": url}}


def _red_packet(style: Style, state: int | None) -> Content:
    title = style.rng.choice(("恭喜发财，大吉大利", "普天同庆", "生日快乐🎂"))
    claimed = style.rng.choice((0, 1)) if state is None else state
    top, info, truth, extra = _pay(style, title, 1002, claimed)
    info["url"] = top["url"]
    sent = style.keys({**top, "wcPayInfo": info})
    truth["_extra"] = style.keys(extra)
    return Content(_dump(sent, style.rng), title, typed=[("message_red_packets", truth)])


def _collection(style: Style, state: int | None) -> Content:
    """`state` is how many have paid, where that is to be set."""
    rng = style.rng
    count, fen = rng.randrange(2, 7), rng.randrange(1, 20_000)
    paid = rng.randrange(count + 1) if state is None else min(state, count)
    status = 3 if paid == count else (2 if paid else 1)
    starter = wx_number("starter", rng.random())
    payers = [(wx_number("payer", rng.random(), i), i < paid) for i in range(count)]
    top, info, truth, extra = _pay(style, "活动账单", 1001, 0)
    bill = f"{rng.randrange(16**32):096x}"
    block: Object = {
        "billNo": bill, "newAaType": style.number(2), "receiverList": f"{starter},{status},{count},{paid}",
        "payerList": "|".join(f"{wx},{fen},{2 if done else 1}" for wx, done in payers),
    }  # fmt: skip
    respelt = style.keys(block)
    encoded = rng.random() < 0.3
    info["url"] = top["url"]
    sent = style.keys({**top, "wcPayInfo": info, "content": ""})
    inner = sent[style.key("wcPayInfo")]
    assert isinstance(inner, dict)
    inner[style.key("newAa")] = json.dumps(respelt) if encoded else respelt
    truth |= {
        "bill_no": bill, "collection_type": 2, "initiator_wx_no": starter, "collection_status": status,
        "payer_count": count, "paid_count": paid, "_extra": style.keys({**extra, "content": ""}),
    }  # fmt: skip
    typed: list[tuple[str, Object]] = [("message_group_collections", truth)]
    typed += [
        ("message_group_collection_payers", {
            "payer_wx_no": wx, "amount_fen": fen, "amount": Decimal(fen) / 100, "paid": done,
            "payment_status": 2 if done else 1, "_extra": None,
        })
        for wx, done in payers
    ]  # fmt: skip
    return Content(_dump(sent, rng), "活动账单", typed=typed)


def _reminder(style: Style) -> Content:
    content, pay = (
        f"@{nickname(style.rng)}\n你有一笔未支付的群收款",
        f"{style.rng.randrange(16**32):095x}",
    )
    sent = style.keys({"content": content, "payId": pay})
    truth: Object = {"content": content, "pay_id": pay, "_extra": None}
    return Content(
        _dump(sent, style.rng), content, typed=[("message_group_collection_reminders", truth)]
    )


TRANSFERS = {
    1: "instant",
    3: "instant_receipt",
    4: "refund_receipt",
    5: "delayed_receipt",
    7: "delayed",
}
CLAIMS = {0: "unclaimed", 1: "claimed", 2: "received", 3: "refunded", 4: "claimed_pending"}


def _transfer(style: Style, at: int, state: int | None, deal: Random) -> Content:
    """A transfer or a receipt of one; those of one chat and day belong together (`deal`)."""
    rng = style.rng
    sub = rng.choice((1, 1, 3, 4, 5, 7)) if state is None else 1
    claim = (
        state
        if state is not None
        else rng.choice({1: (0, 1, 3), 3: (2,), 4: (3,), 5: (4,), 7: (0, 1, 4)}[sub])
    )
    amount = Decimal(deal.randrange(1, 5_000_000)) / 100
    fee = rng.choice("¥￥") + (f"{amount:,.2f}" if rng.random() < 0.5 else f"{amount:.2f}")
    payment, transfer = (
        f"1000050101190605{deal.randrange(10**20):020d}",
        f"1000050101201906{deal.randrange(10**15):015d}",
    )
    bare = rng.random() < 0.1
    days, memo = rng.choice((1, 3)), rng.choice(("", "货款", "(null)"))
    info: Object = {
        "paySubType": style.number(sub), "feeDesc": fee, "transcationId": int(payment) if bare else payment,
        "transferId": int(transfer) if bare else transfer, "invalidTime": style.number(at + 86_400),
        "beginTransferTime": style.number(at), "effectiveDate": style.number(days), "payMsgId": "",
        "payMemo": memo, "hasTransferAddress": "", "m7Type": style.number(claim),
    }  # fmt: skip
    url = "https://support.weixin.qq.com/cgi-bin/mmsupport-bin/readtemplate?t=page/common_page__upgrade"
    unnamed: Object = {"type": "2000", "content": "", "thumbUrl": url, "lowurl": "", "extinfo": ""}
    des = f"收到转账{amount:.2f}元。如需收钱，请点此升级至最新版本"
    sent = style.keys({"title": "微信转账", "des": des, "url": url, **unnamed, "wcPayInfo": info})
    truth: Object = {
        "title": "微信转账", "description": des, "amount": amount, "currency": "CNY", "fee_description": fee,
        "transfer_type": sub, "transfer_kind": TRANSFERS[sub], "claim_status": claim, "claim_kind": CLAIMS[claim],
        "transaction_id": payment, "transfer_id": transfer, "memo": memo if memo not in ("", "(null)") else None,
        "began_at": instant(at), "expires_at": instant(at + 86_400), "effective_days": days, "pay_msg_id": None,
        "url": url, "_extra": style.keys({**unnamed, "wcPayInfo": {"hasTransferAddress": ""}}),
    }  # fmt: skip
    return Content(_dump(sent, rng), fee, typed=[("message_transfers", truth)])


def _content(kind: str, style: Style, at: int, state: int | None, chat: Chat) -> Content:
    match kind:
        case "text":
            return _text(style)
        case "image" | "voice" | "video":
            return _media(kind, style)
        case "recall":
            return _recall(style, at)
        case "red_packet":
            return _red_packet(style, state)
        case "group_collection":
            return _collection(style, state)
        case "transfer":
            return _transfer(style, at, state, Random(f"{chat.id}:{(at + 28_800) // 86_400}"))
        case "unknown":
            return Content(style.rng.choice(("<msg><emoji/></msg>", "[动画表情]")))
        case "broken":
            return Content('{"title": "微信转账", "wcPayInfo": {"paySub')
    simple = {
        "card": _card, "location": _location, "link": _link, "system": _system, "room_event": _room_event,
        "semi_xml": _semi_xml, "group_collection_reminder": _reminder,
    }  # fmt: skip
    return simple[kind](style)


def held(text: str | None) -> str | None:
    """What Postgres can hold of a text."""
    if text is None:
        return None
    return "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)


Made = tuple[Object, Object, list[tuple[str, Object]]]


def message(
    identifier: str,
    chat: Chat,
    at: int,
    seed: int,
    kind: str | None = None,
    state: int | None = None,
) -> Made:
    """A message: the vendor's object, its truth, and the truths of its typed rows.

    The same arguments make the same message. `state` sets how far money has moved (claimed, paid).
    """
    rng = Random(seed)
    chosen = kind or rng.choices(KINDS, cum_weights=CUMULATIVE)[0]
    code = rng.choice(CODES[chosen])
    by_agent = rng.random() < 0.45
    sender = _sender(chat, rng, by_agent)
    content = _content(chosen, Style(rng), at, state, chat)
    server = str(rng.randrange(10**18, 10**19))
    vendor: Object = {
        "id": identifier, "chatId": chat.id, "from": sender, "msgType": code,
        "date": f"{instant(at) + EIGHT:%Y-%m-%d}", "ts": at, "msgId": str(rng.randrange(1, 9999)),
        "isSend": "1" if by_agent else "0",
        "msgSvrId": int(server) if rng.random() < 0.03 else server, **content.fields,
    }  # fmt: skip
    if content.msg is not None:
        vendor["msg"] = content.msg
    extra: Object = {}
    if rng.random() < 0.002:
        vendor["cfTs"] = extra["cfTs"] = 1_561_013_064_000_000_000 + rng.randrange(10**9)
    body = content.msg if isinstance(content.msg, str) and content.msg else None
    if body is not None and held(body) != body:
        extra["_raw.msg"] = json.dumps(body)
    actual = BROKEN_KINDS[code] if chosen == "broken" else chosen
    truth: Object = {
        "id": identifier, "chat_id": chat.id, "sender_id": sender, "msg_type": code, "kind": actual,
        "sent_at": instant(at), "sent_on": (instant(at) + EIGHT).date(), "device_msg_id": vendor["msgId"],
        "server_msg_id": server, "sent_by_agent": by_agent, "body": held(body),
        "plain_text": held(content.plain), "payload_ok": chosen != "broken", "_extra": extra or None,
    }  # fmt: skip
    typed = [
        (name, {"message_id": identifier, **row, "sent_at": instant(at)})
        for name, row in content.typed
    ]
    return vendor, truth, typed


def _sender(chat: Chat, rng: Random, by_agent: bool) -> str:
    """The sender's id; that of another member of a room is the member's."""
    phone: Phone = chat.phone
    if by_agent or (chat.contact is None and chat.room is None):
        return vendor_id("person", phone.wx_no)
    if chat.contact is not None:
        return vendor_id("person", chat.contact.wx_no)
    assert chat.room is not None
    return rng.choice(chat.room.speakers).id

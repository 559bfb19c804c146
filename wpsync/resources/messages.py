"""The kinds of WeChat message: the vendor's codes, and the typed table that each payload fills.

A source is a path in the payload, spelt clean. The document's samples were damaged by a mechanical
replacement (`T` became `true`: `paySubtrueype`), so the normaliser takes for each step the clean
spelling first and the damaged one second, without regard to case and underscores (payloads.md).
Codes 101 to 115 are the vendor's; 1, 3, 34, 42, 43, 48, 49 and 10000 are WeChat's own for the same.
"""

from wpsync import values
from wpsync.resources.spec import ACCOUNT, Column, MessageKind, SqlType, Table

TEXT, INTEGER, BOOLEAN, INSTANT = SqlType.TEXT, SqlType.INTEGER, SqlType.BOOLEAN, SqlType.INSTANT

LINK_KINDS = {
    5: "link",
    6: "file",
    19: "chat_record",
    33: "mini_program",
    36: "mini_program",
    57: "quote",
    87: "announcement",
    51: "channels_video",
}
NOTICE_KINDS = {1: "red_packet", 2: "ordinary", 3: "unknown"}
TRANSFER_KINDS = {
    1: "instant",
    3: "instant_receipt",
    4: "refund_receipt",
    5: "delayed_receipt",
    7: "delayed",
}
CLAIM_KINDS = {0: "unclaimed", 1: "claimed", 2: "received", 3: "refunded", 4: "claimed_pending"}


def _typed(name: str, zh: str, en: str, *columns: Column, indexes: tuple[str, ...] = ()) -> Table:
    """A typed table: the message's id, the payload's columns, when the message was sent."""
    message_id = Column("message_id", TEXT, (), values.text, "消息编号", "the message")
    sent_at = Column(
        "sent_at", INSTANT, (), values.instant, "发送时间", "when the message was sent"
    )
    return Table(
        name,
        zh,
        en,
        (message_id, *columns, sent_at),
        key=("message_id",),
        indexes=((ACCOUNT, "sent_at"), *((column,) for column in indexes)),
    )


_PAY_COLUMNS = (
    Column("title", TEXT, ("title",), values.text, "标题", "title"),
    Column("description", TEXT, ("des",), values.text, "描述", "description"),
    Column("app_type", INTEGER, ("type",), values.integer, "消息内部类型", "WeChat's inner type"),
    Column("url", TEXT, ("url",), values.text, "链接地址", "address"),
    Column("thumb_url", TEXT, ("thumbUrl",), values.text, "缩略图地址", "thumbnail"),
    Column(
        "scene_id",
        INTEGER,
        ("wcPayInfo.sceneId",),
        values.integer,
        "场景：1002 红包，1001 群收款",
        "1002 red packet, 1001 group collection",
    ),
    Column(
        "scene_text", TEXT, ("wcPayInfo.sceneText",), values.text, "场景描述", "the scene in words"
    ),
    Column("template_id", TEXT, ("wcPayInfo.templateId",), values.text, "模板编号", "template"),
    Column("icon_url", TEXT, ("wcPayInfo.iconUrl",), values.text, "图标地址", "icon"),
    Column(
        "receiver_title",
        TEXT,
        ("wcPayInfo.receiverTitle",),
        values.text,
        "收款方看到的标题",
        "title as the receiver sees it",
    ),
    Column(
        "sender_title",
        TEXT,
        ("wcPayInfo.senderTitle",),
        values.text,
        "付款方看到的标题",
        "title as the sender sees it",
    ),
    Column(
        "sender_description",
        TEXT,
        ("wcPayInfo.senderDes",),
        values.text,
        "付款方看到的描述",
        "description as the sender sees it",
    ),
    Column(
        "receiver_description",
        TEXT,
        ("wcPayInfo.receiverDes",),
        values.text,
        "收款方看到的描述",
        "description as the receiver sees it",
    ),
    Column(
        "native_url",
        TEXT,
        ("wcPayInfo.nativeUrl",),
        values.text,
        "微信内部地址",
        "address inside WeChat",
    ),
    Column(
        "inner_type", INTEGER, ("wcPayInfo.innerType",), values.integer, "显示样式", "display style"
    ),
    Column(
        "pay_msg_id",
        TEXT,
        ("wcPayInfo.payMsgId",),
        values.text,
        "微信支付交易编号",
        "WeChat Pay's id",
    ),
    Column(
        "expires_at",
        INSTANT,
        ("wcPayInfo.invalidTime",),
        values.instant,
        "失效时间",
        "when it expires",
    ),
    Column(
        "claim_status",
        INTEGER,
        ("wcPayInfo.m7Type",),
        values.integer,
        "领取状态（原样）：0 未领取，1 已领取",
        "claim status as sent: 0 no, 1 yes",
    ),
    Column("claimed", BOOLEAN, (), values.flag, "是否已领取", "whether it was claimed"),
)

PAYERS = Table(
    "message_group_collection_payers",
    "群收款的付款人",
    "who is asked to pay in a group collection",
    (
        Column("message_id", TEXT, (), values.text, "消息编号", "the message"),
        Column("payer_wx_no", TEXT, (), values.text, "付款人微信号", "the payer's WeChat number"),
        Column("amount_fen", INTEGER, (), values.integer, "应付金额（分）", "amount in fen"),
        Column("amount", SqlType.MONEY, (), values.yuan, "应付金额（元）", "amount in yuan"),
        Column(
            "paid",
            BOOLEAN,
            (),
            values.flag,
            "是否已付；状态未知时为空",
            "whether it was paid; NULL where the status is unknown",
        ),
        Column(
            "payment_status",
            INTEGER,
            (),
            values.integer,
            "支付状态（原样）：1 未支付，2 已支付",
            "status as sent: 1 unpaid, 2 paid",
        ),
        Column("sent_at", INSTANT, (), values.instant, "发送时间", "when the message was sent"),
    ),
    key=("message_id", "payer_wx_no"),
    indexes=(("payer_wx_no",),),
)

MEDIA = _typed(
    "message_media",
    "图片、语音、视频消息",
    "image, voice and video messages",
    Column(
        "media_kind",
        TEXT,
        (),
        values.text,
        "image 图片，voice 语音，video 视频",
        "image, voice or video",
    ),
    Column(
        "thumb_path",
        TEXT,
        ("thumbImgPath",),
        values.text,
        "缩略图、语音或视频封面地址",
        "thumbnail, voice or cover",
    ),
    Column(
        "media_path", TEXT, ("bigImgPath",), values.text, "原图或视频地址", "full picture or video"
    ),
)

KINDS = (
    MessageKind("text", ("101", "1"), "文本", "text"),
    MessageKind("image", ("102", "3"), "图片", "picture", MEDIA),
    MessageKind("voice", ("103", "34"), "语音", "voice", MEDIA),
    MessageKind("video", ("104", "43"), "视频", "video", MEDIA),
    MessageKind(
        "card",
        ("105", "42"),
        "名片",
        "name card",
        _typed(
            "message_cards",
            "名片消息",
            "name cards shared in chats",
            Column("nick", TEXT, ("nickName",), values.text, "名片昵称", "the card's nickname"),
            Column("wx_no", TEXT, ("wxNo",), values.text, "名片微信号", "the card's WeChat number"),
            Column(
                "avatar_large_url",
                TEXT,
                ("bigHeadImgUrl",),
                values.text,
                "大头像地址",
                "large portrait",
            ),
            Column(
                "avatar_url",
                TEXT,
                ("smallHeadImgUrl",),
                values.text,
                "小头像地址",
                "small portrait",
            ),
            indexes=("wx_no",),
        ),
    ),
    MessageKind(
        "location",
        ("106", "48"),
        "地理位置",
        "location",
        _typed(
            "message_locations",
            "位置消息",
            "locations shared in chats",
            Column(
                "longitude",
                SqlType.DOUBLE,
                ("log", "lon", "lng", "longitude"),
                values.coordinate,
                "经度",
                "degrees east",
            ),
            Column(
                "latitude",
                SqlType.DOUBLE,
                ("lat", "latitude"),
                values.latitude,
                "纬度",
                "degrees north",
            ),
            Column("address", TEXT, ("address",), values.text, "地址", "address"),
            Column("wx_no", TEXT, ("wxNo",), values.text, "微信号", "WeChat number"),
        ),
    ),
    MessageKind(
        "link",
        ("107", "49"),
        "链接、文件、小程序等",
        "links, files, mini programs and the like",
        _typed(
            "message_links",
            "链接、文件、小程序、聊天记录等消息",
            "links, files, mini programs, chat records and the like",
            Column("title", TEXT, ("title",), values.text, "标题", "title"),
            Column("description", TEXT, ("des",), values.text, "描述", "description"),
            Column(
                "app_type",
                INTEGER,
                ("type",),
                values.integer,
                "内部类型（原样）",
                "WeChat's inner type, as sent",
            ),
            Column(
                "link_kind",
                TEXT,
                (),
                values.text,
                "种类：link、file、chat_record、mini_program、quote、announcement、channels_video、other",
                "link, file, chat_record, mini_program, quote, announcement, channels_video or other",
            ),
            Column(
                "show_type", INTEGER, ("showType",), values.integer, "显示类型", "how it is shown"
            ),
            Column("url", TEXT, ("url",), values.text, "链接地址", "address"),
            Column(
                "record_item",
                TEXT,
                ("recordItem",),
                values.text,
                "聊天记录详情",
                "the chat record's content",
            ),
        ),
    ),
    MessageKind(
        "system",
        ("108", "10000"),
        "系统消息",
        "system notice",
        _typed(
            "message_notices",
            "系统消息",
            "system notices",
            Column("content", TEXT, ("content",), values.text, "内容", "what it says"),
            Column(
                "notice_type",
                INTEGER,
                ("type",),
                values.integer,
                "类型（原样）：1 红包，2 普通，3 未知",
                "type as sent: 1 red packet, 2 ordinary, 3 unknown",
            ),
            Column(
                "notice_kind",
                TEXT,
                (),
                values.text,
                "red_packet 红包，ordinary 普通，unknown 未知",
                "red_packet, ordinary or unknown",
            ),
            Column(
                "pay_id",
                TEXT,
                ("payId",),
                values.text,
                "微信支付编号（红包）",
                "WeChat Pay's id (red packets)",
            ),
            Column(
                "original_is_send",
                TEXT,
                ("msgIsSend",),
                values.text,
                "原消息的发送方向（红包）",
                "direction of the original message (red packets)",
            ),
            indexes=("pay_id",),
        ),
    ),
    MessageKind(
        "recall",
        ("109",),
        "撤回的消息",
        "recalled message",
        _typed(
            "message_recalls",
            "撤回的消息",
            "recalled messages",
            Column("notice", TEXT, ("text", "test"), values.text, "撤回提示", "the notice"),
            Column(
                "recalled_at",
                INSTANT,
                ("timesTamp",),
                values.instant,
                "被撤回消息的时间",
                "time of the recalled message",
            ),
            Column(
                "previous_content",
                TEXT,
                ("preContent",),
                values.text,
                "被撤回的内容",
                "what had been written",
            ),
            Column(
                "link_text",
                TEXT,
                ("link.text",),
                values.text,
                "链接文字，如 重新编辑",
                "the link's text",
            ),
        ),
    ),
    MessageKind(
        "room_event",
        ("110",),
        "群系统消息",
        "room event",
        _typed(
            "message_room_events",
            "群系统消息",
            "what happened in a room",
            Column("content", TEXT, (), values.text, "内容", "what it says"),
            Column(
                "event",
                TEXT,
                (),
                values.text,
                "invited 邀请入群，renamed 修改群名，other 其他",
                "invited, renamed or other",
            ),
            Column("actor_nick", TEXT, (), values.text, "操作人昵称", "who did it"),
            Column(
                "subject",
                TEXT,
                (),
                values.text,
                "被邀请人或新群名",
                "who was invited, or the new name",
            ),
        ),
    ),
    MessageKind("semi_xml", ("111",), "SEMI_XML 文章列表", "WeChat's SEMI_XML form"),
    MessageKind(
        "red_packet",
        ("112",),
        "红包",
        "red packet",
        _typed(
            "message_red_packets", "红包消息", "red packets", *_PAY_COLUMNS, indexes=("pay_msg_id",)
        ),
    ),
    MessageKind(
        "group_collection",
        ("113",),
        "群收款",
        "group collection",
        _typed(
            "message_group_collections",
            "群收款消息",
            "group collections",
            *_PAY_COLUMNS,
            Column(
                "bill_no", TEXT, ("wcPayInfo.newAa.billNo",), values.text, "账单编号", "bill number"
            ),
            Column(
                "collection_type",
                INTEGER,
                ("wcPayInfo.newAa.newAaType",),
                values.integer,
                "群收款类型",
                "kind of collection",
            ),
            Column(
                "initiator_wx_no", TEXT, (), values.text, "发起人微信号", "who asked for the money"
            ),
            Column(
                "collection_status",
                INTEGER,
                (),
                values.integer,
                "收款状态：3 已收齐，2 有人支付，1 无人支付",
                "3 all paid, 2 some paid, 1 nobody paid",
            ),
            Column("payer_count", INTEGER, (), values.integer, "参与人数", "how many take part"),
            Column("paid_count", INTEGER, (), values.integer, "已支付人数", "how many have paid"),
            indexes=("bill_no",),
        ),
    ),
    MessageKind(
        "group_collection_reminder",
        ("114",),
        "群收款提醒",
        "reminder of a group collection",
        _typed(
            "message_group_collection_reminders",
            "群收款提醒",
            "reminders of group collections",
            Column("content", TEXT, ("content",), values.text, "内容", "what it says"),
            Column("pay_id", TEXT, ("payId",), values.text, "收款支付编号", "the collection's id"),
            indexes=("pay_id",),
        ),
    ),
    MessageKind(
        "transfer",
        ("115",),
        "转账",
        "money transfer",
        _typed(
            "message_transfers",
            "转账消息（转账与回执以 transfer_id 相连）",
            "transfers; a transfer and its receipts share transfer_id",
            Column("title", TEXT, ("title",), values.text, "标题", "title"),
            Column("description", TEXT, ("des",), values.text, "描述", "description"),
            Column("amount", SqlType.MONEY, (), values.yuan, "金额（元）", "amount in yuan"),
            Column("currency", TEXT, (), values.text, "币种：CNY", "currency: CNY"),
            Column(
                "fee_description",
                TEXT,
                ("wcPayInfo.feeDesc",),
                values.text,
                "金额文字（原样）",
                "the amount as shown",
            ),
            Column(
                "transfer_type",
                INTEGER,
                ("wcPayInfo.paySubType",),
                values.integer,
                "转账类型（原样）",
                "type as sent",
            ),
            Column(
                "transfer_kind",
                TEXT,
                (),
                values.text,
                "instant 实时转账，instant_receipt 实时收钱回执，refund_receipt 退还回执，delayed_receipt 非实时收钱回执，delayed 非实时转账",
                "instant, instant_receipt, refund_receipt, delayed_receipt or delayed",
            ),
            Column(
                "claim_status",
                INTEGER,
                ("wcPayInfo.m7Type",),
                values.integer,
                "领取状态（原样）",
                "claim status as sent",
            ),
            Column(
                "claim_kind",
                TEXT,
                (),
                values.text,
                "unclaimed 未领取，claimed 已被领取，received 已领取，refunded 已退还，claimed_pending 已领取待到账",
                "unclaimed, claimed, received, refunded or claimed_pending",
            ),
            Column(
                "transaction_id",
                TEXT,
                ("wcPayInfo.transcationId", "wcPayInfo.transactionId"),
                values.text,
                "支付交易编号",
                "payment number",
            ),
            Column(
                "transfer_id",
                TEXT,
                ("wcPayInfo.transferId",),
                values.text,
                "转账编号；转账与回执相同",
                "transfer number, the same on its receipts",
            ),
            Column(
                "memo", TEXT, ("wcPayInfo.payMemo",), values.text, "转账附言", "the payer's note"
            ),
            Column(
                "began_at",
                INSTANT,
                ("wcPayInfo.beginTransferTime",),
                values.instant,
                "开始时间",
                "when it began",
            ),
            Column(
                "expires_at",
                INSTANT,
                ("wcPayInfo.invalidTime",),
                values.instant,
                "失效时间",
                "when it expires",
            ),
            Column(
                "effective_days",
                INTEGER,
                ("wcPayInfo.effectiveDate",),
                values.integer,
                "有效天数",
                "days it stays valid",
            ),
            Column(
                "pay_msg_id",
                TEXT,
                ("wcPayInfo.payMsgId",),
                values.text,
                "微信支付消息编号",
                "WeChat Pay's id",
            ),
            Column("url", TEXT, ("url",), values.text, "链接地址", "address"),
            indexes=("transfer_id",),
        ),
    ),
    MessageKind("unknown", (), "未知类型", "a type this version does not know"),
)

KIND_BY_CODE = {code: kind for kind in KINDS for code in kind.codes}
UNKNOWN = KINDS[-1]

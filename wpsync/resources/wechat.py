"""What `/api/wechat/…` lists: users, contacts, rooms, members, chats, messages.

Pages 1 to 500 of at most 100 rows: no query shows more than 50,000 rows.
"""

from wpsync import values
from wpsync.resources.spec import ACCOUNT, Column, Filter, Mode, Resource, SqlType, Table

_ID = Column("id", SqlType.TEXT, ("id", "_id"), values.text, "主键", "the vendor's id")
_AVATARS = (
    Column(
        "avatar_url", SqlType.TEXT, ("headImg",), values.first_text, "小头像地址", "small portrait"
    ),
    Column(
        "avatar_large_url",
        SqlType.TEXT,
        ("headImg1",),
        values.first_text,
        "大头像地址",
        "large portrait",
    ),
)
_WX_NO = Column("wx_no", SqlType.TEXT, ("wxNo",), values.text, "微信号", "WeChat number")
_WX_ALIAS = Column(
    "wx_alias", SqlType.TEXT, ("wxNo1",), values.text, "微信号（别名）", "WeChat alias"
)
_AGENT_WX_NO = Column(
    "agent_wx_no",
    SqlType.TEXT,
    ("agentWxNo",),
    values.text,
    "工作微信号",
    "the agent's WeChat number",
)

WECHAT_USERS = Resource(
    name="wechat_users",
    endpoint="/api/wechat/queryWeChatUserByPage",
    mode=Mode.LISTING,
    family="other",
    page_size=100,
    page_cap=500,
    table=Table(
        "wechat_users",
        "工作微信（登录在工作手机上的微信）",
        "the WeChat accounts logged in on the work phones",
        (
            _ID,
            Column("imei", SqlType.TEXT, ("imei",), values.text, "设备 IMEI", "the device's IMEI"),
            Column(
                "phone", SqlType.TEXT, ("phone",), values.text, "设备手机号", "the device's number"
            ),
            _WX_NO,
            _WX_ALIAS,
            Column(
                "wechat_version",
                SqlType.TEXT,
                ("version",),
                values.text,
                "微信版本号",
                "version of WeChat",
            ),
            Column("nick", SqlType.TEXT, ("nick",), values.text, "微信昵称", "nickname"),
            *_AVATARS,
        ),
        indexes=(("wx_no",),),
        soft_delete=True,
        history=True,
    ),
)

WECHAT_CONTACTS = Resource(
    name="wechat_contacts",
    endpoint="/api/wechat/getWeContactByPage",
    mode=Mode.LISTING,
    family="other",
    page_size=100,
    page_cap=500,
    table=Table(
        "wechat_contacts",
        "微信联系人",
        "contacts of the work WeChat accounts",
        (
            _ID,
            _AGENT_WX_NO,
            Column(
                "agent_nick",
                SqlType.TEXT,
                ("agentNick",),
                values.text,
                "工作微信昵称",
                "the agent's nickname",
            ),
            _WX_NO,
            _WX_ALIAS,
            Column(
                "nick", SqlType.TEXT, ("nick",), values.text, "联系人昵称", "the contact's nickname"
            ),
            *_AVATARS,
            Column(
                "status",
                SqlType.TEXT,
                ("status",),
                values.text,
                "状态，如 normal",
                "state, e.g. normal",
            ),
            Column(
                "created_at",
                SqlType.INSTANT,
                ("createTime",),
                values.instant,
                "创建时间",
                "when it was created",
            ),
            Column(
                "vendor_ts",
                SqlType.INSTANT,
                ("ts",),
                values.instant,
                "厂商时间戳",
                "the vendor's time stamp",
            ),
        ),
        indexes=(("agent_wx_no", "wx_no"), ("wx_no",), ("created_at",)),
        soft_delete=True,
        history=True,
    ),
)

WECHAT_ROOMS = Resource(
    name="wechat_rooms",
    endpoint="/api/wechat/getWeChatRoomByPage",
    mode=Mode.LISTING,
    family="other",
    page_size=100,
    page_cap=500,
    table=Table(
        "wechat_rooms",
        "微信群",
        "WeChat rooms (group chats)",
        (
            _ID,
            Column("imei", SqlType.TEXT, ("imei",), values.text, "设备 IMEI", "the device's IMEI"),
            _AGENT_WX_NO,
            Column("name", SqlType.TEXT, ("name",), values.text, "群名称", "the room's name"),
            Column(
                "avatar_url",
                SqlType.TEXT,
                ("headImg",),
                values.first_text,
                "群头像",
                "the room's picture",
            ),
            Column(
                "owner_wx_no",
                SqlType.TEXT,
                ("roomOwner",),
                values.text,
                "群主微信号",
                "the owner's WeChat number",
            ),
            Column(
                "member_count",
                SqlType.INTEGER,
                ("memberCount",),
                values.integer,
                "群成员数",
                "number of members",
            ),
            Column(
                "member_ids",
                SqlType.TEXTS,
                ("member",),
                values.texts,
                "群成员编号",
                "the members' ids",
            ),
            Column(
                "member_wx_nos",
                SqlType.TEXTS,
                ("memberList",),
                values.split_texts,
                "群成员微信号",
                "the members' WeChat numbers",
            ),
            Column(
                "display_name",
                SqlType.TEXT,
                ("displayName",),
                values.text,
                "成员展示昵称（原样）",
                "the members' names as shown",
            ),
        ),
        indexes=(("agent_wx_no",), ("owner_wx_no",)),
        soft_delete=True,
        history=True,
    ),
)

WECHAT_ROOM_MEMBERS = Resource(
    name="wechat_room_members",
    endpoint="/api/wechat/getWeChatRoomMemberByPage",
    mode=Mode.LISTING,
    family="other",
    page_size=100,
    page_cap=500,
    parent="wechat_rooms",
    parent_filter="chatRoomId",
    table=Table(
        "wechat_room_members",
        "微信群成员",
        "members of WeChat rooms",
        (
            _ID,
            Column("room_id", SqlType.TEXT, ("chatRoomId",), values.text, "群编号", "the room"),
            Column("nick", SqlType.TEXT, ("nick",), values.text, "昵称", "nickname"),
            Column("avatar_url", SqlType.TEXT, ("headImg",), values.first_text, "头像", "portrait"),
            _WX_NO,
            Column(
                "is_agent",
                SqlType.BOOLEAN,
                ("isAgent",),
                values.flag_or_false,
                "是否座席（厂商为否时不发送此字段）",
                "whether an agent; absent means false",
                required=True,
            ),
            _AGENT_WX_NO,
        ),
        indexes=(("room_id",), ("wx_no",), ("agent_wx_no",)),
        soft_delete=True,
        history=True,
    ),
)

WECHAT_CHATS = Resource(
    name="wechat_chats",
    endpoint="/api/wechat/getWeChatByPage",
    mode=Mode.WINDOWED,
    family="other",
    page_size=100,
    page_cap=500,
    filters=(Filter("imei", "wechat_users", "imei"),),
    table=Table(
        "wechat_chats",
        "微信会话",
        "WeChat chats: one agent's account with one contact or room",
        (
            _ID,
            _AGENT_WX_NO,
            Column(
                "contact_wx_no",
                SqlType.TEXT,
                ("contactWxNo",),
                values.text,
                "联系人微信号；群聊为空",
                "the contact; NULL in a room",
            ),
            Column(
                "room_id",
                SqlType.TEXT,
                ("group",),
                values.text,
                "群编号；单聊为空",
                "the room; NULL in a single chat",
            ),
            Column(
                "chat_type",
                SqlType.TEXT,
                ("chatType",),
                values.text,
                "single 单聊，group 群聊",
                "single or group",
            ),
            Column(
                "started_by_agent",
                SqlType.BOOLEAN,
                ("isSend",),
                values.flag,
                "会话是否由座席发起",
                "whether the agent began it",
            ),
        ),
        indexes=((ACCOUNT, "agent_wx_no", "contact_wx_no"), ("contact_wx_no",), ("room_id",)),
    ),
)

WECHAT_MESSAGES = Resource(
    name="wechat_messages",
    endpoint="/api/wechat/getWeMessageByPage",
    mode=Mode.WINDOWED,
    family="messages",
    page_size=100,
    page_cap=500,
    cursor="sent_at",
    filters=(
        Filter("wxNo", "wechat_users", "wx_no"),
        Filter("imei", "wechat_users", "imei"),
        Filter("chatId", "wechat_chats", "id"),
    ),
    table=Table(
        "wechat_messages",
        "微信消息",
        "WeChat messages",
        (
            _ID,
            Column("chat_id", SqlType.TEXT, ("chatId",), values.text, "会话编号", "the chat"),
            Column("sender_id", SqlType.TEXT, ("from",), values.text, "发送人编号", "the sender"),
            Column(
                "msg_type",
                SqlType.TEXT,
                ("msgType",),
                values.text,
                "消息类型代码（原样）",
                "the vendor's type code, as sent",
            ),
            Column(
                "kind",
                SqlType.TEXT,
                (),
                values.text,
                "消息种类，如 text、image、transfer",
                "kind of message, e.g. text, image, transfer",
                required=True,
            ),
            Column(
                "sent_at", SqlType.INSTANT, ("ts",), values.instant, "发送时间", "when it was sent"
            ),
            Column(
                "sent_on",
                SqlType.DAY,
                (),
                values.day,
                "发送日期（上海）",
                "the day it was sent (Shanghai)",
            ),
            Column(
                "device_msg_id",
                SqlType.TEXT,
                ("msgId",),
                values.text,
                "手机上的消息编号",
                "the message's id on the phone",
            ),
            Column(
                "server_msg_id",
                SqlType.TEXT,
                ("msgSvrId",),
                values.text,
                "微信服务器的消息编号",
                "the message's id on WeChat's server",
            ),
            Column(
                "sent_by_agent",
                SqlType.BOOLEAN,
                ("isSend",),
                values.flag,
                "是否由座席发送",
                "whether the agent sent it",
            ),
            Column(
                "body",
                SqlType.TEXT,
                ("msg",),
                values.verbatim,
                "消息内容（原样）",
                "the content exactly as sent",
            ),
            Column(
                "plain_text",
                SqlType.TEXT,
                (),
                values.verbatim,
                "可读文本，用于检索",
                "what a person would read, made for search",
            ),
            Column(
                "payload_ok",
                SqlType.BOOLEAN,
                (),
                values.flag,
                "内容是否解析成功；否则原因见 wpsync.dead_letters",
                "whether the payload could be read; if not, wpsync.dead_letters has the reason",
                required=True,
            ),
        ),
        indexes=(
            (ACCOUNT, "sent_at"),
            (ACCOUNT, "chat_id", "sent_on", "sent_at", "id"),
            ("server_msg_id",),
            ("sent_at",),
            ("sender_id",),
        ),
        gone_by="sent_at",
    ),
)

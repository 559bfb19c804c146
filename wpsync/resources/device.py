"""What `/api/device/…` lists: calls and SMS.

The document's request table has in and out swapped (`in外呼,out呼入`); the reply's table is right:
in is incoming. Calls are served `_id` where the table says `id`, SMS `snedTime` for `sendTime`.
"""

from wpsync import values
from wpsync.resources.spec import ACCOUNT, Column, Filter, Mode, Resource, SqlType, Table

_OWNER = (
    Column(
        "local_tel",
        SqlType.TEXT,
        ("localTel",),
        values.text,
        "本机号码",
        "the work phone's own number",
    ),
    Column(
        "agent_id",
        SqlType.TEXT,
        ("uid",),
        values.text,
        "当时持机座席编号",
        "the agent who held the phone then",
    ),
    Column(
        "agent_name",
        SqlType.TEXT,
        ("uName",),
        values.text,
        "当时持机座席姓名",
        "that agent's name then",
    ),
    Column(
        "contact_tel",
        SqlType.TEXT,
        ("contactTel",),
        values.text,
        "对方号码",
        "the other side's number",
    ),
    Column(
        "contact_name",
        SqlType.TEXT,
        ("contactName",),
        values.text,
        "通讯录中对方的名称",
        "the other side's name in the phone's address book",
    ),
)
_DEVICE = (
    Column("device_id", SqlType.TEXT, ("did",), values.text, "设备编号", "the device's id"),
    Column("imei", SqlType.TEXT, ("imei",), values.text, "设备 IMEI 码", "the device's IMEI"),
)
_FILTERS = (Filter("localTel", "wechat_users", "phone"),)

CALLS = Resource(
    name="calls",
    endpoint="/api/device/call",
    mode=Mode.WINDOWED,
    family="calls",
    page_size=500,
    cursor="began_at",
    filters=(Filter("localTel", "calls", "local_tel"), *_FILTERS),
    table=Table(
        "calls",
        "通话记录",
        "phone calls",
        (
            Column("id", SqlType.TEXT, ("_id", "id"), values.text, "通话记录编号", "the call's id"),
            *_DEVICE,
            Column(
                "direction",
                SqlType.TEXT,
                ("callType",),
                values.text,
                "呼叫方向：in 呼入，out 呼出",
                "in or out; in is incoming",
            ),
            Column(
                "connected",
                SqlType.BOOLEAN,
                ("connectType",),
                values.connected,
                "是否接通",
                "whether the call was answered",
            ),
            *_OWNER,
            Column(
                "began_at",
                SqlType.INSTANT,
                ("beginTime",),
                values.instant,
                "呼通时间",
                "when the call connected",
            ),
            Column(
                "ended_at",
                SqlType.INSTANT,
                ("endTime",),
                values.instant,
                "挂机时间",
                "when the call ended",
            ),
            Column(
                "duration_seconds",
                SqlType.INTEGER,
                ("duration",),
                values.integer,
                "录音时长（秒）",
                "length of the recording in seconds",
            ),
            Column(
                "recording_url",
                SqlType.TEXT,
                (),
                values.web_address,
                "录音地址；没有录音时为空",
                "where the recording is; NULL where there is none",
            ),
            Column(
                "recording_status",
                SqlType.TEXT,
                (),
                values.text,
                "录音状态：available 有录音，not_found 未找到，copy_failed 拷贝失败，lost_multiple_calls 多通通话丢失，pending 待上传，none 未接通",
                "available, not_found, copy_failed, lost_multiple_calls, pending (connected, nothing sent yet) or none (not connected)",
            ),
        ),
        indexes=(
            (ACCOUNT, "began_at"),
            ("began_at",),
            ("agent_id", "began_at"),
            ("contact_tel",),
            ("local_tel",),
        ),
        gone_by="began_at",
    ),
)

SMS = Resource(
    name="sms",
    endpoint="/api/device/sms",
    mode=Mode.WINDOWED,
    family="sms",
    page_size=500,
    cursor="sent_at",
    filters=(Filter("localTel", "sms", "local_tel"), *_FILTERS),
    table=Table(
        "sms",
        "短信记录",
        "text messages (SMS); the vendor does not send their text",
        (
            Column("id", SqlType.TEXT, ("id", "_id"), values.text, "短信记录编号", "the SMS's id"),
            *_DEVICE,
            Column(
                "direction",
                SqlType.TEXT,
                ("smsType",),
                values.text,
                "方向：in 接收，out 发送",
                "in or out; in is received",
            ),
            *_OWNER,
            Column(
                "sent_at",
                SqlType.INSTANT,
                ("sendTime", "snedTime"),
                values.instant,
                "发送或接收时间",
                "when it was sent or received",
            ),
        ),
        indexes=(
            (ACCOUNT, "sent_at"),
            ("sent_at",),
            ("agent_id", "sent_at"),
            ("contact_tel",),
        ),
        gone_by="sent_at",
    ),
)

"""The tables of wp and wpsync

Revision: 0001, after
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA IF NOT EXISTS wp")
    op.execute(
        "COMMENT ON SCHEMA wp IS '厂商数据，每个资源一张表 / the vendor''s data, one table per resource'"
    )
    op.execute("COMMENT ON SCHEMA wpsync IS '同步服务自身的状态 / the state of the sync service'")
    op.create_table(
        "agent_call_days",
        sa.Column("id", sa.Text(), nullable=False, comment="座席编号:日期 / agent_id:day"),
        sa.Column("agent_id", sa.Text(), nullable=True, comment="座席编号 / the agent"),
        sa.Column("day", sa.Date(), nullable=True, comment="日期（上海） / the day (Shanghai)"),
        sa.Column("calls_in", sa.Integer(), nullable=True, comment="呼入次数 / incoming calls"),
        sa.Column("calls_out", sa.Integer(), nullable=True, comment="呼出次数 / outgoing calls"),
        sa.Column(
            "seconds_in",
            sa.Integer(),
            nullable=True,
            comment="呼入通话秒数 / seconds of incoming calls",
        ),
        sa.Column(
            "seconds_out",
            sa.Integer(),
            nullable=True,
            comment="呼出通话秒数 / seconds of outgoing calls",
        ),
        sa.Column(
            "connected_in",
            sa.Integer(),
            nullable=True,
            comment="呼入接通次数；厂商只给当日，其余为空 / answered incoming calls; NULL but for days the vendor told",
        ),
        sa.Column(
            "connected_out",
            sa.Integer(),
            nullable=True,
            comment="呼出接通次数；厂商只给当日，其余为空 / answered outgoing calls; NULL but for days the vendor told",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("id", name="agent_call_days_pkey"),
        schema="wp",
        comment="座席每日通话（厂商统计） / calls by agent and day, as the vendor counts them",
    )
    op.create_index(
        "agent_call_days_agent_id_day_idx",
        "agent_call_days",
        ["agent_id", "day"],
        unique=False,
        schema="wp",
    )
    op.create_index(
        "agent_call_days_day_idx", "agent_call_days", ["day"], unique=False, schema="wp"
    )
    op.create_table(
        "agent_call_totals",
        sa.Column("id", sa.Text(), nullable=False, comment="座席编号:日期 / agent_id:as_of"),
        sa.Column("agent_id", sa.Text(), nullable=True, comment="座席编号 / the agent"),
        sa.Column(
            "as_of",
            sa.Date(),
            nullable=True,
            comment="读取日期（上海） / the day of reading (Shanghai)",
        ),
        sa.Column(
            "today", sa.Integer(), nullable=True, comment="当日通话总数 / calls on that day so far"
        ),
        sa.Column(
            "last_7_days",
            sa.Integer(),
            nullable=True,
            comment="近 7 天通话总数 / calls in the last 7 days",
        ),
        sa.Column(
            "last_30_days",
            sa.Integer(),
            nullable=True,
            comment="近 30 天通话总数 / calls in the last 30 days",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("id", name="agent_call_totals_pkey"),
        schema="wp",
        comment="座席通话总数（每座席每读取日一行） / call totals, one row per agent and day they were read on",
    )
    op.create_index(
        "agent_call_totals_agent_id_as_of_idx",
        "agent_call_totals",
        ["agent_id", "as_of"],
        unique=False,
        schema="wp",
    )
    op.create_table(
        "agents",
        sa.Column("id", sa.Text(), nullable=False, comment="座席编号 / the agent's id"),
        sa.Column("name", sa.Text(), nullable=True, comment="座席姓名 / the agent's name"),
        sa.Column("phone", sa.Text(), nullable=True, comment="座席手机号 / the agent's phone"),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="完整列表中不再出现的时间；重新出现则清空 / when a complete listing no longer had it; NULL again if it comes back",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("id", name="agents_pkey"),
        schema="wp",
        comment="座席（员工） / agents: the employees who hold the work phones",
    )
    op.create_table(
        "calls",
        sa.Column("id", sa.Text(), nullable=False, comment="通话记录编号 / the call's id"),
        sa.Column("device_id", sa.Text(), nullable=True, comment="设备编号 / the device's id"),
        sa.Column("imei", sa.Text(), nullable=True, comment="设备 IMEI 码 / the device's IMEI"),
        sa.Column(
            "direction",
            sa.Text(),
            nullable=True,
            comment="呼叫方向：in 呼入，out 呼出 / in or out; in is incoming",
        ),
        sa.Column(
            "connected",
            sa.Boolean(),
            nullable=True,
            comment="是否接通 / whether the call was answered",
        ),
        sa.Column(
            "local_tel", sa.Text(), nullable=True, comment="本机号码 / the work phone's own number"
        ),
        sa.Column(
            "agent_id",
            sa.Text(),
            nullable=True,
            comment="当时持机座席编号 / the agent who held the phone then",
        ),
        sa.Column(
            "agent_name",
            sa.Text(),
            nullable=True,
            comment="当时持机座席姓名 / that agent's name then",
        ),
        sa.Column(
            "contact_tel", sa.Text(), nullable=True, comment="对方号码 / the other side's number"
        ),
        sa.Column(
            "contact_name",
            sa.Text(),
            nullable=True,
            comment="通讯录中对方的名称 / the other side's name in the phone's address book",
        ),
        sa.Column(
            "began_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="呼通时间 / when the call connected",
        ),
        sa.Column(
            "ended_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="挂机时间 / when the call ended",
        ),
        sa.Column(
            "duration_seconds",
            sa.Integer(),
            nullable=True,
            comment="录音时长（秒） / length of the recording in seconds",
        ),
        sa.Column(
            "recording_url",
            sa.Text(),
            nullable=True,
            comment="录音地址；没有录音时为空 / where the recording is; NULL where there is none",
        ),
        sa.Column(
            "recording_status",
            sa.Text(),
            nullable=True,
            comment="录音状态：available 有录音，not_found 未找到，copy_failed 拷贝失败，lost_multiple_calls 多通通话丢失，pending 待上传，none 未接通 / available, not_found, copy_failed, lost_multiple_calls, pending (connected, nothing sent yet) or none (not connected)",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("id", name="calls_pkey"),
        schema="wp",
        comment="通话记录 / phone calls",
    )
    op.create_index(
        "calls_agent_id_began_at_idx", "calls", ["agent_id", "began_at"], unique=False, schema="wp"
    )
    op.create_index("calls_began_at_idx", "calls", ["began_at"], unique=False, schema="wp")
    op.create_index("calls_contact_tel_idx", "calls", ["contact_tel"], unique=False, schema="wp")
    op.create_index("calls_local_tel_idx", "calls", ["local_tel"], unique=False, schema="wp")
    op.create_table(
        "customer_fields",
        sa.Column(
            "id",
            sa.Text(),
            nullable=False,
            comment="字段键，如 filed0 / the field's key, e.g. filed0",
        ),
        sa.Column(
            "label",
            sa.Text(),
            nullable=True,
            comment="字段名称，如 字段1 / what the field is called",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="完整列表中不再出现的时间；重新出现则清空 / when a complete listing no longer had it; NULL again if it comes back",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("id", name="customer_fields_pkey"),
        schema="wp",
        comment="客户资料的字段模板 / the fields of the customer form",
    )
    op.create_table(
        "customers",
        sa.Column("id", sa.Text(), nullable=False, comment="客户编号 / the customer's id"),
        sa.Column("name", sa.Text(), nullable=True, comment="客户姓名 / the customer's name"),
        sa.Column("phone", sa.Text(), nullable=True, comment="客户手机号 / the customer's phone"),
        sa.Column(
            "fields",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="写入的其他字段 / the other fields as written",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="完整列表中不再出现的时间；重新出现则清空 / when a complete listing no longer had it; NULL again if it comes back",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("id", name="customers_pkey"),
        schema="wp",
        comment="经本程序写入的客户（接口不提供客户列表） / customers written through this program: the API has no listing of them",
    )
    op.create_index("customers_phone_idx", "customers", ["phone"], unique=False, schema="wp")
    op.create_table(
        "history",
        sa.Column("resource", sa.Text(), nullable=False, comment="数据表名 / the table's name"),
        sa.Column("id", sa.Text(), nullable=False, comment="行的主键 / the row's id"),
        sa.Column(
            "valid_from",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="该版本开始时间 / when this version began",
        ),
        sa.Column(
            "valid_to",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="被替换或删除的时间 / when it was replaced or deleted",
        ),
        sa.Column(
            "row",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="该版本的整行内容 / the whole row as it was",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.PrimaryKeyConstraint("resource", "id", "valid_from", name="history_pkey"),
        schema="wp",
        comment="列表类数据被替换或删除的历史版本 / versions of listing rows that were replaced or deleted",
    )
    op.create_index("history_valid_to_idx", "history", ["valid_to"], unique=False, schema="wp")
    op.create_table(
        "message_cards",
        sa.Column("message_id", sa.Text(), nullable=False, comment="消息编号 / the message"),
        sa.Column("nick", sa.Text(), nullable=True, comment="名片昵称 / the card's nickname"),
        sa.Column(
            "wx_no", sa.Text(), nullable=True, comment="名片微信号 / the card's WeChat number"
        ),
        sa.Column(
            "avatar_large_url", sa.Text(), nullable=True, comment="大头像地址 / large portrait"
        ),
        sa.Column("avatar_url", sa.Text(), nullable=True, comment="小头像地址 / small portrait"),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="发送时间 / when the message was sent",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("message_id", name="message_cards_pkey"),
        schema="wp",
        comment="名片消息 / name cards shared in chats",
    )
    op.create_index(
        "message_cards_sent_at_idx", "message_cards", ["sent_at"], unique=False, schema="wp"
    )
    op.create_index(
        "message_cards_wx_no_idx", "message_cards", ["wx_no"], unique=False, schema="wp"
    )
    op.create_table(
        "message_group_collection_payers",
        sa.Column("message_id", sa.Text(), nullable=False, comment="消息编号 / the message"),
        sa.Column(
            "payer_wx_no",
            sa.Text(),
            nullable=False,
            comment="付款人微信号 / the payer's WeChat number",
        ),
        sa.Column(
            "amount_fen", sa.Integer(), nullable=True, comment="应付金额（分） / amount in fen"
        ),
        sa.Column(
            "amount",
            sa.Numeric(precision=14, scale=2),
            nullable=True,
            comment="应付金额（元） / amount in yuan",
        ),
        sa.Column(
            "paid",
            sa.Boolean(),
            nullable=True,
            comment="是否已付；状态未知时为空 / whether it was paid; NULL where the status is unknown",
        ),
        sa.Column(
            "payment_status",
            sa.Integer(),
            nullable=True,
            comment="支付状态（原样）：1 未支付，2 已支付 / status as sent: 1 unpaid, 2 paid",
        ),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="发送时间 / when the message was sent",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint(
            "message_id", "payer_wx_no", name="message_group_collection_payers_pkey"
        ),
        schema="wp",
        comment="群收款的付款人 / who is asked to pay in a group collection",
    )
    op.create_index(
        "message_group_collection_payers_payer_wx_no_idx",
        "message_group_collection_payers",
        ["payer_wx_no"],
        unique=False,
        schema="wp",
    )
    op.create_table(
        "message_group_collection_reminders",
        sa.Column("message_id", sa.Text(), nullable=False, comment="消息编号 / the message"),
        sa.Column("content", sa.Text(), nullable=True, comment="内容 / what it says"),
        sa.Column("pay_id", sa.Text(), nullable=True, comment="收款支付编号 / the collection's id"),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="发送时间 / when the message was sent",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("message_id", name="message_group_collection_reminders_pkey"),
        schema="wp",
        comment="群收款提醒 / reminders of group collections",
    )
    op.create_index(
        "message_group_collection_reminders_pay_id_idx",
        "message_group_collection_reminders",
        ["pay_id"],
        unique=False,
        schema="wp",
    )
    op.create_index(
        "message_group_collection_reminders_sent_at_idx",
        "message_group_collection_reminders",
        ["sent_at"],
        unique=False,
        schema="wp",
    )
    op.create_table(
        "message_group_collections",
        sa.Column("message_id", sa.Text(), nullable=False, comment="消息编号 / the message"),
        sa.Column("title", sa.Text(), nullable=True, comment="标题 / title"),
        sa.Column("description", sa.Text(), nullable=True, comment="描述 / description"),
        sa.Column(
            "app_type", sa.Integer(), nullable=True, comment="消息内部类型 / WeChat's inner type"
        ),
        sa.Column("url", sa.Text(), nullable=True, comment="链接地址 / address"),
        sa.Column("thumb_url", sa.Text(), nullable=True, comment="缩略图地址 / thumbnail"),
        sa.Column(
            "scene_id",
            sa.Integer(),
            nullable=True,
            comment="场景：1002 红包，1001 群收款 / 1002 red packet, 1001 group collection",
        ),
        sa.Column("scene_text", sa.Text(), nullable=True, comment="场景描述 / the scene in words"),
        sa.Column("template_id", sa.Text(), nullable=True, comment="模板编号 / template"),
        sa.Column("icon_url", sa.Text(), nullable=True, comment="图标地址 / icon"),
        sa.Column(
            "receiver_title",
            sa.Text(),
            nullable=True,
            comment="收款方看到的标题 / title as the receiver sees it",
        ),
        sa.Column(
            "sender_title",
            sa.Text(),
            nullable=True,
            comment="付款方看到的标题 / title as the sender sees it",
        ),
        sa.Column(
            "sender_description",
            sa.Text(),
            nullable=True,
            comment="付款方看到的描述 / description as the sender sees it",
        ),
        sa.Column(
            "receiver_description",
            sa.Text(),
            nullable=True,
            comment="收款方看到的描述 / description as the receiver sees it",
        ),
        sa.Column(
            "native_url", sa.Text(), nullable=True, comment="微信内部地址 / address inside WeChat"
        ),
        sa.Column("inner_type", sa.Integer(), nullable=True, comment="显示样式 / display style"),
        sa.Column(
            "pay_msg_id", sa.Text(), nullable=True, comment="微信支付交易编号 / WeChat Pay's id"
        ),
        sa.Column(
            "expires_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="失效时间 / when it expires",
        ),
        sa.Column(
            "claim_status",
            sa.Integer(),
            nullable=True,
            comment="领取状态（原样）：0 未领取，1 已领取 / claim status as sent: 0 no, 1 yes",
        ),
        sa.Column(
            "claimed", sa.Boolean(), nullable=True, comment="是否已领取 / whether it was claimed"
        ),
        sa.Column("bill_no", sa.Text(), nullable=True, comment="账单编号 / bill number"),
        sa.Column(
            "collection_type",
            sa.Integer(),
            nullable=True,
            comment="群收款类型 / kind of collection",
        ),
        sa.Column(
            "initiator_wx_no",
            sa.Text(),
            nullable=True,
            comment="发起人微信号 / who asked for the money",
        ),
        sa.Column(
            "collection_status",
            sa.Integer(),
            nullable=True,
            comment="收款状态：3 已收齐，2 有人支付，1 无人支付 / 3 all paid, 2 some paid, 1 nobody paid",
        ),
        sa.Column(
            "payer_count", sa.Integer(), nullable=True, comment="参与人数 / how many take part"
        ),
        sa.Column(
            "paid_count", sa.Integer(), nullable=True, comment="已支付人数 / how many have paid"
        ),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="发送时间 / when the message was sent",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("message_id", name="message_group_collections_pkey"),
        schema="wp",
        comment="群收款消息 / group collections",
    )
    op.create_index(
        "message_group_collections_bill_no_idx",
        "message_group_collections",
        ["bill_no"],
        unique=False,
        schema="wp",
    )
    op.create_index(
        "message_group_collections_sent_at_idx",
        "message_group_collections",
        ["sent_at"],
        unique=False,
        schema="wp",
    )
    op.create_table(
        "message_links",
        sa.Column("message_id", sa.Text(), nullable=False, comment="消息编号 / the message"),
        sa.Column("title", sa.Text(), nullable=True, comment="标题 / title"),
        sa.Column("description", sa.Text(), nullable=True, comment="描述 / description"),
        sa.Column(
            "app_type",
            sa.Integer(),
            nullable=True,
            comment="内部类型（原样） / WeChat's inner type, as sent",
        ),
        sa.Column(
            "link_kind",
            sa.Text(),
            nullable=True,
            comment="种类：link、file、chat_record、mini_program、quote、announcement、channels_video、other / link, file, chat_record, mini_program, quote, announcement, channels_video or other",
        ),
        sa.Column("show_type", sa.Integer(), nullable=True, comment="显示类型 / how it is shown"),
        sa.Column("url", sa.Text(), nullable=True, comment="链接地址 / address"),
        sa.Column(
            "record_item",
            sa.Text(),
            nullable=True,
            comment="聊天记录详情 / the chat record's content",
        ),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="发送时间 / when the message was sent",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("message_id", name="message_links_pkey"),
        schema="wp",
        comment="链接、文件、小程序、聊天记录等消息 / links, files, mini programs, chat records and the like",
    )
    op.create_index(
        "message_links_sent_at_idx", "message_links", ["sent_at"], unique=False, schema="wp"
    )
    op.create_table(
        "message_locations",
        sa.Column("message_id", sa.Text(), nullable=False, comment="消息编号 / the message"),
        sa.Column("longitude", sa.Double(), nullable=True, comment="经度 / degrees east"),
        sa.Column("latitude", sa.Double(), nullable=True, comment="纬度 / degrees north"),
        sa.Column("address", sa.Text(), nullable=True, comment="地址 / address"),
        sa.Column("wx_no", sa.Text(), nullable=True, comment="微信号 / WeChat number"),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="发送时间 / when the message was sent",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("message_id", name="message_locations_pkey"),
        schema="wp",
        comment="位置消息 / locations shared in chats",
    )
    op.create_index(
        "message_locations_sent_at_idx", "message_locations", ["sent_at"], unique=False, schema="wp"
    )
    op.create_table(
        "message_media",
        sa.Column("message_id", sa.Text(), nullable=False, comment="消息编号 / the message"),
        sa.Column(
            "media_kind",
            sa.Text(),
            nullable=True,
            comment="image 图片，voice 语音，video 视频 / image, voice or video",
        ),
        sa.Column(
            "thumb_path",
            sa.Text(),
            nullable=True,
            comment="缩略图、语音或视频封面地址 / thumbnail, voice or cover",
        ),
        sa.Column(
            "media_path", sa.Text(), nullable=True, comment="原图或视频地址 / full picture or video"
        ),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="发送时间 / when the message was sent",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("message_id", name="message_media_pkey"),
        schema="wp",
        comment="图片、语音、视频消息 / image, voice and video messages",
    )
    op.create_index(
        "message_media_sent_at_idx", "message_media", ["sent_at"], unique=False, schema="wp"
    )
    op.create_table(
        "message_notices",
        sa.Column("message_id", sa.Text(), nullable=False, comment="消息编号 / the message"),
        sa.Column("content", sa.Text(), nullable=True, comment="内容 / what it says"),
        sa.Column(
            "notice_type",
            sa.Integer(),
            nullable=True,
            comment="类型（原样）：1 红包，2 普通，3 未知 / type as sent: 1 red packet, 2 ordinary, 3 unknown",
        ),
        sa.Column(
            "notice_kind",
            sa.Text(),
            nullable=True,
            comment="red_packet 红包，ordinary 普通，unknown 未知 / red_packet, ordinary or unknown",
        ),
        sa.Column(
            "pay_id",
            sa.Text(),
            nullable=True,
            comment="微信支付编号（红包） / WeChat Pay's id (red packets)",
        ),
        sa.Column(
            "original_is_send",
            sa.Text(),
            nullable=True,
            comment="原消息的发送方向（红包） / direction of the original message (red packets)",
        ),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="发送时间 / when the message was sent",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("message_id", name="message_notices_pkey"),
        schema="wp",
        comment="系统消息 / system notices",
    )
    op.create_index(
        "message_notices_pay_id_idx", "message_notices", ["pay_id"], unique=False, schema="wp"
    )
    op.create_index(
        "message_notices_sent_at_idx", "message_notices", ["sent_at"], unique=False, schema="wp"
    )
    op.create_table(
        "message_recalls",
        sa.Column("message_id", sa.Text(), nullable=False, comment="消息编号 / the message"),
        sa.Column("notice", sa.Text(), nullable=True, comment="撤回提示 / the notice"),
        sa.Column(
            "recalled_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="被撤回消息的时间 / time of the recalled message",
        ),
        sa.Column(
            "previous_content",
            sa.Text(),
            nullable=True,
            comment="被撤回的内容 / what had been written",
        ),
        sa.Column(
            "link_text", sa.Text(), nullable=True, comment="链接文字，如 重新编辑 / the link's text"
        ),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="发送时间 / when the message was sent",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("message_id", name="message_recalls_pkey"),
        schema="wp",
        comment="撤回的消息 / recalled messages",
    )
    op.create_index(
        "message_recalls_sent_at_idx", "message_recalls", ["sent_at"], unique=False, schema="wp"
    )
    op.create_table(
        "message_red_packets",
        sa.Column("message_id", sa.Text(), nullable=False, comment="消息编号 / the message"),
        sa.Column("title", sa.Text(), nullable=True, comment="标题 / title"),
        sa.Column("description", sa.Text(), nullable=True, comment="描述 / description"),
        sa.Column(
            "app_type", sa.Integer(), nullable=True, comment="消息内部类型 / WeChat's inner type"
        ),
        sa.Column("url", sa.Text(), nullable=True, comment="链接地址 / address"),
        sa.Column("thumb_url", sa.Text(), nullable=True, comment="缩略图地址 / thumbnail"),
        sa.Column(
            "scene_id",
            sa.Integer(),
            nullable=True,
            comment="场景：1002 红包，1001 群收款 / 1002 red packet, 1001 group collection",
        ),
        sa.Column("scene_text", sa.Text(), nullable=True, comment="场景描述 / the scene in words"),
        sa.Column("template_id", sa.Text(), nullable=True, comment="模板编号 / template"),
        sa.Column("icon_url", sa.Text(), nullable=True, comment="图标地址 / icon"),
        sa.Column(
            "receiver_title",
            sa.Text(),
            nullable=True,
            comment="收款方看到的标题 / title as the receiver sees it",
        ),
        sa.Column(
            "sender_title",
            sa.Text(),
            nullable=True,
            comment="付款方看到的标题 / title as the sender sees it",
        ),
        sa.Column(
            "sender_description",
            sa.Text(),
            nullable=True,
            comment="付款方看到的描述 / description as the sender sees it",
        ),
        sa.Column(
            "receiver_description",
            sa.Text(),
            nullable=True,
            comment="收款方看到的描述 / description as the receiver sees it",
        ),
        sa.Column(
            "native_url", sa.Text(), nullable=True, comment="微信内部地址 / address inside WeChat"
        ),
        sa.Column("inner_type", sa.Integer(), nullable=True, comment="显示样式 / display style"),
        sa.Column(
            "pay_msg_id", sa.Text(), nullable=True, comment="微信支付交易编号 / WeChat Pay's id"
        ),
        sa.Column(
            "expires_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="失效时间 / when it expires",
        ),
        sa.Column(
            "claim_status",
            sa.Integer(),
            nullable=True,
            comment="领取状态（原样）：0 未领取，1 已领取 / claim status as sent: 0 no, 1 yes",
        ),
        sa.Column(
            "claimed", sa.Boolean(), nullable=True, comment="是否已领取 / whether it was claimed"
        ),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="发送时间 / when the message was sent",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("message_id", name="message_red_packets_pkey"),
        schema="wp",
        comment="红包消息 / red packets",
    )
    op.create_index(
        "message_red_packets_pay_msg_id_idx",
        "message_red_packets",
        ["pay_msg_id"],
        unique=False,
        schema="wp",
    )
    op.create_index(
        "message_red_packets_sent_at_idx",
        "message_red_packets",
        ["sent_at"],
        unique=False,
        schema="wp",
    )
    op.create_table(
        "message_room_events",
        sa.Column("message_id", sa.Text(), nullable=False, comment="消息编号 / the message"),
        sa.Column("content", sa.Text(), nullable=True, comment="内容 / what it says"),
        sa.Column(
            "event",
            sa.Text(),
            nullable=True,
            comment="invited 邀请入群，renamed 修改群名，other 其他 / invited, renamed or other",
        ),
        sa.Column("actor_nick", sa.Text(), nullable=True, comment="操作人昵称 / who did it"),
        sa.Column(
            "subject",
            sa.Text(),
            nullable=True,
            comment="被邀请人或新群名 / who was invited, or the new name",
        ),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="发送时间 / when the message was sent",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("message_id", name="message_room_events_pkey"),
        schema="wp",
        comment="群系统消息 / what happened in a room",
    )
    op.create_index(
        "message_room_events_sent_at_idx",
        "message_room_events",
        ["sent_at"],
        unique=False,
        schema="wp",
    )
    op.create_table(
        "message_transfers",
        sa.Column("message_id", sa.Text(), nullable=False, comment="消息编号 / the message"),
        sa.Column("title", sa.Text(), nullable=True, comment="标题 / title"),
        sa.Column("description", sa.Text(), nullable=True, comment="描述 / description"),
        sa.Column(
            "amount",
            sa.Numeric(precision=14, scale=2),
            nullable=True,
            comment="金额（元） / amount in yuan",
        ),
        sa.Column("currency", sa.Text(), nullable=True, comment="币种：CNY / currency: CNY"),
        sa.Column(
            "fee_description",
            sa.Text(),
            nullable=True,
            comment="金额文字（原样） / the amount as shown",
        ),
        sa.Column(
            "transfer_type", sa.Integer(), nullable=True, comment="转账类型（原样） / type as sent"
        ),
        sa.Column(
            "transfer_kind",
            sa.Text(),
            nullable=True,
            comment="instant 实时转账，instant_receipt 实时收钱回执，refund_receipt 退还回执，delayed_receipt 非实时收钱回执，delayed 非实时转账 / instant, instant_receipt, refund_receipt, delayed_receipt or delayed",
        ),
        sa.Column(
            "claim_status",
            sa.Integer(),
            nullable=True,
            comment="领取状态（原样） / claim status as sent",
        ),
        sa.Column(
            "claim_kind",
            sa.Text(),
            nullable=True,
            comment="unclaimed 未领取，claimed 已被领取，received 已领取，refunded 已退还，claimed_pending 已领取待到账 / unclaimed, claimed, received, refunded or claimed_pending",
        ),
        sa.Column(
            "transaction_id", sa.Text(), nullable=True, comment="支付交易编号 / payment number"
        ),
        sa.Column(
            "transfer_id",
            sa.Text(),
            nullable=True,
            comment="转账编号；转账与回执相同 / transfer number, the same on its receipts",
        ),
        sa.Column("memo", sa.Text(), nullable=True, comment="转账附言 / the payer's note"),
        sa.Column(
            "began_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="开始时间 / when it began",
        ),
        sa.Column(
            "expires_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="失效时间 / when it expires",
        ),
        sa.Column(
            "effective_days", sa.Integer(), nullable=True, comment="有效天数 / days it stays valid"
        ),
        sa.Column(
            "pay_msg_id", sa.Text(), nullable=True, comment="微信支付消息编号 / WeChat Pay's id"
        ),
        sa.Column("url", sa.Text(), nullable=True, comment="链接地址 / address"),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="发送时间 / when the message was sent",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("message_id", name="message_transfers_pkey"),
        schema="wp",
        comment="转账消息（转账与回执以 transfer_id 相连） / transfers; a transfer and its receipts share transfer_id",
    )
    op.create_index(
        "message_transfers_sent_at_idx", "message_transfers", ["sent_at"], unique=False, schema="wp"
    )
    op.create_index(
        "message_transfers_transfer_id_idx",
        "message_transfers",
        ["transfer_id"],
        unique=False,
        schema="wp",
    )
    op.create_table(
        "sms",
        sa.Column("id", sa.Text(), nullable=False, comment="短信记录编号 / the SMS's id"),
        sa.Column("device_id", sa.Text(), nullable=True, comment="设备编号 / the device's id"),
        sa.Column("imei", sa.Text(), nullable=True, comment="设备 IMEI 码 / the device's IMEI"),
        sa.Column(
            "direction",
            sa.Text(),
            nullable=True,
            comment="方向：in 接收，out 发送 / in or out; in is received",
        ),
        sa.Column(
            "local_tel", sa.Text(), nullable=True, comment="本机号码 / the work phone's own number"
        ),
        sa.Column(
            "agent_id",
            sa.Text(),
            nullable=True,
            comment="当时持机座席编号 / the agent who held the phone then",
        ),
        sa.Column(
            "agent_name",
            sa.Text(),
            nullable=True,
            comment="当时持机座席姓名 / that agent's name then",
        ),
        sa.Column(
            "contact_tel", sa.Text(), nullable=True, comment="对方号码 / the other side's number"
        ),
        sa.Column(
            "contact_name",
            sa.Text(),
            nullable=True,
            comment="通讯录中对方的名称 / the other side's name in the phone's address book",
        ),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="发送或接收时间 / when it was sent or received",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("id", name="sms_pkey"),
        schema="wp",
        comment="短信记录 / text messages (SMS); the vendor does not send their text",
    )
    op.create_index(
        "sms_agent_id_sent_at_idx", "sms", ["agent_id", "sent_at"], unique=False, schema="wp"
    )
    op.create_index("sms_contact_tel_idx", "sms", ["contact_tel"], unique=False, schema="wp")
    op.create_index("sms_sent_at_idx", "sms", ["sent_at"], unique=False, schema="wp")
    op.create_table(
        "wechat_chats",
        sa.Column("id", sa.Text(), nullable=False, comment="主键 / the vendor's id"),
        sa.Column(
            "agent_wx_no",
            sa.Text(),
            nullable=True,
            comment="座席微信号 / the agent's WeChat number",
        ),
        sa.Column(
            "contact_wx_no",
            sa.Text(),
            nullable=True,
            comment="好友微信号；群聊为空 / the contact; NULL in a room",
        ),
        sa.Column(
            "room_id",
            sa.Text(),
            nullable=True,
            comment="群编号；单聊为空 / the room; NULL in a single chat",
        ),
        sa.Column(
            "chat_type",
            sa.Text(),
            nullable=True,
            comment="single 单聊，group 群聊 / single or group",
        ),
        sa.Column(
            "started_by_agent",
            sa.Boolean(),
            nullable=True,
            comment="会话是否由座席发起 / whether the agent began it",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("id", name="wechat_chats_pkey"),
        schema="wp",
        comment="微信会话 / WeChat chats: one agent's account with one contact or room",
    )
    op.create_index(
        "wechat_chats_agent_wx_no_contact_wx_no_idx",
        "wechat_chats",
        ["agent_wx_no", "contact_wx_no"],
        unique=False,
        schema="wp",
    )
    op.create_index(
        "wechat_chats_contact_wx_no_idx",
        "wechat_chats",
        ["contact_wx_no"],
        unique=False,
        schema="wp",
    )
    op.create_index(
        "wechat_chats_room_id_idx", "wechat_chats", ["room_id"], unique=False, schema="wp"
    )
    op.create_table(
        "wechat_contacts",
        sa.Column("id", sa.Text(), nullable=False, comment="主键 / the vendor's id"),
        sa.Column(
            "agent_wx_no",
            sa.Text(),
            nullable=True,
            comment="座席微信号 / the agent's WeChat number",
        ),
        sa.Column(
            "agent_nick", sa.Text(), nullable=True, comment="座席微信昵称 / the agent's nickname"
        ),
        sa.Column("wx_no", sa.Text(), nullable=True, comment="微信号 / WeChat number"),
        sa.Column("wx_alias", sa.Text(), nullable=True, comment="微信号（别名） / WeChat alias"),
        sa.Column("nick", sa.Text(), nullable=True, comment="好友昵称 / the contact's nickname"),
        sa.Column("avatar_url", sa.Text(), nullable=True, comment="小头像地址 / small portrait"),
        sa.Column(
            "avatar_large_url", sa.Text(), nullable=True, comment="大头像地址 / large portrait"
        ),
        sa.Column(
            "status", sa.Text(), nullable=True, comment="状态，如 normal / state, e.g. normal"
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="创建时间 / when it was created",
        ),
        sa.Column(
            "vendor_ts",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="厂商时间戳 / the vendor's time stamp",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="完整列表中不再出现的时间；重新出现则清空 / when a complete listing no longer had it; NULL again if it comes back",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("id", name="wechat_contacts_pkey"),
        schema="wp",
        comment="微信好友 / contacts of the work WeChat accounts",
    )
    op.create_index(
        "wechat_contacts_agent_wx_no_wx_no_idx",
        "wechat_contacts",
        ["agent_wx_no", "wx_no"],
        unique=False,
        schema="wp",
    )
    op.create_index(
        "wechat_contacts_created_at_idx",
        "wechat_contacts",
        ["created_at"],
        unique=False,
        schema="wp",
    )
    op.create_index(
        "wechat_contacts_wx_no_idx", "wechat_contacts", ["wx_no"], unique=False, schema="wp"
    )
    op.create_table(
        "wechat_messages",
        sa.Column("id", sa.Text(), nullable=False, comment="主键 / the vendor's id"),
        sa.Column("chat_id", sa.Text(), nullable=True, comment="会话编号 / the chat"),
        sa.Column("sender_id", sa.Text(), nullable=True, comment="发送人编号 / the sender"),
        sa.Column(
            "msg_type",
            sa.Text(),
            nullable=True,
            comment="消息类型代码（原样） / the vendor's type code, as sent",
        ),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="消息种类，如 text、image、transfer / kind of message, e.g. text, image, transfer",
        ),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="发送时间 / when it was sent",
        ),
        sa.Column(
            "sent_on",
            sa.Date(),
            nullable=True,
            comment="发送日期（上海） / the day it was sent (Shanghai)",
        ),
        sa.Column(
            "device_msg_id",
            sa.Text(),
            nullable=True,
            comment="手机上的消息编号 / the message's id on the phone",
        ),
        sa.Column(
            "server_msg_id",
            sa.Text(),
            nullable=True,
            comment="微信服务器的消息编号 / the message's id on WeChat's server",
        ),
        sa.Column(
            "sent_by_agent",
            sa.Boolean(),
            nullable=True,
            comment="是否由座席发送 / whether the agent sent it",
        ),
        sa.Column(
            "body",
            sa.Text(),
            nullable=True,
            comment="消息内容（原样） / the content exactly as sent",
        ),
        sa.Column(
            "plain_text",
            sa.Text(),
            nullable=True,
            comment="可读文本，用于检索 / what a person would read, made for search",
        ),
        sa.Column(
            "payload_ok",
            sa.Boolean(),
            nullable=False,
            comment="内容是否解析成功；否则原因见 wpsync.dead_letters / whether the payload could be read; if not, wpsync.dead_letters has the reason",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("id", name="wechat_messages_pkey"),
        schema="wp",
        comment="微信消息 / WeChat messages",
    )
    op.create_index(
        "wechat_messages_chat_id_sent_at_idx",
        "wechat_messages",
        ["chat_id", "sent_at"],
        unique=False,
        schema="wp",
    )
    op.create_index(
        "wechat_messages_sender_id_idx", "wechat_messages", ["sender_id"], unique=False, schema="wp"
    )
    op.create_index(
        "wechat_messages_sent_at_idx", "wechat_messages", ["sent_at"], unique=False, schema="wp"
    )
    op.create_table(
        "wechat_room_members",
        sa.Column("id", sa.Text(), nullable=False, comment="主键 / the vendor's id"),
        sa.Column("room_id", sa.Text(), nullable=True, comment="群编号 / the room"),
        sa.Column("nick", sa.Text(), nullable=True, comment="昵称 / nickname"),
        sa.Column("avatar_url", sa.Text(), nullable=True, comment="头像 / portrait"),
        sa.Column("wx_no", sa.Text(), nullable=True, comment="微信号 / WeChat number"),
        sa.Column(
            "is_agent",
            sa.Boolean(),
            nullable=False,
            comment="是否座席（厂商为否时不发送此字段） / whether an agent; absent means false",
        ),
        sa.Column(
            "agent_wx_no",
            sa.Text(),
            nullable=True,
            comment="座席微信号 / the agent's WeChat number",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="完整列表中不再出现的时间；重新出现则清空 / when a complete listing no longer had it; NULL again if it comes back",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("id", name="wechat_room_members_pkey"),
        schema="wp",
        comment="微信群成员 / members of WeChat rooms",
    )
    op.create_index(
        "wechat_room_members_agent_wx_no_idx",
        "wechat_room_members",
        ["agent_wx_no"],
        unique=False,
        schema="wp",
    )
    op.create_index(
        "wechat_room_members_room_id_idx",
        "wechat_room_members",
        ["room_id"],
        unique=False,
        schema="wp",
    )
    op.create_index(
        "wechat_room_members_wx_no_idx", "wechat_room_members", ["wx_no"], unique=False, schema="wp"
    )
    op.create_table(
        "wechat_rooms",
        sa.Column("id", sa.Text(), nullable=False, comment="主键 / the vendor's id"),
        sa.Column("imei", sa.Text(), nullable=True, comment="设备 IMEI / the device's IMEI"),
        sa.Column(
            "agent_wx_no",
            sa.Text(),
            nullable=True,
            comment="座席微信号 / the agent's WeChat number",
        ),
        sa.Column("name", sa.Text(), nullable=True, comment="群名称 / the room's name"),
        sa.Column("avatar_url", sa.Text(), nullable=True, comment="群头像 / the room's picture"),
        sa.Column(
            "owner_wx_no",
            sa.Text(),
            nullable=True,
            comment="群主微信号 / the owner's WeChat number",
        ),
        sa.Column(
            "member_count", sa.Integer(), nullable=True, comment="群成员数 / number of members"
        ),
        sa.Column(
            "member_ids",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="群成员编号 / the members' ids",
        ),
        sa.Column(
            "member_wx_nos",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="群成员微信号 / the members' WeChat numbers",
        ),
        sa.Column(
            "display_name",
            sa.Text(),
            nullable=True,
            comment="成员展示昵称（原样） / the members' names as shown",
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="完整列表中不再出现的时间；重新出现则清空 / when a complete listing no longer had it; NULL again if it comes back",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("id", name="wechat_rooms_pkey"),
        schema="wp",
        comment="微信群 / WeChat rooms (group chats)",
    )
    op.create_index(
        "wechat_rooms_agent_wx_no_idx", "wechat_rooms", ["agent_wx_no"], unique=False, schema="wp"
    )
    op.create_index(
        "wechat_rooms_owner_wx_no_idx", "wechat_rooms", ["owner_wx_no"], unique=False, schema="wp"
    )
    op.create_table(
        "wechat_users",
        sa.Column("id", sa.Text(), nullable=False, comment="主键 / the vendor's id"),
        sa.Column("imei", sa.Text(), nullable=True, comment="设备 IMEI / the device's IMEI"),
        sa.Column("phone", sa.Text(), nullable=True, comment="设备手机号 / the device's number"),
        sa.Column("wx_no", sa.Text(), nullable=True, comment="微信号 / WeChat number"),
        sa.Column("wx_alias", sa.Text(), nullable=True, comment="微信号（别名） / WeChat alias"),
        sa.Column(
            "wechat_version", sa.Text(), nullable=True, comment="微信版本号 / version of WeChat"
        ),
        sa.Column("nick", sa.Text(), nullable=True, comment="微信昵称 / nickname"),
        sa.Column("avatar_url", sa.Text(), nullable=True, comment="小头像地址 / small portrait"),
        sa.Column(
            "avatar_large_url", sa.Text(), nullable=True, comment="大头像地址 / large portrait"
        ),
        sa.Column(
            "_account",
            sa.Text(),
            nullable=False,
            comment="来源账号 / the configured account the row came from",
        ),
        sa.Column(
            "_first_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次写入时间 / when the row was first written",
        ),
        sa.Column(
            "_synced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="内容最近一次变化的读取时间（不是最近一次同步） / when the reading that last CHANGED the content was made (not the last sync)",
        ),
        sa.Column(
            "_deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="完整列表中不再出现的时间；重新出现则清空 / when a complete listing no longer had it; NULL again if it comes back",
        ),
        sa.Column(
            "_extra",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="厂商发送而本表未列出的字段 / what the vendor sent that has no column here",
        ),
        sa.PrimaryKeyConstraint("id", name="wechat_users_pkey"),
        schema="wp",
        comment="工作微信（登录在工作手机上的微信） / the WeChat accounts logged in on the work phones",
    )
    op.create_index("wechat_users_wx_no_idx", "wechat_users", ["wx_no"], unique=False, schema="wp")
    op.create_table(
        "dead_letters",
        sa.Column(
            "id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="编号 / number"
        ),
        sa.Column("account", sa.Text(), nullable=False, comment="账号 / account"),
        sa.Column("resource", sa.Text(), nullable=False, comment="资源 / resource"),
        sa.Column("record_id", sa.Text(), nullable=True, comment="记录编号 / the record's id"),
        sa.Column("reason", sa.Text(), nullable=False, comment="原因代码 / reason"),
        sa.Column("detail", sa.Text(), nullable=False, comment="说明 / the reason in words"),
        sa.Column(
            "original",
            sa.Text(),
            nullable=False,
            comment="原文（ASCII 转义的 JSON） / the original as ASCII JSON",
        ),
        sa.Column(
            "fingerprint", sa.Text(), nullable=False, comment="去重指纹 / tells a repetition"
        ),
        sa.Column(
            "first_seen_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次出现时间 / when it was first seen",
        ),
        sa.Column(
            "resolved_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="解决时间 / when it was taken after all",
        ),
        sa.Column(
            "run_id", sa.BigInteger(), nullable=True, comment="发现它的运行 / the run that found it"
        ),
        sa.PrimaryKeyConstraint("id", name="dead_letters_pkey"),
        sa.UniqueConstraint(
            "account", "resource", "fingerprint", name="dead_letters_fingerprint_key"
        ),
        schema="wpsync",
        comment="死信：未能接收的行及原因 / dead letters: what could not be taken, and why",
    )
    op.create_index(
        "dead_letters_open_idx",
        "dead_letters",
        ["resource", "record_id"],
        unique=False,
        schema="wpsync",
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "listings",
        sa.Column("account", sa.Text(), nullable=False, comment="账号 / account"),
        sa.Column("resource", sa.Text(), nullable=False, comment="资源 / resource"),
        sa.Column(
            "parent_id",
            sa.Text(),
            nullable=False,
            comment="上级编号（如群编号）；没有则为空串 / the parent's id (a room's), or empty",
        ),
        sa.Column(
            "vendor_count",
            sa.BigInteger(),
            nullable=True,
            comment="厂商给出的总数 / the vendor's count of rows",
        ),
        sa.Column(
            "rows_seen",
            sa.BigInteger(),
            nullable=False,
            comment="读到的不同行数 / distinct rows read",
        ),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="complete 完整，incomplete 不完整 / complete or incomplete",
        ),
        sa.Column(
            "reason", sa.Text(), nullable=True, comment="不完整的原因 / why it is incomplete"
        ),
        sa.Column(
            "fingerprint",
            sa.Text(),
            nullable=True,
            comment="上级内容指纹，变化才重读 / the parent's content when it was read",
        ),
        sa.Column(
            "read_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="最近读取时间 / when it was read last",
        ),
        sa.Column(
            "complete_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="最近一次完整读取的时间 / when it was last read completely",
        ),
        sa.Column(
            "run_id",
            sa.BigInteger(),
            nullable=True,
            comment="最近读取的运行 / the run that read it last",
        ),
        sa.PrimaryKeyConstraint("account", "resource", "parent_id", name="listings_pkey"),
        schema="wpsync",
        comment="列表类资源的读取账本 / the ledger of listings: resources that are read whole",
    )
    op.create_table(
        "plan",
        sa.Column("account", sa.Text(), nullable=False, comment="账号 / account"),
        sa.Column("resource", sa.Text(), nullable=False, comment="资源 / resource"),
        sa.Column(
            "starts_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="起（含） / start, inclusive",
        ),
        sa.Column(
            "ends_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="止（不含） / end, exclusive",
        ),
        sa.Column(
            "vendor_count",
            sa.BigInteger(),
            nullable=False,
            comment="厂商给出的总数 / the vendor's count of rows",
        ),
        sa.Column(
            "probed_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="探测时间 / when it was asked",
        ),
        sa.PrimaryKeyConstraint("account", "resource", "starts_at", "ends_at", name="plan_pkey"),
        schema="wpsync",
        comment="回填计划：各时间段的预计行数 / the backfill's plan: how many rows each stretch holds",
    )
    op.create_table(
        "runs",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=True),
            nullable=False,
            comment="运行编号 / run",
        ),
        sa.Column("account", sa.Text(), nullable=False, comment="账号 / account"),
        sa.Column("resource", sa.Text(), nullable=False, comment="资源 / resource"),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="sync 增量，backfill 回填 / sync or backfill"
        ),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="开始时间 / when it began",
        ),
        sa.Column(
            "finished_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="结束时间 / when it ended",
        ),
        sa.Column(
            "outcome",
            sa.Text(),
            nullable=False,
            comment="结果：running、done、incomplete、failed、interrupted / running, done, incomplete, failed or interrupted",
        ),
        sa.Column(
            "requests",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="请求次数 / requests made",
        ),
        sa.Column(
            "rows_read",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="读到的行数 / rows read",
        ),
        sa.Column(
            "rows_inserted",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="新增行数 / rows inserted",
        ),
        sa.Column(
            "rows_updated",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="更新行数 / rows updated",
        ),
        sa.Column(
            "dead_letters",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="未能接收的行数 / rows that could not be taken",
        ),
        sa.Column("error", sa.Text(), nullable=True, comment="错误 / what went wrong"),
        sa.PrimaryKeyConstraint("id", name="runs_pkey"),
        schema="wpsync",
        comment="每次运行 / runs: one execution for one resource",
    )
    op.create_index(
        "runs_account_resource_started_at_idx",
        "runs",
        ["account", "resource", "started_at"],
        unique=False,
        schema="wpsync",
    )
    op.create_table(
        "tokens",
        sa.Column("account", sa.Text(), nullable=False, comment="账号 / account"),
        sa.Column("access_token", sa.Text(), nullable=False, comment="访问令牌 / access token"),
        sa.Column("refresh_token", sa.Text(), nullable=False, comment="刷新令牌 / refresh token"),
        sa.Column(
            "encrypted",
            sa.Boolean(),
            nullable=False,
            comment="是否加密存储 / whether the tokens are encrypted",
        ),
        sa.Column(
            "issued_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="获取时间 / when the pair was issued",
        ),
        sa.Column(
            "renewed_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="最近续期时间 / when the access token was renewed last",
        ),
        sa.Column(
            "access_expires_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="访问令牌到期 / when the access token ends",
        ),
        sa.Column(
            "refresh_expires_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="刷新令牌到期 / when the refresh token ends",
        ),
        sa.Column(
            "credentials_hash",
            sa.Text(),
            nullable=False,
            comment="凭据指纹 / fingerprint of the credentials they came from",
        ),
        sa.Column(
            "paused_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="凭据被拒后暂停至 / no login is tried before",
        ),
        sa.Column(
            "failures",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="连续失败次数 / rejections in a row",
        ),
        sa.PrimaryKeyConstraint("account", name="tokens_pkey"),
        schema="wpsync",
        comment="令牌（每账号一行，各进程共用） / tokens: one pair per account, shared by all processes",
    )
    op.create_table(
        "watermarks",
        sa.Column("account", sa.Text(), nullable=False, comment="账号 / account"),
        sa.Column("resource", sa.Text(), nullable=False, comment="资源 / resource"),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="此前的数据都已读取过 / everything before it has been read at least once",
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="更新时间 / when it moved last",
        ),
        sa.PrimaryKeyConstraint("account", "resource", name="watermarks_pkey"),
        schema="wpsync",
        comment="增量水位 / how far the incremental sync has come",
    )
    op.create_table(
        "windows",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=True),
            nullable=False,
            comment="窗口编号 / window",
        ),
        sa.Column("account", sa.Text(), nullable=False, comment="账号 / account"),
        sa.Column("resource", sa.Text(), nullable=False, comment="资源 / resource"),
        sa.Column(
            "starts_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="起（含） / start, inclusive",
        ),
        sa.Column(
            "ends_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="止（不含） / end, exclusive",
        ),
        sa.Column(
            "vendor_count",
            sa.BigInteger(),
            nullable=True,
            comment="厂商给出的总数 / the vendor's count of rows",
        ),
        sa.Column(
            "rows_seen",
            sa.BigInteger(),
            nullable=False,
            comment="读到的不同行数 / distinct rows read",
        ),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="complete 完整，incomplete 不完整 / complete or incomplete",
        ),
        sa.Column(
            "reason", sa.Text(), nullable=True, comment="不完整的原因 / why it is incomplete"
        ),
        sa.Column(
            "attempts",
            sa.Integer(),
            server_default=sa.text("1"),
            nullable=False,
            comment="读取次数 / how often it was read",
        ),
        sa.Column(
            "read_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="最近读取时间 / when it was read last",
        ),
        sa.Column(
            "retry_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="下次重读时间 / when an incomplete window is due again",
        ),
        sa.Column(
            "run_id",
            sa.BigInteger(),
            nullable=True,
            comment="最近读取的运行 / the run that read it last",
        ),
        sa.CheckConstraint("starts_at < ends_at", name="windows_span_check"),
        sa.PrimaryKeyConstraint("id", name="windows_pkey"),
        sa.UniqueConstraint("account", "resource", "starts_at", name="windows_starts_at_key"),
        schema="wpsync",
        comment="账本：每段厂商时间与厂商总数的对账 / the ledger: every stretch of vendor time read, against the vendor's count",
    )
    op.create_index(
        "windows_ends_at_idx",
        "windows",
        ["account", "resource", "ends_at"],
        unique=False,
        schema="wpsync",
    )


def downgrade() -> None:
    op.drop_index("windows_ends_at_idx", table_name="windows", schema="wpsync")
    op.drop_table("windows", schema="wpsync")
    op.drop_table("watermarks", schema="wpsync")
    op.drop_table("tokens", schema="wpsync")
    op.drop_index("runs_account_resource_started_at_idx", table_name="runs", schema="wpsync")
    op.drop_table("runs", schema="wpsync")
    op.drop_table("plan", schema="wpsync")
    op.drop_table("listings", schema="wpsync")
    op.drop_index(
        "dead_letters_open_idx",
        table_name="dead_letters",
        schema="wpsync",
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.drop_table("dead_letters", schema="wpsync")
    op.drop_index("wechat_users_wx_no_idx", table_name="wechat_users", schema="wp")
    op.drop_table("wechat_users", schema="wp")
    op.drop_index("wechat_rooms_owner_wx_no_idx", table_name="wechat_rooms", schema="wp")
    op.drop_index("wechat_rooms_agent_wx_no_idx", table_name="wechat_rooms", schema="wp")
    op.drop_table("wechat_rooms", schema="wp")
    op.drop_index("wechat_room_members_wx_no_idx", table_name="wechat_room_members", schema="wp")
    op.drop_index("wechat_room_members_room_id_idx", table_name="wechat_room_members", schema="wp")
    op.drop_index(
        "wechat_room_members_agent_wx_no_idx", table_name="wechat_room_members", schema="wp"
    )
    op.drop_table("wechat_room_members", schema="wp")
    op.drop_index("wechat_messages_sent_at_idx", table_name="wechat_messages", schema="wp")
    op.drop_index("wechat_messages_sender_id_idx", table_name="wechat_messages", schema="wp")
    op.drop_index("wechat_messages_chat_id_sent_at_idx", table_name="wechat_messages", schema="wp")
    op.drop_table("wechat_messages", schema="wp")
    op.drop_index("wechat_contacts_wx_no_idx", table_name="wechat_contacts", schema="wp")
    op.drop_index("wechat_contacts_created_at_idx", table_name="wechat_contacts", schema="wp")
    op.drop_index(
        "wechat_contacts_agent_wx_no_wx_no_idx", table_name="wechat_contacts", schema="wp"
    )
    op.drop_table("wechat_contacts", schema="wp")
    op.drop_index("wechat_chats_room_id_idx", table_name="wechat_chats", schema="wp")
    op.drop_index("wechat_chats_contact_wx_no_idx", table_name="wechat_chats", schema="wp")
    op.drop_index(
        "wechat_chats_agent_wx_no_contact_wx_no_idx", table_name="wechat_chats", schema="wp"
    )
    op.drop_table("wechat_chats", schema="wp")
    op.drop_index("sms_sent_at_idx", table_name="sms", schema="wp")
    op.drop_index("sms_contact_tel_idx", table_name="sms", schema="wp")
    op.drop_index("sms_agent_id_sent_at_idx", table_name="sms", schema="wp")
    op.drop_table("sms", schema="wp")
    op.drop_index("message_transfers_transfer_id_idx", table_name="message_transfers", schema="wp")
    op.drop_index("message_transfers_sent_at_idx", table_name="message_transfers", schema="wp")
    op.drop_table("message_transfers", schema="wp")
    op.drop_index("message_room_events_sent_at_idx", table_name="message_room_events", schema="wp")
    op.drop_table("message_room_events", schema="wp")
    op.drop_index("message_red_packets_sent_at_idx", table_name="message_red_packets", schema="wp")
    op.drop_index(
        "message_red_packets_pay_msg_id_idx", table_name="message_red_packets", schema="wp"
    )
    op.drop_table("message_red_packets", schema="wp")
    op.drop_index("message_recalls_sent_at_idx", table_name="message_recalls", schema="wp")
    op.drop_table("message_recalls", schema="wp")
    op.drop_index("message_notices_sent_at_idx", table_name="message_notices", schema="wp")
    op.drop_index("message_notices_pay_id_idx", table_name="message_notices", schema="wp")
    op.drop_table("message_notices", schema="wp")
    op.drop_index("message_media_sent_at_idx", table_name="message_media", schema="wp")
    op.drop_table("message_media", schema="wp")
    op.drop_index("message_locations_sent_at_idx", table_name="message_locations", schema="wp")
    op.drop_table("message_locations", schema="wp")
    op.drop_index("message_links_sent_at_idx", table_name="message_links", schema="wp")
    op.drop_table("message_links", schema="wp")
    op.drop_index(
        "message_group_collections_sent_at_idx", table_name="message_group_collections", schema="wp"
    )
    op.drop_index(
        "message_group_collections_bill_no_idx", table_name="message_group_collections", schema="wp"
    )
    op.drop_table("message_group_collections", schema="wp")
    op.drop_index(
        "message_group_collection_reminders_sent_at_idx",
        table_name="message_group_collection_reminders",
        schema="wp",
    )
    op.drop_index(
        "message_group_collection_reminders_pay_id_idx",
        table_name="message_group_collection_reminders",
        schema="wp",
    )
    op.drop_table("message_group_collection_reminders", schema="wp")
    op.drop_index(
        "message_group_collection_payers_payer_wx_no_idx",
        table_name="message_group_collection_payers",
        schema="wp",
    )
    op.drop_table("message_group_collection_payers", schema="wp")
    op.drop_index("message_cards_wx_no_idx", table_name="message_cards", schema="wp")
    op.drop_index("message_cards_sent_at_idx", table_name="message_cards", schema="wp")
    op.drop_table("message_cards", schema="wp")
    op.drop_index("history_valid_to_idx", table_name="history", schema="wp")
    op.drop_table("history", schema="wp")
    op.drop_index("customers_phone_idx", table_name="customers", schema="wp")
    op.drop_table("customers", schema="wp")
    op.drop_table("customer_fields", schema="wp")
    op.drop_index("calls_local_tel_idx", table_name="calls", schema="wp")
    op.drop_index("calls_contact_tel_idx", table_name="calls", schema="wp")
    op.drop_index("calls_began_at_idx", table_name="calls", schema="wp")
    op.drop_index("calls_agent_id_began_at_idx", table_name="calls", schema="wp")
    op.drop_table("calls", schema="wp")
    op.drop_table("agents", schema="wp")
    op.drop_index(
        "agent_call_totals_agent_id_as_of_idx", table_name="agent_call_totals", schema="wp"
    )
    op.drop_table("agent_call_totals", schema="wp")
    op.drop_index("agent_call_days_day_idx", table_name="agent_call_days", schema="wp")
    op.drop_index("agent_call_days_agent_id_day_idx", table_name="agent_call_days", schema="wp")
    op.drop_table("agent_call_days", schema="wp")

"""What `/api/report/…` says of one agent: call totals, and calls by day."""

from wpsync import values
from wpsync.resources.spec import Column, Harmless, Mode, Resource, SqlType, Table

AGENT_CALL_TOTALS = Resource(
    name="agent_call_totals",
    zh="座席通话汇总",
    en="Agent call totals",
    endpoint="/api/report/callReport",
    mode=Mode.REPORT,
    family="other",
    parent="agents",
    parent_filter="agentId",
    table=Table(
        "agent_call_totals",
        "座席通话总数（每座席每读取日一行）",
        "call totals, one row per agent and day they were read on",
        (
            Column(
                "id",
                SqlType.TEXT,
                ("id",),
                values.text,
                "座席编号:日期",
                "agent_id:as_of",
                personal=Harmless.ID,
            ),
            Column(
                "agent_id",
                SqlType.TEXT,
                ("agent_id",),
                values.text,
                "座席编号",
                "the agent",
                personal=Harmless.ID,
            ),
            Column(
                "as_of",
                SqlType.DAY,
                ("as_of",),
                values.day,
                "读取日期（上海）",
                "the day of reading (Shanghai)",
            ),
            Column(
                "today",
                SqlType.INTEGER,
                ("today",),
                values.integer,
                "当日通话总数",
                "calls on that day so far",
            ),
            Column(
                "last_7_days",
                SqlType.INTEGER,
                ("late7",),
                values.integer,
                "近 7 天通话总数",
                "calls in the last 7 days",
            ),
            Column(
                "last_30_days",
                SqlType.INTEGER,
                ("late30",),
                values.integer,
                "近 30 天通话总数",
                "calls in the last 30 days",
            ),
        ),
        indexes=(("agent_id", "as_of"),),
    ),
)

AGENT_CALL_DAYS = Resource(
    name="agent_call_days",
    zh="座席每日通话",
    en="Agent call days",
    endpoint="/api/report/callDetail",
    mode=Mode.REPORT,
    family="other",
    parent="agents",
    parent_filter="agentId",
    requests_per_parent=2,
    table=Table(
        "agent_call_days",
        "座席每日通话（厂商统计）",
        "calls by agent and day, as the vendor counts them",
        (
            Column(
                "id",
                SqlType.TEXT,
                ("id",),
                values.text,
                "座席编号:日期",
                "agent_id:day",
                personal=Harmless.ID,
            ),
            Column(
                "agent_id",
                SqlType.TEXT,
                ("agent_id",),
                values.text,
                "座席编号",
                "the agent",
                personal=Harmless.ID,
            ),
            Column("day", SqlType.DAY, ("date",), values.day, "日期（上海）", "the day (Shanghai)"),
            Column(
                "calls_in", SqlType.INTEGER, ("in",), values.integer, "呼入次数", "incoming calls"
            ),
            Column(
                "calls_out", SqlType.INTEGER, ("out",), values.integer, "呼出次数", "outgoing calls"
            ),
            Column(
                "seconds_in",
                SqlType.INTEGER,
                ("inDuration",),
                values.seconds,
                "呼入通话秒数",
                "seconds of incoming calls",
            ),
            Column(
                "seconds_out",
                SqlType.INTEGER,
                ("outDuration",),
                values.seconds,
                "呼出通话秒数",
                "seconds of outgoing calls",
            ),
            Column(
                "connected_in",
                SqlType.INTEGER,
                ("inConnect",),
                values.integer,
                "呼入接通次数；厂商只给当日，其余为空",
                "answered incoming calls; NULL but for days the vendor told",
            ),
            Column(
                "connected_out",
                SqlType.INTEGER,
                ("outConnect",),
                values.integer,
                "呼出接通次数；厂商只给当日，其余为空",
                "answered outgoing calls; NULL but for days the vendor told",
            ),
        ),
        indexes=(("agent_id", "day"), ("day",)),
        inherits=("connected_in", "connected_out"),
    ),
)

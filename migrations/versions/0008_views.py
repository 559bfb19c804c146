"""The views made for dashboards

Revision: 0008, after 0007

What a dashboard asks is one agent, or one customer, and a span of days. So every view shows the day
in Shanghai, and reaches its rows by the agent's chats and the day. The messages' index by chat and
time has the day in it for that; it serves what the old one served.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SETTINGS = """
CREATE TABLE wp_bi.working_hours (
    weekday smallint PRIMARY KEY CHECK (weekday BETWEEN 1 AND 7), begins time NOT NULL, ends time NOT NULL,
    CHECK (begins < ends));
CREATE TABLE wp_bi.special_days (day date PRIMARY KEY, works boolean NOT NULL);
INSERT INTO wp_bi.working_hours SELECT n, '09:00', '18:00' FROM generate_series(1, 5) n;
"""

WORKING_SECONDS = """
CREATE FUNCTION wp_bi.working_seconds(since timestamptz, until timestamptz) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(sum(extract(epoch FROM least(s.ends, until) - greatest(s.begins, since))), 0)::integer
    FROM (SELECT (d.day + h.begins) AT TIME ZONE 'Asia/Shanghai' AS begins,
                 (d.day + h.ends) AT TIME ZONE 'Asia/Shanghai' AS ends
          FROM (SELECT (since AT TIME ZONE 'Asia/Shanghai')::date + n AS day
                FROM generate_series(0, (until AT TIME ZONE 'Asia/Shanghai')::date
                                        - (since AT TIME ZONE 'Asia/Shanghai')::date) n) d
          LEFT JOIN wp_bi.special_days x ON x.day = d.day
          JOIN wp_bi.working_hours h
            ON h.weekday = CASE WHEN x.works THEN (SELECT min(weekday) FROM wp_bi.working_hours)
                                ELSE extract(isodow FROM d.day) END
          WHERE x.works IS DISTINCT FROM false) s
    WHERE s.ends > since AND s.begins < until
$$
"""

WECHAT_AGENTS = """
CREATE VIEW wp_bi.wechat_agents AS
WITH RECURSIVE numbers(wx) AS (
    SELECT min(agent_wx_no) FROM wp.wechat_chats
    UNION ALL
    SELECT (SELECT min(c.agent_wx_no) FROM wp.wechat_chats c WHERE c.agent_wx_no > n.wx) FROM numbers n
    WHERE n.wx IS NOT NULL
), known AS (
    SELECT wx FROM numbers WHERE wx IS NOT NULL
    UNION SELECT wx_no FROM wp.wechat_users WHERE wx_no IS NOT NULL
)
SELECT k.wx AS agent_wx_no, coalesce(a.id, k.wx) AS agent, a.id AS agent_id, coalesce(a.name, u.nick) AS agent_name,
       u.nick AS agent_nick
FROM known k
LEFT JOIN LATERAL (SELECT nick, phone FROM wp.wechat_users WHERE wx_no = k.wx
                   ORDER BY _deleted_at IS NOT NULL, _first_synced_at DESC, id LIMIT 1) u ON true
LEFT JOIN LATERAL (SELECT id, name FROM wp.agents WHERE phone = u.phone
                   ORDER BY _deleted_at IS NOT NULL, id LIMIT 1) a ON true
"""

CALL_FACTS = """
CREATE VIEW wp_bi.call_facts AS
SELECT c.id AS call_id, c.agent_id AS agent, c.agent_id, coalesce(a.name, c.agent_name) AS agent_name, c.direction,
       c.connected AS answered, c.direction = 'in' AND c.connected IS NOT TRUE AS lost, c.local_tel, c.contact_tel,
       c.contact_name, c.began_at, c.ended_at, (c.began_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
       extract(hour FROM c.began_at AT TIME ZONE 'Asia/Shanghai')::integer AS hour,
       extract(isodow FROM c.began_at AT TIME ZONE 'Asia/Shanghai')::integer AS weekday,
       CASE WHEN c.connected THEN c.duration_seconds ELSE 0 END AS talk_seconds,
       round(CASE WHEN c.connected THEN c.duration_seconds ELSE 0 END / 60.0, 2) AS talk_minutes,
       c.recording_url, c.recording_status
FROM wp.calls c LEFT JOIN wp.agents a ON a.id = c.agent_id
"""

# One contact can be listed twice (lost, and won again): the one that is there now gives the nick.
_CONTACT = """LEFT JOIN LATERAL (SELECT nick FROM wp.wechat_contacts
                   WHERE agent_wx_no = c.agent_wx_no AND wx_no = c.contact_wx_no
                   ORDER BY _deleted_at IS NOT NULL, created_at DESC, id LIMIT 1) k ON true"""
_ROOM_OF = "LEFT JOIN wp.wechat_rooms r ON r.id = c.room_id"
_PEOPLE = (
    "c.agent_wx_no, w.agent, w.agent_id, w.agent_name, c.contact_wx_no, k.nick AS contact_nick"
)
_WHO = f"{_PEOPLE}, c.room_id, r.name AS room_name"

MESSAGE_FACTS = f"""
CREATE VIEW wp_bi.message_facts AS
SELECT m.id AS message_id, m.chat_id, c.chat_type, {_WHO}, m.sent_at, m.sent_on AS day,
       extract(hour FROM m.sent_at AT TIME ZONE 'Asia/Shanghai')::integer AS hour, m.sent_by_agent,
       CASE WHEN m.sent_by_agent THEN coalesce(w.agent_nick, w.agent_name)
            WHEN c.chat_type = 'single' THEN k.nick
            ELSE (SELECT p.nick FROM wp.wechat_room_members p WHERE p.id = m.sender_id) END AS sender_nick,
       m.kind, m.plain_text
FROM wp.wechat_messages m
LEFT JOIN wp.wechat_chats c ON c.id = m.chat_id
LEFT JOIN wp_bi.wechat_agents w ON w.agent_wx_no = c.agent_wx_no
{_CONTACT} {_ROOM_OF}
"""

AGENT_DAILY = """
CREATE VIEW wp_bi.agent_daily AS
WITH events AS (
    SELECT agent_id AS agent, (began_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
           (direction = 'in')::integer AS calls_in, (direction = 'out')::integer AS calls_out,
           connected::integer AS calls_answered, CASE WHEN connected THEN duration_seconds END AS talk_seconds,
           0 AS sms_in, 0 AS sms_out, 0 AS messages_sent, 0 AS messages_received,
           CASE WHEN connected THEN 'tel:' || contact_tel END AS person, 0 AS contacts_gained, 0 AS contacts_lost
    FROM wp.calls
    UNION ALL
    SELECT agent_id, (sent_at AT TIME ZONE 'Asia/Shanghai')::date, 0, 0, 0, 0, (direction = 'in')::integer,
           (direction = 'out')::integer, 0, 0, NULL, 0, 0
    FROM wp.sms
    UNION ALL
    SELECT w.agent, m.sent_on, 0, 0, 0, 0, 0, 0, m.sent_by_agent::integer, (NOT m.sent_by_agent)::integer,
           CASE WHEN c.chat_type = 'single' THEN 'wx:' || c.contact_wx_no END, 0, 0
    FROM wp_bi.wechat_agents w JOIN wp.wechat_chats c ON c.agent_wx_no = w.agent_wx_no
    JOIN wp.wechat_messages m ON m.chat_id = c.id
    UNION ALL
    SELECT w.agent, (k.created_at AT TIME ZONE 'Asia/Shanghai')::date, 0, 0, 0, 0, 0, 0, 0, 0, NULL, 1, 0
    FROM wp_bi.wechat_agents w JOIN wp.wechat_contacts k ON k.agent_wx_no = w.agent_wx_no
    WHERE k.created_at IS NOT NULL
    UNION ALL
    SELECT w.agent, (k._deleted_at AT TIME ZONE 'Asia/Shanghai')::date, 0, 0, 0, 0, 0, 0, 0, 0, NULL, 0, 1
    FROM wp_bi.wechat_agents w JOIN wp.wechat_contacts k ON k.agent_wx_no = w.agent_wx_no
    WHERE k._deleted_at IS NOT NULL
), days AS (
    SELECT agent, day, sum(calls_in)::integer AS calls_in, sum(calls_out)::integer AS calls_out,
           sum(calls_answered)::integer AS calls_answered, coalesce(sum(talk_seconds), 0)::integer AS talk_seconds,
           sum(sms_in)::integer AS sms_in, sum(sms_out)::integer AS sms_out,
           sum(messages_sent)::integer AS messages_sent, sum(messages_received)::integer AS messages_received,
           count(DISTINCT person)::integer AS contacts_talked_to, sum(contacts_gained)::integer AS contacts_gained,
           sum(contacts_lost)::integer AS contacts_lost
    FROM events WHERE agent IS NOT NULL AND day IS NOT NULL GROUP BY agent, day
)
SELECT d.agent, d.day, a.id AS agent_id,
       coalesce(a.name, (SELECT u.nick FROM wp.wechat_users u WHERE u.wx_no = d.agent
                         ORDER BY u._deleted_at IS NOT NULL, u._first_synced_at DESC, u.id LIMIT 1)) AS agent_name,
       d.calls_in, d.calls_out, d.calls_answered, d.talk_seconds, d.sms_in, d.sms_out, d.messages_sent,
       d.messages_received, d.contacts_talked_to, d.contacts_gained, d.contacts_lost
FROM days d LEFT JOIN wp.agents a ON a.id = d.agent
"""

RESPONSE_TIMES = f"""
CREATE VIEW wp_bi.response_times AS
SELECT m.id AS message_id, m.chat_id, {_PEOPLE},
       m.sent_at AS asked_at, m.sent_on AS day, reply.id AS reply_id, reply.sent_at AS answered_at,
       extract(epoch FROM reply.sent_at - m.sent_at)::integer AS seconds,
       wp_bi.working_seconds(m.sent_at, reply.sent_at) AS working_seconds,
       coalesce(before.sent_by_agent, true) AS begins_turn
FROM wp.wechat_messages m
JOIN wp.wechat_chats c ON c.id = m.chat_id AND c.chat_type = 'single'
LEFT JOIN wp_bi.wechat_agents w ON w.agent_wx_no = c.agent_wx_no
{_CONTACT}
CROSS JOIN LATERAL (SELECT x.id, x.sent_at FROM wp.wechat_messages x
                    WHERE x.chat_id = m.chat_id AND x.sent_on >= m.sent_on AND x.sent_on <= m.sent_on + 30
                      AND x.sent_at > m.sent_at AND x.sent_by_agent
                    ORDER BY x.sent_on, x.sent_at, x.id LIMIT 1) reply
LEFT JOIN LATERAL (SELECT x.sent_by_agent FROM wp.wechat_messages x
                   WHERE x.chat_id = m.chat_id AND x.sent_on <= m.sent_on AND x.sent_at < m.sent_at
                   ORDER BY x.sent_on DESC, x.sent_at DESC, x.id DESC LIMIT 1) before ON true
WHERE m.sent_by_agent = false
"""

# Of the messages of one transfer the one that sent it stands for all; a receipt where that was not seen.
_FIRST = """NOT EXISTS (SELECT FROM wp.message_transfers o WHERE o.transfer_id = t.transfer_id
                   AND (coalesce(o.transfer_type NOT IN (1, 7), true), o.sent_at, o.message_id)
                     < (coalesce(t.transfer_type NOT IN (1, 7), true), t.sent_at, t.message_id))"""
_STATUS = """CASE (SELECT max(array_position(ARRAY['unclaimed', 'claimed_pending', 'received', 'claimed', 'refunded'],
                                       o.claim_kind)) FROM wp.message_transfers o
            WHERE o.message_id = t.message_id OR o.transfer_id = t.transfer_id)
       WHEN 1 THEN 'unclaimed' WHEN 2 THEN 'claimed_pending' WHEN 3 THEN 'claimed' WHEN 4 THEN 'claimed'
       WHEN 5 THEN 'refunded' END"""

# Each arm of a union is one plain table, so that it can be reached by the messages of one agent's days.
MONEY_FLOWS = f"""
CREATE VIEW wp_bi.money_flows AS
WITH flows AS (
    SELECT message_id, 'transfer' AS kind, NULL AS payer_wx_no, NULL::numeric AS share, NULL::boolean AS paid,
           NULL AS title FROM wp.message_transfers
    UNION ALL
    SELECT message_id, 'red_packet', NULL, NULL, claimed, sender_title FROM wp.message_red_packets
    UNION ALL
    SELECT message_id, 'group_collection', payer_wx_no, amount, paid, NULL FROM wp.message_group_collection_payers
)
SELECT f.message_id || coalesce(':' || f.payer_wx_no, '') AS flow_id, f.kind, f.message_id, m.chat_id, {_WHO},
       m.sent_at, m.sent_on AS day,
       CASE WHEN f.kind = 'group_collection'
            THEN CASE WHEN f.payer_wx_no = c.agent_wx_no THEN 'out' WHEN g.initiator_wx_no = c.agent_wx_no THEN 'in' END
            WHEN m.sent_by_agent <> coalesce(t.transfer_type NOT IN (1, 7), false) THEN 'out'
            WHEN m.sent_by_agent = coalesce(t.transfer_type NOT IN (1, 7), false) THEN 'in' END AS direction,
       coalesce(t.amount, f.share) AS amount,
       CASE f.kind WHEN 'transfer' THEN {_STATUS}
                   WHEN 'red_packet' THEN CASE WHEN f.paid THEN 'claimed' WHEN NOT f.paid THEN 'unclaimed' END
                   ELSE CASE WHEN f.paid THEN 'paid' ELSE 'unpaid' END END AS status,
       t.transfer_id, f.payer_wx_no, coalesce(t.memo, g.title, f.title) AS memo
FROM flows f
JOIN wp.wechat_messages m ON m.id = f.message_id
LEFT JOIN wp.wechat_chats c ON c.id = m.chat_id
LEFT JOIN wp_bi.wechat_agents w ON w.agent_wx_no = c.agent_wx_no
LEFT JOIN wp.message_transfers t ON f.kind = 'transfer' AND t.message_id = f.message_id
LEFT JOIN wp.message_group_collections g ON f.kind = 'group_collection' AND g.message_id = f.message_id
{_CONTACT} {_ROOM_OF}
WHERE t.transfer_id IS NULL OR {_FIRST}
"""

RISK_EVENTS = f"""
CREATE VIEW wp_bi.risk_events AS
WITH events AS (
    SELECT message_id, 'red_packet' AS event FROM wp.message_red_packets
    UNION ALL SELECT message_id, 'transfer' FROM wp.message_transfers
    UNION ALL SELECT message_id, 'group_collection' FROM wp.message_group_collections
    UNION ALL SELECT message_id, 'card_shared' FROM wp.message_cards
    UNION ALL SELECT message_id, 'recalled' FROM wp.message_recalls
)
SELECT e.event || ':' || e.message_id AS event_id, e.event, m.sent_at AS at, m.sent_on AS day, {_WHO},
       m.sent_by_agent AS by_agent,
       CASE e.event WHEN 'transfer' THEN t.amount
                    WHEN 'group_collection' THEN (SELECT sum(y.amount) FROM wp.message_group_collection_payers y
                                                  WHERE y.message_id = e.message_id) END AS amount,
       CASE e.event WHEN 'recalled' THEN (SELECT x.previous_content FROM wp.message_recalls x
                                          WHERE x.message_id = e.message_id)
                    WHEN 'card_shared' THEN (SELECT x.nick FROM wp.message_cards x WHERE x.message_id = e.message_id)
                    ELSE m.plain_text END AS said,
       e.message_id, m.chat_id
FROM events e
JOIN wp.wechat_messages m ON m.id = e.message_id
LEFT JOIN wp.wechat_chats c ON c.id = m.chat_id
LEFT JOIN wp_bi.wechat_agents w ON w.agent_wx_no = c.agent_wx_no
LEFT JOIN wp.message_transfers t ON e.event = 'transfer' AND t.message_id = e.message_id
{_CONTACT} {_ROOM_OF}
WHERE (e.event <> 'card_shared' OR m.sent_by_agent) AND (t.transfer_id IS NULL OR {_FIRST})
UNION ALL
SELECT 'contact_lost:' || k.id, 'contact_lost', k._deleted_at, (k._deleted_at AT TIME ZONE 'Asia/Shanghai')::date,
       k.agent_wx_no, w.agent, w.agent_id, w.agent_name, k.wx_no, k.nick, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM wp.wechat_contacts k LEFT JOIN wp_bi.wechat_agents w ON w.agent_wx_no = k.agent_wx_no
WHERE k._deleted_at IS NOT NULL
"""

# The newest row was found by reading whole tables; the end of an index tells it as well.
FRESHNESS = """
CREATE OR REPLACE VIEW wp_bi.data_freshness AS
WITH known AS (
    SELECT account, resource FROM wpsync.watermarks
    UNION SELECT account, resource FROM wpsync.windows
    UNION SELECT account, resource FROM wpsync.listings
), broken AS (
    SELECT account, resource, min(starts_at) AS at FROM wpsync.windows WHERE state <> 'complete' GROUP BY 1, 2
), listed AS (
    SELECT account, resource, min(complete_at) AS at FROM wpsync.listings GROUP BY 1, 2
)
SELECT k.account, k.resource,
       CASE k.resource
           WHEN 'calls' THEN (SELECT began_at FROM wp.calls WHERE _account = k.account AND began_at IS NOT NULL
                              ORDER BY began_at DESC LIMIT 1)
           WHEN 'sms' THEN (SELECT sent_at FROM wp.sms WHERE _account = k.account AND sent_at IS NOT NULL
                            ORDER BY sent_at DESC LIMIT 1)
           WHEN 'wechat_messages' THEN (SELECT sent_at FROM wp.wechat_messages WHERE _account = k.account
                                        AND sent_at IS NOT NULL ORDER BY sent_at DESC LIMIT 1)
       END AS newest_row,
       coalesce(w.at, l.at) AS watermark,
       round((extract(epoch FROM clock_timestamp() - coalesce(w.at, l.at)) / 60)::numeric, 1) AS minutes_behind,
       least(coalesce(w.at, l.at), b.at) AS complete_up_to
FROM known k LEFT JOIN wpsync.watermarks w USING (account, resource) LEFT JOIN listed l USING (account, resource)
LEFT JOIN broken b USING (account, resource)
"""

_AGENT = {
    "agent": "座席标识：座席编号；微信号对应不到座席时为该微信号 / the agent: its id, or the WeChat number where no agent has it",
    "agent_id": "座席编号；对应不到时为空 / the agent''s id, where known",
    "agent_name": "座席当前姓名（对应不到时为微信昵称） / the agent''s present name, or the WeChat nickname",
}
_WECHAT = {
    "agent_wx_no": "座席微信号 / the agent''s WeChat number",
    **_AGENT,
    "contact_wx_no": "客户微信号（单聊） / the customer''s WeChat number (single chats)",
    "contact_nick": "客户当前昵称 / the customer''s present nickname",
}
_ROOM = {
    "room_id": "群编号（群聊） / the room''s id (group chats)",
    "room_name": "群名称 / the room''s name",
}
_DAY = "日期（上海） / the day in Shanghai"

COMMENTS = {
    "wechat_agents": (
        "座席微信号与座席的对应：微信号 → 工作手机号 → 座席手机号 / which agent a WeChat number belongs to: by the phone''s number",
        {
            "agent_wx_no": "座席微信号 / the agent''s WeChat number",
            **_AGENT,
            "agent_nick": "工作微信昵称 / the WeChat account''s nickname",
        },
    ),
    "call_facts": (
        "通话明细。已接：connected 为真；未接来电（lost）：呼入且未接通；通话时长：仅计已接通话的秒数"
        " / calls. Answered: the call was connected; lost: incoming and not connected; talk time: the seconds of connected calls only",
        {
            "call_id": "通话编号 / the call",
            **_AGENT,
            "direction": "in 呼入，out 呼出 / in or out",
            "answered": "是否接通 / whether it was connected",
            "lost": "是否未接来电：呼入且未接通 / incoming and not connected",
            "local_tel": "工作手机号 / the work phone''s number",
            "contact_tel": "对方号码 / the other number",
            "contact_name": "对方姓名 / the other''s name",
            "began_at": "开始时间 / when it began",
            "ended_at": "结束时间 / when it ended",
            "day": _DAY,
            "hour": "小时（上海，0–23） / hour in Shanghai, 0 to 23",
            "weekday": "星期（1 周一 … 7 周日） / weekday, 1 Monday to 7 Sunday",
            "talk_seconds": "通话时长（秒），未接通为 0 / seconds talked, 0 where not connected",
            "talk_minutes": "通话时长（分钟） / minutes talked",
            "recording_url": "录音地址 / the recording",
            "recording_status": "录音状态 / what became of the recording",
        },
    ),
    "message_facts": (
        "微信消息明细，含座席、客户、群与发送人昵称 / WeChat messages with agent, customer, room and sender",
        {
            "message_id": "消息编号 / the message",
            "chat_id": "会话编号 / the chat",
            "chat_type": "single 单聊，group 群聊 / single or group",
            **_WECHAT,
            **_ROOM,
            "sent_at": "发送时间 / when it was sent",
            "day": _DAY,
            "hour": "小时（上海，0–23） / hour in Shanghai, 0 to 23",
            "sent_by_agent": "是否座席发送 / whether the agent sent it",
            "sender_nick": "发送人昵称 / the sender''s nickname",
            "kind": "消息类型 / kind of message",
            "plain_text": "可读文本 / what a person reads",
        },
    ),
    "agent_daily": (
        "座席每日汇总。消息按会话所属座席微信计（群聊含他人发言）；客户流失：完整的联系人列表中不再出现的当天"
        " / one row per agent and day. Messages count for the agent of their chat; a contact is lost on the day a complete listing lacked it",
        {
            **_AGENT,
            "day": _DAY,
            "calls_in": "呼入通话数 / incoming calls",
            "calls_out": "呼出通话数 / outgoing calls",
            "calls_answered": "接通数（呼入与呼出） / connected calls, either way",
            "talk_seconds": "接通通话的总秒数 / seconds of connected calls",
            "sms_in": "收到短信数 / SMS received",
            "sms_out": "发出短信数 / SMS sent",
            "messages_sent": "座席发送的微信消息数 / WeChat messages the agent sent",
            "messages_received": "他人发送的微信消息数（含群聊） / WeChat messages of others, groups included",
            "contacts_talked_to": "联系过的人数：单聊有消息的微信客户，加接通过的电话号码 / people: customers with a message in a single chat, and numbers with a connected call",
            "contacts_gained": "新增微信联系人（按添加时间） / contacts added, by their creation time",
            "contacts_lost": "流失微信联系人 / contacts lost",
        },
    ),
    "response_times": (
        "客户消息的响应时间：单聊中客户消息之后 30 天内座席的第一条消息（必须晚于客户消息）"
        " / first replies: to each customer message of a single chat, the agent''s next message within 30 days, strictly later",
        {
            "message_id": "客户消息编号 / the customer''s message",
            "chat_id": "会话编号 / the chat",
            **_WECHAT,
            "asked_at": "客户消息时间 / when the customer wrote",
            "day": _DAY,
            "reply_id": "回复消息编号 / the reply",
            "answered_at": "回复时间 / when the agent replied",
            "seconds": "间隔秒数 / seconds until the reply",
            "working_seconds": "其中工作时间的秒数（见 working_hours 与 special_days） / of these, seconds of working time (see working_hours and special_days)",
            "begins_turn": "是否为一轮提问的第一条（其前一条不是客户消息） / whether it begins a turn: the message before was not the customer''s",
        },
    ),
    "money_flows": (
        "资金往来：每笔转账（含其收款、退款回执）只计一次，另有红包与群收款的每位付款人"
        " / money: each transfer once, whatever receipts it has; red packets; each payer of a group collection",
        {
            "flow_id": "往来编号 / the flow",
            "kind": "transfer 转账，red_packet 红包，group_collection 群收款 / transfer, red_packet or group_collection",
            "message_id": "消息编号 / the message",
            "chat_id": "会话编号 / the chat",
            **_WECHAT,
            **_ROOM,
            "sent_at": "发起时间 / when it was sent",
            "day": _DAY,
            "direction": "out 座席付出，in 座席收到 / out: the agent pays; in: the agent is paid",
            "amount": "金额（元）；红包金额未知 / yuan; unknown for red packets",
            "status": "最终状态：unclaimed、claimed_pending、claimed、refunded、paid、unpaid / how it ended",
            "transfer_id": "转账编号 / the transfer''s id",
            "payer_wx_no": "付款人微信号（群收款） / who pays (group collections)",
            "memo": "备注 / memo",
        },
    ),
    "risk_events": (
        "风险事件：红包、转账（只计一次）、群收款、座席发送的名片、撤回的消息、流失的联系人"
        " / events to look at: red packets, transfers (each once), collections, cards shared by an agent, recalled messages, contacts lost",
        {
            "event_id": "事件编号 / the event",
            "event": "事件类型：red_packet、transfer、group_collection、card_shared、recalled、contact_lost / what happened",
            "at": "时间 / when",
            "day": _DAY,
            **_WECHAT,
            **_ROOM,
            "by_agent": "是否座席所为 / whether the agent did it",
            "amount": "金额（元） / yuan",
            "said": "内容：撤回前的原文、名片昵称或消息文本 / what was said: before a recall, the card''s name, or the text",
            "message_id": "消息编号 / the message",
            "chat_id": "会话编号 / the chat",
        },
    ),
}
OTHERS = {
    "TABLE wp_bi.working_hours": "工作时间（由配置 bi 写入） / working hours, written from the configuration",
    "COLUMN wp_bi.working_hours.weekday": "星期（1 周一 … 7 周日） / weekday, 1 Monday to 7 Sunday",
    "COLUMN wp_bi.working_hours.begins": "上班时间（上海） / when work begins, in Shanghai",
    "COLUMN wp_bi.working_hours.ends": "下班时间（上海） / when work ends, in Shanghai",
    "TABLE wp_bi.special_days": "节假日与调休上班日（由配置 bi 写入） / holidays, and weekends that are worked",
    "COLUMN wp_bi.special_days.day": _DAY,
    "COLUMN wp_bi.special_days.works": "是否上班 / whether it is worked",
    "FUNCTION wp_bi.working_seconds(timestamptz, timestamptz)": "两个时刻之间的工作秒数 / seconds of working time between two instants",
}


def upgrade() -> None:
    op.execute("DROP INDEX wp.wechat_messages_chat_id_sent_at_idx")
    op.create_index(
        "wechat_messages_chat_id_sent_on_sent_at_idx",
        "wechat_messages",
        ["chat_id", "sent_on", "sent_at"],
        schema="wp",
    )
    for statement in (*SETTINGS.strip().split(";\n"), WORKING_SECONDS, FRESHNESS):
        op.execute(statement)
    views = (
        WECHAT_AGENTS,
        CALL_FACTS,
        MESSAGE_FACTS,
        AGENT_DAILY,
        RESPONSE_TIMES,
        MONEY_FLOWS,
        RISK_EVENTS,
    )
    for view in views:
        op.execute(view)
    for view, (comment, columns) in COMMENTS.items():
        op.execute(f"COMMENT ON VIEW wp_bi.{view} IS '{comment}'")
        for column, said in columns.items():
            op.execute(f"COMMENT ON COLUMN wp_bi.{view}.{column} IS '{said}'")
    for what, said in OTHERS.items():
        op.execute(f"COMMENT ON {what} IS '{said}'")


def downgrade() -> None:
    for view in reversed(COMMENTS):
        op.execute(f"DROP VIEW wp_bi.{view}")
    op.execute("DROP FUNCTION wp_bi.working_seconds")
    op.execute("DROP TABLE wp_bi.special_days, wp_bi.working_hours")
    op.execute("DROP INDEX wp.wechat_messages_chat_id_sent_on_sent_at_idx")
    op.create_index(
        "wechat_messages_chat_id_sent_at_idx",
        "wechat_messages",
        ["chat_id", "sent_at"],
        schema="wp",
    )

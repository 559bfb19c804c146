"""The views count each thing once for each side, and call complete what has no hole

Revision: 0011, after 0010

- `money_flows`, `risk_events`: a transfer between two work phones is money out for the one and money in
  for the other, so each side has its row. What several work phones see in one room belongs to those that
  took part in it, and to the first that saw it where none of them did.
- `response_times`: only what a person says asks or answers. Of two questions in one second one begins.
- `agent_daily`: counts are numbers, also where the vendor left the direction or the outcome out.
- `data_freshness`: `complete_up_to` ends before the first stretch that was not read, or not wholly, or in which
  `verify` left differences. What is read of parents (members of rooms, reports of agents) is no newer than they are.
- `completeness`: a day in which `verify` left differences differs; members are not complete where rooms were never read.
"""

import sqlalchemy as sa
from alembic import context, op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

AGENT_DAILY = """
CREATE OR REPLACE VIEW wp_bi.agent_daily AS
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
    SELECT agent, day, coalesce(sum(calls_in), 0)::integer AS calls_in, coalesce(sum(calls_out), 0)::integer AS calls_out,
           coalesce(sum(calls_answered), 0)::integer AS calls_answered,
           coalesce(sum(talk_seconds), 0)::integer AS talk_seconds,
           coalesce(sum(sms_in), 0)::integer AS sms_in, coalesce(sum(sms_out), 0)::integer AS sms_out,
           coalesce(sum(messages_sent), 0)::integer AS messages_sent,
           coalesce(sum(messages_received), 0)::integer AS messages_received,
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

# One contact can be listed twice (lost, and won again): the one that is there now gives the nick.
_CONTACT = """LEFT JOIN LATERAL (SELECT nick FROM wp.wechat_contacts
                   WHERE agent_wx_no = c.agent_wx_no AND wx_no = c.contact_wx_no
                   ORDER BY _deleted_at IS NOT NULL, created_at DESC, id LIMIT 1) k ON true"""
_ROOM_OF = "LEFT JOIN wp.wechat_rooms r ON r.id = c.room_id"
_PEOPLE = (
    "c.agent_wx_no, w.agent, w.agent_id, w.agent_name, c.contact_wx_no, k.nick AS contact_nick"
)
_WHO = f"{_PEOPLE}, c.room_id, r.name AS room_name"

# What a person says. Of the types without a kind these are WeChat's own codes of a sticker, a short video, a big
# sticker and a quotation. The receipt of a transfer is a click.
_SAID = """(x.kind IN ('text', 'image', 'voice', 'video', 'card', 'location', 'link', 'red_packet', 'group_collection')
        OR x.kind = 'unknown' AND x.msg_type IN ('47', '62', '1048625', '822083633')
        OR x.kind = 'transfer' AND NOT EXISTS (SELECT FROM wp.message_transfers z
                                               WHERE z.message_id = x.id AND z.transfer_type IN (3, 4, 5)))"""

RESPONSE_TIMES = f"""
CREATE OR REPLACE VIEW wp_bi.response_times AS
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
                      AND {_SAID}
                    ORDER BY x.sent_on, x.sent_at, x.id LIMIT 1) reply
LEFT JOIN LATERAL (SELECT x.sent_by_agent FROM wp.wechat_messages x
                   WHERE x.chat_id = m.chat_id AND x.sent_on <= m.sent_on AND x.sent_at <= m.sent_at
                     AND (x.sent_at < m.sent_at OR x.id < m.id)
                     AND {_SAID}
                   ORDER BY x.sent_on DESC, x.sent_at DESC, x.id DESC LIMIT 1) before ON true
WHERE m.sent_by_agent = false AND {_SAID.replace("x.", "m.")}
"""


def _looks_on(chat: str, message: str) -> str:
    """In a room, and nothing that this work phone sent."""
    return f"coalesce({chat}.chat_type = 'group' AND {message}.sent_by_agent IS NOT TRUE, false)"


def _elsewhere(table: str, same: str, other: str, mine: str, looks_on: str) -> str:
    """Another message of the same deal stands for this one.

    That is the earlier one of the same work phone; for a phone that only looks on, that of any phone.
    `other` and `mine` order the messages: first those of phones that do not only look on.
    """
    return f"""EXISTS (SELECT FROM {table} o
        JOIN wp.wechat_messages om ON om.id = o.message_id LEFT JOIN wp.wechat_chats oc ON oc.id = om.chat_id
        WHERE {same} AND o.message_id <> m.id
          AND ({other}, coalesce(om.sent_at, 'infinity'), om.id) < ({mine}, coalesce(m.sent_at, 'infinity'), m.id)
          AND (om.chat_id = m.chat_id OR oc.agent_wx_no = c.agent_wx_no OR {looks_on}))"""


# Of the messages of one transfer the one that sent it stands for all; a receipt where that was not seen.
_RECEIPT = "coalesce({}.transfer_type NOT IN (1, 7), true)"
_TRANSFER_ELSEWHERE = _elsewhere(
    "wp.message_transfers",
    "o.transfer_id = t.transfer_id",
    f"{_looks_on('oc', 'om')}, {_RECEIPT.format('o')}",
    f"{_looks_on('c', 'm')}, {_RECEIPT.format('t')}",
    _looks_on("c", "m"),
)
_PACKET_LOOKS_ON = f"({_looks_on('c', 'm')} AND x.paid IS NOT TRUE)"
_PACKET_ELSEWHERE = _elsewhere(
    "wp.message_red_packets",
    "o.pay_msg_id = x.deal",
    f"({_looks_on('oc', 'om')} AND o.claimed IS NOT TRUE)",
    _PACKET_LOOKS_ON,
    _PACKET_LOOKS_ON,
)
_PAYER_LOOKS_ON = (
    "(x.payer_wx_no IS DISTINCT FROM {0}.agent_wx_no"
    " AND {1}.initiator_wx_no IS DISTINCT FROM {0}.agent_wx_no)"
)
_PAYER_ELSEWHERE = _elsewhere(
    "wp.message_group_collections",
    "o.bill_no = g.bill_no AND EXISTS (SELECT FROM wp.message_group_collection_payers y"
    " WHERE y.message_id = o.message_id AND y.payer_wx_no = x.payer_wx_no)",
    _PAYER_LOOKS_ON.format("oc", "o"),
    _PAYER_LOOKS_ON.format("c", "g"),
    _PAYER_LOOKS_ON.format("c", "g"),
)
_COLLECTION_LOOKS_ON = (
    "({0} AND NOT EXISTS (SELECT FROM wp.message_group_collection_payers y"
    " WHERE y.message_id = {2}.id AND y.payer_wx_no = {1}.agent_wx_no))"
)
_MINE = _COLLECTION_LOOKS_ON.format(_looks_on("c", "m"), "c", "m")
_COLLECTION_ELSEWHERE = _elsewhere(
    "wp.message_group_collections",
    "o.bill_no = x.deal",
    _COLLECTION_LOOKS_ON.format(_looks_on("oc", "om"), "oc", "om"),
    _MINE,
    _MINE,
)
_STATUS = """CASE (SELECT max(array_position(ARRAY['unclaimed', 'claimed_pending', 'received', 'claimed', 'refunded'],
                                       o.claim_kind)) FROM wp.message_transfers o
            WHERE o.message_id = t.message_id OR o.transfer_id = t.transfer_id)
       WHEN 1 THEN 'unclaimed' WHEN 2 THEN 'claimed_pending' WHEN 3 THEN 'claimed' WHEN 4 THEN 'claimed'
       WHEN 5 THEN 'refunded' END"""

# Each arm of a union is one plain table, so that it can be reached by the messages of one agent's days.
MONEY_FLOWS = f"""
CREATE OR REPLACE VIEW wp_bi.money_flows AS
WITH flows AS (
    SELECT message_id, 'transfer' AS kind, NULL AS payer_wx_no, NULL::numeric AS share, NULL::boolean AS paid,
           NULL AS title, NULL AS deal FROM wp.message_transfers
    UNION ALL
    SELECT message_id, 'red_packet', NULL, NULL, claimed, sender_title, pay_msg_id FROM wp.message_red_packets
    UNION ALL
    SELECT message_id, 'group_collection', payer_wx_no, amount, paid, NULL, NULL
    FROM wp.message_group_collection_payers
)
SELECT x.message_id || coalesce(':' || x.payer_wx_no, '') AS flow_id, x.kind, x.message_id, m.chat_id, {_WHO},
       m.sent_at, m.sent_on AS day,
       CASE WHEN x.kind = 'group_collection'
            THEN CASE WHEN x.payer_wx_no = c.agent_wx_no THEN 'out' WHEN g.initiator_wx_no = c.agent_wx_no THEN 'in' END
            WHEN m.sent_by_agent <> coalesce(t.transfer_type NOT IN (1, 7), false) THEN 'out'
            WHEN m.sent_by_agent = coalesce(t.transfer_type NOT IN (1, 7), false) THEN 'in' END AS direction,
       coalesce(t.amount, x.share) AS amount,
       CASE x.kind WHEN 'transfer' THEN {_STATUS}
                   WHEN 'red_packet' THEN CASE WHEN x.paid THEN 'claimed' WHEN NOT x.paid THEN 'unclaimed' END
                   ELSE CASE WHEN x.paid THEN 'paid' ELSE 'unpaid' END END AS status,
       t.transfer_id, x.payer_wx_no, coalesce(t.memo, g.title, x.title) AS memo
FROM flows x
JOIN wp.wechat_messages m ON m.id = x.message_id
LEFT JOIN wp.wechat_chats c ON c.id = m.chat_id
LEFT JOIN wp_bi.wechat_agents w ON w.agent_wx_no = c.agent_wx_no
LEFT JOIN wp.message_transfers t ON x.kind = 'transfer' AND t.message_id = x.message_id
LEFT JOIN wp.message_group_collections g ON x.kind = 'group_collection' AND g.message_id = x.message_id
{_CONTACT} {_ROOM_OF}
WHERE NOT CASE x.kind WHEN 'transfer' THEN {_TRANSFER_ELSEWHERE}
                      WHEN 'red_packet' THEN {_PACKET_ELSEWHERE}
                      ELSE {_PAYER_ELSEWHERE} END
"""

RISK_EVENTS = f"""
CREATE OR REPLACE VIEW wp_bi.risk_events AS
WITH events AS (
    SELECT message_id, 'red_packet' AS event, pay_msg_id AS deal, claimed AS paid FROM wp.message_red_packets
    UNION ALL SELECT message_id, 'transfer', NULL, NULL FROM wp.message_transfers
    UNION ALL SELECT message_id, 'group_collection', bill_no, NULL FROM wp.message_group_collections
    UNION ALL SELECT message_id, 'card_shared', NULL, NULL FROM wp.message_cards
    UNION ALL SELECT message_id, 'recalled', NULL, NULL FROM wp.message_recalls
)
SELECT x.event || ':' || x.message_id AS event_id, x.event, m.sent_at AS at, m.sent_on AS day, {_WHO},
       m.sent_by_agent AS by_agent,
       CASE x.event WHEN 'transfer' THEN t.amount
                    WHEN 'group_collection' THEN (SELECT sum(y.amount) FROM wp.message_group_collection_payers y
                                                  WHERE y.message_id = x.message_id) END AS amount,
       CASE x.event WHEN 'recalled' THEN (SELECT y.previous_content FROM wp.message_recalls y
                                          WHERE y.message_id = x.message_id)
                    WHEN 'card_shared' THEN (SELECT y.nick FROM wp.message_cards y WHERE y.message_id = x.message_id)
                    ELSE m.plain_text END AS said,
       x.message_id, m.chat_id
FROM events x
JOIN wp.wechat_messages m ON m.id = x.message_id
LEFT JOIN wp.wechat_chats c ON c.id = m.chat_id
LEFT JOIN wp_bi.wechat_agents w ON w.agent_wx_no = c.agent_wx_no
LEFT JOIN wp.message_transfers t ON x.event = 'transfer' AND t.message_id = x.message_id
{_CONTACT} {_ROOM_OF}
WHERE CASE x.event WHEN 'transfer' THEN NOT {_TRANSFER_ELSEWHERE}
                   WHEN 'red_packet' THEN NOT {_PACKET_ELSEWHERE}
                   WHEN 'group_collection' THEN NOT {_COLLECTION_ELSEWHERE}
                   WHEN 'card_shared' THEN m.sent_by_agent
                   ELSE true END
UNION ALL
SELECT 'contact_lost:' || k.id, 'contact_lost', k._deleted_at, (k._deleted_at AT TIME ZONE 'Asia/Shanghai')::date,
       k.agent_wx_no, w.agent, w.agent_id, w.agent_name, k.wx_no, k.nick, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM wp.wechat_contacts k LEFT JOIN wp_bi.wechat_agents w ON w.agent_wx_no = k.agent_wx_no
WHERE k._deleted_at IS NOT NULL
"""

# A run of windows ends where one is not complete, where none adjoins, and with the last.
FRESHNESS = """
CREATE OR REPLACE VIEW wp_bi.data_freshness AS
WITH known AS (
    SELECT account, resource FROM wpsync.watermarks
    UNION SELECT account, resource FROM wpsync.windows
    UNION SELECT account, resource FROM wpsync.listings
), read AS (
    SELECT account, resource, starts_at, ends_at, state, disputed_at,
           lead(starts_at) OVER (PARTITION BY account, resource ORDER BY starts_at) AS next_at
    FROM wpsync.windows
), unbroken AS (
    SELECT account, resource, min(starts_at) AS since,
           min(CASE WHEN state <> 'complete' OR disputed_at IS NOT NULL THEN starts_at
                    WHEN next_at IS NULL OR next_at > ends_at THEN ends_at END) AS until
    FROM read GROUP BY 1, 2
), listed AS (
    SELECT account, resource, min(complete_at) AS at,
           CASE WHEN count(complete_at) = count(*) THEN min(complete_at) END AS whole_at
    FROM wpsync.listings GROUP BY 1, 2
), child (resource, parent) AS (
    VALUES ('wechat_room_members', 'wechat_rooms'), ('agent_call_totals', 'agents'), ('agent_call_days', 'agents')
), pass AS (
    SELECT account, resource, max(started_at) AS at, max(started_at) FILTER (WHERE outcome = 'done') AS whole_at
    FROM wpsync.runs
    WHERE resource IN (SELECT resource FROM child)
      AND kind IN ('sync', 'backfill') AND outcome IN ('done', 'incomplete')
    GROUP BY 1, 2
), passed AS (
    SELECT p.account, p.resource, CASE WHEN p.at < l.at THEN p.at WHEN p.at >= l.at THEN l.at END AS at,
           CASE WHEN p.whole_at < l.at THEN p.whole_at WHEN p.whole_at >= l.at THEN l.at END AS whole_at
    FROM pass p JOIN child c ON c.resource = p.resource
    LEFT JOIN listed l ON l.account = p.account AND l.resource = c.parent
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
       a.of AS watermark, round((extract(epoch FROM clock_timestamp() - a.of) / 60)::numeric, 1) AS minutes_behind,
       CASE WHEN c.parent IS NOT NULL THEN p.whole_at ELSE coalesce(u.until, l.whole_at) END AS complete_up_to,
       u.since AS complete_from
FROM known k LEFT JOIN child c USING (resource) LEFT JOIN wpsync.watermarks w USING (account, resource) LEFT JOIN listed l USING (account, resource)
LEFT JOIN unbroken u USING (account, resource) LEFT JOIN passed p USING (account, resource)
CROSS JOIN LATERAL (SELECT CASE WHEN c.parent IS NOT NULL THEN p.at ELSE coalesce(w.at, l.at) END AS of) a
"""

COMPLETENESS = """
CREATE OR REPLACE VIEW wp_bi.completeness AS
WITH days AS (
    SELECT account, resource, (starts_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
           sum(vendor_count)::bigint AS vendor_count, sum(rows_held)::bigint AS rows_held,
           sum(ends_at - starts_at) AS covered, min(checked_at) AS last_checked_at,
           bool_and(state = 'complete') AS complete, bool_or(disputed_at IS NOT NULL) AS disputed,
           count(*) FILTER (WHERE vendor_count IS NULL) AS uncounted, string_agg(DISTINCT reason, ', ') AS reasons
    FROM wpsync.windows GROUP BY 1, 2, 3
), gone AS (
    SELECT account, resource, (at AT TIME ZONE 'Asia/Shanghai')::date AS day, count(*) AS rows
    FROM wpsync.gone_rows GROUP BY 1, 2, 3
), unread AS (
    SELECT r._account AS account, 'wechat_room_members' AS resource, count(*) AS rooms
    FROM wp.wechat_rooms r LEFT JOIN wpsync.listings l
      ON l.account = r._account AND l.resource = 'wechat_room_members' AND l.parent_id = r.id
    WHERE r._deleted_at IS NULL AND l.parent_id IS NULL GROUP BY 1
)
SELECT d.account, d.resource, d.day, d.vendor_count, d.rows_held,
       CASE WHEN NOT d.complete THEN 'incomplete'
            WHEN d.disputed THEN 'differing'
            WHEN d.covered < interval '1 day' THEN 'partial'
            WHEN d.uncounted = 0 AND d.vendor_count <> d.rows_held THEN 'differing'
            ELSE 'complete' END AS state,
       d.last_checked_at,
       nullif(concat_ws('; ', d.reasons,
           CASE WHEN d.disputed THEN 'differences that verify found and left' END,
           CASE WHEN d.complete AND d.vendor_count > d.rows_held
                THEN (d.vendor_count - d.rows_held) || ' in dead letters or without a time' END,
           CASE WHEN g.rows > 0 THEN g.rows || ' kept that the vendor no longer lists' END), '') AS reason
FROM days d LEFT JOIN gone g USING (account, resource, day)
UNION ALL
SELECT account, resource, (max(read_at) AT TIME ZONE 'Asia/Shanghai')::date, sum(vendor_count)::bigint,
       sum(rows_seen)::bigint,
       CASE WHEN bool_and(state = 'complete') AND u.rooms IS NULL THEN 'complete' ELSE 'incomplete' END,
       min(read_at), nullif(concat_ws('; ', string_agg(DISTINCT reason, ', '), u.rooms || ' rooms never read'), '')
FROM wpsync.listings LEFT JOIN unread u USING (account, resource) GROUP BY 1, 2, u.rooms
"""

COMMENTS = {
    "COLUMN wp_bi.data_freshness.complete_up_to": (
        "此前的数据均已核对完整 / everything before it is proved complete",
        "从 complete_from 到此刻均已读取并核对完整，其间没有空缺；列表为全部完整读取过的时间"
        " / everything from complete_from to here was read and is proved complete, without a hole;"
        " for listings the time since which all of it has been read whole",
    ),
    "COLUMN wp_bi.data_freshness.complete_from": (
        None,
        "最早读取的时刻 / where the oldest stretch that was read begins",
    ),
    "VIEW wp_bi.money_flows": (
        "资金往来：每笔转账（含其收款、退款回执）只计一次，另有红包与群收款的每位付款人"
        " / money: each transfer once, whatever receipts it has; red packets; each payer of a group collection",
        "资金往来：每笔转账（含其收款、退款回执）在每个相关工作微信只计一次（两部工作手机之间的转账：一方 out，一方 in），"
        "另有红包与群收款的每位付款人；群内多部工作手机都看到的，只计参与的一方，均未参与时计一次"
        " / money, once for each work WeChat account concerned: each transfer, whatever receipts it has (between two work"
        " phones: out for one, in for the other); red packets; each payer of a group collection. What several work phones"
        " see in a room counts for those that took part, or once where none did",
    ),
    "VIEW wp_bi.risk_events": (
        "风险事件：红包、转账（只计一次）、群收款、座席发送的名片、撤回的消息、流失的联系人"
        " / events to look at: red packets, transfers (each once), collections, cards shared by an agent, recalled"
        " messages, contacts lost",
        "风险事件：红包、转账、群收款（在每个相关工作微信各计一次）、座席发送的名片、撤回的消息、流失的联系人"
        " / events to look at: red packets, transfers, collections (each once for each work WeChat account concerned),"
        " cards shared by an agent, recalled messages, contacts lost",
    ),
    "VIEW wp_bi.response_times": (
        "客户消息的响应时间：单聊中客户消息之后 30 天内座席的第一条消息（必须晚于客户消息）"
        " / first replies: to each customer message of a single chat, the agent's next message within 30 days,"
        " strictly later",
        "客户消息的响应时间：单聊中客户消息之后 30 天内座席的第一条消息（必须晚于客户消息）；只计人所发的内容，"
        "系统消息、撤回、转账回执等既不算提问也不算回复"
        " / first replies: to each customer message of a single chat, the agent's next message within 30 days,"
        " strictly later. Only what a person says asks or answers: no notice, recall or receipt of a transfer",
    ),
    "COLUMN wp_bi.response_times.begins_turn": (
        "是否为一轮提问的第一条（其前一条不是客户消息） / whether it begins a turn: the message before was not the"
        " customer's",
        "是否为一轮提问的第一条（其前一条不是客户所说；同一秒内按编号排序）"
        " / whether it begins a turn: what was said before it was not the customer's; within a second by id",
    ),
}
"""What is commented, its comment before and after."""


def upgrade() -> None:
    op.add_column(
        "windows",
        sa.Column(
            "disputed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="最近一次对账发现差异且未修复的时间 / when verify last found differences there that are left",
        ),
        schema="wpsync",
    )
    for view in (AGENT_DAILY, RESPONSE_TIMES, MONEY_FLOWS, RISK_EVENTS, FRESHNESS, COMPLETENESS):
        op.execute(view)
    for what, (_, after) in COMMENTS.items():
        _comment(what, after)


def downgrade() -> None:
    before = context.script.get_revision("0008").module
    for view in (
        before.AGENT_DAILY,
        before.RESPONSE_TIMES,
        before.MONEY_FLOWS,
        before.RISK_EVENTS,
    ):
        op.execute(view.replace("CREATE VIEW", "CREATE OR REPLACE VIEW"))
    op.execute("DROP VIEW wp_bi.data_freshness")
    op.execute(before.FRESHNESS)
    first = context.script.get_revision("0003").module
    op.execute(first.COMPLETENESS.replace("CREATE VIEW", "CREATE OR REPLACE VIEW"))
    op.drop_column("windows", "disputed_at", schema="wpsync")
    for what, said in first.COMMENTS.items():
        if "data_freshness" in what:
            op.execute(f"COMMENT ON {what} IS '{said}'")
    for what, (text, _) in COMMENTS.items():
        if text is not None:
            _comment(what, text)


def _comment(what: str, text: str) -> None:
    op.execute(f"COMMENT ON {what} IS '{text.replace(chr(39), chr(39) * 2)}'")

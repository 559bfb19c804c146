CREATE OR REPLACE VIEW wp_bi.agent_daily AS
WITH events AS (
    SELECT _account AS account, agent_id AS agent, (began_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
           (direction = 'in')::integer AS calls_in, (direction = 'out')::integer AS calls_out,
           connected::integer AS calls_answered, CASE WHEN connected THEN duration_seconds END AS talk_seconds,
           0 AS sms_in, 0 AS sms_out, 0 AS messages_sent, 0 AS messages_received,
           CASE WHEN connected THEN 'tel:' || contact_tel END AS person, 0 AS contacts_gained, 0 AS contacts_lost
    FROM wp.calls
    UNION ALL
    SELECT _account, agent_id, (sent_at AT TIME ZONE 'Asia/Shanghai')::date, 0, 0, 0, 0, (direction = 'in')::integer,
           (direction = 'out')::integer, 0, 0, NULL, 0, 0
    FROM wp.sms
    UNION ALL
    SELECT w.account, w.agent, m.sent_on, 0, 0, 0, 0, 0, 0, m.sent_by_agent::integer, (NOT m.sent_by_agent)::integer,
           CASE WHEN c.chat_type = 'single' THEN 'wx:' || c.contact_wx_no END, 0, 0
    FROM wp_bi.wechat_agents w JOIN wp.wechat_chats c ON c._account = w.account AND c.agent_wx_no = w.agent_wx_no
    JOIN wp.wechat_messages m ON m._account = c._account AND m.chat_id = c.id
    UNION ALL
    SELECT w.account, w.agent, (k.created_at AT TIME ZONE 'Asia/Shanghai')::date, 0, 0, 0, 0, 0, 0, 0, 0, NULL, 1, 0
    FROM wp_bi.wechat_agents w JOIN wp.wechat_contacts k ON k._account = w.account AND k.agent_wx_no = w.agent_wx_no
    WHERE k.created_at IS NOT NULL
    UNION ALL
    SELECT w.account, w.agent, (k._deleted_at AT TIME ZONE 'Asia/Shanghai')::date, 0, 0, 0, 0, 0, 0, 0, 0, NULL, 0, 1
    FROM wp_bi.wechat_agents w JOIN wp.wechat_contacts k ON k._account = w.account AND k.agent_wx_no = w.agent_wx_no
    WHERE k._deleted_at IS NOT NULL
), days AS (
    SELECT account, agent, day, coalesce(sum(calls_in), 0) AS calls_in, coalesce(sum(calls_out), 0) AS calls_out,
           coalesce(sum(calls_answered), 0) AS calls_answered,
           coalesce(sum(talk_seconds), 0) AS talk_seconds,
           coalesce(sum(sms_in), 0) AS sms_in, coalesce(sum(sms_out), 0) AS sms_out,
           coalesce(sum(messages_sent), 0) AS messages_sent,
           coalesce(sum(messages_received), 0) AS messages_received,
           count(DISTINCT person) AS contacts_talked_to, sum(contacts_gained) AS contacts_gained,
           sum(contacts_lost) AS contacts_lost
    FROM events WHERE agent IS NOT NULL AND day IS NOT NULL GROUP BY account, agent, day
)
SELECT d.account, d.agent, d.day, a.id AS agent_id,
       coalesce(a.name, (SELECT u.nick FROM wp.wechat_users u WHERE u._account = d.account AND u.wx_no = d.agent
                         ORDER BY u._deleted_at IS NOT NULL, u._first_synced_at DESC, u.id LIMIT 1)) AS agent_name,
       d.calls_in, d.calls_out, d.calls_answered, d.talk_seconds, d.sms_in, d.sms_out, d.messages_sent,
       d.messages_received, d.contacts_talked_to, d.contacts_gained, d.contacts_lost
FROM days d LEFT JOIN wp.agents a ON a._account = d.account AND a.id = d.agent;

COMMENT ON VIEW wp_bi.agent_daily IS '座席每日汇总。消息按会话所属的工作微信计（群聊含他人发言）；客户流失：完整的联系人列表中不再出现的当天 / one row per agent and day. Messages count for the agent of their chat; a contact is lost on the day a complete listing lacked it';
COMMENT ON COLUMN wp_bi.agent_daily.account IS '账号（一个厂商控制台） / the configured account: one console of the vendor';
COMMENT ON COLUMN wp_bi.agent_daily.agent IS '座席标识：座席编号；微信号对应不到座席时为该微信号 / the agent: its id, or the WeChat number where no agent has it';
COMMENT ON COLUMN wp_bi.agent_daily.day IS '日期（上海） / the day in Shanghai';
COMMENT ON COLUMN wp_bi.agent_daily.agent_id IS '座席编号；对应不到时为空 / the agent''s id, where known';
COMMENT ON COLUMN wp_bi.agent_daily.agent_name IS '座席当前姓名（对应不到时为微信昵称） / the agent''s present name, or the WeChat nickname';
COMMENT ON COLUMN wp_bi.agent_daily.calls_in IS '呼入通话数 / incoming calls';
COMMENT ON COLUMN wp_bi.agent_daily.calls_out IS '呼出通话数 / outgoing calls';
COMMENT ON COLUMN wp_bi.agent_daily.calls_answered IS '接通数（呼入与呼出） / connected calls, either way';
COMMENT ON COLUMN wp_bi.agent_daily.talk_seconds IS '接通通话的总秒数 / seconds of connected calls';
COMMENT ON COLUMN wp_bi.agent_daily.sms_in IS '收到短信数 / SMS received';
COMMENT ON COLUMN wp_bi.agent_daily.sms_out IS '发出短信数 / SMS sent';
COMMENT ON COLUMN wp_bi.agent_daily.messages_sent IS '座席发送的微信消息数 / WeChat messages the agent sent';
COMMENT ON COLUMN wp_bi.agent_daily.messages_received IS '他人发送的微信消息数（含群聊） / WeChat messages of others, groups included';
COMMENT ON COLUMN wp_bi.agent_daily.contacts_talked_to IS '联系过的人数：单聊有消息的微信客户，加接通过的电话号码 / people: customers with a message in a single chat, and numbers with a connected call';
COMMENT ON COLUMN wp_bi.agent_daily.contacts_gained IS '新增微信联系人（按添加时间） / contacts added, by their creation time';
COMMENT ON COLUMN wp_bi.agent_daily.contacts_lost IS '流失微信联系人 / contacts lost';

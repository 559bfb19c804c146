CREATE OR REPLACE VIEW wp_bi.response_times AS
SELECT m._account AS account, m.id AS message_id, m.chat_id,
       c.agent_wx_no, w.agent, w.agent_id, w.agent_name, c.contact_wx_no, k.nick AS contact_nick,
       m.sent_at AS asked_at, m.sent_on AS day, reply.id AS reply_id, reply.sent_at AS answered_at,
       extract(epoch FROM reply.sent_at - m.sent_at)::integer AS seconds,
       wp_bi.working_seconds(m.sent_at, reply.sent_at) AS working_seconds,
       coalesce(before.sent_by_agent, true) AS begins_turn
FROM wp.wechat_messages m
JOIN wp.wechat_chats c ON c._account = m._account AND c.id = m.chat_id AND c.chat_type = 'single'
LEFT JOIN wp_bi.wechat_agents w ON w.account = c._account AND w.agent_wx_no = c.agent_wx_no
LEFT JOIN LATERAL (SELECT nick FROM wp.wechat_contacts
                   WHERE _account = c._account AND agent_wx_no = c.agent_wx_no AND wx_no = c.contact_wx_no
                   ORDER BY _deleted_at IS NOT NULL, created_at DESC, id LIMIT 1) k ON true
CROSS JOIN LATERAL (SELECT x.id, x.sent_at FROM wp.wechat_messages x
                    WHERE x._account = m._account AND x.chat_id = m.chat_id AND x.sent_on >= m.sent_on AND x.sent_on <= m.sent_on + 30
                      AND x.sent_at > m.sent_at AND x.sent_by_agent
                      AND (x.kind IN ('text', 'image', 'voice', 'video', 'card', 'location', 'link', 'red_packet', 'group_collection')
        OR x.kind = 'unknown' AND x.msg_type IN ('47', '62', '1048625', '822083633')
        OR x.kind = 'transfer' AND NOT EXISTS (SELECT FROM wp.message_transfers z
                                               WHERE z._account = x._account AND z.message_id = x.id AND z.transfer_type IN (3, 4, 5)))
                    ORDER BY x.sent_on, x.sent_at, x.id LIMIT 1) reply
LEFT JOIN LATERAL (SELECT x.sent_by_agent FROM wp.wechat_messages x
                   WHERE x._account = m._account AND x.chat_id = m.chat_id AND x.sent_on <= m.sent_on AND x.sent_at <= m.sent_at
                     AND (x.sent_at < m.sent_at OR x.id < m.id)
                     AND (x.kind IN ('text', 'image', 'voice', 'video', 'card', 'location', 'link', 'red_packet', 'group_collection')
        OR x.kind = 'unknown' AND x.msg_type IN ('47', '62', '1048625', '822083633')
        OR x.kind = 'transfer' AND NOT EXISTS (SELECT FROM wp.message_transfers z
                                               WHERE z._account = x._account AND z.message_id = x.id AND z.transfer_type IN (3, 4, 5)))
                   ORDER BY x.sent_on DESC, x.sent_at DESC, x.id DESC LIMIT 1) before ON true
WHERE m.sent_by_agent = false AND (m.kind IN ('text', 'image', 'voice', 'video', 'card', 'location', 'link', 'red_packet', 'group_collection')
        OR m.kind = 'unknown' AND m.msg_type IN ('47', '62', '1048625', '822083633')
        OR m.kind = 'transfer' AND NOT EXISTS (SELECT FROM wp.message_transfers z
                                               WHERE z._account = m._account AND z.message_id = m.id AND z.transfer_type IN (3, 4, 5)));

COMMENT ON VIEW wp_bi.response_times IS '客户消息的响应时间：单聊中客户消息之后 30 天内座席的第一条消息（必须晚于客户消息）；只计人所发的内容，系统消息、撤回、转账回执等既不算提问也不算回复 / first replies: to each customer message of a single chat, the agent''s next message within 30 days, strictly later. Only what a person says asks or answers: no notice, recall or receipt of a transfer';
COMMENT ON COLUMN wp_bi.response_times.account IS '账号（一个厂商控制台） / the configured account: one console of the vendor';
COMMENT ON COLUMN wp_bi.response_times.message_id IS '客户消息编号 / the customer''s message';
COMMENT ON COLUMN wp_bi.response_times.chat_id IS '会话编号 / the chat';
COMMENT ON COLUMN wp_bi.response_times.agent_wx_no IS '工作微信号 / the agent''s WeChat number';
COMMENT ON COLUMN wp_bi.response_times.agent IS '座席标识：座席编号；微信号对应不到座席时为该微信号 / the agent: its id, or the WeChat number where no agent has it';
COMMENT ON COLUMN wp_bi.response_times.agent_id IS '座席编号；对应不到时为空 / the agent''s id, where known';
COMMENT ON COLUMN wp_bi.response_times.agent_name IS '座席当前姓名（对应不到时为微信昵称） / the agent''s present name, or the WeChat nickname';
COMMENT ON COLUMN wp_bi.response_times.contact_wx_no IS '客户微信号（单聊） / the customer''s WeChat number (single chats)';
COMMENT ON COLUMN wp_bi.response_times.contact_nick IS '客户当前昵称 / the customer''s present nickname';
COMMENT ON COLUMN wp_bi.response_times.asked_at IS '客户消息时间 / when the customer wrote';
COMMENT ON COLUMN wp_bi.response_times.day IS '日期（上海） / the day in Shanghai';
COMMENT ON COLUMN wp_bi.response_times.reply_id IS '回复消息编号 / the reply';
COMMENT ON COLUMN wp_bi.response_times.answered_at IS '回复时间 / when the agent replied';
COMMENT ON COLUMN wp_bi.response_times.seconds IS '间隔秒数 / seconds until the reply';
COMMENT ON COLUMN wp_bi.response_times.working_seconds IS '其中工作时间的秒数（见 working_hours 与 special_days） / of these, seconds of working time (see working_hours and special_days)';
COMMENT ON COLUMN wp_bi.response_times.begins_turn IS '是否为一轮提问的第一条（其前一条不是客户所说；同一秒内按编号排序） / whether it begins a turn: what was said before it was not the customer''s; within a second by id';

CREATE OR REPLACE VIEW wp_bi.message_facts AS
SELECT m._account AS account, m.id AS message_id, m.chat_id, c.chat_type,
       c.agent_wx_no, w.agent, w.agent_id, w.agent_name, c.contact_wx_no, k.nick AS contact_nick, c.room_id, r.name AS room_name, m.sent_at, m.sent_on AS day,
       extract(hour FROM m.sent_at AT TIME ZONE 'Asia/Shanghai')::integer AS hour, m.sent_by_agent,
       CASE WHEN m.sent_by_agent THEN coalesce(w.agent_nick, w.agent_name)
            WHEN c.chat_type = 'single' THEN k.nick
            ELSE (SELECT p.nick FROM wp.wechat_room_members p WHERE p._account = m._account AND p.id = m.sender_id) END AS sender_nick,
       m.kind, m.plain_text, m._gone_at AS gone_at
FROM wp.wechat_messages m
LEFT JOIN wp.wechat_chats c ON c._account = m._account AND c.id = m.chat_id
LEFT JOIN wp_bi.wechat_agents w ON w.account = c._account AND w.agent_wx_no = c.agent_wx_no
LEFT JOIN LATERAL (SELECT nick FROM wp.wechat_contacts
                   WHERE _account = c._account AND agent_wx_no = c.agent_wx_no AND wx_no = c.contact_wx_no
                   ORDER BY _deleted_at IS NOT NULL, created_at DESC, id LIMIT 1) k ON true
LEFT JOIN wp.wechat_rooms r ON r._account = c._account AND r.id = c.room_id;

COMMENT ON VIEW wp_bi.message_facts IS '微信消息明细，含座席、客户、群与发送人昵称 / WeChat messages with agent, customer, room and sender';
COMMENT ON COLUMN wp_bi.message_facts.account IS '账号（一个厂商控制台） / the configured account: one console of the vendor';
COMMENT ON COLUMN wp_bi.message_facts.message_id IS '消息编号 / the message';
COMMENT ON COLUMN wp_bi.message_facts.chat_id IS '会话编号 / the chat';
COMMENT ON COLUMN wp_bi.message_facts.chat_type IS 'single 单聊，group 群聊 / single or group';
COMMENT ON COLUMN wp_bi.message_facts.agent_wx_no IS '工作微信号 / the agent''s WeChat number';
COMMENT ON COLUMN wp_bi.message_facts.agent IS '座席标识：座席编号；微信号对应不到座席时为该微信号 / the agent: its id, or the WeChat number where no agent has it';
COMMENT ON COLUMN wp_bi.message_facts.agent_id IS '座席编号；对应不到时为空 / the agent''s id, where known';
COMMENT ON COLUMN wp_bi.message_facts.agent_name IS '座席当前姓名（对应不到时为微信昵称） / the agent''s present name, or the WeChat nickname';
COMMENT ON COLUMN wp_bi.message_facts.contact_wx_no IS '客户微信号（单聊） / the customer''s WeChat number (single chats)';
COMMENT ON COLUMN wp_bi.message_facts.contact_nick IS '客户当前昵称 / the customer''s present nickname';
COMMENT ON COLUMN wp_bi.message_facts.room_id IS '群编号（群聊） / the room''s id (group chats)';
COMMENT ON COLUMN wp_bi.message_facts.room_name IS '群名称 / the room''s name';
COMMENT ON COLUMN wp_bi.message_facts.sent_at IS '发送时间 / when it was sent';
COMMENT ON COLUMN wp_bi.message_facts.day IS '日期（上海） / the day in Shanghai';
COMMENT ON COLUMN wp_bi.message_facts.hour IS '小时（上海，0–23） / hour in Shanghai, 0 to 23';
COMMENT ON COLUMN wp_bi.message_facts.sent_by_agent IS '是否座席发送 / whether the agent sent it';
COMMENT ON COLUMN wp_bi.message_facts.sender_nick IS '发送人昵称 / the sender''s nickname';
COMMENT ON COLUMN wp_bi.message_facts.kind IS '消息类型 / kind of message';
COMMENT ON COLUMN wp_bi.message_facts.plain_text IS '可读文本 / what a person reads';
COMMENT ON COLUMN wp_bi.message_facts.gone_at IS '厂商不再列出此消息的时间；空表示仍在 / since when the vendor no longer lists it; NULL: it does';

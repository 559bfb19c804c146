CREATE OR REPLACE VIEW wp_bi.risk_events AS
WITH events AS (
    SELECT _account AS account, message_id, 'red_packet' AS event, pay_msg_id AS deal, claimed AS paid FROM wp.message_red_packets
    UNION ALL SELECT _account, message_id, 'transfer', NULL, NULL FROM wp.message_transfers
    UNION ALL SELECT _account, message_id, 'group_collection', bill_no, NULL FROM wp.message_group_collections
    UNION ALL SELECT _account, message_id, 'card_shared', NULL, NULL FROM wp.message_cards
    UNION ALL SELECT _account, message_id, 'recalled', NULL, NULL FROM wp.message_recalls
)
SELECT x.account, x.event || ':' || x.message_id AS event_id, x.event, m.sent_at AS at, m.sent_on AS day,
       c.agent_wx_no, w.agent, w.agent_id, w.agent_name, c.contact_wx_no, k.nick AS contact_nick, c.room_id, r.name AS room_name,
       m.sent_by_agent AS by_agent,
       CASE x.event WHEN 'transfer' THEN t.amount
                    WHEN 'group_collection' THEN (SELECT sum(y.amount) FROM wp.message_group_collection_payers y
                                                  WHERE y._account = x.account AND y.message_id = x.message_id) END AS amount,
       CASE x.event WHEN 'recalled' THEN (SELECT y.previous_content FROM wp.message_recalls y
                                          WHERE y._account = x.account AND y.message_id = x.message_id)
                    WHEN 'card_shared' THEN (SELECT y.nick FROM wp.message_cards y WHERE y._account = x.account AND y.message_id = x.message_id)
                    ELSE m.plain_text END AS said,
       x.message_id, m.chat_id
FROM events x
JOIN wp.wechat_messages m ON m._account = x.account AND m.id = x.message_id
LEFT JOIN wp.wechat_chats c ON c._account = m._account AND c.id = m.chat_id
LEFT JOIN wp_bi.wechat_agents w ON w.account = c._account AND w.agent_wx_no = c.agent_wx_no
LEFT JOIN wp.message_transfers t ON x.event = 'transfer' AND t._account = x.account AND t.message_id = x.message_id
LEFT JOIN LATERAL (SELECT nick FROM wp.wechat_contacts
                   WHERE _account = c._account AND agent_wx_no = c.agent_wx_no AND wx_no = c.contact_wx_no
                   ORDER BY _deleted_at IS NOT NULL, created_at DESC, id LIMIT 1) k ON true
LEFT JOIN wp.wechat_rooms r ON r._account = c._account AND r.id = c.room_id
WHERE CASE x.event WHEN 'transfer' THEN NOT EXISTS (SELECT FROM wp.message_transfers o
        JOIN wp.wechat_messages om ON om._account = o._account AND om.id = o.message_id LEFT JOIN wp.wechat_chats oc ON oc._account = om._account AND oc.id = om.chat_id
        WHERE o._account = t._account AND o.transfer_id = t.transfer_id AND o.message_id <> m.id
          AND (coalesce(oc.chat_type = 'group' AND om.sent_by_agent IS NOT TRUE, false), coalesce(o.transfer_type NOT IN (1, 7), true), coalesce(om.sent_at, 'infinity'), om.id) < (coalesce(c.chat_type = 'group' AND m.sent_by_agent IS NOT TRUE, false), coalesce(t.transfer_type NOT IN (1, 7), true), coalesce(m.sent_at, 'infinity'), m.id)
          AND (om.chat_id = m.chat_id OR oc.agent_wx_no = c.agent_wx_no OR coalesce(c.chat_type = 'group' AND m.sent_by_agent IS NOT TRUE, false)))
                   WHEN 'red_packet' THEN NOT EXISTS (SELECT FROM wp.message_red_packets o
        JOIN wp.wechat_messages om ON om._account = o._account AND om.id = o.message_id LEFT JOIN wp.wechat_chats oc ON oc._account = om._account AND oc.id = om.chat_id
        WHERE o._account = x.account AND o.pay_msg_id = x.deal AND o.message_id <> m.id
          AND ((coalesce(oc.chat_type = 'group' AND om.sent_by_agent IS NOT TRUE, false) AND o.claimed IS NOT TRUE), coalesce(om.sent_at, 'infinity'), om.id) < ((coalesce(c.chat_type = 'group' AND m.sent_by_agent IS NOT TRUE, false) AND x.paid IS NOT TRUE), coalesce(m.sent_at, 'infinity'), m.id)
          AND (om.chat_id = m.chat_id OR oc.agent_wx_no = c.agent_wx_no OR (coalesce(c.chat_type = 'group' AND m.sent_by_agent IS NOT TRUE, false) AND x.paid IS NOT TRUE)))
                   WHEN 'group_collection' THEN NOT EXISTS (SELECT FROM wp.message_group_collections o
        JOIN wp.wechat_messages om ON om._account = o._account AND om.id = o.message_id LEFT JOIN wp.wechat_chats oc ON oc._account = om._account AND oc.id = om.chat_id
        WHERE o._account = x.account AND o.bill_no = x.deal AND o.message_id <> m.id
          AND ((coalesce(oc.chat_type = 'group' AND om.sent_by_agent IS NOT TRUE, false) AND NOT EXISTS (SELECT FROM wp.message_group_collection_payers y WHERE y._account = om._account AND y.message_id = om.id AND y.payer_wx_no = oc.agent_wx_no)), coalesce(om.sent_at, 'infinity'), om.id) < ((coalesce(c.chat_type = 'group' AND m.sent_by_agent IS NOT TRUE, false) AND NOT EXISTS (SELECT FROM wp.message_group_collection_payers y WHERE y._account = m._account AND y.message_id = m.id AND y.payer_wx_no = c.agent_wx_no)), coalesce(m.sent_at, 'infinity'), m.id)
          AND (om.chat_id = m.chat_id OR oc.agent_wx_no = c.agent_wx_no OR (coalesce(c.chat_type = 'group' AND m.sent_by_agent IS NOT TRUE, false) AND NOT EXISTS (SELECT FROM wp.message_group_collection_payers y WHERE y._account = m._account AND y.message_id = m.id AND y.payer_wx_no = c.agent_wx_no))))
                   WHEN 'card_shared' THEN m.sent_by_agent
                   ELSE true END
UNION ALL
SELECT k._account, 'contact_lost:' || k.id, 'contact_lost', k._deleted_at, (k._deleted_at AT TIME ZONE 'Asia/Shanghai')::date,
       k.agent_wx_no, w.agent, w.agent_id, w.agent_name, k.wx_no, k.nick, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM wp.wechat_contacts k LEFT JOIN wp_bi.wechat_agents w ON w.account = k._account AND w.agent_wx_no = k.agent_wx_no
WHERE k._deleted_at IS NOT NULL;

COMMENT ON VIEW wp_bi.risk_events IS '风险事件：红包、转账、群收款（在每个相关工作微信各计一次）、座席发送的名片、撤回的消息、流失的联系人 / events to look at: red packets, transfers, collections (each once for each work WeChat account concerned), cards shared by an agent, recalled messages, contacts lost';
COMMENT ON COLUMN wp_bi.risk_events.account IS '账号（一个厂商控制台） / the configured account: one console of the vendor';
COMMENT ON COLUMN wp_bi.risk_events.event_id IS '事件编号 / the event';
COMMENT ON COLUMN wp_bi.risk_events.event IS '事件类型：red_packet、transfer、group_collection、card_shared、recalled、contact_lost / what happened';
COMMENT ON COLUMN wp_bi.risk_events.at IS '时间 / when';
COMMENT ON COLUMN wp_bi.risk_events.day IS '日期（上海） / the day in Shanghai';
COMMENT ON COLUMN wp_bi.risk_events.agent_wx_no IS '工作微信号 / the agent''s WeChat number';
COMMENT ON COLUMN wp_bi.risk_events.agent IS '座席标识：座席编号；微信号对应不到座席时为该微信号 / the agent: its id, or the WeChat number where no agent has it';
COMMENT ON COLUMN wp_bi.risk_events.agent_id IS '座席编号；对应不到时为空 / the agent''s id, where known';
COMMENT ON COLUMN wp_bi.risk_events.agent_name IS '座席当前姓名（对应不到时为微信昵称） / the agent''s present name, or the WeChat nickname';
COMMENT ON COLUMN wp_bi.risk_events.contact_wx_no IS '客户微信号（单聊） / the customer''s WeChat number (single chats)';
COMMENT ON COLUMN wp_bi.risk_events.contact_nick IS '客户当前昵称 / the customer''s present nickname';
COMMENT ON COLUMN wp_bi.risk_events.room_id IS '群编号（群聊） / the room''s id (group chats)';
COMMENT ON COLUMN wp_bi.risk_events.room_name IS '群名称 / the room''s name';
COMMENT ON COLUMN wp_bi.risk_events.by_agent IS '是否座席所为 / whether the agent did it';
COMMENT ON COLUMN wp_bi.risk_events.amount IS '金额（元） / yuan';
COMMENT ON COLUMN wp_bi.risk_events.said IS '内容：撤回前的原文、名片昵称或消息文本 / what was said: before a recall, the card''s name, or the text';
COMMENT ON COLUMN wp_bi.risk_events.message_id IS '消息编号 / the message';
COMMENT ON COLUMN wp_bi.risk_events.chat_id IS '会话编号 / the chat';

CREATE OR REPLACE VIEW wp_bi.money_flows AS
WITH flows AS (
    SELECT _account AS account, message_id, 'transfer' AS kind, NULL AS payer_wx_no, NULL::numeric AS share, NULL::boolean AS paid,
           NULL AS title, NULL AS deal FROM wp.message_transfers
    UNION ALL
    SELECT _account, message_id, 'red_packet', NULL, NULL, claimed, sender_title, pay_msg_id FROM wp.message_red_packets
    UNION ALL
    SELECT _account, message_id, 'group_collection', payer_wx_no, amount, paid, NULL, NULL
    FROM wp.message_group_collection_payers
)
SELECT x.account, x.message_id || coalesce(':' || x.payer_wx_no, '') AS flow_id, x.kind, x.message_id, m.chat_id,
       c.agent_wx_no, w.agent, w.agent_id, w.agent_name, c.contact_wx_no, k.nick AS contact_nick, c.room_id, r.name AS room_name,
       m.sent_at, m.sent_on AS day,
       CASE WHEN x.kind = 'group_collection'
            THEN CASE WHEN x.payer_wx_no = c.agent_wx_no THEN 'out' WHEN g.initiator_wx_no = c.agent_wx_no THEN 'in' END
            WHEN m.sent_by_agent <> coalesce(t.transfer_type NOT IN (1, 7), false) THEN 'out'
            WHEN m.sent_by_agent = coalesce(t.transfer_type NOT IN (1, 7), false) THEN 'in' END AS direction,
       coalesce(t.amount, x.share) AS amount,
       CASE x.kind WHEN 'transfer' THEN CASE (SELECT max(array_position(ARRAY['unclaimed', 'claimed_pending', 'received', 'claimed', 'refunded'],
                                       o.claim_kind)) FROM wp.message_transfers o
            WHERE o._account = t._account AND (o.message_id = t.message_id OR o.transfer_id = t.transfer_id))
       WHEN 1 THEN 'unclaimed' WHEN 2 THEN 'claimed_pending' WHEN 3 THEN 'claimed' WHEN 4 THEN 'claimed'
       WHEN 5 THEN 'refunded' END
                   WHEN 'red_packet' THEN CASE WHEN x.paid THEN 'claimed' WHEN NOT x.paid THEN 'unclaimed' END
                   ELSE CASE WHEN x.paid THEN 'paid' ELSE 'unpaid' END END AS status,
       t.transfer_id, x.payer_wx_no, coalesce(t.memo, g.title, x.title) AS memo
FROM flows x
JOIN wp.wechat_messages m ON m._account = x.account AND m.id = x.message_id
LEFT JOIN wp.wechat_chats c ON c._account = m._account AND c.id = m.chat_id
LEFT JOIN wp_bi.wechat_agents w ON w.account = c._account AND w.agent_wx_no = c.agent_wx_no
LEFT JOIN wp.message_transfers t ON x.kind = 'transfer' AND t._account = x.account AND t.message_id = x.message_id
LEFT JOIN wp.message_group_collections g ON x.kind = 'group_collection' AND g._account = x.account AND g.message_id = x.message_id
LEFT JOIN LATERAL (SELECT nick FROM wp.wechat_contacts
                   WHERE _account = c._account AND agent_wx_no = c.agent_wx_no AND wx_no = c.contact_wx_no
                   ORDER BY _deleted_at IS NOT NULL, created_at DESC, id LIMIT 1) k ON true
LEFT JOIN wp.wechat_rooms r ON r._account = c._account AND r.id = c.room_id
WHERE NOT CASE x.kind WHEN 'transfer' THEN EXISTS (SELECT FROM wp.message_transfers o
        JOIN wp.wechat_messages om ON om._account = o._account AND om.id = o.message_id LEFT JOIN wp.wechat_chats oc ON oc._account = om._account AND oc.id = om.chat_id
        WHERE o._account = t._account AND o.transfer_id = t.transfer_id AND o.message_id <> m.id
          AND (coalesce(oc.chat_type = 'group' AND om.sent_by_agent IS NOT TRUE, false), coalesce(o.transfer_type NOT IN (1, 7), true), coalesce(om.sent_at, 'infinity'), om.id) < (coalesce(c.chat_type = 'group' AND m.sent_by_agent IS NOT TRUE, false), coalesce(t.transfer_type NOT IN (1, 7), true), coalesce(m.sent_at, 'infinity'), m.id)
          AND (om.chat_id = m.chat_id OR oc.agent_wx_no = c.agent_wx_no OR coalesce(c.chat_type = 'group' AND m.sent_by_agent IS NOT TRUE, false)))
                      WHEN 'red_packet' THEN EXISTS (SELECT FROM wp.message_red_packets o
        JOIN wp.wechat_messages om ON om._account = o._account AND om.id = o.message_id LEFT JOIN wp.wechat_chats oc ON oc._account = om._account AND oc.id = om.chat_id
        WHERE o._account = x.account AND o.pay_msg_id = x.deal AND o.message_id <> m.id
          AND ((coalesce(oc.chat_type = 'group' AND om.sent_by_agent IS NOT TRUE, false) AND o.claimed IS NOT TRUE), coalesce(om.sent_at, 'infinity'), om.id) < ((coalesce(c.chat_type = 'group' AND m.sent_by_agent IS NOT TRUE, false) AND x.paid IS NOT TRUE), coalesce(m.sent_at, 'infinity'), m.id)
          AND (om.chat_id = m.chat_id OR oc.agent_wx_no = c.agent_wx_no OR (coalesce(c.chat_type = 'group' AND m.sent_by_agent IS NOT TRUE, false) AND x.paid IS NOT TRUE)))
                      ELSE EXISTS (SELECT FROM wp.message_group_collections o
        JOIN wp.wechat_messages om ON om._account = o._account AND om.id = o.message_id LEFT JOIN wp.wechat_chats oc ON oc._account = om._account AND oc.id = om.chat_id
        WHERE o._account = g._account AND o.bill_no = g.bill_no AND EXISTS (SELECT FROM wp.message_group_collection_payers y WHERE y._account = o._account AND y.message_id = o.message_id AND y.payer_wx_no = x.payer_wx_no) AND o.message_id <> m.id
          AND ((x.payer_wx_no IS DISTINCT FROM oc.agent_wx_no AND o.initiator_wx_no IS DISTINCT FROM oc.agent_wx_no), coalesce(om.sent_at, 'infinity'), om.id) < ((x.payer_wx_no IS DISTINCT FROM c.agent_wx_no AND g.initiator_wx_no IS DISTINCT FROM c.agent_wx_no), coalesce(m.sent_at, 'infinity'), m.id)
          AND (om.chat_id = m.chat_id OR oc.agent_wx_no = c.agent_wx_no OR (x.payer_wx_no IS DISTINCT FROM c.agent_wx_no AND g.initiator_wx_no IS DISTINCT FROM c.agent_wx_no))) END;

COMMENT ON VIEW wp_bi.money_flows IS '资金往来：每笔转账（含其收款、退款回执）在每个相关工作微信只计一次（两部工作手机之间的转账：一方 out，一方 in），另有红包与群收款的每位付款人；群内多部工作手机都看到的，只计参与的一方，均未参与时计一次 / money, once for each work WeChat account concerned: each transfer, whatever receipts it has (between two work phones: out for one, in for the other); red packets; each payer of a group collection. What several work phones see in a room counts for those that took part, or once where none did';
COMMENT ON COLUMN wp_bi.money_flows.account IS '账号（一个厂商控制台） / the configured account: one console of the vendor';
COMMENT ON COLUMN wp_bi.money_flows.flow_id IS '往来编号 / the flow';
COMMENT ON COLUMN wp_bi.money_flows.kind IS 'transfer 转账，red_packet 红包，group_collection 群收款 / transfer, red_packet or group_collection';
COMMENT ON COLUMN wp_bi.money_flows.message_id IS '消息编号 / the message';
COMMENT ON COLUMN wp_bi.money_flows.chat_id IS '会话编号 / the chat';
COMMENT ON COLUMN wp_bi.money_flows.agent_wx_no IS '工作微信号 / the agent''s WeChat number';
COMMENT ON COLUMN wp_bi.money_flows.agent IS '座席标识：座席编号；微信号对应不到座席时为该微信号 / the agent: its id, or the WeChat number where no agent has it';
COMMENT ON COLUMN wp_bi.money_flows.agent_id IS '座席编号；对应不到时为空 / the agent''s id, where known';
COMMENT ON COLUMN wp_bi.money_flows.agent_name IS '座席当前姓名（对应不到时为微信昵称） / the agent''s present name, or the WeChat nickname';
COMMENT ON COLUMN wp_bi.money_flows.contact_wx_no IS '客户微信号（单聊） / the customer''s WeChat number (single chats)';
COMMENT ON COLUMN wp_bi.money_flows.contact_nick IS '客户当前昵称 / the customer''s present nickname';
COMMENT ON COLUMN wp_bi.money_flows.room_id IS '群编号（群聊） / the room''s id (group chats)';
COMMENT ON COLUMN wp_bi.money_flows.room_name IS '群名称 / the room''s name';
COMMENT ON COLUMN wp_bi.money_flows.sent_at IS '发起时间 / when it was sent';
COMMENT ON COLUMN wp_bi.money_flows.day IS '日期（上海） / the day in Shanghai';
COMMENT ON COLUMN wp_bi.money_flows.direction IS 'out 座席付出，in 座席收到 / out: the agent pays; in: the agent is paid';
COMMENT ON COLUMN wp_bi.money_flows.amount IS '金额（元）；红包金额未知 / yuan; unknown for red packets';
COMMENT ON COLUMN wp_bi.money_flows.status IS '最终状态：unclaimed、claimed_pending、claimed、refunded、paid、unpaid / how it ended';
COMMENT ON COLUMN wp_bi.money_flows.transfer_id IS '转账编号 / the transfer''s id';
COMMENT ON COLUMN wp_bi.money_flows.payer_wx_no IS '付款人微信号（群收款） / who pays (group collections)';
COMMENT ON COLUMN wp_bi.money_flows.memo IS '备注 / memo';

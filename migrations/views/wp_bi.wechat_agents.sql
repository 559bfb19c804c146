CREATE OR REPLACE VIEW wp_bi.wechat_agents AS
WITH RECURSIVE numbers(account, wx) AS (
    (SELECT _account, agent_wx_no FROM wp.wechat_chats WHERE agent_wx_no IS NOT NULL
     ORDER BY _account, agent_wx_no LIMIT 1)
    UNION ALL
    SELECT next._account, next.agent_wx_no FROM numbers n
    CROSS JOIN LATERAL (SELECT c._account, c.agent_wx_no FROM wp.wechat_chats c
                        WHERE (c._account, c.agent_wx_no) > (n.account, n.wx) AND c.agent_wx_no IS NOT NULL
                        ORDER BY c._account, c.agent_wx_no LIMIT 1) next
), known AS (
    SELECT account, wx FROM numbers
    UNION SELECT _account, wx_no FROM wp.wechat_users WHERE wx_no IS NOT NULL
)
SELECT k.account, k.wx AS agent_wx_no, coalesce(a.id, k.wx) AS agent, a.id AS agent_id, coalesce(a.name, u.nick) AS agent_name,
       u.nick AS agent_nick
FROM known k
LEFT JOIN LATERAL (SELECT nick, phone FROM wp.wechat_users WHERE _account = k.account AND wx_no = k.wx
                   ORDER BY _deleted_at IS NOT NULL, _first_synced_at DESC, id LIMIT 1) u ON true
LEFT JOIN (SELECT DISTINCT ON (_account, number) _account, number, id, name
           FROM (SELECT *, CASE WHEN phone ~ '^[+\d\s().–—-]+$' THEN regexp_replace(regexp_replace(phone, '\D', '', 'g'), '^0*(86)?0*(?=1[3-9]\d{9}$)', '') ELSE phone END AS number FROM wp.agents) n
           WHERE number IS NOT NULL
           ORDER BY _account, number, _deleted_at IS NOT NULL, _first_synced_at DESC, id DESC) a
  ON a._account = k.account AND a.number = CASE WHEN u.phone ~ '^[+\d\s().–—-]+$' THEN regexp_replace(regexp_replace(u.phone, '\D', '', 'g'), '^0*(86)?0*(?=1[3-9]\d{9}$)', '') ELSE u.phone END;

COMMENT ON VIEW wp_bi.wechat_agents IS '工作微信号与座席的对应：微信号 → 工作手机号 → 座席手机号 / which agent a WeChat number belongs to: by the phone''s number';
COMMENT ON COLUMN wp_bi.wechat_agents.account IS '账号（一个厂商控制台） / the configured account: one console of the vendor';
COMMENT ON COLUMN wp_bi.wechat_agents.agent_wx_no IS '工作微信号 / the agent''s WeChat number';
COMMENT ON COLUMN wp_bi.wechat_agents.agent IS '座席标识：座席编号；微信号对应不到座席时为该微信号 / the agent: its id, or the WeChat number where no agent has it';
COMMENT ON COLUMN wp_bi.wechat_agents.agent_id IS '座席编号；对应不到时为空 / the agent''s id, where known';
COMMENT ON COLUMN wp_bi.wechat_agents.agent_name IS '座席当前姓名（对应不到时为微信昵称） / the agent''s present name, or the WeChat nickname';
COMMENT ON COLUMN wp_bi.wechat_agents.agent_nick IS '工作微信昵称 / the WeChat account''s nickname';

CREATE OR REPLACE VIEW wp_bi.call_facts AS
SELECT c._account AS account, c.id AS call_id, c.agent_id AS agent, c.agent_id, coalesce(a.name, c.agent_name) AS agent_name, c.direction,
       c.connected AS answered, c.direction = 'in' AND c.connected IS NOT TRUE AS lost, c.local_tel, c.contact_tel,
       c.contact_name, c.began_at, c.ended_at, (c.began_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
       extract(hour FROM c.began_at AT TIME ZONE 'Asia/Shanghai')::integer AS hour,
       extract(isodow FROM c.began_at AT TIME ZONE 'Asia/Shanghai')::integer AS weekday,
       CASE WHEN c.connected THEN c.duration_seconds ELSE 0 END AS talk_seconds,
       round(CASE WHEN c.connected THEN c.duration_seconds ELSE 0 END / 60.0, 2) AS talk_minutes,
       c.recording_url, c.recording_status, c._gone_at AS gone_at
FROM wp.calls c LEFT JOIN wp.agents a ON a._account = c._account AND a.id = c.agent_id;

COMMENT ON VIEW wp_bi.call_facts IS '通话明细。已接：connected 为真；未接来电（lost）：呼入且未接通；通话时长：仅计已接通话的秒数 / calls. Answered: the call was connected; lost: incoming and not connected; talk time: the seconds of connected calls only';
COMMENT ON COLUMN wp_bi.call_facts.account IS '账号（一个厂商控制台） / the configured account: one console of the vendor';
COMMENT ON COLUMN wp_bi.call_facts.call_id IS '通话编号 / the call';
COMMENT ON COLUMN wp_bi.call_facts.agent IS '座席标识：座席编号；微信号对应不到座席时为该微信号 / the agent: its id, or the WeChat number where no agent has it';
COMMENT ON COLUMN wp_bi.call_facts.agent_id IS '座席编号；对应不到时为空 / the agent''s id, where known';
COMMENT ON COLUMN wp_bi.call_facts.agent_name IS '座席当前姓名（对应不到时为微信昵称） / the agent''s present name, or the WeChat nickname';
COMMENT ON COLUMN wp_bi.call_facts.direction IS 'in 呼入，out 呼出 / in or out';
COMMENT ON COLUMN wp_bi.call_facts.answered IS '是否接通 / whether it was connected';
COMMENT ON COLUMN wp_bi.call_facts.lost IS '是否未接来电：呼入且未接通 / incoming and not connected';
COMMENT ON COLUMN wp_bi.call_facts.local_tel IS '工作手机号 / the work phone''s number';
COMMENT ON COLUMN wp_bi.call_facts.contact_tel IS '对方号码 / the other number';
COMMENT ON COLUMN wp_bi.call_facts.contact_name IS '对方姓名 / the other''s name';
COMMENT ON COLUMN wp_bi.call_facts.began_at IS '开始时间 / when it began';
COMMENT ON COLUMN wp_bi.call_facts.ended_at IS '结束时间 / when it ended';
COMMENT ON COLUMN wp_bi.call_facts.day IS '日期（上海） / the day in Shanghai';
COMMENT ON COLUMN wp_bi.call_facts.hour IS '小时（上海，0–23） / hour in Shanghai, 0 to 23';
COMMENT ON COLUMN wp_bi.call_facts.weekday IS '星期（1 周一 … 7 周日） / weekday, 1 Monday to 7 Sunday';
COMMENT ON COLUMN wp_bi.call_facts.talk_seconds IS '通话时长（秒），未接通为 0 / seconds talked, 0 where not connected';
COMMENT ON COLUMN wp_bi.call_facts.talk_minutes IS '通话时长（分钟） / minutes talked';
COMMENT ON COLUMN wp_bi.call_facts.recording_url IS '录音地址 / the recording';
COMMENT ON COLUMN wp_bi.call_facts.recording_status IS '录音状态 / what became of the recording';
COMMENT ON COLUMN wp_bi.call_facts.gone_at IS '厂商不再列出此通话的时间；空表示仍在 / since when the vendor no longer lists it; NULL: it does';

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
CROSS JOIN LATERAL (SELECT CASE WHEN c.parent IS NOT NULL THEN p.at ELSE coalesce(w.at, l.at) END AS of) a;

COMMENT ON VIEW wp_bi.data_freshness IS '数据新鲜度：每个资源最新到哪里 / freshness: how far each resource has come';
COMMENT ON COLUMN wp_bi.data_freshness.account IS '账号 / account';
COMMENT ON COLUMN wp_bi.data_freshness.resource IS '资源 / resource';
COMMENT ON COLUMN wp_bi.data_freshness.newest_row IS '最新一行的时间 / the time of the newest row';
COMMENT ON COLUMN wp_bi.data_freshness.watermark IS '此前的数据都已读取过；列表为最近完整读取时间 / everything before it has been read; for listings the last complete reading';
COMMENT ON COLUMN wp_bi.data_freshness.minutes_behind IS '落后分钟数 / minutes behind';
COMMENT ON COLUMN wp_bi.data_freshness.complete_up_to IS '从 complete_from 到此刻均已读取并核对完整，其间没有空缺；列表为全部完整读取过的时间 / everything from complete_from to here was read and is proved complete, without a hole; for listings the time since which all of it has been read whole';
COMMENT ON COLUMN wp_bi.data_freshness.complete_from IS '最早读取的时刻 / where the oldest stretch that was read begins';

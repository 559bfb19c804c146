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
    FROM (SELECT _account AS account, 'calls' AS resource, began_at AS at FROM wp.calls WHERE _gone_at IS NOT NULL
          UNION ALL SELECT _account, 'sms', sent_at FROM wp.sms WHERE _gone_at IS NOT NULL
          UNION ALL SELECT _account, 'wechat_messages', sent_at FROM wp.wechat_messages WHERE _gone_at IS NOT NULL) g
    GROUP BY 1, 2, 3
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
FROM wpsync.listings LEFT JOIN unread u USING (account, resource) GROUP BY 1, 2, u.rooms;

COMMENT ON VIEW wp_bi.completeness IS '完整性：每个资源每天的厂商总数、库中行数与状态 / completeness: per resource and Shanghai day, the vendor''s count and ours';
COMMENT ON COLUMN wp_bi.completeness.account IS '账号 / account';
COMMENT ON COLUMN wp_bi.completeness.resource IS '资源 / resource';
COMMENT ON COLUMN wp_bi.completeness.day IS '日期（上海）；列表类资源为最近读取日 / the day in Shanghai; for listings the day they were read last';
COMMENT ON COLUMN wp_bi.completeness.vendor_count IS '厂商给出的总数 / the vendor''s count';
COMMENT ON COLUMN wp_bi.completeness.rows_held IS '库中的行数 / rows held';
COMMENT ON COLUMN wp_bi.completeness.state IS 'complete 完整，differing 有差异，incomplete 不完整，partial 当天未全部读取 / complete, differing, incomplete, or partial: not all of the day was read';
COMMENT ON COLUMN wp_bi.completeness.last_checked_at IS '最近一次与厂商总数核对一致的时间 / when the vendor''s count was last seen to agree';
COMMENT ON COLUMN wp_bi.completeness.reason IS '差异或不完整的原因 / the reason for any difference';

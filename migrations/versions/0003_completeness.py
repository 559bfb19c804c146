"""wp_bi.completeness and wp_bi.data_freshness

Revision: 0003, after 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COMPLETENESS = """
CREATE VIEW wp_bi.completeness AS
WITH days AS (
    SELECT account, resource, (starts_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
           sum(vendor_count)::bigint AS vendor_count, sum(rows_held)::bigint AS rows_held,
           sum(ends_at - starts_at) AS covered, min(checked_at) AS last_checked_at,
           bool_and(state = 'complete') AS complete, count(*) FILTER (WHERE vendor_count IS NULL) AS uncounted,
           string_agg(DISTINCT reason, ', ') AS reasons
    FROM wpsync.windows GROUP BY 1, 2, 3
), gone AS (
    SELECT account, resource, (at AT TIME ZONE 'Asia/Shanghai')::date AS day, count(*) AS rows
    FROM wpsync.gone_rows GROUP BY 1, 2, 3
)
SELECT d.account, d.resource, d.day, d.vendor_count, d.rows_held,
       CASE WHEN NOT d.complete THEN 'incomplete'
            WHEN d.covered < interval '1 day' THEN 'partial'
            WHEN d.uncounted = 0 AND d.vendor_count <> d.rows_held THEN 'differing'
            ELSE 'complete' END AS state,
       d.last_checked_at,
       nullif(concat_ws('; ', d.reasons,
           CASE WHEN d.complete AND d.vendor_count > d.rows_held
                THEN (d.vendor_count - d.rows_held) || ' in dead letters or without a time' END,
           CASE WHEN g.rows > 0 THEN g.rows || ' kept that the vendor no longer lists' END), '') AS reason
FROM days d LEFT JOIN gone g USING (account, resource, day)
UNION ALL
SELECT account, resource, (max(read_at) AT TIME ZONE 'Asia/Shanghai')::date, sum(vendor_count)::bigint,
       sum(rows_seen)::bigint, CASE WHEN bool_and(state = 'complete') THEN 'complete' ELSE 'incomplete' END,
       min(read_at), string_agg(DISTINCT reason, ', ')
FROM wpsync.listings GROUP BY 1, 2
"""

_NEWEST = (
    "SELECT _account AS account, '{0}' AS resource, max({1}) AS newest_row FROM wp.{0} GROUP BY 1"
)
FRESHNESS = """
CREATE VIEW wp_bi.data_freshness AS
WITH newest AS (
    {newest}
), known AS (
    SELECT account, resource FROM wpsync.watermarks
    UNION SELECT account, resource FROM wpsync.windows
    UNION SELECT account, resource FROM wpsync.listings
), broken AS (
    SELECT account, resource, min(starts_at) AS at FROM wpsync.windows WHERE state <> 'complete' GROUP BY 1, 2
), listed AS (
    SELECT account, resource, min(complete_at) AS at FROM wpsync.listings GROUP BY 1, 2
)
SELECT k.account, k.resource, n.newest_row, coalesce(w.at, l.at) AS watermark,
       round((extract(epoch FROM clock_timestamp() - coalesce(w.at, l.at)) / 60)::numeric, 1) AS minutes_behind,
       least(coalesce(w.at, l.at), b.at) AS complete_up_to
FROM known k LEFT JOIN wpsync.watermarks w USING (account, resource) LEFT JOIN listed l USING (account, resource)
LEFT JOIN broken b USING (account, resource) LEFT JOIN newest n USING (account, resource)
"""

COMMENTS = {
    "VIEW wp_bi.completeness": "完整性：每个资源每天的厂商总数、库中行数与状态 / completeness: per resource and Shanghai day, the vendor''s count and ours",
    "COLUMN wp_bi.completeness.account": "账号 / account",
    "COLUMN wp_bi.completeness.resource": "资源 / resource",
    "COLUMN wp_bi.completeness.day": "日期（上海）；列表类资源为最近读取日 / the day in Shanghai; for listings the day they were read last",
    "COLUMN wp_bi.completeness.vendor_count": "厂商给出的总数 / the vendor''s count",
    "COLUMN wp_bi.completeness.rows_held": "库中的行数 / rows held",
    "COLUMN wp_bi.completeness.state": "complete 完整，differing 有差异，incomplete 不完整，partial 当天未全部读取 / complete, differing, incomplete, or partial: not all of the day was read",
    "COLUMN wp_bi.completeness.last_checked_at": "最近一次与厂商总数核对一致的时间 / when the vendor''s count was last seen to agree",
    "COLUMN wp_bi.completeness.reason": "差异或不完整的原因 / the reason for any difference",
    "VIEW wp_bi.data_freshness": "数据新鲜度：每个资源最新到哪里 / freshness: how far each resource has come",
    "COLUMN wp_bi.data_freshness.account": "账号 / account",
    "COLUMN wp_bi.data_freshness.resource": "资源 / resource",
    "COLUMN wp_bi.data_freshness.newest_row": "最新一行的时间 / the time of the newest row",
    "COLUMN wp_bi.data_freshness.watermark": "此前的数据都已读取过；列表为最近完整读取时间 / everything before it has been read; for listings the last complete reading",
    "COLUMN wp_bi.data_freshness.minutes_behind": "落后分钟数 / minutes behind",
    "COLUMN wp_bi.data_freshness.complete_up_to": "此前的数据均已核对完整 / everything before it is proved complete",
}


def upgrade() -> None:
    op.execute("CREATE SCHEMA IF NOT EXISTS wp_bi")
    op.execute("COMMENT ON SCHEMA wp_bi IS '供 BI 使用的视图 / views made for dashboards'")
    op.execute(COMPLETENESS)
    newest = [("calls", "began_at"), ("sms", "sent_at"), ("wechat_messages", "sent_at")]
    union = " UNION ALL ".join(_NEWEST.format(*one) for one in newest)
    op.execute(FRESHNESS.format(newest=union))
    for what, comment in COMMENTS.items():
        op.execute(f"COMMENT ON {what} IS '{comment}'")


def downgrade() -> None:
    op.execute("DROP VIEW wp_bi.data_freshness")
    op.execute("DROP VIEW wp_bi.completeness")
    op.execute("DROP SCHEMA wp_bi")

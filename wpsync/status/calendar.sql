-- name: calendar
-- Every day of the ledger from a day on. Listings, which have no days, are left out.
select c.account, c.resource, c.day, c.vendor_count, c.rows_held, c.state, c.last_checked_at, c.reason
from wp_bi.completeness c
where c.day >= %(since)s and not exists (select from wpsync.listings l
                                            where l.account = c.account and l.resource = c.resource)
order by 1, 2, 3

-- name: day_windows
-- The ledger's windows of a span, with the run that read each last.
select w.starts_at, w.ends_at, w.vendor_count, w.rows_seen, w.rows_held, w.state, w.reason, w.attempts, w.read_at,
       w.checked_at, w.retry_at, w.run_id, r.kind, r.started_at, r.outcome, r.requests
from wpsync.windows w left join wpsync.runs r on r.id = w.run_id
where w.account = %(account)s and w.resource = %(resource)s and w.starts_at < %(end)s and w.ends_at > %(start)s
order by w.starts_at limit 200

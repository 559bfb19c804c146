-- name: calendar
-- Every day of the ledger from an instant on, by the rules of wp_bi.completeness, and without the rows that it
-- counts in other tables.
select k.account, k.resource, d.day, d.vendor_count, d.rows_held,
       case when not d.complete then 'incomplete'
            when d.disputed then 'differing'
            when d.covered < interval '1 day' then 'partial'
            when d.uncounted = 0 and d.vendor_count <> d.rows_held then 'differing'
            else 'complete' end as state,
       d.last_checked_at, d.reason
from (select account, resource from unnest(%(accounts)s::text[]) account, unnest(%(resources)s::text[]) resource) k
cross join lateral (
    select (starts_at at time zone 'Asia/Shanghai')::date as day, sum(vendor_count)::bigint as vendor_count,
           sum(rows_held)::bigint as rows_held, sum(ends_at - starts_at) as covered, min(checked_at) as last_checked_at,
           bool_and(state = 'complete') as complete, bool_or(disputed_at is not null) as disputed,
           count(*) filter (where vendor_count is null) as uncounted, string_agg(distinct reason, ', ') as reason
    from wpsync.windows
    where account = k.account and resource = k.resource and starts_at >= %(since)s
    group by 1) d

-- name: day_windows
-- The ledger's windows of a span, with the run that read each last.
select w.starts_at, w.ends_at, w.vendor_count, w.rows_seen, w.rows_held, w.state, w.reason, w.attempts, w.read_at,
       w.checked_at, w.retry_at, w.run_id, r.kind, r.started_at, r.outcome, r.requests
from wpsync.windows w left join wpsync.runs r on r.id = w.run_id
where w.account = %(account)s and w.resource = %(resource)s and w.starts_at < %(end)s and w.ends_at > %(start)s
order by w.starts_at limit 200

-- name: incomplete_windows
-- All incomplete windows and listings, for status.
select account, resource, starts_at, ends_at, vendor_count, rows_seen, reason, attempts, retry_at, '' as parent_id
from wpsync.windows where state = 'incomplete'
union all
select account, resource, read_at, null, vendor_count, rows_seen, reason, 1, null, parent_id
from wpsync.listings where state = 'incomplete'
order by 1, 2, 3

-- name: dead_letter_counts
-- What is open; `unreadable` are messages whose row is there all the same.
select account, resource, count(*), count(*) filter (where reason = 'payload_unreadable') as unreadable
from wpsync.dead_letters where resolved_at is null group by 1, 2

-- name: token_ages
select account, issued_at, renewed_at, access_expires_at, refresh_expires_at, paused_until, failures, encrypted
from wpsync.tokens order by account

-- name: ledger_summary
-- What the ledger holds per resource.
select account, resource, min(starts_at) as starts_at, max(ends_at) as ends_at,
       sum(vendor_count)::bigint as vendor_count, sum(rows_seen)::bigint as rows_seen,
       count(*) filter (where state = 'incomplete') as incomplete, max(disputed_at) as disputed_at
from wpsync.windows group by 1, 2

-- name: ledger_windows
-- The whole ledger in order, for finding gaps.
select account, resource, starts_at, ends_at from wpsync.windows order by 1, 2, 3

-- name: listing_summary
select account, resource, sum(vendor_count)::bigint as vendor_count, sum(rows_seen)::bigint as rows_seen,
       count(*) filter (where state = 'incomplete') as incomplete, max(complete_at) as complete_at
from wpsync.listings group by 1, 2

-- name: last_runs
-- The last reading of each resource, however it ended.
select k.account, k.resource, r.kind, r.started_at, r.finished_at, r.outcome, r.requests, r.rows_read,
       r.rows_inserted, r.rows_updated, r.error_code, r.error_params, r.error_words
from (select a as account, b as resource from unnest(%(accounts)s::text[]) a, unnest(%(resources)s::text[]) b) k
cross join lateral (
    select * from wpsync.runs where account = k.account and resource = k.resource and kind in ('sync', 'backfill')
    order by started_at desc, id desc limit 1) r

-- name: last_passes
-- When the last pass over all parents began; those that could not be read then are incomplete.
select account, resource, max(started_at) as started_at
from wpsync.runs
where resource = any(%(resources)s) and kind in ('sync', 'backfill') and outcome in ('done', 'incomplete')
group by 1, 2

-- name: gone_row_counts
select _account as account, 'calls' as resource, count(*) from wp.calls where _gone_at is not null group by 1
union all
select _account, 'sms', count(*) from wp.sms where _gone_at is not null group by 1
union all
select _account, 'wechat_messages', count(*) from wp.wechat_messages where _gone_at is not null group by 1

-- name: follow_up_counts
-- What is awaited, and what is still open at the horizon.
select account, resource, reason, count(*) filter (where due_at is not null) as awaited,
       count(*) filter (where due_at is null) as unsettled, min(at) as oldest
from wpsync.follow_ups group by 1, 2, 3 order by 1, 2, 3

-- name: drift
select account, resource, what, name, seen, first_seen_at, last_seen_at from wpsync.drift order by first_seen_at desc, 1, 2, 3, 4

-- name: newest_dead_letters
-- Without the originals, which hold people's data.
select id, account, resource, record_id, reason, error_code, error_params, error_words, first_seen_at
from wpsync.dead_letters where resolved_at is null order by id desc limit %(limit)s

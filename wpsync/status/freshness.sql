-- name: watermarks
select account, resource, at from wpsync.watermarks where account = any(%(accounts)s)

-- name: progress
-- How far each resource is, and the totals of its ledger. Each row takes a few steps through indexes at most. A
-- listing's own line has no parent; a resource that is read parent by parent goes by its last pass.
select k.account, k.resource, w.at as watermark, t.vendor_count, t.rows_held, t.gaps, l.complete_at,
       p.started_at as passed_at, coalesce(a.awaited, 0) as awaited, coalesce(n.missing, 0) as missing
from (select account, resource from unnest(%(accounts)s::text[]) account, unnest(%(resources)s::text[]) resource) k
left join wpsync.watermarks w on w.account = k.account and w.resource = k.resource
left join wpsync.totals t on t.account = k.account and t.resource = k.resource
left join lateral (select complete_at from wpsync.listings
                   where account = k.account and resource = k.resource and parent_id = ''
                     and k.resource = any(%(listed)s) limit 1) l on true
left join lateral (select started_at from wpsync.runs
                   where account = k.account and resource = k.resource and k.resource = any(%(children)s)
                     and kind in ('sync', 'backfill') and outcome in ('done', 'incomplete')
                   order by started_at desc limit 1) p on true
left join lateral (select count(*) as awaited from wpsync.follow_ups
                   where account = k.account and resource = k.resource and k.resource = any(%(followed)s)
                     and due_at is not null) a on true
left join lateral (select count(*) as missing from wpsync.named_rows
                   where account = k.account and resource = k.resource and k.resource = any(%(named)s)
                     and missing_since is not null) n on true

-- name: incomplete
-- All incomplete windows and listings.
select account, resource, starts_at, ends_at, parent_id, vendor_count, rows_seen, reason, attempts, retry_at
from (select account, resource, starts_at, ends_at, '' as parent_id, vendor_count, rows_seen, reason, attempts, retry_at
      from wpsync.windows where state = 'incomplete'
      union all
      select account, resource, read_at, null, parent_id, vendor_count, rows_seen, reason, 1, null
      from wpsync.listings where state = 'incomplete') found
where account = any(%(accounts)s)
order by account, resource, starts_at, parent_id

-- name: dead_letter_counts
-- The open ones; `unreadable` are messages whose row is there all the same.
select account, resource, count(*) as letters, count(*) filter (where reason = 'payload_unreadable') as unreadable
from wpsync.dead_letters where resolved_at is null group by 1, 2

-- name: token_ages
select account, issued_at, renewed_at, access_expires_at, refresh_expires_at, paused_until, failures, encrypted
from wpsync.tokens order by account

-- name: drift
select account, resource, what, name, seen, first_seen_at, last_seen_at from wpsync.drift
where account = any(%(accounts)s) order by first_seen_at desc, 1, 2, 3, 4 limit %(limit)s

-- name: drift_counts
select account, resource, count(*) as noted, count(*) filter (where first_seen_at > %(since)s) as new
from wpsync.drift where account = any(%(accounts)s) group by 1, 2 order by 1, 2

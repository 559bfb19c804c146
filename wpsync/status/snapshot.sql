-- name: commits_hang
-- Whether a session of this role waits for its commit for longer. A running service always has one while commits hang
-- (db.commits). A long statement may write the log just now, so that only commits count there.
select exists (
    select from pg_stat_activity
    where datname = current_database() and usename = current_user
      and clock_timestamp() - query_start > make_interval(secs => %(seconds)s)
      and (wait_event = 'SyncRep'
           or lower(wait_event) in ('walsync', 'walwrite')
              and (query ilike 'commit%%' or query like '%%pg_logical_emit_message%%'))) as hang

-- name: ledger
-- The reach of the ledger, the unread stretches in it, and when verify last found differences that are left.
select account, resource, min(starts_at) as covered_from, max(ends_at) as covered_to,
       count(*) filter (where starts_at > reached) as gaps, max(disputed_at) as disputed_at
from (select account, resource, starts_at, ends_at, disputed_at,
             lag(ends_at) over (partition by account, resource order by starts_at) as reached
      from wpsync.windows where account = any(%(accounts)s)) w
group by 1, 2

-- name: last_runs
-- The last reading of each resource, however it ended.
select k.account, k.resource, r.kind, r.started_at, r.finished_at, r.outcome, r.requests, r.rows_read,
       r.rows_inserted, r.rows_updated, r.error_code, r.error_params, r.error_words
from (select a as account, b as resource from unnest(%(accounts)s::text[]) a, unnest(%(resources)s::text[]) b) k
cross join lateral (
    select * from wpsync.runs where account = k.account and resource = k.resource and kind in ('sync', 'backfill')
    order by started_at desc, id desc limit 1) r

-- name: unsettled
-- Rows that are still open at the horizon.
select account, resource, count(*) as rows from wpsync.follow_ups
where due_at is null and account = any(%(accounts)s) group by 1, 2

-- name: newest_dead_letters
-- Without the originals, which hold people's data.
select id, account, resource, record_id, reason, error_code, error_params, error_words, first_seen_at
from wpsync.dead_letters where resolved_at is null and account = any(%(accounts)s) order by id desc limit %(limit)s

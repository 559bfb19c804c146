-- name: lock_ledger
-- One at a time changes the ledger of a resource, until its transaction ends.
select pg_advisory_xact_lock(hashtextextended('wpsync:ledger:' || %(account)s || ':' || %(resource)s, 0))

-- name: ledger_around
-- The windows that overlap or adjoin a span, oldest first.
select starts_at, ends_at, vendor_count, rows_seen, rows_held, state, reason, attempts, read_at, checked_at, retry_at,
       disputed_at
from wpsync.windows
where account = %(account)s and resource = %(resource)s and starts_at <= %(ends_at)s and ends_at >= %(starts_at)s
order by starts_at

-- name: remove_windows
delete from wpsync.windows
where account = %(account)s and resource = %(resource)s and starts_at = any(%(starts)s::timestamptz[])

-- name: insert_window
insert into wpsync.windows (account, resource, starts_at, ends_at, vendor_count, rows_seen, rows_held, state, reason,
                            attempts, read_at, checked_at, retry_at, disputed_at, run_id)
values (%(account)s, %(resource)s, %(starts_at)s, %(ends_at)s, %(vendor_count)s, %(rows_seen)s, %(rows_held)s, %(state)s,
        %(reason)s, %(attempts)s, %(read_at)s, %(checked_at)s, %(retry_at)s, %(disputed_at)s, %(run_id)s)

-- name: confirm_windows
-- The vendor's count agrees with the ledger's.
update wpsync.windows set checked_at = %(at)s, attempts = 1, retry_at = null
where account = %(account)s and resource = %(resource)s and starts_at = any(%(starts)s::timestamptz[])
  and state = 'complete'

-- name: doubt_windows
-- Complete windows whose count is wrong are read again.
update wpsync.windows set state = 'incomplete', reason = %(reason)s, retry_at = %(at)s
where account = %(account)s and resource = %(resource)s and starts_at < %(ends_at)s and ends_at > %(starts_at)s
  and state = 'complete'

-- name: dispute_windows
-- What verify found and left is noted in all windows that it touches, and taken off those that were compared whole.
update wpsync.windows set disputed_at = %(at)s
where account = %(account)s and resource = %(resource)s and starts_at < %(ends_at)s and ends_at > %(starts_at)s
  and (%(at)s::timestamptz is not null or starts_at >= %(starts_at)s and ends_at <= %(ends_at)s)

-- name: put_off_window
update wpsync.windows set attempts = %(attempts)s, retry_at = %(retry_at)s
where account = %(account)s and resource = %(resource)s and starts_at = %(starts_at)s

-- name: windows_between
-- The ledger's windows that touch a span, oldest first.
select starts_at, ends_at, vendor_count, rows_seen, rows_held, state, reason, attempts, read_at, checked_at, retry_at,
       disputed_at
from wpsync.windows
where account = %(account)s and resource = %(resource)s and starts_at < %(ends_at)s and ends_at > %(starts_at)s
order by starts_at

-- name: incomplete_windows_due
-- Incomplete windows whose time to be read again has come, or was told by a clock that was ahead.
select starts_at, ends_at, vendor_count, rows_seen, rows_held, state, reason, attempts, read_at, checked_at, retry_at,
       disputed_at
from wpsync.windows
where account = %(account)s and resource = %(resource)s and state = 'incomplete'
  and (retry_at <= %(at)s or read_at > %(skewed)s)
order by starts_at

-- name: watermark
select at from wpsync.watermarks where account = %(account)s and resource = %(resource)s

-- name: start_watermark
-- Where reading begins; a watermark that is further on is left alone.
insert into wpsync.watermarks as old (account, resource, at, updated_at)
values (%(account)s, %(resource)s, %(at)s, %(updated_at)s)
on conflict (account, resource) do update set at = excluded.at, updated_at = excluded.updated_at
where old.at < excluded.at

-- name: advance_watermark
-- Move the watermark over the windows that adjoin it, never past a stretch that was not read.
with recursive reached(at) as (
    select at from wpsync.watermarks where account = %(account)s and resource = %(resource)s
    union
    select w.ends_at from reached join wpsync.windows w
      on w.account = %(account)s and w.resource = %(resource)s
      and w.starts_at <= reached.at and w.ends_at > reached.at
)
update wpsync.watermarks set at = (select max(at) from reached), updated_at = %(updated_at)s
where account = %(account)s and resource = %(resource)s and at < (select max(at) from reached)

-- name: set_watermark
update wpsync.watermarks set at = %(at)s, updated_at = %(updated_at)s
where account = %(account)s and resource = %(resource)s

-- name: watermarks
select account, resource, at from wpsync.watermarks

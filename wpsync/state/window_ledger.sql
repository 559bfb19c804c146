-- name: lock_ledger
-- One transaction at a time changes the ledger of a resource.
select true from wpsync.ledgers where account = %(account)s and resource = %(resource)s for update

-- name: begin_ledger
insert into wpsync.ledgers (account, resource) values (%(account)s, %(resource)s) on conflict do nothing

-- name: windows_around
-- The windows that overlap or adjoin a span, oldest first.
select starts_at, ends_at, vendor_count, rows_seen, rows_held, state, reason, attempts, read_at, checked_at, retry_at,
       disputed_at, digest
from wpsync.windows
where account = %(account)s and resource = %(resource)s and starts_at <= %(ends_at)s and ends_at >= %(starts_at)s
order by starts_at

-- name: windows_between
-- The windows that overlap a span, oldest first.
select starts_at, ends_at, vendor_count, rows_seen, rows_held, state, reason, attempts, read_at, checked_at, retry_at,
       disputed_at, digest
from wpsync.windows
where account = %(account)s and resource = %(resource)s and starts_at < %(ends_at)s and ends_at > %(starts_at)s
order by starts_at

-- name: remove_windows
delete from wpsync.windows
where account = %(account)s and resource = %(resource)s and starts_at = any(%(starts)s::timestamptz[])

-- name: put_window
-- Insert a window, or replace the one that starts there. Without a run of its own it keeps the one that read it.
insert into wpsync.windows as old (account, resource, starts_at, ends_at, vendor_count, rows_seen, rows_held, state,
                                   reason, attempts, read_at, checked_at, retry_at, disputed_at, digest, run_id)
values (%(account)s, %(resource)s, %(starts_at)s, %(ends_at)s, %(vendor_count)s, %(rows_seen)s, %(rows_held)s, %(state)s,
        %(reason)s, %(attempts)s, %(read_at)s, %(checked_at)s, %(retry_at)s, %(disputed_at)s,
        %(digest)s, %(run_id)s)
on conflict (account, resource, starts_at) do update
set ends_at = excluded.ends_at, vendor_count = excluded.vendor_count, rows_seen = excluded.rows_seen,
    rows_held = excluded.rows_held, state = excluded.state, reason = excluded.reason, attempts = excluded.attempts,
    read_at = excluded.read_at, checked_at = excluded.checked_at, retry_at = excluded.retry_at,
    disputed_at = excluded.disputed_at, digest = excluded.digest, run_id = coalesce(excluded.run_id, old.run_id)

-- name: watermark
select at from wpsync.watermarks where account = %(account)s and resource = %(resource)s

-- name: set_watermark
insert into wpsync.watermarks as old (account, resource, at, updated_at)
values (%(account)s, %(resource)s, %(at)s, now())
on conflict (account, resource) do update set at = excluded.at, updated_at = excluded.updated_at
where old.at <> excluded.at

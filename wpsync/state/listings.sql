-- name: listings
select parent_id, fingerprint, complete_at, state, rows_seen, empty_readings, empty_at
from wpsync.listings
where account = %(account)s and resource = %(resource)s

-- name: close_listing
-- Enter a reading, and add how it differs from the one before to the totals.
with before as (
    select vendor_count, rows_seen from wpsync.listings
    where account = %(account)s and resource = %(resource)s and parent_id = %(parent_id)s
), entered as (
insert into wpsync.listings as old (account, resource, parent_id, vendor_count, rows_seen, state, reason,
                                    fingerprint, read_at, complete_at, run_id, empty_readings, empty_at, digest)
values (%(account)s, %(resource)s, %(parent_id)s, %(vendor_count)s, %(rows_seen)s, %(state)s, %(reason)s,
        %(fingerprint)s, %(read_at)s, case when %(state)s = 'complete' then %(read_at)s::timestamptz end, %(run_id)s,
        (%(reason)s is not distinct from 'suspiciously_empty')::int,
        case when %(reason)s = 'suspiciously_empty' then %(read_at)s::timestamptz end, %(digest)s)
on conflict (account, resource, parent_id) do update
set vendor_count = coalesce(excluded.vendor_count, old.vendor_count), rows_seen = excluded.rows_seen,
    state = excluded.state, reason = excluded.reason, fingerprint = excluded.fingerprint, read_at = excluded.read_at,
    complete_at = coalesce(excluded.complete_at, old.complete_at), run_id = excluded.run_id,
    empty_readings = case when excluded.empty_at - old.empty_at between interval '0' and %(apart)s then old.empty_readings
                          when excluded.empty_at > old.empty_at then old.empty_readings + 1
                          else excluded.empty_readings end,
    empty_at = case when excluded.empty_at - old.empty_at between interval '0' and %(apart)s then old.empty_at
                    else excluded.empty_at end,
    digest = coalesce(excluded.digest, old.digest)
returning vendor_count, rows_seen
)
insert into wpsync.totals as old (account, resource, vendor_count, rows_held, gaps)
select %(account)s, %(resource)s, coalesce(e.vendor_count, 0) - coalesce(b.vendor_count, 0),
       e.rows_seen - coalesce(b.rows_seen, 0), 0
from entered e left join before b on true
on conflict (account, resource) do update
set vendor_count = old.vendor_count + excluded.vendor_count, rows_held = old.rows_held + excluded.rows_held
where excluded.vendor_count <> 0 or excluded.rows_held <> 0

-- name: digest
select digest from wpsync.listings
where account = %(account)s and resource = %(resource)s and parent_id = %(parent_id)s

-- name: shift_digest
update wpsync.listings set digest = mod(digest + %(shift)s + 18446744073709551616, 18446744073709551616)
where account = %(account)s and resource = %(resource)s and parent_id = %(parent_id)s

-- name: forget_digests
update wpsync.listings set digest = null
where account = %(account)s and resource = any(%(resources)s) and digest is not null

-- name: doubt_empty_listings
-- What is counted of empty readings begins anew.
update wpsync.listings set empty_readings = 0, empty_at = null
where account = %(account)s and resource = %(resource)s and empty_readings > 0

-- name: shows_rows
-- Whether another listing of the account was read since an instant, and showed rows.
select exists (select from wpsync.listings
               where account = %(account)s and (resource, parent_id) <> (%(resource)s, %(parent_id)s)
                 and rows_seen > 0 and read_at > %(since)s)

-- name: neighbours
-- Where the windows beside a stretch end and begin.
select (select max(ends_at) from wpsync.windows
        where account = %(account)s and resource = %(resource)s and ends_at <= %(start)s),
       (select min(starts_at) from wpsync.windows
        where account = %(account)s and resource = %(resource)s and starts_at >= %(end)s)

-- name: add
insert into wpsync.totals as old (account, resource, vendor_count, rows_held, gaps)
values (%(account)s, %(resource)s, %(vendor_count)s, %(rows_held)s, %(gaps)s)
on conflict (account, resource) do update
set vendor_count = old.vendor_count + excluded.vendor_count, rows_held = old.rows_held + excluded.rows_held,
    gaps = old.gaps + excluded.gaps

-- name: scopes
-- Everything of which the ledger holds something, by steps through the indexes.
select account, resource from wpsync.totals union select account, resource from wpsync.watermarks
union select account, resource from wpsync.listings

-- name: lock_totals
-- A transaction that changes the ledger of the resource waits at its totals, so the next statement adds up all of it.
insert into wpsync.totals as old (account, resource, vendor_count, rows_held, gaps)
values (%(account)s, %(resource)s, 0, 0, 0)
on conflict (account, resource) do update set gaps = old.gaps

-- name: add_up
update wpsync.totals t
set vendor_count = found.vendor_count, rows_held = found.rows_held, gaps = found.gaps
from (select coalesce(sum(vendor_count), 0)::bigint as vendor_count, coalesce(sum(rows_held), 0)::bigint as rows_held,
             count(*) filter (where is_gap) as gaps
      from (select vendor_count, rows_held, starts_at > lag(ends_at) over (order by starts_at) as is_gap
            from wpsync.windows where account = %(account)s and resource = %(resource)s
            union all
            select vendor_count, rows_seen, false
            from wpsync.listings where account = %(account)s and resource = %(resource)s) parts) found
where t.account = %(account)s and t.resource = %(resource)s
  and (t.vendor_count, t.rows_held, t.gaps) is distinct from (found.vendor_count, found.rows_held, found.gaps)

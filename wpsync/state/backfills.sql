-- name: planned
-- Stretches whose rows the backfill has counted.
select starts_at, ends_at, vendor_count from wpsync.plan
where account = %(account)s and resource = %(resource)s and starts_at < %(ends_at)s and ends_at > %(starts_at)s
order by starts_at

-- name: plan
insert into wpsync.plan as old (account, resource, starts_at, ends_at, vendor_count, probed_at)
values (%(account)s, %(resource)s, %(starts_at)s, %(ends_at)s, %(vendor_count)s, %(at)s)
on conflict (account, resource, starts_at, ends_at) do update
set vendor_count = excluded.vendor_count, probed_at = excluded.probed_at

-- name: keep_backfill
-- How far a backfill is; a new one takes the place of the last.
insert into wpsync.backfills as old (account, resource, starts_at, ends_at, expected_rows, rows_read, started_at,
                                     updated_at, outcome)
values (%(account)s, %(resource)s, %(starts_at)s, %(ends_at)s, %(expected_rows)s, %(rows_read)s, %(started_at)s,
        %(at)s, %(outcome)s)
on conflict (account, resource) do update
set starts_at = excluded.starts_at, ends_at = excluded.ends_at, expected_rows = excluded.expected_rows,
    rows_read = excluded.rows_read, started_at = excluded.started_at, updated_at = excluded.updated_at,
    outcome = excluded.outcome

-- name: late_runs
select from wpsync.runs
where account = %(account)s and resource = %(resource)s and started_at > %(late)s limit 1

-- name: set_runs_right
-- Runs that began in the future began now.
update wpsync.runs set started_at = %(now)s
where account = %(account)s and resource = %(resource)s and started_at > %(late)s

-- name: set_listings_right
update wpsync.listings set read_at = least(read_at, %(now)s), complete_at = least(complete_at, %(now)s)
where account = %(account)s and resource = %(resource)s and read_at > %(late)s

-- name: erased_rows_between
select id from wpsync.erased_rows
where account = %(account)s and resource = %(resource)s and at >= %(start)s and at < %(end)s

-- name: forget_erased_rows
-- The vendor lists them no longer.
delete from wpsync.erased_rows
where account = %(account)s and resource = %(resource)s and id = any(%(ids)s)

-- name: erase_letters_of
delete from wpsync.dead_letters
where account = %(account)s and resource = %(resource)s and record_id = any(%(ids)s)

-- name: erase_letters
delete from wpsync.dead_letters where id = any(%(numbers)s)

-- name: letters
-- Their texts, some at once, beginning after a number.
select id, resource, record_id, original, error_params, error_words from wpsync.dead_letters
where account = %(account)s and id > %(after)s order by id limit %(limit)s

-- name: erase_version
delete from wp.history
where _account = %(account)s and resource = %(resource)s and id = %(id)s and valid_from = %(since)s

-- name: forget_follow_ups
delete from wpsync.follow_ups where account = %(account)s and resource = %(resource)s and id = any(%(ids)s)

-- name: forget_named_rows
delete from wpsync.named_rows where account = %(account)s and resource = %(resource)s and id = any(%(ids)s)

-- name: drift_names
select resource, what, name from wpsync.drift where account = %(account)s

-- name: forget_drift
delete from wpsync.drift
where account = %(account)s and resource = %(resource)s and what = %(what)s and name = %(name)s

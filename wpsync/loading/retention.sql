-- name: forget_old_follow_ups
delete from wpsync.follow_ups where account = %(account)s and resource = %(resource)s and at < %(before)s

-- name: forget_old_erased
delete from wpsync.erased_rows where account = %(account)s and resource = %(resource)s and at < %(before)s

-- name: forget_history
delete from wp.history where _account = %(account)s and valid_to < %(before)s

-- name: forget_dead_letters
delete from wpsync.dead_letters where account = %(account)s and first_seen_at < %(before)s

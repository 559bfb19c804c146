-- name: forget_old_follow_ups
delete from wpsync.follow_ups where resource = %(resource)s and at < %(before)s

-- name: forget_old_gone
delete from wpsync.gone_rows where resource = %(resource)s and at < %(before)s

-- name: forget_old_erased
delete from wpsync.erased_rows where resource = %(resource)s and at < %(before)s

-- name: forget_history
delete from wp.history where valid_to < %(before)s

-- name: forget_dead_letters
delete from wpsync.dead_letters where first_seen_at < %(before)s

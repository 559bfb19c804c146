-- name: lock_incidents
lock table wpsync.incidents in share row exclusive mode

-- name: unfinished_incidents
select id, kind, account, resource, severity, error_code, error_params, error_words, first_seen_at, opened_at,
       last_seen_at, absent, closed_at, told_at, closing_told_at
from wpsync.incidents where closed_at is null or closing_told_at is null order by id

-- name: begin_incident
insert into wpsync.incidents (kind, account, resource, severity, error_code, error_params, error_words, first_seen_at,
                              last_seen_at)
values (%(kind)s, %(account)s, %(resource)s, %(severity)s, %(error_code)s, %(error_params)s, %(error_words)s, %(at)s,
        %(at)s)

-- name: keep_incident
update wpsync.incidents
set severity = %(severity)s, error_code = %(error_code)s, error_params = %(error_params)s,
    error_words = %(error_words)s, opened_at = %(opened_at)s, last_seen_at = %(last_seen_at)s, absent = %(absent)s,
    closed_at = %(closed_at)s, told_at = %(told_at)s, closing_told_at = %(closing_told_at)s
where id = %(id)s

-- name: forget_incidents
delete from wpsync.incidents where id = any(%(ids)s)

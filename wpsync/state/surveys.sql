-- name: survey
select way, total, piece_seconds, since, sure, asked_at from wpsync.surveys
where account = %(account)s and resource = %(resource)s

-- name: keep_survey
insert into wpsync.surveys (account, resource, way, total, piece_seconds, since, sure, asked_at)
values (%(account)s, %(resource)s, %(way)s, %(total)s, %(piece_seconds)s, %(since)s, %(sure)s, %(asked_at)s)
on conflict (account, resource) do update
set way = excluded.way, total = excluded.total, piece_seconds = excluded.piece_seconds, since = excluded.since,
    sure = excluded.sure, asked_at = excluded.asked_at

-- name: known_since
-- The beginning of the account's ledger.
select min(starts_at) from wpsync.windows where account = %(account)s

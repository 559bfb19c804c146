-- name: note_outage
-- The vendor of an account does not answer. What was noted of the same outage before stays.
insert into wpsync.outages as old (account, since, error_code, error_params, error_words)
values (%(account)s, %(since)s, %(error_code)s, %(error_params)s, %(error_words)s)
on conflict (account) do update
set since = least(old.since, excluded.since), error_code = excluded.error_code, error_params = excluded.error_params,
    error_words = excluded.error_words

-- name: end_outage
delete from wpsync.outages where account = %(account)s

-- name: note_outage
-- The vendor of an account does not answer. What was noted of the same outage before stays.
insert into wpsync.outages as old (account, since, error) values (%(account)s, %(since)s, %(error)s)
on conflict (account) do update set since = least(old.since, excluded.since), error = excluded.error

-- name: end_outage
delete from wpsync.outages where account = %(account)s

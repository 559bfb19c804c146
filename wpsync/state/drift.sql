-- name: noted_drift
-- Which of some names are noted already.
select what, name from wpsync.drift
where account = %(account)s and resource = %(resource)s and name = any(%(names)s)

-- name: new_drift
-- How many names of a resource are new.
select count(*) from wpsync.drift
where account = %(account)s and resource = %(resource)s and first_seen_at > %(since)s

-- name: note_drift
-- What no declaration knows: counted by what it is and its name.
insert into wpsync.drift as old (account, resource, what, name, seen, first_seen_at, last_seen_at)
select %(account)s, %(resource)s, what, name, seen, %(at)s, %(at)s
from unnest(%(whats)s::text[], %(names)s::text[], %(seen)s::bigint[]) as found (what, name, seen)
on conflict (account, resource, what, name) do update
set seen = old.seen + excluded.seen, last_seen_at = excluded.last_seen_at

-- name: prune_drift
delete from wpsync.drift where last_seen_at < %(before)s

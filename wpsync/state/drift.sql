-- name: note_drift
-- What no declaration knows: counted by what it is and its name.
insert into wpsync.drift as old (account, resource, what, name, seen, first_seen_at, last_seen_at)
values (%(account)s, %(resource)s, %(what)s, %(name)s, %(seen)s, %(at)s, %(at)s)
on conflict (account, resource, what, name) do update
set seen = old.seen + excluded.seen, last_seen_at = excluded.last_seen_at

-- name: unnoted
-- Which of these ids were never named before.
select n.id, n.at from unnest(%(ids)s::text[], %(times)s::timestamptz[]) as n(id, at)
where not exists (select from wpsync.named_rows k
                  where k.account = %(account)s and k.resource = %(resource)s and k.id = n.id)

-- name: note
-- `held` are those whose row is there.
insert into wpsync.named_rows (account, resource, id, named_at, missing_since)
select %(account)s, %(resource)s, n.id, n.at, case when n.id <> all(%(held)s::text[]) then %(now)s::timestamptz end
from unnest(%(ids)s::text[], %(times)s::timestamptz[]) as n(id, at)
on conflict do nothing

-- name: missing
select count(*) from wpsync.named_rows
where account = %(account)s and resource = %(resource)s and missing_since is not null

-- name: due
-- The missing rows that are to be looked for by now. A time beyond any wait comes from a clock that was ahead.
select named_at, attempts from wpsync.named_rows
where account = %(account)s and resource = %(resource)s and missing_since is not null
  and (retry_at is null or retry_at <= %(now)s or retry_at > %(now)s + interval '2 days')

-- name: looked_for
-- One step further for all missing rows: the reading would have shown them.
update wpsync.named_rows n set attempts = n.attempts + 1, retry_at = w.at
from unnest(%(waits)s::timestamptz[]) with ordinality as w(at, attempt)
where account = %(account)s and resource = %(resource)s and missing_since is not null
  and w.attempt = least(n.attempts + 1, cardinality(%(waits)s::timestamptz[]))

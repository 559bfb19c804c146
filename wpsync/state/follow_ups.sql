-- name: follow_ups_between
select id, due_at, at from wpsync.follow_ups
where account = %(account)s and resource = %(resource)s and at >= %(start)s and at < %(end)s

-- name: keep_follow_up
insert into wpsync.follow_ups as old (account, resource, id, at, reason, due_at)
values (%(account)s, %(resource)s, %(id)s, %(at)s, %(reason)s, %(due_at)s)
on conflict (account, resource, id) do update
set at = excluded.at, reason = excluded.reason, due_at = excluded.due_at

-- name: settle_follow_ups
-- What is awaited has come.
delete from wpsync.follow_ups
where account = %(account)s and resource = %(resource)s and id = any(%(ids)s)

-- name: follow_ups_due
select at from wpsync.follow_ups
where account = %(account)s and resource = %(resource)s and due_at <= %(now)s
order by at

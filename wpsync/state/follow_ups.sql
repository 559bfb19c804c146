-- name: open_calls
-- Calls of a stretch that were connected and whose recording has not come.
select id, began_at as at, 'recording' as reason from wp.calls
where _account = %(account)s and began_at >= %(start)s and began_at < %(end)s and recording_status = 'pending'

-- name: open_messages
-- Messages of a stretch whose money is still to move.
select message_id as id, sent_at as at, 'transfer' as reason from wp.message_transfers
where _account = %(account)s and sent_at >= %(start)s and sent_at < %(end)s and claim_kind in ('unclaimed', 'claimed_pending')
union all
select message_id, sent_at, 'red_packet' from wp.message_red_packets
where _account = %(account)s and sent_at >= %(start)s and sent_at < %(end)s and claimed = false
  and (expires_at is null or expires_at > %(read_at)s::timestamptz - interval '1 day')
union all
select message_id, sent_at, 'group_collection' from wp.message_group_collections
where _account = %(account)s and sent_at >= %(start)s and sent_at < %(end)s and collection_status in (1, 2)

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

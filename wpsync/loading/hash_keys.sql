-- name: note
insert into wpsync.hash_keys (account, key_id, first_used_at) values (%(account)s, %(key)s, now())
on conflict do nothing

-- name: seen
select distinct key_id from wpsync.hash_keys

-- name: is_hashed_in_history
select exists (select from wp.history where row::text ~ '"h_[0-9a-f]{{32}}"')

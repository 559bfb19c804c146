-- name: tokens
select access_token, refresh_token, encrypted, key_id, issued_at, renewed_at, access_expires_at, refresh_expires_at,
       credentials_hash, paused_until, failures
from wpsync.tokens where account = %(account)s

-- name: forget_tokens
delete from wpsync.tokens where account = %(account)s

-- name: keep_tokens
insert into wpsync.tokens (account, access_token, refresh_token, encrypted, key_id, issued_at, renewed_at,
                           access_expires_at, refresh_expires_at, credentials_hash, paused_until, failures)
values (%(account)s, %(access_token)s, %(refresh_token)s, %(encrypted)s, %(key_id)s, %(issued_at)s, %(renewed_at)s,
        %(access_expires_at)s, %(refresh_expires_at)s, %(credentials_hash)s, %(paused_until)s, %(failures)s)
on conflict (account) do update
set access_token = excluded.access_token, refresh_token = excluded.refresh_token,
    encrypted = excluded.encrypted, key_id = excluded.key_id,
    issued_at = excluded.issued_at, renewed_at = excluded.renewed_at,
    access_expires_at = excluded.access_expires_at, refresh_expires_at = excluded.refresh_expires_at,
    credentials_hash = excluded.credentials_hash, paused_until = excluded.paused_until,
    failures = excluded.failures

-- name: key_ids
select distinct key_id from wpsync.tokens where encrypted and key_id is not null order by 1

-- name: note_key
insert into wpsync.keys (kind, id, since) values (%(kind)s, %(id)s, clock_timestamp()) on conflict do nothing

-- name: lock_keys
lock table wpsync.keys in share row exclusive mode

-- name: clear_tokens
-- Those in clear, of a database that was written with no key yet.
select account, access_token, refresh_token from wpsync.tokens
where not encrypted and not exists (select from wpsync.keys where kind = 'token')

-- name: encrypt_tokens
update wpsync.tokens
set access_token = %(access_token)s, refresh_token = %(refresh_token)s, encrypted = true, key_id = %(key_id)s
where account = %(account)s

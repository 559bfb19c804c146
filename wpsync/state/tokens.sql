-- name: tokens
select access_token, refresh_token, encrypted, issued_at, renewed_at, access_expires_at, refresh_expires_at,
       credentials_hash, paused_until, failures
from wpsync.tokens where account = %(account)s

-- name: forget_tokens
delete from wpsync.tokens where account = %(account)s

-- name: keep_tokens
insert into wpsync.tokens (account, access_token, refresh_token, encrypted, issued_at, renewed_at,
                           access_expires_at, refresh_expires_at, credentials_hash, paused_until, failures)
values (%(account)s, %(access_token)s, %(refresh_token)s, %(encrypted)s, %(issued_at)s, %(renewed_at)s,
        %(access_expires_at)s, %(refresh_expires_at)s, %(credentials_hash)s, %(paused_until)s, %(failures)s)
on conflict (account) do update
set access_token = excluded.access_token, refresh_token = excluded.refresh_token,
    encrypted = excluded.encrypted, issued_at = excluded.issued_at, renewed_at = excluded.renewed_at,
    access_expires_at = excluded.access_expires_at, refresh_expires_at = excluded.refresh_expires_at,
    credentials_hash = excluded.credentials_hash, paused_until = excluded.paused_until,
    failures = excluded.failures

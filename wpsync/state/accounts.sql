-- name: accounts
select account, base_url, client_id from wpsync.accounts

-- name: lock_accounts
select pg_advisory_xact_lock(hashtextextended('wpsync:accounts', 0))

-- name: forget_accounts
delete from wpsync.accounts where account = any(%(accounts)s)

-- name: keep_account
insert into wpsync.accounts (account, base_url, client_id, first_seen_at)
values (%(account)s, %(base_url)s, %(client_id)s, %(at)s)

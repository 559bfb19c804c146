-- name: accounts
select account, base_url, client_id from wpsync.accounts

-- name: lock_accounts
lock table wpsync.accounts in share row exclusive mode

-- name: forget_accounts
delete from wpsync.accounts where account = any(%(accounts)s)

-- name: keep_account
insert into wpsync.accounts (account, base_url, client_id, first_seen_at)
values (%(account)s, %(base_url)s, %(client_id)s, %(at)s)

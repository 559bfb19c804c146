-- name: keep_vendor_words
insert into wpsync.vendor_words (account, error_code, words, said_at)
values (%(account)s, %(error_code)s, %(words)s, %(at)s)
on conflict (account, error_code) do update set words = excluded.words, said_at = excluded.said_at

-- name: vendor_words
select account, error_code, words, said_at from wpsync.vendor_words
where account = any(%(accounts)s) and said_at >= %(since)s order by said_at desc

-- name: prune_vendor_words
delete from wpsync.vendor_words where said_at < %(before)s

-- name: forget_vendor_words
delete from wpsync.vendor_words

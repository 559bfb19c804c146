-- name: keep_dead_letter
-- A letter that is already there is not written again.
insert into wpsync.dead_letters as old (account, resource, record_id, reason, error_code, error_params, error_words,
                                        original, fingerprint, first_seen_at, run_id)
values (%(account)s, %(resource)s, %(record_id)s, %(reason)s, %(error_code)s, %(error_params)s, %(error_words)s,
        %(original)s, %(fingerprint)s, %(at)s, %(run_id)s)
on conflict (account, resource, fingerprint) do update set resolved_at = null
where old.resolved_at is not null
returning id

-- name: open_letters_of
-- Which of some records have an open letter, and why.
select record_id, reason from wpsync.dead_letters
where account = %(account)s and resource = %(resource)s and resolved_at is null and record_id = any(%(records)s)

-- name: any_open_dead_letter
select exists (select from wpsync.dead_letters where resource = %(resource)s and account = %(account)s
               and resolved_at is null)

-- name: resolve_read_messages
-- Messages that were unreadable and have now been read.
update wpsync.dead_letters d set resolved_at = %(at)s
from wp.wechat_messages m
where d.resource = 'wechat_messages' and d.account = %(account)s and d.reason = 'payload_unreadable'
  and d.resolved_at is null and m._account = d.account and m.id = d.record_id and m.payload_ok

-- name: dead_letters
select id, account, resource, record_id, reason, error_code, error_params, error_words, first_seen_at, resolved_at
from wpsync.dead_letters
where (resolved_at is null or %(all)s) and (%(resource)s::text is null or resource = %(resource)s)
order by id desc limit %(limit)s

-- name: dead_letter
select id, account, resource, record_id, reason, error_code, error_params, error_words, first_seen_at, resolved_at, original
from wpsync.dead_letters where id = %(id)s

-- name: open_dead_letters
select id, account, resource, record_id, reason, error_code, error_params, error_words, first_seen_at, resolved_at, original
from wpsync.dead_letters where resolved_at is null and id > %(after)s order by id limit 500

-- name: resolve_dead_letter
update wpsync.dead_letters set resolved_at = %(at)s where id = %(id)s and resolved_at is null

-- name: refusing_tables
-- The tables of which rows were refused.
select distinct error_params->>'table' from wpsync.dead_letters
where account = %(account)s and resource = %(resource)s and reason = 'refused_by_postgres' and resolved_at is null

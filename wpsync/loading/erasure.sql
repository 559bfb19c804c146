-- name: erased_marks
select kind, digest from wpsync.erased_marks where account in ('', %(account)s)

-- name: count_erased_marks
select count(*) from wpsync.erased_marks where account in ('', %(account)s) and kind <> 'salt'

-- name: keep_salt
insert into wpsync.erased_marks (account, kind, digest) select '', 'salt', %(digest)s
where not exists (select from wpsync.erased_marks where kind = 'salt')

-- name: keep_erased_mark
insert into wpsync.erased_marks (account, kind, digest) values (%(account)s, %(kind)s, %(digest)s)
on conflict do nothing

-- name: keep_erased_rows
insert into wpsync.erased_rows as old (account, resource, id, at)
select %(account)s, %(resource)s, * from unnest(%(ids)s::text[], %(times)s::timestamptz[])
on conflict (account, resource, id) do update set at = excluded.at where old.at <> excluded.at

-- name: lock_erasures
-- Wait for the loads under way, and keep others waiting. No reader waits, and no BI role can take it.
lock table wpsync.erased_marks in exclusive mode

-- name: lock_erasures_shared
lock table wpsync.erased_marks in row share mode

-- name: phone_numbers_in_history
select number from wp.history, jsonb_each_text(row) as field(name, number)
where (resource, name) in (select * from unnest(%(tables)s::text[], %(columns)s::text[]))
  and regexp_replace(number, '[^0-9]', '', 'g') like %(digits)s

-- name: contacts_numbers
-- A masked number is that of many, and tells nothing.
with versions as (
    select wx_no, wx_alias from wp.wechat_contacts
    union all select row->>'wx_no', row->>'wx_alias' from wp.history where resource = 'wechat_contacts')
select distinct wx_no, wx_alias from versions
where position('*' in wx_no) = 0 and (wx_no = any(%(stored)s) or wx_alias = any(%(stored)s))

-- name: numbers_of_the_same_rows
-- The numbers that a contact had before or has since.
with versions as (
    select _account, id, wx_no from wp.wechat_contacts
    union all select _account, row->>'id', row->>'wx_no' from wp.history where resource = 'wechat_contacts')
select distinct o.wx_no from versions v join versions o using (_account, id)
where v.wx_no = any(%(stored)s) and position('*' in o.wx_no) = 0

-- name: aliases_of_nobody_else
with versions as (
    select wx_no, wx_alias from wp.wechat_contacts
    union all select row->>'wx_no', row->>'wx_alias' from wp.history where resource = 'wechat_contacts')
select distinct wx_alias from versions as c
where wx_no = any(%(stored)s) and position('*' in wx_alias) = 0 and not exists (
    select from versions as other where other.wx_alias = c.wx_alias and other.wx_no <> all(%(stored)s))

-- name: empty_words_of_runs
-- The words of others in errors may name anybody.
update wpsync.runs set error_words = null where error_words is not null

-- name: empty_words_of_jobs
update wpsync.jobs set error_words = null where error_words is not null

-- name: empty_words_of_incidents
update wpsync.incidents set error_words = null where error_words is not null

-- name: empty_words_of_outages
update wpsync.outages set error_words = null where error_words is not null

-- name: keep_erasure
insert into wpsync.erasures (at, kind, digest, rows, actor, reason, report)
values (%(at)s, %(kind)s, %(digest)s, %(rows)s, %(actor)s, %(reason)s, %(report)s) returning id

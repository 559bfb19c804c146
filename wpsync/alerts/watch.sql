-- name: silent_calls
-- The accounts without a row today; for each the rows of the same weekday and time of the four weeks before, up to a
-- limit. Most of the time one step through the index tells that an account is not silent.
select account, back, (select count(*) from (select from wp.calls
                       where _account = account and began_at >= midnight - back * interval '7 days'
                         and began_at < %(now)s::timestamptz - back * interval '7 days' limit %(most)s) few) as rows
from unnest(%(accounts)s::text[]) as account,
     date_trunc('day', %(now)s::timestamptz, 'Asia/Shanghai') as midnight, generate_series(1, 4) as back
where not exists (select from wp.calls where _account = account and began_at >= midnight and began_at < %(now)s)

-- name: silent_sms
select account, back, (select count(*) from (select from wp.sms
                       where _account = account and sent_at >= midnight - back * interval '7 days'
                         and sent_at < %(now)s::timestamptz - back * interval '7 days' limit %(most)s) few) as rows
from unnest(%(accounts)s::text[]) as account,
     date_trunc('day', %(now)s::timestamptz, 'Asia/Shanghai') as midnight, generate_series(1, 4) as back
where not exists (select from wp.sms where _account = account and sent_at >= midnight and sent_at < %(now)s)

-- name: silent_wechat_messages
select account, back, (select count(*) from (select from wp.wechat_messages
                       where _account = account and sent_at >= midnight - back * interval '7 days'
                         and sent_at < %(now)s::timestamptz - back * interval '7 days' limit %(most)s) few) as rows
from unnest(%(accounts)s::text[]) as account,
     date_trunc('day', %(now)s::timestamptz, 'Asia/Shanghai') as midnight, generate_series(1, 4) as back
where not exists (select from wp.wechat_messages
                  where _account = account and sent_at >= midnight and sent_at < %(now)s)

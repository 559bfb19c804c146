-- name: silence
-- Rows of today up to now, and of the same weekday and time of the four weeks before, by account.
select account, back, (select count(*) from wp.calls where _account = account and began_at >= midnight - back * interval '7 days'
                       and began_at < %(now)s::timestamptz - back * interval '7 days') as calls,
       (select count(*) from wp.sms where _account = account and sent_at >= midnight - back * interval '7 days'
        and sent_at < %(now)s::timestamptz - back * interval '7 days') as sms,
       (select count(*) from wp.wechat_messages where _account = account and sent_at >= midnight - back * interval '7 days'
        and sent_at < %(now)s::timestamptz - back * interval '7 days') as wechat_messages
from unnest(%(accounts)s::text[]) as account, generate_series(0, 4) as back,
     date_trunc('day', %(now)s::timestamptz, 'Asia/Shanghai') as midnight

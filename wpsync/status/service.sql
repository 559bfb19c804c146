-- name: jobs
select account, job, every_seconds, next_at, started_at, finished_at, outcome,
       error_code, error_params, error_words, failures, missed
from wpsync.jobs order by account, job

-- name: instances
select id, host, version, role, started_at, seen_at from wpsync.instances
where role in ('leader', 'standby') order by role, started_at

-- name: outages
select account, since, error_code, error_params, error_words from wpsync.outages order by account

-- name: budgets
select account, endpoint, book from wpsync.budget order by account, endpoint

-- name: written_since
-- Rows written by the runs of a time.
select account, resource, sum(rows_inserted)::bigint as inserted, sum(rows_updated)::bigint as updated
from wpsync.runs where started_at >= %(since)s group by 1, 2

-- name: requests_by_hour
select hour as at, sum(requests)::bigint as count
from wpsync.requests where hour >= %(since)s and hour <= %(until)s group by 1 order by 1

-- name: messages_by_hour
select date_trunc('hour', sent_at, 'Asia/Shanghai') as at, count(*) from wp.wechat_messages
where sent_at >= %(since)s and sent_at <= %(until)s group by 1 order by 1

-- name: calls_by_hour
select date_trunc('hour', began_at, 'Asia/Shanghai') as at, count(*) from wp.calls
where began_at >= %(since)s and began_at <= %(until)s group by 1 order by 1

-- name: open_incidents
select kind, account, resource, severity, error_code, error_params, error_words, opened_at, last_seen_at
from wpsync.incidents where opened_at is not null and closed_at is null order by opened_at

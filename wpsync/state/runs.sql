-- name: open_run
-- A run begins.
insert into wpsync.runs (account, resource, kind, started_at, outcome)
values (%(account)s, %(resource)s, %(kind)s, %(at)s, 'running')
returning id

-- name: next_run_id
-- The number of a run that is not entered yet, and perhaps never is.
select nextval(pg_get_serial_sequence('wpsync.runs', 'id'))

-- name: enter_run
-- A run that has a number already turns out to be worth a row.
insert into wpsync.runs (id, account, resource, kind, started_at, outcome) overriding system value
values (%(id)s, %(account)s, %(resource)s, %(kind)s, %(started_at)s, 'running')
on conflict (id) do nothing

-- name: repeat_idle_run
-- The newest run of the kind stands for this one too, where it did nothing either. Returns nothing where it did.
update wpsync.runs
set idle_runs = idle_runs + 1, started_at = %(started_at)s, finished_at = %(at)s, requests = %(requests)s,
    rows_read = %(rows_read)s
where idle_runs > 0
  and id = (select id from wpsync.runs
            where account = %(account)s and resource = %(resource)s and kind = %(kind)s
            order by started_at desc, id desc limit 1)
returning id

-- name: first_idle_run
insert into wpsync.runs (account, resource, kind, started_at, finished_at, outcome, requests, rows_read, idle_runs)
values (%(account)s, %(resource)s, %(kind)s, %(started_at)s, %(at)s, 'done', %(requests)s, %(rows_read)s, 1)

-- name: count_requests
-- Requests by account and hour, since not every run has a row.
insert into wpsync.requests as old (account, hour, requests)
values (%(account)s, date_trunc('hour', %(started_at)s::timestamptz, 'UTC'), %(requests)s)
on conflict (account, hour) do update set requests = old.requests + excluded.requests

-- name: prune_requests
delete from wpsync.requests where hour < %(before)s

-- name: finish_run
-- A run ends, with what it did.
update wpsync.runs
set finished_at = %(at)s, outcome = %(outcome)s, requests = %(requests)s, rows_read = %(rows_read)s,
    rows_inserted = %(rows_inserted)s, rows_updated = %(rows_updated)s,
    dead_letters = %(dead_letters)s, error_code = %(error_code)s, error_params = %(error_params)s,
    error_words = %(error_words)s
where id = %(id)s

-- name: last_run_at
-- When the last run of a kind began that did not fail.
select max(started_at) from wpsync.runs
where account = %(account)s and resource = %(resource)s and kind = %(kind)s and outcome <> 'failed'

-- name: prune_runs
delete from wpsync.runs where started_at < %(before)s and outcome <> 'running'

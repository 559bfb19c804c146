-- name: open_run
-- A run begins.
insert into wpsync.runs (account, resource, kind, started_at, outcome)
values (%(account)s, %(resource)s, %(kind)s, %(at)s, 'running')
returning id

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

-- name: job_next_times
select account, job, next_at from wpsync.jobs where next_at is not null

-- name: plan_job
insert into wpsync.jobs (account, job, every_seconds, next_at)
values (%(account)s, %(job)s, %(every)s, %(next_at)s) on conflict do nothing

-- name: begin_job
-- A job begins. Whole intervals since it was due were missed.
insert into wpsync.jobs as old (account, job, every_seconds, next_at, started_at, outcome)
values (%(account)s, %(job)s, %(every)s, %(next_at)s, %(at)s, 'running')
on conflict (account, job) do update
set every_seconds = excluded.every_seconds, next_at = excluded.next_at, started_at = excluded.started_at,
    outcome = 'running',
    missed = old.missed + greatest(0, coalesce(floor(extract(epoch from excluded.started_at - old.next_at)
                                                     / excluded.every_seconds), 0))::bigint

-- name: end_job
-- A job ends. One that never gets through by its deadline fails, whatever it did until then.
update wpsync.jobs
set finished_at = %(at)s, outcome = %(outcome)s,
    error_code = %(error_code)s, error_params = %(error_params)s, error_words = %(error_words)s,
    failures = case when %(outcome)s in ('failed', 'deadline') then failures + 1
                    when %(outcome)s = 'interrupted' then failures else 0 end
where account = %(account)s and job = %(job)s

-- name: keep_jobs
-- Jobs that the configuration no longer names are forgotten.
delete from wpsync.jobs where account || ':' || job <> all(%(names)s)

-- name: end_abandoned_runs
-- Runs of the service that a killed process left open. A run that lives after all says so when it ends.
update wpsync.runs set outcome = 'interrupted',
    error_code = %(error_code)s, error_params = %(error_params)s, error_words = %(error_words)s
where outcome = 'running' and kind in ('sync', 'recheck', 'sample', 'proof')

-- Every fixed statement of wpsync, by name. Parameters are psycopg's %(name)s.

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
    dead_letters = %(dead_letters)s, error = %(error)s
where id = %(id)s

-- name: late_runs
select from wpsync.runs
where account = %(account)s and resource = %(resource)s and started_at > %(late)s limit 1

-- name: set_runs_right
-- Runs that began in the future began now.
update wpsync.runs set started_at = %(now)s
where account = %(account)s and resource = %(resource)s and started_at > %(late)s

-- name: set_listings_right
update wpsync.listings set read_at = least(read_at, %(now)s), complete_at = least(complete_at, %(now)s)
where account = %(account)s and resource = %(resource)s and read_at > %(late)s

-- name: last_run_at
-- When the last run of a kind began that did not fail.
select max(started_at) from wpsync.runs
where account = %(account)s and resource = %(resource)s and kind = %(kind)s and outcome <> 'failed'

-- name: lock_ledger
-- One at a time changes the ledger of a resource, until its transaction ends.
select pg_advisory_xact_lock(hashtextextended('wpsync:ledger:' || %(account)s || ':' || %(resource)s, 0))

-- name: ledger_around
-- The windows that overlap or adjoin a span, oldest first.
select starts_at, ends_at, vendor_count, rows_seen, rows_held, state, reason, attempts, read_at, checked_at, retry_at,
       disputed_at
from wpsync.windows
where account = %(account)s and resource = %(resource)s and starts_at <= %(ends_at)s and ends_at >= %(starts_at)s
order by starts_at

-- name: remove_windows
delete from wpsync.windows
where account = %(account)s and resource = %(resource)s and starts_at = any(%(starts)s::timestamptz[])

-- name: insert_window
insert into wpsync.windows (account, resource, starts_at, ends_at, vendor_count, rows_seen, rows_held, state, reason,
                            attempts, read_at, checked_at, retry_at, disputed_at, run_id)
values (%(account)s, %(resource)s, %(starts_at)s, %(ends_at)s, %(vendor_count)s, %(rows_seen)s, %(rows_held)s, %(state)s,
        %(reason)s, %(attempts)s, %(read_at)s, %(checked_at)s, %(retry_at)s, %(disputed_at)s, %(run_id)s)

-- name: confirm_windows
-- The vendor's count agrees with the ledger's.
update wpsync.windows set checked_at = %(at)s, attempts = 1, retry_at = null
where account = %(account)s and resource = %(resource)s and starts_at = any(%(starts)s::timestamptz[])
  and state = 'complete'

-- name: doubt_windows
-- Complete windows whose count is wrong are read again.
update wpsync.windows set state = 'incomplete', reason = %(reason)s, retry_at = %(at)s
where account = %(account)s and resource = %(resource)s and starts_at < %(ends_at)s and ends_at > %(starts_at)s
  and state = 'complete'

-- name: dispute_windows
-- What verify found and left is noted in all windows that it touches, and taken off those that were compared whole.
update wpsync.windows set disputed_at = %(at)s
where account = %(account)s and resource = %(resource)s and starts_at < %(ends_at)s and ends_at > %(starts_at)s
  and (%(at)s::timestamptz is not null or starts_at >= %(starts_at)s and ends_at <= %(ends_at)s)

-- name: put_off_window
update wpsync.windows set attempts = %(attempts)s, retry_at = %(retry_at)s
where account = %(account)s and resource = %(resource)s and starts_at = %(starts_at)s

-- name: windows_between
-- The ledger's windows that touch a span, oldest first.
select starts_at, ends_at, vendor_count, rows_seen, rows_held, state, reason, attempts, read_at, checked_at, retry_at,
       disputed_at
from wpsync.windows
where account = %(account)s and resource = %(resource)s and starts_at < %(ends_at)s and ends_at > %(starts_at)s
order by starts_at

-- name: incomplete_windows_due
-- Incomplete windows whose time to be read again has come, or was told by a clock that was ahead.
select starts_at, ends_at, vendor_count, rows_seen, rows_held, state, reason, attempts, read_at, checked_at, retry_at,
       disputed_at
from wpsync.windows
where account = %(account)s and resource = %(resource)s and state = 'incomplete'
  and (retry_at <= %(at)s or read_at > %(skewed)s)
order by starts_at

-- name: incomplete_windows
-- All incomplete windows and listings, for status.
select account, resource, starts_at, ends_at, vendor_count, rows_seen, reason, attempts, retry_at, '' as parent_id
from wpsync.windows where state = 'incomplete'
union all
select account, resource, read_at, null, vendor_count, rows_seen, reason, 1, null, parent_id
from wpsync.listings where state = 'incomplete'
order by 1, 2, 3

-- name: watermark
select at from wpsync.watermarks where account = %(account)s and resource = %(resource)s

-- name: start_watermark
-- Where reading begins; a watermark that is further on is left alone.
insert into wpsync.watermarks as old (account, resource, at, updated_at)
values (%(account)s, %(resource)s, %(at)s, %(updated_at)s)
on conflict (account, resource) do update set at = excluded.at, updated_at = excluded.updated_at
where old.at < excluded.at

-- name: advance_watermark
-- Move the watermark over the windows that adjoin it, never past a stretch that was not read.
with recursive reached(at) as (
    select at from wpsync.watermarks where account = %(account)s and resource = %(resource)s
    union
    select w.ends_at from reached join wpsync.windows w
      on w.account = %(account)s and w.resource = %(resource)s
      and w.starts_at <= reached.at and w.ends_at > reached.at
)
update wpsync.watermarks set at = (select max(at) from reached), updated_at = %(updated_at)s
where account = %(account)s and resource = %(resource)s and at < (select max(at) from reached)

-- name: set_watermark
update wpsync.watermarks set at = %(at)s, updated_at = %(updated_at)s
where account = %(account)s and resource = %(resource)s

-- name: listings
select parent_id, fingerprint, complete_at, state, rows_seen, empty_readings, empty_at
from wpsync.listings
where account = %(account)s and resource = %(resource)s

-- name: close_listing
insert into wpsync.listings as old (account, resource, parent_id, vendor_count, rows_seen, state, reason,
                                    fingerprint, read_at, complete_at, run_id, empty_readings, empty_at)
values (%(account)s, %(resource)s, %(parent_id)s, %(vendor_count)s, %(rows_seen)s, %(state)s, %(reason)s,
        %(fingerprint)s, %(read_at)s, case when %(state)s = 'complete' then %(read_at)s::timestamptz end, %(run_id)s,
        (%(reason)s is not distinct from 'suspiciously_empty')::int,
        case when %(reason)s = 'suspiciously_empty' then %(read_at)s::timestamptz end)
on conflict (account, resource, parent_id) do update
set vendor_count = coalesce(excluded.vendor_count, old.vendor_count), rows_seen = excluded.rows_seen,
    state = excluded.state, reason = excluded.reason, fingerprint = excluded.fingerprint, read_at = excluded.read_at,
    complete_at = coalesce(excluded.complete_at, old.complete_at), run_id = excluded.run_id,
    empty_readings = case when excluded.empty_at - old.empty_at between interval '0' and %(apart)s then old.empty_readings
                          when excluded.empty_at > old.empty_at then old.empty_readings + 1
                          else excluded.empty_readings end,
    empty_at = case when excluded.empty_at - old.empty_at between interval '0' and %(apart)s then old.empty_at
                    else excluded.empty_at end

-- name: doubt_empty_listings
-- What is counted of empty readings begins anew.
update wpsync.listings set empty_readings = 0, empty_at = null
where account = %(account)s and resource = %(resource)s and empty_readings > 0

-- name: shows_rows
-- Whether another listing of the account was read since an instant, and showed rows.
select exists (select from wpsync.listings
               where account = %(account)s and (resource, parent_id) <> (%(resource)s, %(parent_id)s)
                 and rows_seen > 0 and read_at > %(since)s)

-- name: forget_gone_rooms
-- Rooms that are gone have no members, and no listing of them to account for. One statement, so that all of it is
-- decided by the same rooms: of one that comes back meanwhile the members are read again.
with gone as (
    select m.id from wp.wechat_room_members m join wp.wechat_rooms r on r.id = m.room_id
    where m._account = %(account)s and m._deleted_at is null and m._synced_at <= %(at)s and r._deleted_at is not null
), archived as (
    insert into wp.history (resource, id, valid_from, valid_to, row, _account)
    select 'wechat_room_members', m.id, m._synced_at, %(at)s, to_jsonb(m), m._account
    from wp.wechat_room_members m join gone on gone.id = m.id
    on conflict do nothing
), marked as (
    update wp.wechat_room_members m set _deleted_at = %(at)s, _synced_at = %(at)s
    from gone where gone.id = m.id and m._deleted_at is null
    returning m.id
), forgotten as (
    delete from wpsync.listings l
    where l.account = %(account)s and l.resource = 'wechat_room_members' and l.parent_id <> ''
      and not exists (select from wp.wechat_rooms r
                      where r.id = l.parent_id and r._account = l.account and r._deleted_at is null)
)
select count(*) from marked

-- name: planned
-- Stretches whose rows the backfill has counted.
select starts_at, ends_at, vendor_count from wpsync.plan
where account = %(account)s and resource = %(resource)s and starts_at < %(ends_at)s and ends_at > %(starts_at)s
order by starts_at

-- name: plan
insert into wpsync.plan as old (account, resource, starts_at, ends_at, vendor_count, probed_at)
values (%(account)s, %(resource)s, %(starts_at)s, %(ends_at)s, %(vendor_count)s, %(at)s)
on conflict (account, resource, starts_at, ends_at) do update
set vendor_count = excluded.vendor_count, probed_at = excluded.probed_at

-- name: keep_dead_letter
-- A letter that is already there is not written again.
insert into wpsync.dead_letters as old (account, resource, record_id, reason, detail, original, fingerprint,
                                        first_seen_at, run_id)
values (%(account)s, %(resource)s, %(record_id)s, %(reason)s, %(detail)s, %(original)s, %(fingerprint)s,
        %(at)s, %(run_id)s)
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
  and d.resolved_at is null and m.id = d.record_id and m.payload_ok

-- name: dead_letters
select id, account, resource, record_id, reason, detail, first_seen_at, resolved_at
from wpsync.dead_letters
where (resolved_at is null or %(all)s) and (%(resource)s::text is null or resource = %(resource)s)
order by id desc limit %(limit)s

-- name: dead_letter
select id, account, resource, record_id, reason, detail, first_seen_at, resolved_at, original
from wpsync.dead_letters where id = %(id)s

-- name: open_dead_letters
select id, account, resource, record_id, reason, detail, first_seen_at, resolved_at, original
from wpsync.dead_letters where resolved_at is null and id > %(after)s order by id limit 500

-- name: resolve_dead_letter
update wpsync.dead_letters set resolved_at = %(at)s where id = %(id)s and resolved_at is null

-- name: dead_letter_counts
-- What is open; `unreadable` are messages whose row is there all the same.
select account, resource, count(*), count(*) filter (where reason = 'payload_unreadable') as unreadable
from wpsync.dead_letters where resolved_at is null group by 1, 2

-- name: tokens
select access_token, refresh_token, encrypted, issued_at, renewed_at, access_expires_at, refresh_expires_at,
       credentials_hash, paused_until, failures
from wpsync.tokens where account = %(account)s

-- name: token_ages
select account, issued_at, renewed_at, access_expires_at, refresh_expires_at, paused_until, failures, encrypted
from wpsync.tokens order by account

-- name: forget_tokens
delete from wpsync.tokens where account = %(account)s

-- name: keep_tokens
insert into wpsync.tokens (account, access_token, refresh_token, encrypted, issued_at, renewed_at,
                           access_expires_at, refresh_expires_at, credentials_hash, paused_until, failures)
values (%(account)s, %(access_token)s, %(refresh_token)s, %(encrypted)s, %(issued_at)s, %(renewed_at)s,
        %(access_expires_at)s, %(refresh_expires_at)s, %(credentials_hash)s, %(paused_until)s, %(failures)s)
on conflict (account) do update
set access_token = excluded.access_token, refresh_token = excluded.refresh_token,
    encrypted = excluded.encrypted, issued_at = excluded.issued_at, renewed_at = excluded.renewed_at,
    access_expires_at = excluded.access_expires_at, refresh_expires_at = excluded.refresh_expires_at,
    credentials_hash = excluded.credentials_hash, paused_until = excluded.paused_until,
    failures = excluded.failures

-- name: agents
-- Agents whose reports are read.
select id from wp.agents where _account = %(account)s and _deleted_at is null order by id

-- name: rooms
-- Rooms with what tells whether their members may have changed.
select id, md5(row(member_count, member_ids, member_wx_nos, display_name)::text) as fingerprint,
       member_count as members
from wp.wechat_rooms where _account = %(account)s and _deleted_at is null order by id

-- name: ledger_summary
-- What the ledger holds per resource.
select account, resource, min(starts_at) as starts_at, max(ends_at) as ends_at,
       sum(vendor_count)::bigint as vendor_count, sum(rows_seen)::bigint as rows_seen,
       count(*) filter (where state = 'incomplete') as incomplete, max(disputed_at) as disputed_at
from wpsync.windows group by 1, 2

-- name: ledger_windows
-- The whole ledger in order, for finding gaps.
select account, resource, starts_at, ends_at from wpsync.windows order by 1, 2, 3

-- name: listing_summary
select account, resource, sum(vendor_count)::bigint as vendor_count, sum(rows_seen)::bigint as rows_seen,
       count(*) filter (where state = 'incomplete') as incomplete, max(complete_at) as complete_at
from wpsync.listings group by 1, 2

-- name: watermarks
select account, resource, at from wpsync.watermarks

-- name: last_runs
-- The last reading of each resource, however it ended.
select k.account, k.resource, r.kind, r.started_at, r.finished_at, r.outcome, r.requests, r.rows_read,
       r.rows_inserted, r.rows_updated, r.error
from (select a as account, b as resource from unnest(%(accounts)s::text[]) a, unnest(%(resources)s::text[]) b) k
cross join lateral (
    select * from wpsync.runs where account = k.account and resource = k.resource and kind in ('sync', 'backfill')
    order by started_at desc, id desc limit 1) r

-- name: last_passes
-- When the last pass over all parents began; those that could not be read then are incomplete.
select account, resource, max(started_at) as started_at
from wpsync.runs
where resource = any(%(resources)s) and kind in ('sync', 'backfill') and outcome in ('done', 'incomplete')
group by 1, 2

-- name: messages_to_renormalize
-- Stored messages with what is needed to explode them again, from one id on.
select m.id, m.chat_id, m.sender_id, m.msg_type, m.sent_at, m.sent_on, m.device_msg_id, m.server_msg_id,
       m.sent_by_agent, m.body, m._extra, m._account, m._synced_at, media.thumb_path, media.media_path
from wp.wechat_messages m left join wp.message_media media on media.message_id = m.id
where m.id > %(after)s and (%(kinds)s::text[] is null or m.kind = any(%(kinds)s::text[]))
order by m.id limit %(limit)s

-- name: keep_customer
insert into wp.customers as old (id, name, phone, fields, _account, _first_synced_at, _synced_at)
values (%(id)s, %(name)s, %(phone)s, %(fields)s, %(account)s, %(at)s, %(at)s)
on conflict (id) do update
set name = coalesce(excluded.name, old.name), phone = coalesce(excluded.phone, old.phone),
    fields = coalesce(old.fields, '{}') || coalesce(excluded.fields, '{}'), _deleted_at = null,
    _synced_at = excluded._synced_at

-- name: archive_customer
insert into wp.history (resource, id, valid_from, valid_to, row, _account)
select 'customers', id, _synced_at, %(at)s, to_jsonb(c), _account from wp.customers c
where id = %(id)s and _deleted_at is null and _synced_at < %(at)s
on conflict do nothing

-- name: delete_customer
update wp.customers set _deleted_at = %(at)s, _synced_at = %(at)s
where id = %(id)s and _deleted_at is null

-- name: server
-- What check tells of the database.
select current_setting('server_version') as server_version, current_setting('timezone') as timezone,
       current_user::text as "current_user", has_database_privilege(current_database(), 'CREATE') as may_create,
       pg_is_in_recovery() as is_standby, current_setting('server_encoding') as server_encoding

-- name: forget_gone_rows
-- The vendor lists them again.
delete from wpsync.gone_rows
where account = %(account)s and resource = %(resource)s and id = any(%(ids)s)

-- name: gone_row_counts
select account, resource, count(*) from wpsync.gone_rows group by 1, 2

-- name: open_calls
-- Calls of a stretch that were connected and whose recording has not come.
select id, began_at as at, 'recording' as reason from wp.calls
where _account = %(account)s and began_at >= %(start)s and began_at < %(end)s and recording_status = 'pending'

-- name: open_messages
-- Messages of a stretch whose money is still to move.
select message_id as id, sent_at as at, 'transfer' as reason from wp.message_transfers
where _account = %(account)s and sent_at >= %(start)s and sent_at < %(end)s and claim_kind in ('unclaimed', 'claimed_pending')
union all
select message_id, sent_at, 'red_packet' from wp.message_red_packets
where _account = %(account)s and sent_at >= %(start)s and sent_at < %(end)s and claimed = false
  and (expires_at is null or expires_at > %(read_at)s::timestamptz - interval '1 day')
union all
select message_id, sent_at, 'group_collection' from wp.message_group_collections
where _account = %(account)s and sent_at >= %(start)s and sent_at < %(end)s and collection_status in (1, 2)

-- name: follow_ups_between
select id, due_at, at from wpsync.follow_ups
where account = %(account)s and resource = %(resource)s and at >= %(start)s and at < %(end)s

-- name: keep_follow_up
insert into wpsync.follow_ups as old (account, resource, id, at, reason, due_at)
values (%(account)s, %(resource)s, %(id)s, %(at)s, %(reason)s, %(due_at)s)
on conflict (account, resource, id) do update
set at = excluded.at, reason = excluded.reason, due_at = excluded.due_at

-- name: settle_follow_ups
-- What is awaited has come.
delete from wpsync.follow_ups
where account = %(account)s and resource = %(resource)s and id = any(%(ids)s)

-- name: follow_ups_due
select at from wpsync.follow_ups
where account = %(account)s and resource = %(resource)s and due_at <= %(now)s
order by at

-- name: follow_up_counts
-- What is awaited, and what is still open at the horizon.
select account, resource, reason, count(*) filter (where due_at is not null) as awaited,
       count(*) filter (where due_at is null) as unsettled, min(at) as oldest
from wpsync.follow_ups group by 1, 2, 3 order by 1, 2, 3

-- name: open_book
-- The budget's row of an endpoint, made where there is none.
insert into wpsync.budget (account, endpoint, book) values (%(account)s, %(endpoint)s, '{}') on conflict do nothing

-- name: book
select book from wpsync.budget where account = %(account)s and endpoint = %(endpoint)s for update

-- name: keep_book
update wpsync.budget set book = %(book)s where account = %(account)s and endpoint = %(endpoint)s

-- name: note_drift
-- What no declaration knows: counted by what it is and its name.
insert into wpsync.drift as old (account, resource, what, name, seen, first_seen_at, last_seen_at)
values (%(account)s, %(resource)s, %(what)s, %(name)s, %(seen)s, %(at)s, %(at)s)
on conflict (account, resource, what, name) do update
set seen = old.seen + excluded.seen, last_seen_at = excluded.last_seen_at

-- name: drift
select account, resource, what, name, seen, first_seen_at, last_seen_at from wpsync.drift order by first_seen_at desc, 1, 2, 3, 4

-- name: keep_instance
insert into wpsync.instances as old (id, host, version, role, started_at, seen_at)
values (%(id)s, %(host)s, %(version)s, %(role)s, %(at)s, %(at)s)
on conflict (id) do update set role = excluded.role, seen_at = excluded.seen_at

-- name: forget_instances
delete from wpsync.instances
where seen_at < %(at)s::timestamptz - interval '1 hour' or (role = 'leader' and %(role)s = 'leader' and id <> %(id)s)

-- name: remove_instance
delete from wpsync.instances where id = %(id)s

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
set finished_at = %(at)s, outcome = %(outcome)s, error = %(error)s,
    failures = case when %(outcome)s in ('failed', 'deadline') then failures + 1
                    when %(outcome)s = 'interrupted' then failures else 0 end
where account = %(account)s and job = %(job)s

-- name: keep_jobs
-- Jobs that the configuration no longer names are forgotten.
delete from wpsync.jobs where account || ':' || job <> all(%(names)s)

-- name: end_abandoned_runs
-- Runs of the service that a killed process left open. A run that lives after all says so when it ends.
update wpsync.runs set outcome = 'interrupted', error = 'the process ended'
where outcome = 'running' and kind in ('sync', 'recheck', 'sample', 'proof')

-- name: prune_runs
delete from wpsync.runs where started_at < %(before)s and outcome <> 'running'

-- name: jobs
select account, job, every_seconds, next_at, started_at, finished_at, outcome, error, failures, missed
from wpsync.jobs order by account, job

-- name: instances
select id, host, version, role, started_at, seen_at from wpsync.instances order by role, started_at

-- name: backfills
select account, resource, starts_at, ends_at, expected_rows, rows_read, started_at, updated_at, outcome
from wpsync.backfills order by account, resource

-- name: keep_backfill
-- How far a backfill is; a new one takes the place of the last.
insert into wpsync.backfills as old (account, resource, starts_at, ends_at, expected_rows, rows_read, started_at,
                                     updated_at, outcome)
values (%(account)s, %(resource)s, %(starts_at)s, %(ends_at)s, %(expected_rows)s, %(rows_read)s, %(started_at)s,
        %(at)s, %(outcome)s)
on conflict (account, resource) do update
set starts_at = excluded.starts_at, ends_at = excluded.ends_at, expected_rows = excluded.expected_rows,
    rows_read = excluded.rows_read, started_at = excluded.started_at, updated_at = excluded.updated_at,
    outcome = excluded.outcome

-- name: note_outage
-- The vendor of an account does not answer. What was noted of the same outage before stays.
insert into wpsync.outages as old (account, since, error) values (%(account)s, %(since)s, %(error)s)
on conflict (account) do update set since = least(old.since, excluded.since), error = excluded.error

-- name: end_outage
delete from wpsync.outages where account = %(account)s

-- name: outages
select account, since, error from wpsync.outages order by account

-- name: budgets
select account, endpoint, book from wpsync.budget order by account, endpoint

-- name: written_since
-- Rows written and requests made by the runs of a time.
select account, resource, sum(rows_inserted)::bigint as inserted, sum(rows_updated)::bigint as updated,
       sum(requests)::bigint as requests
from wpsync.runs where started_at >= %(since)s group by 1, 2

-- name: requests_by_hour
select date_trunc('hour', started_at, 'Asia/Shanghai') as at, sum(requests)::bigint as count
from wpsync.runs where started_at >= %(since)s group by 1 order by 1

-- name: messages_by_hour
select date_trunc('hour', sent_at, 'Asia/Shanghai') as at, count(*) from wp.wechat_messages
where sent_at >= %(since)s and sent_at <= %(until)s group by 1 order by 1

-- name: calls_by_hour
select date_trunc('hour', began_at, 'Asia/Shanghai') as at, count(*) from wp.calls
where began_at >= %(since)s and began_at <= %(until)s group by 1 order by 1

-- name: calendar
-- Every day of the ledger from a day on. Listings, which have no days, are left out.
select c.account, c.resource, c.day, c.vendor_count, c.rows_held, c.state, c.last_checked_at, c.reason
from wp_bi.completeness c
where c.day >= %(since)s and not exists (select from wpsync.listings l where l.resource = c.resource)
order by 1, 2, 3

-- name: day_windows
-- The ledger's windows of a span, with the run that read each last.
select w.starts_at, w.ends_at, w.vendor_count, w.rows_seen, w.rows_held, w.state, w.reason, w.attempts, w.read_at,
       w.checked_at, w.retry_at, w.run_id, r.kind, r.started_at, r.outcome, r.requests
from wpsync.windows w left join wpsync.runs r on r.id = w.run_id
where w.account = %(account)s and w.resource = %(resource)s and w.starts_at < %(end)s and w.ends_at > %(start)s
order by w.starts_at limit 200

-- name: newest_dead_letters
-- Without the originals, which hold people's data.
select id, account, resource, record_id, reason, detail, first_seen_at
from wpsync.dead_letters where resolved_at is null order by id desc limit %(limit)s

-- name: lock_incidents
select pg_advisory_xact_lock(hashtextextended('wpsync:incidents', 0))

-- name: unfinished_incidents
select id, kind, account, resource, severity, zh, en, first_seen_at, opened_at, last_seen_at, absent, closed_at,
       told_at, closing_told_at
from wpsync.incidents where closed_at is null or closing_told_at is null order by id

-- name: begin_incident
insert into wpsync.incidents (kind, account, resource, severity, zh, en, first_seen_at, last_seen_at)
values (%(kind)s, %(account)s, %(resource)s, %(severity)s, %(zh)s, %(en)s, %(at)s, %(at)s)

-- name: keep_incident
update wpsync.incidents
set severity = %(severity)s, zh = %(zh)s, en = %(en)s, opened_at = %(opened_at)s, last_seen_at = %(last_seen_at)s,
    absent = %(absent)s, closed_at = %(closed_at)s, told_at = %(told_at)s, closing_told_at = %(closing_told_at)s
where id = %(id)s

-- name: forget_incidents
delete from wpsync.incidents where id = any(%(ids)s)

-- name: open_incidents
select kind, account, resource, severity, zh, en, opened_at, last_seen_at
from wpsync.incidents where opened_at is not null and closed_at is null order by opened_at

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

-- name: set_working_hours
insert into wp_bi.working_hours as old (weekday, begins, ends)
select n, %(begins)s::time, %(ends)s::time from unnest(%(weekdays)s::smallint[]) n
on conflict (weekday) do update set begins = excluded.begins, ends = excluded.ends
where (old.begins, old.ends) <> (excluded.begins, excluded.ends)

-- name: drop_working_hours
delete from wp_bi.working_hours where weekday <> all(%(weekdays)s::smallint[])

-- name: set_special_days
insert into wp_bi.special_days as old (day, works)
select * from unnest(%(days)s::date[], %(works)s::boolean[])
on conflict (day) do update set works = excluded.works where old.works <> excluded.works

-- name: drop_special_days
delete from wp_bi.special_days where day <> all(%(days)s::date[])

-- name: erased_marks
select kind, digest from wpsync.erased_marks

-- name: count_erased_marks
select count(*) from wpsync.erased_marks where kind <> 'salt'

-- name: keep_salt
insert into wpsync.erased_marks (kind, digest) select 'salt', %(digest)s
where not exists (select from wpsync.erased_marks where kind = 'salt')

-- name: keep_erased_mark
insert into wpsync.erased_marks (kind, digest) values (%(kind)s, %(digest)s) on conflict do nothing

-- name: keep_erased_rows
insert into wpsync.erased_rows as old (account, resource, id, at)
select %(account)s, %(resource)s, * from unnest(%(ids)s::text[], %(times)s::timestamptz[])
on conflict (account, resource, id) do update set at = excluded.at where old.at <> excluded.at

-- name: erased_rows_between
select id from wpsync.erased_rows
where account = %(account)s and resource = %(resource)s and at >= %(start)s and at < %(end)s

-- name: forget_erased_rows
-- The vendor lists them no longer.
delete from wpsync.erased_rows
where account = %(account)s and resource = %(resource)s and id = any(%(ids)s)

-- name: lock_erasures
select pg_advisory_xact_lock(hashtextextended('wpsync:erasures', 0))

-- name: lock_erasures_shared
select pg_advisory_xact_lock_shared(hashtextextended('wpsync:erasures', 0))

-- name: our_numbers
select phone from wp.agents where phone is not null
union select unnest(array_remove(array[phone, wx_no, wx_alias], null)) from wp.wechat_users

-- name: phone_numbers
-- Every way in which a customer's number is written.
select contact_tel from wp.calls where contact_tel is not null
union select contact_tel from wp.sms where contact_tel is not null
union select phone from wp.customers where phone is not null
union select number from wp.history, jsonb_each_text(row) as field(name, number)
    where resource in ('calls', 'sms', 'customers') and name in ('contact_tel', 'phone') and number is not null

-- name: contacts_numbers
select wx_no, wx_alias from wp.wechat_contacts
where wx_no is not null and (wx_no = any(%(stored)s) or wx_alias = any(%(stored)s))

-- name: aliases_of_nobody_else
select distinct wx_alias from wp.wechat_contacts as c
where wx_no = any(%(stored)s) and wx_alias is not null and not exists (
    select from wp.wechat_contacts as other where other.wx_alias = c.wx_alias and other.wx_no <> all(%(stored)s))

-- name: erase_from_rooms
-- As the normaliser leaves a room that named them.
update wp.wechat_rooms set
    owner_wx_no = case when owner_wx_no = any(%(stored)s) then null else owner_wx_no end,
    member_wx_nos = case when member_wx_nos is not null then array(
        select member from unnest(member_wx_nos) with ordinality as m(member, place)
        where member <> all(%(stored)s) order by place) end,
    display_name = null,
    _extra = null
where owner_wx_no = any(%(stored)s) or member_wx_nos && %(stored)s::text[]

-- name: erase_history
delete from wp.history where row::text like any(%(patterns)s)

-- name: erase_dead_letters
delete from wpsync.dead_letters where original like any(%(patterns)s)

-- name: forget_erased_follow_ups
delete from wpsync.follow_ups where resource = %(resource)s and id = any(%(ids)s)

-- name: forget_erased_gone_rows
delete from wpsync.gone_rows where resource = %(resource)s and id = any(%(ids)s)

-- name: keep_erasure
insert into wpsync.erasures (at, kind, digest, rows) values (%(at)s, %(kind)s, %(digest)s, %(rows)s::jsonb)
returning id

-- name: erasures
select id, at, kind, digest, rows from wpsync.erasures order by id

-- name: forget_windows
delete from wpsync.windows where resource = %(resource)s and ends_at <= %(before)s

-- name: forget_old_follow_ups
delete from wpsync.follow_ups where resource = %(resource)s and at < %(before)s

-- name: forget_old_gone
delete from wpsync.gone_rows where resource = %(resource)s and at < %(before)s

-- name: forget_old_erased
delete from wpsync.erased_rows where resource = %(resource)s and at < %(before)s

-- name: forget_history
delete from wp.history where valid_to < %(before)s

-- name: forget_dead_letters
delete from wpsync.dead_letters where first_seen_at < %(before)s

-- name: backfills
select account, resource, starts_at, ends_at, expected_rows, rows_read, started_at, updated_at, outcome
from wpsync.backfills order by account, resource

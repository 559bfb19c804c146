-- name: server_log
-- Whether the server logs statements of ours, and their parameters with them, and the settings by which it does.
-- Times are in milliseconds, lengths in bytes; -1 logs none of the first, and all of the second.
with settings as (
    select name, setting from pg_settings
    where name in ('log_statement', 'log_min_duration_statement', 'log_min_duration_sample', 'log_statement_sample_rate',
                   'log_transaction_sample_rate', 'log_parameter_max_length', 'log_parameter_max_length_on_error',
                   'pgaudit.log', 'pgaudit.log_parameter')
),
logging as (
    select name || ' = ' || setting as shown,
           case name when 'log_statement' then setting in ('mod', 'all')
                     when 'log_min_duration_statement' then setting::bigint >= 0
                     when 'log_min_duration_sample'
                     then setting::bigint >= 0
                          and (select s.setting::float from settings s where s.name = 'log_statement_sample_rate') > 0
                     when 'log_transaction_sample_rate' then setting::float > 0
                     when 'log_parameter_max_length_on_error' then setting::bigint <> 0
                     when 'pgaudit.log' then setting not in ('', 'none') else false end as is_on,
           case name when 'log_parameter_max_length_on_error' then true
                     when 'pgaudit.log'
                     then (select s.setting = 'on' from settings s where s.name = 'pgaudit.log_parameter')
                     else (select s.setting::bigint <> 0 from settings s where s.name = 'log_parameter_max_length')
                     end as with_parameters
    from settings
)
select coalesce(bool_or(is_on), false) as logs_statements,
       coalesce(bool_or(is_on and coalesce(with_parameters, false)), false) as logs_parameters,
       coalesce(string_agg(shown, ', ' order by shown) filter (where is_on and coalesce(with_parameters, false)), '') as by
from logging

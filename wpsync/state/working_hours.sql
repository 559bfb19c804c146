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

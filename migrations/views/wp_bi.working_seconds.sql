CREATE OR REPLACE FUNCTION wp_bi.working_seconds(since timestamptz, until timestamptz) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT least(coalesce(sum(extract(epoch FROM least(s.ends, until) - greatest(s.begins, since))), 0), 2147483647)::integer
    FROM (SELECT (d.day + h.begins) AT TIME ZONE 'Asia/Shanghai' AS begins,
                 (d.day + h.ends) AT TIME ZONE 'Asia/Shanghai' AS ends
          FROM (SELECT (since AT TIME ZONE 'Asia/Shanghai')::date + n AS day
                FROM generate_series(0, (until AT TIME ZONE 'Asia/Shanghai')::date
                                        - (since AT TIME ZONE 'Asia/Shanghai')::date) n) d
          LEFT JOIN wp_bi.special_days x ON x.day = d.day
          JOIN wp_bi.working_hours h
            ON h.weekday = CASE WHEN x.works THEN (SELECT min(weekday) FROM wp_bi.working_hours)
                                ELSE extract(isodow FROM d.day) END
          WHERE x.works IS DISTINCT FROM false) s
    WHERE s.ends > since AND s.begins < until
$$;

COMMENT ON FUNCTION wp_bi.working_seconds(timestamptz, timestamptz) IS '两个时刻之间的工作秒数 / seconds of working time between two instants';

-- name: forget_gone_rooms
-- Rooms that are gone have no members, and no listing of them to account for. One statement, so that all of it is
-- decided by the same rooms: of one that comes back meanwhile the members are read again.
with gone as (
    select m.id from wp.wechat_room_members m join wp.wechat_rooms r on r._account = m._account and r.id = m.room_id
    where m._account = %(account)s and m._deleted_at is null and m._synced_at <= %(at)s and r._deleted_at is not null
), archived as (
    insert into wp.history (resource, id, valid_from, valid_to, row, _account)
    select 'wechat_room_members', m.id, m._synced_at, %(at)s, to_jsonb(m), m._account
    from wp.wechat_room_members m join gone on m._account = %(account)s and gone.id = m.id
    on conflict do nothing
), marked as (
    update wp.wechat_room_members m set _deleted_at = %(at)s, _synced_at = %(at)s
    from gone where m._account = %(account)s and gone.id = m.id and m._deleted_at is null
    returning m.id
), forgotten as (
    delete from wpsync.listings l
    where l.account = %(account)s and l.resource = 'wechat_room_members' and l.parent_id <> ''
      and not exists (select from wp.wechat_rooms r
                      where r.id = l.parent_id and r._account = l.account and r._deleted_at is null)
    returning vendor_count, rows_seen
), taken_off as (
    update wpsync.totals t set vendor_count = t.vendor_count - f.vendor_count, rows_held = t.rows_held - f.rows_seen
    from (select coalesce(sum(vendor_count), 0) as vendor_count, coalesce(sum(rows_seen), 0) as rows_seen,
                 count(*) as listings from forgotten) f
    where t.account = %(account)s and t.resource = 'wechat_room_members' and f.listings > 0
)
select count(*) from marked

-- name: agents
-- Agents whose reports are read.
select id from wp.agents where _account = %(account)s and _deleted_at is null order by id

-- name: rooms
-- Rooms with what tells whether their members may have changed.
select id, md5(row(member_count, member_ids, member_wx_nos, display_name)::text) as fingerprint,
       member_count as members
from wp.wechat_rooms where _account = %(account)s and _deleted_at is null order by id

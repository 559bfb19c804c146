-- name: messages_to_renormalize
-- An account's stored messages with what is needed to read them again, after one id.
select m.id, m.chat_id, m.sender_id, m.msg_type, m.sent_at, m.sent_on, m.device_msg_id, m.server_msg_id,
       m.sent_by_agent, m.body, m._extra, m._account, m._synced_at, media.thumb_path, media.media_path
from wp.wechat_messages m left join wp.message_media media
  on media._account = m._account and media.message_id = m.id
where m._account = %(account)s and m.id > %(after)s and (%(kinds)s::text[] is null or m.kind = any(%(kinds)s::text[]))
order by m.id limit %(limit)s

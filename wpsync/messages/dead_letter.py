"""Records that could not be stored."""

from collections.abc import Mapping

from wpsync.language import Text
from wpsync.messages.entry import Entry

ENTRIES: Mapping[str, Entry] = {
    "dead_letter.not_an_object": Entry(
        Text("the record is not a JSON object", "记录不是 JSON 对象"),
    ),
    "dead_letter.no_id": Entry(
        Text("the record has no usable id", "记录没有可用的编号"),
    ),
    "dead_letter.broken_record": Entry(
        Text(
            "the record's bytes are not UTF-8, or not JSON that can be read",
            "记录的字节不是 UTF-8，或不是可读取的 JSON",
        ),
    ),
    "dead_letter.too_large": Entry(
        Text(
            "the record alone is larger than a reply may be; its beginning is kept",
            "仅这一条记录就超过单次返回内容的上限，只保留了开头部分",
        ),
    ),
    "dead_letter.no_payload": Entry(
        Text("the message has no payload", "消息没有内容"),
    ),
    "dead_letter.payload_not_json": Entry(
        Text("the payload is not JSON", "消息内容不是 JSON"),
    ),
    "dead_letter.payload_not_an_object": Entry(
        Text(
            "the payload is a JSON {kind:json}, not an object",
            "消息内容是 JSON {kind:json}，不是对象",
        ),
    ),
    "dead_letter.not_a_text": Entry(
        Text(
            "an object, a list or a flag stands where a text was expected",
            "应为文本，但内容是对象、列表或布尔值",
        )
    ),
    "dead_letter.refused_by_database": Entry(
        Text(
            "Postgres refuses the row in {table} ({sqlstate} {error})",
            "Postgres 拒绝写入 {table} 中的这一行（{sqlstate} {error}）",
        ),
    ),
}

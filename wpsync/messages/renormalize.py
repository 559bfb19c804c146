"""Reading stored messages again."""

from collections.abc import Mapping

from wpsync.language import Text
from wpsync.messages.entry import Entry

ENTRIES: Mapping[str, Entry] = {
    "renormalize.no_bodies": Entry(
        Text(
            "account {account} stores no message bodies, so there is nothing to parse again",
            "账号 {account} 没有保存消息正文，无法重新解析",
        ),
        Text(
            "read the messages from the vendor again with `wpsync backfill --again`",
            "可用 `wpsync backfill --again` 重新从厂商读取",
        ),
    ),
}

"""Listings and reports that are incomplete, and why."""

from collections.abc import Mapping

from wpsync.language import Text
from wpsync.messages.entry import Entry
from wpsync.messages.window import FORMAT_CHANGED

ENTRIES: Mapping[str, Entry] = {
    "listing.incomplete": Entry(
        Text("listing incomplete: {reason:reason}", "列表不完整：{reason:reason}"),
    ),
    "listing.differs": Entry(
        Text(
            "changed by hand since it was read last (rows: {rows:count})",
            "上次读取之后有人手工改动过（{rows:count} 行）",
        ),
        Text("run `wpsync verify --repair`", "可运行 `wpsync verify --repair` 修复"),
    ),
    "listing.mostly_dead_letters": Entry(
        Text("listing incomplete: {reason:reason}", "列表不完整：{reason:reason}"),
        FORMAT_CHANGED,
    ),
    "listing.named_missing": Entry(
        Text(
            "{count:count} chats that messages name are not listed by the vendor",
            "消息引用了 {count:count} 个会话，厂商的会话列表中没有",
        ),
    ),
    "listing.passed_over": Entry(
        Text("{which} not read: {cause:message}", "{which} 未能读取：{cause:message}"),
    ),
}

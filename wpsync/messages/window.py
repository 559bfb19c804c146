"""Stretches of vendor time that are incomplete, and why."""

from collections.abc import Mapping

from wpsync.language import Text
from wpsync.messages.entry import Entry

FORMAT_CHANGED = Text(
    "the vendor changed its format or encrypts payloads, so nothing of it is stored: run `wpsync -v sync` to see the"
    " dead letters, then upgrade wpsync, or switch off parameter encryption in the vendor's console",
    "厂商改变了数据格式或加密了内容，因此没有写入：请用 `wpsync -v sync` 查看死信，然后升级 wpsync，"
    "或在厂商后台关闭参数加密",
)

ENTRIES: Mapping[str, Entry] = {
    "window.incomplete": Entry(
        Text(
            "{start:second} to {end:second}: {reason:reason}",
            "{start:second} 至 {end:second}：{reason:reason}",
        ),
    ),
    "window.mostly_dead_letters": Entry(
        Text(
            "{start:second} to {end:second}: {reason:reason}",
            "{start:second} 至 {end:second}：{reason:reason}",
        ),
        FORMAT_CHANGED,
    ),
    "window.differs": Entry(
        Text(
            "{start:second} to {end:second}: differs from the vendor",
            "{start:second} 至 {end:second}：与厂商数据不一致",
        ),
        Text("run `wpsync verify --repair`", "可运行 `wpsync verify --repair` 修复"),
    ),
    "window.several": Entry(
        Text("{count:count} problems: {first:messages}", "{count:count} 处问题：{first:messages}"),
    ),
}

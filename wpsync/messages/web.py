"""The server of the status page."""

from collections.abc import Mapping

from wpsync.language import Text
from wpsync.messages.entry import Entry

ENTRIES: Mapping[str, Entry] = {
    "web.cannot_listen": Entry(
        Text("the status page cannot listen on {address}", "状态页无法监听 {address}"),
        Text(
            "set web.port to a free port, or web.enabled = false",
            "请把 web.port 改为空闲端口，或设置 web.enabled = false",
        ),
    ),
}

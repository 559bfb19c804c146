"""Tokens as they are kept."""

from collections.abc import Mapping

from wpsync.language import Text
from wpsync.messages.entry import Entry

ENTRIES: Mapping[str, Entry] = {
    "token.key_missing": Entry(
        Text(
            "the stored tokens are encrypted and no key is configured",
            "已存的令牌是加密的，但没有配置密钥",
        ),
        Text(
            "set security.token_key to the key they were encrypted with, or run `wpsync token rotate --forget`",
            "请把 security.token_key 设为加密时所用的密钥，或运行 `wpsync token rotate --forget` 重新获取令牌",
        ),
    ),
    "token.key_changed": Entry(
        Text(
            "the stored tokens are encrypted with another key",
            "已存的令牌是用另一个密钥加密的",
        ),
        Text(
            "configure that key again, or run `wpsync token rotate --forget`",
            "请恢复原来的密钥，或运行 `wpsync token rotate --forget` 重新获取令牌",
        ),
    ),
}

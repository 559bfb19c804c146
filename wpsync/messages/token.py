"""Tokens as they are kept."""

from collections.abc import Mapping

from wpsync.language import Text
from wpsync.messages.entry import Entry

ENTRIES: Mapping[str, Entry] = {
    "token.key_missing": Entry(
        Text(
            "the stored tokens are encrypted with key {ids:list}, and this host has none ({place})",
            "已存的令牌用密钥 {ids:list} 加密，而本机没有密钥（{place}）",
        ),
        Text(
            "bring that key back from its copy or another host (docs/keys.md), or name it as security.token_key_file;"
            " if it is lost, `wpsync token rotate` starts anew",
            "请从备份或其他主机取回该密钥（见 docs/keys.zh-CN.md），或用 security.token_key_file 指定；"
            "若已丢失，请运行 `wpsync token rotate` 重新获取令牌",
        ),
    ),
    "token.key_changed": Entry(
        Text(
            "the stored tokens of account {account} are encrypted with key {id}, and this host has key {held:list}",
            "账号 {account} 的令牌用密钥 {id} 加密，而本机的密钥是 {held:list}",
        ),
        Text(
            "give this host the key of the others, or bring it back from its copy (docs/keys.md);"
            " if it is lost, `wpsync token rotate` starts anew",
            "请让本机使用与其他主机相同的密钥，或从备份恢复（见 docs/keys.zh-CN.md）；"
            "若已丢失，请运行 `wpsync token rotate` 重新获取令牌",
        ),
    ),
    "token.in_clear": Entry(
        Text(
            "the stored tokens of account {account} are in clear, and such are not used",
            "账号 {account} 的令牌以明文存储，不予使用",
        ),
        Text(
            "`wpsync migrate` encrypts those of an earlier version; otherwise another program wrote them:"
            " see who may write to wpsync.tokens, then run `wpsync token rotate`",
            "旧版本的明文令牌可用 `wpsync migrate` 加密；否则是其他程序写入的："
            "请检查谁有权写入 wpsync.tokens，再运行 `wpsync token rotate`",
        ),
    ),
    "token.altered": Entry(
        Text(
            "the stored tokens of account {account} are not as wpsync wrote them",
            "账号 {account} 的令牌在存储后被改动过",
        ),
        Text(
            "see who may write to wpsync.tokens, then run `wpsync token rotate`",
            "请检查谁有权写入 wpsync.tokens，再运行 `wpsync token rotate`",
        ),
    ),
}

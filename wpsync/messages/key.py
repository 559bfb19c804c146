"""Files of keys."""

from collections.abc import Mapping

from wpsync.language import Text
from wpsync.messages.entry import Entry

_RESTORE = Text(
    "bring the file back from its copy (docs/keys.md)",
    "请从备份恢复该文件（见 docs/keys.zh-CN.md）",
)

ENTRIES: Mapping[str, Entry] = {
    "key.unreadable": Entry(
        Text("the key file {file} cannot be read", "无法读取密钥文件 {file}"),
        Text(
            "let the user that wpsync runs as read it, or bring it back from its copy (docs/keys.md)",
            "请让运行 wpsync 的用户有权读取，或从备份恢复（见 docs/keys.zh-CN.md）",
        ),
    ),
    "key.link": Entry(
        Text(
            "the key file {file} is a symbolic link, which another could turn to a key of theirs",
            "密钥文件 {file} 是符号链接，可能被他人指向另一个密钥",
        ),
        Text("name the file that it leads to", "请直接指定链接指向的文件"),
    ),
    "key.no_file": Entry(
        Text("the key file {file} is no regular file", "密钥文件 {file} 不是普通文件"),
        Text("name a file that holds the key", "请指定存放密钥的文件"),
    ),
    "key.of_another": Entry(
        Text(
            "the key file {file} belongs to another user, who could replace it",
            "密钥文件 {file} 属于其他用户，可能被其替换",
        ),
        Text(
            "give it to the user that wpsync runs as: chown USER {file}",
            "请改为运行 wpsync 的用户所有：chown 用户名 {file}",
        ),
    ),
    "key.open_to_others": Entry(
        Text(
            "other users may read or replace the key file {file} (mode {mode})",
            "其他用户可读取或替换密钥文件 {file}（权限 {mode}）",
        ),
        Text("run chmod 600 {file}", "请执行 chmod 600 {file}"),
    ),
    "key.no_text": Entry(
        Text(
            "the key file {file} holds something other than keys", "密钥文件 {file} 的内容不是密钥"
        ),
        _RESTORE,
    ),
    "key.none": Entry(
        Text("{where} holds no key ({kind})", "{where} 中没有密钥（{kind}）"),
        Text(
            "bring the key back from its copy; `wpsync key new {kind}` prints a new one (docs/keys.md)",
            "请从备份恢复密钥；`wpsync key new {kind}` 可生成新密钥（见 docs/keys.zh-CN.md）",
        ),
    ),
    "key.newer": Entry(
        Text(
            "line {line} of {where} is a key in the form of a newer version of wpsync",
            "{where} 第 {line} 行是更新版本 wpsync 的密钥格式",
        ),
        Text("install that version", "请安装该版本"),
    ),
    "key.damaged": Entry(
        Text(
            "line {line} of {where} is no key, or a damaged one ({kind})",
            "{where} 第 {line} 行不是密钥，或已损坏（{kind}）",
        ),
        Text(
            "bring the line back from its copy: wpsync-key-1 {kind}, an id, 43 characters (docs/keys.md)",
            "请从备份恢复该行，格式为 wpsync-key-1 {kind}、编号、43 个字符（见 docs/keys.zh-CN.md）",
        ),
    ),
    "key.other_kind": Entry(
        Text(
            "line {line} of {where} is a key for another use ({is_for}), and this needs one of kind {kind}",
            "{where} 第 {line} 行的密钥用途为 {is_for}，此处需要 {kind}",
        ),
        Text(
            "name the file of that kind; `wpsync key new {kind}` prints a new key",
            "请指定对应用途的文件；`wpsync key new {kind}` 可生成新密钥",
        ),
    ),
    "key.too_short": Entry(
        Text(
            "the key in line {line} of {where} is too short: it was cut off, or written by hand",
            "{where} 第 {line} 行的密钥过短，可能被截断，或是手工编写的",
        ),
        Text(
            "bring it back from its copy; `wpsync key new {kind}` prints a new one",
            "请从备份恢复；`wpsync key new {kind}` 可生成新密钥",
        ),
    ),
    "key.exists": Entry(
        Text(
            "there is a file {file} already, and no key is ever overwritten",
            "文件 {file} 已存在，密钥不会被覆盖",
        ),
        Text("keep it, or move it away first", "请保留该文件，或先移走"),
    ),
    "key.made": Entry(
        Text(
            "made a key ({kind}) in {file}; keep a copy of it apart from the database, and give the same to other hosts",
            "已生成密钥（{kind}）：{file}；请另存一份，与数据库备份分开存放，其他主机须使用同一密钥",
        ),
        Text("how to keep a copy: docs/keys.md", "备份方法见 docs/keys.zh-CN.md"),
    ),
    "key.not_made": Entry(
        Text(
            "no key could be written to {file}, for which wpsync needs one ({kind})",
            "需要密钥（{kind}），但无法写入 {file}",
        ),
        Text(
            "let wpsync write there, or give it a key: `wpsync key new {kind}` prints one (docs/keys.md)",
            "请让 wpsync 可写入该处，或提供密钥：`wpsync key new {kind}` 可生成（见 docs/keys.zh-CN.md）",
        ),
    ),
}

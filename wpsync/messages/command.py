"""Refusals and warnings of the command line."""

from collections.abc import Mapping

from wpsync.language import Text
from wpsync.messages.entry import Entry

_USAGE = Text("`{command} --help` shows the usage", "用法见 `{command} --help`")
_CHOICES = Text("{choices:message}", "{choices:message}")

ENTRIES: Mapping[str, Entry] = {
    "command.output_failed": Entry(
        Text("the result cannot be printed", "结果无法输出"),
        Text("look at where the output goes", "请检查输出所写入的位置"),
    ),
    "command.no_folder": Entry(
        Text("the folder that the command was started in is gone", "命令所在的目录已不存在"),
        Text("change into another folder", "请切换到其他目录"),
    ),
    # Usage.
    "command.unknown_language": Entry(
        Text("{source}: '{name}' is not a language of wpsync", "{source}：不支持语言“{name}”"),
        Text("set it to zh or en", "请设为 zh 或 en"),
    ),
    "command.unknown_command": Entry(
        Text("{command} has no command '{name}'", "{command} 没有命令“{name}”"), _CHOICES
    ),
    "command.no_command": Entry(
        Text("{command}: the command is missing", "{command}：缺少命令"), _USAGE
    ),
    "command.unknown_option": Entry(
        Text("{command} has no option {option}", "{command} 没有选项 {option}"), _CHOICES
    ),
    "command.value_missing": Entry(
        Text("{option}: the value is missing", "{option}：缺少值"), _USAGE
    ),
    "command.value_not_taken": Entry(Text("{option} takes no value", "{option} 不接受值"), _USAGE),
    "command.missing": Entry(Text("{name} is missing", "缺少 {name}"), _USAGE),
    "command.unexpected_argument": Entry(
        Text("unexpected argument: {arguments}", "多余的参数：{arguments}"), _USAGE
    ),
    "command.no_whole_number": Entry(
        Text("{option}: must be a whole number", "{option}：应为整数"), _USAGE
    ),
    "command.no_number": Entry(Text("{option}: must be a number", "{option}：应为数字"), _USAGE),
    "command.too_small": Entry(
        Text("{option}: must be at least {least}", "{option}：不能小于 {least}"), _USAGE
    ),
    "command.too_large": Entry(
        Text("{option}: must be at most {most}", "{option}：不能大于 {most}"), _USAGE
    ),
    "command.no_choice": Entry(
        Text("{option}: must be one of {known:list}", "{option}：只能是 {known:list}"), _USAGE
    ),
    "command.refused_value": Entry(
        Text("{option}: the value is not accepted", "{option}：值无效"), _USAGE
    ),
    "command.refused": Entry(Text("the command line is wrong", "命令行有误"), _USAGE),
    "command.nearest": Entry(Text("did you mean {near}?", "是不是 {near}？")),
    "command.known": Entry(Text("known: {known:list}", "可用：{known:list}")),
    # Names.
    "command.unknown_resource": Entry(
        Text("there is no resource '{name}'", "没有资源“{name}”"), _CHOICES
    ),
    "command.unknown_account": Entry(
        Text("there is no account '{name}'", "没有账号“{name}”"), _CHOICES
    ),
    "command.unknown_kind": Entry(
        Text("there is no kind of message '{name}'", "没有消息类型“{name}”"), _CHOICES
    ),
    "command.account_missing": Entry(
        Text("there are several accounts", "配置了多个账号"),
        Text("name one with --account: {known:list}", "请用 --account 指定其一：{known:list}"),
    ),
    "command.no_field": Entry(
        Text("'{field}' is not KEY=VALUE", "“{field}”不是 KEY=VALUE 形式"),
        Text("e.g. --field address=Chengdu", "例如 --field address=成都"),
    ),
    "command.unknown_letter": Entry(
        Text("there is no dead letter {number}", "没有编号为 {number} 的死信"),
        Text("`wpsync dead-letters list` shows them", "请用 `wpsync dead-letters list` 查看编号"),
    ),
    # Times.
    "command.begins_in_future": Entry(
        Text("--from {start} is not in the past", "--from {start} 不是过去的时间"),
        Text("name a day that has begun, e.g. 30d", "请填写已经开始的日期，例如 30d"),
    ),
    "command.ends_before_it_begins": Entry(
        Text("--from {start} is not before --to {end}", "--from {start} 不早于 --to {end}"),
        Text("name the earlier one with --from", "请用 --from 指定较早的时间"),
    ),
    "command.begin_in_future": Entry(
        Text("--begin {begin} is in the future", "--begin {begin} 是将来的时间"),
        Text("name a time that has passed", "请填写已经过去的时间"),
    ),
    # Files.
    "command.file_exists": Entry(
        Text("{file} exists already", "{file} 已存在"),
        Text(
            "--force overwrites it; `wpsync check` tries it",
            "用 --force 覆盖；用 `wpsync check` 检查",
        ),
    ),
    "command.unreadable_file": Entry(Text("{file} cannot be read", "无法读取 {file}")),
    "command.no_text_file": Entry(Text("{file} is not a text file", "{file} 不是文本文件")),
    "command.unwritable_file": Entry(Text("{file} cannot be written", "无法写入 {file}")),
    "command.short_password": Entry(
        Text("{file}: the password is too short", "{file}：密码过短"),
        Text("use eight characters or more", "至少要有 8 个字符"),
    ),
    "command.key_without_file": Entry(
        Text(
            "{setting} holds the key itself, and there is no file to add a new one to",
            "密钥直接写在 {setting} 中，没有可以加入新密钥的文件",
        ),
        Text(
            "write a new key ahead of it, on a line of its own: `wpsync key new {kind}` prints one",
            "请在其前面单独一行写入新密钥：可用 `wpsync key new {kind}` 生成",
        ),
    ),
    # init.
    "command.one_of_two": Entry(
        Text("{one} and {other} exclude each other", "{one} 与 {other} 不能同时使用"),
        Text("give one of the two", "请只用其中一个"),
    ),
    "command.password_in_arguments": Entry(
        Text(
            "a password among the arguments can be seen by every user of this machine",
            "命令行参数中的密码会被本机所有用户看到",
        ),
        Text(
            "change it, since it was seen, and give the address by --database-url-file FILE (-: standard input) or as"
            " WPSYNC_DATABASE__URL; or the password alone as WPSYNC_DATABASE__PASSWORD_FILE",
            "请更换该密码，并用 --database-url-file 文件（- 表示标准输入）或环境变量 WPSYNC_DATABASE__URL 提供地址；"
            "也可只用 WPSYNC_DATABASE__PASSWORD_FILE 提供密码",
        ),
    ),
    "command.no_terminal_for_credentials": Entry(
        Text(
            "there is no terminal to ask for clientId and clientSecret",
            "没有终端，无法询问 clientId 和 clientSecret",
        ),
        Text(
            "give --client-id and --client-secret-file",
            "请用 --client-id 和 --client-secret-file 指定",
        ),
    ),
    "command.credentials_rejected": Entry(
        Text(
            "the vendor rejects this clientId and clientSecret",
            "厂商拒绝了该 clientId 和 clientSecret",
        ),
        Text(
            "compare both with the vendor's console",
            "请对照厂商管理后台核对 clientId 和 clientSecret",
        ),
    ),
    # erase.
    "command.one_person": Entry(
        Text("name one person", "请指定一个人"),
        Text("--phone NUMBER or --wx NUMBER", "使用 --phone 号码 或 --wx 号码"),
    ),
    "command.short_number": Entry(
        Text("that is too short to be a number", "号码过短"),
        Text("write the whole number", "请填写完整号码"),
    ),
    "command.unconfirmed": Entry(
        Text(
            "there is no terminal to confirm the erasure; nothing was erased",
            "没有终端可供确认，未删除任何数据",
        ),
        Text("--yes confirms beforehand", "请用 --yes 事先确认"),
    ),
    # verify.
    "command.nothing_to_verify": Entry(
        Text(
            "nothing has been read that could be verified of {accounts:list}",
            "{accounts:list} 还没有可对账的数据",
        ),
        Text(
            "`wpsync backfill --from …` reads history",
            "请先用 `wpsync backfill --from …` 回填历史数据",
        ),
    ),
    "command.windows_differ": Entry(
        Text("windows that differ: {windows:count}", "有差异的窗口：{windows:count} 个"),
        Text(
            "`wpsync verify --repair` mends just those",
            "可用 `wpsync verify --repair` 只修复这些窗口",
        ),
    ),
    # alert test.
    "command.no_alert_target": Entry(
        Text("no alert target is configured", "没有配置告警目标"),
        Text(
            "set alerts.targets; README shows the address of each kind of robot",
            "请设置 alerts.targets；各类机器人的地址写法见 README",
        ),
    ),
    "command.alert_not_taken": Entry(
        Text("a target did not take the message", "有目标未能收到消息"),
        Text(
            "check its address, and the network from this host to it",
            "请检查发送失败的目标地址，以及本机到该地址的网络",
        ),
    ),
}

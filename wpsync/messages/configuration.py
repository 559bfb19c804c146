"""The configuration: files, environment variables, keys and their values."""

from collections.abc import Mapping

from wpsync.language import Text
from wpsync.messages.entry import Entry

ENTRIES: Mapping[str, Entry] = {
    "configuration.wrong": Entry(
        Text("the configuration is wrong:{problems:lines}", "配置有误：{problems:lines}"),
        Text("config.example.toml shows every key", "全部配置项见 config.example.toml"),
    ),
    # The place of a problem: the key, and the file or the variable that sets it.
    "configuration.in_file": Entry(
        Text("{file}: {key}: {problem:message}", "{file}：{key}：{problem:message}")
    ),
    "configuration.in_environment": Entry(
        Text("{variable} ({key}): {problem:message}", "{variable}（{key}）：{problem:message}")
    ),
    "configuration.of_key": Entry(Text("{key}: {problem:message}", "{key}：{problem:message}")),
    # The problem itself.
    "configuration.unknown_key": Entry(
        Text("unknown key; remove it", "没有这个配置项，请将其删除")
    ),
    "configuration.unknown_key_near": Entry(
        Text("unknown key; did you mean {near}?", "没有这个配置项，是不是 {near}？")
    ),
    "configuration.missing": Entry(
        Text(
            "missing; set it in the configuration file, or as {variable} (or {variable}_FILE)",
            "缺少此项；请在配置文件中填写，或设置环境变量 {variable}（或 {variable}_FILE）",
        )
    ),
    "configuration.given_twice": Entry(
        Text("also set as {other}; keep one of the two", "与 {other} 重复，只能设置其一")
    ),
    "configuration.not_a_section": Entry(
        Text(
            "{section} is a single key and has no keys below it",
            "{section} 是单个配置项，其下没有其他配置项",
        )
    ),
    "configuration.secret_unreadable": Entry(
        Text("the file {file} cannot be read", "无法读取文件 {file}")
    ),
    "configuration.not_integer": Entry(Text("must be a whole number", "应为整数")),
    "configuration.not_number": Entry(Text("must be a number", "应为数字")),
    "configuration.not_boolean": Entry(Text("must be true or false", "应为 true 或 false")),
    "configuration.not_text": Entry(Text("must be a text in quotes", "应为加引号的文本")),
    "configuration.too_short": Entry(
        Text("must have at least {limit} characters", "至少要有 {limit} 个字符")
    ),
    "configuration.not_among": Entry(
        Text("must be one of {choices:list}", "只能是以下之一：{choices:list}")
    ),
    "configuration.not_above": Entry(Text("must be greater than {limit}", "应大于 {limit}")),
    "configuration.below": Entry(Text("must be {limit} or more", "不能小于 {limit}")),
    "configuration.not_under": Entry(Text("must be less than {limit}", "应小于 {limit}")),
    "configuration.above": Entry(Text("must be {limit} or less", "不能大于 {limit}")),
    "configuration.not_list": Entry(
        Text('must be a list, e.g. ["a", "b"]', '应为列表，例如 ["a", "b"]')
    ),
    "configuration.not_section": Entry(
        Text("must be a section, e.g. [log]", "应为配置节，例如 [log]")
    ),
    "configuration.not_date": Entry(
        Text("must be a date, e.g. 2026-10-01", "应为日期，例如 2026-10-01")
    ),
    "configuration.not_time": Entry(Text("must be a time, e.g. 09:00", "应为时间，例如 09:00")),
    "configuration.not_path": Entry(Text("must be a path in quotes", "应为加引号的路径")),
    "configuration.not_hours": Entry(
        Text("must be like 22:00-08:00, or empty", "应写成 22:00-08:00，或留空")
    ),
    "configuration.not_postgres": Entry(
        Text("must begin with postgresql://", "应以 postgresql:// 开头")
    ),
    "configuration.address_not_encoded": Entry(
        Text(
            "user, password and database name must be percent-encoded: %40 for @, %2F for /, %3A for :, %3F for ?,"
            " %25 for %, %5B and %5D for [ and ], %20 for a blank. Or leave the password out and set database.password",
            "用户名、密码和库名中的特殊字符须写成百分号编码：@ 写成 %40，/ 写成 %2F，: 写成 %3A，? 写成 %3F，"
            "% 写成 %25，[ 和 ] 写成 %5B 和 %5D，空格写成 %20；也可以不写密码，改用 database.password",
        )
    ),
    "configuration.address_host": Entry(
        Text(
            "a host or port in it is not valid: write host, host:5432 or [::1]:5432, and separate several by commas;"
            " percent-encode / @ : ? % in user and password",
            "其中的主机或端口无效：请写成 主机、主机:5432 或 [::1]:5432，多个以逗号分隔；"
            "用户名和密码中的 / @ : ? % 须写成百分号编码",
        )
    ),
    "configuration.address_parameter": Entry(
        Text(
            "{name} is not a parameter of a connection to Postgres; remove it",
            "{name} 不是 Postgres 连接参数，请将其删除",
        )
    ),
    "configuration.no_web_address": Entry(
        Text(
            "is not an address: write https://host or https://host:port",
            "不是有效地址，应写成 https://主机 或 https://主机:端口",
        )
    ),
    "configuration.not_https": Entry(
        Text(
            "must begin with https:// (http:// only for this machine)",
            "应以 https:// 开头（http:// 仅限本机）",
        )
    ),
    "configuration.not_token_key": Entry(
        Text(
            "must be 32 bytes in URL-safe base64; `wpsync token key` makes one",
            "应为 32 字节的 URL 安全 base64，可用 `wpsync token key` 生成",
        )
    ),
    "configuration.open_to_network": Entry(
        Text(
            "{bind} opens the status page to the network; set web.password (or web.password_file)",
            "{bind} 会把状态页开放给网络，请设置 web.password（或 web.password_file）",
        )
    ),
    "configuration.hosts_without_password": Entry(
        Text(
            "a proxy opens the status page to others; set web.password (or web.password_file)",
            "通过代理访问意味着对外开放状态页，请设置 web.password（或 web.password_file）",
        )
    ),
    "configuration.not_a_host": Entry(
        Text(
            "{given} is no name of a host: write it without scheme and port",
            "{given} 不是主机名，请不要带协议和端口",
        )
    ),
    "configuration.not_a_network": Entry(
        Text(
            "{given} is neither an address nor a network, such as 10.0.0.5 or 10.0.0.0/24",
            "{given} 不是地址或网段，应写成 10.0.0.5 或 10.0.0.0/24",
        )
    ),
    "configuration.work_ends_first": Entry(
        Text("must be earlier than bi.work_ends", "应早于 bi.work_ends")
    ),
    "configuration.off_and_worked": Entry(
        Text(
            "{day} is in extra_work_days too; keep one of the two",
            "{day} 同时在 extra_work_days 中，只能保留其一",
        )
    ),
    "configuration.no_personal_column": Entry(
        Text(
            "no personal column has this name; `wpsync schema` lists the columns",
            "没有这个个人数据列；全部列见 `wpsync schema`",
        )
    ),
    "configuration.no_personal_column_near": Entry(
        Text(
            "no personal column has this name; did you mean {near}?",
            "没有这个个人数据列，是不是 {near}？",
        )
    ),
    "configuration.hash_without_key": Entry(
        Text(
            "set it (or key_file) to a secret of 16 characters or more: values are hashed with it",
            "请设置此项（或 key_file），至少 16 个字符，用于计算哈希",
        )
    ),
    "configuration.bad_account_name": Entry(
        Text(
            "an account name has at most 16 characters out of a-z, 0-9, _ and -",
            "账号名只能由 a-z、0-9、_ 和 - 组成，最多 16 个字符",
        )
    ),
    "configuration.no_resource": Entry(
        Text(
            "there is no resource {name}; `wpsync status` lists the resources",
            "没有资源 {name}；全部资源见 `wpsync status`",
        )
    ),
    "configuration.no_resource_near": Entry(
        Text(
            "there is no resource {name}; did you mean {near}?", "没有资源 {name}，是不是 {near}？"
        )
    ),
    "configuration.invalid": Entry(Text("is not valid", "取值无效")),
    # Before any key is looked at.
    "configuration.no_file": Entry(
        Text("there is no configuration file {file}", "没有配置文件 {file}"),
        Text("`wpsync init` writes one", "可用 `wpsync init` 生成"),
    ),
    "configuration.unreadable": Entry(
        Text("the configuration file {file} cannot be read", "无法读取配置文件 {file}"),
        Text("check its owner and permissions", "请检查该文件的属主和权限"),
    ),
    "configuration.not_utf8": Entry(
        Text(
            "the configuration file {file} is not in UTF-8",
            "配置文件 {file} 不是 UTF-8 编码",
        ),
        Text(
            "save it as UTF-8; editors on Windows may use UTF-16 or GBK",
            "请另存为 UTF-8；Windows 上的编辑器可能存成了 UTF-16 或 GBK",
        ),
    ),
    "configuration.not_toml": Entry(
        Text("the configuration file {file} is not valid TOML", "配置文件 {file} 不是有效的 TOML"),
        Text("correct the line that is named", "请修正上述位置的内容"),
    ),
    # After it.
    "configuration.no_account": Entry(
        Text("no vendor account is configured", "尚未配置厂商账号"),
        Text(
            "run `wpsync init`, or write [accounts.main] with client_id and client_secret into config.toml",
            "请运行 `wpsync init`，或在 config.toml 中写入 [accounts.main] 及其 client_id 和 client_secret",
        ),
    ),
    "configuration.second_name": Entry(
        Text(
            "accounts.{account} is the console that already has rows as {known} ({base_url}, client_id {client_id})",
            "accounts.{account} 对应的控制台已以账号名 {known} 保存过数据（{base_url}，client_id {client_id}）",
        ),
        Text(
            "name the account {known} again: under a second name everything would be read once more",
            "请改回账号名 {known}，否则所有数据会重新读取一遍",
        ),
    ),
    "configuration.not_an_instant": Entry(
        Text("{given} is not a date", "无法识别日期 {given}"),
        Text(
            "write 2026-01-31, '2026-01-31 08:00:00' (Shanghai time), 30d or 12h",
            "请写成 2026-01-31、'2026-01-31 08:00:00'（上海时间）、30d 或 12h",
        ),
    ),
}

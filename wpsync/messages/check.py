"""Findings of `wpsync check`: their names, and the results."""

from collections.abc import Mapping

from wpsync.language import Text
from wpsync.messages.entry import Entry

_PUT_BACK = Text(
    "put it back as `wpsync migrate --sql` prints it, or restore the database from a backup",
    "请按 `wpsync migrate --sql` 的输出恢复，或从备份还原数据库",
)

ENTRIES: Mapping[str, Entry] = {
    # Names.
    "check.configuration": Entry(Text("configuration", "配置")),
    "check.privacy": Entry(Text("privacy", "隐私")),
    "check.alerts": Entry(Text("alerts", "告警")),
    "check.database": Entry(Text("database", "数据库")),
    "check.database_folder": Entry(Text("database folder", "数据库目录")),
    "check.rights": Entry(Text("rights", "权限")),
    "check.connections": Entry(Text("connections", "连接数")),
    "check.time_zone": Entry(Text("time zone", "时区")),
    "check.clock": Entry(Text("clock", "时钟")),
    "check.migrations": Entry(Text("migrations", "表结构")),
    "check.account": Entry(Text("account {account}", "账号 {account}")),
    "check.tokens": Entry(Text("tokens of {account}", "{account} 的令牌")),
    "check.vendor_clock": Entry(Text("vendor's clock", "厂商时钟")),
    "check.tables": Entry(Text("tables", "数据表")),
    # Details.
    "check.tables_as_made": Entry(Text("as wpsync made them", "与 wpsync 所建一致")),
    "check.tables_missing": Entry(
        Text("missing: {tables:list}", "缺少：{tables:list}"),
        _PUT_BACK,
    ),
    "check.views_missing": Entry(
        Text("views or functions are missing: {views:list}", "缺少视图或函数：{views:list}"),
        Text("run `wpsync migrate`", "请运行 `wpsync migrate`"),
    ),
    "check.not_a_table": Entry(
        Text(
            "{table} is partitioned, a view or a foreign table: wpsync needs a plain table",
            "{table} 是分区表、视图或外部表：wpsync 需要普通表",
        ),
        _PUT_BACK,
    ),
    "check.rights_missing": Entry(
        Text("{table}: the role may not {rights:list}", "{table}：角色缺少 {rights:list} 权限"),
        Text(
            "grant it select, insert, update and delete on all tables of the schemas wp, wp_bi and wpsync",
            "请授予该角色 wp、wp_bi、wpsync 中所有表的 select、insert、update、delete 权限",
        ),
    ),
    "check.rows_hidden": Entry(
        Text(
            "{table}: row security hides rows from the role",
            "{table}：行级安全策略对该角色隐藏了数据",
        ),
        Text(
            "run `alter table {table} disable row level security`, or give the role bypassrls",
            "请执行 `alter table {table} disable row level security`，或为该角色授予 bypassrls",
        ),
    ),
    "check.columns_missing": Entry(
        Text("{table}: columns are missing: {columns:list}", "{table}：缺少列 {columns:list}"),
        _PUT_BACK,
    ),
    "check.column_refuses": Entry(
        Text(
            "{table}.{column} must not be null, and wpsync cannot fill it in every row",
            "{table}.{column} 不允许为空，但 wpsync 无法为每行填值",
        ),
        Text(
            "run `alter table {table} alter {column} drop not null`, or give it a default",
            "请执行 `alter table {table} alter {column} drop not null`，或为其设置默认值",
        ),
    ),
    "check.column_type": Entry(
        Text(
            "{table}.{column} is {type}, and not {wanted}",
            "{table}.{column} 的类型是 {type}，应为 {wanted}",
        ),
        _PUT_BACK,
    ),
    "check.keys_missing": Entry(
        Text("{table}: keys are missing: {keys:list}", "{table}：缺少键 {keys:list}"),
        _PUT_BACK,
    ),
    "check.constraints_foreign": Entry(
        Text(
            "{table}: {constraints:list} may refuse rows, and wpsync did not make it",
            "{table}：{constraints:list} 可能导致数据无法写入，且并非 wpsync 创建",
        ),
        Text("drop it", "请删除"),
    ),
    "check.triggers": Entry(
        Text(
            "{table}: {triggers:list} may change or leave out rows, and wpsync did not make it",
            "{table}：{triggers:list} 可能改写或跳过数据，且并非 wpsync 创建",
        ),
        Text(
            "drop or disable it; a copy for other programs is better made by logical replication",
            "请删除或停用；如需同步给其他程序，建议使用逻辑复制",
        ),
    ),
    "check.readers": Entry(Text("BI roles", "BI 角色")),
    "check.readers_limited": Entry(
        Text("{count} roles, limited to reading", "{count} 个角色，仅可读取")
    ),
    "check.readers_not_limited": Entry(
        Text(
            "{role} may do more than read, because every role may",
            "{role} 除读取外还拥有所有角色共有的权限",
        ),
        Text(
            "where no other program needs it, run as an administrator: {statements:list}",
            "如果没有其他程序依赖，请由管理员执行：{statements:list}",
        ),
    ),
    "check.may_not_make_temporary": Entry(
        Text("the role {user} may not make temporary tables", "角色 {user} 无权创建临时表"),
        Text(
            "grant temporary on database … to {user}",
            "请授予 {user} 在该数据库上的 TEMPORARY 权限",
        ),
    ),
    "check.exposed": Entry(
        Text(
            "every user of this machine can read the secrets in {files:list}",
            "本机所有用户都能读取以下文件中的密钥：{files:list}",
        ),
        Text(
            "run `chmod o-rwx` on each; the user that runs wpsync may read it as its owner or by its group",
            "请对上述文件执行 `chmod o-rwx`；运行 wpsync 的用户以属主或属组身份读取即可",
        ),
    ),
    "check.configured": Entry(Text("readable and complete", "可读取且完整")),
    "check.kept": Entry(Text("everything is kept", "全部原样保留")),
    "check.privacy_configured": Entry(Text("as configured", "按配置处理")),
    "check.hidden_in_bodies": Entry(
        Text(
            "{kinds:list}: not kept, but message bodies are, and they may hold the same",
            "{kinds:list} 不予保留，但消息正文仍保留，其中可能含有同样的信息",
        ),
        Text(
            "set privacy.message_bodies to hash, mask or drop, or accept it",
            "请把 privacy.message_bodies 设为 hash、mask 或 drop，或接受这一点",
        ),
    ),
    "check.no_targets": Entry(
        Text(
            "no target: alerts are not sent (alerts.targets)",
            "未配置目标，告警不会发送（alerts.targets）",
        )
    ),
    "check.targets_unknown": Entry(
        Text("not understood: {targets:list}", "无法识别：{targets:list}"),
        Text("README shows the address of each kind of robot", "各类机器人的地址写法见 README"),
    ),
    "check.targets": Entry(
        Text(
            "targets: {targets:count}, in {language:message}; `wpsync alert test` tries them",
            "{targets:count} 个目标，语言为{language:message}，可用 `wpsync alert test` 测试",
        )
    ),
    "check.english": Entry(Text("English", "英文")),
    "check.chinese": Entry(Text("Chinese", "中文")),
    "check.database_elsewhere": Entry(
        Text(
            "the database is kept in {place}, because the system user {user} cannot enter {folder}",
            "数据库保存在 {place}，因为系统用户 {user} 无法进入 {folder}",
        )
    ),
    "check.database_reached": Entry(
        Text("Postgres {version}, as {user}", "Postgres {version}，用户 {user}")
    ),
    "check.standby": Entry(
        Text("this is a read-only standby", "当前连接的是只读备库"),
        Text("connect to the primary server", "请连接主库"),
    ),
    "check.may_not_create": Entry(
        Text("the role {user} may not create schemas", "角色 {user} 无权创建 schema"),
        Text(
            "grant create on database … to {user}",
            "请授予 {user} 在该数据库上的 CREATE 权限",
        ),
    ),
    "check.connections_suffice": Entry(
        Text(
            "{allowed:count} are allowed, `wpsync run` needs at most {needed:count}",
            "允许 {allowed:count} 个，`wpsync run` 最多需要 {needed:count} 个",
        )
    ),
    "check.connections_of_role": Entry(
        Text(
            "the role allows {allowed:count} connections, and `wpsync run` may need {needed:count}",
            "该角色最多允许 {allowed:count} 个连接，而 `wpsync run` 可能需要 {needed:count} 个",
        ),
        Text(
            "run `alter role … connection limit -1`, or lower backfill.parallel_windows",
            "请执行 `alter role … connection limit -1`，或调低 backfill.parallel_windows",
        ),
    ),
    "check.connections_of_database": Entry(
        Text(
            "the database allows {allowed:count} connections, and `wpsync run` may need {needed:count}",
            "该数据库最多允许 {allowed:count} 个连接，而 `wpsync run` 可能需要 {needed:count} 个",
        ),
        Text(
            "run `alter database … connection limit -1`, or lower backfill.parallel_windows",
            "请执行 `alter database … connection limit -1`，或调低 backfill.parallel_windows",
        ),
    ),
    "check.connections_of_server": Entry(
        Text(
            "the server allows {allowed:count} connections, and `wpsync run` may need {needed:count}",
            "数据库服务器最多允许 {allowed:count} 个连接，而 `wpsync run` 可能需要 {needed:count} 个",
        ),
        Text(
            "raise max_connections of the server, or lower backfill.parallel_windows",
            "请调高服务器的 max_connections，或调低 backfill.parallel_windows",
        ),
    ),
    "check.may_create": Entry(Text("the role may do what wpsync needs", "权限齐全")),
    "check.any_time_zone": Entry(
        Text(
            "{zone} (any will do: wpsync stores instants)",
            "{zone}（存储的是绝对时间，任何时区均可）",
        )
    ),
    "check.clocks_differ": Entry(
        Text(
            "this host and the database differ by {seconds:.1f} s",
            "本机与数据库相差 {seconds:.1f} 秒",
        ),
        Text("set the clocks by NTP", "请用 NTP 校时"),
    ),
    "check.clocks_agree": Entry(
        Text(
            "this host and the database agree to {seconds:.1f} s",
            "本机与数据库相差 {seconds:.1f} 秒",
        )
    ),
    "check.migrations_missing": Entry(
        Text("missing: {names:list}", "缺少：{names:list}"),
        Text("run `wpsync migrate`", "请运行 `wpsync migrate`"),
    ),
    "check.migrated": Entry(Text("current", "已是最新")),
    "check.vendor_reached": Entry(
        Text("vendor reachable, credentials good", "可访问厂商接口，凭据有效")
    ),
    "check.agents_listed": Entry(
        Text(
            "vendor reachable, credentials good, agents: {count:count}",
            "可访问厂商接口，凭据有效，{count:count} 个座席",
        )
    ),
    "check.tokens_fresh": Entry(Text("age in days: {days:count}", "已签发 {days:count} 天")),
    "check.tokens_old": Entry(
        Text("age in days: {days:count}", "已签发 {days:count} 天"),
        Text("run `wpsync token rotate`", "请运行 `wpsync token rotate`"),
    ),
    "check.vendor_clock_agrees": Entry(
        Text("ours minus the vendor's: {seconds:.0f} s", "我方减厂商：{seconds:.0f} 秒")
    ),
    "check.vendor_clock_differs": Entry(
        Text("ours minus the vendor's: {seconds:.0f} s", "我方减厂商：{seconds:.0f} 秒"),
        Text(
            "set this host's and the database's clock by NTP",
            "请用 NTP 校准本机与数据库的时钟",
        ),
    ),
}

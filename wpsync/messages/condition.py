"""Conditions that alerts are about: codes `condition.*`."""

from collections.abc import Mapping

from wpsync.language import Text
from wpsync.messages.entry import Entry

ENTRIES: Mapping[str, Entry] = {
    "condition.vendor_away": Entry(
        Text(
            "the vendor has not answered since {since:at} ({error:message});"
            " missing data is read once it answers",
            "厂商接口自 {since:at} 起没有正常应答（{error:message}），恢复后自动补齐，不会丢失数据",
        ),
    ),
    "condition.vendor_clock_behind": Entry(
        Text(
            "the vendor's clock is {days:count} days behind ours (the database's): one of them is wrong;"
            " until they agree, rows are removed only once they are too old by both",
            "厂商时钟比我方（数据库）慢 {days:count} 天，其中一方有误；在两者一致之前，只清理按两个时钟都已到期的数据",
        ),
        Text(
            "compare both with the real time: set the database's clock by NTP, or report it to the vendor",
            "请与实际时间核对：用 NTP 校准数据库时钟，或反馈给厂商",
        ),
    ),
    "condition.vendor_clock_ahead": Entry(
        Text(
            "the vendor's clock is {days:count} days ahead of ours (the database's): one of them is wrong;"
            " rows are removed by ours",
            "厂商时钟比我方（数据库）快 {days:count} 天，其中一方有误；数据清理以我方时钟为准",
        ),
        Text(
            "compare both with the real time: set the database's clock by NTP, or report it to the vendor",
            "请与实际时间核对：用 NTP 校准数据库时钟，或反馈给厂商",
        ),
    ),
    "condition.vendor_tells_no_time": Entry(
        Text(
            "the vendor's replies tell no time (no Date header), so nothing confirms which rows are old enough to be removed",
            "厂商返回的内容不带时间（没有 Date 头），无法核对哪些数据已到期，到期清理可能因此暂停",
        ),
        Text(
            "look for a proxy that removes the Date header; otherwise report it to the vendor",
            "请检查是否有代理去掉了 Date 头，否则请反馈给厂商",
        ),
    ),
    "condition.stale": Entry(
        Text(
            "{resource:named} is {minutes:count} minutes behind: {cause:message}",
            "{resource:named}已有 {minutes:count} 分钟没有更新：{cause:message}",
        ),
    ),
    "condition.listing_cut": Entry(
        Text(
            "the listing {resource:named} is longer than the vendor shows:"
            " {rows_seen:count} of {vendor_count:count} rows read",
            "{resource:named}的列表超过厂商可翻页的上限：共 {vendor_count:count} 行，只读到 {rows_seen:count} 行",
        ),
        Text(
            "ask the vendor for a higher limit, or shorten the list",
            "请联系厂商提高上限，或删减列表",
        ),
    ),
    "condition.window_refused": Entry(
        Text(
            "{resource:named}: most of a window cannot be accepted, and none of it was written;"
            " the vendor may have changed its format or encrypted it; it is read again automatically",
            "{resource:named}有窗口的数据大量无法接收，整个窗口没有写入，厂商可能改了格式或加密了内容；程序会自动重读",
        ),
        Text(
            "upgrade wpsync, or switch off parameter encryption in the vendor's console",
            "请升级 wpsync，或在厂商后台关闭参数加密",
        ),
    ),
    "condition.windows_differ": Entry(
        Text(
            "{resource:named} still differs from the vendor's count (windows: {windows:count}): {reasons:reasons}",
            "{resource:named}有窗口长时间无法与厂商总数核对一致（共 {windows:count} 个）：{reasons:reasons}",
        ),
        Text(
            "see the completeness calendar on the status page, and run wpsync verify --repair",
            "请在状态页的完整性日历中查看，并执行 wpsync verify --repair",
        ),
    ),
    "condition.windows_unreadable": Entry(
        Text(
            "{resource:named} has windows that cannot be read ({windows:count}): {reasons:reasons};"
            " they are retried automatically",
            "{resource:named}有窗口长时间读不出来（共 {windows:count} 个）：{reasons:reasons}；程序会自动重试",
        ),
        Text(
            "if it lasts, report these times to the vendor (completeness calendar on the status page)",
            "如持续如此，请把这些时间段（见状态页的完整性日历）提供给厂商处理",
        ),
    ),
    "condition.report_incomplete": Entry(
        Text(
            "{resource:named}: some agents cannot be read: {reasons:reasons}; every sync retries them",
            "{resource:named}：部分座席的数据长时间读不出来：{reasons:reasons}；每次同步都会重试",
        ),
        Text(
            "if it lasts, report the agents' ids to the vendor (last_run of the resource in wpsync status --json)",
            "如持续如此，请联系厂商处理，座席编号见 wpsync status --json 中该资源的 last_run",
        ),
    ),
    "condition.members_incomplete": Entry(
        Text(
            "{resource:named}: rooms not fully read: {rooms:count}: {reasons:reasons}; every sync retries them",
            "{resource:named}：{rooms:count} 个群的成员长时间读不完整：{reasons:reasons}；每次同步都会重试",
        ),
        Text(
            "if it lasts, report the rooms' ids to the vendor (status page, or parent_id in wpsync status --json)",
            "如持续如此，请联系厂商处理，群编号见状态页，或 wpsync status --json 中的 parent_id",
        ),
    ),
    "condition.listing_incomplete": Entry(
        Text(
            "the listing {resource:named} is not fully read: {reasons:reasons}; every sync retries it",
            "{resource:named}的列表长时间读不完整：{reasons:reasons}；每次同步都会重读",
        ),
        Text(
            "if it lasts, check the vendor's console, or ask the vendor",
            "如持续如此，请到厂商后台核对，或联系厂商处理",
        ),
    ),
    "condition.silence": Entry(
        Text(
            "no rows of {resource:named} today; {usual:count} or more are usual by now",
            "今天还没有任何{resource:named}数据，而往常同一时间至少有 {usual:count} 行",
        ),
        Text(
            "check that the work phones are online and authorized",
            "请确认工作手机在线、已授权",
        ),
    ),
    "condition.credentials": Entry(
        Text(
            "the vendor rejects the credentials of account {account}; its sync has stopped",
            "厂商拒绝了账号 {account} 的凭据，同步已停止",
        ),
        Text(
            "check client_id and client_secret in the vendor's console; new ones are tried at once",
            "请在厂商后台核对 clientId 与 clientSecret，改正后立即恢复",
        ),
    ),
    "condition.token_age": Entry(
        Text(
            "the tokens of account {account} are {days:count} days old and could not be rotated;"
            " they expire on day 30",
            "账号 {account} 的令牌已使用 {days:count} 天仍未轮换成功，第 30 天失效",
        ),
        Text("run wpsync token rotate to see the cause", "请执行 wpsync token rotate 查看原因"),
    ),
    "condition.dead_letters": Entry(
        Text(
            "{resource:named} has {letters:count} dead letters (unreadable messages, or rows not accepted)",
            "{resource:named}有 {letters:count} 条死信（无法解析的消息或未能接收的行）",
        ),
        Text(
            "see wpsync dead-letters list; after an upgrade, run wpsync dead-letters retry",
            "请执行 wpsync dead-letters list 查看原因；升级后可执行 wpsync dead-letters retry",
        ),
    ),
    "condition.drift": Entry(
        Text(
            "the vendor's data has {count:count} new fields, types or kinds ({resources:resources}), see wpsync status;"
            " nothing is lost (kept in _extra)",
            "厂商的数据结构有 {count:count} 处变化（{resources:resources}），详见 wpsync status；数据未丢失（保存在 _extra 中）",
        ),
        Text("look for a new version of wpsync", "请留意 wpsync 的新版本"),
    ),
    "condition.budget": Entry(
        Text("{endpoint}: {cause:message}", "接口 {endpoint}：{cause:message}"),
    ),
    "condition.jobs_failing": Entry(
        Text(
            "jobs keep failing and are retried automatically ({jobs:jobs}): {errors:messages}",
            "任务连续失败，会按时自动重试（{jobs:jobs}）：{errors:messages}",
        ),
    ),
    "condition.database_away": Entry(
        Text(
            "the database has not answered host {host} for {minutes:count} minutes;"
            " the service waits and continues automatically",
            "主机 {host} 已有 {minutes:count} 分钟连接不上数据库；服务会一直等待，恢复后自动继续",
        ),
        Text(
            "check that Postgres is running and that this host can reach it",
            "请检查 Postgres 是否在运行，以及本机到数据库的网络",
        ),
    ),
    "condition.database_unwritable": Entry(
        Text(
            "host {host} has not been able to write to the database for {minutes:count} minutes: {error:message};"
            " written data is safe, and the sync continues once this is fixed",
            "主机 {host} 已有 {minutes:count} 分钟无法写入数据库：{error:message}；已写入的数据不受影响，处理后同步自动继续",
        ),
    ),
    "condition.database_hangs": Entry(
        Text(
            "commits in the database have hung for {minutes:count} minutes (noticed by host {host}): it answers, and writes nothing;"
            " the service waits and continues automatically",
            "数据库的提交已有 {minutes:count} 分钟没有返回（由主机 {host} 发现）：数据库有响应，但写不进任何数据；服务会一直等待，恢复后自动继续",
        ),
        Text(
            "look for a synchronous standby that is lost (synchronous_standby_names, pg_stat_replication), and whether the disk of the server still writes",
            "请检查同步备库是否失联（synchronous_standby_names、pg_stat_replication），以及数据库服务器的磁盘能否写入",
        ),
    ),
    "condition.database_back": Entry(
        Text("the database is back; the sync continues", "数据库已恢复，同步已继续"),
    ),
    "condition.test": Entry(
        Text(
            "test message from host {host} (accounts: {accounts:list}); alerts arrive here",
            "来自主机 {host} 的测试消息（账号：{accounts:list}），收到即表示告警可以送达",
        ),
    ),
}

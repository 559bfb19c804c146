"""The embedded Postgres: its folders, its programs, its start."""

from collections.abc import Mapping

from wpsync.language import Text
from wpsync.messages.entry import Entry

_SEE_LOG = Text("see {log}", "请查看 {log}")
_OWN_FOLDER = Text("set data_dir to a folder of your own", "请把 data_dir 设为自己的目录")

ENTRIES: Mapping[str, Entry] = {
    "embedded.cannot_use": Entry(
        Text("the embedded Postgres cannot use {path}", "内置 Postgres 无法使用 {path}"),
        Text(
            "check the owner, the permissions and the free space of {folder}, or set database.url",
            "请检查 {folder} 的属主、权限和剩余空间，或设置 database.url",
        ),
    ),
    "embedded.path_too_long": Entry(
        Text(
            "the path of the embedded Postgres is longer than {limit:count} bytes",
            "内置 Postgres 的路径超过 {limit:count} 字节",
        ),
        Text("set data_dir to a shorter path", "请把 data_dir 设为更短的路径"),
    ),
    "embedded.folder_closed": Entry(
        Text(
            "the system user {user} cannot enter {folder}, so the database there cannot be started",
            "系统用户 {user} 无法进入 {folder}，其中的数据库无法启动",
        ),
        Text(
            "open every folder on the way to others (chmod o+x), or move {folder}",
            "请为路径上的各级目录增加进入权限（chmod o+x），或移动 {folder}",
        ),
    ),
    "embedded.untrusted": Entry(
        Text(
            "the embedded Postgres does not use {path}: {reason:message}",
            "内置 Postgres 拒绝使用 {path}：{reason:message}",
        ),
        _OWN_FOLDER,
    ),
    "embedded.usable_by_others": Entry(Text("other users may use it", "其他用户可以使用它")),
    "embedded.not_a_folder": Entry(Text("it is not a folder", "它不是目录")),
    "embedded.owned_by_other": Entry(Text("it belongs to user {owner}", "它属于用户 {owner}")),
    "embedded.writable_by_all": Entry(Text("every user may change it", "任何用户都可以修改它")),
    "embedded.writable_by_group": Entry(Text("a group may change it", "某个用户组可以修改它")),
    "embedded.not_your_file": Entry(Text("the file is not yours", "该文件不属于当前用户")),
    "embedded.is_link": Entry(
        Text(
            "the embedded Postgres does not use {path}: it is a link",
            "内置 Postgres 拒绝使用 {path}：它是链接",
        ),
        Text("set data_dir to the target of the link", "请把 data_dir 直接指向链接的目标目录"),
    ),
    "embedded.other_owner": Entry(
        Text(
            "the database in {folder} belongs to user {owner}, but its server would run as {user}",
            "{folder} 中的数据库属于用户 {owner}，而服务将以 {user} 的身份运行",
        ),
        Text(
            "run wpsync as the user who made the database, or change the owner of {folder} with chown",
            "请用创建该数据库的用户运行，或用 chown 变更 {folder} 的属主",
        ),
    ),
    "embedded.no_server_user": Entry(
        Text(
            "Postgres does not run as root, and there is no system user postgres or nobody",
            "Postgres 不能以 root 运行，而系统中没有用户 postgres 或 nobody",
        ),
        Text("run wpsync as an ordinary user", "请以普通用户身份运行 wpsync"),
    ),
    "embedded.user_without_name": Entry(
        Text(
            "user number {uid} has no entry in /etc/passwd, and Postgres needs one",
            "用户编号 {uid} 不在 /etc/passwd 中，Postgres 无法以其身份运行",
        ),
        Text(
            "run wpsync as a user with a name, or set database.url",
            "请以有用户名的用户运行，或设置 database.url",
        ),
    ),
    "embedded.no_path_recorded": Entry(
        Text("{file} does not hold the path of a database", "{file} 中没有数据库的路径"),
        Text(
            "write the path of the database into it: a folder below {state} that ends in /{name}",
            "请重新写入数据库路径：{state} 下以 /{name} 结尾的目录",
        ),
    ),
    "embedded.two_databases": Entry(
        Text(
            "{file} names the database in {recorded}, but {folder} is not empty",
            "{file} 指向 {recorded} 中的数据库，但 {folder} 也不是空目录",
        ),
        Text(
            "keep one of the two: move {file} or {folder} away",
            "请只保留其中之一，移走 {file} 或 {folder}",
        ),
    ),
    "embedded.database_gone": Entry(
        Text(
            "{file} names the database in {recorded}, which does not exist",
            "{file} 指向 {recorded} 中的数据库，但该目录不存在",
        ),
        Text(
            "restore {recorded} from a backup, or move {file} away to begin with an empty database",
            "请从备份恢复 {recorded}，或移走 {file} 以新建空数据库",
        ),
    ),
    "embedded.foreign_content": Entry(
        Text(
            "{folder} does not hold a complete database of wpsync: {reason:message}",
            "{folder} 中不是完整的 wpsync 数据库：{reason:message}",
        ),
        Text(
            "move it away, or restore all of it from a backup; nothing was changed",
            "请将其移走，或从备份完整恢复；未做任何改动",
        ),
    ),
    "embedded.file_missing": Entry(Text("{name} is missing", "缺少 {name}")),
    "embedded.no_version": Entry(
        Text("PG_VERSION holds no version", "PG_VERSION 中没有版本号"),
    ),
    "embedded.cannot_place": Entry(
        Text("the new database cannot be moved to {folder}", "新建的数据库无法移动到 {folder}"),
        Text(
            "remove {folder} if it is an empty folder; mount a volume one level above it",
            "如果 {folder} 是空目录请将其删除；数据卷应挂载在它的上一级目录",
        ),
    ),
    "embedded.cannot_create": Entry(
        Text("the database cannot be created in {folder}", "无法在 {folder} 中创建数据库"),
        Text(
            "check the permissions and the free space of {folder}",
            "请检查 {folder} 的权限和剩余空间",
        ),
    ),
    "embedded.does_not_start": Entry(
        Text("the embedded Postgres does not start", "内置 Postgres 无法启动"), _SEE_LOG
    ),
    "embedded.no_longer_needed": Entry(
        Text(
            "the embedded Postgres was not started: no command uses it any more",
            "内置 Postgres 未启动：已没有命令使用它",
        ),
    ),
    "embedded.not_ended": Entry(
        Text(
            "the embedded Postgres does not start: its previous server has not ended",
            "内置 Postgres 无法启动：之前的服务进程尚未结束",
        ),
        Text(
            "stop it; it may run in another container that shares the folder",
            "请先结束之前的服务进程，它可能在共享该目录的另一个容器中",
        ),
    ),
    "embedded.still_starting": Entry(
        Text(
            "another wpsync is still starting the embedded Postgres",
            "另一个 wpsync 进程正在启动内置 Postgres",
        ),
        _SEE_LOG,
    ),
    "embedded.still_stopping": Entry(
        Text(
            "the embedded Postgres has been stopping for {seconds:duration}",
            "内置 Postgres 停止已超过 {seconds:duration}",
        ),
        _SEE_LOG,
    ),
    "embedded.keeper_ended": Entry(
        Text(
            "the process that keeps the embedded Postgres running has ended",
            "内置 Postgres 的守护进程意外退出",
        ),
        _SEE_LOG,
    ),
    "embedded.in_use": Entry(
        Text(
            "another wpsync uses the database in {folder}",
            "另一个 wpsync 进程正在使用 {folder} 中的数据库",
        ),
        Text("stop it, or use another folder", "请先停止它，或换一个目录"),
    ),
    "embedded.programs_not_copied": Entry(
        Text("the programs of Postgres cannot be copied to {path}", "无法把 Postgres 程序复制到 {path}"),
        Text(
            "check the permissions and the free space there, or install Postgres",
            "请检查该处的权限和剩余空间，或安装 Postgres",
        ),
    ),
    "embedded.no_programs": Entry(
        Text(
            "no Postgres server is installed, and database.url is not set",
            "没有可用的 Postgres 程序，也未设置 database.url",
        ),
        Text(
            "install wpsync with its embedded Postgres (`make install`), install Postgres, or set database.url",
            "请安装自带 Postgres 的 wpsync（`make install`），或安装 Postgres，或设置 database.url",
        ),
    ),
    "embedded.other_version": Entry(
        Text(
            "the embedded database was made by Postgres {major}; installed here: {installed:list}",
            "内置数据库由 Postgres {major} 创建，本机安装的版本为 {installed:list}",
        ),
        Text(
            "install Postgres {major}, or move the data as docs/embedded-postgres.md describes",
            "请安装 Postgres {major}，或按 docs/embedded-postgres.zh-CN.md 迁移数据",
        ),
    ),
    "embedded.no_database": Entry(
        Text("there is no database in {folder}", "{folder} 中没有数据库"),
        Text(
            "name the data_dir of the configuration, or make an empty database with --new",
            "请填写配置中的 data_dir，或用 --new 新建空数据库",
        ),
    ),
    "embedded.cannot_run": Entry(Text("cannot run {program}", "无法运行 {program}")),
    "embedded.no_language": Entry(
        Text(
            "WPSYNC_LANG names a language that wpsync does not speak",
            "WPSYNC_LANG 指定了 wpsync 不支持的语言",
        ),
        Text("set it to zh or en", "请设为 zh 或 en"),
    ),
}  # fmt: skip

"""The database: reaching it, writing to it, the role for BI tools."""

from collections.abc import Mapping

from wpsync.language import Text
from wpsync.messages.entry import Entry

ENTRIES: Mapping[str, Entry] = {
    "database.unavailable": Entry(
        Text("the database is not available", "数据库不可用"),
        Text(
            "check database.url, that the server runs, and that it accepts connections from this host",
            "请检查 database.url，以及数据库是否在运行、是否允许本机连接",
        ),
    ),
    "database.no_answer_in_time": Entry(
        Text("the database does not answer in time", "数据库未在规定时间内响应"),
        Text(
            "look for long transactions and locks in pg_stat_activity, and at the load of its server",
            "请在 pg_stat_activity 中查看长事务和锁等待，并检查数据库服务器的负载",
        ),
    ),
    "database.commits_hang": Entry(
        Text(
            "the database takes no writes: commits hang",
            "数据库无法写入：提交一直没有返回",
        ),
        Text(
            "look for a synchronous standby that is lost (synchronous_standby_names, pg_stat_replication), and whether the disk of the server still writes",
            "请检查同步备库是否失联（synchronous_standby_names、pg_stat_replication），以及数据库服务器的磁盘能否写入",
        ),
    ),
    "database.transaction_pooler": Entry(
        Text(
            "database.url leads to a pooler that gives each transaction another session (PgBouncer's pool_mode=transaction)",
            "database.url 指向的连接池按事务分配会话（如 PgBouncer 的 pool_mode=transaction），wpsync 无法使用",
        ),
        Text(
            "set database.url to the server's own port, or to a pool with pool_mode=session",
            "请把 database.url 改为数据库服务器自己的端口，或 pool_mode=session 的连接池",
        ),
    ),
    "database.lease_lost": Entry(
        Text(
            "another process has taken over {scope}, because this one did not answer for a while",
            "本进程一段时间没有响应，{scope} 已由另一个进程接管",
        ),
        Text(
            "see why it stood still (a stopped process, a frozen machine, a network that was away); committed data stays, and nothing is read twice",
            "请检查停顿原因（进程被暂停、虚拟机冻结或网络中断）；已提交的数据保留，不会重复读取",
        ),
    ),
    "database.statement_canceled": Entry(
        Text(
            "the database cancelled a statement that took too long",
            "数据库取消了执行过久的语句",
        ),
        Text(
            "look at the load of its server, and for locks in pg_stat_activity; wpsync allows a statement ten minutes",
            "请检查数据库负载，并在 pg_stat_activity 中查看锁等待；wpsync 允许单条语句执行十分钟",
        ),
    ),
    "database.lock_not_had": Entry(
        Text("the database did not give a lock in time", "未能及时取得数据库锁"),
        Text(
            "look for long transactions and locks in pg_stat_activity",
            "请在 pg_stat_activity 中查看长事务和锁等待",
        ),
    ),
    "database.conflict": Entry(
        Text(
            "the database rolled a transaction back that met another",
            "事务与其他事务冲突，已被数据库回滚",
        ),
        Text("nothing to do: it is tried again", "无需处理，会自动重试"),
    ),
    "database.too_many_connections": Entry(
        Text("the database has no connection left", "数据库连接数已满"),
        Text(
            "raise max_connections of the server or the connection limit of the role: wpsync needs up to 65",
            "请调高数据库的 max_connections 或该角色的连接数上限：wpsync 最多需要 65 个连接",
        ),
    ),
    "database.login_refused": Entry(
        Text("the database refuses the login", "数据库拒绝登录"),
        Text(
            "check user and password in database.url, or database.password; a file of it is read again at every try",
            "请检查 database.url 中的用户名和密码，或 database.password；若密码来自文件，每次重试都会重新读取",
        ),
    ),
    "database.setting_invalid": Entry(
        Text(
            "the database or its pooler refuses a setting of the connection",
            "数据库或连接池拒绝了连接参数",
        ),
        Text(
            "correct the parameter in database.url, in PGOPTIONS, PGTZ or PGDATESTYLE of the environment,"
            " or by `alter role … reset` for the role",
            "请修正 database.url 中的该参数，或环境变量 PGOPTIONS、PGTZ、PGDATESTYLE，"
            "或用 `alter role … reset` 重置角色上的设置",
        ),
    ),
    "database.search_path": Entry(
        Text(
            "the session looks names up in {found}, though {wanted} was set",
            "会话的 search_path 是 {found}，而不是所设置的 {wanted}",
        ),
        Text(
            "connect to Postgres directly, or through a pooler that keeps the settings of a session",
            "请直接连接 Postgres，或使用能保留会话设置的连接池",
        ),
    ),
    "database.not_utf8": Entry(
        Text(
            "the database is in {encoding}, which cannot hold every text",
            "数据库编码为 {encoding}，无法保存所有文字",
        ),
        Text(
            "create it with: create database … encoding 'UTF8' template template0",
            "请这样建库：create database … encoding 'UTF8' template template0",
        ),
    ),
    "database.refused": Entry(
        Text(
            "the database refuses a statement (SQLSTATE {sqlstate}, at {place})",
            "数据库拒绝执行语句（SQLSTATE {sqlstate}，位置 {place}）",
        ),
        Text(
            "`wpsync check` shows how tables, triggers and rights differ from those that wpsync made",
            "`wpsync check` 会列出表、触发器和权限与 wpsync 所建的有何不同",
        ),
    ),
    "database.constraint": Entry(
        Text(
            "{table} has something that wpsync did not make and that refuses rows: {name} (SQLSTATE {sqlstate})",
            "{table} 上有并非 wpsync 创建的约束或列，导致数据无法写入：{name}（SQLSTATE {sqlstate}）",
        ),
        Text(
            "drop the constraint or column, or give the column a default; the rows are read again by themselves",
            "请删除该约束或列，或为该列设置默认值；数据会自动重新读取",
        ),
    ),
    "database.table_altered": Entry(
        Text(
            "the database refuses rows because a table was altered: {problem:message}",
            "数据表被改动，导致数据无法写入：{problem:message}",
        ),
    ),
    "database.rows_refused": Entry(
        Text(
            "{table} refuses most rows in one way (SQLSTATE {sqlstate}, rows: {rows:count})",
            "{table} 以同一原因拒绝了大部分数据（SQLSTATE {sqlstate}，{rows:count} 条）",
        ),
        Text(
            "`wpsync check` shows how the table differs from the one that wpsync made",
            "`wpsync check` 会列出该表与 wpsync 所建的有何不同",
        ),
    ),
    "database.rows_skipped": Entry(
        Text(
            "{table}: {written:count} of {sent:count} rows were written, a trigger or rule leaves the others out",
            "{table}：{sent:count} 条中只写入了 {written:count} 条，其余被触发器或规则跳过",
        ),
        Text(
            "drop the trigger or rule, or let it pass every row; the rows are read again by themselves",
            "请删除该触发器或规则，或让其放行所有数据；数据会自动重新读取",
        ),
    ),
    "database.not_repaired": Entry(
        Text(
            "{table}: rows that were repaired differ again at once (rows: {rows:count})",
            "{table}：修复后的数据立即又出现差异（{rows:count} 条）",
        ),
        Text(
            "look for a trigger or rule on the table that changes or leaves out rows; `wpsync check` lists them",
            "请检查该表上是否有改写或跳过数据的触发器或规则；`wpsync check` 会列出",
        ),
    ),
    "database.right_missing": Entry(
        Text("the database role lacks a right", "数据库角色缺少权限"),
        Text(
            "grant it, or connect as the role that owns the schemas wp and wpsync",
            "请授予该权限，或改用 wp 和 wpsync 两个 schema 的属主连接",
        ),
    ),
    "database.disk_full": Entry(
        Text("the disk of the database is full", "数据库磁盘已满"),
        Text(
            "free or add space; committed data stays, the rest is read again",
            "请清理或扩充磁盘；已提交的数据保留，其余会重新读取",
        ),
    ),
    "database.shared_memory_full": Entry(
        Text(
            "the shared memory (/dev/shm) of the database server is full",
            "数据库服务器的共享内存（/dev/shm）已满",
        ),
        Text(
            "give it more: with docker, set `shm_size: 256mb` for the container of the database",
            "请加大共享内存：使用 docker 时为数据库容器设置 `shm_size: 256mb`",
        ),
    ),
    "database.read_only": Entry(
        Text("the database is read-only", "数据库处于只读状态"),
        Text(
            "connect to the primary, or end the read-only state (cloud databases set it when space runs out)",
            "请连接主库，或解除只读状态（云数据库空间不足时常会自动设为只读）",
        ),
    ),
    "database.no_role_name": Entry(
        Text("{role} cannot be the name of a role", "{role} 不能用作角色名"),
        Text(
            "name a role of its own, e.g. `wpsync bi-role metabase` (at most 63 bytes; not public or none)",
            "请指定一个专用的角色名，例如 `wpsync bi-role metabase`（最多 63 字节，不能是 public 或 none）",
        ),
    ),
    "database.foreign_role": Entry(
        Text(
            "the role {role} exists, and wpsync did not make it: other programs may use it",
            "角色 {role} 已存在，且不是由 wpsync 创建，可能有其他程序在使用",
        ),
        Text(
            "name another role; or, where it is meant to be this one, add --force: rights beyond reading are taken from it",
            "请换一个角色名；如确实要使用该角色，请加 --force：只读以外的权限会被收回",
        ),
    ),
    "database.everyone_creates": Entry(
        Text(
            "every role may create objects in the schema public of this database",
            "任何角色都能在该数据库的 public 模式中创建对象",
        ),
        Text(
            "run `revoke create on schema public from public`, or add --force",
            "请执行 `revoke create on schema public from public`，或加 --force",
        ),
    ),
    "database.too_old": Entry(
        Text(
            "Postgres {version} is too old: wpsync needs {least} or newer",
            "Postgres {version} 版本过低：wpsync 需要 {least} 或更高版本",
        ),
        Text("upgrade the server", "请升级数据库服务器"),
    ),
    "database.not_a_reader": Entry(
        Text(
            "the role {role} cannot become a read-only role: it owns objects of a database, is a superuser, or is the role of wpsync itself",
            "角色 {role} 不能用作只读角色：它拥有数据库对象、是超级用户，或是 wpsync 自己使用的角色",
        ),
        Text(
            "use a role of its own, e.g. `wpsync bi-role metabase`",
            "请另取一个专用的角色名，例如 `wpsync bi-role metabase`",
        ),
    ),
}

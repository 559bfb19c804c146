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
    "database.not_a_reader": Entry(
        Text(
            "the role {role} cannot become a read-only role: it owns tables, is a superuser, or is the role of wpsync itself",
            "角色 {role} 不能用作只读角色：它拥有表、是超级用户，或是 wpsync 自己使用的角色",
        ),
        Text(
            "use a role of its own, e.g. `wpsync bi-role metabase`",
            "请另取一个专用的角色名，例如 `wpsync bi-role metabase`",
        ),
    ),
}

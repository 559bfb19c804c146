"""The schema of the database, and its migrations."""

from collections.abc import Mapping

from wpsync.language import Text
from wpsync.messages.entry import Entry

_MIGRATE = Text("run `wpsync migrate`", "请运行 `wpsync migrate`")

ENTRIES: Mapping[str, Entry] = {
    "schema.differs": Entry(
        Text(
            "the schema of the database is not the one that this version needs",
            "数据库表结构与当前版本不符",
        ),
        Text(
            "`wpsync check` names what differs; where migrations are missing, run `wpsync migrate`",
            "`wpsync check` 会指出不同之处；若缺少迁移，请运行 `wpsync migrate`",
        ),
    ),
    "schema.not_current": Entry(
        Text(
            "the schema of the database is not current, it lacks {missing:list}",
            "数据库表结构不是最新，缺少 {missing:list}",
        ),
        _MIGRATE,
    ),
    "schema.altered": Entry(
        Text(
            "no migration is missing, but the tables are not those that wpsync made:{problems:lines}",
            "迁移已全部执行，但数据表与 wpsync 所建不一致：{problems:lines}",
        ),
    ),
    "schema.unreleased": Entry(
        Text(
            "an unreleased version of wpsync made this database, and it cannot be upgraded; nothing was changed",
            "该库由未发布的早期版本创建，无法升级；未做任何改动",
        ),
        Text(
            "start with a new, empty database and run `wpsync backfill` again",
            "请改用新的空数据库，并重新执行 `wpsync backfill`",
        ),
    ),
    "schema.newer": Entry(
        Text(
            "the schema of the database is at {revisions:list}, which this version does not know; nothing was changed",
            "数据库表结构的版本为 {revisions:list}，当前版本无法识别；未做任何改动",
        ),
        Text(
            "a newer wpsync has migrated it: install that version again",
            "该库已由更新版本的 wpsync 升级，请安装对应版本",
        ),
    ),
    "schema.foreign": Entry(
        Text(
            "the schemas wp, wp_bi and wpsync of this database hold tables of another program, or of a part of a backup (found: {found:list}); nothing was changed",
            "该库的 wp、wp_bi 或 wpsync 中已有其他程序的表，或只还原了部分备份（{found:list}）；未做任何改动",
        ),
        Text(
            "give wpsync a database of its own (database.url); after a restore of wp and wp_bi alone, restore the schema"
            " wpsync of the same backup as well",
            "请为 wpsync 单独准备数据库（database.url）；若只还原了 wp 和 wp_bi，请同时还原同一备份中的 wpsync",
        ),
    ),
    "schema.not_allowed": Entry(
        Text("the database role may not create the schema", "数据库角色无权创建表结构"),
        Text(
            "grant it CREATE on the database, or run `wpsync migrate --sql` and have an administrator apply the output",
            "请授予该角色在此数据库上的 CREATE 权限，或运行 `wpsync migrate --sql` 并交由管理员执行",
        ),
    ),
    "schema.locked": Entry(
        Text(
            "the migration could not lock the tables: other sessions use them",
            "升级表结构时未能取得锁：其他会话正在使用这些表",
        ),
        Text(
            "end long queries and open transactions on the schemas wp and wp_bi, and run `wpsync migrate` again",
            "请结束占用 wp 和 wp_bi 的长查询及未提交的事务，再执行 `wpsync migrate`",
        ),
    ),
    "schema.has_dependents": Entry(
        Text(
            "{view} must be created again, and {dependents:list} depends on it; nothing was changed",
            "{view} 需要重建，但 {dependents:list} 依赖于它；未做任何改动",
        ),
        Text(
            "drop what depends on it, run `wpsync migrate`, and create it again",
            "请先删除依赖它的对象，执行 `wpsync migrate` 后再重新创建",
        ),
    ),
    "schema.has_more_dependents": Entry(
        Text(
            "{view} must be created again, and more than views depends on it; nothing was changed",
            "{view} 需要重建，但还有其他对象依赖于它；未做任何改动",
        ),
        Text(
            "drop what depends on it, run `wpsync migrate`, and create it again",
            "请先删除依赖它的对象，执行 `wpsync migrate` 后再重新创建",
        ),
    ),
    "schema.dependent_not_restored": Entry(
        Text(
            "{view} cannot be created again after the migration; nothing was changed",
            "升级后无法重建 {view}；未做任何改动",
        ),
        Text(
            "drop {view}, run `wpsync migrate`, and create it again",
            "请先删除 {view}，执行 `wpsync migrate` 后再重新创建",
        ),
    ),
}

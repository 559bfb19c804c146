"""Declarations to SQLAlchemy MetaData: the first migration is made of it, and later ones are compared with it.

Nothing else runs on this. Every table and column has a comment in Chinese and English, on one line, because BI tools show it.
"""

import sys
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from wpsync.db import state_schema
from wpsync.db.columns import ACCOUNT as _ACCOUNT
from wpsync.db.columns import IDENTIFIER, error_columns
from wpsync.db.columns import INSTANT as _INSTANT
from wpsync.db.columns import RESOURCE as _RESOURCE
from wpsync.db.columns import column as _column
from wpsync.db.columns import comment as _comment
from wpsync.resources import TABLES
from wpsync.resources.spec import ACCOUNT, Column, Personal, SqlType, Table

_TYPES: dict[SqlType, sa.types.TypeEngine[Any]] = {
    SqlType.TEXT: sa.Text(),
    SqlType.INTEGER: sa.Integer(),
    SqlType.BIGINT: sa.BigInteger(),
    SqlType.BOOLEAN: sa.Boolean(),
    SqlType.DOUBLE: sa.Double(),
    SqlType.MONEY: sa.Numeric(14, 2),
    SqlType.INSTANT: sa.DateTime(timezone=True),
    SqlType.DAY: sa.Date(),
    SqlType.TEXTS: postgresql.ARRAY(sa.Text()),
    SqlType.JSON: postgresql.JSONB(),
}


_IDENTIFIERS: dict[SqlType, sa.types.TypeEngine[Any]] = {
    SqlType.TEXT: IDENTIFIER,
    SqlType.TEXTS: postgresql.ARRAY(IDENTIFIER),
}
"""The types of text that is no person's words: ids, codes, numbers, addresses."""


def _data_column(table: Table, column: Column) -> sa.Column[Any]:
    kind = _TYPES[column.type]
    if column.personal not in (Personal.NAMES, Personal.MESSAGE_BODIES):
        kind = _IDENTIFIERS.get(column.type, kind)
    null = not (column.name in table.key or column.required)
    return _column(column.name, kind, column.zh, column.en, null=null)


def _bookkeeping(table: Table) -> list[sa.Column[Any]]:
    columns = [
        _column(ACCOUNT, IDENTIFIER, "来源账号", "the configured account the row came from"),
        _column("_first_synced_at", _INSTANT, "首次写入时间", "when the row was first written"),
        _column(
            "_synced_at",
            _INSTANT,
            "内容最近一次变化的读取时间（不是最近一次同步）",
            "when the reading that last CHANGED the content was made (not the last sync)",
        ),
        _column(
            "_extra",
            postgresql.JSONB(),
            "厂商发送而本表未列出的字段",
            "what the vendor sent that has no column here",
            null=True,
        ),
    ]
    if table.soft_delete:
        columns.insert(
            3,
            _column(
                "_deleted_at",
                _INSTANT,
                "完整列表中不再出现的时间；重新出现则清空",
                "when a complete listing no longer had it; NULL again if it comes back",
                null=True,
            ),
        )
    if table.gone_by:
        columns.insert(
            3,
            _column(
                "_gone_at",
                _INSTANT,
                "完整读取中不再出现的时间（行保留）；重新出现则清空",
                "when a complete reading no longer had it (the row is kept); NULL again if it comes back",
                null=True,
            ),
        )
    return columns


def _data_table(metadata: sa.MetaData, table: Table) -> None:
    built = sa.Table(
        table.name,
        metadata,
        *(_data_column(table, column) for column in table.columns),
        *_bookkeeping(table),
        sa.PrimaryKeyConstraint(*table.primary_key, name=f"{table.name}_pkey"),
        schema="wp",
        comment=_comment(table.zh, table.en),
    )
    for index in table.indexes:
        name = "_".join(column.lstrip("_") for column in index)
        sa.Index(f"{table.name}_{name}_idx", *(built.c[column] for column in index))
    if table.gone_by:
        sa.Index(
            f"{table.name}_gone_idx",
            built.c[ACCOUNT],
            built.c[table.gone_by],
            postgresql_where=built.c["_gone_at"].is_not(None),
        )
    if table.soft_delete:
        sa.Index(
            f"{table.name}_deleted_idx",
            built.c[ACCOUNT],
            postgresql_where=built.c["_deleted_at"].is_not(None),
        )


def _history(metadata: sa.MetaData) -> None:
    sa.Table(
        "history",
        metadata,
        _column("resource", IDENTIFIER, "数据表名", "the table's name"),
        _column("id", IDENTIFIER, "行的主键", "the row's id"),
        _column("valid_from", _INSTANT, "该版本开始时间", "when this version began"),
        _column("valid_to", _INSTANT, "被替换或删除的时间", "when it was replaced or deleted"),
        _column("row", postgresql.JSONB(), "该版本的整行内容", "the whole row as it was"),
        _column(ACCOUNT, IDENTIFIER, "来源账号", "the configured account the row came from"),
        sa.PrimaryKeyConstraint(ACCOUNT, "resource", "id", "valid_from", name="history_pkey"),
        sa.Index("history_account_valid_to_idx", ACCOUNT, "valid_to"),
        schema="wp",
        comment=_comment(
            "列表类数据被替换或删除的历史版本",
            "versions of listing rows that were replaced or deleted",
        ),
    )


def _runs(metadata: sa.MetaData) -> None:
    sa.Table(
        "runs",
        metadata,
        _column("id", sa.BigInteger(), "运行编号", "run", identity=True),
        _column(*_ACCOUNT),
        _column(*_RESOURCE),
        _column("kind", IDENTIFIER, "sync 增量，backfill 回填", "sync or backfill"),
        _column("started_at", _INSTANT, "开始时间", "when it began"),
        _column("finished_at", _INSTANT, "结束时间", "when it ended", null=True),
        _column(
            "outcome",
            IDENTIFIER,
            "结果：running、done、incomplete、failed、interrupted",
            "running, done, incomplete, failed or interrupted",
        ),
        _column("requests", sa.Integer(), "请求次数", "requests made", default="0"),
        _column("rows_read", sa.BigInteger(), "读到的行数", "rows read", default="0"),
        _column("rows_inserted", sa.BigInteger(), "新增行数", "rows inserted", default="0"),
        _column("rows_updated", sa.BigInteger(), "更新行数", "rows updated", default="0"),
        _column(
            "dead_letters",
            sa.Integer(),
            "未能接收的行数",
            "rows that could not be taken",
            default="0",
        ),
        _column(
            "idle_runs",
            sa.Integer(),
            "此行代表连续多少次无事可记的定时运行（显示最近一次）；0 表示单独的一次运行",
            "how many ticks that did nothing this row stands for, showing the newest; 0: a run of its own",
            default="0",
        ),
        *error_columns(),
        sa.PrimaryKeyConstraint("id", name="runs_pkey"),
        sa.Index("runs_account_resource_started_at_idx", "account", "resource", "started_at"),
        sa.Index("runs_started_at_idx", "started_at"),
        schema="wpsync",
        comment=_comment("每次运行", "runs: one execution for one resource"),
    )


def _requests(metadata: sa.MetaData) -> None:
    sa.Table(
        "requests",
        metadata,
        _column(*_ACCOUNT),
        _column("hour", _INSTANT, "小时（起）", "the hour, by its beginning"),
        _column("requests", sa.BigInteger(), "请求次数", "requests of the runs that began in it"),
        sa.PrimaryKeyConstraint("account", "hour", name="requests_pkey"),
        schema="wpsync",
        comment=_comment("每小时的请求次数", "requests to the vendor by hour"),
    )


def _totals(metadata: sa.MetaData) -> None:
    sa.Table(
        "totals",
        metadata,
        _column(*_ACCOUNT),
        _column(*_RESOURCE),
        _column("vendor_count", sa.BigInteger(), "厂商总数之和", "the vendor's counts, added up"),
        _column("rows_held", sa.BigInteger(), "库中行数之和", "the rows held, added up"),
        _column(
            "gaps",
            sa.BigInteger(),
            "已读时间段之间的空缺数",
            "stretches between the windows that were not read",
        ),
        sa.PrimaryKeyConstraint("account", "resource", name="totals_pkey"),
        schema="wpsync",
        comment=_comment(
            "账本合计：随账本在同一事务中更新",
            "the ledger added up, kept in the transactions that change the ledger",
        ),
    )


def _windows(metadata: sa.MetaData) -> None:
    sa.Table(
        "windows",
        metadata,
        _column("id", sa.BigInteger(), "窗口编号", "window", identity=True),
        _column(*_ACCOUNT),
        _column(*_RESOURCE),
        _column("starts_at", _INSTANT, "起（含）", "start, inclusive"),
        _column("ends_at", _INSTANT, "止（不含）", "end, exclusive"),
        _column(
            "vendor_count",
            sa.BigInteger(),
            "厂商给出的总数",
            "the vendor's count of rows",
            null=True,
        ),
        _column("rows_seen", sa.BigInteger(), "读到的不同行数", "distinct rows read"),
        _column(
            "rows_held",
            sa.BigInteger(),
            "入账时库中的行数",
            "rows that the table held when it was entered",
        ),
        _column("state", IDENTIFIER, "complete 完整，incomplete 不完整", "complete or incomplete"),
        _column("reason", IDENTIFIER, "不完整的原因", "why it is incomplete", null=True),
        _column("attempts", sa.Integer(), "读取次数", "how often it was read", default="1"),
        _column("read_at", _INSTANT, "最近读取时间", "when it was read last"),
        _column(
            "checked_at",
            _INSTANT,
            "最近一次与厂商总数核对一致的时间",
            "when the vendor's count was last seen to agree",
        ),
        _column(
            "retry_at",
            _INSTANT,
            "下次重读时间",
            "when an incomplete window is due again",
            null=True,
        ),
        _column(
            "run_id", sa.BigInteger(), "最近读取的运行", "the run that read it last", null=True
        ),
        _column(
            "disputed_at",
            _INSTANT,
            "最近一次对账发现差异且未修复的时间",
            "when verify last found differences there that are left",
            null=True,
        ),
        _column(
            "due_at",
            _INSTANT,
            "下次需要处理的时间（核对、重读或复查）",
            "when something is due there: a probe, a retry or a follow-up",
            null=True,
        ),
        _column(
            "digest",
            sa.Numeric(20, 0),
            "厂商在此列出的全部编号的摘要之和（模 2^64）",
            "the digests of every id that the vendor lists there, added modulo 2^64",
            null=True,
        ),
        sa.PrimaryKeyConstraint("id", name="windows_pkey"),
        sa.UniqueConstraint("account", "resource", "starts_at", name="windows_starts_at_key"),
        sa.CheckConstraint("starts_at < ends_at", name="windows_span_check"),
        sa.CheckConstraint(
            "digest >= 0 and digest < 18446744073709551616", name="windows_digest_check"
        ),
        sa.Index("windows_due_at_idx", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
        sa.Index("windows_ends_at_idx", "account", "resource", "ends_at"),
        sa.Index(
            "windows_incomplete_idx",
            "account",
            "resource",
            "starts_at",
            postgresql_where=sa.text("state = 'incomplete'"),
        ),
        sa.Index(
            "windows_disputed_idx",
            "account",
            "resource",
            "disputed_at",
            postgresql_where=sa.text("disputed_at IS NOT NULL"),
        ),
        schema="wpsync",
        comment=_comment(
            "账本：每段厂商时间与厂商总数的对账",
            "the ledger: every stretch of vendor time read, against the vendor's count",
        ),
    )


def _follow_ups(metadata: sa.MetaData) -> None:
    sa.Table(
        "follow_ups",
        metadata,
        _column(*_ACCOUNT),
        _column(*_RESOURCE),
        _column("id", IDENTIFIER, "行的主键", "the row's id"),
        _column("at", _INSTANT, "该行的时间", "the row's own time"),
        _column(
            "reason",
            IDENTIFIER,
            "等待的变化：recording、transfer、red_packet、group_collection",
            "what is awaited: recording, transfer, red_packet or group_collection",
        ),
        _column(
            "due_at",
            _INSTANT,
            "下次复查时间；空表示已到期限仍未了结",
            "when it is read again; NULL: still open at the horizon",
            null=True,
        ),
        sa.PrimaryKeyConstraint("account", "resource", "id", name="follow_ups_pkey"),
        sa.Index("follow_ups_at_idx", "account", "resource", "at"),
        sa.Index("follow_ups_due_at_idx", "account", "resource", "due_at"),
        schema="wpsync",
        comment=_comment(
            "待复查：内容仍会变化的行", "follow-ups: rows whose content is still to change"
        ),
    )


def _budget(metadata: sa.MetaData) -> None:
    sa.Table(
        "budget",
        metadata,
        _column(*_ACCOUNT),
        _column("endpoint", IDENTIFIER, "接口", "the vendor's endpoint"),
        _column(
            "book",
            postgresql.JSONB(),
            "近一分钟的请求、当前速率与等待者",
            "the requests of the last minute, the present rate, and who waits",
        ),
        sa.PrimaryKeyConstraint("account", "endpoint", name="budget_pkey"),
        schema="wpsync",
        comment=_comment(
            "请求预算（各进程共用）", "the request budget, shared by all processes of an account"
        ),
    )


def _drift(metadata: sa.MetaData) -> None:
    sa.Table(
        "drift",
        metadata,
        _column(*_ACCOUNT),
        _column(*_RESOURCE),
        _column(
            "what",
            IDENTIFIER,
            "field 未知字段，type 字段类型变化，kind 未知消息类型",
            "field, type, or kind of message",
        ),
        _column("name", sa.Text(), "名称", "its name"),
        _column("seen", sa.BigInteger(), "出现次数", "how often it was seen"),
        _column("first_seen_at", _INSTANT, "首次出现时间", "when it was first seen"),
        _column("last_seen_at", _INSTANT, "最近出现时间", "when it was last seen"),
        sa.PrimaryKeyConstraint("account", "resource", "what", "name", name="drift_pkey"),
        schema="wpsync",
        comment=_comment(
            "厂商数据结构的变化", "schema drift: what the vendor sends and no declaration knows"
        ),
    )


def _listings(metadata: sa.MetaData) -> None:
    sa.Table(
        "listings",
        metadata,
        _column(*_ACCOUNT),
        _column(*_RESOURCE),
        _column(
            "parent_id",
            IDENTIFIER,
            "上级编号（如群编号）；没有则为空串",
            "the parent's id (a room's), or empty",
        ),
        _column(
            "vendor_count",
            sa.BigInteger(),
            "厂商给出的总数",
            "the vendor's count of rows",
            null=True,
        ),
        _column("rows_seen", sa.BigInteger(), "读到的不同行数", "distinct rows read"),
        _column("state", IDENTIFIER, "complete 完整，incomplete 不完整", "complete or incomplete"),
        _column("reason", IDENTIFIER, "不完整的原因", "why it is incomplete", null=True),
        _column(
            "fingerprint",
            IDENTIFIER,
            "上级内容指纹，变化才重读",
            "the parent's content when it was read",
            null=True,
        ),
        _column("read_at", _INSTANT, "最近读取时间", "when it was read last"),
        _column(
            "complete_at",
            _INSTANT,
            "最近一次完整读取的时间",
            "when it was last read completely",
            null=True,
        ),
        _column(
            "run_id", sa.BigInteger(), "最近读取的运行", "the run that read it last", null=True
        ),
        _column(
            "empty_readings",
            sa.Integer(),
            "连续几次返回为空而库中仍有数据",
            "how many readings in a row were empty although rows are held",
            default="0",
        ),
        _column(
            "empty_at",
            _INSTANT,
            "其中最近计入的一次的时间",
            "when the last of these was that counts",
            null=True,
        ),
        _column(
            "digest",
            sa.Numeric(20, 0),
            "读取后库中各行内容的摘要之和（模 2^64）",
            "the digests of the rows as the reading left them, added modulo 2^64",
            null=True,
        ),
        sa.PrimaryKeyConstraint("account", "resource", "parent_id", name="listings_pkey"),
        sa.Index(
            "listings_incomplete_idx",
            "account",
            "resource",
            "parent_id",
            postgresql_where=sa.text("state = 'incomplete'"),
        ),
        schema="wpsync",
        comment=_comment(
            "列表类资源的读取账本", "the ledger of listings: resources that are read whole"
        ),
    )


def _ledgers(metadata: sa.MetaData) -> None:
    sa.Table(
        "ledgers",
        metadata,
        _column(*_ACCOUNT),
        _column(*_RESOURCE),
        sa.PrimaryKeyConstraint("account", "resource", name="ledgers_pkey"),
        schema="wpsync",
        comment=_comment(
            "每个资源的台账锁：修改台账的事务锁住该行",
            "one row per ledger, locked by the transaction that changes it",
        ),
    )


def _watermarks(metadata: sa.MetaData) -> None:
    sa.Table(
        "watermarks",
        metadata,
        _column(*_ACCOUNT),
        _column(*_RESOURCE),
        _column(
            "at",
            _INSTANT,
            "此前的数据都已读取过",
            "everything before it has been read at least once",
        ),
        _column("updated_at", _INSTANT, "更新时间", "when it moved last"),
        sa.PrimaryKeyConstraint("account", "resource", name="watermarks_pkey"),
        schema="wpsync",
        comment=_comment("增量水位", "how far the incremental sync has come"),
    )


def _plan(metadata: sa.MetaData) -> None:
    sa.Table(
        "plan",
        metadata,
        _column(*_ACCOUNT),
        _column(*_RESOURCE),
        _column("starts_at", _INSTANT, "起（含）", "start, inclusive"),
        _column("ends_at", _INSTANT, "止（不含）", "end, exclusive"),
        _column("vendor_count", sa.BigInteger(), "厂商给出的总数", "the vendor's count of rows"),
        _column("probed_at", _INSTANT, "探测时间", "when it was asked"),
        sa.PrimaryKeyConstraint("account", "resource", "starts_at", "ends_at", name="plan_pkey"),
        schema="wpsync",
        comment=_comment(
            "回填计划：各时间段的预计行数", "the backfill's plan: how many rows each stretch holds"
        ),
    )


def _tokens(metadata: sa.MetaData) -> None:
    sa.Table(
        "tokens",
        metadata,
        _column(*_ACCOUNT),
        _column("access_token", sa.Text(), "访问令牌", "access token"),
        _column("refresh_token", sa.Text(), "刷新令牌", "refresh token"),
        _column("encrypted", sa.Boolean(), "是否加密存储", "whether the tokens are encrypted"),
        _column("issued_at", _INSTANT, "获取时间", "when the pair was issued"),
        _column("renewed_at", _INSTANT, "最近续期时间", "when the access token was renewed last"),
        _column("access_expires_at", _INSTANT, "访问令牌到期", "when the access token ends"),
        _column("refresh_expires_at", _INSTANT, "刷新令牌到期", "when the refresh token ends"),
        _column(
            "credentials_hash",
            sa.Text(),
            "凭据指纹",
            "fingerprint of the credentials they came from",
        ),
        _column(
            "paused_until", _INSTANT, "凭据被拒后暂停至", "no login is tried before", null=True
        ),
        _column("failures", sa.Integer(), "连续失败次数", "rejections in a row", default="0"),
        sa.PrimaryKeyConstraint("account", name="tokens_pkey"),
        schema="wpsync",
        comment=_comment(
            "令牌（每账号一行，各进程共用）",
            "tokens: one pair per account, shared by all processes",
        ),
    )


def _dead_letters(metadata: sa.MetaData) -> None:
    sa.Table(
        "dead_letters",
        metadata,
        _column("id", sa.BigInteger(), "编号", "number", identity=True),
        _column(*_ACCOUNT),
        _column(*_RESOURCE),
        _column("record_id", IDENTIFIER, "记录编号", "the record's id", null=True),
        _column("reason", IDENTIFIER, "原因代码", "reason"),
        _column("original", sa.Text(), "原文（ASCII 转义的 JSON）", "the original as ASCII JSON"),
        _column("fingerprint", IDENTIFIER, "去重指纹", "tells a repetition"),
        _column("first_seen_at", _INSTANT, "首次出现时间", "when it was first seen"),
        _column("resolved_at", _INSTANT, "解决时间", "when it was taken after all", null=True),
        _column("run_id", sa.BigInteger(), "发现它的运行", "the run that found it", null=True),
        *error_columns(null=False),
        sa.PrimaryKeyConstraint("id", name="dead_letters_pkey"),
        sa.UniqueConstraint(
            "account", "resource", "fingerprint", name="dead_letters_fingerprint_key"
        ),
        sa.Index(
            "dead_letters_open_idx",
            "account",
            "resource",
            "record_id",
            postgresql_where=sa.text("resolved_at IS NULL"),
        ),
        schema="wpsync",
        comment=_comment(
            "死信：未能接收的行及原因", "dead letters: what could not be taken, and why"
        ),
    )


def _working_time(metadata: sa.MetaData) -> None:
    sa.Table(
        "working_hours",
        metadata,
        _column(
            "weekday", sa.SmallInteger(), "星期（1 周一 … 7 周日）", "weekday, 1 Monday to 7 Sunday"
        ),
        _column("begins", sa.Time(), "上班时间（上海）", "when work begins, in Shanghai"),
        _column("ends", sa.Time(), "下班时间（上海）", "when work ends, in Shanghai"),
        sa.PrimaryKeyConstraint("weekday", name="working_hours_pkey"),
        sa.CheckConstraint("begins < ends", name="working_hours_check"),
        sa.CheckConstraint("weekday between 1 and 7", name="working_hours_weekday_check"),
        schema="wp_bi",
        comment=_comment(
            "工作时间（由配置 bi 写入）", "working hours, written from the configuration"
        ),
    )
    sa.Table(
        "special_days",
        metadata,
        _column("day", sa.Date(), "日期（上海）", "the day in Shanghai"),
        _column("works", sa.Boolean(), "是否上班", "whether it is worked"),
        sa.PrimaryKeyConstraint("day", name="special_days_pkey"),
        schema="wp_bi",
        comment=_comment(
            "节假日与调休上班日（由配置 bi 写入）", "holidays, and weekends that are worked"
        ),
    )


_SCHEMAS = {
    "wp": _comment("厂商数据，每个资源一张表", "the vendor's data, one table per resource"),
    "wp_bi": _comment("供 BI 使用的视图", "views made for dashboards"),
    "wpsync": _comment("同步服务自身的状态", "the state of the sync service"),
}


def metadata() -> sa.MetaData:
    """Return every table that wpsync owns, in the schemas `wp`, `wp_bi` and `wpsync`."""
    built = sa.MetaData()
    for table in TABLES.values():
        _data_table(built, table)
    for declare in (
        _history,
        _runs,
        _requests,
        _windows,
        _totals,
        _follow_ups,
        _budget,
        _drift,
        _listings,
        _ledgers,
        _watermarks,
        _plan,
        _tokens,
        _dead_letters,
        _working_time,
    ):
        declare(built)
    state_schema.declare(built)
    return built


def as_sql() -> str:
    """Return the statements that create every schema and table, each followed by `;` and an empty line."""
    dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
    statements = []
    for name, comment in _SCHEMAS.items():
        literal = comment.replace("'", "''")
        statements.append(f"CREATE SCHEMA IF NOT EXISTS {name}")
        statements.append(f"COMMENT ON SCHEMA {name} IS '{literal}'")

    def keep(element: Any, *_: object, **__: object) -> None:
        statements.append(str(element.compile(dialect=dialect)).strip())

    metadata().create_all(sa.create_mock_engine("postgresql+psycopg://", keep), checkfirst=False)
    ordered = [  # SQLAlchemy keeps the indexes of a table as a set
        statement
        for is_index, group in groupby(statements, lambda one: " INDEX " in one.split(" ON ")[0])
        for statement in (sorted(group) if is_index else group)
    ]
    lines = "\n\n".join(f"{statement};" for statement in ordered) + "\n"
    return "\n".join(line.rstrip() for line in lines.split("\n"))


if __name__ == "__main__":
    sys.stdout.write(as_sql())

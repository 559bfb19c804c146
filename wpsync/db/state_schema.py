"""The tables of the long-running service: its instances, its jobs, the backfills under way, and what is away."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from wpsync.db.columns import ACCOUNT, IDENTIFIER, INSTANT, RESOURCE, column, comment, error_columns


def declare(metadata: sa.MetaData) -> None:
    """Add the service's tables."""
    _instances(metadata)
    _jobs(metadata)
    _backfills(metadata)
    _incidents(metadata)
    _erasures(metadata)
    _outages(metadata)
    _definitions(metadata)
    _accounts(metadata)
    _leases(metadata)
    _surveys(metadata)
    _named_rows(metadata)
    _vendor_words(metadata)


def _instances(metadata: sa.MetaData) -> None:
    sa.Table(
        "instances",
        metadata,
        column("id", IDENTIFIER, "实例编号", "the instance: host, process and a random part"),
        column("host", sa.Text(), "主机", "host"),
        column("version", sa.Text(), "版本", "version of wpsync"),
        column(
            "role",
            IDENTIFIER,
            "leader 主，standby 备，command 单次命令",
            "leader, standby or command",
        ),
        column("started_at", INSTANT, "启动时间", "when it began"),
        column("seen_at", INSTANT, "最近心跳", "when it last said that it lives"),
        column(
            "backend_pid",
            sa.Integer(),
            "心跳连接的后端进程号",
            "the backend of its heartbeat",
            null=True,
        ),
        column("backend_start", INSTANT, "该后端的启动时间", "when that backend began", null=True),
        sa.PrimaryKeyConstraint("id", name="instances_pkey"),
        schema="wpsync",
        comment=comment(
            "正在运行的进程：服务实例和命令",
            "the running processes: instances of the service, and commands",
        ),
    )


def _jobs(metadata: sa.MetaData) -> None:
    sa.Table(
        "jobs",
        metadata,
        column(
            "account", IDENTIFIER, "账号；全局任务为空串", "account; empty: of the whole service"
        ),
        column("job", IDENTIFIER, "任务名", "the job"),
        column("every_seconds", sa.Integer(), "间隔（秒）", "how often, in seconds"),
        column("next_at", INSTANT, "下次运行时间", "when it runs next", null=True),
        column("started_at", INSTANT, "最近开始时间", "when it last began", null=True),
        column("finished_at", INSTANT, "最近结束时间", "when it last ended", null=True),
        column(
            "outcome",
            IDENTIFIER,
            "最近结果：running、done、incomplete、failed、interrupted、deadline",
            "of the last time: running, done, incomplete, failed, interrupted or deadline",
            null=True,
        ),
        *error_columns(),
        column("failures", sa.Integer(), "连续失败次数", "failures in a row", default="0"),
        column("missed", sa.BigInteger(), "错过的次数", "times that were missed", default="0"),
        sa.PrimaryKeyConstraint("account", "job", name="jobs_pkey"),
        schema="wpsync",
        comment=comment("服务的定时任务", "the jobs of the service"),
    )


def _backfills(metadata: sa.MetaData) -> None:
    sa.Table(
        "backfills",
        metadata,
        column(*ACCOUNT),
        column(*RESOURCE),
        column("starts_at", INSTANT, "起（含）", "start, inclusive"),
        column("ends_at", INSTANT, "止（不含）", "end, exclusive"),
        column("expected_rows", sa.BigInteger(), "预计行数", "rows expected", null=True),
        column("rows_read", sa.BigInteger(), "已读行数", "rows read so far", default="0"),
        column("started_at", INSTANT, "开始时间", "when it began"),
        column("updated_at", INSTANT, "进度更新时间", "when this was written"),
        column(
            "outcome",
            IDENTIFIER,
            "结果：running、done、incomplete、failed、interrupted",
            "running, done, incomplete, failed or interrupted",
        ),
        sa.PrimaryKeyConstraint("account", "resource", name="backfills_pkey"),
        schema="wpsync",
        comment=comment(
            "每个资源最近一次回填的进度", "the last backfill of each resource, and how far it is"
        ),
    )


def _incidents(metadata: sa.MetaData) -> None:
    sa.Table(
        "incidents",
        metadata,
        column("id", sa.BigInteger(), "编号", "number", identity=True),
        column("kind", IDENTIFIER, "问题类型", "what kind of trouble"),
        column("account", IDENTIFIER, "账号；与账号无关则为空串", "account, or empty"),
        column("resource", IDENTIFIER, "资源；与资源无关则为空串", "resource, or empty"),
        column("severity", IDENTIFIER, "严重程度：warning、critical", "warning or critical"),
        *error_columns(null=False),
        column("first_seen_at", INSTANT, "首次发现", "when it was first seen"),
        column("opened_at", INSTANT, "确认时间", "when it was held for an incident", null=True),
        column("last_seen_at", INSTANT, "最近一次发现", "when it was last seen"),
        column("absent", sa.Integer(), "连续未发现次数", "times in a row not seen", default="0"),
        column("closed_at", INSTANT, "恢复时间", "when it was over", null=True),
        column("told_at", INSTANT, "告警发送时间", "when a message said so", null=True),
        column("closing_told_at", INSTANT, "恢复通知时间", "when its end was told", null=True),
        sa.PrimaryKeyConstraint("id", name="incidents_pkey"),
        sa.Index(
            "incidents_open_idx",
            "kind",
            "account",
            "resource",
            unique=True,
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
        schema="wpsync",
        comment=comment("告警事件", "incidents: what the alerts were about"),
    )


def _erasures(metadata: sa.MetaData) -> None:
    sa.Table(
        "erasures",
        metadata,
        column("id", sa.BigInteger(), "回执编号", "the receipt's number", identity=True),
        column("at", INSTANT, "删除时间", "when"),
        column(
            "account",
            IDENTIFIER,
            "账号；空串表示全部账号",
            "the account it was limited to; empty: every account",
            default="''",
        ),
        column("kind", IDENTIFIER, "号码类型：phone 手机号，wx 微信号", "phone or wx"),
        column("digest", IDENTIFIER, "号码摘要（不含号码本身）", "what stands for the number"),
        column("rows", postgresql.JSONB(), "各表删除的行数", "rows removed, by table"),
        column("actor", IDENTIFIER, "执行者（主机账号）", "who asked: the user of the host"),
        column("reason", sa.Text(), "理由", "why, as it was given", null=True),
        column(
            "report",
            postgresql.JSONB(),
            "查找范围、无法查找的部分与残留",
            "what was looked at, what could not be, and what remains",
        ),
        sa.PrimaryKeyConstraint("id", name="erasures_pkey"),
        schema="wpsync",
        comment=comment("个人数据删除回执", "receipts of erasures"),
    )
    sa.Table(
        "erased_marks",
        metadata,
        column(
            "account",
            IDENTIFIER,
            "账号；空串表示全部账号",
            "the account whose rows it concerns; empty: those of every account",
        ),
        column(
            "kind",
            IDENTIFIER,
            "摘要类型：salt、phone、wx、chat、sender",
            "salt, phone, wx, chat or sender",
        ),
        column("digest", IDENTIFIER, "摘要", "digest"),
        sa.PrimaryKeyConstraint("account", "kind", "digest", name="erased_marks_pkey"),
        schema="wpsync",
        comment=comment(
            "已删除的人：再次收到时不写入",
            "people who were erased: what comes of them is not written",
        ),
    )
    sa.Table(
        "erased_rows",
        metadata,
        column(*ACCOUNT),
        column(*RESOURCE),
        column("id", IDENTIFIER, "行的主键", "the row's id"),
        column("at", INSTANT, "该行的时间", "the row's own time"),
        sa.PrimaryKeyConstraint("account", "resource", "id", name="erased_rows_pkey"),
        sa.Index("erased_rows_at_idx", "account", "resource", "at"),
        schema="wpsync",
        comment=comment(
            "因删除而不保存的行（用于对账）", "rows left out for an erasure, so that counts agree"
        ),
    )

    sa.Table(
        "sweeps",
        metadata,
        column("table_name", IDENTIFIER, "数据表（schema.表名）", "the table, with its schema"),
        column("asked_at", INSTANT, "删除时间", "when rows were deleted from it"),
        column("asked_by", IDENTIFIER, "删除所在的事务", "the transaction that did"),
        sa.PrimaryKeyConstraint("table_name", name="sweeps_pkey"),
        schema="wpsync",
        comment=comment(
            "待清理的表：已删除的行还留在文件与统计信息中",
            "tables to be vacuumed: rows that were deleted are still in their files and statistics",
        ),
    )
    sa.Table(
        "hash_keys",
        metadata,
        column(*ACCOUNT),
        column("key_id", IDENTIFIER, "密钥标识（不含密钥本身）", "what stands for the key"),
        column("first_used_at", INSTANT, "首次使用时间", "when rows were first hashed with it"),
        sa.PrimaryKeyConstraint("account", "key_id", name="hash_keys_pkey"),
        schema="wpsync",
        comment=comment(
            "用过的哈希密钥的标识：缺少密钥时无法按号码查找",
            "ids of the keys that numbers were hashed with: without its key nobody is found by a number",
        ),
    )


def _outages(metadata: sa.MetaData) -> None:
    sa.Table(
        "outages",
        metadata,
        column(*ACCOUNT),
        column("since", INSTANT, "从何时起没有正常应答", "since when it has not answered"),
        *error_columns(null=False),
        sa.PrimaryKeyConstraint("account", name="outages_pkey"),
        schema="wpsync",
        comment=comment(
            "没有正常应答的厂商接口；没有行表示正常", "vendors that do not answer; no row: it does"
        ),
    )


def _definitions(metadata: sa.MetaData) -> None:
    sa.Table(
        "definitions",
        metadata,
        column("name", IDENTIFIER, "视图或函数名", "the view or function"),
        column("hash", IDENTIFIER, "定义文本的摘要", "the hash of its text"),
        column("applied_at", INSTANT, "执行时间", "when it was applied"),
        sa.PrimaryKeyConstraint("name", name="definitions_pkey"),
        schema="wpsync",
        comment=comment(
            "已建视图与函数的版本", "which version of each view and function this database has"
        ),
    )


def _accounts(metadata: sa.MetaData) -> None:
    sa.Table(
        "accounts",
        metadata,
        column("account", IDENTIFIER, "账号", "the account's name in the configuration"),
        column("base_url", IDENTIFIER, "厂商接口地址", "the vendor's address"),
        column("client_id", IDENTIFIER, "厂商 clientId", "the client id at the vendor"),
        column("first_seen_at", INSTANT, "首次写入时间", "when a command first wrote for it"),
        sa.PrimaryKeyConstraint("account", name="accounts_pkey"),
        sa.UniqueConstraint("base_url", "client_id", name="accounts_client_key"),
        schema="wpsync",
        comment=comment(
            "写入过数据的账号及其厂商控制台",
            "accounts that rows were written for, and their consoles",
        ),
    )


def _leases(metadata: sa.MetaData) -> None:
    sa.Table(
        "leases",
        metadata,
        column(
            "scope",
            IDENTIFIER,
            "租约对象：leader、账号的资源或令牌等",
            "what is held: leader, a resource of an account, its tokens",
        ),
        column(
            "holder",
            IDENTIFIER,
            "持有者（instances.id）",
            "the process that holds it (instances.id)",
        ),
        column(
            "epoch",
            sa.BigInteger(),
            "代次：每次授予都增大",
            "grows with every lease that is given",
            identity=True,
        ),
        column("taken_at", INSTANT, "取得时间", "when it was taken"),
        sa.PrimaryKeyConstraint("scope", name="leases_pkey"),
        schema="wpsync",
        comment=comment("租约：谁在负责什么", "leases: which process works on what"),
    )


def _surveys(metadata: sa.MetaData) -> None:
    sa.Table(
        "surveys",
        metadata,
        column(*ACCOUNT),
        column(*RESOURCE),
        column(
            "way",
            IDENTIFIER,
            "读取方式：whole 不带时间，span 一个总区间，pieces 逐段",
            "how it is read: whole without a span, span with one over all time, pieces one after the other",
        ),
        column("total", sa.BigInteger(), "各方式中最大的总数", "the largest total of any way"),
        column(
            "piece_seconds",
            sa.Integer(),
            "可完整返回的最长区间（秒）",
            "how long a span is served whole, in seconds",
        ),
        column(
            "since", INSTANT, "最早有数据的区间起点", "the beginning of the first span with rows"
        ),
        column(
            "sure", sa.Boolean(), "各方式是否都已核实", "whether every way was counted or refused"
        ),
        column("asked_at", INSTANT, "核实时间", "when the vendor was asked"),
        sa.PrimaryKeyConstraint("account", "resource", name="surveys_pkey"),
        schema="wpsync",
        comment=comment(
            "厂商以哪种方式给出会话全部数据", "in which way the vendor shows all of a listing"
        ),
    )


def _named_rows(metadata: sa.MetaData) -> None:
    sa.Table(
        "named_rows",
        metadata,
        column(*ACCOUNT),
        column(*RESOURCE),
        column(
            "id", IDENTIFIER, "被引用的编号（如会话编号）", "the id that other rows name (a chat's)"
        ),
        column(
            "named_at", INSTANT, "引用它的最早一行的时间", "the time of the first row that named it"
        ),
        column(
            "missing_since",
            INSTANT,
            "从何时起缺少该行；不缺为空",
            "since when the row itself is not there; NULL: it is",
            null=True,
        ),
        column("attempts", sa.Integer(), "已补读次数", "how often it was looked for", default="0"),
        column("retry_at", INSTANT, "下次补读时间", "when it is looked for next", null=True),
        sa.PrimaryKeyConstraint("account", "resource", "id", name="named_rows_pkey"),
        sa.Index(
            "named_rows_missing_idx",
            "account",
            "resource",
            "id",
            postgresql_where=sa.text("missing_since IS NOT NULL"),
        ),
        schema="wpsync",
        comment=comment(
            "消息引用过的会话，以及其中尚缺的",
            "chats that messages name, and which of them are not there",
        ),
    )


def _vendor_words(metadata: sa.MetaData) -> None:
    sa.Table(
        "vendor_words",
        metadata,
        column(*ACCOUNT),
        column("error_code", IDENTIFIER, "错误代码", "the error's code"),
        column("words", sa.Text(), "厂商原文", "what the vendor said with it last"),
        column("said_at", INSTANT, "收到时间", "when"),
        sa.PrimaryKeyConstraint("account", "error_code", name="vendor_words_pkey"),
        schema="wpsync",
        comment=comment(
            "厂商报错原文：单独存放，数日后删除，任一隐私类别不为 keep 时不保存",
            "what the vendor said with errors: kept apart, for some days, and only where privacy keeps everything",
        ),
    )

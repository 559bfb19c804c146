"""The service

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "backfills",
        sa.Column("account", sa.Text(), nullable=False, comment="账号 / account"),
        sa.Column("resource", sa.Text(), nullable=False, comment="资源 / resource"),
        sa.Column(
            "starts_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="起（含） / start, inclusive",
        ),
        sa.Column(
            "ends_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="止（不含） / end, exclusive",
        ),
        sa.Column(
            "expected_rows", sa.BigInteger(), nullable=True, comment="预计行数 / rows expected"
        ),
        sa.Column(
            "rows_read",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="已读行数 / rows read so far",
        ),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="开始时间 / when it began",
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="进度更新时间 / when this was written",
        ),
        sa.Column(
            "outcome",
            sa.Text(),
            nullable=False,
            comment="结果：running、done、incomplete、failed、interrupted / running, done, incomplete, failed or interrupted",
        ),
        sa.PrimaryKeyConstraint("account", "resource", name="backfills_pkey"),
        schema="wpsync",
        comment="每个资源最近一次回填的进度 / the last backfill of each resource, and how far it is",
    )
    op.create_table(
        "instances",
        sa.Column(
            "id",
            sa.Text(),
            nullable=False,
            comment="实例编号 / the instance: host, process and a random part",
        ),
        sa.Column("host", sa.Text(), nullable=False, comment="主机 / host"),
        sa.Column("version", sa.Text(), nullable=False, comment="版本 / version of wpsync"),
        sa.Column(
            "role", sa.Text(), nullable=False, comment="leader 主，standby 备 / leader or standby"
        ),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="启动时间 / when it began",
        ),
        sa.Column(
            "seen_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="最近心跳 / when it last said that it lives",
        ),
        sa.PrimaryKeyConstraint("id", name="instances_pkey"),
        schema="wpsync",
        comment="正在运行的服务实例 / the running instances of the service",
    )
    op.create_table(
        "jobs",
        sa.Column(
            "account",
            sa.Text(),
            nullable=False,
            comment="账号；全局任务为空串 / account; empty: of the whole service",
        ),
        sa.Column("job", sa.Text(), nullable=False, comment="任务名 / the job"),
        sa.Column(
            "every_seconds",
            sa.Integer(),
            nullable=False,
            comment="间隔（秒） / how often, in seconds",
        ),
        sa.Column(
            "next_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="下次运行时间 / when it runs next",
        ),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="最近开始时间 / when it last began",
        ),
        sa.Column(
            "finished_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="最近结束时间 / when it last ended",
        ),
        sa.Column(
            "outcome",
            sa.Text(),
            nullable=True,
            comment="最近结果：running、done、incomplete、failed、interrupted、deadline / of the last time: running, done, incomplete, failed, interrupted or deadline",
        ),
        sa.Column("error", sa.Text(), nullable=True, comment="错误 / what went wrong"),
        sa.Column(
            "failures",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="连续失败次数 / failures in a row",
        ),
        sa.Column(
            "missed",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="错过的次数 / times that were missed",
        ),
        sa.PrimaryKeyConstraint("account", "job", name="jobs_pkey"),
        schema="wpsync",
        comment="服务的定时任务 / the jobs of the service",
    )


def downgrade() -> None:
    op.drop_table("jobs", schema="wpsync")
    op.drop_table("instances", schema="wpsync")
    op.drop_table("backfills", schema="wpsync")

"""Incidents

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column(
            "id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="编号 / number"
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="问题类型 / what kind of trouble"),
        sa.Column(
            "account",
            sa.Text(),
            nullable=False,
            comment="账号；与账号无关则为空串 / account, or empty",
        ),
        sa.Column(
            "resource",
            sa.Text(),
            nullable=False,
            comment="资源；与资源无关则为空串 / resource, or empty",
        ),
        sa.Column(
            "severity",
            sa.Text(),
            nullable=False,
            comment="严重程度：warning、critical / warning or critical",
        ),
        sa.Column("zh", sa.Text(), nullable=False, comment="中文说明 / what is wrong, in Chinese"),
        sa.Column("en", sa.Text(), nullable=False, comment="英文说明 / what is wrong, in English"),
        sa.Column(
            "first_seen_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次发现 / when it was first seen",
        ),
        sa.Column(
            "opened_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="确认时间 / when it was held for an incident",
        ),
        sa.Column(
            "last_seen_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="最近一次发现 / when it was last seen",
        ),
        sa.Column(
            "absent",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="连续未发现次数 / times in a row not seen",
        ),
        sa.Column(
            "closed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="恢复时间 / when it was over",
        ),
        sa.Column(
            "told_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="告警发送时间 / when a message said so",
        ),
        sa.Column(
            "closing_told_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="恢复通知时间 / when its end was told",
        ),
        sa.PrimaryKeyConstraint("id", name="incidents_pkey"),
        schema="wpsync",
        comment="告警事件 / incidents: what the alerts were about",
    )
    op.create_index(
        "incidents_open_idx",
        "incidents",
        ["kind", "account", "resource"],
        unique=True,
        schema="wpsync",
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("runs_started_at_idx", "runs", ["started_at"], unique=False, schema="wpsync")


def downgrade() -> None:
    op.drop_index("runs_started_at_idx", table_name="runs", schema="wpsync")
    op.drop_index(
        "incidents_open_idx",
        table_name="incidents",
        schema="wpsync",
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_table("incidents", schema="wpsync")

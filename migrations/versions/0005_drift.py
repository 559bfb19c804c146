"""Schema drift

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drift",
        sa.Column("account", sa.Text(), nullable=False, comment="账号 / account"),
        sa.Column("resource", sa.Text(), nullable=False, comment="资源 / resource"),
        sa.Column(
            "what",
            sa.Text(),
            nullable=False,
            comment="field 未知字段，type 字段类型变化，kind 未知消息类型 / field, type, or kind of message",
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="名称 / its name"),
        sa.Column(
            "seen", sa.BigInteger(), nullable=False, comment="出现次数 / how often it was seen"
        ),
        sa.Column(
            "first_seen_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="首次出现时间 / when it was first seen",
        ),
        sa.Column(
            "last_seen_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="最近出现时间 / when it was last seen",
        ),
        sa.PrimaryKeyConstraint("account", "resource", "what", "name", name="drift_pkey"),
        schema="wpsync",
        comment="厂商数据结构的变化 / schema drift: what the vendor sends and no declaration knows",
    )


def downgrade() -> None:
    op.drop_table("drift", schema="wpsync")

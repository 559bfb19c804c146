"""The request budget

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budget",
        sa.Column("account", sa.Text(), nullable=False, comment="账号 / account"),
        sa.Column("endpoint", sa.Text(), nullable=False, comment="接口 / the vendor's endpoint"),
        sa.Column(
            "book",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="近一分钟的请求、当前速率与等待者 / the requests of the last minute, the present rate, and who waits",
        ),
        sa.PrimaryKeyConstraint("account", "endpoint", name="budget_pkey"),
        schema="wpsync",
        comment="请求预算（各进程共用） / the request budget, shared by all processes of an account",
    )


def downgrade() -> None:
    op.drop_table("budget", schema="wpsync")

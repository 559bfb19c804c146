"""Since when a vendor has not answered

Revision: 0013, after 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outages",
        sa.Column("account", sa.Text(), nullable=False, comment="账号 / account"),
        sa.Column(
            "since",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="从何时起没有正常应答 / since when it has not answered",
        ),
        sa.Column("error", sa.Text(), nullable=False, comment="最近的错误 / what was met instead"),
        sa.PrimaryKeyConstraint("account", name="outages_pkey"),
        schema="wpsync",
        comment="没有正常应答的厂商接口；没有行表示正常 / vendors that do not answer; no row: it does",
    )


def downgrade() -> None:
    op.drop_table("outages", schema="wpsync")

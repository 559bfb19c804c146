"""How often a listing has been empty although rows are held

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "listings",
        sa.Column(
            "empty_readings",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="连续几次返回为空而库中仍有数据 / how many readings in a row were empty although rows are held",
        ),
        schema="wpsync",
    )
    op.add_column(
        "listings",
        sa.Column(
            "empty_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="其中最近计入的一次的时间 / when the last of these was that counts",
        ),
        schema="wpsync",
    )


def downgrade() -> None:
    op.drop_column("listings", "empty_at", schema="wpsync")
    op.drop_column("listings", "empty_readings", schema="wpsync")

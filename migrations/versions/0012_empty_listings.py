"""Since when a listing has been empty although rows are held

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
            "empty_since",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="从何时起返回为空而库中仍有数据 / since when it has been empty although rows are held",
        ),
        schema="wpsync",
    )


def downgrade() -> None:
    op.drop_column("listings", "empty_since", schema="wpsync")

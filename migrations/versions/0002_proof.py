"""The ledger keeps what was held; rows that are gone; follow-ups

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "follow_ups",
        sa.Column("account", sa.Text(), nullable=False, comment="账号 / account"),
        sa.Column("resource", sa.Text(), nullable=False, comment="资源 / resource"),
        sa.Column("id", sa.Text(), nullable=False, comment="行的主键 / the row's id"),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="该行的时间 / the row's own time",
        ),
        sa.Column(
            "reason",
            sa.Text(),
            nullable=False,
            comment="等待的变化：recording、transfer、red_packet、group_collection / what is awaited: recording, transfer, red_packet or group_collection",
        ),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="下次复查时间；空表示已到期限仍未了结 / when it is read again; NULL: still open at the horizon",
        ),
        sa.PrimaryKeyConstraint("account", "resource", "id", name="follow_ups_pkey"),
        schema="wpsync",
        comment="待复查：内容仍会变化的行 / follow-ups: rows whose content is still to change",
    )
    op.create_index(
        "follow_ups_at_idx",
        "follow_ups",
        ["account", "resource", "at"],
        unique=False,
        schema="wpsync",
    )
    op.create_index(
        "follow_ups_due_at_idx",
        "follow_ups",
        ["account", "resource", "due_at"],
        unique=False,
        schema="wpsync",
    )
    op.create_table(
        "gone_rows",
        sa.Column("account", sa.Text(), nullable=False, comment="账号 / account"),
        sa.Column("resource", sa.Text(), nullable=False, comment="资源 / resource"),
        sa.Column("id", sa.Text(), nullable=False, comment="行的主键 / the row's id"),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="该行的时间 / the row's own time",
        ),
        sa.Column(
            "noticed_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="发现时间 / when a complete reading lacked it",
        ),
        sa.PrimaryKeyConstraint("account", "resource", "id", name="gone_rows_pkey"),
        schema="wpsync",
        comment="库中保留、厂商已不再列出的行 / rows that we keep and the vendor no longer lists",
    )
    op.create_index(
        "gone_rows_at_idx",
        "gone_rows",
        ["account", "resource", "at"],
        unique=False,
        schema="wpsync",
    )
    op.add_column(
        "windows",
        sa.Column(
            "rows_held",
            sa.BigInteger(),
            nullable=False,
            server_default="0",
            comment="入账时库中的行数 / rows that the table held when it was entered",
        ),
        schema="wpsync",
    )
    op.add_column(
        "windows",
        sa.Column(
            "checked_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.func.now(),
            comment="最近一次与厂商总数核对一致的时间 / when the vendor's count was last seen to agree",
        ),
        schema="wpsync",
    )
    op.execute("UPDATE wpsync.windows SET rows_held = rows_seen, checked_at = read_at")
    op.alter_column("windows", "rows_held", server_default=None, schema="wpsync")
    op.alter_column("windows", "checked_at", server_default=None, schema="wpsync")


def downgrade() -> None:
    op.drop_column("windows", "checked_at", schema="wpsync")
    op.drop_column("windows", "rows_held", schema="wpsync")
    op.drop_table("gone_rows", schema="wpsync")
    op.drop_table("follow_ups", schema="wpsync")

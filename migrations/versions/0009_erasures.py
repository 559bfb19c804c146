"""Erasures

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erased_marks",
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="摘要类型：salt、phone、wx、chat、sender / salt, phone, wx, chat or sender",
        ),
        sa.Column("digest", sa.Text(), nullable=False, comment="摘要 / digest"),
        sa.PrimaryKeyConstraint("kind", "digest", name="erased_marks_pkey"),
        schema="wpsync",
        comment="已删除的人：再次收到时不写入 / people who were erased: what comes of them is not written",
    )
    op.create_table(
        "erased_rows",
        sa.Column("account", sa.Text(), nullable=False, comment="账号 / account"),
        sa.Column("resource", sa.Text(), nullable=False, comment="资源 / resource"),
        sa.Column("id", sa.Text(), nullable=False, comment="行的主键 / the row's id"),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="该行的时间 / the row's own time",
        ),
        sa.PrimaryKeyConstraint("account", "resource", "id", name="erased_rows_pkey"),
        schema="wpsync",
        comment="因删除而不保存的行（用于对账） / rows left out for an erasure, so that counts agree",
    )
    op.create_index(
        "erased_rows_at_idx",
        "erased_rows",
        ["account", "resource", "at"],
        unique=False,
        schema="wpsync",
    )
    op.create_table(
        "erasures",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=True),
            nullable=False,
            comment="回执编号 / the receipt's number",
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="删除时间 / when"),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="号码类型：phone 手机号，wx 微信号 / phone or wx",
        ),
        sa.Column(
            "digest",
            sa.Text(),
            nullable=False,
            comment="号码摘要（不含号码本身） / what stands for the number",
        ),
        sa.Column(
            "rows",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="各表删除的行数 / rows removed, by table",
        ),
        sa.PrimaryKeyConstraint("id", name="erasures_pkey"),
        schema="wpsync",
        comment="个人数据删除回执 / receipts of erasures",
    )


def downgrade() -> None:
    op.drop_table("erasures", schema="wpsync")
    op.drop_index("erased_rows_at_idx", table_name="erased_rows", schema="wpsync")
    op.drop_table("erased_rows", schema="wpsync")
    op.drop_table("erased_marks", schema="wpsync")

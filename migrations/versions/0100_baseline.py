"""The first schema: made from the declarations by `make baseline`

Revision: 0100
"""

from pathlib import Path

from alembic import op
from sqlalchemy import text

revision = "0100"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in script.split(";\n\n"):
        if statement.strip():
            op.execute(text(statement.replace(":", "\\:")))
    op.execute(
        "INSERT INTO wp_bi.working_hours SELECT n, '09:00', '18:00' FROM generate_series(1, 5) n"
    )

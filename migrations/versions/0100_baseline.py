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


def _schemas() -> tuple[list[str], list[str]]:
    """The schemas that are there, and those of them that the role owns: Postgres checks the right to make them first."""
    if op.get_context().as_sql:
        return [], []
    query = "select nspname, pg_has_role(nspowner, 'member') from pg_namespace"
    rows = op.get_bind().execute(text(query)).all()
    return [name for name, _ in rows], [name for name, is_ours in rows if is_ours]


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    made, ours = _schemas()
    for statement in script.split(";\n\n"):
        made_before = statement.removeprefix("CREATE SCHEMA IF NOT EXISTS ") in made
        not_ours = any(
            statement.startswith(f"COMMENT ON SCHEMA {name} ") for name in set(made) - set(ours)
        )
        if statement.strip() and not made_before and not not_ours:
            op.execute(text(statement.replace(":", "\\:")))
    op.execute(
        "INSERT INTO wp_bi.working_hours SELECT n, '09:00', '18:00' FROM generate_series(1, 5) n"
    )

"""Whether a database stands at the newest migration: asked at every start, so without loading Alembic."""

from pathlib import Path

from psycopg import errors

from wpsync.db.database import Database

_PACKAGED = Path(__file__).parent.parent / "migrations"
_CHECKOUT = Path(__file__).parent.parent.parent / "migrations"


def folder() -> Path:
    """Where the migrations are: in the installed package, or in the checkout."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def newest() -> str:
    """The newest revision that this version knows; files are named by their revision."""
    return max(file.name.partition("_")[0] for file in (folder() / "versions").glob("*_*.py"))


def is_current(database: Database) -> bool:
    """Whether the database is at the newest revision, and at nothing else."""
    with database.connection() as connection:
        try:
            found = connection.execute("select version_num from wpsync.alembic_version").fetchall()
        except (errors.UndefinedTable, errors.InvalidSchemaName):
            return False
    return [row[0] for row in found] == [newest()]

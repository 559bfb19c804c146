"""Whether a database is current: asked at every start, so without loading Alembic."""

from hashlib import sha256
from pathlib import Path

from psycopg import errors

from wpsync.db.database import Database

_PACKAGED = Path(__file__).parent.parent / "migrations"
_CHECKOUT = Path(__file__).parent.parent.parent / "migrations"


def folder() -> Path:
    """Return the folder of the migrations: in the installed package, or in the checkout."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def newest() -> str:
    """Return the newest revision that this version knows; files are named by their revision."""
    return max(file.name.partition("_")[0] for file in (folder() / "versions").glob("*_*.py"))


def is_current(database: Database) -> bool:
    """Whether the database has the newest revision, and the views and functions of this version."""
    with database.connection() as connection:
        try:
            found = connection.execute("select version_num from wpsync.alembic_version").fetchall()
            stored = connection.execute("select name, hash from wpsync.definitions").fetchall()
        except (errors.UndefinedTable, errors.InvalidSchemaName):
            return False
    definitions = {
        (file.stem, sha256(file.read_bytes()).hexdigest())
        for file in (folder() / "views").glob("*.sql")
    }
    return [row[0] for row in found] == [newest()] and definitions <= set(stored)

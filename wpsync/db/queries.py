"""Named SQL statements: each module that needs some keeps them in the .sql file beside it.

Parameters are psycopg's `%(name)s`.
"""

import re
from collections.abc import Mapping
from importlib import resources
from typing import LiteralString, TypeVar, cast

from psycopg.rows import class_row, dict_row

from wpsync.db.connecting import Connects

Row = TypeVar("Row")

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def statements(module: str) -> dict[str, LiteralString]:
    """Return the statements of a module by name; `module` is its `__name__`.

    Raises FileNotFoundError for a module without a .sql file.
    """
    package, _, name = module.rpartition(".")
    return parsed((resources.files(package) / f"{name}.sql").read_text(encoding="utf-8"))


def parsed(text: str) -> dict[str, LiteralString]:
    """Divide a .sql file into its statements, each below a line `-- name: …`."""
    _, *parts = _NAME.split(text)
    names, bodies = parts[::2], parts[1::2]
    return {
        name: cast("LiteralString", body.strip()) for name, body in zip(names, bodies, strict=True)
    }


def rows(
    database: Connects, statement: LiteralString, parameters: Mapping[str, object] | None = None
) -> list[dict[str, object]]:
    """Return the rows of a statement as dictionaries, for read models."""
    with database.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cast(
            "list[dict[str, object]]", cursor.execute(statement, parameters or {}).fetchall()
        )


def typed(
    database: Connects,
    row: type[Row],
    statement: LiteralString,
    parameters: Mapping[str, object] | None = None,
) -> list[Row]:
    """Return the rows of a statement as objects of a dataclass with a field for each column, for read models."""
    with (
        database.connection() as connection,
        connection.cursor(row_factory=class_row(row)) as cursor,
    ):
        return cursor.execute(statement, parameters or {}).fetchall()

"""The driver's errors translated: each becomes one of ours, in one line with the table, the SQLSTATE and the cause."""

import re

import psycopg
from psycopg import errors

from wpsync.db.connecting import UnansweredError
from wpsync.errors import (
    DatabaseUnavailableError,
    FatalError,
    SchemaMismatchError,
    UnwritableError,
    WpsyncError,
)

_OF_SCHEMA = (errors.UndefinedTable, errors.InvalidSchemaName, errors.UndefinedColumn)

_LOGIN = ("password authentication failed",)
_CONNECTIONS = ("too many connections", "too many clients", "remaining connection slots")
_SETTING = ("invalid value for parameter", "startup parameter", "configuration parameter")
"""Where a connection fails there is no SQLSTATE in libpq: only words, which are these where the server speaks English."""


def translation(exc: psycopg.Error) -> WpsyncError:
    """Return our error for one of the driver's."""
    words, quote = (None, reason(exc)) if of_others(exc) else (reason(exc), None)
    if isinstance(exc, UnansweredError):
        return DatabaseUnavailableError("database.commits_hang")
    if isinstance(exc, _OF_SCHEMA) and not of_others(exc):
        return SchemaMismatchError("schema.differs", words=words, quote=quote)
    if isinstance(exc, errors.InsufficientPrivilege):
        return FatalError("database.right_missing", words=words, quote=quote)
    if isinstance(exc, errors.DiskFull):
        if _is_shared_memory(exc):
            return UnwritableError("database.shared_memory_full", words=words, quote=quote)
        return UnwritableError("database.disk_full", words=words, quote=quote)
    if isinstance(exc, errors.ReadOnlySqlTransaction):
        return UnwritableError("database.read_only", words=words, quote=quote)
    if isinstance(exc, psycopg.OperationalError | psycopg.InterfaceError):
        return _interrupted(exc, words, quote) or _not_connected(exc, words)
    if (exc.sqlstate or "")[:2] == "23" and not of_others(exc):
        names = (exc.diag.column_name, exc.diag.constraint_name)
        name = next((one for one in names if one), "-")
        table = ".".join(one for one in (exc.diag.schema_name, exc.diag.table_name) if one) or "-"
        return FatalError(
            "database.constraint", words=words, table=table, name=name, sqlstate=exc.sqlstate
        )
    return FatalError(
        "database.refused",
        words=words,
        quote=quote,
        sqlstate=exc.sqlstate or "-",
        place=_place(exc),
    )


def reason(exc: BaseException | None) -> str:
    """Return the first line of an error, the server's own sentence, without the values of rows that it may quote."""
    lines = [line for line in str(exc).strip().splitlines() if line.strip()]
    return _QUOTED.sub(_named, lines[0]) if lines else type(exc).__name__


_QUOTED = re.compile(r'(?:(\w+) )?"[^"]*(?:"|\Z)')
_NAMES = frozenset(
    [
        "at",
        "attribute",
        "column",
        "constraint",
        "database",
        "encoding",
        "extension",
        "file",
        "function",
        "host",
        "index",
        "language",
        "method",
        "name",
        "operator",
        "option",
        "parameter",
        "partition",
        "policy",
        "relation",
        "role",
        "schema",
        "sequence",
        "server",
        "setting",
        "socket",
        "table",
        "tablespace",
        "trigger",
        "type",
        "user",
        "view",
    ]
)
"""Words before a quoted name. A text that is quoted behind any other word may be a value of a row."""


def _named(found: re.Match[str]) -> str:
    return found[0] if found[1] in _NAMES else f"{found[1]} …" if found[1] else "…"


def of_others(exc: psycopg.Error) -> bool:
    """Whether the error comes from a function, such as a trigger: we have none that fails."""
    return "PL/" in (exc.diag.context or "") or "SQL function" in (exc.diag.context or "")


def _place(exc: psycopg.Error) -> str:
    names = (exc.diag.schema_name, exc.diag.table_name, exc.diag.column_name)
    place = ".".join(name for name in names if name)
    lines = (exc.diag.context or "").splitlines() if of_others(exc) else []
    function = [line for line in lines if line.startswith(("PL/", "SQL function"))][:1]
    return ", ".join([one for one in (place, exc.diag.constraint_name) if one] + function) or "-"


def _interrupted(
    exc: psycopg.Error, words: str | None, quote: str | None
) -> DatabaseUnavailableError | None:
    """Return the error for a statement that the server broke off; None for any other."""
    if isinstance(exc, errors.QueryCanceled):
        return DatabaseUnavailableError("database.statement_canceled", words=words, quote=quote)
    if isinstance(exc, errors.LockNotAvailable):
        return DatabaseUnavailableError("database.lock_not_had", words=words, quote=quote)
    if isinstance(exc, errors.DeadlockDetected | errors.SerializationFailure):
        return DatabaseUnavailableError("database.conflict", words=words, quote=quote)
    return None


def _not_connected(exc: psycopg.Error, words: str | None) -> DatabaseUnavailableError:
    told = str(exc) if exc.sqlstate is None else ""
    if isinstance(exc, errors.TooManyConnections) or any(one in told for one in _CONNECTIONS):
        return DatabaseUnavailableError("database.too_many_connections", words=words)
    if isinstance(exc, errors.InvalidPassword) or any(one in told for one in _LOGIN):
        return DatabaseUnavailableError("database.login_refused", words=words)
    if any(one in told for one in _SETTING):
        return DatabaseUnavailableError("database.setting_invalid", words=words)
    return DatabaseUnavailableError("database.unavailable", words=words)


def _is_shared_memory(exc: errors.DiskFull) -> bool:
    """Whether the full "disk" is the server's shared memory: docker gives /dev/shm 64 MB.

    The source file is the same in every language of the server (dsm_impl.c raises it, PostgreSQL's sources).
    """
    return exc.diag.source_file == "dsm_impl.c" or "shared memory" in str(exc)

"""The read-only database role for BI tools: it sees `wp` and `wp_bi`, and nothing of `wpsync`.

Roles belong to all databases of a server. So one that wpsync did not make is left alone, and rights that other
programs may need are not taken from everyone: those statements are returned, for an administrator to run.
"""

from dataclasses import dataclass, field

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import class_row

from wpsync.db.database import Connection, Database
from wpsync.db.queries import statements
from wpsync.errors import ConfigError
from wpsync.model import Secret

QUERIES = statements(__name__)

READABLE = ("wp", "wp_bi")
MADE_BY_US = "read-only role for BI tools, made by wpsync"
"""The comment by which a role of ours is known."""

_SETTINGS = (
    ("default_transaction_read_only", "on"),
    ("statement_timeout", "5min"),
    ("lock_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "10min"),
    ("search_path", "wp_bi, wp"),
    ("timezone", "Asia/Shanghai"),
    ("jit", "off"),
)
_RESERVED = ("public", "none")
_LONGEST_NAME = 63
_ATTRIBUTES = ("createdb", "createrole", "replication", "bypassrls")


@dataclass(slots=True)
class Role:
    """What was done: whether the role is new, which rights were taken from it, and where to connect.

    `advice` are statements that only an administrator of the server may run, or that concern other programs.
    """

    name: str
    is_new: bool
    taken: list[str] = field(default_factory=list)
    address: dict[str, str] = field(default_factory=dict)
    advice: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Found:
    """The role as it is. `attributes` are those of `_ATTRIBUTES` that it has; `owns` anything, in any database."""

    exists: bool
    is_ours: bool
    is_superuser: bool
    is_connected: bool
    can_login: bool
    owns: bool
    attributes: list[str]
    groups: list[str]


def make_reader(
    database: Database, name: str, password: Secret | None, *, force: bool = False
) -> Role:
    """Create or mend the role. Idempotent: the same command again changes nothing but the password.

    The password is hashed here (SCRAM), so that neither the server's log nor its statistics ever see it; None leaves
    the present one. The connected role needs CREATEROLE, or has to be a superuser.

    Raises ConfigError for a role that owns anything, for one that wpsync did not make, and for a database where
    everyone may create in the schema `public`; the last two are accepted with `force`. Raises FatalError where the
    connected role may not do this.
    """
    if not name or name in _RESERVED or len(name.encode()) > _LONGEST_NAME:
        raise ConfigError("database.no_role_name", role=name)
    role = sql.Identifier(name)
    with database.transaction() as connection:
        with connection.cursor(row_factory=class_row(_Found)) as cursor:
            known = {"role": name, "comment": MADE_BY_US}
            (found,) = cursor.execute(QUERIES["role"], known).fetchall()
        _refuse(connection, name, found, force=force)
        if not found.exists:
            connection.execute(sql.SQL("create role {} login").format(role))
        told = Role(name, is_new=not found.exists, taken=_take(connection, name, found))
        if password is not None:
            hashed = connection.pgconn.encrypt_password(
                password.reveal().encode(), name.encode(), b"scram-sha-256"
            ).decode()
            connection.execute(
                sql.SQL("alter role {} password {}").format(role, sql.Literal(hashed))
            )
        for setting, value in _SETTINGS:
            parts = sql.SQL(", ").join(sql.Literal(part.strip()) for part in value.split(","))
            connection.execute(
                sql.SQL("alter role {} set {} to {}").format(role, sql.Identifier(setting), parts)
            )
        _grant(connection, name)
        connection.execute(
            sql.SQL("comment on role {} is {}").format(role, sql.Literal(MADE_BY_US))
        )
        told.advice = _advice(connection, name)
        info = conninfo_to_dict(connection.info.dsn)
    told.address = {
        "host": str(info.get("host") or "localhost"),
        "port": str(info.get("port") or "5432"),
        "dbname": str(info.get("dbname")),
        "user": name,
    }
    return told


def advice(connection: Connection) -> dict[str, list[str]]:
    """Return the statements that are still to be run, for each role of ours that may connect, by its name."""
    rows = connection.execute(QUERIES["readers"], {"comment": MADE_BY_US}).fetchall()
    return {str(name): _advice(connection, str(name)) for (name,) in rows}


def everyone_creates(connection: Connection) -> bool:
    """Return whether every role may create in the schema `public`, as was the default before Postgres 15."""
    row = connection.execute(QUERIES["everyone_creates"]).fetchone()
    return bool(row and row[0])


def _refuse(connection: Connection, name: str, found: _Found, *, force: bool) -> None:
    is_reserved = name.startswith("pg_") or found.is_connected
    if is_reserved or found.is_superuser or found.owns:
        raise ConfigError("database.not_a_reader", role=name)
    if force:
        return
    if found.exists and not found.is_ours:
        raise ConfigError("database.foreign_role", role=name)
    if everyone_creates(connection):
        raise ConfigError("database.everyone_creates")


def _grant(connection: Connection, name: str) -> None:
    role, database = sql.Identifier(name), sql.Identifier(str(connection.info.dbname))
    may_connect = connection.execute(
        "select has_database_privilege(%s, current_database(), 'CONNECT')", (name,)
    ).fetchone()
    if not (may_connect and may_connect[0]):
        connection.execute(sql.SQL("grant connect on database {} to {}").format(database, role))
    for schema in map(sql.Identifier, READABLE):
        for text in (
            "grant usage on schema {schema} to {role}",
            "grant select on all tables in schema {schema} to {role}",
            "alter default privileges in schema {schema} grant select on tables to {role}",
        ):
            connection.execute(sql.SQL(text).format(schema=schema, role=role))
    connection.execute(sql.SQL("grant execute on all functions in schema wp_bi to {}").format(role))


def _take(connection: Connection, name: str, found: _Found) -> list[str]:
    """Take away what the role should not have: attributes, memberships, and rights on other schemas of ours."""
    taken = [f"the attribute {attribute}" for attribute in found.attributes]
    role = sql.Identifier(name)
    changed = [f"no{attribute}" for attribute in found.attributes]
    changed += [] if found.can_login or not found.exists else ["login"]
    if changed:  # naming an attribute needs the right to give it, also where it does not change
        words = sql.SQL(" ").join(map(sql.SQL, changed))
        connection.execute(sql.SQL("alter role {} {}").format(role, words))
    for group in found.groups:
        connection.execute(sql.SQL("revoke {} from {}").format(sql.Identifier(group), role))
        taken.append(f"member of {group}")
    for schema in ("wpsync", *READABLE):
        place = sql.Identifier(schema)
        had = connection.execute(
            "select has_schema_privilege(%(role)s, %(schema)s, 'create')"
            " or (%(schema)s = 'wpsync' and has_schema_privilege(%(role)s, %(schema)s, 'usage'))",
            {"role": name, "schema": schema},
        ).fetchone()
        for text in (
            "revoke all on all tables in schema {place} from {role}",
            "revoke all on all sequences in schema {place} from {role}",
            "revoke all on schema {place} from {role}",
        ):
            connection.execute(sql.SQL(text).format(place=place, role=role))
        if had and had[0]:
            taken.append(f"rights on schema {schema}")
    return taken


def _advice(connection: Connection, name: str) -> list[str]:
    role, database = sql.Identifier(name), sql.Identifier(str(connection.info.dbname))
    row = connection.execute(QUERIES["left_to_everyone"], {"role": name}).fetchone()
    assert row is not None
    ours, makes_temporary, functions, has_limit, creates = row
    found: list[sql.Composable] = []
    if makes_temporary:
        user = sql.Identifier(str(ours))
        found += [
            sql.SQL("grant temporary on database {} to {}").format(database, user),
            sql.SQL("revoke temporary on database {} from public").format(database),
        ]
    if functions:
        found.append(
            sql.SQL("revoke execute on function {} from public").format(sql.SQL(str(functions)))
        )
    if not has_limit:
        found.append(sql.SQL("alter role {} set temp_file_limit to '1GB'").format(role))
    if creates:
        found.append(sql.SQL("revoke create on schema public from public"))
    return [one.as_string(connection) for one in found]

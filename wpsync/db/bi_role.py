"""The read-only database role for BI tools: it sees `wp` and `wp_bi`, and nothing of `wpsync`."""

from dataclasses import dataclass, field

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from wpsync.db.database import Connection, Database
from wpsync.errors import ConfigError
from wpsync.model import Secret

READABLE = ("wp", "wp_bi")
_SETTINGS = (
    ("default_transaction_read_only", "on"),
    ("statement_timeout", "5min"),
    ("idle_in_transaction_session_timeout", "10min"),
    ("search_path", "wp_bi, wp"),
    ("timezone", "Asia/Shanghai"),
)


@dataclass(slots=True)
class Role:
    """What was done: whether the role is new, which rights were taken from it, and where to connect."""

    name: str
    is_new: bool
    taken: list[str] = field(default_factory=list)
    address: dict[str, str] = field(default_factory=dict)


def make_reader(database: Database, name: str, password: Secret | None) -> Role:
    """Create or mend the role. Idempotent: the same command again changes nothing but the password.

    The password is hashed here (SCRAM), so that neither the server's log nor its statistics ever see
    it; None leaves the present one. Raises ConfigError for a role that owns something of the database,
    FatalError where the connected role may not do this.
    """
    role = sql.Identifier(name)
    with database.transaction() as connection:
        _refuse_owners(connection, name)
        found = connection.execute("select 1 from pg_roles where rolname = %s", (name,)).fetchone()
        if found is None:
            connection.execute(sql.SQL("create role {} login").format(role))
        told = Role(name, is_new=found is None, taken=_take(connection, name))
        connection.execute(
            sql.SQL(
                "alter role {} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls"
            ).format(role)
        )
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
        _grant(connection, role)
        info = conninfo_to_dict(connection.info.dsn)
    told.address = {
        "host": str(info.get("host") or "localhost"),
        "port": str(info.get("port") or "5432"),
        "dbname": str(info.get("dbname")),
        "user": name,
    }
    return told


def _refuse_owners(connection: Connection, name: str) -> None:
    row = connection.execute(
        "select %(name)s = current_user or %(name)s like 'pg\\_%%' or exists ("
        " select from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname = %(name)s)"
        " or exists (select from pg_roles where rolname = %(name)s and rolsuper)",
        {"name": name},
    ).fetchone()
    if row and row[0]:
        raise ConfigError("database.not_a_reader", role=name)


def _grant(connection: Connection, role: sql.Identifier) -> None:
    database = sql.Identifier(str(connection.info.dbname))
    connection.execute(sql.SQL("grant connect on database {} to {}").format(database, role))
    for schema in map(sql.Identifier, READABLE):
        for text in (
            "grant usage on schema {schema} to {role}",
            "grant select on all tables in schema {schema} to {role}",
            "alter default privileges in schema {schema} grant select on tables to {role}",
        ):
            connection.execute(sql.SQL(text).format(schema=schema, role=role))
    connection.execute(sql.SQL("grant execute on all functions in schema wp_bi to {}").format(role))


def _take(connection: Connection, name: str) -> list[str]:
    """Take away what the role should not have: memberships, and any right on other schemas of ours."""
    taken = []
    role = sql.Identifier(name)
    groups = connection.execute(
        "select g.rolname from pg_auth_members m join pg_roles g on g.oid = m.roleid"
        " join pg_roles r on r.oid = m.member where r.rolname = %s order by 1",
        (name,),
    ).fetchall()
    for (group,) in groups:
        connection.execute(sql.SQL("revoke {} from {}").format(sql.Identifier(str(group)), role))
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

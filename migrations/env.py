"""How Alembic runs wpsync's migrations. The only file here that imports wpsync.

One transaction per migration; a lock is waited for a second at most, so that a migration never queues
behind a long query; an advisory lock makes processes that start together take turns.
"""

from alembic import context
from sqlalchemy import text

from wpsync.load.schema import metadata

ADVISORY_LOCK = 7_706_001


def _mine(obj: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
    return kind != "table" or getattr(obj, "schema", None) in ("wp", "wpsync")


def _offline() -> None:
    context.configure(
        url=context.config.get_main_option("sqlalchemy.url"),
        target_metadata=metadata(),
        literal_binds=True,
        version_table_schema="wpsync",
        transaction_per_migration=True,
    )
    context.get_context().output_buffer.write("CREATE SCHEMA IF NOT EXISTS wpsync;\n\n")
    with context.begin_transaction():
        context.run_migrations()


def _online() -> None:
    connection = context.config.attributes["connection"]
    seconds = float(context.config.attributes.get("lock_timeout", 1.0))
    connection.execute(text(f"SET lock_timeout = '{int(seconds * 1000)}ms'"))
    connection.execute(text("SET statement_timeout = '10min'"))
    connection.execute(text(f"SELECT pg_advisory_lock({ADVISORY_LOCK})"))
    connection.execute(text("CREATE SCHEMA IF NOT EXISTS wpsync"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        include_schemas=True,
        version_table_schema="wpsync",
        include_object=_mine,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    _offline()
else:
    _online()

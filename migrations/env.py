"""How Alembic runs wpsync's migrations. The only file here that imports wpsync.

The caller (`wpsync.db.migrations`) has begun the one transaction, set the timeouts and taken the lock by
which processes take turns.
"""

from alembic import context
from sqlalchemy import text

from wpsync.db.schema import metadata

SCHEMAS = ("wp", "wp_bi", "wpsync")


def _mine(obj: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
    return kind != "table" or getattr(obj, "schema", None) in SCHEMAS


def _offline() -> None:
    context.configure(
        url=context.config.get_main_option("sqlalchemy.url"),
        target_metadata=metadata(),
        literal_binds=True,
        version_table_schema="wpsync",
    )
    context.get_context().output_buffer.write("CREATE SCHEMA IF NOT EXISTS wpsync;\n\n")
    with context.begin_transaction():
        context.run_migrations()


def _online() -> None:
    connection = context.config.attributes["connection"]
    exists = connection.execute(text("select to_regnamespace('wpsync')")).scalar()
    if exists is None:
        connection.execute(text("create schema if not exists wpsync"))
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        include_schemas=True,
        version_table_schema="wpsync",
        include_object=_mine,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    _offline()
else:
    _online()

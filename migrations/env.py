"""How Alembic runs wpsync's migrations. The only file here that imports wpsync.

One transaction per migration. The caller has set the timeouts and taken the lock by which processes take
turns (`wpsync.db.migrations`).
"""

from alembic import context
from sqlalchemy import text

from wpsync.db.schema import metadata


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

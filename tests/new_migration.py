"""Generate a migration from the declarations: `make migration MESSAGE="Add the devices"`.

Starts a private Postgres, applies every migration, and writes what the declarations have beyond it
into `migrations/versions`, under the next number. Read the result before you commit it.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from wpsync.db import migrations, revision
from wpsync.embedded import server as embedded


def main() -> None:
    """Write the migration, and print its path."""
    message = " ".join(sys.argv[1:]).strip()
    if not message:
        raise SystemExit("say what the migration adds: make migration MESSAGE='Add the devices'")
    folder = Path(tempfile.mkdtemp(prefix="wpm"))
    folder.chmod(0o755)  # the server's unprivileged user enters it
    try:
        with embedded.running(folder / "pg", durable=False) as server:
            url = server.database("postgres")
            migrations.upgrade(url)
            config = Config()
            config.set_main_option("script_location", str(revision.folder()).replace("%", "%%"))
            engine = create_engine(
                "postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool
            )
            with engine.connect() as connection:
                config.attributes["connection"] = connection
                number = f"{int(revision.newest()) + 1:04}"
                command.revision(config, message, autogenerate=True, rev_id=number)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

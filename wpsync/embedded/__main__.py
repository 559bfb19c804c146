"""Run a program on the embedded database: `python -m wpsync.embedded DATA_DIR PROGRAM [ARGUMENT …]`.

The server runs as long as the program does. `psql`, `pg_dump` and `pg_restore` of the server's own version
come first on the path, and connect to the database by themselves. The exit status is the program's.
"""

import os
import subprocess
import sys
from pathlib import Path

from wpsync.embedded import programs, server
from wpsync.errors import DatabaseUnavailableError


def main(arguments: list[str]) -> int:
    """Run it. Return 2 for wrong usage, 1 if the database cannot be used."""
    if len(arguments) < 2:
        print("usage: python -m wpsync.embedded DATA_DIR PROGRAM [ARGUMENT …]", file=sys.stderr)
        return 2
    folder, *command = arguments
    try:
        with server.running(Path(folder) / "postgres") as running:
            inside = programs.find(running.account, running.major).bin
            connection = {
                "PGHOST": str(running.socket),
                "PGUSER": "postgres",
                "PGDATABASE": "wpsync",
            }
            path = f"{inside}{os.pathsep}{os.environ.get('PATH', '')}"
            environment = {**os.environ, **connection, "PATH": path}
            try:
                return subprocess.run(command, env=environment, check=False).returncode
            except OSError as exc:
                print(f"{command[0]}: {exc.strerror}", file=sys.stderr)
                return 1
    except DatabaseUnavailableError as exc:
        print(f"wpsync: {exc}\n  → {exc.hint}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

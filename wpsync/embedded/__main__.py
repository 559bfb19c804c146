"""Run a program on the embedded database: `python -m wpsync.embedded [--new] DATA_DIR PROGRAM [ARGUMENT …]`.

The server runs as long as the program does. `psql`, `pg_dump` and `pg_restore` of the server's own version
come first on the path, and connect to the database by themselves. `--new` makes an empty database if there is
none. The exit status is the program's.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from wpsync.embedded import cluster, folders, programs, server
from wpsync.embedded.server import Server
from wpsync.errors import DatabaseUnavailableError

_USAGE = "usage: python -m wpsync.embedded [--new] DATA_DIR PROGRAM [ARGUMENT …]"


def main(arguments: list[str]) -> int:
    """Run it. Return 2 for wrong usage, 1 if the database cannot be used."""
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    is_new = arguments[:1] == ["--new"]
    data_dir, *command = arguments[is_new:] or [""]
    if not command or not data_dir or data_dir.startswith("-"):
        print(_USAGE, file=sys.stderr)
        return 2
    folder = Path(data_dir) / "postgres"
    try:
        with folders.problems_in_words(folder):
            there = Path(data_dir).is_dir() and cluster.is_there(
                folders.locate(folder.absolute()).cluster
            )
        if not there and not is_new:
            raise DatabaseUnavailableError(
                f"there is no database in {folder}",
                hint="name the data_dir of the configuration; --new makes an empty database"
                " / 请填写配置中的 data_dir；--new 会新建空数据库",
            )
        with server.running(folder) as running:
            return _run(command, running)
    except DatabaseUnavailableError as exc:
        print(f"wpsync: {exc}", file=sys.stderr)
        for hint in (exc.hint or "").split(" / "):
            print(f"  → {hint}", file=sys.stderr)
        return 1


def _run(command: list[str], running: Server) -> int:
    inside = programs.find(running.account, running.major).bin
    environment = {
        **os.environ,
        "PGHOST": str(running.socket),
        "PGPORT": str(cluster.PORT),
        "PGUSER": cluster.USER,
        "PGDATABASE": cluster.DATABASE,
        "PATH": f"{inside}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    try:
        process = subprocess.Popen(command, env=environment)
    except OSError as exc:
        print(f"{command[0]}: {exc.strerror}", file=sys.stderr)
        return 1
    for number in (signal.SIGINT, signal.SIGQUIT):  # the program decides, as system(3) has it
        signal.signal(number, signal.SIG_IGN)
    status = process.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

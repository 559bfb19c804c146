"""Run a program on the embedded database: `python -m wpsync.embedded [--new] DATA_DIR PROGRAM [ARGUMENT …]`.

The server runs as long as the program does. `psql`, `pg_dump` and `pg_restore` of the server's own version
come first on the path, and connect to the database by themselves. `--new` makes an empty database if there is
none. The exit status is the program's. It speaks the language that WPSYNC_LANG or the locale names.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from wpsync.embedded import cluster, folders, programs, server
from wpsync.embedded.server import Server
from wpsync.errors import DatabaseUnavailableError, Message
from wpsync.language import Text, choose, speak, spoken
from wpsync.messages import remedy, say

_USAGE = Text(
    "usage: python -m wpsync.embedded [--new] DATA_DIR PROGRAM [ARGUMENT …]",
    "用法：python -m wpsync.embedded [--new] DATA_DIR PROGRAM [ARGUMENT …]",
)
_HELP = Text(
    """Run a program on the embedded database.

The server runs as long as the program does. psql, pg_dump and pg_restore of the server's own version
come first on the path, and connect to the database by themselves. --new makes an empty database if
there is none. The exit status is the program's.""",
    """在内置数据库上运行程序。

服务随程序启动和停止。PATH 中优先使用与服务版本一致的 psql、pg_dump 和 pg_restore，它们会自动连接
该数据库。--new：没有数据库时新建空数据库。退出码即该程序的退出码。""",
)


def main(arguments: list[str]) -> int:
    """Run it. Return 2 for wrong usage, 1 if the database cannot be used."""
    try:
        speak(choose(None, os.environ, None))
    except ValueError:  # WPSYNC_LANG names another language
        _complain(Message("embedded.no_language"))
        return 2
    if arguments[:1] in (["-h"], ["--help"]):
        print(_USAGE.to(spoken()), _HELP.to(spoken()), sep="\n\n")
        return 0
    is_new = arguments[:1] == ["--new"]
    data_dir, *command = arguments[is_new:] or [""]
    if not command or not data_dir or data_dir.startswith("-"):
        print(_USAGE.to(spoken()), file=sys.stderr)
        return 2
    folder = Path(data_dir) / "postgres"
    try:
        with folders.problems_in_words(folder):
            there = Path(data_dir).is_dir() and cluster.is_there(
                folders.locate(folder.absolute()).cluster
            )
        if not there and not is_new:
            raise DatabaseUnavailableError("embedded.no_database", folder=str(folder))
        with server.running(folder) as running:
            return _run(command, running)
    except DatabaseUnavailableError as exc:
        _complain(exc.message)
        return 1


def _complain(message: Message) -> None:
    print(f"wpsync: {say(message)}", file=sys.stderr)
    step = remedy(message)
    if step is not None:
        print(f"  → {step}", file=sys.stderr)


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
        _complain(Message("embedded.cannot_run", {"program": command[0]}, exc.strerror))
        return 1
    for number in (signal.SIGINT, signal.SIGQUIT):  # the program decides, as system(3) has it
        signal.signal(number, signal.SIG_IGN)
    status = process.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Runs `wpsync` many times in one environment, each time in a process of its own, and imports its libraries once.

`python -m tests.acceptance.forking` reads a command a line from standard input, as JSON, and forks for each. The
modules with texts of the command line are imported by the fork, after its language is settled, as in the program.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LIBRARIES = (
    "apprise", "cryptography.fernet", "rich.live", "rich.table", "typer.core",
    "wpsync.alerts.targets", "wpsync.backfill.run", "wpsync.config", "wpsync.daemon.preflight", "wpsync.daemon.service",
    "wpsync.embedded.server", "wpsync.emulator.server", "wpsync.status.snapshot", "wpsync.sync.session",
    "wpsync.sync.verify",
)  # fmt: skip


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str


class Wpsync:
    """The program in one environment."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(self, *arguments: str, folder: Path) -> Ran:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(folder), arguments]) + "\n")
        self._process.stdin.flush()
        return Ran(*json.loads(self._process.stdout.readline()))


@contextmanager
def wpsync(**environment: str) -> Iterator[Wpsync]:
    """The program, with nobody at the keyboard and nothing of this environment's languages."""
    foreign = ("WPSYNC_", "LC_", "LANG")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.acceptance.forking"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=kept | environment,
    ) as process:
        yield Wpsync(process)
        assert process.stdin is not None
        process.stdin.close()


def _serve() -> None:
    for name in _LIBRARIES:
        importlib.import_module(name)
    loaded = [name for name in sys.modules if name.startswith("wpsync.cli.")]
    assert not loaded, loaded
    for line in sys.stdin:
        folder, arguments = json.loads(line)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = os.fork()
            if not process:
                _become(folder, arguments, out, err)
            status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
            answer: list[int | str] = [status]
            for file in (out, err):
                file.seek(0)
                answer.append(file.read().decode())
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _become(folder: str, arguments: list[str], out: Any, err: Any) -> None:
    """Run a command in this fork, and end it."""
    from traceback import print_exc

    from wpsync.__main__ import main

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    os.chdir(folder)
    sys.argv = ["wpsync", *arguments]
    status = 1
    try:
        main()
    except SystemExit as exc:
        status = exc.code if isinstance(exc.code, int) else int(exc.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter does
        print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()

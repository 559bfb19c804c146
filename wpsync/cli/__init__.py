"""The command line: parse, call one service, show the result, set the exit status. No logic.

Wording that the status page shows too is in `status`: `cli` and `web` do not import each other.

Results go to standard output, progress and logs to standard error. Exit status: 0 done, 1 something
failed or is incomplete, 2 usage or configuration wrong, 130 interrupted.

A command speaks one language. It is settled here (`speaking`) before the modules with texts are imported: texts that
typer is given at import, such as help, are worded by `tr` there and then.
"""

import os
import sys
from errno import EBADF, EIO, ENOSPC
from pathlib import Path
from typing import TYPE_CHECKING

from wpsync.errors import ConfigError, Message

if TYPE_CHECKING:
    from wpsync.cli.context import ServePage

_UNPRINTABLE = (ENOSPC, EBADF, EIO)


def main(serve_page: "ServePage") -> None:
    """Run the command that the arguments name. `wpsync run` and `wpsync demo` serve the page with `serve_page`."""
    from wpsync.cli import streams
    from wpsync.cli.speaking import settle
    from wpsync.errors import WpsyncError

    streams.prepare()

    sys.setswitchinterval(
        0.05
    )  # threads that fetch need not interrupt the one that works (measured: a tenth)
    try:
        status = _run(settle(sys.argv[1:], os.environ, _folder()), serve_page)
        sys.stdout.flush()
    except WpsyncError as exc:
        complain(exc.message)
        sys.exit(exc.exit_status)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as exc:
        if exc.errno not in _UNPRINTABLE:
            raise
        complain(Message("command.output_failed", words=exc.strerror))
        sys.stdout = None  # else it is flushed again at the end
        sys.exit(1)
    sys.exit(status)


def _folder() -> Path:
    try:
        return Path.cwd()
    except OSError as exc:
        raise ConfigError("command.no_folder", words=exc.strerror) from None


def _run(arguments: list[str], serve_page: "ServePage") -> int:
    """Run a command; return its exit status. Raises its errors, and ConfigError for a wrong command line."""
    from wpsync.cli.app import app
    from wpsync.cli.signals import leaving_on_signals

    with leaving_on_signals():
        status = app(arguments, prog_name="wpsync", obj=serve_page, standalone_mode=False)
    return status if isinstance(status, int) else 0


def complain(message: "Message") -> None:
    """Print a message on standard error, and its remedy on a line of its own."""
    from wpsync.messages import remedy, say

    print(f"wpsync: {say(message, quoting=True)}", file=sys.stderr)
    if mend := remedy(message):
        print(f"  → {mend}", file=sys.stderr)

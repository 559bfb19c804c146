"""The command line: parse, call one service, show the result, set the exit status. No logic.

Wording that the status page shows too is in `status`: `cli` and `web` do not import each other.

Results go to standard output, progress and logs to standard error. Exit status: 0 done, 1 something
failed or is incomplete, 2 usage or configuration wrong, 130 interrupted.
"""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wpsync.cli.context import ServePage


def main(serve_page: "ServePage") -> None:
    """Run the command that the arguments name. `wpsync run` and `wpsync demo` serve the page with `serve_page`."""
    from wpsync.cli.app import app
    from wpsync.cli.context import print_hint
    from wpsync.cli.signals import leaving_on_signals
    from wpsync.errors import WpsyncError

    sys.setswitchinterval(
        0.05
    )  # threads that fetch need not interrupt the one that works (measured: a tenth)
    try:
        with leaving_on_signals():
            app(prog_name="wpsync", obj=serve_page)
    except WpsyncError as exc:
        print(f"wpsync: {exc}", file=sys.stderr)
        if exc.hint:
            print_hint(exc.hint)
        sys.exit(exc.exit_status)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)

"""The program `wpsync`: joins the command line with the status page, which do not import each other."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wpsync import cli

if TYPE_CHECKING:
    from wpsync.daemon.metrics import Metrics
    from wpsync.daemon.service import Service
    from wpsync.sync.session import Session


@contextmanager
def serve_page(session: "Session", service: "Service", metrics: "Metrics") -> Iterator[str]:
    """Serve the status page until left; yields its address. Raises ConfigError if the port is taken."""
    from wpsync.web.app import application
    from wpsync.web.server import serving

    web = session.config.web
    with serving(
        application(session, service, metrics), web.bind, web.port, web.trusted_proxies
    ) as url:
        yield url


def main() -> None:
    """Run the program. Called by `python -m wpsync` and by the installed script."""
    cli.main(serve_page)


if __name__ == "__main__":
    main()

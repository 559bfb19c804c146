"""The status page on a real database, served in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.acceptance.driving import Driver
from wpsync import config
from wpsync.daemon.metrics import Metrics
from wpsync.daemon.service import Service
from wpsync.model import Secret
from wpsync.status.monitor import Monitor
from wpsync.sync.session import Session, session
from wpsync.web.app import application
from wpsync.web.server import serving


@dataclass
class Site:
    """A served page, and what it is served from."""

    url: str
    driver: Driver
    session: Session
    metrics: Metrics


@contextmanager
def served(driver: Driver, more: str = "") -> Iterator[Site]:
    """Serve the driver's database."""
    driver.more += more
    loaded = config.load(driver.config_file, environ={}, cwd=driver.folder)
    with session(loaded, Secret(driver.database_url)) as opened:
        metrics = Metrics()
        service = Service(opened)
        service.monitor = Monitor(opened, keeps=False)
        metrics.attach(service)
        page = application(opened, service, metrics)
        with serving(page, loaded.web.bind, 0, loaded.web.trusted_proxies) as url:
            yield Site(url.replace("0.0.0.0", "127.0.0.1"), driver, opened, metrics)

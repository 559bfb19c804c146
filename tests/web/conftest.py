"""A database that a few days of the emulated vendor have been read into, served as the status page."""

import pytest

from tests.acceptance.driving import Driver
from tests.web.sites import served


@pytest.fixture
def driver(emulator, database_url, tmp_path):
    vendor = emulator(messages=600, days=4)
    driver = Driver(database_url, vendor.url, tmp_path)
    driver.backfill("5d")
    driver.sync()
    return driver


@pytest.fixture
def site(driver):
    with served(driver) as site:
        yield site

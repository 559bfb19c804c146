"""Looking costs the same however many rows there are: blocks on 20,000 messages and on 200,000."""

import pytest

from bench.status import cost, fill, looks, opened

ACCOUNTS = 10
MEASURED = ("scrape", "healthz", "alerts")
SILENT = "alerts, all silent"
"""Accounts without a row today are compared with the weeks before, up to a limit. Postgres may take the index by time
alone for it, which also reads the rows of other accounts: that has a bound here, not a ratio."""


def blocks(url, folder, rows):
    fill(url, rows, ACCOUNTS, 100)
    with opened(url, ACCOUNTS, folder) as found:
        found_looks = looks(found)
        return {name: cost(found, url, found_looks[name]).blocks for name in (*MEASURED, SILENT)}


@pytest.fixture
def another_url(postgres, template):
    from tests.conftest import fresh

    yield from fresh(postgres, template)


def test_ten_times_the_rows_take_no_more_blocks(database_url, another_url, tmp_path):
    few = blocks(database_url, tmp_path, 20_000)
    many = blocks(another_url, tmp_path, 200_000)
    for name in MEASURED:
        assert many[name] <= 1.5 * few[name], (name, few, many)
    assert max(many.values()) < 2_000

"""A vendor that does not answer: said at once, by what is known of it, and once; and so that it is over."""

import json

import httpx
import pytest

from tests.acceptance.driving import Driver
from tests.acceptance.test_service import QUICK, everything_is_there, serving, until
from tests.web.sites import served
from wpsync.emulator.client import Remote

pytestmark = pytest.mark.reads_the_day


@pytest.fixture
def vendor(emulator):
    return emulator(messages=300, days=2)


@pytest.fixture
def driver(vendor, database_url, tmp_path):
    return Driver(database_url, vendor.url, tmp_path, f'{QUICK}[log]\nformat = "json"\n')


def told(driver):
    """The lines of the log above INFO, but for those of the start."""
    lines = (driver.folder / "service.log").read_text(encoding="utf-8").splitlines()
    return [one for one in map(json.loads, lines) if one["level"] in ("warning", "error")]


def logged(driver, event):
    return f'"{event}"' in (driver.folder / "service.log").read_text(encoding="utf-8")


def test_it_is_logged_once_and_shown_at_once_while_the_data_is_still_current(driver, vendor):
    remote = Remote(vendor.url)
    late = "select 1 from wpsync.watermarks where at < now() - interval '4 minutes'"
    with serving(driver):
        until(lambda: everything_is_there(driver, vendor), "the first three days")
        until(lambda: not driver.query(late), "all is current")
        before = told(driver)
        remote.fault("http_503")
        until(lambda: logged(driver, "vendor.away"), "that it is away")
        state = json.loads(driver.run("status", "--json").stdout)
        assert [one["account"] for one in state["outages"]] == ["main"]
        error = state["outages"][0]["error"]
        assert (error["code"], error["params"]["status"]) == ("vendor.server_error", 503)
        said = " ".join(driver.run("status").stdout.split())
        assert said.startswith("✓")
        assert "The vendor has not answered since" in said
        assert "厂商接口自" in driver.run("status", WPSYNC_LANG="zh").stdout
        remote.clear_faults()
        until(lambda: logged(driver, "vendor.back"), "that it is back")
        until(lambda: not driver.query("select 1 from wpsync.outages"), "that it is noted")
    assert [one["event"] for one in told(driver)[len(before) :]] == ["vendor.away"]


def test_a_request_that_fails_now_and_then_is_nobodys_concern(driver, vendor):
    Remote(vendor.url).fault("http_503", rate=0.3)
    driver.sync(["agents", "calls"])
    assert driver.query("select 1 from wpsync.outages") == []


def test_what_a_dead_process_noted_is_taken_back_by_the_first_answer(driver):
    driver.query(
        "insert into wpsync.outages values ('main', now() - interval '1 hour', 'vendor.no_reason',"
        ' \'{"endpoint": "/x"}\') returning 1'
    )
    driver.sync(["agents"])
    assert driver.query("select 1 from wpsync.outages") == []


def test_the_page_says_it_in_both_languages_and_the_tone_stays(driver):
    driver.sync()
    driver.query(
        "insert into wpsync.outages values ('main', now(), 'vendor.no_answer',"
        ' \'{"endpoint": "/x", "error": "ReadTimeout"}\') returning 1'
    )
    with served(driver) as site:
        for language, words in (
            ("zh", "厂商接口没有有效响应（/x，ReadTimeout）"),
            ("en", "no usable answer from the vendor"),
        ):
            page = httpx.get(site.url, headers={"Accept-Language": language}).text
            assert words in page
            assert 'class="headline good"' in page
        assert httpx.get(f"{site.url}/healthz").status_code == 200

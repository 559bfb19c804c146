"""The status page and what machines ask, over HTTP."""

import base64
import re

import httpx
import psycopg
import pytest

from tests.web.sites import served
from wpsync.status import texts
from wpsync.web.security import HEADERS

PASSWORD = "correct horse battery"
OPEN_TO_ALL = f'[web]\nbind = "0.0.0.0"\npassword = "{PASSWORD}"\n'


def test_every_text_is_there_in_both_languages_and_takes_the_same_values():
    for key, text in texts.TEXTS.items():
        assert text.zh, key
        assert text.en, key
        assert set(re.findall(r"{(\w+)}", text.zh)) == set(re.findall(r"{(\w+)}", text.en)), key


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "en-US", "en"),
        (None, "fr, zh-TW;q=0.5", "zh"),
        (None, "", "en"),
        ("zh", "en", "zh"),
        ("xx", "zh", "zh"),
    ],
)
def test_the_language_is_the_chosen_one_or_the_browsers(wanted, accepted, language):
    assert texts.chosen(wanted, accepted) == language


@pytest.mark.reads_the_day
def test_the_page_says_that_all_is_there_and_remembers_what_was_chosen(site):
    with httpx.Client(base_url=site.url) as client:
        page = client.get("/", headers={"Accept-Language": "zh-CN"})
        assert page.status_code == 200
        assert "数据齐全，且是最新的" in page.text
        page = client.get("/?lang=en&theme=dark", headers={"Accept-Language": "zh-CN"})
        assert "Everything is there, and current" in page.text
        again = client.get("/", headers={"Accept-Language": "zh-CN"})
        assert "Everything is there, and current" in again.text
        assert 'data-theme="dark"' in again.text


def test_every_reply_has_the_headers_and_only_reading_is_allowed(site):
    with httpx.Client(base_url=site.url) as client:
        for path in ("/", "/healthz", "/metrics", "/api/status", "/static/page.js", "/nowhere"):
            reply = client.get(path)
            for name, value in HEADERS.items():
                assert reply.headers[name] == value, (path, name)
        assert client.post("/").status_code == 405
        assert client.delete("/api/status").status_code == 405
        assert client.get("/static/../../config.toml").status_code == 404


def test_a_page_on_this_machine_answers_to_no_other_name(site):
    for host, status in (
        ("localhost:1", 200), ("127.0.0.1", 200), ("localhost.", 200), ("127.0.0.1.:80", 200), ("LocalHost", 200),
        ("evil.example", 421), ("evil.localhost.example.", 421), ("..", 421), ("localhost..", 421),
    ):  # fmt: skip
        assert httpx.get(site.url, headers={"Host": host}).status_code == status


def test_from_elsewhere_the_password_is_required_and_guessing_is_slowed(driver):
    basic = base64.b64encode(f"anybody:{PASSWORD}".encode()).decode()
    with served(driver, OPEN_TO_ALL) as site, httpx.Client(base_url=site.url) as client:
        for path in (
            "/",
            "/metrics",
            "/api/status",
            "/api/calendar",
            "/day?day=x",
            "/static/page.css",
        ):
            refused = client.get(path)
            assert refused.status_code == 401, path
            assert "WWW-Authenticate" in refused.headers
            assert refused.headers["X-Frame-Options"] == "DENY"
        for good in (f"Basic {basic}", f"Bearer {PASSWORD}"):
            assert client.get("/", headers={"Authorization": good}).status_code == 200
        assert client.get("/livez").status_code == 200
        wrong = [client.get("/", headers={"Authorization": "Bearer wrong-one"}) for _ in range(12)]
        assert wrong[0].status_code == 401
        assert wrong[-1].status_code == 429
        # The right one is never locked out: tests/web/test_bounds.py.
        assert client.get("/", headers={"Authorization": f"Bearer {PASSWORD}"}).status_code == 200


@pytest.mark.reads_the_day
def test_health_is_honest(site):
    assert httpx.get(f"{site.url}/livez").text == "alive\n"
    assert httpx.get(f"{site.url}/readyz").text == "standby\n"
    assert httpx.get(f"{site.url}/healthz").status_code == 200
    with psycopg.connect(site.driver.database_url) as connection:
        connection.execute(
            "update wpsync.watermarks set at = now() - interval '6 minutes' where resource = 'sms'"
        )
    late = httpx.get(f"{site.url}/healthz")
    assert (late.status_code, late.text) == (503, "behind: sms\n")
    assert "没有及时更新" in httpx.get(site.url, headers={"Accept-Language": "zh"}).text


def test_a_database_that_is_away_is_said_and_not_hidden(site):
    site.session.database.__exit__()
    assert httpx.get(f"{site.url}/readyz").status_code == 503
    assert httpx.get(f"{site.url}/healthz").status_code == 503
    page = httpx.get(site.url, headers={"Accept-Language": "zh"})
    assert page.status_code == 503
    assert "数据库没有响应" in page.text
    assert b"wpsync_database_up 0.0" in httpx.get(f"{site.url}/metrics").content
    for path in ("status", "calendar", "activity"):
        reply = httpx.get(f"{site.url}/api/{path}")
        assert (reply.status_code, reply.headers["Content-Type"]) == (503, "application/json")
        assert reply.json() == {"error": "the database does not answer"}


def test_what_was_known_before_the_database_went_away_is_no_present_answer(site):
    for path in ("status", "calendar", "activity"):
        assert httpx.get(f"{site.url}/api/{path}").status_code == 200
    site.session.database.__exit__()
    for path in ("status", "calendar", "activity"):
        reply = httpx.get(f"{site.url}/api/{path}")
        assert (reply.status_code, bool(reply.json())) == (503, True)


def test_a_day_outside_the_calendar_is_not_found(site):
    for path in ("/", "/day"):
        for day in ("9999-12-31", "0001-01-01", "2026-02-30", "main"):
            reply = httpx.get(f"{site.url}{path}?day=main/calls/{day}")
            assert reply.status_code == 404, (path, day)


@pytest.mark.reads_the_day
def test_metrics_and_json_tell_what_the_page_shows_and_nothing_personal(site):
    site.metrics.on_request("main", "/api/device/call", "ok", 0.02)
    numbers = httpx.get(f"{site.url}/metrics").text
    for name in (
        "wpsync_freshness_seconds", "wpsync_rows", "wpsync_requests_total", "wpsync_budget",
        "wpsync_dead_letters", "wpsync_token_age_seconds", "wpsync_gaps", "wpsync_leader",
    ):  # fmt: skip
        assert name in numbers
    state = httpx.get(f"{site.url}/api/status").json()
    rows = {one["resource"]: one["rows"] for one in state["resources"]}
    # The newest two minutes are in the tables and not yet in the ledger.
    entered = (
        "select count(*) from wp.wechat_messages where sent_at < ("
        "select max(ends_at) from wpsync.windows where resource = 'wechat_messages')"
    )
    assert rows["wechat_messages"] == site.driver.one(entered)
    days = httpx.get(f"{site.url}/api/calendar").json()
    assert {one["resource"] for one in days} == {"calls", "sms", "wechat_messages"}
    activity = httpx.get(f"{site.url}/api/activity").json()
    assert len(activity["hours"]) == len(activity["messages"]) == 48
    everything = numbers + str(state) + str(days) + httpx.get(site.url).text
    assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", everything), "a phone number"
    tokens = site.driver.query("select access_token, refresh_token from wpsync.tokens")[0]
    assert not any(token in everything for token in tokens)
    body = site.driver.one(
        "select plain_text from wp.wechat_messages where length(plain_text) > 8 limit 1"
    )
    assert body not in everything


@pytest.mark.reads_the_day
def test_a_day_shows_its_windows_and_nonsense_is_not_found(site):
    day = site.driver.one(
        "select to_char(min(starts_at) at time zone 'Asia/Shanghai', 'YYYY-MM-DD') from wpsync.windows"
    )
    shown = httpx.get(f"{site.url}/day?day=main/calls/{day}", headers={"Accept-Language": "en"})
    assert shown.status_code == 200
    assert "complete" in shown.text
    assert "backfill" in shown.text
    for nonsense in (
        "",
        "main/calls",
        "main/calls/soon",
        "other/calls/2026-01-01",
        "main/x/2026-01-01",
    ):
        assert httpx.get(f"{site.url}/day", params={"day": nonsense}).status_code == 404


def test_refusals_speak_the_readers_language(site):
    for accepted, words in (("zh-CN", "本页面只读\n"), ("en", "this page is read-only\n")):
        refused = httpx.post(site.url, headers={"Accept-Language": accepted})
        assert (refused.status_code, refused.text) == (405, words)
    for accepted, words in (("zh-CN", "本页面仅限本机访问"), ("en", "this page answers only to")):
        headers = {"Accept-Language": accepted, "Host": "evil.example"}
        assert httpx.get(site.url, headers=headers).text.startswith(words)

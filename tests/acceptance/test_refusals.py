"""Each refusal and fault of the vendor ends as its own code, with its remedy, in the state that page and alerts show."""

from datetime import UTC, datetime

import pytest

from tests.acceptance.driving import Driver, Timeline, differences
from tests.fake_clock import FakeClock
from wpsync.daemon.jobs import perform
from wpsync.daemon.service import watching, working
from wpsync.emulator.client import Remote
from wpsync.language import Language
from wpsync.messages import remedy, say
from wpsync.messages.catalogue import MESSAGES
from wpsync.state.jobs import JobKey
from wpsync.status import snapshot

AGENTS, CALLS, GET_TOKEN = "/api/crm/getUsers", "/api/device/call", "/oauth/token/getToken"
SAID = "提示 13877777777"


def refusal(code, status_code=None, msg=SAID):
    return pytest.param("code_0", {"statusCode": status_code, "msg": msg}, code, id=code)


def fault(name, code):
    return pytest.param(name, {}, code, id=f"{name}-{code}")


REFUSALS = [
    refusal("vendor.device_offline", 4001),
    refusal("vendor.no_such_agent", 4004),
    refusal("vendor.wrong_parameter", 4005),
    refusal("vendor.cannot_decrypt", 4006),
    refusal("vendor.cannot_encrypt", 4007),
    refusal("vendor.ip_not_allowed", 4008),
    refusal("vendor.no_api_access", 4009),
    refusal("vendor.reply_not_parsed", 4015),
    refusal("vendor.reply_not_encoded", 4016),
    refusal("vendor.time_format_refused", 4017),
    refusal("vendor.span_too_large", 4018),
    refusal("vendor.too_many_rows", 4019),
    refusal("vendor.refused_with_code", 4444),
    refusal("vendor.refused"),
    refusal("vendor.refused_with_new_token", msg=f"令牌已失效 {SAID}"),
    refusal("vendor.too_fast", msg=f"请求过于频繁 {SAID}"),
    refusal("vendor.no_reason", msg=""),
]
FAULTS = [
    fault("http_429", "vendor.too_fast"),
    fault("http_500", "vendor.server_error"),
    fault("http_502_html", "vendor.server_error"),
    fault("web_page", "vendor.not_an_envelope"),
    fault("not_json", "vendor.encrypted_reply"),
    fault("reset", "vendor.no_answer"),
]


@pytest.fixture
def line(emulator, database_url, tmp_path):
    return Timeline(emulator, database_url, tmp_path, messages=10, days=1)


def ended(line, name):
    """Do one job of the service once, and return its error as it was kept, with that of its run."""
    with line.session() as opened, working(opened, watching(opened.config)) as jobs:
        key = JobKey("main", name)
        (job,) = [one for one in jobs if one.key == key]
        got = perform(opened, job, lambda: False)
        assert got.outcome == "failed", got
        status = snapshot.status(opened.database, opened.config, opened.clock.now())
    (kept,) = [one for one in status.jobs if one.job == name]
    runs = [one.last_run for one in status.resources if one.resource == name]
    return kept.error, runs[0].error if runs and runs[0] else None


@pytest.mark.parametrize(("name", "how", "code"), [*REFUSALS, *FAULTS])
def test_a_refusal_is_kept_with_its_code_its_words_and_its_remedy(line, name, how, code):
    line.remote.fault(name, endpoint=AGENTS, **how)
    error, of_run = ended(line, "agents")
    assert error == of_run
    assert (error.code, error.params["endpoint"]) == (code, AGENTS)
    assert "13877777777" not in str(error)
    if how.get("msg"):
        assert error.words is None  # the vendor's are kept apart, for a while
        kept = "select words from wpsync.vendor_words where account = 'main' and error_code = %s"
        assert line.driver.one(kept, code) == how["msg"].replace("13877777777", "***")
    for language in Language:
        assert AGENTS in say(error, language)
        own = MESSAGES[code].remedy
        assert remedy(error, language) == (own and own.to(language))


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"statusCode": None, "msg": "clientSecret错误"}, "vendor.credentials_rejected"),
        ({"statusCode": 4008}, "vendor.ip_not_allowed"),
    ],
)
def test_a_refusal_of_the_login_is_kept_with_its_remedy(line, how, code):
    line.remote.fault("code_0", endpoint=GET_TOKEN, **how)
    error, _ = ended(line, "tokens")
    assert error.code == code
    shown = {language: remedy(error, language) for language in Language}
    own = MESSAGES[code].remedy
    assert own is not None
    for language in Language:
        assert shown[language] == own.to(language).format(account="main")


def test_a_vendor_that_cannot_be_reached_is_kept_with_its_remedy(line):
    line.driver.vendor_url = "http://127.0.0.1:9"
    error, of_run = ended(line, "agents")
    assert error == of_run
    assert (error.code, error.params) == (
        "vendor.unreachable",
        {"endpoint": GET_TOKEN, "error": "ConnectError"},
    )
    assert "network" in str(remedy(error, Language.EN))
    assert "网络" in str(remedy(error, Language.ZH))


@pytest.mark.parametrize("status_code", [4018, 4019])
def test_an_endpoint_that_refuses_every_span_fails_as_refused(line, status_code):
    """However short the span, down to a second, not even a first page comes."""
    line.remote.fault("code_0", endpoint=CALLS, statusCode=status_code)
    error, _ = ended(line, "calls")
    expected = {4018: "vendor.span_too_large", 4019: "vendor.too_many_rows"}
    assert (error.code, error.params) == (expected[status_code], {"endpoint": CALLS})


IN_TIME = ["calls", "sms", "wechat_messages"]
NOW = datetime(2026, 5, 20, 6, tzinfo=UTC)


@pytest.fixture
def still(emulator, database_url, tmp_path):
    """A world at rest, and our clock standing at the same instant: its waits cost nothing."""
    vendor = emulator(messages=1_500, days=10, now=NOW, frozen=True)
    return vendor, Driver(database_url, vendor.url, tmp_path, clock=FakeClock(NOW))


@pytest.mark.parametrize(
    "how", [{"msg": "系统繁忙"}, {"msg": ""}, {"msg": "x", "statusCode": 4444}]
)
def test_unknown_refusals_of_single_calls_leave_nothing_out_of_a_backfill(how, still):
    vendor, driver = still
    Remote(vendor.url).fault("code_0", rate=0.1, **how)
    outcomes = {one.resource: one.outcome for one in driver.backfill("2026-05-08")}
    assert set(outcomes.values()) == {"done"}, outcomes
    assert driver.one("select count(*) from wpsync.windows where state <> 'complete'") == 0
    Remote(vendor.url).clear_faults()
    assert not differences(driver, vendor, IN_TIME)


def test_a_refusal_that_stays_is_repeated_once_and_then_believed(still):
    vendor, driver = still
    Remote(vendor.url).fault("code_0", endpoint=CALLS, msg="通话功能未开通")
    driver.sync(["calls"])
    first = len(asked(vendor))
    driver.sync(["calls"])
    assert 0 < len(asked(vendor)) <= 2 * first <= 40


def asked(vendor):
    return [one for one in Remote(vendor.url).requests() if one["path"] == CALLS]


def test_a_window_that_is_refused_without_any_reason_is_cut_where_a_narrow_one_is_served(still):
    vendor, driver = still
    Remote(vendor.url).settings(row_limit=40, row_limit_is_silent=True)
    outcomes = {one.resource: one.outcome for one in driver.backfill("2026-05-08", IN_TIME)}
    assert set(outcomes.values()) == {"done"}, outcomes
    assert not differences(driver, vendor, IN_TIME)
    # Windows of 40 rows at most are a power of two away from a day: a cut costs a few requests, not a minute of them.
    assert len(Remote(vendor.url).requests()) < 1_000, len(Remote(vendor.url).requests())
    assert driver.clock.monotonic() < 300, driver.clock.monotonic()


def test_a_window_that_needs_very_many_cuts_is_read_to_its_end(emulator, database_url, tmp_path):
    line = Timeline(emulator, database_url, tmp_path, messages=260, days=1)
    line.remote.settings(row_limit=3, row_limit_is_silent=True)
    (outcome,) = line.driver.backfill("2d", ["wechat_messages"])
    assert outcome.is_good, outcome
    assert not differences(line.driver, line.vendor, ["wechat_messages"])
    assert len(line.requests()) < 10 * 260 / 3

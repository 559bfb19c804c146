"""Where data has fallen behind, the page shows the resources, the cause and the remedy, in the reader's language."""

import pytest

from tests.web.test_answers import on_terminal, told
from wpsync.errors import Message
from wpsync.language import Language
from wpsync.messages import shown

pytestmark = pytest.mark.reads_the_day

LEADS = (
    "insert into wpsync.instances values ('x', 'here', '1', 'leader', now(), now() + interval '1 minute')"
    " returning 1"
)
LATE = (
    "update wpsync.watermarks set at = at - interval '2 hours' where resource in ('calls', 'sms')"
    " returning 1"
)
FAILS = (
    "insert into wpsync.jobs (account, job, every_seconds, next_at, outcome, error_code, error_params,"
    " error_words, failures)"
    " values ('main', 'calls', 60, now() + interval '1 hour', 'failed', 'database.disk_full', '{}',"
    " 'No space left on device', 4) returning 1"
)


@pytest.fixture
def late(site):
    site.driver.query(LEADS)
    site.driver.query(LATE)
    return site


def test_a_service_that_does_not_run(late):
    late.driver.query("delete from wpsync.instances returning 1")
    head, said = told(late, "en")
    assert head == "The data has fallen behind"
    assert said.startswith("Calls, SMS: no service is running → start wpsync run.")
    assert "没有正在运行的服务 → 请启动 wpsync run。" in told(late, "zh")[1]


def test_a_vendor_that_does_not_answer(late):
    late.driver.query(
        "insert into wpsync.outages (account, since, error_code, error_params) values ('main', now(), 'vendor.unreachable',"
        """ '{"endpoint": "/x", "error": "ConnectError"}') returning 1"""
    )
    said = told(late, "en")[1]
    assert said.startswith("Calls, SMS: the vendor has not answered since ")
    away = Message("vendor.unreachable", {"endpoint": "/x", "error": "ConnectError"})
    text, remedy = shown(away, Language.EN)
    assert f"({text}); retrying → {remedy}." in said
    assert said.count("has not answered") == 1
    said = told(late, "zh")[1]
    text, remedy = shown(away, Language.ZH)
    assert f"（{text}），正在自动重试 → {remedy}。" in said


def test_a_job_that_fails_for_a_reason_of_its_own(late):
    late.driver.query(FAILS)
    full = Message("database.disk_full", words="No space left on device")
    said = told(late, "en")[1]
    text, remedy = shown(full, Language.EN)
    assert f"Calls: {text}; next try at " in said
    assert f" → {remedy}." in said if remedy else "→" not in said
    assert "SMS: catching up, nothing to do." in said
    said = told(late, "zh")[1]
    assert f"通话：{shown(full, Language.ZH)[0]}，将在 " in said
    assert "短信：正在补读，无需处理。" in said
    assert text in on_terminal(late.driver)


def test_credentials_that_are_rejected(late):
    late.driver.query(
        "update wpsync.tokens set failures = 1, paused_until = now() + interval '1 hour' returning 1"
    )
    assert "the vendor rejects the credentials of account main" in told(late, "en")[1]
    assert "→ 请在厂商后台核对 clientId 与 clientSecret" in told(late, "zh")[1]

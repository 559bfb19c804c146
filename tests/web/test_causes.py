"""Where data has fallen behind, the page says what, why, and what happens next: all in both languages."""

import pytest

from tests.web.test_answers import on_terminal, told

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
    " values ('main', 'calls', 60, now() + interval '1 hour', 'failed', %s, '{}', %s, 4) returning 1"
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
    assert said.startswith("Calls, SMS: no service is running; start wpsync run.")
    assert "没有正在运行的服务，请启动 wpsync run" in told(late, "zh")[1]


def test_a_vendor_that_does_not_answer(late):
    late.driver.query(
        "insert into wpsync.outages values ('main', now(), 'vendor.unreachable',"
        ' \'{"endpoint": "/x", "error": "ConnectError"}\')'
        " returning 1"
    )
    said = told(late, "en")[1]
    assert said.startswith("Calls, SMS: the vendor has not answered since ")
    assert "(cannot reach the vendor (/x, ConnectError)); it is asked again and again" in said
    assert said.count("has not answered") == 1
    said = told(late, "zh")[1]
    assert "无法连接厂商接口（/x，ConnectError）" in said
    assert "请检查网络并联系厂商" in said


def test_a_job_that_fails_for_a_reason_of_its_own(late):
    late.driver.query(FAILS, "database.disk_full", "No space left on device")
    said = told(late, "en")[1]
    assert (
        'Calls: the disk of the database is full: "No space left on device"; it is tried again at'
        in said
    )
    assert "SMS: it is being caught up, and there is nothing to do." in said
    said = told(late, "zh")[1]
    assert "通话：数据库磁盘已满：“No space left on device”，将在 " in said
    assert "短信：正在补读，无需处理。" in said
    assert "数据库磁盘已满" in on_terminal(late.driver)


def test_credentials_that_are_rejected(late):
    late.driver.query(
        "update wpsync.tokens set failures = 1, paused_until = now() + interval '1 hour' returning 1"
    )
    assert "the vendor rejects the credentials of account main" in told(late, "en")[1]
    assert "请在厂商后台核对 clientId 与 clientSecret" in told(late, "zh")[1]

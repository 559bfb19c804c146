"""What the vendor says of people goes nowhere: not into alerts, page, metrics, log or errors that are kept."""

import io
import logging
from datetime import timedelta

import httpx
import pytest

from tests.acceptance.driving import START, Timeline
from tests.acceptance.test_alerts import Receiver
from tests.acceptance.test_privacy import everything
from tests.web.sites import served
from wpsync import log
from wpsync.daemon.failure_log import FailureLog
from wpsync.daemon.service import watching, working

SAID = "员工不存在: 王小明 +86 138-1234-5678 wxid_victimvictim01 身份证110101 1990 0307 7777"
NEEDLES = ("王小明", "138-1234", "wxid_victim", "110101")
KEY = 'key = "a key of some length"\n'


def told(text):
    return [needle for needle in NEEDLES if needle in text]


@pytest.fixture
def receiver():
    with Receiver().listening() as receiver:
        yield receiver


def failing(emulator, database_url, tmp_path, receiver, more=""):
    """The service of some minutes in which the vendor refuses SMS in these words; and its log."""
    line = Timeline(emulator, database_url, tmp_path, messages=50, days=2)
    line.driver.more = f'[alerts]\ntargets = ["{receiver.target}"]\n{more}'
    line.remote.fault("code_0", rate=1.0, msg=SAID, endpoint="/api/device/sms")
    written = []
    for form in ("text", "json"):
        handler = logging.StreamHandler(io.StringIO())
        handler.setFormatter(log.Formatter(form))
        written.append(handler)
        logging.getLogger("wpsync").addHandler(handler)
    logging.getLogger("wpsync").setLevel(logging.DEBUG)
    try:
        with line.session() as opened, working(opened, watching(opened.config)) as jobs:
            troubles = FailureLog()
            for job, result in line.live(opened, jobs, START + timedelta(minutes=40)):
                troubles.heard(job.key, result, line.clock.now())
    finally:
        logging.getLogger("wpsync").setLevel(logging.NOTSET)
        for handler in written:
            logging.getLogger("wpsync").removeHandler(handler)
    return line, "".join(handler.stream.getvalue() for handler in written)


def test_the_vendors_words_are_in_no_alert_page_metric_log_or_stored_error(
    emulator, database_url, tmp_path, receiver
):
    line, logged = failing(emulator, database_url, tmp_path, receiver)
    assert "job.failed" in logged
    assert told(logged) == []
    assert any("condition.jobs_failing" in str(one) for one in receiver.messages)
    assert told(str(receiver.messages)) == []
    stored = [(table, needle) for table, row in everything(database_url) for needle in told(row)]
    assert {table for table, _ in stored} == {"wpsync.vendor_words"}
    assert (
        line.driver.one("select error_code from wpsync.jobs where job = 'sms'") == "vendor.refused"
    )
    with served(line.driver) as site:
        for path in ("/", "/?part", "/api/status", "/metrics"):
            answer = httpx.get(site.url + path, timeout=60)
            assert told(answer.text) == [], path


def test_an_operator_sees_them_for_some_days(emulator, database_url, tmp_path, receiver):
    line, _ = failing(emulator, database_url, tmp_path, receiver)
    assert told(line.driver.run("status").stdout) == [], "it is months ago"
    line.driver.query("update wpsync.vendor_words set said_at = now() returning 1")
    shown = line.driver.run("status")
    assert "王小明" in shown.stdout
    assert told(line.driver.run("status", "--json").stdout) == []
    ran = line.driver.run("erase", "--phone", "13812345678", "--yes")
    assert ran.returncode == 0, ran.stderr
    assert line.driver.one("select count(*) from wpsync.vendor_words") == 0


@pytest.mark.parametrize("kind", ["phone_numbers", "names", "wechat_numbers", "message_bodies"])
def test_where_privacy_keeps_not_everything_they_are_not_kept(
    kind, emulator, database_url, tmp_path, receiver
):
    rules = f'[privacy]\n{kind} = "mask"\n{KEY}'
    line, _ = failing(emulator, database_url, tmp_path, receiver, rules)
    assert line.driver.one("select outcome from wpsync.jobs where job = 'sms'") == "failed"
    assert line.driver.one("select count(*) from wpsync.vendor_words") == 0


def test_the_terminal_of_the_command_shows_them(emulator, database_url, tmp_path):
    line = Timeline(emulator, database_url, tmp_path, messages=50, days=2)
    line.remote.fault("code_0", rate=1.0, msg="短信功能未开通", endpoint="/api/device/sms")
    ran = line.driver.run("sync", "sms")
    assert ran.returncode == 1
    assert "短信功能未开通" in ran.stderr


def test_an_alert_names_no_field_of_the_vendors(emulator, database_url, tmp_path, receiver):
    line = Timeline(emulator, database_url, tmp_path, messages=50, days=2)
    line.driver.more = f'[alerts]\ntargets = ["{receiver.target}"]\n'
    assert line.driver.run("migrate").returncode == 0
    found = "('main', 'calls', 'field', 'wangxiaoming', 1, %s, %s)"
    line.driver.query(f"insert into wpsync.drift values {found} returning 1", START, START)
    with line.session() as opened, working(opened, watching(opened.config)) as jobs:
        alerts = [job for job in jobs if job.key.job == "alerts"]
        line.live(opened, alerts, START + timedelta(minutes=5))
    assert "condition.drift" in str(receiver.messages)
    assert "wangxiaoming" not in str(receiver.messages)

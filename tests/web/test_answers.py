"""What an operator is told is true, and the same on the page, on a terminal and as JSON."""

import json
import re
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx
import pytest

from tests.acceptance.driving import Driver
from tests.web.sites import served
from wpsync import ledger
from wpsync.alerts.conditions import Observed, conditions
from wpsync.config import AlertsConfig
from wpsync.emulator.client import Remote
from wpsync.errors import Message
from wpsync.extract.events import Reason
from wpsync.language import Language, Text
from wpsync.messages import say, shown, terms
from wpsync.messages.catalogue import MESSAGES
from wpsync.resources import RESOURCES
from wpsync.status.resources import Incomplete, ResourceStatus, Status
from wpsync.status.service import JobStatus
from wpsync.status.texts import TEXTS

_WINDOWED = ("calls", "sms", "wechat_messages")


def told(site, language):
    """The headline and its sentences, as the page shows them."""
    page = httpx.get(site.url, headers={"Accept-Language": language}).text
    (head,) = re.findall(r"<h1>(.*?)</h1><p>(.*?)</p>", page)
    return tuple(map(unescape, head))


def on_terminal(driver, language="en"):
    """The same two as one text without line breaks."""
    shown = driver.run("status", WPSYNC_LANG=language).stdout
    return " ".join(shown.partition("Asia/Shanghai")[0].split())


def halted(driver, resource="wechat_messages", *, seconds_ago=60, days=20):
    """Leave a backfill as a killed process leaves it."""
    driver.query(
        "insert into wpsync.backfills (account, resource, starts_at, ends_at, expected_rows, rows_read, started_at,"
        " updated_at, outcome) select 'main', %s, date_trunc('second', now() - %s * interval '1 day'),"
        " date_trunc('second', now()), 1000, 250, now() - interval '1 hour', now() - %s * interval '1 second', 'running'"
        " on conflict (account, resource) do update set starts_at = excluded.starts_at, ends_at = excluded.ends_at,"
        " expected_rows = 1000, rows_read = 250, started_at = excluded.started_at,"
        " updated_at = excluded.updated_at, outcome = 'running' returning 1",
        resource,
        days,
        seconds_ago,
    )


def letters(driver, count, reason="payload_unreadable", resource="wechat_messages"):
    driver.query("delete from wpsync.dead_letters returning 1")
    driver.query(
        "insert into wpsync.dead_letters (account, resource, record_id, reason, error_code, error_params, original,"
        " fingerprint, first_seen_at)"
        " select 'main', %s, n, %s, 'dead_letter.payload_not_json', '{}', '{}', n::text, now()"
        " from generate_series(1, %s) n returning 1",
        resource,
        reason,
        count,
    )


def test_before_anything_was_read_it_says_what_to_start(database_url, tmp_path, emulator):
    driver = Driver(database_url, emulator(messages=100, days=1).url, tmp_path)
    said = on_terminal(driver)
    assert "Nothing has been read yet" in said
    assert "No service is running." in said
    assert "under way" not in said
    assert "还没有数据" in on_terminal(driver, "zh")


@pytest.mark.reads_the_day
@pytest.mark.parametrize("begun", ["wechat_users", "wechat_messages"])
def test_an_interrupted_backfill_is_told_with_how_far_it_is_and_how_to_go_on(
    emulator, database_url, tmp_path, begun
):
    vendor = emulator(messages=3_000, days=10)
    Remote(vendor.url).fault("slow", ms=150, endpoint=RESOURCES[begun].endpoint)
    driver = Driver(database_url, vendor.url, tmp_path, "[backfill]\nwindow_rows = 200\n")
    command = driver.command("backfill", "--from", "12d")
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while not driver.one("select count(*) from wpsync.runs where resource = %s", begun):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    ((name, day),) = driver.query(
        "select resource, (starts_at at time zone 'Asia/Shanghai')::date from wpsync.backfills where outcome = 'interrupted'"
    )
    zh, en = terms.RESOURCES[name].zh, terms.RESOURCES[name].en
    goes_on = f"wpsync backfill --from {day}" if name in _WINDOWED else "wpsync backfill …"
    said = on_terminal(driver)
    assert said.startswith("… The backfill is not finished")
    assert re.search(rf"A backfill was interrupted: {en} [\d,]+ ", said)
    assert f"Run the same command again to continue ({goes_on})." in said
    said = on_terminal(driver, "zh")
    assert f"回填已中断：{zh} " in said
    assert f"再次执行同一命令即可继续（{goes_on}）。" in said
    shown = json.loads(driver.run("status", "--json").stdout)["backfills"]
    assert {one["resource"]: one["outcome"] for one in shown}[name] == "interrupted"
    with served(driver) as site:
        assert told(site, "zh")[0] == "历史回填没有完成"


@pytest.mark.reads_the_day
def test_history_without_anything_that_follows_the_present(emulator, database_url, tmp_path):
    driver = Driver(database_url, emulator(messages=200, days=2).url, tmp_path)
    driver.backfill("3d")
    said = on_terminal(driver)
    assert "History is there; no service keeps it current" in said
    assert "wpsync run" in said


@pytest.mark.reads_the_day
def test_a_backfill_that_was_killed_is_told_while_the_present_is_followed(site):
    halted(site.driver)
    site.driver.query("delete from wpsync.dead_letters returning 1")
    assert told(site, "en") == (
        "Current, but the backfill is not finished",
        "Every day read agrees with the vendor's count. A backfill was interrupted: WeChat messages"
        f" 250 / 1,000 rows (25%). Run the same command again to continue (wpsync backfill --from {since(site)}).",
    )
    assert "数据是最新的，但历史回填没有完成" in on_terminal(site.driver, "zh")
    site.driver.query(
        "update wpsync.runs set outcome = 'running', started_at = now() where id = (select max(id) from wpsync.runs"
        " where resource = 'wechat_messages' and kind = 'backfill') returning 1"
    )
    state = httpx.get(f"{site.url}/api/status").json()
    (mine,) = (one for one in state["resources"] if one["resource"] == "wechat_messages")
    assert mine["last_run"]["outcome"] == "interrupted"
    halted(site.driver, seconds_ago=8 * 86_400)
    assert told(site, "en")[0] == "Everything is there, and current", "given up a week ago"


def since(site):
    return site.driver.one(
        "select (starts_at at time zone 'Asia/Shanghai')::date from wpsync.backfills where resource = 'wechat_messages'"
    )


@pytest.mark.reads_the_day
def test_what_a_killed_backfill_left_is_done_when_it_has_been_read_since(site):
    halted(site.driver, days=2)
    halted(site.driver, "wechat_contacts")
    site.driver.sync(["wechat_contacts"])
    assert told(site, "en")[0] == "Everything is there, and current"
    state = httpx.get(f"{site.url}/api/status").json()
    assert {one["outcome"] for one in state["backfills"]} == {"done"}


@pytest.mark.reads_the_day
def test_a_limit_that_was_lifted_is_no_longer_shown(emulator, database_url, tmp_path):
    driver = Driver(database_url, emulator(messages=200, days=2).url, tmp_path)
    whole = driver.config_file.read_text(encoding="utf-8")
    limited = driver.folder / "limited.toml"
    limited.write_text(whole.replace("messages = 0", "messages = 20"), encoding="utf-8")
    again = [*driver.command("status", "--json")[:3], "--config", str(limited)]
    subprocess.run([*again, "sync"], check=True, capture_output=True)
    shown = subprocess.run([*again, "status"], check=True, capture_output=True, text=True).stdout
    assert re.search(r"wechat/getWeMessageByPage +[█░]+ +\d+ / 20", shown)
    assert "no limit: crm/customerTmp" in shown
    plain = driver.run("status").stdout
    assert " / 20" not in plain
    assert "no limit: all endpoints" in plain
    with served(driver) as site:
        for language, words in (("zh", "<b>不限</b>"), ("en", "<b>no limit</b>")):
            page = httpx.get(site.url, headers={"Accept-Language": language}).text
            assert words in page
            assert "<meter" not in page
        budgets = httpx.get(f"{site.url}/api/status").json()["budgets"]
        assert {one["endpoint"] for one in budgets} == {one.endpoint for one in RESOURCES.values()}
        assert {(one["limit"], one["used"]) for one in budgets} == {(None, None)}


@pytest.mark.reads_the_day
def test_a_few_unreadable_messages_stay_green_and_are_said(site):
    letters(site.driver, 3)
    assert told(site, "en") == (
        "Everything is there, and current",
        "Every resource is up to date, and every day read agrees with the vendor's count."
        " 3 messages have unreadable content (listed below).",
    )
    assert told(site, "zh") == (
        "数据齐全，且是最新的",
        "所有资源均已同步，账本中每一天都与厂商总数核对一致。另有 3 条消息的内容无法解析，已在下方列出。",
    )
    said = on_terminal(site.driver)
    assert said.startswith("✓")
    assert "3 messages have unreadable content (listed below)." in said
    assert "另有 3 条消息的内容无法解析，已在下方列出。" in on_terminal(site.driver, "zh")
    letters(site.driver, 1, reason="no_id", resource="sms")
    assert "1 row could not be accepted (listed below)." in told(site, "en")[1]


@pytest.mark.reads_the_day
def test_so_many_that_somebody_is_told_are_not_green(site):
    letters(site.driver, 101)
    assert told(site, "en")[0] == "Current, but much could not be read"
    assert on_terminal(site.driver).startswith("…")


@pytest.mark.reads_the_day
def test_the_days_are_counted_alike_everywhere(emulator, database_url, tmp_path):
    driver = Driver(database_url, emulator(messages=300, days=35).url, tmp_path)
    driver.backfill("40d", _WINDOWED)
    end = time.monotonic() + 200
    # A day that ended within the last two minutes is not yet accounted for, nor one that began within them.
    while True:
        driver.sync(_WINDOWED)
        shown = driver.run("status").stdout
        lines = {
            name: re.search(rf"^{name} .*[■≠!▪·].*$", shown, re.MULTILINE) for name in _WINDOWED
        }
        if all(one and "▪" in one[0] and "30/30" in one[0] for one in lines.values()):
            break
        assert time.monotonic() < end, shown
        time.sleep(5)
    for line in (one[0] for one in lines.values() if one):
        assert line.rstrip().endswith("30/30"), line
        assert line.count("▪") == 1, "today"
    with served(driver) as site:
        page = httpx.get(site.url, headers={"Accept-Language": "en"}).text
    assert page.count("30 of the last 30 days complete") == len(_WINDOWED)


@pytest.mark.reads_the_day
def test_an_old_window_that_does_not_agree_is_in_every_answer(site):
    site.driver.query(
        "insert into wpsync.windows (account, resource, starts_at, ends_at, vendor_count, rows_seen, rows_held, state,"
        " reason, attempts, read_at, checked_at, retry_at) select 'main', 'calls', d, d + interval '1 day', 5, 4, 4,"
        " 'incomplete', 'rows_missing', 1, now(), now(), now() + interval '1 day'"
        " from unnest(array[90, 300]) back, date_trunc('day', now() - back * interval '1 day', 'Asia/Shanghai') d"
        " returning 1"
    )
    assert told(site, "en")[1].startswith("2 stretches do not agree with the vendor yet")
    said = on_terminal(site.driver)
    assert "Current, but not yet complete" in said
    assert "2 stretches do not agree with the vendor yet" in said


@pytest.mark.reads_the_day
def test_a_day_left_out_between_days_that_were_read_is_in_every_answer(site):
    site.driver.query(
        "delete from wpsync.windows where resource = 'calls' and starts_at <= now() - interval '3 days'"
        " and ends_at > now() - interval '3 days' returning 1"
    )
    assert told(site, "en")[0] == "Current, but with gaps"
    assert told(site, "en")[1].startswith("1 stretches in between are not read yet")
    assert told(site, "zh")[0] == "数据是最新的，但中间有遗漏"
    assert "Current, but with gaps" in on_terminal(site.driver)
    assert site.driver.run("status").returncode == 1


@pytest.mark.reads_the_day
def test_members_are_as_old_as_the_last_pass_over_all_rooms_on_the_page_and_in_sql(site):
    one = "select complete_up_to from wp_bi.data_freshness where resource = 'wechat_room_members'"

    def shown():
        found = httpx.get(f"{site.url}/api/status").json()["resources"]
        (at,) = (r["covered_to"] for r in found if r["resource"] == "wechat_room_members")
        return at and datetime.fromisoformat(at)

    assert shown() == site.driver.one(one)
    site.driver.query(
        "update wpsync.runs set outcome = 'interrupted' where resource = 'wechat_room_members' returning 1"
    )
    assert shown() is None
    assert site.driver.one(one) is None


@pytest.mark.reads_the_day
def test_what_verify_found_and_left_is_in_every_answer_until_it_is_mended(site):
    site.driver.query("delete from wp.calls where id in (select min(id) from wp.calls) returning 1")
    assert site.driver.run("verify", "--resource", "calls").returncode == 1
    assert told(site, "en")[0] in (
        "Current, but verify found differences",
        "Current, but not yet complete",
    )
    ran = site.driver.run("status")
    assert ran.returncode == 1
    assert "disputed: calls: wpsync verify found differences at" in ran.stderr
    mended = site.driver.run("verify", "--resource", "calls", "--repair")
    assert mended.returncode == 0
    assert "calls: done" in mended.stderr
    assert "disputed" not in site.driver.run("status").stderr
    assert told(site, "en")[0] != "Current, but verify found differences"


def test_reports_have_no_vendors_count_and_listings_have_one_that_compares(site):
    state = httpx.get(f"{site.url}/api/status").json()
    found = {one["resource"]: one for one in state["resources"]}
    for name in ("agent_call_totals", "agent_call_days"):
        assert found[name]["rows"] > 0
        assert found[name]["vendor_count"] is None
    for name in ("agents", "wechat_contacts", "wechat_room_members"):
        assert found[name]["vendor_count"] == found[name]["rows"] > 0
    shown = site.driver.run("status").stdout
    assert "Reports have no vendor's count." in shown


@pytest.mark.reads_the_day
def test_an_instance_that_was_killed_is_not_shown_as_running(site):
    site.driver.query(
        "insert into wpsync.instances (id, host, version, role, started_at, seen_at)"
        " select 'x', 'gone', '1', 'leader', now() - interval '1 hour', now() - interval '2 minutes' returning 1"
    )
    assert httpx.get(f"{site.url}/api/status").json()["instances"] == []
    assert "没有正在运行的服务" in site.driver.run("status", WPSYNC_LANG="zh").stdout


def test_every_reason_and_every_resource_has_words_in_both_languages():
    stored = [value for name, value in vars(Reason).items() if name.isupper()]
    stored += [
        ledger.RECOUNT_DUE,
        "payload_unreadable",
        "no_id",
        "not_an_object",
        "refused_by_postgres",
    ]
    for code in stored:
        zh, en = terms.REASONS[code].zh, terms.REASONS[code].en
        assert re.search(r"[\u4e00-\u9fff]", zh), code
        assert code not in zh + en
    assert set(RESOURCES) <= set(terms.RESOURCES)
    assert terms.job("calls recheck") == Text("Calls, recheck", "通话复查")


@pytest.mark.reads_the_day
def test_the_chinese_page_leaves_no_code_to_be_read(site):
    letters(site.driver, 3)
    site.driver.query(
        "update wpsync.windows set state = 'incomplete', reason = 'rows_missing'"
        " where resource = 'calls' and starts_at = (select min(starts_at) from wpsync.windows where resource = 'calls')"
        " returning 1"
    )
    site.driver.query(
        "insert into wpsync.jobs (account, job, every_seconds, failures, error_code, error_params)"
        """ values ('main', 'calls recheck', 15, 1, 'vendor.ip_not_allowed', '{"endpoint": "/x"}') returning 1"""
    )
    site.driver.query(
        "insert into wpsync.drift select 'main', 'wechat_messages', 'field', 'mood', 1, now(), now() returning 1"
    )
    day = site.driver.one(
        "select to_char(min(starts_at) at time zone 'Asia/Shanghai', 'YYYY-MM-DD') from wpsync.windows where resource = 'calls'"
    )
    page = httpx.get(site.url, headers={"Accept-Language": "zh"}).text
    page += httpx.get(
        f"{site.url}/day?day=main/calls/{day}", headers={"Accept-Language": "zh"}
    ).text
    text = unescape(re.sub(r"<[^>]+>", " ", page))
    assert re.findall(r"\b[a-z]+_[a-z_]+\b", text) == []
    for words in (
        "消息内容无法解析",
        "内容不是 JSON",
        "厂商的总数多于实际返回",
        "通话复查",
        "历史回填",
    ):
        assert words in text, words
    assert "the payload is" not in text
    assert 'title="payload_unreadable"' in page
    assert 'title="rows_missing"' in page


def test_one_term_for_one_thing():
    texts = [*TEXTS.values(), *terms.RESOURCES.values()]
    texts += [one for entry in MESSAGES.values() for one in (entry.text, entry.remedy) if one]
    words = " ".join(f"{one.en} {one.zh}" for one in texts)
    for stray in ("好友", "坐席", "待变化", "客服"):
        assert stray not in words


def test_an_alert_names_things_in_chinese_with_the_name_to_search_for():
    now = datetime(2026, 5, 20, tzinfo=UTC)
    late = ResourceStatus("main", "calls", "windowed", minutes_behind=90.0)
    window = Incomplete(
        "main", "sms", now, now + timedelta(days=1), "", 5, 4, "rows_missing", 3, None
    )
    full = Message("database.disk_full", words="No space left on device")
    failing = [
        JobStatus("main", name, 60, None, None, None, "failed", full, 5, 0)
        for name in ("calls", "calls recheck")
    ]
    state = Status(now, resources=[late], incomplete=[window], jobs=failing)
    found = {
        one.kind: say(one.message, Language.ZH)
        for one in conditions(Observed(state), AlertsConfig())
    }
    assert found["stale"].startswith("通话（calls）已有 90 分钟没有更新")
    assert "短信（sms）有窗口" in found["gap"]
    assert "厂商的总数多于实际返回（rows_missing）" in found["gap"]
    assert "通话（calls）、通话复查（calls recheck）" in found["job"]
    assert shown(full, Language.ZH)[0] in found["job"]

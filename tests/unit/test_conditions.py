"""What wakes a person, in which words, and what does not."""

from datetime import UTC, datetime, timedelta

from wpsync.alerts.conditions import CRITICAL, WARNING, Counted, Observed, conditions
from wpsync.config import AlertsConfig
from wpsync.errors import Message
from wpsync.status.resources import Incomplete, ResourceStatus, Status, TokenStatus
from wpsync.status.service import Budget, JobStatus, Outage

NOW = datetime(2026, 5, 20, 6, tzinfo=UTC)  # 14:00 in Shanghai
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SILENT = Message("vendor.unreachable", {"endpoint": "/x", "error": "ConnectError"})


def job(name="calls", error=None, failures=0, every=60):
    return JobStatus("main", name, every, NOW + 5 * MINUTE, NOW, NOW, "failed", error, failures, 0)


def late(name="calls", minutes=90.0):
    return ResourceStatus("main", name, "windowed", minutes_behind=minutes)


def listing(resource, reason, parent=""):
    return Incomplete("main", resource, NOW, None, parent, 9, 0, reason, 1, None)


def found(counted=(), **state):
    seen = Observed(Status(NOW, **state), counted)
    return {one.kind: one for one in conditions(seen, AlertsConfig())}


def test_a_vendor_that_is_away_is_one_trouble_not_one_for_each_resource_and_job():
    told = found(
        outages=[Outage("main", NOW - 88 * MINUTE, SILENT)],
        resources=[late(), late("sms")],
        jobs=[job("calls", SILENT, 9), job("sms", SILENT, 9)],
        counted=[Counted("main", "calls", 0, (20, 20, 20, 20))],
    )
    assert list(told) == ["vendor"]
    one = told["vendor"]
    assert (one.severity, one.hold) == (CRITICAL, 15 * MINUTE)
    assert "厂商接口自 12:32 起没有正常应答（无法连接厂商接口（/x，ConnectError））" in one.zh
    assert "The vendor has not answered since 12:32" in one.en


def test_what_was_behind_before_the_vendor_went_away_is_told_for_itself():
    told = found(
        outages=[Outage("main", NOW - 10 * MINUTE, SILENT)], resources=[late()], jobs=[job()]
    )
    assert set(told) == {"vendor", "stale"}


def test_after_an_outage_there_is_time_to_catch_up():
    told = found(resources=[late()], jobs=[job(failures=0)])
    assert told["stale"].hold == 10 * MINUTE
    told = found(resources=[late()], jobs=[job(error=SILENT, failures=1)])
    assert told["stale"].hold == 2 * MINUTE
    hourly = found(jobs=[job("agents", SILENT, 3, every=600)])["job"]
    assert (hourly.hold, hourly.severity) == (12 * MINUTE, WARNING)


def test_what_is_stale_names_its_cause_and_what_comes_next():
    slow = Message("vendor.too_fast", {"endpoint": "/x"})
    told = found(resources=[late()], jobs=[job(error=slow, failures=40)])
    assert told["stale"].zh == (
        "通话（calls）已有 90 分钟没有更新：厂商提示请求过于频繁（/x），将在 14:05 自动重试。"
    )
    assert told["stale"].en == (
        "calls has not been current for 90 minutes: the vendor says requests come too fast (/x);"
        " it is tried again at 14:05."
    )


def test_a_vendor_that_finds_us_too_fast_for_hours_is_the_cause_and_not_our_budget():
    def told(slowed_to):
        waiting = Budget("main", "/api/device/call", 1, 20, None, True, slowed_to)
        return found(resources=[late()], jobs=[job()], budgets=[waiting])

    slowed, short = told(1), told(None)
    assert slowed["budget"].en.startswith("/api/device/call: ")
    assert slowed["stale"].hold == 2 * MINUTE
    for kind in ("stale", "budget"):
        assert "已自动降到每分钟 1 次" in slowed[kind].zh
        assert "ask the vendor how many it allows" in slowed[kind].en
        assert "raise" not in slowed[kind].en
        assert "raise limits.requests_per_minute" in short[kind].en


def test_a_full_disk_wakes_somebody_and_a_report_that_fails_does_not():
    full = Message("database.disk_full", words="No space left on device")
    told = found(jobs=[job("agents", Message("vendor.wrong_parameter", {"endpoint": "/x"}), 3)])
    assert told["job"].severity == WARNING
    told = found(jobs=[job("calls", full, 3)])
    assert told["job"].severity == CRITICAL
    assert "数据库磁盘已满：“No space left on device”" in told["job"].zh


def test_rejected_credentials_are_one_trouble():
    pair = TokenStatus("main", NOW, NOW, NOW, NOW + DAY, NOW + DAY, 1, encrypted=False)
    said = Message("vendor.credentials_rejected", {"account": "main", "until": NOW})
    assert list(found(tokens=[pair], jobs=[job(error=said, failures=5)])) == ["credentials"]


def test_a_listing_is_told_in_words_of_a_listing():
    agents = found(incomplete=[listing("agent_call_days", "unreadable")])["gap"]
    assert "部分座席的数据长时间读不出来" in agents.zh
    assert "last_run.error" in agents.en
    contacts = found(incomplete=[listing("wechat_contacts", "suspiciously_empty")])["gap"]
    assert "微信联系人（wechat_contacts）的列表长时间读不完整" in contacts.zh
    one = found(incomplete=[listing("wechat_room_members", "unreadable", "r1")])["gap"]
    assert "1 room is not wholly read" in one.en
    for told in (agents, contacts, one):
        assert "verify" not in told.zh + told.en
        assert told.hold == timedelta(hours=6)


def test_a_listing_that_is_longer_than_the_vendor_shows_is_not_also_behind_for_ever():
    held = ResourceStatus("main", "wechat_contacts", "listing", minutes_behind=9_000.0)
    told = found(
        resources=[held],
        jobs=[job("wechat_contacts", every=600)],
        incomplete=[listing("wechat_contacts", "over_page_cap")],
    )
    assert list(told) == ["cut"]


def test_seconds_that_the_vendor_cannot_serve_are_not_to_be_repaired():
    def window(reason):
        return Incomplete("main", "sms", NOW - DAY, NOW, "", 9, 0, reason, 9, None)

    told = found(incomplete=[window("unreadable"), window("unreadable")])["gap"]
    assert "（共 2 个）" in told.zh
    assert "show the vendor these stretches" in told.en
    assert "verify" not in told.zh + told.en
    both = found(incomplete=[window("unreadable"), window("rows_missing")])["gap"]
    assert "（unreadable）、厂商的总数多于实际返回（rows_missing）" in both.zh
    assert "wpsync verify --repair" in both.en


def test_silence_is_nobodys_fault_where_we_have_not_read():
    counted = [Counted("main", "calls", 0, (20, 20, 20, 20))]
    assert list(found(counted)) == ["silence"]
    assert list(found(counted, resources=[late()], jobs=[job()])) == ["stale"]

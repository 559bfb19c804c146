"""Which trouble makes a condition, with which message, and which does not."""

from datetime import UTC, datetime, timedelta

from wpsync import messages
from wpsync.alerts.conditions import CRITICAL, WARNING, Counted, Observed, conditions
from wpsync.config import AlertsConfig
from wpsync.errors import Message
from wpsync.language import Language
from wpsync.messages import say
from wpsync.policy import DEFAULT, Incidents
from wpsync.status.resources import Incomplete, ResourceStatus, Status, TokenStatus
from wpsync.status.service import Budget, JobStatus, Outage

NOW = datetime(2026, 5, 20, 6, tzinfo=UTC)  # 14:00 in Shanghai
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CALLS = "/api/device/call"
SILENT = Message("vendor.unreachable", {"endpoint": "/x", "error": "ConnectError"})
EN, ZH = Language.EN, Language.ZH


def remedy(message, language):
    """The remedy of a message that has one."""
    found = messages.remedy(message, language)
    assert found is not None
    return found


def job(name="calls", error=None, failures=0, every=60):
    return JobStatus("main", name, every, NOW + 5 * MINUTE, NOW, NOW, "failed", error, failures, 0)


def late(name="calls", minutes=90.0):
    return ResourceStatus("main", name, "windowed", minutes_behind=minutes)


def listing(resource, reason, parent=""):
    return Incomplete("main", resource, NOW, None, parent, 9, 0, reason, 1, None)


def found(counted=(), rules=DEFAULT.incidents, clocks=None, **state):
    seen = Observed(Status(NOW, **state), counted, clocks=clocks or {})
    return {one.kind: one for one in conditions(seen, AlertsConfig(), rules)}


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
    assert one.message == Message(
        "condition.vendor_away", {"since": NOW - 88 * MINUTE, "error": SILENT}
    )
    assert "厂商接口自 2026-05-20 12:32 起没有正常应答（" + say(SILENT, ZH) in say(one.message, ZH)
    assert remedy(one.message, EN) == remedy(SILENT, EN)


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
    slow = Message("vendor.too_fast", {"endpoint": CALLS})
    stale = found(resources=[late()], jobs=[job(error=slow, failures=40)])["stale"].message
    assert stale.params["cause"] == Message(
        "cause.job_waiting", {"error": slow, "next_at": NOW + 5 * MINUTE}
    )
    assert say(stale, ZH) == (
        f"通话（calls）已有 90 分钟没有更新：{say(slow, ZH)}，将在 2026-05-20 14:05 自动重试"
    )
    assert say(stale, EN) == (
        f"Calls is 90 minutes behind: {say(slow, EN)}; next try at 2026-05-20 14:05"
    )
    assert remedy(stale, ZH) == remedy(slow, ZH)


def test_a_vendor_that_finds_us_too_fast_for_hours_is_the_cause_and_not_our_budget():
    def told(slowed_to):
        waiting = Budget("main", CALLS, 1, 20, None, True, slowed_to)
        return found(resources=[late()], jobs=[job()], budgets=[waiting])

    slowed, short = told(1), told(None)
    assert slowed["budget"].message.params["endpoint"] == CALLS
    assert slowed["stale"].hold == 2 * MINUTE
    for kind in ("stale", "budget"):
        assert slowed[kind].message.params["cause"] == Message("cause.slowed", {"per_minute": 1})
        assert "ask the vendor how many requests it allows" in remedy(slowed[kind].message, EN)
        assert "raise limits.requests_per_minute" in remedy(short[kind].message, EN)


def test_a_full_disk_wakes_somebody_and_a_report_that_fails_does_not():
    wrong = Message("vendor.wrong_parameter", {"endpoint": "/x"})
    full = Message("database.disk_full", words="No space left on device")
    told = found(jobs=[job("agents", wrong, 3)])
    assert told["job"].severity == WARNING
    told = found(jobs=[job("calls", full, 3)])
    assert told["job"].severity == CRITICAL
    assert told["job"].message.params["errors"] == [full]


def test_conditions_follow_the_rules_that_they_are_given():
    wrong = Message("vendor.wrong_parameter", {"endpoint": "/x"})
    rules = Incidents(failures=2, hold=7 * MINUTE, usual_weeks=1, usual_rows=1, silence=DAY)
    counted = [Counted("main", "sms", 0, (1,))]
    assert found(counted, jobs=[job("agents", wrong, 2)]) == {}
    told = found(counted, rules, jobs=[job("agents", wrong, 2)])
    assert {kind: one.hold for kind, one in told.items()} == {"job": 7 * MINUTE, "silence": DAY}


def test_every_error_of_failing_jobs_is_shown_once():
    first = Message("vendor.ip_not_allowed", {"endpoint": CALLS})
    second = Message("vendor.wrong_parameter", {"endpoint": "/x"})
    again = Message("vendor.ip_not_allowed", {"endpoint": "/y"})
    jobs = [job("calls", first, 3), job("sms", second, 3), job("agents", again, 3)]
    told = found(jobs=jobs)["job"].message
    assert [one.code for one in told.params["errors"]] == [first.code, second.code]
    assert told.params["jobs"] == ["calls", "sms", "agents"]
    assert say(second, ZH) in say(told, ZH)
    assert remedy(told, ZH) == remedy(first, ZH)


def test_rejected_credentials_are_one_trouble():
    pair = TokenStatus("main", NOW, NOW, NOW, NOW + DAY, NOW + DAY, 1, encrypted=False)
    said = Message("vendor.credentials_rejected", {"account": "main", "until": NOW + DAY})
    assert list(found(tokens=[pair], jobs=[job(error=said, failures=5)])) == ["credentials"]


def test_a_listing_is_told_in_words_of_a_listing():
    agents = found(incomplete=[listing("agent_call_days", "unreadable")])["gap"]
    assert agents.message.code == "condition.report_incomplete"
    assert "last_run" in remedy(agents.message, EN)
    contacts = found(incomplete=[listing("wechat_contacts", "suspiciously_empty")])["gap"]
    assert contacts.message.code == "condition.listing_incomplete"
    one = found(incomplete=[listing("wechat_room_members", "unreadable", "r1")])["gap"]
    assert one.message.code == "condition.members_incomplete"
    assert one.message.params["rooms"] == 1
    for told in (agents, contacts, one):
        assert "verify" not in say(told.message, EN) + remedy(told.message, EN)
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

    told = found(incomplete=[window("unreadable"), window("unreadable")])["gap"].message
    assert told.code == "condition.windows_unreadable"
    assert "（共 2 个）" in say(told, ZH)
    assert "report these times to the vendor" in remedy(told, EN)
    assert "verify" not in say(told, EN) + remedy(told, EN)
    both = found(incomplete=[window("unreadable"), window("rows_missing")])["gap"].message
    assert "（unreadable）、厂商的总数多于实际返回（rows_missing）" in say(both, ZH)
    assert "wpsync verify --repair" in remedy(both, EN)


def test_silence_is_nobodys_fault_where_we_have_not_read():
    counted = [Counted("main", "calls", 0, (20, 20, 20, 20))]
    assert list(found(counted)) == ["silence"]
    assert list(found(counted, resources=[late()], jobs=[job()])) == ["stale"]


def test_a_vendors_clock_is_trouble_where_it_differs_by_more_than_a_day_or_is_none():
    def told(ahead):
        return {kind: one.message for kind, one in found(clocks={"main": ahead}).items()}

    behind = Message("condition.vendor_clock_behind", {"days": 13_000})
    assert told(13_000 * DAY) == {"clock": behind}
    assert told(-3 * DAY) == {"clock": Message("condition.vendor_clock_ahead", {"days": 3})}
    assert told(None) == {"clock": Message("condition.vendor_tells_no_time")}
    assert told(DAY) == told(-DAY) == told(timedelta(0)) == {}
    for ahead in (5 * DAY, -5 * DAY, None):
        for language in (EN, ZH):
            (message,) = told(ahead).values()
            assert say(message, language)
            assert remedy(message, language)

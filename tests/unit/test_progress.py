"""What a long command tells while it works: in virtual time, with the real limits."""

import io
import itertools
import logging
import sys
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from tests.fake_clock import FakeClock
from wpsync import log
from wpsync.api.limits import Limits, Wait
from wpsync.cli.eta import Eta, Step
from wpsync.cli.progress import Bar, Shown, _Lines, _Seldom, ending, line, progress
from wpsync.model import Priority

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def clock():
    return FakeClock(START)


def lines(clock):
    return Shown(Eta(clock.monotonic), _Lines(_Seldom(clock.monotonic)))


def test_who_waits_for_the_request_limit_says_so_and_for_how_long(clock, capsys):
    shown = lines(clock)
    limits = Limits({"/calls": 20}, clock=clock, on_wait=shown.waits)
    shown.begin("calls", 1_000)
    for _ in range(60):
        limits.ended("/calls", limits.acquire("/calls", Priority.BACKFILL))
    said = capsys.readouterr().err.splitlines()
    assert said
    for one in said:
        assert "waiting for the request limit: 20 a minute; next request in" in one
    minutes = clock.monotonic() / 60
    assert len(said) < 12 * minutes  # never more than one in five seconds


def test_lines_get_rarer_the_longer_it_takes(clock):
    seldom, said = _Seldom(clock.monotonic), []
    for _ in range(2 * 3_600):
        clock.sleep(0.5)
        if seldom.is_due():
            said.append(clock.monotonic())
    gaps = [after - before for before, after in itertools.pairwise(said)]
    assert gaps == sorted(gaps)
    assert (min(gaps), max(gaps)) == (5, 60)


def test_the_wait_is_as_long_as_the_limit_says(clock):
    heard: list[Wait] = []
    limits = Limits({"/rooms": 20}, clock=clock, on_wait=heard.append)
    for _ in range(21):
        limits.ended("/rooms", limits.acquire("/rooms"))
    assert heard[0].seconds == pytest.approx(60, abs=0.1)
    assert (heard[0].per_minute, heard[0].is_pause) == (20, False)
    assert [one.seconds for one in heard] == sorted((one.seconds for one in heard), reverse=True)
    limits.slow_down("/rooms", timedelta(seconds=7))
    heard.clear()
    limits.acquire("/rooms")
    assert (heard[0].seconds, heard[0].is_pause) == (7, True)
    tally = Eta(clock.monotonic)
    tally.begin("wechat_rooms", None)
    tally.wait(heard[0])
    assert "pause; next request in 7 s" in line(tally.seen())


def test_the_time_left_counts_the_limit_and_what_comes_afterwards(clock):
    tally = Eta(clock.monotonic)
    tally.expect([Step("calls", 100, 300.0), Step("sms", 20, 60.0), Step("wechat_chats", 0, 0.0)])
    tally.begin("calls", 5_000)
    clock.sleep(1)
    tally.advance(2_500)  # half in a second; but the limit lets the rest pass in 150 s only
    seen = tally.seen()
    assert (seen.left, seen.left_in_all) == (150, 210)
    assert "50%, 2,500/5,000 rows, 2 min left (4 min in all)" in line(seen)
    tally.begin("sms", 100)
    assert (tally.seen().left, tally.seen().left_in_all) == (60, None)


def test_the_percent_is_the_share_of_the_rows_that_are_told(clock):
    tally = Eta(clock.monotonic)
    tally.expect([Step("wechat_messages", 100, 300.0)])
    tally.begin("wechat_messages", 10_000)
    for _ in range(3):
        tally.request()
    tally.advance(100)
    assert "1%, 100/10,000 rows" in line(tally.seen())
    tally.advance(-100)  # the page is read again
    assert "0%, 0/10,000 rows" in line(tally.seen())
    tally.advance(9_999)
    assert "99%, 9,999/10,000 rows" in line(tally.seen())
    tally.advance(2)  # one came since the vendor counted
    assert "100%, 10,001/10,001 rows" in line(tally.seen())


def test_what_was_read_before_counts_in_what_is_told_and_not_in_the_time_left(clock):
    tally = Eta(clock.monotonic)
    tally.expect([Step("calls", 10, 0.0)])
    tally.begin("calls", 1_000, already=9_000)
    assert "90%, 9,000/10,000 rows" in line(tally.seen())
    clock.sleep(60)
    tally.advance(500)
    assert tally.seen().left == 60  # half of what was left took a minute
    assert ending("done", tally.seen()) == ("calls: done, 500 rows (9,000 before)")
    tally.begin("agents", 0, already=1)
    assert "100%, 1/1 row" in line(tally.seen())


def test_days_without_rows_take_their_time_when_all_rows_are_there(clock):
    tally = Eta(clock.monotonic)
    tally.expect([Step("calls", 20, 60.0, is_sparse=True)])
    tally.begin("calls", 45)
    for request in range(5):
        clock.sleep(6)  # another process uses half of the limit
        tally.request()
        tally.advance(15 if request < 3 else 0)
    assert tally.seen().left == 90
    assert "25%, 5/20 requests, 45/45 rows, 2 min left" in line(tally.seen())
    tally.expect([Step("sms", 100, 0.0)])
    tally.begin("sms", 10)
    tally.advance(10)
    assert line(tally.seen()) == "sms: 100%, 10/10 rows"


def test_requests_tell_how_far_it_is_where_no_rows_are_known(clock):
    tally = Eta(clock.monotonic)
    tally.expect([Step("wechat_room_members", 40, 120.0)])
    tally.begin("wechat_room_members", None)
    for _ in range(10):
        tally.request()
    assert "25%, 10/40 requests" in line(tally.seen())


def test_a_wait_that_is_over_is_no_longer_shown(clock):
    tally = Eta(clock.monotonic)
    tally.begin("calls", None)
    tally.wait(Wait("/calls", 3.0, 20, is_pause=False))
    assert tally.seen().wait is not None
    clock.sleep(5)
    assert tally.seen().wait is None
    assert line(tally.seen()) == "calls: 0 rows"


def test_a_bar_holds_what_is_read_the_time_left_and_the_wait_within_80_columns(clock):
    tally = Eta(clock.monotonic)
    tally.expect([Step("wechat_messages", 10_000, 30_000.0), Step("agent_call_days", 30, 30.0)])
    tally.begin("wechat_messages", 1_000_000)
    clock.sleep(60)
    tally.advance(123_456)
    tally.wait(Wait("/messages", 12.4, 20, is_pause=False))
    out = io.StringIO()
    console = Console(file=out, width=80)
    console.print(Bar(tally, console))
    drawn = out.getvalue().splitlines()
    assert len(drawn) == 3
    assert "123,456/1,000,000 rows" in drawn[0]
    assert "7 h left (7 h in all)" in drawn[1]
    assert "waiting for the request limit: 20 a minute; next request in 12 s" in drawn[2]


@pytest.mark.parametrize(
    ("form", "level", "told"),
    [("text", "info", False), ("text", "debug", True), ("json", "info", True)],
)
def test_single_windows_are_logged_only_as_json_or_verbose(form, level, told, monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    root = logging.getLogger()
    handlers, before = root.handlers[:], root.level
    hooks = sys.excepthook
    try:
        log.setup(level, form, out)
        with progress(form) as shown:
            shown.begin("calls", None)
            logging.getLogger("wpsync.test").info("window.closed", extra={"resource": "calls"})
            logging.getLogger("wpsync.test").warning("window.incomplete")
            shown.end("calls", "done")
        logging.getLogger("wpsync.test").info("window.closed", extra={"resource": "sms"})
    finally:
        root.handlers[:], sys.excepthook = handlers, hooks
        root.setLevel(before)
    said = out.getvalue()
    assert ("resource=calls" in said or '"window.closed", ' in said) is told
    assert "window.incomplete" in said
    assert "sms" in said
    if form == "json":
        assert '"resource.ended"' in said
    else:
        assert "calls: done, 0 rows" in said

"""`wpsync status`: what the page shows, on a terminal of 80 columns and in a pipe."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from rich.cells import cell_len

from wpsync.loading.table_stats import table_counts
from wpsync.messages.catalogue import MESSAGES
from wpsync.resources import RESOURCES
from wpsync.status import calendar
from wpsync.values import SHANGHAI

pytestmark = pytest.mark.reads_the_day

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
_SIGNS = {"complete": "■", "differing": "≠", "incomplete": "!", "partial": "▪", "unread": "·"}


def on_terminal(driver, columns):
    """`status` on a terminal of so many columns: everything that it shows, escape codes included."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {
        name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")
    }
    with subprocess.Popen(
        [sys.executable, "-m", "wpsync", "--config", str(driver.config_file), "status"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment | {"TERM": "xterm-256color"},
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 65_536):
                shown += part
        except OSError:  # the other end is closed
            pass
        os.close(ours)
    assert process.returncode in (0, 1)
    return shown.decode().replace("\r\n", "\n")


def test_in_a_pipe_it_is_plain_and_answers_as_the_page_does(site):
    ran = site.driver.run("status")
    assert "\x1b" not in ran.stdout + ran.stderr
    page = httpx.get(site.url, headers={"Accept-Language": "en"}).text
    answer = re.findall(r"<h1>(.*?)</h1>", page)[0]
    assert answer in ran.stdout.splitlines()[0]
    for name in RESOURCES:
        assert re.search(rf"^{name} ", ran.stdout, re.MULTILINE), name
    for title in (
        "The last 30 days",
        "The last 48 hours",
        "Request budget",
        "Service",
        "Open points",
    ):
        assert title in ran.stdout
    assert "tokens of main: " in ran.stdout


def test_on_80_columns_nothing_is_cut_or_broken(driver):
    driver.query(
        "update wpsync.jobs set failures = 3, error_code = 'database.read_only', error_params = '{}' returning 1"
    )
    sentence = "有窗口长时间无法与厂商总数核对一致请在状态页的完整性日历中查看" * 2
    driver.query(
        "insert into wpsync.incidents (kind, account, resource, severity, error_code, error_params, first_seen_at,"
        " opened_at, last_seen_at) values ('credentials', 'main', '', 'warning', 'condition.credentials',"
        " jsonb_build_object('account', %s::text), now(), now(), now()) returning 1",
        sentence,
    )
    shown = on_terminal(driver, 80)
    assert "\x1b[" in shown
    lines = _ESCAPE.sub("", shown).splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert not any(line.rstrip().endswith("…") for line in lines)
    assert sentence in re.sub(r"\s+", "", "".join(lines))
    for name in RESOURCES:
        assert any(line.startswith(f"{name} ") for line in lines), name


def test_the_calendar_shows_each_day_by_a_sign_that_needs_no_colour(driver):
    today = datetime.now(UTC).astimezone(SHANGHAI).date()
    for state, back in (("incomplete", 2), ("differing", 3)):
        change = "state = 'incomplete'" if state == "incomplete" else "rows_held = rows_held + 1"
        driver.query(
            f"update wpsync.windows set {change}, reason = 'rows_missing'"
            " where resource = 'calls' and (starts_at at time zone 'Asia/Shanghai')::date = %s returning 1",
            today - timedelta(days=back),
        )
    before = days_of_calls(driver)
    ran = driver.run("status")
    assert ran.returncode == 1
    assert "incomplete: calls" in ran.stderr
    (line,) = re.findall(r"^calls +((?:[■≠!▪·]+ ?)+)  ", ran.stdout, re.MULTILINE)
    signs = {
        "".join(_SIGNS[day.state] for day in days): days for days in (before, days_of_calls(driver))
    }  # two where midnight came in between
    shown = signs[line.replace(" ", "")]
    assert {"≠", "!", "·"} <= set(line)
    mondays = [day.day for day in shown if day.day.weekday() == 0]
    assert f" {mondays[-1]:%m-%d}" in ran.stdout


def days_of_calls(driver):
    """The last 30 days of the calendar that are over, and today."""
    with driver.account() as account:
        found = calendar.read(account.database, account.clock.now(), ["main"], weeks=26)
    return next(one.days[-31:] for one in found if one.resource == "calls")


def test_dead_letters_of_one_kind_stand_in_one_line(driver):
    driver.query("delete from wpsync.dead_letters returning 1")
    driver.query(
        "insert into wpsync.dead_letters (account, resource, reason, error_code, error_params, original, fingerprint,"
        " first_seen_at) select 'main', 'sms', 'no_id', 'dead_letter.no_id', '{}', '{}', n::text, now() from generate_series(1, 7) n returning 1"
    )
    shown = driver.run("status").stdout
    (line,) = re.findall(r"^sms: no usable id: .*$", shown, re.MULTILINE)
    assert MESSAGES["dead_letter.no_id"].text.en in line
    assert "6 more like it" in line
    assert "sms: rows that could not be taken (dead letters): 7" in shown


def test_in_a_pipe_lines_are_whole_unless_columns_says_how_wide_it_is(driver):
    driver.query(
        "insert into wpsync.backfills (account, resource, starts_at, ends_at, rows_read, started_at, updated_at, outcome)"
        " values ('main', 'sms', date_trunc('day', now()) - interval '400 days', date_trunc('day', now()), 0, now(), now(), 'failed')"
        " on conflict (account, resource) do update set starts_at = excluded.starts_at, outcome = 'failed' returning 1"
    )
    driver.query(
        "update wpsync.windows set state = 'incomplete', reason = 'rows_missing' returning 1"
    )
    whole = driver.run("status")
    (detail,) = re.findall(
        r"^  .*A backfill stopped with an error: .*$", whole.stdout, re.MULTILINE
    )
    assert cell_len(detail) > 140
    assert detail.rstrip().endswith(".")
    for line in whole.stderr.splitlines():
        assert re.match(r"(incomplete|disputed|warning|critical): |  ", line), line
    narrow = driver.run("status", COLUMNS="70")
    assert max(map(cell_len, (narrow.stdout + narrow.stderr).splitlines())) <= 70


def test_rows_that_are_marked_as_deleted_are_told_apart(driver):
    gone = "update wp.wechat_contacts set _deleted_at = now() where id = (select max(id) from wp.wechat_contacts)"
    driver.query(f"{gone} returning 1")
    said = driver.run("status").stdout
    assert "Of which marked as deleted: wechat_contacts 1\n" in said
    with driver.account() as account:
        counts = {name: (rows, deleted) for name, rows, deleted in table_counts(account.database)}
    held = driver.one("select count(*) from wp.wechat_contacts")
    assert counts["wp.wechat_contacts"] == (held, 1)
    assert counts["wp.calls"][1] == 0

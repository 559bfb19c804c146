"""The words of commands: counted right, and no more than can be read."""

import json
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.driving import Driver
from wpsync import config
from wpsync.backfill.plan import Plan, make_plan
from wpsync.backfill.run import span_of
from wpsync.emulator.client import Remote
from wpsync.model import Window
from wpsync.resources import RESOURCES
from wpsync.status.texts import counted
from wpsync.values import SHANGHAI


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1_000, "1,000 rows")]
)
def test_one_is_singular(number, said):
    assert counted(number, "row") == said


@pytest.mark.reads_the_day
def test_verify_shows_a_few_ids_of_a_window_and_how_many_more_there_are(
    emulator, database_url, tmp_path
):
    driver = Driver(database_url, emulator(messages=700, days=3).url, tmp_path)
    driver.backfill("2d", ["calls"])
    day = "(began_at at time zone 'Asia/Shanghai')::date"
    before = "(now() at time zone 'Asia/Shanghai')::date"
    lost = driver.query(f"delete from wp.calls where {day} < {before} returning id, {day}")
    ran = driver.run("verify", "--resource", "calls")
    assert ran.returncode == 1
    shown = Counter(re.findall(r"^(missing: wp\.calls) ", ran.stdout, re.MULTILINE)).total()
    windows = Counter(day for _, day in lost)
    assert shown == sum(min(5, rows) for rows in windows.values())
    assert max(windows.values()) > 5
    for rows in windows.values():
        if rows > 5:
            said = f"and {rows - 5} more of this window (all: --json)"
            assert said in ran.stdout
    assert "differ: rows found missing, altered" in ran.stdout
    found = json.loads(driver.run("verify", "--resource", "calls", "--json").stdout)
    assert {one["key"] for finding in found for one in finding["differences"]} == {
        identifier for identifier, _ in lost
    }


def test_migrations_are_told_once(emulator, empty_database_url, tmp_path):
    driver = Driver(empty_database_url, emulator(messages=100, days=2).url, tmp_path)
    ran = driver.run("migrate")
    assert ran.returncode == 0, ran.stderr
    assert re.fullmatch(
        r"(\d+): The first schema.*\n1 migration applied, up to \1\n"
        r"views and functions created or replaced: (wp\w+\.\w+(, )?)+\n",
        ran.stdout,
    )
    assert ran.stderr == ""
    assert driver.run("migrate").stdout == "the schema is current\n"


@pytest.mark.reads_the_day
def test_a_backfill_says_one_number_of_rows_and_what_was_there_before(
    emulator, database_url, tmp_path
):
    wednesday = datetime(2024, 1, 17, 14, tzinfo=SHANGHAI)  # on a Sunday little is written
    vendor = emulator(messages=3_000, days=5, now=wednesday, frozen=True)
    driver = Driver(database_url, vendor.url, tmp_path)
    until = "--to", f"{wednesday:%Y-%m-%d %H:%M:%S}"
    ran = driver.run("backfill", "--from", "2024-01-16", *until)
    assert ran.returncode == 0, ran.stderr
    told = dict(re.findall(r"^(\w+): done, ([\d,]+) rows?$", ran.stderr, re.MULTILINE))
    table = {row[0]: row[2] for row in map(str.split, ran.stdout.splitlines()[1:])}
    assert told == table
    assert int(told["wechat_messages"].replace(",", "")) > 500
    ran = driver.run("backfill", "--from", "2024-01-14", *until)
    assert re.search(r"wechat_messages: done, [\d,]+ rows \([\d,]+ before\)", ran.stderr)
    assert f"wechat_users: done, 0 rows ({told['wechat_users']} before)" in ran.stderr


@pytest.mark.reads_the_day
def test_a_backfill_that_goes_on_keeps_its_scale(emulator, database_url, tmp_path):
    vendor = emulator(messages=3_000, days=5)
    driver = Driver(database_url, vendor.url, tmp_path)

    def planned(start: str) -> Plan:
        with driver.account() as account:
            now = account.clock.now()
            span = span_of(config.parse_instant(start, now=now), None, now)
            messages = RESOURCES["wechat_messages"]
            return make_plan(account, messages, span, again=False, per_minute=0)

    fresh = planned("3d")
    driver.backfill("1d", ["wechat_messages"])
    rest = planned("3d")
    assert fresh.already == 0
    assert rest.already > 0
    assert fresh.rows is not None
    assert rest.rows is not None
    assert abs(rest.already + rest.rows - fresh.rows) < 20  # what is too fresh to be vouched for


@pytest.mark.reads_the_day
def test_times_say_whose_they_are(emulator, database_url, tmp_path):
    vendor = emulator(messages=300, days=3)
    driver = Driver(database_url, vendor.url, tmp_path)
    driver.backfill("1d", ["calls"])
    heading, tokens = driver.run("token", "show").stdout.splitlines()
    assert "issued (Shanghai)" in heading
    local = driver.one("select issued_at from wpsync.tokens").astimezone(SHANGHAI)
    assert f"{local:%Y-%m-%d %H:%M:%S}" in tokens
    (told,) = json.loads(driver.run("token", "show", "--json").stdout)
    assert datetime.fromisoformat(told["issued_at"]) == local
    assert datetime.fromisoformat(told["issued_at"]).tzinfo is not None
    Remote(vendor.url).settings(client_secret="another")
    driver.query("delete from wpsync.tokens returning 1")
    ran = driver.run("sync", "calls")
    until = (driver.one("select paused_until from wpsync.tokens")).astimezone(SHANGHAI)
    assert f"next login after {until:%Y-%m-%d %H:%M}" in ran.stderr
    receipt = driver.run("erase", "--phone", "13800138000", "--yes").stdout.splitlines()[0]
    assert " Asia/Shanghai, by " in receipt


def test_a_window_is_written_in_the_time_that_people_live_by():
    start = datetime(2026, 5, 20, tzinfo=SHANGHAI)
    window = Window(start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC))
    assert str(window) == "2026-05-20T00:00:00+08:00/2026-05-21T00:00:00+08:00"


@pytest.mark.parametrize(
    ("option", "number", "said"),
    [("--phone", "19912345678", "phone"), ("--wx", "wxid_nobody", "WeChat")],
)
def test_erasing_nobody_says_so_and_keeps_the_receipt(
    option, number, said, emulator, database_url, tmp_path
):
    driver = Driver(database_url, emulator(messages=300, days=3).url, tmp_path)
    for more in ((), ("--json",)):
        ran = driver.run("erase", option, number, "--yes", *more)
        assert ran.returncode == 0
        assert f"no data of this {said} number was found, and nothing was removed" in ran.stderr
    assert driver.one("select count(*) from wpsync.erasures") == 2


def test_an_embedded_database_says_how_long_it_can_be_reached(
    database_url, server_folder, emulator, tmp_path
):
    driver = Driver(database_url, emulator(messages=100, days=2).url, tmp_path)
    own = driver.run("bi-role", f"reader_{tmp_path.name[-8:]}")
    assert own.returncode == 0, own.stderr
    assert "only while a wpsync works" not in own.stderr
    file = tmp_path / "embedded.toml"
    file.write_text(
        f'data_dir = "{server_folder}/data"\n[accounts.main]\nclient_id = "x"\nclient_secret = "y"\n'
    )
    command = [sys.executable, "-m", "wpsync", "--config", str(file)]
    subprocess.run([*command, "migrate"], capture_output=True, check=True, timeout=60)
    ran = subprocess.run(
        [*command, "bi-role", "reader"], capture_output=True, check=True, text=True, timeout=60
    )
    assert "only while a wpsync works" in ran.stderr

"""The commands as a data engineer types them: what they say, where, and with which exit status."""

import json
import os
import pty
import re
import signal
import stat
import subprocess
import sys
import time
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from cryptography.fernet import Fernet

from tests.acceptance.driving import CLIENT, Driver
from wpsync.emulator.client import Remote


@pytest.mark.reads_the_day
def test_a_backfill_in_a_pipe_has_a_line_per_resource_and_none_per_window(
    emulator, database_url, tmp_path
):
    vendor = emulator(messages=300, days=5)
    ran = Driver(database_url, vendor.url, tmp_path).run("backfill", "--from", "3d")
    assert ran.returncode == 0, ran.stderr
    assert "window.closed" not in ran.stderr
    assert "wechat_room_members: done" in ran.stderr
    assert len(ran.stderr.splitlines()) < 20
    as_json = Driver(database_url, vendor.url, tmp_path, '[log]\nformat = "json"\n')
    ran = as_json.run("backfill", "--from", "3d", "--again", "--resource", "calls")
    events = [json.loads(line)["event"] for line in ran.stderr.splitlines()]
    assert {"window.closed", "resource.ended"} >= set(events)
    assert "resource.ended" in events


@pytest.mark.reads_the_day
def test_a_backfill_says_that_it_waits_for_the_request_limit(emulator, database_url, tmp_path):
    vendor = emulator(messages=300, days=5)
    driver = Driver(database_url, vendor.url, tmp_path)
    with subprocess.Popen(
        driver.command("backfill", "--from", "2d", "--resource", "calls"),
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "WPSYNC_LIMITS__REQUESTS_PER_MINUTE__CALLS": "20"},
    ) as process:
        assert process.stderr is not None
        said = ""
        while "waiting for the request limit: 20 a minute; next request in" not in said:
            said += (line := process.stderr.readline())
            assert line, said
        process.terminate()
        assert process.wait(20) == 130, said + process.stderr.read()


@pytest.mark.reads_the_day
def test_a_plan_counts_a_request_per_room_and_agent_and_asks_the_vendor_little(
    emulator, database_url, tmp_path
):
    vendor = emulator(messages=3_000, days=5)
    remote = Remote(vendor.url)
    rooms, agents = len(remote.truth("wechat_rooms")), len(remote.truth("agents"))
    driver = Driver(database_url, vendor.url, tmp_path)

    def plan() -> dict[str, dict[str, object]]:
        ran = driver.run("backfill", "--from", "2d", "--plan", "--json")
        assert ran.returncode == 0, ran.stderr
        return {one["resource"]: one for one in json.loads(ran.stdout)}

    before = plan()
    asked = Counter(r["path"] for r in remote.requests() if r["body"].get("start") is None)
    assert asked.pop("/oauth/token/getToken") == 1
    assert set(asked.values()) == {1}, asked  # users, contacts, rooms, chats, agents: once each
    assert len(asked) == 5
    assert rooms > 1
    assert before["wechat_room_members"]["requests"] == rooms
    assert before["agent_call_totals"]["requests"] == agents
    assert before["agent_call_days"]["requests"] == 2 * agents
    assert before["wechat_contacts"]["rows"] == len(remote.truth("wechat_contacts"))
    assert [one for one, its in before.items() if its["is_estimate"]] == [
        "wechat_users", "wechat_contacts", "wechat_rooms", "wechat_room_members",
        "agent_call_totals", "agent_call_days",
    ]  # fmt: skip
    driver.backfill("2d")
    heard = len(remote.requests())
    after = plan()
    assert all(r["body"].get("start") for r in remote.requests()[heard:])
    assert after["wechat_room_members"]["requests"] == 1  # all are current: only whether one is new
    driver.query("update wp.wechat_rooms set display_name = 'changed' returning 1")
    assert plan()["wechat_room_members"]["requests"] == rooms


@pytest.mark.reads_the_day
def test_a_plan_shows_minutes_of_rooms_and_what_is_estimated(emulator, database_url, tmp_path):
    vendor = emulator(messages=3_000, days=5)
    rooms = len(Remote(vendor.url).truth("wechat_rooms"))
    driver = Driver(database_url, vendor.url, tmp_path)
    ran = driver.run(
        "backfill", "--from", "1d", "--plan", "-r", "wechat_rooms", "-r", "wechat_room_members",
        WPSYNC_LIMITS__REQUESTS_PER_MINUTE__OTHER="6",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    members = next(line for line in ran.stdout.splitlines() if "members" in line).split()
    assert members == ["wechat_room_members", f"~{rooms}", f"{rooms / 6:.1f}", "0.0"]
    assert "~ is an estimate" in ran.stdout


@pytest.mark.reads_the_day
def test_the_parts_of_a_plan_add_up_to_its_total(emulator, database_url, tmp_path):
    vendor = emulator(messages=3_000, days=5)
    driver = Driver(database_url, vendor.url, tmp_path)

    def planned(limit: str) -> str:
        names = ("OTHER", "CALLS", "SMS", "MESSAGES")
        limits = {f"WPSYNC_LIMITS__REQUESTS_PER_MINUTE__{name}": limit for name in names}
        ran = driver.run("backfill", "--from", "3d", "--plan", timeout=120, **limits)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    said = planned("47")  # no resource's minutes are a round number
    lines = [line.rsplit(maxsplit=2)[1:] for line in said.splitlines()[1:14]]
    *parts, total = [[Decimal(value) for value in line] for line in lines]
    assert [sum(column) for column in zip(*parts, strict=True)] == total
    assert total[0] > 1
    assert f"about {round(total[0])} minutes at the configured limits" in said
    assert "under a minute" in planned("0")


LETTER = """
insert into wpsync.dead_letters (account, resource, record_id, reason, error_code, error_params, original, fingerprint, first_seen_at)
values ('main', 'wechat_messages', %s, 'payload_unreadable', 'dead_letter.refused_by_database',
        jsonb_build_object('table', 'calls', 'sqlstate', 'X', 'error', %s::text), '{"msg": "a secret between two"}', %s, now()) returning id
"""


def test_dead_letters_in_a_pipe_are_one_a_line_and_never_show_what_people_wrote(
    emulator, database_url, tmp_path
):
    driver = Driver(database_url, emulator(messages=100, days=2).url, tmp_path)
    detail = "the payload is not JSON, which is told at some length here\nand on a second line"
    for number in range(3):
        driver.query(LETTER, f"e0aee6cc-b8e5-11e9-f88f-0242ac11774{number}", detail, str(number))
    ran = driver.run("dead-letters", "list", COLUMNS="40")
    assert ran.returncode == 0, ran.stderr
    heading, *lines = ran.stdout.splitlines()
    assert heading.split()[:3] == ["id", "resource", "record"]
    assert [line.split()[2][-1] for line in lines] == ["2", "1", "0"]
    assert all("length here\\nand on" in line for line in lines)
    assert "wpsync dead-letters retry" in ran.stderr
    assert "others may stay" in ran.stderr
    none = driver.run("dead-letters", "list", "--resource", "calls")
    assert "there are no dead letters" in none.stderr
    listed = driver.run("dead-letters", "list", "--json")
    assert "original" not in json.loads(listed.stdout)[0]
    assert "secret" not in ran.stdout + listed.stdout
    newest = str(json.loads(listed.stdout)[0]["id"])
    assert "a secret between two" in driver.run("dead-letters", "show", newest).stdout
    shown = driver.run("dead-letters", "show", newest, "--json")
    assert "a secret between two" in json.loads(shown.stdout)["original"]
    ran = driver.run("dead-letters", "list", "--resource", "wechat_mesages")
    assert (ran.returncode, "did you mean wechat_messages?" in ran.stderr) == (2, True)
    ran = driver.run("dead-letters", "retry")
    assert (ran.returncode, "3 rows still cannot be taken" in ran.stderr) == (1, True)


def wpsync(folder, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The program in a folder, with nobody at the keyboard."""
    return subprocess.run(
        [sys.executable, "-m", "wpsync", *arguments],
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_init_with_a_wrong_secret_writes_nothing_and_says_how_to_try_again(emulator, tmp_path):
    vendor = emulator(messages=100, days=2)
    (tmp_path / "wrong secret").write_text("f" * 32)
    address = "postgresql://wpsync:pa-ss-word@db/wpsync"
    ran = wpsync(
        tmp_path, "init", "--client-id", CLIENT[0], "--client-secret-file", "wrong secret",
        "--database-url", address, "--base-url", vendor.url,
    )  # fmt: skip
    assert ran.returncode == 1
    assert "the vendor rejects this clientId and clientSecret" in ran.stderr
    assert "nothing was written; try again with:" in ran.stderr
    assert ran.stderr.splitlines()[-1].strip() == (
        f"wpsync init --client-id {CLIENT[0]} --client-secret-file 'wrong secret'"
        f" --database-url 'postgresql://wpsync:***@db/wpsync' --base-url {vendor.url}"
    )
    assert "pa-ss-word" not in ran.stdout + ran.stderr
    assert "f" * 32 not in ran.stdout + ran.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["wrong secret"]


def test_init_says_what_else_is_wrong_without_a_traceback(emulator, tmp_path):
    vendor = emulator(messages=100, days=2)
    (tmp_path / "secret").write_text(CLIENT[1])
    given = ("--client-id", CLIENT[0], "--client-secret-file", "secret")
    ran = wpsync(tmp_path, "init", "--client-id", "x", "--client-secret-file", "nowhere")
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
    ran = wpsync(tmp_path, "init", "--client-id", "x")
    assert (ran.returncode, "--client-secret-file" in ran.stderr) == (2, True)
    ran = wpsync(tmp_path, "init", *given, "--base-url", "http://elsewhere")
    assert (ran.returncode, "config.toml: accounts.main.base_url" in ran.stderr) == (2, True)
    assert not (tmp_path / "config.toml").exists()
    ran = wpsync(
        tmp_path, "init", *given, "--base-url", vendor.url,
        "--database-url", "postgresql://x@127.0.0.1:1/x",
    )  # fmt: skip
    assert ran.returncode == 1
    assert (tmp_path / "config.toml").exists()
    assert ran.stderr.splitlines()[-1].strip() == "wpsync migrate"


@pytest.mark.parametrize("planted", ["file", "link", "target"])
def test_init_uses_neither_a_file_nor_a_link_that_another_user_planted(emulator, tmp_path, planted):
    """A file in its way would keep its mode, and a link would lead the secret elsewhere."""
    vendor = emulator(messages=100, days=2)
    (tmp_path / "secret").write_text(CLIENT[1])
    elsewhere, new, target = (
        tmp_path / name for name in ("elsewhere", "config.new", "config.toml")
    )
    elsewhere.write_text("theirs")
    before = elsewhere.stat()
    if planted == "file":
        new.write_text("theirs")
        new.chmod(0o666)
    else:
        (new if planted == "link" else target).symlink_to(elsewhere)
    ran = wpsync(
        tmp_path, "init", "--client-id", CLIENT[0], "--client-secret-file", "secret",
        "--base-url", vendor.url, "--database-url", "postgresql://x@127.0.0.1:1/x", "--force",
    )  # fmt: skip
    assert "the configuration is written" in ran.stderr
    assert stat.S_ISREG(target.lstat().st_mode)
    assert stat.S_IMODE(target.lstat().st_mode) == 0o600
    assert CLIENT[1] in target.read_text()
    assert (elsewhere.read_text(), elsewhere.stat().st_mode) == ("theirs", before.st_mode)
    left = {"config.toml", "elsewhere", "secret"} | (
        {"config.new"} if planted != "target" else set()
    )
    assert {file.name for file in tmp_path.iterdir()} == left


def test_check_warns_of_a_configuration_with_secrets_that_every_user_can_read(
    database_url, server_folder
):
    driver = Driver(database_url, "http://127.0.0.1:9", server_folder)
    driver.config_file.chmod(0o644)
    ran = driver.run("check", "--database-only", "--lang", "en")
    assert ran.returncode == 0, ran.stdout
    warned, mend, *_ = ran.stdout.splitlines()
    file = server_folder / "config.toml"
    assert warned == (
        f"warn configuration: every user of this machine can read the secrets in {file}"
    )
    assert mend.startswith("     → run `chmod o-rwx`")
    found = json.loads(driver.run("check", "--database-only", "--json").stdout)
    assert [one["detail"]["code"] for one in found if one["is_warning"]] == ["check.exposed"]
    assert all(one["is_good"] for one in found)
    driver.config_file.chmod(0o640)
    assert "warn" not in driver.run("check", "--database-only").stdout


def typed(command: list[str], *answers: str) -> tuple[int, str]:
    """A program on a terminal of its own, answered half a second after each question."""
    process, terminal = pty.fork()
    if not process:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever runs the tests may ignore it
        os.execv(command[0], command)
    said = b""
    for answer in answers:
        while b": " not in said.rpartition(b"\n")[2]:
            said += os.read(terminal, 4096)
        time.sleep(0.3)
        os.write(terminal, answer.encode())
        said += b"\n"
    try:
        while more := os.read(terminal, 4096):
            said += more
    except OSError:  # what a terminal says whose program has ended
        pass
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), said.decode()


@pytest.mark.parametrize("arguments", [("init",), ("erase", "--phone", "13800138000")])
def test_ctrl_c_at_a_question_ends_with_130_and_nothing_done(arguments, database_url, tmp_path):
    driver = Driver(database_url, "http://127.0.0.1:1", tmp_path)
    command = driver.command(*arguments)
    if arguments == ("init",):
        command = [*command, "--force"]
    before = (tmp_path / "config.toml").read_text()
    status, said = typed(command, "\x03")
    assert status == 130, said
    assert "interrupted; nothing was changed" in said
    assert (tmp_path / "config.toml").read_text() == before


@pytest.mark.reads_the_day
def test_check_says_each_thing_on_a_line(emulator, empty_database_url, tmp_path):
    vendor = emulator(messages=100, days=2)
    driver = Driver(empty_database_url, vendor.url, tmp_path)
    ran = driver.run("check")
    assert ran.returncode == 1
    assert "FAIL migrations: missing" in ran.stdout
    assert "     → run `wpsync migrate`\n" in ran.stdout
    assert "ok   account main: vendor reachable" in ran.stdout  # asked without a database
    assert driver.run("migrate").returncode == 0
    ran = driver.run("check")
    assert ran.returncode == 0, ran.stdout
    for line in ran.stdout.splitlines():
        assert re.match(r"ok   [a-z' ]+: ", line), line
    found = json.loads(driver.run("check", "--json").stdout)
    assert all(one["is_good"] and one["name"]["text"] for one in found)


def test_a_doubt_about_privacy_does_not_keep_check_from_the_vendor(
    emulator, database_url, tmp_path
):
    more = '[privacy]\nnames = "mask"\n'
    ran = Driver(database_url, emulator(messages=100, days=2).url, tmp_path, more).run("check")
    assert ran.returncode == 1
    assert "FAIL privacy" in ran.stdout
    assert "ok   account main" in ran.stdout
    assert "agents: " in ran.stdout


@pytest.mark.reads_the_day
def test_a_stretch_that_holds_nothing_is_refused(emulator, database_url, tmp_path):
    driver = Driver(database_url, emulator(messages=100, days=2).url, tmp_path)
    for arguments in (
        ("backfill", "--from", "1d", "--to", "3d"), ("backfill", "--from", "2999-01-01"),
        ("verify", "--from", "1d", "--to", "3d"),
    ):  # fmt: skip
        ran = driver.run(*arguments)
        assert ran.returncode == 2, arguments
        assert "  → name " in ran.stderr
    assert driver.one("select count(*) from wpsync.runs") == 0


def test_tokens_of_a_lost_key_are_forgotten_and_an_unknown_account_is_said(
    emulator, database_url, tmp_path
):
    vendor = emulator(messages=100, days=2)
    driver = Driver(database_url, vendor.url, tmp_path)
    keys: list[Any] = [
        {"WPSYNC_SECURITY__TOKEN_KEY": Fernet.generate_key().decode()} for _ in range(2)
    ]
    assert driver.run("api", "agents", **keys[0]).returncode == 0
    ran = driver.run("api", "agents", **keys[1])
    assert (ran.returncode, "wpsync token rotate --forget" in ran.stderr) == (1, True)
    ran = driver.run("token", "rotate", "--forget", "--json", **keys[1])
    assert (ran.returncode, json.loads(ran.stdout)) == (0, [{"account": "main", "rotated": True}])
    assert driver.run("api", "agents", **keys[1]).returncode == 0
    ran = driver.run("token", "rotate", "--account", "mian")
    assert (ran.returncode, "did you mean main?" in ran.stderr) == (2, True)


@pytest.mark.reads_the_day
def test_with_json_there_is_nothing_but_json_on_standard_output(emulator, database_url, tmp_path):
    driver = Driver(database_url, emulator(messages=60, days=2).url, tmp_path)
    agent = json.loads(driver.run("api", "agents", "--json").stdout)[0]["_id"]
    for arguments in (
        ("backfill", "--from", "2d", "--plan"), ("backfill", "--from", "2d"), ("sync",), ("verify",), ("check",),
        ("migrate",), ("run", "--once-each"), ("status",), ("dead-letters", "list"), ("renormalize",),
        ("token", "show"), ("token", "rotate"), ("api", "customers", "fields"), ("api", "report", agent),
        ("api", "customers", "add", "--name", "张三", "--phone", "13800138000"),
        ("erase", "--phone", "13800138000", "--yes"),
    ):  # fmt: skip
        ran = driver.run(*arguments, "--json")
        assert ran.returncode in (0, 1), (arguments, ran.stderr)
        json.loads(ran.stdout)
        assert "Traceback" not in ran.stderr, arguments


@pytest.mark.parametrize("words", ["status", "dead-letters list", "token show"])
def test_where_nothing_is_configured_nothing_is_made(words, tmp_path):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WPSYNC_")}
    ran = subprocess.run(
        [sys.executable, "-m", "wpsync", *words.split()],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert "wpsync init" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_verify_does_not_call_an_empty_database_proved(emulator, database_url, tmp_path):
    driver = Driver(database_url, emulator(messages=100, days=2).url, tmp_path)
    ran = driver.run("verify")
    assert ran.returncode == 1
    assert "nothing has been read that could be verified" in ran.stderr
    assert "differs" not in ran.stdout
    assert json.loads(driver.run("verify", "--json").stdout) == []

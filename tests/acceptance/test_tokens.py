"""Tokens that end, are revoked, or are shared: no loss, no loop, at most one login for one cause."""

import json
import subprocess
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.acceptance.driving import CLIENT, START, Driver, Timeline, differences, elsewhere
from wpsync.config import key_files
from wpsync.config.key_files import Kind
from wpsync.db.database import Database
from wpsync.emulator.client import Remote
from wpsync.errors import FatalError, WpsyncError
from wpsync.model import Secret, Tokens
from wpsync.resources import RESOURCES
from wpsync.state.tokens import PostgresTokens
from wpsync.sync.passes import follow

MESSAGES = ["wechat_messages"]


@pytest.fixture
def vendor(emulator):
    return emulator(messages=1_500, days=5)


@pytest.fixture
def remote(vendor):
    return Remote(vendor.url)


@pytest.fixture
def driver(vendor, database_url, tmp_path):
    return Driver(database_url, vendor.url, tmp_path)


def logins_and_renewals(remote: Remote) -> tuple[int, int]:
    stats = remote.stats()
    return stats["logins"], stats["renewals"]


def pair_of(driver: Driver) -> Tokens:
    """The stored pair, opened with the key that was made for it."""
    keys = key_files.read(driver.folder / "data" / "token.key", Kind.TOKEN)
    with Database(Secret(driver.database_url), connections=2) as database:
        pair = PostgresTokens(database, lambda: keys).read("main")
    assert pair is not None
    return pair


@pytest.mark.reads_the_day
def test_the_first_run_logs_in_once_and_the_next_process_uses_its_tokens(driver, remote):
    driver.backfill("6d", MESSAGES)
    assert driver.run("sync", "agents").returncode == 0
    assert logins_and_renewals(remote) == (1, 0)


@pytest.mark.reads_the_day
def test_an_expired_access_token_is_renewed_once(driver, remote, vendor):
    driver.sync(["agents"])
    remote.revoke(access=True)
    (outcome,) = driver.backfill("6d", MESSAGES)
    assert outcome.outcome == "done"
    assert logins_and_renewals(remote) == (1, 1)
    assert differences(driver, vendor, MESSAGES) == []


@pytest.mark.reads_the_day
def test_an_expired_refresh_token_leads_to_one_login(driver, remote, vendor):
    driver.sync(["agents"])
    remote.revoke(access=True, refresh=True)
    (outcome,) = driver.backfill("6d", MESSAGES)
    assert outcome.outcome == "done"
    assert logins_and_renewals(remote) == (2, 0)
    assert differences(driver, vendor, MESSAGES) == []


@pytest.mark.reads_the_day
@pytest.mark.parametrize("message", ["accessToken无效或已过期", ""])
def test_a_token_revoked_in_mid_run_costs_one_renewal_and_no_row(driver, remote, vendor, message):
    remote.settings(reject_msg=message)
    driver.sync(["agents"])
    remote.fault("revoke_access", endpoint="/api/wechat/getWeMessageByPage", skip=7, times=1)
    (outcome,) = driver.backfill("6d", MESSAGES)
    assert outcome.outcome == "done"
    logins, renewals = logins_and_renewals(remote)
    assert logins == 1
    assert 1 <= renewals <= 2
    assert differences(driver, vendor, MESSAGES) == []


@pytest.mark.reads_the_day
def test_two_processes_share_an_account_of_which_the_vendor_allows_one_session(
    driver, remote, vendor
):
    """Each login kills the tokens before it: the processes must use one pair instead of fighting."""
    remote.settings(sessions="one")
    commands = [
        driver.command("backfill", "--from", "6d", "--resource", name)
        for name in ("wechat_messages", "calls")
    ]
    started = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for command in commands
    ]
    remote.fault("revoke_access", endpoint="/api/wechat/getWeMessageByPage", skip=4, times=1)
    for process in started:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    logins, renewals = logins_and_renewals(remote)
    assert logins == 1
    assert renewals <= 2
    assert differences(driver, vendor, ["wechat_messages", "calls"]) == []


@pytest.mark.parametrize(("message", "most"), [("该设备未登录微信", (1, 10)), ("", (0, 12))])
def test_half_an_hour_of_refusals_costs_few_tokens(emulator, database_url, tmp_path, message, most):
    """Whether they sound like a dead token's or give no reason; afterwards all goes on by itself."""
    line = Timeline(emulator, database_url, tmp_path, messages=200, days=1)
    line.driver.sync(["sms"])
    line.remote.fault("code_0", endpoint="/api/device/sms", msg=message)
    before = logins_and_renewals(line.remote)
    with line.driver.account() as account:
        for minute in range(1, 31):
            line.go_to(max(line.clock.now(), START + timedelta(minutes=minute)))
            with suppress(WpsyncError):
                follow(account, RESOURCES["sms"])
        made = zip(logins_and_renewals(line.remote), before, most, strict=True)
        assert all(now - then <= limit for now, then, limit in made), list(made)
        line.remote.clear_faults()
        line.remote.revoke(access=True)
        line.go_to(line.clock.now() + timedelta(minutes=1))
        assert follow(account, RESOURCES["sms"]).outcome == "done"


@pytest.mark.reads_the_day
def test_rejected_credentials_are_asked_for_once_and_then_not_again(driver, remote):
    remote.settings(client_secret="another")
    assert [one.outcome for one in driver.sync(["agents"])] == ["failed"]
    ran = driver.run("sync")
    assert ran.returncode == 1
    assert "client_secret" in ran.stderr
    assert "not attempted of account main: customer_fields, wechat_users, " in ran.stderr
    listed = json.loads(driver.run("sync", "--json").stdout)
    assert [one["outcome"] for one in listed[:2]] == ["failed", "unattempted"]
    asked = [r for r in remote.requests() if r["path"].endswith("getToken")]
    assert len(asked) == 1


@pytest.mark.reads_the_day
def test_tokens_are_encrypted_by_default_with_a_key_that_is_made_once(driver, remote):
    first = driver.run("sync", "agents")
    assert first.returncode == 0, first.stderr
    (file,) = (driver.folder / "data").glob("*.key")
    (key,) = key_files.read(file, Kind.TOKEN)
    assert first.stderr.count("key.made") == 1
    assert str(file) in first.stderr
    assert "docs/keys.md" in first.stderr
    second = driver.run("sync", "agents")
    assert (second.returncode, "key.made" in second.stderr) == (0, False)
    assert logins_and_renewals(remote) == (1, 0)
    assert driver.query("select encrypted, key_id from wpsync.tokens") == [(True, key.id)]
    pair = pair_of(driver)
    stored = driver.one("select t::text from wpsync.tokens t")
    for secret in (pair.access.reveal(), pair.refresh.reveal()):
        assert len(secret) > 20
        assert secret not in stored
    for ran in (first, second):
        assert key.line().rpartition(" ")[2] not in ran.stdout + ran.stderr


TAMPERINGS = {
    "access_token = refresh_token, refresh_token = access_token": "token.altered",
    "access_token = refresh_token": "token.altered",
    "access_token = 'PLAINTEXTINJECTED'": "token.altered",
    "access_token = ''": "token.altered",
    "access_token = '中文'": "token.altered",
    "access_token = overlay(access_token placing 'AAAA' from 30)": "token.altered",
    "key_id = null": "token.key_changed",
    "key_id = '00000000'": "token.key_changed",
    "access_token = 'PLAINTEXTINJECTED', encrypted = false": "token.in_clear",
    "access_token = 'PLAINTEXTINJECTED', encrypted = false, key_id = null": "token.in_clear",
}


@pytest.mark.reads_the_day
def test_tokens_that_were_altered_do_not_open(driver):
    driver.sync(["agents"])
    pair_of(driver)
    for tampering, code in TAMPERINGS.items():
        with psycopg.connect(driver.database_url) as connection:
            connection.execute("create table if not exists kept as table wpsync.tokens")
            connection.execute(f"update wpsync.tokens set {tampering}")
        with pytest.raises(FatalError) as caught:
            pair_of(driver)
        assert caught.value.message.code == code, tampering
        with psycopg.connect(driver.database_url) as connection:
            connection.execute("delete from wpsync.tokens")
            connection.execute("insert into wpsync.tokens table kept")
        pair_of(driver)


@pytest.mark.reads_the_day
@pytest.mark.parametrize("tampering", [next(iter(TAMPERINGS)), list(TAMPERINGS)[-1]])
def test_altered_tokens_are_never_sent_and_rotate_starts_anew(driver, remote, tampering):
    driver.sync(["agents"])
    before = remote.stats()["requests"]
    with psycopg.connect(driver.database_url) as connection:
        connection.execute(f"update wpsync.tokens set {tampering}")
    assert driver.run("migrate").returncode == 0
    ran = driver.run("sync", "agents")
    assert ran.returncode == 1, ran.stderr
    assert "wpsync token rotate" in ran.stderr
    assert remote.stats()["requests"] == before
    checked = driver.run("check", "--database-only")
    assert checked.returncode == 1
    assert "FAIL key of the tokens" in checked.stdout
    assert driver.run("token", "rotate").returncode == 0
    assert driver.run("sync", "agents").returncode == 0
    assert driver.run("check", "--database-only").returncode == 0


def test_tokens_of_another_account_do_not_open(driver, remote):
    driver.add_account("other")
    assert driver.run("token", "rotate").returncode == 0
    with psycopg.connect(driver.database_url) as connection:
        connection.execute(
            "update wpsync.tokens a set access_token = b.access_token, refresh_token = b.refresh_token"
            " from wpsync.tokens b where a.account = 'main' and b.account = 'other'"
        )
    ran = driver.run("api", "agents", "--account", "main")
    assert ran.returncode == 1
    assert "account main are not as wpsync wrote them" in ran.stderr
    assert driver.run("api", "agents", "--account", "other").returncode == 0


@pytest.mark.reads_the_day
def test_a_rotated_key_still_opens_what_the_earlier_one_has_closed(driver, remote):
    driver.sync(["agents"])
    file = driver.folder / "data" / "token.key"
    (first,) = key_files.read(file, Kind.TOKEN)
    assert driver.run("key", "rotate", "token").returncode == 0
    second = key_files.read(file, Kind.TOKEN)[0]
    assert driver.run("sync", "agents").returncode == 0
    assert logins_and_renewals(remote) == (1, 0)
    assert driver.one("select key_id from wpsync.tokens") == first.id
    remote.revoke(access=True)
    assert driver.run("sync", "agents").returncode == 0
    assert logins_and_renewals(remote) == (1, 1)
    assert driver.one("select key_id from wpsync.tokens") == second.id
    file.write_text(f"{second.line()}\n")
    assert driver.run("sync", "agents").returncode == 0
    assert logins_and_renewals(remote) == (1, 1)


@pytest.mark.reads_the_day
def test_a_host_with_another_key_or_none_is_refused_and_makes_none(driver, remote, tmp_path):
    driver.sync(["agents"])
    file = driver.folder / "data" / "token.key"
    (key,) = key_files.read(file, Kind.TOKEN)
    file.rename(tmp_path / "kept.key")
    for _ in range(2):
        ran = driver.run("sync", "agents")
        assert ran.returncode == 1
        assert f"encrypted with key {key.id}, and this host has none" in ran.stderr
        assert not file.exists()
    assert "FAIL key of the tokens" in driver.run("check", "--database-only").stdout
    other = key_files.make(file, Kind.TOKEN)
    ran = driver.run("sync", "agents")
    assert ran.returncode == 1
    assert f"encrypted with key {key.id}, and this host has key {other.id}" in ran.stderr
    assert f"encrypted with key {key.id}" in driver.run("check", "--database-only").stdout
    assert logins_and_renewals(remote) == (1, 0)
    driver.more = f'[security]\ntoken_key_file = "{tmp_path}/kept.key"\n'
    ran = driver.run("check")
    assert ran.returncode == 0, ran.stdout
    assert f"key {key.id} ({tmp_path}/kept.key) opens the stored tokens" in ran.stdout


@pytest.mark.reads_the_day
def test_rotate_starts_anew_where_the_key_is_lost(driver, remote):
    driver.sync(["agents"])
    file = driver.folder / "data" / "token.key"
    file.unlink()
    ran = driver.run("token", "rotate")
    assert ran.returncode == 0, ran.stderr
    (key,) = key_files.read(file, Kind.TOKEN)
    assert f"starting anew with key {key.id}" in ran.stderr
    assert driver.run("sync", "agents").returncode == 0
    assert logins_and_renewals(remote) == (2, 0)


@pytest.mark.reads_the_day
def test_migrate_encrypts_what_an_earlier_version_left_in_clear_and_only_then(driver, remote):
    driver.sync(["agents"])
    pair = pair_of(driver)

    def leave_in_clear() -> None:
        with psycopg.connect(driver.database_url) as connection:
            connection.execute(
                "update wpsync.tokens set access_token = %s, refresh_token = %s, encrypted = false, key_id = null",
                (pair.access.reveal(), pair.refresh.reveal()),
            )

    leave_in_clear()
    with psycopg.connect(driver.database_url) as connection:
        connection.execute("delete from wpsync.keys")  # as in a database of that version
    ran = driver.run("sync", "agents")
    assert (ran.returncode, "`wpsync migrate` encrypts" in ran.stderr) == (1, True)
    assert driver.run("migrate").returncode == 0
    assert driver.one("select encrypted and key_id is not null from wpsync.tokens") is True
    assert pair_of(driver) == pair
    assert driver.run("sync", "agents").returncode == 0
    assert logins_and_renewals(remote) == (1, 0)
    leave_in_clear()
    assert driver.run("migrate").returncode == 0
    assert driver.one("select encrypted from wpsync.tokens") is False
    ran = driver.run("sync", "agents")
    assert (ran.returncode, "in clear" in ran.stderr) == (1, True)
    assert driver.run("run", "--once-each").returncode == 1
    assert driver.one("select encrypted from wpsync.tokens") is False
    assert logins_and_renewals(remote) == (1, 0)


@pytest.mark.reads_the_day
def test_check_tells_of_a_server_that_logs_parameters(driver):
    driver.sync(["agents"])
    name = driver.one("select current_database()")

    def checked(**settings: str) -> str:
        with psycopg.connect(driver.database_url, autocommit=True) as connection:
            connection.execute(f'alter database "{name}" reset all')
            for setting, value in settings.items():
                connection.execute(f'alter database "{name}" set {setting} = {value}')
        return str(driver.run("check", "--database-only").stdout)

    assert "ok   server's log: statements are not logged" in checked()
    seen = checked(log_min_duration_statement="0")
    assert "warn server's log: " in seen
    assert "log_min_duration_statement = 0" in seen
    assert "warn server's log: " in checked(log_statement="'all'")
    assert "warn server's log: " in checked(log_parameter_max_length_on_error="-1")
    good = checked(log_statement="'mod'", log_parameter_max_length="0")
    assert "ok   server's log: statements are logged without their parameters" in good


@pytest.mark.reads_the_day
def test_a_pair_is_replaced_from_day_27_on(driver, remote):
    driver.sync(["agents"])
    old = datetime.now(UTC) - timedelta(days=27, hours=1)
    with driver.account() as account, account.database.connection() as connection:
        connection.execute("update wpsync.tokens set issued_at = %s", (old,))
    driver.sync(["agents"])
    assert logins_and_renewals(remote)[0] == 2


@pytest.mark.reads_the_day
@pytest.mark.parametrize(
    ("command", "second"),
    [
        (("sync", "agents", "calls"), "unattempted"),
        (("backfill", "--from=1d", "-ragents", "-rcalls"), "failed"),  # its plan was
    ],
)
def test_an_account_with_rejected_credentials_does_not_keep_the_others_from_being_read(
    command, second, driver
):
    other = {
        "CLIENT_ID": CLIENT[0],
        "CLIENT_SECRET": CLIENT[1],
        "BASE_URL": elsewhere(driver.vendor_url),
    }
    more = {f"WPSYNC_ACCOUNTS__OTHER__{key}": value for key, value in other.items()}
    wrong = {"WPSYNC_ACCOUNTS__MAIN__CLIENT_SECRET": "f" * 32}
    ran = driver.run(*command, "--json", **more, **wrong)
    assert ran.returncode == 1
    outcomes = {(one["account"], one["resource"]): one["outcome"] for one in json.loads(ran.stdout)}
    assert outcomes == {
        ("main", "agents"): "failed", ("main", "calls"): second,
        ("other", "agents"): "done", ("other", "calls"): "done",
    }  # fmt: skip

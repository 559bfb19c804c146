"""Tokens that end, are revoked, or are shared: no loss, no loop, at most one login for one cause."""

import json
import subprocess
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.driving import CLIENT, START, Driver, Timeline, differences, elsewhere
from wpsync.emulator.client import Remote
from wpsync.errors import WpsyncError
from wpsync.resources import RESOURCES
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
def test_tokens_are_encrypted_where_a_key_is_configured(driver, remote):
    key = driver.run("token", "key").stdout.strip()
    driver.more = f'[security]\ntoken_key = "{key}"\n'
    driver.sync(["agents"])
    assert driver.query(
        "select encrypted, access_token like 'gAAAA%%' from wpsync.tokens where %s", True
    ) == [(True, True)]
    driver.more = ""
    ran = driver.run("sync", "agents")
    assert ran.returncode == 1
    assert "token_key" in ran.stderr


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

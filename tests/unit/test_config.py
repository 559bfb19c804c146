"""The configuration: every problem at once, no secret in any of them."""

from datetime import UTC, datetime

import pytest

from wpsync import config
from wpsync.errors import ConfigError

ACCOUNT = '[accounts.main]\nclient_id = "id"\nclient_secret = "hush-hush"\n'


def load(tmp_path, text="", **environ):
    file = tmp_path / "config.toml"
    file.write_text(text)
    return config.load(file, environ=environ, cwd=tmp_path)


def test_every_problem_is_told_at_once_with_the_nearest_known_key(tmp_path):
    text = (
        '[databse]\nurl = "x"\n[accounts.main]\nclient_id = "id"\nclient_secrt = "hush-hush"\n'
        'base_url = "http://example.com"\n[log]\nlevel = "loud"\n[sync]\nsettle_seconds = "soon"\n'
    )
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    said = str(caught.value)
    for part in (
        "databse: unknown key; did you mean database?", "client_secrt: unknown key; did you mean client_secret?",
        "client_secret: missing", "base_url", "log.level", "sync.settle_seconds",
    ):  # fmt: skip
        assert part in said
    assert "hush-hush" not in said
    assert caught.value.exit_status == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[databse]\n", "databse: unknown key; did you mean database? / 没有这个配置项，是不是 database？"),
        ("[accounts.main]\nclient_secrt = 'x'\n", "是不是 client_secret？"),
        ("[accounts.main]\nclient_id = 'x'\n", "缺少此项；请在配置文件中填写，或设置环境变量 WPSYNC_ACCOUNTS__MAIN__CLIENT_SECRET"),
        ("[log]\nlevel = 'loud'\n", "只能是 'debug'、'info'、'warning' 或 'error'"),
        ("[web]\nport = 'x'\n", "web.port: Input should be a valid integer"),
        ("[web]\nport = 'x'\n", " / 应为整数"),
        ("[web]\nport = 99999\n", " / 不能大于 65535"),
        ("[web]\nenabled = 'perhaps'\n", " / 应为 true 或 false"),
        ("[web]\npassword = 'short'\n", " / 长度至少为 8"),
        ("[sync]\nresources = 3\n", " / 应为列表"),
        ("[sync]\nresources = ['cals']\n", "there is no resource 'cals'; did you mean calls? / 没有资源 'cals'，是不是 calls？"),
        ("[bi]\nholidays = ['soon']\n", " / 应为日期"),
        ("[bi]\nwork_begins = 'soon'\n", " / 应为时间"),
        ("log = 3\n", " / 应为配置节"),
        ("[database]\nurl = 'mysql://x'\n", " / 应以 postgresql:// 开头"),
        ("[retention]\ncalls = -1\n", " / 不能小于 0"),
    ],
)  # fmt: skip
def test_the_commonest_problems_are_told_in_both_languages(tmp_path, text, said):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith("the configuration is wrong / 配置有误:\n")
    assert said in str(caught.value)


def test_keys_come_from_the_environment_and_secrets_from_files(tmp_path):
    (tmp_path / "secret").write_text("from-file\n")
    loaded = load(
        tmp_path,
        '[accounts.main]\nclient_id = "id"\nclient_secret_file = "secret"\n',
        WPSYNC_LOG__LEVEL="debug",
        WPSYNC_SYNC__RESOURCES="calls, sms",
        WPSYNC_ACCOUNTS__OTHER__CLIENT_ID="id2",
        WPSYNC_ACCOUNTS__OTHER__CLIENT_SECRET_FILE=str(tmp_path / "secret"),
    )
    assert loaded.accounts["main"].client_secret.get_secret_value() == "from-file"
    assert loaded.accounts["other"].client_secret.get_secret_value() == "from-file"
    assert (loaded.log.level, loaded.sync.resources) == ("debug", ("calls", "sms"))


def test_a_secret_given_twice_or_in_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="given twice"):
        load(tmp_path, ACCOUNT + 'client_secret_file = "x"\n')
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, '[accounts.main]\nclient_id = "id"\nclient_secret_file = "nowhere"\n')


def test_no_secret_shows_itself(tmp_path):
    loaded = load(tmp_path, '[database]\nurl = "postgresql://u:pw-in-url@h/d"\n' + ACCOUNT)
    for shown in (repr(loaded), str(loaded), str(loaded.model_dump())):
        assert "hush-hush" not in shown
        assert "pw-in-url" not in shown
    assert {"hush-hush", "pw-in-url"} <= set(loaded.secrets())


def test_the_password_is_put_into_the_address(tmp_path):
    loaded = load(
        tmp_path, '[database]\nurl = "postgresql://u@h:5/d?x=1"\npassword = "p@ss/word"\n'
    )
    assert loaded.database.conninfo().reveal() == "postgresql://u:p%40ss%2Fword@h:5/d?x=1"


def test_a_named_file_that_is_not_there_and_broken_toml_are_errors(tmp_path):
    with pytest.raises(ConfigError, match="no such configuration file"):
        config.load(tmp_path / "nowhere.toml", environ={}, cwd=tmp_path)
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(tmp_path, "[x")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-31", datetime(2026, 1, 30, 16, tzinfo=UTC)),
        ("2026-01-31 08:00:00", datetime(2026, 1, 31, tzinfo=UTC)),
        ("7d", datetime(2026, 2, 22, tzinfo=UTC)),
        ("12h", datetime(2026, 2, 28, 12, tzinfo=UTC)),
    ],
)
def test_dates_of_the_command_line_are_shanghai_time(text, instant):
    assert config.parse_instant(text, now=datetime(2026, 3, 1, tzinfo=UTC)) == instant


def test_what_is_no_date_is_said():
    with pytest.raises(ConfigError, match="no date"):
        config.parse_instant("yesterday", now=datetime(2026, 3, 1, tzinfo=UTC))


def test_an_account_may_have_rules_of_its_own_that_go_before_the_general_ones_key_by_key(tmp_path):
    loaded = load(
        tmp_path,
        ACCOUNT
        + '[accounts.shop]\nclient_id = "s"\nclient_secret = "hush-hush"\n'
        + "[accounts.shop.retention]\ncalls = 30\n[accounts.shop.privacy]\nnames = 'hash'\n"
        + "[accounts.shop.limits.requests_per_minute]\ncalls = 5\n"
        + "[retention]\ncalls = 90\nsms = 60\n[privacy]\nphone_numbers = 'mask'\n"
        + "key = 'sixteen characters'\n[limits.requests_per_minute]\nsms = 7\n",
    )
    assert (loaded.retention_of("shop").calls, loaded.retention_of("shop").sms) == (30, 60)
    assert (loaded.retention_of("main").calls, loaded.retention_of("gone").calls) == (90, 90)
    assert loaded.privacy_of("shop").modes()["agents.name"] == "hash"
    assert loaded.privacy_of("shop").modes()["calls.contact_tel"] == "mask"
    assert "agents.name" not in loaded.privacy_of("main").modes()
    shop, main = (loaded.limits_of(name).requests_per_minute for name in ("shop", "main"))
    assert (shop.calls, shop.sms, main.calls, main.sms) == (5, 7, 20, 7)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[accounts.seventeen-letters]\nclient_id = 'x'\nclient_secret = 'y'\n", "最多 16 个字符"),
        (ACCOUNT + "[accounts.main.retention]\ncals = 1\n", "did you mean calls?"),
        (ACCOUNT + "[accounts.main.privacy]\nnames = 'hash'\n", "privacy.key"),
    ],
)
def test_what_is_wrong_of_an_account_is_told(tmp_path, text, said):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert said in str(caught.value)

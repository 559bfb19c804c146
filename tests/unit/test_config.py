"""The configuration: every problem at once, no secret in any of them."""

import json
import re
import tomllib
from datetime import UTC, date, datetime, time

import pytest
from psycopg.conninfo import conninfo_to_dict

from wpsync import config
from wpsync.errors import ConfigError
from wpsync.language import Language
from wpsync.messages import say

ACCOUNT = '[accounts.main]\nclient_id = "id"\nclient_secret = "hush-hush"\n'


def load(tmp_path, text="", **environ):
    file = tmp_path / "config.toml"
    file.write_text(text)
    return config.load(file, environ=environ, cwd=tmp_path)


def problems(tmp_path, text="", language=Language.EN, **environ):
    """Return the lines of the error that a configuration raises, without the folder's name."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text, **environ)
    assert caught.value.exit_status == 2
    assert caught.value.message.code == "configuration.wrong"
    said = say(caught.value.message, language)
    for language in Language:
        assert "hush-hush" not in say(caught.value.message, language)
    title, *lines = said.replace(f"{tmp_path}/", "").splitlines()
    assert title in ("the configuration is wrong:", "配置有误：")
    return [line.strip() for line in lines]


def test_every_problem_is_told_at_once_with_the_nearest_known_key(tmp_path):
    text = (
        '[databse]\nurl = "x"\n[accounts.main]\nclient_id = "id"\nclient_secrt = "hush-hush"\n'
        'base_url = "http://example.com"\n[log]\nlevel = "loud"\n[sync]\nsettle_seconds = "soon"\n'
    )
    assert problems(tmp_path, text) == [
        "config.toml: accounts.main.base_url: must begin with https:// (http:// only for this machine)",
        "config.toml: accounts.main.client_secret: missing; set it in the configuration file, or as"
        " WPSYNC_ACCOUNTS__MAIN__CLIENT_SECRET (or WPSYNC_ACCOUNTS__MAIN__CLIENT_SECRET_FILE)",
        "config.toml: accounts.main.client_secrt: unknown key; did you mean client_secret?",
        "config.toml: sync.settle_seconds: must be a whole number",
        "config.toml: log.level: must be one of debug, info, warning, error",
        "config.toml: databse: unknown key; did you mean database?",
    ]


NO_INTEGER = ("must be a whole number", "应为整数")
NO_NUMBER = ("must be a number", "应为数字")
NO_BOOLEAN = ("must be true or false", "应为 true 或 false")
NO_TEXT = ("must be a text in quotes", "应为加引号的文本")
NO_SECTION = ("must be a section, e.g. [log]", "应为配置节，例如 [log]")
NO_DATE = ("must be a date, e.g. 2026-10-01", "应为日期，例如 2026-10-01")
NO_TIME = ("must be a time, e.g. 09:00", "应为时间，例如 09:00")
NO_HOURS = ("must be like 22:00-08:00, or empty", "应写成 22:00-08:00，或留空")

WRONG = [
    ("[databse]\n", "databse", "unknown key; did you mean database?", "没有这个配置项，是不是 database？"),
    ("[xyz]\n", "xyz", "unknown key; remove it", "没有这个配置项，请将其删除"),
    ("[log]\nlevel = 'loud'\n", "log.level", "must be one of debug, info, warning, error", "只能是以下之一：debug、info、warning、error"),
    ("[privacy]\nnames = 3\n", "privacy.names", "must be one of keep, hash, mask, drop", "只能是以下之一：keep、hash、mask、drop"),
    ("[privacy]\nkey = 'sixteen characters'\ncolumns = { 'calls.contact_te' = 'hash' }\n", "privacy.columns.calls.contact_te",
     "no personal column has this name; did you mean calls.contact_tel?", "没有这个个人数据列，是不是 calls.contact_tel？"),
    ("[privacy]\ncolumns = { x = 'hash' }\n", "privacy.columns.x",
     "no personal column has this name; `wpsync schema` lists the columns", "没有这个个人数据列；全部列见 `wpsync schema`"),
    ("[privacy]\nnames = 'hash'\n", "privacy.key",
     "set it (or key_file) to a secret of 16 characters or more: values are hashed with it", "请设置此项（或 key_file），至少 16 个字符，用于计算哈希"),
    ("[web]\nport = 'x'\n", "web.port", *NO_INTEGER),
    ("[web]\nport = 1.5\n", "web.port", *NO_INTEGER),
    ("[web]\nport = 99999\n", "web.port", "must be 65535 or less", "不能大于 65535"),
    ("[web]\nenabled = 'perhaps'\n", "web.enabled", *NO_BOOLEAN),
    ("[web]\nenabled = []\n", "web.enabled", *NO_BOOLEAN),
    ("[web]\npassword = 'short'\n", "web.password", "must have at least 8 characters", "至少要有 8 个字符"),
    ("[web]\nbind = '0.0.0.0'\n", "web.bind",
     "0.0.0.0 opens the status page to the network; set web.password (or web.password_file)", "0.0.0.0 会把状态页开放给网络，请设置 web.password（或 web.password_file）"),
    ("[web]\nbind = 3\n", "web.bind", *NO_TEXT),
    ("[sync]\nresources = 3\n", "sync.resources", 'must be a list, e.g. ["a", "b"]', '应为列表，例如 ["a", "b"]'),
    ("[sync]\nresources = ['cals']\n", "sync.resources", "there is no resource cals; did you mean calls?", "没有资源 cals，是不是 calls？"),
    ("[sync]\nevery = { xyz = 60 }\n", "sync.every", "there is no resource xyz; `wpsync status` lists the resources", "没有资源 xyz；全部资源见 `wpsync status`"),
    ("[sync]\nevery = { calls = 0 }\n", "sync.every.calls", "must be 1 or more", "不能小于 1"),
    ("[sync]\nlisting_interval_minutes = []\n", "sync.listing_interval_minutes", *NO_NUMBER),
    ("[sync]\nlisting_interval_minutes = 'x'\n", "sync.listing_interval_minutes", *NO_NUMBER),
    ("[sync]\nlisting_interval_minutes = 0\n", "sync.listing_interval_minutes", "must be greater than 0", "应大于 0"),
    ("[bi]\nholidays = ['soon']\n", "bi.holidays.0", *NO_DATE),
    ("[bi]\nholidays = [2026-01-01T10:00:00]\n", "bi.holidays.0", *NO_DATE),
    ("[bi]\nholidays = [[]]\n", "bi.holidays.0", *NO_DATE),
    ("[bi]\nwork_begins = 'soon'\n", "bi.work_begins", *NO_TIME),
    ("[bi]\nwork_begins = []\n", "bi.work_begins", *NO_TIME),
    ("[bi]\nwork_begins = 19:00:00\n", "bi.work_begins", "must be earlier than bi.work_ends", "应早于 bi.work_ends"),
    ("[bi]\nholidays = [2026-10-01]\nextra_work_days = [2026-10-01]\n", "bi.holidays",
     "2026-10-01 is in extra_work_days too; keep one of the two", "2026-10-01 同时在 extra_work_days 中，只能保留其一"),
    ("log = 3\n", "log", *NO_SECTION),
    ("accounts = 3\n", "accounts", *NO_SECTION),
    ("data_dir = 3\n", "data_dir", "must be a path in quotes", "应为加引号的路径"),
    ("[database]\nurl = 'mysql://x'\n", "database.url", "must begin with postgresql://", "应以 postgresql:// 开头"),
    ("[retention]\ncalls = -1\n", "retention.calls", "must be 0 or more", "不能小于 0"),
    ("[alerts]\nquiet_hours = 'at night'\n", "alerts.quiet_hours", *NO_HOURS),
    ("[alerts]\nquiet_hours = '25:00-08:00'\n", "alerts.quiet_hours", *NO_HOURS),
    ("[security]\ntoken_key = 'hush-hush'\n", "security.token_key",
     "must be 32 bytes in URL-safe base64; `wpsync token key` makes one", "应为 32 字节的 URL 安全 base64，可用 `wpsync token key` 生成"),
    ("[accounts.seventeen-letters]\nclient_id = 'x'\nclient_secret = 'hush-hush'\n", "accounts.seventeen-letters",
     "an account name has at most 16 characters out of a-z, 0-9, _ and -", "账号名只能由 a-z、0-9、_ 和 - 组成，最多 16 个字符"),
    (ACCOUNT + "[accounts.main.retention]\ncals = 1\n", "accounts.main.retention.cals",
     "unknown key; did you mean calls?", "没有这个配置项，是不是 calls？"),
    (ACCOUNT + "[accounts.main.privacy]\nnames = 'hash'\n", "accounts.main.privacy.key",
     "set it (or key_file) to a secret of 16 characters or more: values are hashed with it", "请设置此项（或 key_file），至少 16 个字符，用于计算哈希"),
    (ACCOUNT + "client_secret_file = 'x'\n", "accounts.main.client_secret",
     "also set as client_secret_file; keep one of the two", "与 client_secret_file 重复，只能设置其一"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "key", "english", "chinese"), WRONG, ids=[key for _, key, _, _ in WRONG]
)
def test_each_problem_is_one_line_in_one_language(tmp_path, text, key, english, chinese):
    assert problems(tmp_path, text) == [f"config.toml: {key}: {english}"]
    assert problems(tmp_path, text, Language.ZH) == [f"config.toml：{key}：{chinese}"]


def test_a_wrong_configuration_reads_in_one_language_throughout(tmp_path):
    everything: dict[str, dict[str, object]] = {}
    for text, key, *_ in WRONG:
        if not text.startswith(("accounts", "log", "data_dir")):
            for section, values in tomllib.loads(text).items():
                if key.startswith(section):
                    everything.setdefault(section, {}).update(values)
    text = "".join(
        f"[{section}]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in values.items())
        for section, values in everything.items()
    )
    chinese = problems(tmp_path, text, Language.ZH)
    english = problems(tmp_path, text, Language.EN)
    assert len(chinese) == len(english) > 12
    assert not [line for line in english if re.search(r"[\u3000-\u9fff\uff00-\uffef]", line)]
    for line in chinese:
        assert not re.search(r"[A-Za-z]+( [A-Za-z]+){3}", line), line


def _toml(value):
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(name)} = {_toml(one)}" for name, one in value.items())
        return "{" + inner + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value) if isinstance(value, date | time) else json.dumps(value)


def test_a_problem_names_the_variable_that_sets_the_value(tmp_path):
    environ = {
        "WPSYNC_WEB__PORT": "x",
        "WPSYNC_FOO__BAR": "x",
        "WPSYNC_BI__HOLIDAYS": "2026-10-01,x",
        "WPSYNC_LOG__LEVEL__X": "x",
        "WPSYNC_ACCOUNTS__NEW__CLIENT_ID": "x",
        "WPSYNC_ACCOUNTS__MAIN__CLIENT_SECRET_FILE": "nowhere",
    }
    text = "[accounts.main]\nclient_id = 'id'\n[log]\nlevel = 'info'\n"
    assert problems(tmp_path, text, **environ) == [
        "WPSYNC_LOG__LEVEL__X (log.level.x): level is a single key and has no keys below it",
        "WPSYNC_ACCOUNTS__MAIN__CLIENT_SECRET_FILE (accounts.main.client_secret_file):"
        ' the file nowhere cannot be read: "No such file or directory"',
        "config.toml: accounts.new.client_secret: missing; set it in the configuration file, or as"
        " WPSYNC_ACCOUNTS__NEW__CLIENT_SECRET (or WPSYNC_ACCOUNTS__NEW__CLIENT_SECRET_FILE)",
        "WPSYNC_WEB__PORT (web.port): must be a whole number",
        "WPSYNC_BI__HOLIDAYS (bi.holidays.1): must be a date, e.g. 2026-10-01",
        "WPSYNC_FOO__BAR (foo): unknown key; remove it",
    ]
    with pytest.raises(ConfigError) as caught:
        config.load(None, environ={"WPSYNC_LOG__LEVEL": "x"}, cwd=tmp_path / "empty")
    (line,) = say(caught.value.message).splitlines()[1:]
    assert line.strip().startswith("WPSYNC_LOG__LEVEL (log.level): must be one of")


def test_a_wrong_general_value_is_not_repeated_for_each_account(tmp_path):
    text = ACCOUNT + "[accounts.main.retention]\nsms = 3\n[retention]\ncalls = 'x'\n"
    assert problems(tmp_path, text) == ["config.toml: retention.calls: must be a whole number"]


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


OF_SERVICES = {
    "WPSYNC_SERVICE_HOST": "10.96.0.17",
    "WPSYNC_SERVICE_PORT": "8765",
    "WPSYNC_SERVICE_PORT_HTTP": "8765",
    "WPSYNC_SERVICE_PORT_HTTP_METRICS": "9100",
    "WPSYNC_PORT": "tcp://10.96.0.17:8765",
    "WPSYNC_PORT_8765_TCP": "tcp://10.96.0.17:8765",
    "WPSYNC_PORT_8765_TCP_PROTO": "tcp",
    "WPSYNC_PORT_8765_TCP_PORT": "8765",
    "WPSYNC_PORT_8765_TCP_ADDR": "10.96.0.17",
    "WPSYNC_PORT_53_UDP": "udp://10.96.0.17:53",
    "WPSYNC_DB_SERVICE_HOST": "fd00:10:96::2",
    "WPSYNC_DB_PORT": "tcp://[fd00:10:96::2]:5432",
    "WPSYNC_DB_PORT_5432_TCP_ADDR": "fd00:10:96::2",
    "WPSYNC_PG_BOUNCER_2_SERVICE_PORT": "6432",
}
"""Kubernetes sets them in a pod beside the Services wpsync, wpsync-db and wpsync-pg-bouncer-2."""


def test_variables_that_kubernetes_sets_for_a_service_are_none_of_ours(tmp_path):
    assert load(tmp_path, ACCOUNT, **OF_SERVICES) == load(tmp_path, ACCOUNT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WPSYNC_PORT", "8765"),
        ("WPSYNC_WEB_PORT", "8765"),
        ("WPSYNC_SERVICE_HOST", "db.example"),
        ("WPSYNC_SERVICE_PORT", "http"),
        ("WPSYNC_PORT_8765_TCP_PROTO", "https"),
        ("WPSYNC_DATABASE_URL", "tcp://10.96.0.17:5432"),
        ("WPSYNC_WEB__SERVICE_PORT", "8765"),
        ("WPSYNC_SERVICEHOST", "10.96.0.17"),
    ],
)
def test_a_misspelt_variable_is_refused_by_its_name_beside_those_of_services(tmp_path, name, value):
    (problem,) = problems(tmp_path, ACCOUNT, **{**OF_SERVICES, name: value})
    assert problem.startswith(f"{name} (")
    assert "unknown key" in problem


def test_no_key_of_ours_is_taken_for_one_of_kubernetes():
    from wpsync.config import tree

    tops = {f"WPSYNC_{name.upper()}" for name in config.Config.model_fields}
    assert {"WPSYNC_LANG", "WPSYNC_DATA_DIR", "WPSYNC_WEB"} <= tops
    assert not [one for one in tops if any(name.fullmatch(one) for name, _ in tree._INJECTED)]


def test_a_secret_in_a_file_that_is_not_there_is_one_problem(tmp_path):
    text = '[accounts.main]\nclient_id = "id"\nclient_secret_file = "nowhere"\n'
    assert problems(tmp_path, text) == [
        "config.toml: accounts.main.client_secret_file: the file nowhere cannot be read:"
        ' "No such file or directory"'
    ]


def test_no_secret_shows_itself(tmp_path):
    loaded = load(tmp_path, '[database]\nurl = "postgresql://u:pw-in-url@h/d"\n' + ACCOUNT)
    for shown in (repr(loaded), str(loaded), str(loaded.model_dump())):
        assert "hush-hush" not in shown
        assert "pw-in-url" not in shown
    assert {"hush-hush", "pw-in-url"} <= set(loaded.secrets())


def test_the_password_is_put_into_the_address(tmp_path):
    loaded = load(
        tmp_path,
        '[database]\nurl = "postgresql://u@h:5/d?sslmode=require"\npassword = "p@ss/word"\n',
    )
    assert loaded.database_address().reveal() == (
        "host='h' port='5' user='u' dbname='d' sslmode='require' password='p@ss/word'"
    )


def test_a_named_file_that_is_not_there_and_broken_toml_are_errors(tmp_path):
    with pytest.raises(ConfigError, match=r"^configuration\.no_file "):
        config.load(tmp_path / "nowhere.toml", environ={}, cwd=tmp_path)
    with pytest.raises(ConfigError, match=r"^configuration\.not_toml ") as caught:
        load(tmp_path, "[log]\nlevel = \n")
    assert "line 2" in (caught.value.message.words or "")


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
    with pytest.raises(ConfigError, match=r"^configuration\.not_an_instant "):
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
    ("address", "conninfo"),
    [
        ("postgresql://u:p@h1,h2:5433/d", "host='h1,h2' port=',5433' user='u' password='p' dbname='d'"),
        ("postgresql://u@%2Ftmp%2Fs/d", "host='/tmp/s' user='u' dbname='d'"),
        ("postgres://u:%40%2F%25%20%5B@[::1]:5432/d", "host='::1' port='5432' user='u' password='@/% [' dbname='d'"),
        ("postgresql://u:p#w@h/d?ssl=true", "host='h' user='u' password='p#w' dbname='d' sslmode='require'"),
        ("postgresql://u:it's\\@h/d", "host='h' user='u' password='it\\'s\\\\' dbname='d'"),
        ("postgresql:///d?host=/tmp/x", "dbname='d' host='/tmp/x'"),
    ],
)  # fmt: skip
def test_an_address_of_a_database_is_read_as_libpq_reads_it(tmp_path, address, conninfo):
    loaded = load(tmp_path, f"[database]\nurl = {json.dumps(address)}\n" + ACCOUNT)
    assert loaded.database_address().reveal() == conninfo
    assert conninfo_to_dict(conninfo) == conninfo_to_dict(address) | (
        {"sslmode": "require"} if "ssl=" in address else {}
    )


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:Secr/etEt9@127.0.0.1/d",
        "postgresql://u:Secr@Et9@127.0.0.1/d",
        "postgresql://u:Secr?Et9@127.0.0.1/d",
        "postgresql://u:Secr:Et9@127.0.0.1/d",
        "postgresql://u:Secr%zzEt9@127.0.0.1/d",
        "postgresql://u:Secr Et9@127.0.0.1/d",
        "postgresql://u:Secr[Et9]@127.0.0.1/d",
        "postgresql://u:SecrEt9@127.0.0.1:Et9/d",
        "postgresql://u:SecrEt9@127.0.0.1:99999/d",
        "postgresql://u:SecrEt9@[::1/d",
        "postgresql://u:SecrEt9@127.0.0.1/d?schema=public",
        "postgresql://u:SecrEt9@127.0.0.1/d?x",
        "mysql://u:SecrEt9@127.0.0.1/d",
    ],
)
def test_an_address_that_says_something_else_is_refused_without_a_piece_of_it(tmp_path, address):
    (problem,) = problems(tmp_path, f'[database]\nurl = "{address}"\n' + ACCOUNT)
    assert problem.startswith("config.toml: database.url: ")
    assert not any(piece in problem for piece in ("Secr", "Et9", "99999"))


@pytest.mark.parametrize(
    "address",
    ["https://h:99999", "https://h:x", "https://[bad", "https://", "https://ho st", "https://h?a=1", "h"],
)  # fmt: skip
def test_an_address_of_the_vendor_that_is_none_is_refused(tmp_path, address):
    (problem,) = problems(tmp_path, f'[accounts.main]\nbase_url = "{address}"\nclient_id = "a"\nclient_secret = "b"\n')  # fmt: skip
    assert problem.startswith("config.toml: accounts.main.base_url: ")


def test_every_value_is_freed_of_blanks_wherever_it_comes_from(tmp_path):
    (tmp_path / "secret").write_bytes(b"\xef\xbb\xbfhush-hush \r\n")
    environ = {
        "WPSYNC_ACCOUNTS__MAIN__CLIENT_ID": "id\n",
        "WPSYNC_ACCOUNTS__MAIN__CLIENT_SECRET_FILE": "secret",
        "WPSYNC_DATABASE__URL": "postgresql://u@h/d\n",
        "WPSYNC_LOG__LEVEL": "INFO",
        "WPSYNC_BI__HOLIDAYS": "2026-10-01,2026-10-02",
        "WPSYNC_BI__WORK_DAYS": "1,2,3",
        "WPSYNC_WEB__PASSWORD": "",
    }
    loaded = load(tmp_path, "", **environ)
    main = loaded.accounts["main"]
    assert (main.client_id, main.client_secret.get_secret_value()) == ("id", "hush-hush")
    assert loaded.database_address().reveal() == "host='h' user='u' dbname='d'"
    assert (loaded.log.level, loaded.bi.work_days, loaded.web.password) == ("info", (1, 2, 3), None)
    assert len(loaded.bi.holidays) == 2


def test_a_file_with_a_byte_order_mark_is_read_and_another_encoding_is_named(tmp_path):
    file = tmp_path / "config.toml"
    file.write_bytes(b"\xef\xbb\xbf" + ACCOUNT.encode())
    assert "main" in config.load(file, environ={}, cwd=tmp_path).accounts
    for content in (ACCOUNT.encode("utf-16"), ("# 备注\n" + ACCOUNT).encode("gbk")):
        file.write_bytes(content)
        with pytest.raises(ConfigError, match=r"^configuration\.not_utf8 "):
            config.load(file, environ={}, cwd=tmp_path)


@pytest.mark.parametrize("given", ["30D", "yesterday", "0001-01-01", "9999-12-31"])
def test_a_beginning_that_is_no_instant_is_refused(tmp_path, given):
    (problem,) = problems(tmp_path, f'[sync]\nfirst_sync_from = "{given}"\n' + ACCOUNT)
    assert problem.startswith("config.toml: sync.first_sync_from: ")


def test_a_secret_in_a_file_is_read_anew_each_time(tmp_path):
    for name in ("vendor", "database", "page"):
        (tmp_path / name).write_text("old-secret")
    loaded = load(
        tmp_path,
        '[database]\nurl = "postgresql://u@h/d"\npassword_file = "database"\n'
        '[web]\npassword_file = "page"\n[accounts.main]\nclient_id = "id"\nclient_secret_file = "vendor"\n',
    )
    heard: list[str] = []
    loaded.tell_secrets(heard.append)
    page = loaded.page_password()
    assert page is not None
    for name in ("vendor", "database", "page"):
        (tmp_path / name).write_text("new-secret\n")
    assert loaded.client_secret("main").reveal() == page.reveal() == "new-secret"
    assert "password='new-secret'" in loaded.database_address().reveal()
    assert "new-secret" in heard
    for name in ("vendor", "database", "page"):
        (tmp_path / name).unlink()
    assert loaded.client_secret("main").reveal() == page.reveal() == "old-secret"


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ('hosts = ["wpsync.corp"]', "a proxy opens the status page to others"),
        ('hosts = ["https://wpsync.corp"]\npassword = "hush-hush"', "is no name of a host"),
        ('hosts = ["wpsync.corp:443"]\npassword = "hush-hush"', "is no name of a host"),
        ('trusted_proxies = ["*"]', "is neither an address nor a network"),
        ('trusted_proxies = ["proxy.corp"]', "is neither an address nor a network"),
    ],
)
def test_names_behind_a_proxy_need_a_password_and_are_names(tmp_path, lines, problem):
    (found,) = problems(tmp_path, f"[web]\n{lines}\n")
    assert problem in found


def test_names_and_proxies_of_the_page_are_read(tmp_path):
    text = '[web]\npassword = "hush-hush"\nhosts = "WPSYNC.corp., other"\ntrusted_proxies = ["10.0.0.0/8", "::1"]\n'
    web = load(tmp_path, text).web
    assert (web.hosts, web.trusted_proxies) == (("wpsync.corp", "other"), ("10.0.0.0/8", "::1"))

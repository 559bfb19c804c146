"""Every command speaks one language at a time: its help, its results, and what it refuses."""

import json
import os
import re
import signal
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.acceptance.driving import CLIENT, Driver
from tests.acceptance.forking import Ran, Wpsync, wpsync
from tests.acceptance.test_alerts import Receiver
from tests.conftest import fresh
from wpsync.cli import speaking as cli_speaking
from wpsync.cli.speaking import settle
from wpsync.config import tree
from wpsync.emulator.server import Emulator
from wpsync.emulator.state import Settings
from wpsync.language import Language, speaking, spoken

LANGUAGES = {"en": "en_US.UTF-8", "zh": "zh_CN.UTF-8"}

_CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_WORD = r"[A-Za-z][a-z']*"
_ENGLISH = re.compile(rf"(?<![\w./-]){_WORD}(?:[,;:]? {_WORD}){{3}}(?![\w/-])")
_IDENTIFIERS = re.compile(
    r"""
    “[^”]*” | "[^"]*" | `[^`]*`                   # quoted
    | wpsync(\ [a-z][a-z-]*)+                     # a command
    | ^\s+(grant|revoke|alter)\ .*;$               # a statement for an administrator
    | \w+://\S+ | (?<!\S)[./]\S+ | --[a-z-]+      # addresses, paths, options
    """,
    re.VERBOSE,
)

AWAITED: frozenset[str] = frozenset()
"""Names of cases whose texts still mix languages. To stay empty."""


@dataclass(frozen=True)
class Case:
    """A command line. `status`: None where it depends on the hour; `data`: its standard output is data; `before`: a
    change of the database."""

    name: str
    arguments: str
    status: int | None = 0
    configured: bool = True
    data: bool = False
    before: str | None = None


@dataclass
class Stage:
    """A database, a vendor, a folder; and the words that are data there."""

    driver: Driver
    vendor: Emulator
    folder: Path
    data: list[str]
    names: dict[str, str] = field(default_factory=dict)

    def violations(self, program: Wpsync, language: str, cases: list[Case]) -> Iterator[str]:
        for case in cases:
            yield from self._violations(program, language, case)

    def _violations(self, program: Wpsync, language: str, case: Case) -> Iterator[str]:
        if case.before is not None:
            self.driver.query(case.before)
        given = ["--config", str(self.driver.config_file)] if case.configured else []
        words = [
            word.format(**self.names, language=language, empty=self.names[f"empty_{language}"])
            for word in case.arguments.split("|")
        ]
        ran = program(*given, *words, folder=self.folder)
        if case.status is not None and ran.status != case.status:
            yield f"{case.name}: exit {ran.status}\n{ran.out}{ran.err}"
        if "Traceback" in ran.err:
            yield f"{case.name}: {ran.err}"
        if case.name not in AWAITED:
            shown = ran.err if case.data else ran.out + ran.err
            yield from (f"{case.name}: {line}" for line in self.mixed(shown, language))

    def mixed(self, text: str, language: str) -> Iterator[str]:
        """Lines that are not in the language alone."""
        for line in text.splitlines():
            rest = line
            for word in self.data:
                rest = rest.replace(word, "")
            if language == "en":
                found = _CHINESE.search(rest)
            else:
                found = _ENGLISH.search(_IDENTIFIERS.sub(" “” ", rest))
            if found:
                yield line


@pytest.fixture(scope="module")
def stage(postgres, template, tmp_path_factory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("language")
    receiver = Receiver()
    urls = [fresh(postgres, template), *(fresh(postgres, None) for _ in LANGUAGES)]
    with Emulator(Settings(messages=200, days=2)) as vendor, receiver.listening():
        (folder / "driver").mkdir()
        driver = Driver(next(urls[0]), vendor.url, folder / "driver")
        driver.more = f'[alerts]\ntargets = ["{receiver.target}"]\n'
        driver.backfill("2d")
        truths = [row for name in ("agents", "customer_fields") for row in vendor.world.truth(name)]
        data = {word for row in truths for word in row.values() if isinstance(word, str)}
        (folder / "secret").write_text(CLIENT[1])
        (folder / "wrong").write_text("f" * 32)
        (folder / "empty").mkdir()
        (folder / "embedded").write_text("")
        (folder / "broken.toml").write_text("= nothing")
        (folder / "unknown.toml").write_text("[lgo]\nlevel = 'info'\n")
        (folder / "typed.toml").write_text("[web]\nport = 'x'\n")
        accounts = (
            f'[accounts.main]\nbase_url = "{vendor.url}"\nclient_id = "x"\nclient_secret = "y"\n'
        )
        (folder / "rejected.toml").write_text(
            f'[database]\nurl = "{driver.database_url}"\n{accounts.replace("main", "rejected")}'
        )
        (folder / "away.toml").write_text(
            f'[database]\nurl = "postgresql://x@127.0.0.1:1/x"\n{accounts}'
        )
        (folder / "file.toml").write_text(f'data_dir = "{folder}/embedded"\n{accounts}')
        (folder / "unalerted.toml").write_text(accounts)
        (folder / "two.toml").write_text(accounts + accounts.replace("main", "other"))
        letter = driver.one(
            "insert into wpsync.dead_letters (account, resource, record_id, reason, error_code, error_params, original,"
            " fingerprint, first_seen_at) values ('main', 'wechat_messages', 'x', 'payload_unreadable',"
            """ 'dead_letter.no_id', '{}', '{"msg": "x"}', 'x', now()) returning id"""
        )
        names = {
            "agent": str(vendor.world.truth("agents")[0]["id"]),
            "phone": str(vendor.world.truth("agents")[0]["phone"]),
            "letter": str(letter),
            "vendor": vendor.url,
            "client": CLIENT[0],
            "folder": str(folder),
            **{f"empty_{one}": next(url) for one, url in zip(LANGUAGES, urls[1:], strict=True)},
        }
        long = sorted(filter(_CHINESE.search, data), key=len, reverse=True)
        yield Stage(driver, vendor, folder, long, names)
    for one in urls:
        next(one, None)


@pytest.fixture(params=LANGUAGES)
def language(request) -> str:
    return str(request.param)


@pytest.fixture
def program(language) -> Iterator[Wpsync]:
    with wpsync(LANG=LANGUAGES[language]) as running:
        yield running


RESULTS = [
    Case("check", "check"),
    Case("check as JSON", "check|--json", data=True),
    Case("check of the database", "check|--database-only"),
    Case("migrate", "migrate"),
    Case("migrations as SQL", "migrate|--sql", data=True),
    Case("sync", "sync|calls|sms|wechat_users"),
    Case("sync as JSON", "sync|calls|--json", data=True),
    Case("backfill", "backfill|--from|1d|-r|calls|-r|wechat_users"),
    Case("a plan", "backfill|--from|3d|--plan"),
    Case("verify", "verify|-r|calls"),
    Case(
        "verify that finds something", "verify|-r|calls", 1,
        before="delete from wp.calls where ctid in (select ctid from wp.calls limit 20) returning 1",
    ),
    Case("verify that mends", "verify|-r|calls|--deep|--repair"),
    Case("status", "status", None),
    Case("status as JSON", "status|--json", None, data=True),
    Case("renormalize", "renormalize"),
    Case("dead letters", "dead-letters|list"),
    Case("a dead letter", "dead-letters|show|{letter}"),
    Case("no dead letters", "dead-letters|list|--resource|calls"),
    Case("dead letters that stay", "dead-letters|retry", 1),
    Case("tokens", "token|show"),
    Case("new tokens", "token|rotate"),
    Case("a key", "token|key", data=True),
    Case("an alert", "alert|test"),
    Case("agents", "api|agents"),
    Case("fields of customers", "api|customers|fields"),
    Case("a new customer", "api|customers|add|--name|X|--phone|13800138000"),
    Case("a call", "api|call|13800138000|--agent|{phone}"),
    Case("a contact", "api|add-wechat|13800138000|--agent|{phone}"),
    Case("a report", "api|report|{agent}", data=True),
    Case("erase", "erase|--phone|13800138000|--yes"),
    Case("erase without a find", "erase|--wx|wxid_unknown|--yes"),
    Case("a role", "bi-role|reader_{language}"),
    Case("a role once more", "bi-role|reader_{language}"),
    Case("emulate", "emulate|--port|0|--messages|100|--days|1|--until-eof"),
    Case("the dictionary", "schema"),
    Case("the dictionary as DBML", "schema|--format|dbml"),
    Case("the version", "--version"),
    Case(
        "init",
        "--config|{folder}/made-{language}.toml|init|--client-id|{client}|--client-secret-file|secret"
        "|--base-url|{vendor}|--database-url|{empty}",
        configured=False,
    ),
    Case("one of each job", "run|--once-each", None),
]  # fmt: skip

REFUSALS = [
    Case("no command", "", 2, configured=False),
    Case("options without a command", "-v", 2),
    Case("an unknown command", "synk", 2),
    Case("an unknown command of a group", "token|rotte", 2),
    Case("an unknown option", "sync|--jsno", 2),
    Case("a missing value", "backfill|--from", 2),
    Case("a missing option", "backfill", 2),
    Case("a missing argument", "bi-role", 2),
    Case("a value for a flag", "sync|--json=1", 2),
    Case("too many arguments", "schema|x|y", 2),
    Case("no whole number", "dead-letters|show|x", 2),
    Case("no number", "emulate|--lively|x", 2),
    Case("too small a number", "dead-letters|list|--limit|0", 2),
    Case("no choice", "schema|--format|html", 2),
    Case("an unknown language", "--lang|fr|status", 2, configured=False),
    Case("an unknown resource", "sync|cals", 2),
    Case("an unknown account", "token|rotate|--account|mian", 2),
    Case("an unknown account of the vendor", "api|agents|--account|mian", 2),
    Case("several accounts", "--config|two.toml|api|agents", 2, configured=False),
    Case("an unknown kind", "renormalize|--kind|transfr", 2),
    Case("no field", "api|customers|add|--name|X|--phone|13800138000|-f|x", 2),
    Case("an unknown dead letter", "dead-letters|show|999999", 2),
    Case("the future", "backfill|--from|2999-01-01", 2),
    Case("an end before the beginning", "verify|--from|1d|--to|3d", 2),
    Case("a world to come", "emulate|--begin|2999-01-01", 2),
    Case("erase of no person", "erase", 2),
    Case("erase of a short number", "erase|--phone|1", 2),
    Case("erase without a terminal", "erase|--phone|13800138000", 1),
    Case("nothing to verify", "verify|--from|2001-01-01|--to|2001-01-02|-r|sms", 1),
    Case("no alert target", "--config|unalerted.toml|alert|test", 2, configured=False),
    Case("a password file that is not there", "bi-role|x|--password-file|nowhere", 2),
    Case("init of a file that is there", "init", 2),
    Case("init without a terminal", "--config|new.toml|init", 2, configured=False),
    Case(
        "init with a wrong secret",
        "--config|new.toml|init|--client-id|{client}|--client-secret-file|wrong|--base-url|{vendor}",
        1,
        configured=False,
    ),
    Case(
        "init with a database that cannot be reached",
        "--config|unmigrated-{language}.toml|init|--client-id|{client}|--client-secret-file|secret"
        "|--base-url|{vendor}|--database-url|postgresql://x@127.0.0.1:1/x",
        1,
        configured=False,
    ),
    Case("sync with a wrong secret", "--config|rejected.toml|sync|calls", 1, False),
    Case("a database that cannot be reached", "--config|away.toml|status", 1, False),
    Case("no configuration", "status", 2, False),
    Case("a configuration file that is not there", "--config|nowhere.toml|status", 2, False),
    Case("a broken configuration file", "--config|broken.toml|status", 2, False),
    Case("an unknown key", "--config|unknown.toml|status", 2, False),
    Case("a value of the wrong type", "--config|typed.toml|status", 2, False),
    Case("a date that is none", "backfill|--from|nonsense", 2),
    Case("migrate of an embedded database that is no folder", "--config|file.toml|migrate", 1, False),
]  # fmt: skip


def test_results_are_in_one_language(stage, program, language):
    assert list(stage.violations(program, language, RESULTS)) == []
    made = (stage.folder / f"made-{language}.toml").read_text()
    assert tomllib.loads(made)["lang"] == language
    assert list(stage.mixed(made, language)) == []


def test_refusals_are_in_one_language(stage, program, language):
    assert list(stage.violations(program, language, REFUSALS)) == []


def test_help_is_in_one_language(stage, program, language):
    heading = {"en": "\nCommands:\n", "zh": "\n命令：\n"}[language]
    waiting: list[list[str]] = [[]]
    seen, mixed = 0, []
    while waiting:
        path = waiting.pop()
        ran = program(*path, "--help", folder=stage.folder)
        assert ran.status == 0, ran.err
        seen += 1
        mixed += [f"{path}: {line}" for line in stage.mixed(ran.out + ran.err, language)]
        listed = re.findall(r"^  ([a-z-]+)  +\S", ran.out.partition(heading)[2], re.MULTILINE)
        waiting += [[*path, name] for name in listed]
    assert mixed == []
    assert seen > 30


def test_the_service_is_in_one_language(stage, language):
    with subprocess.Popen(
        [*stage.driver.command("run"), "--lang", language],
        env=os.environ | {"WPSYNC_WEB__PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        said = ""
        while "page.served" not in said:
            said += (line := process.stderr.readline())
            assert line, said
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert list(stage.mixed(said + out + err, language)) == []


def test_the_demo_is_in_one_language(stage, program, language, tmp_path):
    ran = program("demo", "--once", "--messages", "100", folder=tmp_path)
    assert ran.status == 0, ran.err
    assert list(stage.mixed(ran.out + ran.err, language)) == []


def chinese(ran: Ran) -> bool:
    return "选项" in ran.out


@pytest.mark.parametrize(
    ("environment", "arguments", "lang", "expected"),
    [
        ({}, [], None, False),
        ({"LANG": "zh_CN.UTF-8"}, [], None, True),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, [], None, False),
        ({"LC_ALL": "zh_TW.UTF-8", "LANG": "en_US.UTF-8"}, [], None, True),
        ({"LANG": "de_DE.UTF-8"}, [], None, False),
        ({"LANG": "zh_CN.UTF-8"}, [], "en", False),
        ({"WPSYNC_LANG": "zh"}, [], "en", True),
        ({"WPSYNC_LANG": ""}, [], "zh", True),
        ({"WPSYNC_LANG": "zh"}, ["--lang", "en"], "zh", False),
        ({"WPSYNC_LANG": "xx"}, ["--lang=zh"], None, True),
    ],
)
def test_the_language_is_the_first_that_is_named(environment, arguments, lang, expected, tmp_path):
    if lang is not None:
        (tmp_path / "config.toml").write_text(f'lang = "{lang}"\n')
    with speaking(spoken()):
        for given in ([*arguments, "sync", "--help"], ["sync", "--help", *arguments]):
            assert settle(given, environment, tmp_path) == ["sync", "--help"]
            assert spoken() is (Language.ZH if expected else Language.EN)


def test_a_program_speaks_the_language_that_is_named(tmp_path):
    (tmp_path / "config.toml").write_text('lang = "en"\n')
    with wpsync(LANG="zh_CN.UTF-8") as program:
        assert not chinese(program("sync", "--help", folder=tmp_path))
        assert chinese(program("sync", "--help", "--lang", "zh", folder=tmp_path))
        assert chinese(program("--lang", "zh", "sync", "--help", folder=tmp_path))


def test_a_wrong_language_is_one_message_and_a_broken_file_is_none(tmp_path):
    with wpsync() as program:
        ran = program("status", "--lang", "fr", folder=tmp_path)
        assert (ran.status, ran.out) == (2, "")
        assert (
            ran.err == "wpsync: --lang: 'fr' is not a language of wpsync\n  → set it to zh or en\n"
        )
        (tmp_path / "config.toml").write_text('lang = "fr"\n')
        assert "config.toml: lang: 'fr'" in program("status", folder=tmp_path).err
        (tmp_path / "config.toml").write_text("lang =")
        assert program("sync", "--help", folder=tmp_path).status == 0
        ran = program("sync", "--lang", folder=tmp_path)
        assert (ran.status, ran.err.splitlines()[0]) == (2, "wpsync: --lang: the value is missing")
        assert program("sync", "--", "--lang", folder=tmp_path).status == 2
    with wpsync(WPSYNC_LANG="fr", LANG="zh_CN.UTF-8") as program:
        assert "WPSYNC_LANG：不支持语言“fr”" in program("status", folder=tmp_path).err


def test_check_as_json_has_codes_and_parameters(stage):
    with wpsync(LANG="zh_CN.UTF-8") as program:
        ran = program(
            "--config", str(stage.driver.config_file), "check", "--json", folder=stage.folder
        )
    found = {one["name"]["code"]: one for one in json.loads(ran.out)}
    assert {"name", "is_good", "is_warning", "detail", "mend"} == set(found["check.database"])
    assert found["check.account"]["name"]["params"] == {"account": "main"}
    agents = len(stage.vendor.world.truth("agents"))
    assert found["check.account"]["detail"]["code"] == "check.agents_listed"
    assert found["check.account"]["detail"]["params"] == {"count": agents}
    assert found["check.account"]["detail"]["text"].endswith(f"{agents} 个座席")
    assert "语言为中文" in found["check.alerts"]["detail"]["text"]


def test_the_places_of_a_configuration_are_those_that_are_loaded():
    assert cli_speaking.PLACES == tree._PLACES

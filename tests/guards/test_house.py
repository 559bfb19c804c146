"""Rules about the code base that no linter holds."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

from wpsync import config
from wpsync.resources import RESOURCES, TABLES
from wpsync.resources.spec import ACCOUNT
from wpsync.status.dictionary import as_dbml, as_markdown

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "wpsync").rglob("*.py"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")


def leaves(model: type, path: str = "") -> set[str]:
    found = set()
    for name, field in model.model_fields.items():  # type: ignore[attr-defined]  # a pydantic model
        inner = field.annotation
        if name == "accounts":
            found |= leaves(config.AccountConfig, "accounts.main.")
        elif path and name in config.Config.model_fields:
            continue  # an account's own section has the keys of the general one
        elif isinstance(inner, type) and hasattr(inner, "model_fields"):
            found |= leaves(inner, f"{path}{name}.")
        else:
            found.add(path + name)
    return found


def test_the_example_configuration_is_complete_and_shows_the_defaults():
    text = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    everything = re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE)

    def flat(tree, path=""):
        for key, value in tree.items():
            if isinstance(value, dict) and value:  # an empty one is a default
                yield from flat(value, f"{path}{key}.")
            else:
                yield path + key

    assert set(flat(tomllib.loads(everything))) == leaves(config.Config)
    loaded = config.load(ROOT / "config.example.toml", environ={}, cwd=ROOT)
    given = {"client_id": "x", "client_secret": "x"}
    default = config.Config.model_validate({"accounts": {"main": given}})
    assert loaded.model_dump(exclude={"accounts"}) == default.model_dump(exclude={"accounts"})
    assert loaded.accounts["main"].base_url == default.accounts["main"].base_url


def test_both_examples_of_the_configuration_are_the_same_but_for_their_language():
    def settings(name):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        return [one for one in lines if re.match(r"(# )?\w+ = |\[", one)]

    english, chinese = settings("config.example.toml"), settings("config.example.zh.toml")
    assert ["lang" if "lang = " in one else one for one in english] == [
        "lang" if "lang = " in one else one for one in chinese
    ]


def test_every_command_stands_in_the_readme_of_both_languages():
    said = subprocess.run(
        [sys.executable, "-m", "wpsync", "--help", "--lang", "en"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    commands = re.findall(r"^  ([a-z-]+)  +\S", said.partition("Commands:")[2], re.MULTILINE)
    assert len(commands) >= 13
    for command in commands:
        assert f"`{command}" in README
        assert f"`{command}" in CHINESE


def test_every_command_and_option_is_explained():
    """In both languages: help is in the language of the process (tests/acceptance/test_language.py)."""
    from typer.main import get_command

    from wpsync.cli.app import app

    def walk(command, path):
        assert command.help, path
        for parameter in command.params:
            if parameter.name != "help":
                assert getattr(parameter, "help", None), (path, parameter.name)
        for name, inner in getattr(command, "commands", {}).items():
            walk(inner, [*path, name])

    walk(get_command(app), [])


def test_help_imports_nothing_heavy():
    code = "import sys; from wpsync.cli.app import app; print([m for m in ('pydantic', 'httpx', 'psycopg', 'sqlalchemy', 'rich') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_every_table_stands_in_both_readmes_and_in_the_dictionary():
    markdown, dbml = as_markdown(), as_dbml()
    for name in TABLES:
        short = (
            "…" + name.removeprefix("message_group_collection")
            if name.startswith("message_group_collection_")
            else name
        )
        for document in (README, CHINESE):
            assert f"`{name}`" in document or f"`{short}" in document, name
        assert f"## wp.{name}" in markdown
        assert f'"wp"."{name}"' in dbml


def test_every_join_column_is_indexed():
    joined = (
        "agent_id",
        "chat_id",
        "room_id",
        "wx_no",
        "agent_wx_no",
        "contact_wx_no",
        "sender_id",
        "contact_tel",
    )
    for table in (resource.table for resource in RESOURCES.values()):
        leading = {next(c for c in index if c != ACCOUNT) for index in table.indexes}
        for column in table.columns:
            if column.name in joined and table.name != "wechat_users":
                assert column.name in leading, f"{table.name}.{column.name}"


def test_vendor_misspellings_stay_in_the_declarations():
    for path in SOURCES:
        if "resources" in path.parts or "emulator" in path.parts:
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            code = line.partition("#")[0]
            assert "snedTime" not in code, path
            assert '"transcationId"' not in code, path


def test_no_file_is_written_under_a_name_that_another_user_can_prepare():
    """Such a file keeps its mode, and such a link leads elsewhere: `private_file.written` opens neither."""
    opened = re.compile(r"\.(?:touch|write_text|write_bytes)\(|(?<!fd)\bopen\([^)\n]*[\"'][wax]")
    assert all(map(opened.search, ('file.write_text("x")', "file.touch()", 'file.open("w")')))
    for path in SOURCES:
        if "emulator" not in path.parts:
            assert not opened.search(path.read_text(encoding="utf-8")), path


def test_no_lock_file_names_a_registry():
    for lock in ROOT.glob("requirements*.lock"):
        assert "://" not in lock.read_text(encoding="utf-8")


def test_compose_names_only_secrets_that_it_declares_and_waits_for_a_healthy_database():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    declared = set(compose["secrets"])
    for service in compose["services"].values():
        assert set(service["secrets"]) <= declared
        mounted = {
            str(v).removeprefix("/run/secrets/")
            for k, v in service["environment"].items()
            if str(v).startswith("/run/secrets/")
        }
        assert mounted <= set(service["secrets"])
    assert compose["services"]["db"]["healthcheck"]["test"]
    assert compose["services"]["wpsync"]["depends_on"]["db"]["condition"] == "service_healthy"
    major = int(re.findall(r"postgres:(\d+)", compose["services"]["db"]["image"])[0])
    assert major >= 17


def test_the_bi_profile_of_the_compose_file_connects_metabase_as_the_role_it_makes():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    role, metabase, connect = (services[name] for name in ("bi-role", "metabase", "bi-connect"))
    assert {name for name, one in services.items() if one.get("profiles") == ["bi"]} == {
        "bi-role",
        "metabase-volume",
        "metabase",
        "bi-connect",
    }
    assert f"bi-role {connect['environment']['BI_USER']} " in role["entrypoint"][-1]
    assert connect["depends_on"]["bi-role"]["condition"] == "service_completed_successfully"
    assert set(connect["secrets"]) == {"metabase_admin", "bi_password"}  # not the owner's
    assert set(role["secrets"]) == {"db_password", "bi_password"}  # not the vendor's
    service = services["wpsync"]["environment"]
    of_database = {k: v for k, v in service.items() if k.startswith("WPSYNC_DATABASE__")}
    assert role["environment"].items() >= of_database.items()
    assert re.fullmatch(r"metabase/metabase:v\d+(\.\d+){2,}", metabase["image"])
    assert not {"restart", "ports"} & (role.keys() | connect.keys())


def test_the_settings_of_the_compose_file_are_a_good_configuration(tmp_path):
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    environ = {}
    for name, value in compose["services"]["wpsync"]["environment"].items():
        if name.endswith("_FILE"):
            (tmp_path / Path(value).name).write_text("a-secret\n")
            value = str(tmp_path / Path(value).name)
        environ[name] = value
    loaded = config.load(None, environ=environ, cwd=tmp_path)
    assert loaded.accounts["main"].client_id == "a-secret"
    assert loaded.database_address().reveal() == (
        "host='db' user='wpsync' dbname='wpsync' password='a-secret'"
    )


def test_the_dockerfile_copies_what_is_there_and_runs_as_nobody_special():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [
        line.split()[1:-1] for line in lines if line.startswith("COPY") and "--from" not in line
    ]
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for source in (name for names in copied for name in names):
        assert (ROOT / source.removeprefix("./")).exists()
        assert f"!{source.removeprefix('./')}" in ignored
    assert sum(line.startswith("FROM") for line in lines) == 2
    assert any(line.startswith("USER ") and line != "USER root" for line in lines)
    assert any(line.startswith("HEALTHCHECK") for line in lines)

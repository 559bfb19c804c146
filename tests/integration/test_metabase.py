"""`deploy/metabase/connect.py` as the compose file runs it: Metabase ends up connected, and stays as it is."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict

from tests.acceptance.driving import Driver
from tests.integration.metabase import Metabase

ROOT = Path(__file__).parents[2]
EMAIL, PASSWORD, ROLE_PASSWORD = "bi@example.com", "a-good-passw0rd", "the role's password"


class Compose:
    """What docker compose does with the one-shot services, without docker."""

    def __init__(self, database_url: str, folder: Path, role: str) -> None:
        self.metabase = Metabase(database_url)
        self.driver = Driver(database_url, "http://127.0.0.1:9", folder)
        self.role = role
        self.admin = folder / "metabase_admin"
        self.admin.write_text(f"{EMAIL}\n{PASSWORD}\n")
        self.password = folder / "bi_password"
        self.password.write_text(ROLE_PASSWORD + "\n")
        self.patience = "30"

    def make_role(self) -> None:
        """The service bi-role."""
        made = self.driver.run("bi-role", self.role, "--password-file", str(self.password))
        assert made.returncode == 0, made.stderr

    def connect(self) -> subprocess.CompletedProcess[str]:
        """The service bi-connect, with the settings of the compose file where they can be had."""
        file = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
        service = file["services"]["bi-connect"]
        place = conninfo_to_dict(self.driver.database_url)
        environment = {
            **service["environment"],
            "PATH": os.environ["PATH"],
            "METABASE_URL": self.metabase.url,
            "METABASE_ADMIN_FILE": str(self.admin),
            "METABASE_PATIENCE_SECONDS": self.patience,
            "BI_PASSWORD_FILE": str(self.password),
            "BI_HOST": str(place["host"]),
            "BI_PORT": str(place.get("port", "5432")),
            "BI_DATABASE": str(place["dbname"]),
            "BI_SSLMODE": "disable",
            "BI_USER": self.role,
        }
        (mounted,) = service["volumes"]
        script, inside, _ = mounted.split(":")
        assert service["entrypoint"] == ["python", inside]
        ran = subprocess.run(
            [sys.executable, str(ROOT / script)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert len((ran.stdout + ran.stderr).splitlines()) == 1, ran.stdout + ran.stderr
        for secret in (PASSWORD, ROLE_PASSWORD, *self.metabase.sessions):
            assert secret not in ran.stdout + ran.stderr
        return ran


@pytest.fixture
def compose(database_url, tmp_path):
    role = f"bi_{secrets.token_hex(4)}"
    compose = Compose(database_url, tmp_path, role)
    with compose.metabase.listening():
        yield compose
    with psycopg.connect(database_url, autocommit=True) as connection:
        if connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone():
            connection.execute(f"drop owned by {role}; drop role {role}")


def test_the_first_time_connects_as_the_reader_and_the_second_changes_nothing(compose):
    compose.metabase.starting = 2
    compose.make_role()
    first = compose.connect()
    assert (first.returncode, first.stdout.split(",")[0]) == (0, "metabase: connected")
    assert compose.metabase.changes == ["setup", "database"]
    (database,) = compose.metabase.databases
    assert (database["engine"], database["details"]["user"]) == ("postgres", compose.role)
    assert database["details"]["schema-filters-patterns"] == "wp,wp_bi"
    second = compose.connect()
    assert (second.returncode, second.stdout.split(",")[0]) == (0, "metabase: connected already")
    assert compose.metabase.changes == ["setup", "database"]
    assert compose.metabase.sessions == set()


def test_a_connection_made_by_hand_is_taken_as_it_is(compose):
    compose.make_role()
    compose.connect()
    compose.metabase.databases[0]["name"] = "工作手机"
    assert compose.connect().stdout.startswith("metabase: connected already")
    assert [one["name"] for one in compose.metabase.databases] == ["工作手机"]


def test_a_new_password_of_the_role_is_told_to_metabase(compose):
    compose.make_role()
    compose.connect()
    compose.password.write_text("another password\n")
    compose.make_role()
    assert "mended" in compose.connect().stdout
    assert compose.metabase.databases[0]["details"]["password"] == "another password"
    assert len(compose.metabase.databases) == 1
    assert compose.connect().stdout.startswith("metabase: connected already")


def test_what_was_interrupted_after_the_setup_goes_on(compose):
    refused = compose.connect()
    assert refused.returncode == 1
    assert f'role "{compose.role}" does not exist' in refused.stderr
    assert "docker compose logs db bi-role" in refused.stderr
    assert compose.metabase.changes == ["setup"]
    assert compose.metabase.sessions == set()
    compose.make_role()
    assert compose.connect().returncode == 0
    assert compose.metabase.changes == ["setup", "database"]


def test_an_administrator_that_metabase_does_not_know_is_told_from_one_it_does_not_take(compose):
    compose.make_role()
    compose.admin.write_text(f"{EMAIL}\nsecret\n")
    ran = compose.connect()
    assert ran.returncode == 1
    assert "user: password: password is too common.): write another" in ran.stderr
    assert "received" not in ran.stderr
    compose.metabase.admin = {"username": "boss@example.com", "password": "unknown"}
    ran = compose.connect()
    assert ran.returncode == 1
    assert "has an administrator already" in ran.stderr
    assert "did not match stored password" in ran.stderr
    assert compose.metabase.changes == []


def test_a_user_who_is_no_administrator_is_told_so(compose):
    compose.metabase.admin = {"username": EMAIL, "password": PASSWORD}
    compose.metabase.is_superuser = False
    ran = compose.connect()
    assert ran.returncode == 1
    assert "is no administrator" in ran.stderr


def test_a_metabase_that_does_not_get_ready_is_given_up_with_advice(compose):
    compose.metabase.starting, compose.patience = 1000, "1"
    ran = compose.connect()
    assert ran.returncode == 1
    assert "docker compose logs metabase" in ran.stderr
    compose.metabase.url = "http://127.0.0.1:9"
    assert "docker compose logs metabase" in compose.connect().stderr


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("metabase_admin", None, "cannot be read: write secrets/metabase_admin"),
        ("metabase_admin", "", "is empty: write secrets/metabase_admin"),
        ("metabase_admin", "only-a-password\n", "is not two lines"),
        ("bi_password", None, "cannot be read: write secrets/bi_password"),
    ],
)
def test_a_secret_that_is_not_there_is_named(compose, name, text, said):
    file = compose.driver.folder / name
    file.unlink() if text is None else file.write_text(text)
    ran = compose.connect()
    assert ran.returncode == 1
    assert said in ran.stderr

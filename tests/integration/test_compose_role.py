"""The ordinary role that `deploy/postgres/wpsync.sql` makes in the database of the compose file does for everything."""

import os
import secrets
import subprocess
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
import pytest

from tests.acceptance.driving import Driver
from wpsync.embedded import programs

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "deploy" / "postgres" / "wpsync.sql"
PASSWORD = "a pass'word \\ of its own"


@pytest.fixture
def role(empty_database_url, tmp_path):
    """The name of the role and its address, made as the image of Postgres makes them: by psql, from the file."""
    name = f"role_{secrets.token_hex(4)}"
    (tmp_path / "db_password").write_text(PASSWORD + "\n")
    script = tmp_path / "wpsync.sql"
    script.write_text(
        SCRIPT.read_text(encoding="utf-8")
        .replace("create role wpsync ", f"create role {name} ")
        .replace("owner to wpsync;", f"owner to {name};")
    )
    ran = subprocess.run(
        [str(programs.find(None).bin / "psql"), "-v", "ON_ERROR_STOP=1", "-d", empty_database_url, "-f", str(script)],
        capture_output=True, text=True, check=False,
        env={**os.environ, "WPSYNC_ROLE_PASSWORD_FILE": str(tmp_path / "db_password")},
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    assert PASSWORD not in ran.stdout
    parts = urlsplit(empty_database_url)
    place = parts.netloc.rpartition("@")[2]
    yield name, parts._replace(netloc=f"{name}:{quote(PASSWORD, safe='')}@{place}").geturl()
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(f"alter database {connection.info.dbname} owner to current_user")
        made = connection.execute(
            "select rolname from pg_roles where rolname = any(%s)", ([f"bi_{name}", name],)
        ).fetchall()
        for (one,) in sorted(made):
            connection.execute(f"drop owned by {one} cascade")
            connection.execute(f"drop role {one}")


def test_the_role_is_an_ordinary_one_and_does_all_that_the_service_needs(
    role, emulator, empty_database_url, tmp_path
):
    name, address = role
    driver = Driver(address, emulator(messages=100, days=2).url, tmp_path)
    for command in (("migrate",), ("check",), ("sync", "agents", "calls"), ("status",)):
        ran = driver.run(*command)
        assert ran.returncode in (0, 1) if command == ("status",) else not ran.returncode, (
            ran.stderr
        )
    with psycopg.connect(empty_database_url) as connection:
        found = connection.execute(
            "select rolsuper, rolcreatedb, rolreplication, rolbypassrls, rolcreaterole,"
            " rolpassword like 'SCRAM-SHA-256$%%' from pg_authid where rolname = %s",
            (name,),
        ).fetchone()
        assert found == (False, False, False, False, True, True)
        tables = connection.execute(
            "select distinct tableowner from pg_tables where schemaname in ('wp', 'wpsync')"
        ).fetchall()
        assert tables == [(name,)]
        rights = connection.execute(
            "select has_database_privilege('public', current_database(), right_)"
            " from unnest(array['connect', 'temporary', 'create']) as right_"
            " union all select has_schema_privilege('public', 'public', 'create')"
        ).fetchall()
    assert rights == [(False,)] * 4

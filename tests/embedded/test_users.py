"""Several processes on one embedded database, and servers, keepers and users that are killed."""

import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import psycopg
import pytest

from tests.embedded.using import (
    User,
    answers,
    keeper_of,
    kill,
    postmaster,
    servers,
    using,
    within,
)
from wpsync.embedded import cluster, folders
from wpsync.embedded.locks import RunFolder
from wpsync.embedded.server import emptied, running
from wpsync.errors import DatabaseUnavailableError
from wpsync.language import Language
from wpsync.messages import remedy


def test_the_first_of_three_to_end_takes_the_server_from_nobody_and_the_last_stops_it(
    server_folder,
):
    with using(server_folder / "pg", 3) as users:
        for user in users[:2]:
            user.end()
            assert servers(server_folder)
        with running(server_folder / "pg") as server, psycopg.connect(server.url) as connection:
            assert connection.execute("select count(*) from seen").fetchone() == (3,)
        assert servers(server_folder)
        users[2].end()
    assert not servers(server_folder)


def test_a_killed_user_leaves_no_server_behind(server_folder):
    with using(server_folder / "pg", 2) as users:
        users[0].kill()
        assert servers(server_folder)
        users[1].kill()
    within(30, lambda: not servers(server_folder), "no server")


@pytest.mark.parametrize("victim", ["server", "keeper"])
def test_a_killed_server_or_keeper_runs_again_while_it_is_used(server_folder, victim):
    """The server ends with its keeper, and both begin anew."""
    folder, run = server_folder / "pg", server_folder / "pg.run"
    with using(folder) as (user,):
        for _ in range(2):
            keeper, server = keeper_of(run), postmaster(folder)
            kill(keeper if victim == "keeper" else server)
            if victim == "keeper":
                within(60, partial(another_keeper, run, keeper), "another keeper")
            within(60, partial(restarted, folder, server), "another server")
            within(60, partial(answers, user.url), "an answer at the same address")
        user.end()
    assert not servers(server_folder)
    assert not keeper_of(run)


def another_keeper(run, old):
    return keeper_of(run) not in (0, old)


def restarted(folder, old):
    try:
        return postmaster(folder) != old and answers_at(folder)
    except (FileNotFoundError, IndexError):
        return False


def answers_at(folder):
    place = folders.locate(folder)
    run = RunFolder(place.run)
    found = cluster.running(place, run)
    run.close()
    return found is not None and answers(found.conninfo())


def test_one_at_a_time_begins_with_an_empty_database(server_folder):
    folder = server_folder / "pg"
    with emptied(folder, durable=False) as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("create table left_behind ()")
        with (
            pytest.raises(DatabaseUnavailableError, match=r"^embedded\.in_use "),
            emptied(folder, durable=False),
        ):
            raise AssertionError("two at a time")
        assert answers(server.url)
    with (
        emptied(folder, durable=False) as server,
        psycopg.connect(server.url) as connection,
    ):
        assert connection.execute("select to_regclass('left_behind')").fetchone() == (None,)


def test_a_start_that_fails_leaves_no_server_and_no_keeper(server_folder):
    folder = server_folder / "pg"
    with running(folder, durable=False):
        pass
    with (folder / "postgresql.conf").open("a") as settings:
        settings.write("shared_buffers = 'many'\n")
    with (
        pytest.raises(DatabaseUnavailableError) as caught,
        running(folder, durable=False),
    ):
        raise AssertionError("it does not start")
    message = caught.value.message
    assert message.code == "embedded.does_not_start"
    assert 'invalid value for parameter "shared_buffers": "many"' in (message.words or "")
    for language in Language:  # the keeper reports data, which is worded here
        assert (remedy(message, language) or "").endswith(
            str(server_folder / "pg.run" / "server.log")
        )
    assert not servers(server_folder)
    within(10, lambda: not keeper_of(server_folder / "pg.run"), "the keeper's end")


def test_programs_of_the_server_run_on_the_database(server_folder):
    command = [sys.executable, "-m", "wpsync.embedded", str(server_folder)]
    for language, said in (("en", "there is no database in"), ("zh", "中没有数据库")):
        spoken = {**os.environ, "WPSYNC_LANG": language}
        missing = subprocess.run(
            [*command, "true"], capture_output=True, text=True, check=False, env=spoken
        )
        assert missing.returncode == 1
        assert said in missing.stderr
        assert bool(re.search(r"[\u4e00-\u9fff]", missing.stderr)) == (language == "zh")
    wrong = subprocess.run(
        [*command, "true"], capture_output=True, text=True, check=False,
        env={**os.environ, "WPSYNC_LANG": "fr"},
    )  # fmt: skip
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 2), wrong.stderr
    assert list(server_folder.iterdir()) == []
    new = [*command[:3], "--new", *command[3:]]
    for base in (new, command):
        ran = subprocess.run(
            [*base, "psql", "-Atc", "select current_database()"],
            capture_output=True, text=True, check=False, timeout=120, env={**os.environ, **LIBPQ},
        )  # fmt: skip
        assert (ran.stdout, ran.returncode) == ("wpsync\n", 0), ran.stderr
    assert not servers(server_folder)
    for words, status, said in (
        (["no-such-program"], 1, 'cannot run no-such-program: "No such file'),
        (["psql", "-c", "select 1/0"], 1, "division by zero"),
        ([], 2, "usage: python -m wpsync.embedded"),
        (["sh", "-c", "kill -TERM $$"], 143, ""),
    ):
        ran = subprocess.run(
            [*command, *words], capture_output=True, text=True, check=False, timeout=120
        )
        assert ran.returncode == status
        assert said in ran.stderr


LIBPQ = {"PGPORT": "1", "PGHOSTADDR": "127.0.0.1", "PGTARGETSESSIONATTRS": "read-only"}


def test_settings_for_other_servers_do_not_lead_a_command_astray(server_folder):
    file = server_folder / "config.toml"
    file.write_text(
        f'data_dir = "{server_folder}/data"\n[accounts.main]\nclient_id = "x"\nclient_secret = "y"\n'
    )
    ran = subprocess.run(
        [sys.executable, "-m", "wpsync", "--config", str(file), "migrate"],
        capture_output=True, text=True, check=False, timeout=120, env={**os.environ, **LIBPQ},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


def test_the_servers_user_sees_no_secret_of_ours(server_folder, monkeypatch):
    monkeypatch.setenv("MY_SECRET", "tok123")
    with using(server_folder / "pg") as (user,):
        environment = Path(f"/proc/{postmaster(server_folder / 'pg')}/environ").read_bytes()
        assert b"LC_ALL=C.UTF-8" in environment
        assert b"tok123" not in environment
        user.end()


def test_a_folder_that_is_moved_while_it_is_used_keeps_nothing_running(server_folder):
    (server_folder / "a").mkdir()
    user = User(server_folder / "a" / "postgres")
    user.ready()
    (server_folder / "a").rename(server_folder / "b")
    user.end()
    within(30, lambda: not servers(server_folder), "no server")
    with using(server_folder / "b" / "postgres") as (user,):
        user.end()
    assert not servers(server_folder)


@pytest.mark.parametrize("user_too", [False, True])
def test_a_keeper_that_is_killed_just_before_the_last_user_ends_leaves_no_server(
    server_folder, user_too
):
    with using(server_folder / "pg") as (user,):
        kill(keeper_of(server_folder / "pg.run"))
        user.kill() if user_too else user.end()
    within(30, lambda: not servers(server_folder), "no server")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has capabilities to drop")
def test_root_without_the_right_to_look_into_processes_uses_it_too(server_folder):
    """A container gives root few capabilities."""
    command = [
        "setpriv",
        "--bounding-set",
        "-sys_ptrace",
        "--inh-caps",
        "-sys_ptrace",
        sys.executable,
    ]
    ran = subprocess.run(
        [*command, "-m", "wpsync.embedded", "--new", str(server_folder), "psql", "-Atc", "select 1"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ran.stdout == "1\n", ran.stderr


def test_a_fork_of_a_user_that_ends_leaves_the_server_to_the_user(server_folder):
    script = """
import os, sys
from pathlib import Path
import psycopg
from wpsync.embedded.server import running
with running(Path(sys.argv[1]), durable=False) as server:
    child = os.fork()
    if not child:
        sys.exit(0)
    os.waitpid(child, 0)
    for _ in range(20):
        psycopg.connect(server.url).close()
"""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(server_folder / "pg")],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert not servers(server_folder)

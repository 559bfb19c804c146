"""Several processes on one embedded database, and servers, keepers and users that are killed."""

import subprocess
import sys
from functools import partial

import psycopg
import pytest

from tests.embedded.using import (
    answers,
    keeper_of,
    kill,
    postmaster,
    servers,
    using,
    within,
)
from wpsync.embedded import cluster
from wpsync.embedded.server import emptied, running
from wpsync.errors import DatabaseUnavailableError


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


@pytest.mark.parametrize("victims", ["server", "keeper", "keeper and server"])
def test_a_killed_server_or_keeper_runs_again_while_it_is_used(server_folder, victims):
    folder, run = server_folder / "pg", server_folder / "pg.run"
    with using(folder) as (user,):
        for _ in range(2):
            keeper, server = keeper_of(run), postmaster(folder)
            if "keeper" in victims:
                kill(keeper)
                within(30, partial(another_keeper, run, keeper), "another keeper")
            if "server" in victims:
                kill(server)
                within(60, partial(restarted, folder, server), "another server")
            assert answers(user.url)
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
    found = cluster.running(folder)
    return found is not None and answers(found.conninfo())


def test_one_at_a_time_begins_with_an_empty_database(server_folder):
    folder = server_folder / "pg"
    with emptied(folder, durable=False) as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("create table left_behind ()")
        with (
            pytest.raises(DatabaseUnavailableError, match="another wpsync uses"),
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
    assert 'invalid value for parameter "shared_buffers": "many"' in str(caught.value)
    assert str(server_folder / "pg.run" / "server.log") in str(caught.value.hint)
    assert not servers(server_folder)
    within(10, lambda: not keeper_of(server_folder / "pg.run"), "the keeper's end")


def test_programs_of_the_server_run_on_the_database(server_folder):
    command = [sys.executable, "-m", "wpsync.embedded", str(server_folder)]
    ran = subprocess.run(
        [*command, "psql", "-Atc", "select current_database()"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (ran.stdout, ran.returncode) == ("wpsync\n", 0), ran.stderr
    assert not servers(server_folder)
    for words, status, said in (
        (["no-such-program"], 1, "no-such-program: No such file"),
        (["psql", "-c", "select 1/0"], 1, "division by zero"),
        ([], 2, "usage: python -m wpsync.embedded"),
    ):
        ran = subprocess.run(
            [*command, *words], capture_output=True, text=True, check=False, timeout=120
        )
        assert ran.returncode == status
        assert said in ran.stderr

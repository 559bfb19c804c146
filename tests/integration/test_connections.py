"""Connections: many leases take two, and whoever reads a vendor for long leaves some for what is brief."""

from contextlib import ExitStack
from threading import Event, Thread

import psycopg
import pytest

from wpsync.db.database import BRIEF, Database
from wpsync.model import Secret
from wpsync.policy import DatabaseWaits


@pytest.fixture
def opened(database_url):
    with Database(
        Secret(database_url), connections=BRIEF + 2, waits=DatabaseWaits(pool=1)
    ) as database:
        yield database


def test_a_hundred_leases_leave_the_connections_free(opened):
    with ExitStack() as stack:
        for number in range(100):
            assert stack.enter_context(opened.lease("a", str(number), wait=False))
        taken = [stack.enter_context(opened.connection()) for _ in range(BRIEF + 2)]
        assert len(taken) == BRIEF + 2


def test_a_lease_is_held_against_threads_and_processes_and_free_afterwards(opened, database_url):
    with Database(Secret(database_url)) as other:

        def free():
            with opened.lease("a", wait=False) as here, other.lease("a", wait=False) as there:
                return bool(here), bool(there)

        with opened.lease("a") as held:
            assert held
            assert free() == (False, False)
        assert free() == (True, False)
        with other.lease("a"):
            assert free() == (False, False)


def test_who_waits_for_a_lease_gets_it_once_it_is_free(opened, database_url):
    had = Event()

    def wait(database):
        with database.lease("a"):
            had.set()

    with Database(Secret(database_url)) as other:
        for database in (opened, other):
            had.clear()
            waiting = Thread(target=wait, args=(database,))
            with opened.lease("a"):
                waiting.start()
                assert not had.wait(0.3)
            waiting.join(10)
            assert had.is_set()


def test_leases_survive_their_connections(opened, database_url):
    """Nobody else has taken them when the next one is asked for."""
    with opened.lease("a"), psycopg.connect(database_url, autocommit=True) as server:
        server.execute(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
            " where application_name like 'wpsync %' and datname = current_database()"
        )
        with opened.lease("b", wait=False) as another, Database(Secret(database_url)) as other:
            assert another
            with other.lease("a", wait=False) as held:
                assert not held


def test_who_reads_for_long_leaves_connections_for_what_is_brief(opened):
    third = Event()

    def read():
        with opened.held():
            third.set()

    with ExitStack() as reading:
        for _ in range(2):
            reading.enter_context(opened.held())
        waiting = Thread(target=read)
        waiting.start()
        with ExitStack() as brief:
            for _ in range(BRIEF):
                brief.enter_context(opened.connection())
            assert not third.is_set()
    waiting.join(10)
    assert third.is_set()

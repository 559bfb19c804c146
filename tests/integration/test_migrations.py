"""The schema: migrations agree with the declarations, are all or nothing, and stand in nobody's way."""

import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

from tests.acceptance.driving import Driver
from tests.integration.catalog import catalog
from wpsync.cli.setup import _announce
from wpsync.db import definitions, migrations, revision, schema
from wpsync.db.database import Database
from wpsync.db.schema import metadata
from wpsync.errors import ConfigError, DatabaseUnavailableError, FatalError
from wpsync.language import Language
from wpsync.messages import remedy, say
from wpsync.model import Secret
from wpsync.policy import DEFAULT


def test_migrations_and_declarations_agree_comments_included(database_url):
    engine = create_engine(
        make_url(database_url).set(drivername="postgresql+psycopg"), poolclass=NullPool
    )
    with engine.connect() as connection:
        options = {
            "include_schemas": True,
            "version_table_schema": "wpsync",
            "include_object": lambda o, n, kind, r, c: (
                kind != "table" or o.schema in ("wp", "wp_bi", "wpsync")
            ),
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata()) == []


def test_the_declarations_alone_make_the_same_schema(database_url, empty_database_url):
    """What Alembic does not compare: collations, constraints, the columns of partial indexes."""
    with psycopg.connect(empty_database_url) as connection:
        for text in (schema.as_sql(), definitions.as_sql()):
            connection.execute(text.encode())
    assert catalog(database_url) == catalog(empty_database_url)


def test_every_table_and_column_has_a_comment_in_both_languages(database_url):
    query = (
        "select c.relname, a.attname, col_description(c.oid, a.attnum), obj_description(c.oid)"
        " from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
        " where c.relkind = 'r' and c.relnamespace in ('wp'::regnamespace, 'wpsync'::regnamespace)"
        " and c.relname <> 'alembic_version'"
    )
    with psycopg.connect(database_url) as connection:
        for table, column, comment, of_table in connection.execute(query):
            for said in (comment, of_table):
                assert said, f"{table}.{column}"
                assert " / " in said
                assert any("\u4e00" <= c <= "\u9fff" for c in said), f"{table}.{column}: {said}"


def test_migrating_twice_applies_nothing_and_several_at_once_take_turns(empty_database_url):
    code = (
        "import sys; from wpsync.db import migrations;"
        " print(len(migrations.upgrade(sys.argv[1]).steps))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, empty_database_url], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    applied = sorted(int(process.communicate(timeout=60)[0]) for process in started)
    assert applied[:2] == [0, 0]
    assert applied[2] >= 1
    assert migrations.pending(empty_database_url).names == []


def test_no_ddl_where_nothing_is_pending(database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "create function public.refuse() returns event_trigger language plpgsql as"
            " $$ begin raise exception 'DDL: %', tg_tag; end $$"
        )
        connection.execute(
            "create event trigger refuse on ddl_command_start execute function public.refuse()"
        )
        assert migrations.upgrade(database_url).names == []
        connection.execute(
            "update wpsync.definitions set hash = '' where name = 'wp_bi.call_facts'"
        )
        with pytest.raises(FatalError, match=r"^database\.refused ") as caught:
            migrations.upgrade(database_url)
        assert "CREATE VIEW" in str(caught.value.message.quote)


def test_a_migration_gives_up_its_wait_for_a_lock_and_succeeds_when_it_is_free(empty_database_url):
    """A lock that is held: the migration never queues for longer than the timeout, and comes back."""
    with psycopg.connect(empty_database_url) as holder:
        holder.execute("create schema wpsync")
        done = threading.Thread(
            target=lambda: migrations.upgrade(empty_database_url, lock_timeout_seconds=0.1)
        )
        done.start()
        time.sleep(0.8)
        with psycopg.connect(empty_database_url) as reader:
            reader.execute("set statement_timeout = '1s'")
            reader.execute("select count(*) from pg_class")
        assert migrations.pending(empty_database_url).names
        assert done.is_alive()
        holder.rollback()
        done.join(30)
    assert migrations.pending(empty_database_url).names == []


@pytest.mark.parametrize("is_new", [True, False])
def test_a_migration_that_never_has_its_lock_says_so(is_new, empty_database_url):
    waits = replace(DEFAULT.database, migrations=2)
    with psycopg.connect(empty_database_url) as holder:
        holder.execute("create schema wpsync")
        if not is_new:
            holder.execute("create table wpsync.alembic_version (version_num text primary key)")
            holder.commit()
            holder.execute("lock table wpsync.alembic_version in share row exclusive mode")
        with pytest.raises(DatabaseUnavailableError, match=r"^schema\.locked"):
            migrations.upgrade(empty_database_url, lock_timeout_seconds=0.1, waits=waits)


def test_the_schema_as_sql_makes_the_same_tables(database_url, empty_database_url):
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(migrations.as_sql().encode())
    assert migrations.pending(empty_database_url).names == []
    assert catalog(database_url) == catalog(empty_database_url)


def test_every_view_answers_and_has_comments_in_both_languages(database_url):
    with psycopg.connect(database_url) as connection:
        views = connection.execute(
            "select oid::regclass::text, obj_description(oid) from pg_class"
            " where relkind = 'v' and relnamespace = 'wp_bi'::regnamespace"
        ).fetchall()
        assert {name for name, _ in views} >= {"wp_bi.completeness", "wp_bi.data_freshness"}
        for name, comment in views:
            assert " / " in comment
            connection.execute(f"select * from {name}").fetchall()
            columns = connection.execute(
                "select attname, col_description(attrelid, attnum) from pg_attribute"
                " where attrelid = %s::regclass and attnum > 0",
                (name,),
            ).fetchall()
            assert all(said and " / " in said for _, said in columns), name


def test_the_newest_revision_is_known_without_alembic(database_url):
    assert revision.newest() == ScriptDirectory.from_config(migrations._config()).get_current_head()
    with Database(Secret(database_url)) as database:
        assert revision.is_current(database)
        with database.connection() as connection:
            connection.execute("update wpsync.definitions set hash = 'x' where name ~ 'call_facts'")
        assert not revision.is_current(database)
        with database.connection() as connection:
            connection.execute("delete from wpsync.definitions")
        assert not revision.is_current(database)
        migrations.upgrade(database_url)
        assert revision.is_current(database)
        with database.connection() as connection:
            connection.execute("update wpsync.alembic_version set version_num = '0001'")
        assert not revision.is_current(database)
        with database.connection() as connection:
            connection.execute("drop table wpsync.alembic_version")
        assert not revision.is_current(database)


_OTHERS = {
    "unreleased": (
        "create schema wpsync; create schema wp;"
        " create table wpsync.alembic_version (version_num text); create table wp.calls (id text);"
        " insert into wpsync.alembic_version values ('0013'); insert into wp.calls values ('c')",
        "schema.unreleased",
        "未发布的早期版本",
    ),
    "newer": (
        "create schema wpsync; create table wpsync.alembic_version (version_num text);"
        " insert into wpsync.alembic_version values ('9999')",
        r"schema.newer revisions=\['9999'\]",
        "更新版本",
    ),
    "another program's": (
        "create schema wp; create table wp.calls (number int); insert into wp.calls values (1)",
        r"schema.foreign found=\['wp\.calls'\]",
        "其他程序的表",
    ),
}


@pytest.mark.parametrize("kind", _OTHERS)
def test_a_database_of_other_origin_is_refused_and_not_touched(
    kind, empty_database_url, tmp_path, monkeypatch
):
    made, code, chinese = _OTHERS[kind]
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(made)
    before = _everything(empty_database_url)
    for refused in (migrations.upgrade, migrations.pending):
        with pytest.raises(ConfigError, match=code) as caught:
            refused(empty_database_url)
        message = caught.value.message
        assert chinese in f"{say(message, Language.ZH)} {remedy(message, Language.ZH)}"
    monkeypatch.setenv("WPSYNC_LANG", "zh")
    driver = Driver(empty_database_url, "http://127.0.0.1:1", tmp_path)
    for command in (("run",), ("sync",), ("check",)):
        ran = driver.run(*command)
        assert ran.returncode == 2, (command, ran.stdout, ran.stderr)
        assert chinese in ran.stderr
        assert "Traceback" not in ran.stderr
    assert _everything(empty_database_url) == before


def _everything(url):
    with psycopg.connect(url) as connection:
        relations = connection.execute(
            "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname like 'wp%' and relkind = 'r' order by 1"
        ).fetchall()
        return [
            (name, connection.execute(f"select * from {name}").fetchall()) for (name,) in relations
        ]


_ADDS = '''"""Calls get a tariff, and durations are counted in 64 bits"""
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "0900", {after!r}, None, None
rewrites = ("wp.calls",)
views = ("wp_bi.call_facts", "wp_bi.agent_daily")
def upgrade():
    op.add_column("calls", sa.Column("tariff", sa.Text()), schema="wp")
    op.alter_column("calls", "duration_seconds", type_=sa.BigInteger(), schema="wp")
    op.execute("insert into wp.history select 'x', 'x', now(), now(), '{{}}', 'x' from wp.calls limit 1")
'''

_FAILS = '''"""This one fails half way"""
from alembic import op
revision, down_revision, branch_labels, depends_on = "0901", "0900", None, None
def upgrade():
    op.execute("alter table wp.sms add column tariff text")
    op.execute("select 1 / 0")
'''


@pytest.fixture
def later(tmp_path, monkeypatch):
    """A later version's migrations: those of this one, and what a test adds."""
    folder = tmp_path / "migrations"
    shutil.copytree(revision.folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    head = revision.newest()
    (folder / "versions" / "0900_adds.py").write_text(_ADDS.format(after=head))

    def use(place=folder):
        monkeypatch.setattr(revision, "folder", lambda: place)

    return use, revision.folder(), folder


def fill(url):
    with psycopg.connect(url) as connection:
        connection.execute(
            "insert into wp.calls (_account, id, agent_id, connected, duration_seconds, began_at, _first_synced_at,"
            " _synced_at) select 'main', n::text, 'a', true, n, now(), now(), now() from generate_series(1, 500) n"
        )
        connection.execute("create role bi_reader")
        connection.execute("grant select on wp_bi.call_facts to bi_reader")
        connection.execute("grant select (day) on wp_bi.agent_daily to bi_reader")
        connection.execute(
            "create view public.long_calls with (security_barrier) as"
            " select call_id, talk_seconds from wp_bi.call_facts where talk_seconds > 400"
        )
        connection.execute("comment on view public.long_calls is 'ours'")
        connection.execute("grant select on public.long_calls to bi_reader")


@pytest.fixture
def filled(database_url):
    fill(database_url)
    yield database_url
    with psycopg.connect(database_url) as connection:
        connection.execute("drop owned by bi_reader cascade")
        connection.execute("drop role bi_reader")


_MAY = (
    "select has_table_privilege('bi_reader', 'wp_bi.call_facts', 'select'),"
    " has_column_privilege('bi_reader', 'wp_bi.agent_daily', 'day', 'select'),"
    " has_column_privilege('bi_reader', 'wp_bi.agent_daily', 'agent', 'select'),"
    " has_table_privilege('bi_reader', 'public.long_calls', 'select')"
)


def test_a_migration_of_a_filled_database_gives_the_schema_of_a_fresh_one(
    filled, empty_database_url, later, capsys
):
    use, _, _ = later
    use()
    (step,) = migrations.pending(filled).steps
    assert step.title == "Calls get a tariff, and durations are counted in 64 bits"
    assert step.rewrites["wp.calls"] > 0
    assert step.minutes > 0
    _announce(migrations.pending(filled))
    said = capsys.readouterr().out
    assert said.startswith("0900: Calls get a tariff")
    assert "writes wp.calls anew, 0 MB\n" in said
    assert "about 1 minute, in which nothing else can use it\n" in said
    assert [one.revision for one in migrations.upgrade(filled).steps] == ["0900"]
    migrations.upgrade(empty_database_url)
    assert catalog(filled) == catalog(empty_database_url)
    with psycopg.connect(filled) as connection:
        rows = connection.execute(
            "select count(*), sum(duration_seconds), count(tariff) from wp.calls"
        ).fetchone()
        assert rows == (500, 500 * 501 // 2, 0)
        assert connection.execute(_MAY).fetchone() == (True, True, False, True)
        assert connection.execute("select count(*) from public.long_calls").fetchone() == (100,)
        described = connection.execute(
            "select obj_description(oid), reloptions from pg_class where oid = 'public.long_calls'::regclass"
        ).fetchone()
        assert described == ("ours", ["security_barrier=true"])
    assert migrations.upgrade(filled).names == []


def test_migrations_of_which_one_fails_leave_the_version_before_able_to_start(filled, later):
    use, earlier, folder = later
    before = catalog(filled)
    use()
    (folder / "versions" / "0901_fails.py").write_text(_FAILS)
    with pytest.raises(Exception, match="division by zero"):
        migrations.upgrade(filled)
    assert catalog(filled) == before
    use(earlier)
    assert migrations.pending(filled).names == []
    with Database(Secret(filled)) as database:
        assert revision.is_current(database)
    with psycopg.connect(filled) as connection:
        assert connection.execute(_MAY).fetchone() == (True, True, False, True)


def test_a_view_that_only_grows_is_replaced_in_place(filled, later):
    use, _, folder = later
    (folder / "versions" / "0900_adds.py").unlink()
    use()
    file = folder / "views" / "wp_bi.call_facts.sql"
    text = file.read_text()
    file.write_text(text.replace("\nFROM wp.calls", ",\n       true AS extra\nFROM wp.calls", 1))
    oid = "select 'wp_bi.call_facts'::regclass::oid"
    with psycopg.connect(filled) as connection:
        before = connection.execute(oid).fetchone()
        definitions._read.cache_clear()
        assert migrations.upgrade(filled).definitions == ["wp_bi.call_facts"]
        assert connection.execute(oid).fetchone() == before
        assert connection.execute(_MAY).fetchone() == (True, True, False, True)


def test_a_view_that_loses_a_column_keeps_grants_and_the_views_that_depend_on_it(filled, later):
    use, _, folder = later
    (folder / "versions" / "0900_adds.py").unlink()
    use()
    _without(folder, "talk_minutes")
    assert migrations.upgrade(filled).definitions == ["wp_bi.call_facts"]
    with psycopg.connect(filled) as connection:
        assert connection.execute(_MAY).fetchone() == (True, True, False, True)
        assert connection.execute("select count(*) from public.long_calls").fetchone() == (100,)


def _without(folder, column):
    """Take a column out of call_facts, and its comment."""
    file = folder / "views" / "wp_bi.call_facts.sql"
    text = file.read_text()
    lines = [line for line in text.splitlines() if f".{column} IS" not in line]
    text = "\n".join(lines)
    start = text.index(f"AS {column}")
    begins = max(text.rindex(",", 0, text.rindex("(", 0, start)), 0)
    file.write_text(text[:begins] + text[start + len(f"AS {column}") :])
    definitions._read.cache_clear()


@pytest.mark.parametrize(
    "dependent",
    [
        "create view public.minutes as select talk_minutes from wp_bi.call_facts",
        "create materialized view public.minutes as select call_id from wp_bi.call_facts",
        "create function public.minutes() returns bigint begin atomic select count(*) from wp_bi.call_facts; end",
    ],
)
def test_a_view_that_others_cannot_follow_is_refused_by_name(filled, later, dependent):
    use, earlier, folder = later
    (folder / "versions" / "0900_adds.py").unlink()
    use()
    with psycopg.connect(filled) as connection:
        connection.execute(dependent)
    before = catalog(filled)
    _without(folder, "talk_minutes")
    with pytest.raises(FatalError, match="minutes") as caught:
        migrations.upgrade(filled)
    assert "请先删除" in (remedy(caught.value.message, Language.ZH) or "")
    assert catalog(filled) == before
    use(earlier)
    definitions._read.cache_clear()
    assert migrations.pending(filled).names == []

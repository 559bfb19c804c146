"""The schema: migrations agree with the declarations, and never stand in anybody's way."""

import subprocess
import sys
import threading
import time

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

from wpsync.db import migrations, revision
from wpsync.db.database import Database
from wpsync.db.schema import metadata
from wpsync.model import Secret


def test_migrations_and_declarations_agree_comments_included(database_url):
    engine = create_engine(
        make_url(database_url).set(drivername="postgresql+psycopg"), poolclass=NullPool
    )
    with engine.connect() as connection:
        options = {
            "include_schemas": True,
            "version_table_schema": "wpsync",
            "include_object": lambda o, n, kind, r, c: (
                kind != "table" or o.schema in ("wp", "wpsync")
            ),
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata()) == []


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
        "import sys; from wpsync.db import migrations; print(len(migrations.upgrade(sys.argv[1])))"
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
    assert migrations.pending(empty_database_url) == []


def test_a_migration_gives_up_its_wait_for_a_lock_and_succeeds_when_it_is_free(empty_database_url):
    """A lock that is held: the migration never queues for longer than the timeout, and comes back."""
    with psycopg.connect(empty_database_url) as holder:
        holder.execute("create schema wp")
        holder.commit()
        holder.execute("select pg_advisory_lock(7706001)")
        holder.commit()
        done = threading.Thread(
            target=lambda: migrations.upgrade(empty_database_url, lock_timeout_seconds=0.1)
        )
        done.start()
        time.sleep(0.8)
        with psycopg.connect(empty_database_url) as reader:
            reader.execute("set statement_timeout = '1s'")
            reader.execute("select count(*) from pg_class")
        assert migrations.pending(empty_database_url)
        holder.execute("select pg_advisory_unlock(7706001)")
        holder.commit()
        done.join(30)
    assert migrations.pending(empty_database_url) == []


def test_the_schema_as_sql_makes_the_same_tables(empty_database_url):
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(migrations.as_sql().encode())
    assert migrations.pending(empty_database_url) == []


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
            connection.execute("update wpsync.alembic_version set version_num = '0001'")
        assert not revision.is_current(database)
        with database.connection() as connection:
            connection.execute("drop table wpsync.alembic_version")
        assert not revision.is_current(database)

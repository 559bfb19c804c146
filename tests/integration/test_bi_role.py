"""The BI role: it reads what analysts may read, and nothing else."""

import secrets

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from wpsync.db import bi_role, migrations
from wpsync.db.bi_role import make_reader
from wpsync.db.database import Database
from wpsync.errors import ConfigError
from wpsync.model import Secret


@pytest.fixture
def name(database_url):
    """A role's name; roles outlive databases, so it is removed."""
    name = f"bi_{secrets.token_hex(4)}"
    yield name
    with psycopg.connect(database_url, autocommit=True) as connection:
        if connection.execute("select 1 from pg_roles where rolname = %s", (name,)).fetchone():
            connection.execute(f"drop owned by {name}; drop role {name}")


def as_reader(database_url, name):
    return psycopg.connect(make_conninfo(database_url, user=name))


def test_it_reads_the_data_and_the_views_and_never_the_tokens(database_url, name):
    with Database(Secret(database_url)) as database:
        assert make_reader(database, name, Secret("a password")).is_new
        assert not make_reader(database, name, None).is_new
    with psycopg.connect(database_url) as owner:
        views = owner.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
            " where table_schema in ('wp', 'wp_bi')"
        ).fetchall()
        state = owner.execute(
            "select table_name from information_schema.tables where table_schema = 'wpsync'"
        ).fetchall()
    with as_reader(database_url, name) as connection:
        for (readable,) in views:
            connection.execute(f"select * from {readable} limit 1")
        for (table,) in state:
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(f"select * from wpsync.{table} limit 1")
        for attempt in (
            "delete from wp.calls",
            "create table wp.x (n int)",
            "drop view wp_bi.call_facts",
        ):
            with pytest.raises(psycopg.errors.Error), connection.transaction():
                connection.execute(attempt)
    with psycopg.connect(database_url) as owner:
        settings = owner.execute("select rolconfig from pg_roles where rolname = %s", (name,))
        assert "default_transaction_read_only=on" in next(iter(settings))[0]
        hashed = owner.execute("select rolpassword from pg_authid where rolname = %s", (name,))
        assert next(iter(hashed))[0].startswith("SCRAM-SHA-256$")


def test_tables_of_later_migrations_are_readable_too(database_url, name):
    with Database(Secret(database_url)) as database:
        make_reader(database, name, None)
        with database.connection() as connection:
            connection.execute("create table wp.later (n integer)")
    with as_reader(database_url, name) as connection:
        connection.execute("select * from wp.later")


def test_what_a_role_should_not_have_is_taken_from_it(database_url, name):
    with Database(Secret(database_url)) as database:
        with database.connection() as connection:
            connection.execute(f"create role {name} login createdb")
            connection.execute(f"grant pg_read_all_data to {name}")
            connection.execute(f"grant usage on schema wpsync to {name}")
            connection.execute(f"grant select on wpsync.tokens to {name}")
        told = make_reader(database, name, None, force=True)
    assert told.taken == [
        "the attribute createdb",
        "member of pg_read_all_data",
        "rights on schema wpsync",
    ]
    with (
        as_reader(database_url, name) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("select * from wpsync.tokens")


def test_an_owner_is_not_made_a_reader(database_url):
    with (
        Database(Secret(database_url)) as database,
        pytest.raises(ConfigError, match=r"^database\.not_a_reader role="),
    ):
        make_reader(database, "postgres", None)


MODES = (
    "row share", "row exclusive", "share update exclusive", "share", "share row exclusive", "exclusive",
    "access exclusive",
)  # fmt: skip
"""Every mode in which a table can be locked, but the one in which reading locks it."""


def test_it_takes_no_lock_that_anything_of_ours_waits_for(database_url, name):
    with Database(Secret(database_url)) as database:
        make_reader(database, name, None)
    tables = "select oid::regclass::text from pg_class where relkind = 'r' and relnamespace = any(%s::regnamespace[])"
    with psycopg.connect(database_url) as owner:
        found = [one for (one,) in owner.execute(tables, (["wp", "wp_bi", "wpsync"],))]
    assert len(found) > 30
    with as_reader(database_url, name) as connection:
        connection.execute("set default_transaction_read_only to off")
        connection.commit()
        for table in found:
            attempts = [f"lock table {table} in {mode} mode" for mode in MODES]
            for attempt in (*attempts, f"select 1 from {table} for key share"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                    connection.execute(attempt)


def test_what_another_role_puts_into_public_is_never_called(database_url, name):
    """CREATE on `public` for everyone is the default of old databases, and stays through upgrades (CVE-2018-1058)."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("grant create on schema public to public")
        functions = {n for (n,) in owner.execute("select proname from pg_proc where prokind = 'f'")}
    with Database(Secret(database_url)) as database:
        with pytest.raises(ConfigError, match=r"^database\.everyone_creates"):
            make_reader(database, name, None)
        make_reader(database, name, None, force=True)
        with as_reader(database_url, name) as connection:
            connection.execute("set default_transaction_read_only to off")
            connection.commit()
            for taken in sorted(functions & {"now", "length", "lower", "to_regclass", "max"}):
                connection.execute(
                    f"create function public.{taken}(anyelement) returns int language plpgsql as"
                    " $$ begin raise exception 'hijacked'; end $$"
                )
            connection.execute("create table public.pg_class (n int)")
            connection.commit()
        with database.connection() as ours, database.monitoring.connection() as monitoring:
            for each in (ours, monitoring):
                assert each.execute("select current_schemas(true)").fetchone() == (["pg_catalog"],)
                assert each.execute("select length('ab'::text), now() is null").fetchone() == (
                    2,
                    False,
                )
                assert each.execute("select count(*) > 100 from pg_class").fetchone() == (True,)


@pytest.mark.parametrize("name", ["", "public", "none", "员" * 22])
def test_what_cannot_be_a_role_is_refused_in_words(database_url, name):
    with (
        Database(Secret(database_url)) as database,
        pytest.raises(ConfigError, match=r"^database\.no_role_name"),
    ):
        make_reader(database, name, None)


def test_a_role_that_wpsync_did_not_make_is_left_alone(database_url, name):
    with Database(Secret(database_url)) as database:
        with database.connection() as connection:
            connection.execute(f"create role {name} createdb")
        with pytest.raises(ConfigError, match=r"^database\.foreign_role"):
            make_reader(database, name, None)
        with database.connection() as connection:
            query = "select rolcreatedb, rolcanlogin, rolconfig from pg_roles where rolname = %s"
            assert connection.execute(query, (name,)).fetchone() == (True, False, None)
        make_reader(database, name, None, force=True)
        assert not make_reader(database, name, None).is_new


def test_the_owner_of_another_database_is_not_made_a_reader(database_url, empty_database_url, name):
    with psycopg.connect(empty_database_url, autocommit=True) as elsewhere:
        elsewhere.execute(f"create role {name}")
        elsewhere.execute(f"create schema theirs authorization {name}")
        with (
            Database(Secret(database_url)) as database,
            pytest.raises(ConfigError, match=r"^database\.not_a_reader"),
        ):
            make_reader(database, name, None, force=True)
        elsewhere.execute(f"drop schema theirs; drop role {name}")


@pytest.fixture
def ordinary(empty_database_url):
    """The address for a role that owns its database and may create roles, and is no superuser."""
    owner = f"owner_{secrets.token_hex(4)}"
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        database = connection.info.dbname
        connection.execute(f"create role {owner} login createrole")
        connection.execute(f"alter database {database} owner to {owner}")
        yield make_conninfo(empty_database_url, user=owner)
        connection.execute(f"reassign owned by {owner} to current_user; drop owned by {owner}")
        connection.execute(f"drop role {owner}")


def test_an_ordinary_role_makes_a_reader_and_mends_it(ordinary, empty_database_url, name):
    migrations.upgrade(ordinary)
    with Database(Secret(ordinary)) as database:
        assert make_reader(database, name, Secret("a password")).is_new
        assert not make_reader(database, name, Secret("another")).is_new
    with psycopg.connect(ordinary) as connection:
        query = "select unnest(rolconfig) from pg_roles where rolname = %s"
        settings = {setting for (setting,) in connection.execute(query, (name,))}
        assert {"jit=off", "lock_timeout=10s", "statement_timeout=5min"} <= settings
    with psycopg.connect(empty_database_url) as superuser:
        superuser.execute(f"drop owned by {name}; drop role {name}")


ATTEMPTS = [
    "create temporary table t (n int)", "select lo_create(0)", "select lo_creat(-1)",
    "select lo_from_bytea(0, 'x')", "select lo_import('/etc/hostname')", "create table public.t (n int)",
    "create table wp.t (n int)", "create schema s", "create table wp_bi.t (n int)",
    "copy (select 1) to program 'true'", "copy wp.calls to '/tmp/x'", "select pg_read_file('/etc/hostname')",
    "select pg_ls_dir('.')", "select pg_reload_conf()", "select pg_terminate_backend({backend})",
    "insert into wp.calls (id) values ('x')", "update wp.calls set id = id", "truncate wp.calls",
    "alter table wp.calls add column x int", "create function f() returns int language sql as 'select 1'",
    "select rolpassword from pg_authid", "select * from pg_statistic", "alter system set jit to on",
    "set role postgres", "set session authorization postgres", "create role r", "create database d",
    "select set_config('log_statement', 'all', false)", "load 'auto_explain'",
]  # fmt: skip


def test_once_the_statements_that_are_printed_were_run_it_can_only_read(database_url, name):
    with Database(Secret(database_url)) as database:
        told = make_reader(database, name, None)
        assert [one.split()[0] for one in told.advice] == ["grant", "revoke", "revoke", "alter"]
        with database.connection() as connection:
            assert bi_role.advice(connection)[name] == told.advice
            for statement in told.advice:
                connection.execute(statement)
            assert bi_role.advice(connection)[name] == []
            before = connection.execute("select count(*) from pg_largeobject_metadata").fetchone()
        assert make_reader(database, name, None).advice == []
    with as_reader(database_url, name) as connection:
        connection.autocommit = True
        connection.execute("set default_transaction_read_only to off")
        with psycopg.connect(database_url) as ours:
            backend = ours.info.backend_pid
            for attempt in ATTEMPTS:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(attempt.format(backend=backend))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("set temp_file_limit to -1")
        connection.execute("select count(*) from wp.calls")
    with psycopg.connect(database_url) as owner:
        assert owner.execute("select count(*) from pg_largeobject_metadata").fetchone() == before

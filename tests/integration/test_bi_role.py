"""The BI role: it reads what analysts may read, and nothing else."""

import secrets

import psycopg
import pytest

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
    connection = psycopg.connect(database_url)
    connection.execute(f"set session authorization {name}")
    return connection


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
        told = make_reader(database, name, None)
    assert told.taken == ["member of pg_read_all_data", "rights on schema wpsync"]
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
        make_reader(database, name, None)
        with as_reader(database_url, name) as connection:
            connection.execute("set default_transaction_read_only to off")
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

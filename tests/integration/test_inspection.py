"""How a database differs from the one that wpsync made: everything is named, and nothing where nothing differs."""

import psycopg
import pytest

from tests.acceptance.driving import Driver
from wpsync.db import inspection, migrations
from wpsync.db.connecting import connect
from wpsync.db.database import Database
from wpsync.errors import FatalError, WpsyncError
from wpsync.messages import remedy, say
from wpsync.model import Secret

TRIGGER = (
    "create function public.f() returns trigger language plpgsql as $$ begin return null; end $$;"
    " create trigger f after insert on wp.calls for each row execute function public.f()"
)
PARTITIONED = "drop table wp.calls cascade; create table wp.calls (id text) partition by hash (id)"
ALTERED = {
    "alter table wp.calls rename to calls2": "check.tables_missing",
    "drop table wpsync.windows cascade": "check.tables_missing",
    "drop schema wp_bi cascade": "check.tables_missing",
    "drop view wp_bi.call_facts cascade": "check.views_missing",
    "drop function wpsync.id_digest cascade": "check.views_missing",
    "alter table wp.calls drop column imei": "check.columns_missing",
    "alter table wp.calls alter column imei type varchar(3)": "check.column_type",
    "alter table wp.calls add column x text not null": "check.column_refuses",
    "alter table wp.calls alter column imei set not null": "check.column_refuses",
    "alter table wp.calls drop constraint calls_pkey": "check.keys_missing",
    "alter table wp.calls add constraint c check (duration_seconds < 9)": "check.constraints_foreign",
    "create unique index u on wp.calls (imei)": "check.constraints_foreign",
    TRIGGER: "check.triggers",
    "create rule r as on insert to wp.calls do instead nothing": "check.triggers",
    PARTITIONED: "check.not_a_table",
}

REFUSED = {
    "select 1/0": "database.refused",
    "select pg_sleep(1)": "database.statement_canceled",
    "insert into wp_bi.working_hours values (9, '1:00', '2:00')": "database.constraint",
    "select nothing": "schema.differs",
    "lock table wp.calls nowait; select 'x'::int": "database.refused",
}


def found(url):
    with connect(url) as connection:
        return inspection.differences(connection)


def alter(url, statement):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def test_a_database_as_it_was_made_does_not_differ(database_url):
    assert found(database_url) == []
    alter(
        database_url, "alter table wp.calls add column note text; create index on wp.calls (imei)"
    )
    assert found(database_url) == []


def test_what_was_altered_is_named_with_its_mend(database_url):
    with connect(database_url) as connection:
        for statement, code in ALTERED.items():
            with connection.transaction(force_rollback=True):
                connection.execute(statement)
                told = {one.code: one for one in inspection.differences(connection)}
                assert code in told, statement
                for one in told.values():
                    assert say(one)
                    assert remedy(one)


@pytest.fixture
def plain(database_url):
    """Yields the address for a role that owns nothing, and a way to do something as the owner."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = f"plain_{connection.info.dbname}"
        connection.execute(f"create role {name} login password 'x'")
        for schema in ("wp", "wp_bi", "wpsync"):
            connection.execute(
                f"grant usage on schema {schema} to {name};"
                f" grant all on all tables in schema {schema} to {name};"
                f" grant all on all sequences in schema {schema} to {name}"
            )
        yield database_url.replace("postgres@", f"{name}:x@"), name
        connection.execute(f"drop owned by {name}; drop role {name}")


def test_rights_and_row_security_are_those_of_the_role(database_url, plain):
    url, name = plain
    assert found(url) == []
    alter(
        database_url,
        f"revoke insert on wp.calls from {name}; alter table wp.sms enable row level security",
    )
    told = {one.code: one.params["table"] for one in found(url)}
    assert told == {"check.rights_missing": "wp.calls", "check.rows_hidden": "wp.sms"}


def test_a_role_without_the_right_to_create_does_everything_where_nothing_is_pending(
    plain, emulator, tmp_path
):
    driver = Driver(plain[0], emulator(days=2, messages=500).url, tmp_path)
    for command in (("migrate",), ("check",), ("sync", "calls"), ("run", "--once-each")):
        done = driver.run(*command)
        assert done.returncode == 0, done.stdout + done.stderr


def test_schemas_that_are_there_and_owned_need_no_right_to_create_schemas(empty_database_url):
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        name = f"owner_{connection.info.dbname}"
        connection.execute(f"create role {name} login password 'x'")
        for schema in ("wp", "wp_bi", "wpsync"):
            connection.execute(f"create schema {schema} authorization {name}")
        migrations.upgrade(empty_database_url.replace("postgres@", f"{name}:x@"))
        assert found(empty_database_url) == []
        connection.execute(f"drop owned by {name}; drop role {name}")


def test_forced_row_security_is_one_line_with_the_table(plain, database_url):
    alter(database_url, "alter table wp.calls enable row level security")
    with (
        Database(Secret(plain[0])) as database,
        pytest.raises(FatalError, match=r"^database\.right_missing .*calls"),
        database.connection() as connection,
    ):
        connection.execute("select * from wp.calls")


def test_every_error_of_the_server_is_one_of_ours(database_url):
    with Database(Secret(database_url)) as database:
        for statement, code in REFUSED.items():
            with pytest.raises(WpsyncError) as caught:
                perform(database, statement)
            assert caught.value.message.code == code
            assert say(caught.value.message)


def perform(database, statement):
    with database.transaction() as connection:
        connection.execute("set local statement_timeout to '50ms'")
        connection.execute(statement)


def test_check_and_migrate_name_a_table_that_is_gone(database_url, emulator, tmp_path):
    alter(database_url, "drop table wp.calls cascade")
    driver = Driver(database_url, emulator(days=2, messages=500).url, tmp_path)
    for command in (("check", "--database-only"), ("migrate",)):
        done = driver.run(*command)
        assert done.returncode == 1
        assert "wp.calls" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    assert "run `wpsync migrate`" not in done.stderr

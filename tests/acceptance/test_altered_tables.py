"""Tables that an administrator altered: rows that do not arrive are never counted, and their table is named."""

from datetime import timedelta

import psycopg
import pytest

from tests.acceptance.driving import Driver
from wpsync.errors import FatalError
from wpsync.extract import windows
from wpsync.messages import say
from wpsync.model import Window
from wpsync.resources import RESOURCES
from wpsync.sync.progress import Silence
from wpsync.sync.verify import verify

SKIP = """
create function public.skip() returns trigger language plpgsql as $$
begin if new.duration_seconds > 60 then return null; end if; return new; end $$;
create trigger skip before {events} on wp.calls for each row execute function public.skip()
"""
UNDO = """
create function public.skip() returns trigger language plpgsql as $$
begin new.agent_name = 'x'; return new; end $$;
create trigger skip before update on wp.calls for each row execute function public.skip()
"""
LETTERS = """
insert into wpsync.dead_letters (account, resource, record_id, reason, error_code, error_params, original, fingerprint,
                                 first_seen_at)
select 'main', 'calls', id, 'refused_by_postgres', 'dead_letter.refused_by_database',
       '{"table": "calls", "sqlstate": "22001", "error": "x"}', '{}', id, _synced_at
from wp.calls where began_at < now() - interval '5 min' order by began_at desc limit 3
"""
UNSKIP = "drop function public.skip() cascade"


@pytest.fixture
def driver(emulator, database_url, tmp_path):
    return Driver(database_url, emulator(days=4, messages=3_000).url, tmp_path)


def alter(driver, statement):
    with psycopg.connect(driver.database_url, autocommit=True) as connection:
        connection.execute(statement)


def read(driver, name="calls"):
    (outcome,) = driver.backfill("3d", [name])
    return outcome, " ".join(say(problem) for problem in outcome.problems)


def nothing_is_claimed(driver):
    # Shortly after midnight the present day may be empty, and is complete then.
    assert not driver.one(
        "select count(*) from wpsync.windows where state = 'complete' and rows_seen > 0"
    )
    assert not driver.one("select count(*) from wpsync.dead_letters")


@pytest.mark.reads_the_day
@pytest.mark.parametrize(
    ("altered", "named", "back"),
    [
        ("alter table wp.calls add column crm_owner text not null", "crm_owner", "alter table wp.calls drop column crm_owner"),
        ("alter table wp.calls add constraint short check (duration_seconds < 60)", "short", "alter table wp.calls drop constraint short"),
        (SKIP.format(events="insert"), "wp.calls", UNSKIP),
        ("alter table wp.calls alter column imei type varchar(3)", "wp.calls.imei", "alter table wp.calls alter column imei type text"),
        ("create function public.f() returns trigger language plpgsql as $$ begin insert into audit values (1); return null; end $$;"
         " create trigger f after insert on wp.calls for each row execute function public.f()", "function public.f()", "drop function public.f() cascade"),
    ],
)  # fmt: skip
def test_a_table_that_refuses_rows_is_named_and_nothing_is_complete(driver, altered, named, back):
    alter(driver, altered)
    outcome, problems = read(driver)
    assert outcome.outcome == "failed"
    assert named in problems
    nothing_is_claimed(driver)
    alter(driver, back)
    outcome, problems = read(driver)
    assert outcome.outcome == "done", problems
    assert driver.one("select count(*) from wp.calls") == outcome.rows_read > 40


def test_rows_that_are_merged_are_counted_as_the_server_counts_them(driver):
    read(driver)
    alter(
        driver,
        "update wp.calls set agent_name = 'x' where duration_seconds > 60 and began_at < now() - interval '5 min'",
    )
    alter(driver, SKIP.format(events="insert or update"))
    with pytest.raises(FatalError, match=r"^database\.rows_skipped table=wp\.calls "):
        repair(driver)
    alter(driver, UNSKIP)
    repair(driver)
    assert not driver.one("select count(*) from wp.calls where agent_name = 'x'")


def test_a_repair_that_a_trigger_undoes_is_none(driver):
    read(driver)
    alter(driver, "update wp.calls set agent_name = 'x' where began_at < now() - interval '5 min'")
    alter(driver, UNDO)
    with pytest.raises(FatalError, match=r"^database\.not_repaired table=wp\.calls "):
        repair(driver)
    alter(driver, UNSKIP)
    repair(driver)
    assert not driver.one("select count(*) from wp.calls where agent_name = 'x'")


def test_a_letter_closes_once_its_row_is_there_by_whatever_way_it_came(driver):
    open_letters = "select count(*) from wpsync.dead_letters where resolved_at is null"
    read(driver)
    alter(driver, LETTERS)
    retried = driver.run("dead-letters", "retry", "--json")
    assert retried.returncode == 0, retried.stderr
    assert not driver.one(open_letters)
    alter(driver, "update wpsync.dead_letters set resolved_at = null")
    alter(driver, "delete from wp.calls where id in (select record_id from wpsync.dead_letters)")
    assert driver.one(open_letters) == 3
    repair(driver)
    assert not driver.one(open_letters)


def repair(driver):
    """Compare the calls of the last days row by row, and repair them."""
    with driver.account() as account:
        end = windows.floor_second(account.clock.now())
        span = Window(end - timedelta(days=3), end)
        verify(account, RESOURCES["calls"], span, Silence(), deep=True, repair=True)

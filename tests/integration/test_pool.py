"""The pool after the database was away: what is idle and broken keeps nobody waiting."""

from contextlib import ExitStack

import psycopg

from wpsync.db.database import Database
from wpsync.model import Secret
from wpsync.policy import DatabaseWaits


def test_many_idle_connections_that_broke_are_replaced_at_once(database_url):
    with Database(Secret(database_url), connections=30, waits=DatabaseWaits(pool=3)) as database:
        with ExitStack() as at_once:
            for _ in range(25):
                at_once.enter_context(database.connection())
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and application_name like 'wpsync %'"
            )
        database.refresh()
        database.now()

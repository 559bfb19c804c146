"""What it costs to look: database time and blocks of a scrape, of `/healthz` and of the alerts' minute check.

`python -m bench.status [ROWS] [ACCOUNTS] [DAYS]` (5,000,000 messages, 10 accounts, 1,000 days of ledger by default):
fills a fresh embedded Postgres by SQL, and another one with a tenth of the messages and of the days, and prints
what Postgres itself says of each look (`pg_stat_database`), planning and catalogs included. Nothing is asserted.
"""

import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg

from wpsync import config
from wpsync.alerts.watch import observe
from wpsync.daemon.metrics import Metrics
from wpsync.daemon.service import Service
from wpsync.db import migrations
from wpsync.embedded import server as embedded
from wpsync.model import Secret
from wpsync.state import totals
from wpsync.status.monitor import Monitor
from wpsync.sync.session import Session, session

_TIMES = 7
_BOOK = "now(), now()"
FILL = (
    "insert into wp.wechat_messages (id, chat_id, kind, sent_at, sent_on, payload_ok, _gone_at, _account,"
    " _first_synced_at, _synced_at)"
    " select 'm' || n, 'h' || n % 997, 'text', at, (at at time zone 'Asia/Shanghai')::date, true,"
    " case when n % 20000 = 7 then now() end, 'a' || n % {accounts}, {book}"
    " from (select n, now() - n * (interval '{days} days' / {rows}) as at from generate_series(1, {rows}) n) m",
    "insert into wp.calls (id, began_at, _account, _first_synced_at, _synced_at)"
    " select 'l' || n, now() - n * (interval '{days} days' / {tenth}), 'a' || n % {accounts}, {book}"
    " from generate_series(1, {tenth}) n",
    "insert into wp.sms (id, sent_at, _account, _first_synced_at, _synced_at)"
    " select 's' || n, now() - n * (interval '{days} days' / {tenth}), 'a' || n % {accounts}, {book}"
    " from generate_series(1, {tenth}) n",
    "insert into wpsync.windows (account, resource, starts_at, ends_at, vendor_count, rows_seen, rows_held, state, reason,"
    " attempts, read_at, checked_at, disputed_at)"
    " select 'a' || a, r, at, at + interval '1 day', {rows} / {accounts} / {days}, {rows} / {accounts} / {days},"
    " {rows} / {accounts} / {days}, case when d = 5 then 'incomplete' else 'complete' end,"
    " case when d = 5 then 'rows_missing' end, 1, now(), now(), case when d = 6 then now() end"
    " from generate_series(0, {accounts} - 1) a, unnest(array['calls', 'sms', 'wechat_chats', 'wechat_messages']) r,"
    " generate_series(0, {days} - 1) d,"
    " lateral (select date_trunc('day', now(), 'Asia/Shanghai') - d * interval '1 day' as at) x",
    "insert into wpsync.watermarks select distinct account, resource, now(), now() from wpsync.windows",
    "insert into wpsync.listings (account, resource, parent_id, vendor_count, rows_seen, state, read_at, complete_at)"
    " select 'a' || a, r, '', 500, 500, 'complete', now(), now() from generate_series(0, {accounts} - 1) a, unnest(array["
    "'agents', 'customer_fields', 'wechat_users', 'wechat_contacts', 'wechat_rooms', 'agent_call_totals',"
    " 'agent_call_days']) r",
    "insert into wpsync.listings (account, resource, parent_id, vendor_count, rows_seen, state, read_at, complete_at)"
    " select 'a' || a, 'wechat_room_members', 'r' || n, 30, 30, 'complete', now(), now()"
    " from generate_series(0, {accounts} - 1) a, generate_series(1, {rows} / {accounts} / 1000) n",
    "insert into wpsync.runs (account, resource, kind, started_at, finished_at, outcome, requests, rows_inserted)"
    " select 'a' || a, r, 'sync', at, at, 'done', 3, 5 from generate_series(0, {accounts} - 1) a,"
    " unnest(array['calls', 'sms', 'wechat_messages', 'wechat_room_members', 'agents', 'agent_call_days']) r,"
    " generate_series(1, 50 * least({days}, 90)) n, lateral (select now() - n * interval '29 minutes' as at) x",
    "insert into wpsync.follow_ups select 'a' || n % {accounts}, 'calls', 'l' || n, now() - n * interval '1 hour',"
    " 'recording', case when n <= {rows} / {days} / 10 then now() + interval '1 hour' end"
    " from generate_series(1, {rows} / 1000) n",
    "insert into wpsync.dead_letters (account, resource, record_id, reason, error_code, error_params, original, fingerprint, first_seen_at,"
    " resolved_at) select 'a' || n % {accounts}, 'wechat_messages', 'm' || n, 'payload_unreadable', 'dead_letter.payload_not_json', '{{}}', '{{}}', n::text, now(),"
    " case when n > 30 then now() end from generate_series(1, {rows} / 1000) n",
    "insert into wpsync.jobs (account, job, every_seconds, next_at, started_at, finished_at, outcome)"
    " select 'a' || a, 'job ' || n, 60, now(), now(), now(), 'done' from generate_series(0, {accounts} - 1) a,"
    " generate_series(1, 25) n",
    "insert into wpsync.tokens select 'a' || a, 'x', 'x', true, 'x', now(), now(), now() + interval '1 day',"
    " now() + interval '20 days', 'x' from generate_series(0, {accounts} - 1) a",
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What looking once takes in the database."""

    milliseconds: float
    blocks: int


def fill(url: str, rows: int, accounts: int, days: int) -> None:
    """Fill a migrated database as so many messages and so many days leave it."""
    with psycopg.connect(url, autocommit=True) as connection:
        values = {"rows": rows, "tenth": max(1, rows // 10), "accounts": accounts, "days": days}
        # The server's own vacuum would be counted, and its statistics of a half filled table would stay.
        connection.execute(
            "do $$ declare one regclass; begin for one in select oid from pg_class where relkind = 'r' and"
            " relnamespace in ('wp'::regnamespace, 'wpsync'::regnamespace) loop"
            " execute format('alter table %s set (autovacuum_enabled = off)', one); end loop; end $$"
        )
        for statement in FILL:
            connection.execute(statement.format(**values, book=_BOOK).encode())
        connection.execute("vacuum analyze")


@contextmanager
def opened(url: str, accounts: int, folder: Path) -> Iterator[Session]:
    """A session on a filled database."""
    names = "".join(
        f'[accounts.a{n}]\nbase_url = "http://127.0.0.1:{n + 1}"\nclient_id = "{n:016x}"\n'
        f'client_secret = "{n:032x}"\n'
        for n in range(accounts)
    )
    file = folder / "config.toml"
    file.write_text(f'[database]\nurl = "{url}"\n{names}', encoding="utf-8")
    loaded = config.load(file, environ={}, cwd=folder)
    with session(loaded, Secret(url)) as found:
        totals.recount(found.database)
        yield found


def looks(found: Session) -> dict[str, Callable[[], object]]:
    """What is measured, by name."""
    service, metrics = Service(found), Metrics()
    service.monitor = Monitor(found, keeps=False)
    metrics.attach(service)
    database, now = found.database, found.clock.now
    quiet = timedelta(days=3)  # a day without rows yet
    return {
        "scrape": metrics.text,
        "healthz": service.monitor.behind,
        "alerts": lambda: observe(database, found.config, now()),
        "alerts, all silent": lambda: observe(database, found.config, now() + quiet),
        "page": service.monitor.snapshot,
    }


def cost(found: Session, url: str, look: Callable[[], object]) -> Cost:
    """The median of several looks, after two that fill the caches of the connection."""
    for _ in range(2):
        look()
    measured = []
    with psycopg.connect(url, dbname="postgres", autocommit=True) as connection:
        name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
        before = _counters(connection, str(name), found)
        for _ in range(_TIMES):
            look()
            after = _counters(connection, str(name), found)
            measured.append((after[0] - before[0], after[1] - before[1]))
            before = after
    return Cost(
        statistics.median(one[0] for one in measured),
        int(statistics.median(one[1] for one in measured)),
    )


def _counters(connection: psycopg.Connection, name: str, found: Session) -> tuple[float, int]:
    """Milliseconds and blocks of all sessions of a database so far, asked for in another one."""
    monitoring = found.database.monitoring
    # Each session reports by itself, and late: any of the pool's two may have looked.
    with monitoring.connection() as one, monitoring.connection() as other:
        for looked in (one, other):
            looked.execute("select pg_stat_force_next_flush()")
    row = connection.execute(
        "select active_time, (blks_hit + blks_read)::float8 from pg_stat_database where datname = %s",
        (name,),
    ).fetchone()
    assert row is not None
    return float(row[0]), int(row[1])


def main() -> None:
    """Fill, measure, print."""
    rows, accounts, days = [*map(int, sys.argv[1:4]), *(5_000_000, 10, 1_000)[len(sys.argv) - 1 :]]
    for many, span in ((rows, days), (rows // 10, days // 10)):
        folder = Path(tempfile.mkdtemp(prefix="wpb"))
        folder.chmod(0o755)
        try:
            with embedded.running(folder / "pg") as server:
                migrations.upgrade(server.url)
                fill(server.url, many, accounts, span)
                print(
                    f"{many:,} messages, {accounts} accounts, {span:,} days of ledger", flush=True
                )
                with opened(server.url, accounts, folder) as found:
                    for name, look in looks(found).items():
                        spent = cost(found, server.url, look)
                        print(
                            f"  {name}: {spent.milliseconds:.1f} ms, {spent.blocks:,} blocks",
                            flush=True,
                        )
        finally:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

"""What each index of the messages costs when rows come, and what it gains: `python -m bench.indexes`.

Rows are loaded as the service loads them, in transactions of 5,000, newest day first. Each index is
added to the key alone, so that its cost is the difference. CPU seconds are those of the server's process.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path

import psycopg
from psycopg import sql

from wpsync.db import migrations
from wpsync.embedded import server

Connection = psycopg.Connection[tuple[object, ...]]

INDEXES = {
    "key alone": "",
    "(_account, sent_at)": "create index i on {} (_account, sent_at)",
    "(_account, chat_id, sent_on, sent_at, id)": "create index i on {} (_account, chat_id, sent_on, sent_at, id)",
    "(_account, chat_id, sent_on, sent_at)": "create index i on {} (_account, chat_id, sent_on, sent_at)",
    "(chat_id, sent_on, sent_at)": "create index i on {} (chat_id, sent_on, sent_at)",
    "(server_msg_id)": "create index i on {} (server_msg_id)",
    "(sent_at)": "create index i on {} (sent_at)",
    "(sender_id)": "create index i on {} (sender_id)",
    "gone: (_account, sent_at) where _gone_at": "create index i on {} (_account, sent_at) where _gone_at is not null",
}
KEYS = {"key (_account, id)": "(_account, id)", "key (id)": "(id)"}
_TOGETHER = 5_000


def rows(count: int, accounts: int) -> Iterator[tuple[object, ...]]:
    """Messages of 365 days, the newest first; ids as the vendor's: 32 characters without an order."""
    newest = datetime(2026, 5, 20, tzinfo=UTC)
    step = timedelta(days=365) / count
    for number in range(count):
        name = md5(str(number).encode(), usedforsecurity=False).hexdigest()
        at = newest - number * step
        yield (
            f"a{number % accounts:04}", name, f"chat{name[:3]}", f"sender{name[:3]}", "101", "text", at, at.date(),
            str(number % 100_000), str(10**18 + int(name[:12], 16)), number % 2 == 0, "你好，合同已经收到，明天上午联系您。" * 3,
            "你好，合同已经收到，明天上午联系您。" * 3, True, at, at,
        )  # fmt: skip


COLUMNS = (
    "_account, id, chat_id, sender_id, msg_type, kind, sent_at, sent_on, device_msg_id, server_msg_id,"
    " sent_by_agent, body, plain_text, payload_ok, _first_synced_at, _synced_at"
)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def load(
    connection: Connection, key: str, index: str, made: Sequence[tuple[object, ...]]
) -> tuple[float, float, float]:
    """Return CPU seconds, bytes of indexes and bytes of WAL, the last two for each row."""
    connection.execute("drop table if exists bench_messages")
    connection.execute("create table bench_messages (like wp.wechat_messages including defaults)")
    connection.execute(f"alter table bench_messages add primary key {key}")
    if index:
        connection.execute(index.format("bench_messages"))
    connection.execute("checkpoint")
    row = connection.execute("select pg_backend_pid(), pg_current_wal_lsn()").fetchone()
    assert row is not None
    pid, begun = int(str(row[0])), row[1]
    before = _cpu(pid)
    for first in range(0, len(made), _TOGETHER):
        statement = f"copy bench_messages ({COLUMNS}) from stdin"
        with connection.transaction(), connection.cursor().copy(statement) as copy:
            for one in made[first : first + _TOGETHER]:
                copy.write_row(one)
    spent = _cpu(pid) - before
    row = connection.execute(
        "select pg_indexes_size('bench_messages'), pg_wal_lsn_diff(pg_current_wal_lsn(), %s)",
        (begun,),
    ).fetchone()
    assert row is not None
    return spent, float(str(row[0])) / len(made), float(str(row[1])) / len(made)


GAINS = {
    "count of one account's day": (
        "select count(*) from bench_messages where _account = 'a0000'"
        " and sent_at >= '2026-01-10' and sent_at < '2026-01-11'"
    ),
    "newest row of an account": (
        "select sent_at from bench_messages where _account = 'a0000' and sent_at is not null"
        " order by sent_at desc limit 1"
    ),
    "all accounts' last two days": "select count(*) from bench_messages where sent_at >= '2026-05-18'",
    "a chat's last 50": (
        "select id from bench_messages where _account = 'a0000' and chat_id = 'chatabc'"
        " order by sent_on desc, sent_at desc, id desc limit 50"
    ),
    "a message by WeChat's id": "select id from bench_messages where server_msg_id = '1000000000000000042'",
    "a message by its key": "select id from bench_messages where _account = 'a0000' and id = 'x'",
}


def blocks(connection: Connection, query: str) -> int:
    """Return how many blocks a query touches."""
    row = connection.execute(
        sql.SQL("explain (analyze, buffers, format json) ") + sql.SQL(query)
    ).fetchone()
    assert row is not None
    plan = row[0][0]["Plan"]  # type: ignore[index]  # EXPLAIN's JSON
    return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--accounts", type=int, nargs="*", default=[1, 100])
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with server.running(Path(folder) / "pg") as running:
            migrations.upgrade(running.url)
            with psycopg.connect(running.url, autocommit=True) as connection:
                for accounts in given.accounts:
                    measure(connection, given.rows, accounts, given.times)


def measure(connection: Connection, count: int, accounts: int, times: int) -> None:
    """Print the cost of each key and index, and the blocks that queries touch with and without it."""
    made = list(rows(count, accounts))
    print(f"\n{count:,} messages of {accounts} accounts: CPU s, index bytes and WAL bytes a row")
    base = 0.0
    for name, key in KEYS.items():
        base = _print(name, [load(connection, key, "", made) for _ in range(times)], base)
    for name, index in INDEXES.items():
        measured = [load(connection, "(_account, id)", index, made) for _ in range(times)]
        _print(name, measured, base)
        connection.execute("vacuum analyze bench_messages")
        touched = {what: blocks(connection, query) for what, query in GAINS.items()}
        print("    blocks: " + ", ".join(f"{what} {n:,}" for what, n in touched.items()))
        sys.stdout.flush()


def _print(name: str, measured: list[tuple[float, float, float]], base: float) -> float:
    spent, size, wal = sorted(measured)[len(measured) // 2]
    ratio = f", {spent / base:.2f}x the key alone" if base else ""
    print(f"  {name}: {spent:.2f} s, {size:.0f} B, {wal:.0f} B WAL{ratio}")
    return base or spent


if __name__ == "__main__":
    main()

"""How fast the views of `wp_bi` answer a dashboard's ordinary question: one agent, one month.

`python -m bench.views [MESSAGES] [FOLDER]`: fills a fresh embedded Postgres by SQL with a year of that many
messages (10,000,000 by default) and what goes with them, asks each view three times, and prints the
medians. Nothing is asserted.
"""

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from wpsync.db import migrations
from wpsync.embedded import server as embedded

AGENTS, CHATS_EACH = 200, 400
_NOW = "timestamptz '2026-06-30 12:00+08'"
_BOOK = "'main', now(), now()"
FILL = (
    "insert into wp.agents (id, name, phone, _account, _first_synced_at, _synced_at)"
    " select 'a' || n, '座席' || n, '1380000' || n, {book} from generate_series(1, {agents}) n",
    "insert into wp.wechat_users (id, phone, wx_no, nick, _account, _first_synced_at, _synced_at)"
    " select 'u' || n, '1380000' || n, 'wx' || n, '昵称' || n, {book} from generate_series(1, {agents}) n",
    "insert into wp.wechat_contacts (id, agent_wx_no, wx_no, nick, created_at, _account, _first_synced_at, _synced_at)"
    " select 'k' || n, 'wx' || (n % {agents} + 1), 'c' || n, '客户' || n, {now} - random() * interval '365 days',"
    " {book} from generate_series(1, {agents} * {each}) n",
    "insert into wp.wechat_chats (id, agent_wx_no, contact_wx_no, chat_type, _account, _first_synced_at, _synced_at)"
    " select 'h' || n, 'wx' || (n % {agents} + 1), 'c' || n, 'single', {book}"
    " from generate_series(1, {agents} * {each}) n",
    "insert into wp.wechat_messages (id, chat_id, sender_id, msg_type, kind, sent_at, sent_on, sent_by_agent, body,"
    " plain_text, payload_ok, _account, _first_synced_at, _synced_at)"
    " select md5(n::text)::uuid::text, chat, chat, case when n % 40 = 0 then '115' else '101' end,"
    " case when n % 40 = 0 then 'transfer' else 'text' end, at, (at at time zone 'Asia/Shanghai')::date, n % 9 < 4,"
    " '好的，我们明天下午联系您', '好的，我们明天下午联系您', true, {book}"
    " from (select n, 'h' || (hashint4(n) % ({agents} * {each}) + {agents} * {each}) % ({agents} * {each}) + 1 as chat,"
    " {now} - n * (interval '365 days' / {messages}) as at from generate_series(1, {messages}) n) x",
    "insert into wp.message_transfers (message_id, amount, transfer_type, claim_kind, transfer_id, sent_at, _account,"
    " _first_synced_at, _synced_at)"
    " select id, 12.50, 1, 'claimed', md5(id), sent_at, {book} from wp.wechat_messages where kind = 'transfer'",
    "insert into wp.calls (id, agent_id, agent_name, direction, connected, local_tel, contact_tel, began_at, ended_at,"
    " duration_seconds, recording_status, _account, _first_synced_at, _synced_at)"
    " select 'l' || n, 'a' || (n % {agents} + 1), '座席', case when n % 3 = 0 then 'in' else 'out' end, n % 5 > 1,"
    " '138', '139' || n % 9999, {now} - n * (interval '365 days' / ({messages} / 9)), null, n % 300, 'none', {book}"
    " from generate_series(1, {messages} / 9) n",
    "insert into wp.sms (id, agent_id, direction, sent_at, _account, _first_synced_at, _synced_at)"
    " select 's' || n, 'a' || (n % {agents} + 1), 'in', {now} - n * (interval '365 days' / ({messages} / 23)), {book}"
    " from generate_series(1, {messages} / 23) n",
)
MONTH = "day between date '2026-05-01' and date '2026-05-31'"
QUESTIONS = {
    "call_facts": f"select day, count(*), sum(talk_minutes), count(*) filter (where lost) from wp_bi.call_facts"
    f" where agent = 'a17' and {MONTH} group by 1",
    "message_facts": f"select contact_nick, count(*) from wp_bi.message_facts where agent_wx_no = 'wx17' and {MONTH}"
    " group by 1 order by 2 desc limit 20",
    "message_facts (by agent)": f"select kind, count(*) from wp_bi.message_facts where agent = 'a17' and {MONTH} group by 1",
    "agent_daily": f"select * from wp_bi.agent_daily where agent = 'a17' and {MONTH}",
    "response_times": f"select day, avg(working_seconds) from wp_bi.response_times where agent_wx_no = 'wx17' and {MONTH}"
    " and begins_turn group by 1",
    "risk_events": f"select event, count(*), sum(amount) from wp_bi.risk_events where agent_wx_no = 'wx17' and {MONTH} group by 1",
    "money_flows": f"select direction, status, sum(amount) from wp_bi.money_flows where agent_wx_no = 'wx17' and {MONTH} group by 1, 2",
    "completeness": f"select * from wp_bi.completeness where resource = 'wechat_messages' and {MONTH}",
    "data_freshness": "select * from wp_bi.data_freshness",
}  # fmt: skip


def main() -> None:
    """Fill, ask, print."""
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="wpv"))
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    try:
        with embedded.running(folder / "pg", durable=False) as server:
            migrations.upgrade(server.url)
            with psycopg.connect(server.url, autocommit=True) as connection:
                _fill(connection, messages)
                _ask(connection)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(connection: psycopg.Connection, messages: int) -> None:
    began = time.monotonic()
    values = {
        "messages": messages,
        "agents": AGENTS,
        "each": CHATS_EACH,
        "now": _NOW,
        "book": _BOOK,
    }
    for statement in FILL:
        connection.execute(statement.format_map(values).encode())
    connection.execute("vacuum analyze")
    print(f"{messages:,} messages filled in {time.monotonic() - began:.0f} s", flush=True)


def _ask(connection: psycopg.Connection) -> None:
    for name, question in QUESTIONS.items():
        took = []
        for _ in range(3):
            began = time.monotonic()
            rows = connection.execute(question).fetchall()
            took.append((time.monotonic() - began) * 1000)
        print(
            f"{name:<26}{len(rows):>6} rows  first {took[0]:>8.0f} ms  median {statistics.median(took):>8.0f} ms",
            flush=True,
        )


if __name__ == "__main__":
    main()

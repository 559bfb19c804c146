"""`emulate` and `demo`: trying wpsync without the vendor, without a database, without configuration."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wpsync.cli.context import EMBEDDED, say_where
from wpsync.cli.signals import StopRequest, stopping_on_signals
from wpsync.values import SHANGHAI

if TYPE_CHECKING:
    from datetime import datetime

    from wpsync.cli.context import ServePage
    from wpsync.sync.session import Session

_DIR = Path(".wpsync-demo")
_CREDENTIALS = ("0f30a37f1adca729", "af9cb1d2acf88264ab8477e3b8b34353")  # the document's own sample
_QUERIES = (
    (
        "Who talks most? / 谁的通话最多？",
        ("agent", "calls", "answered", "minutes"),
        "select agent_name, count(*), count(*) filter (where connected),"
        " round(sum(duration_seconds) filter (where connected) / 60.0, 1)"
        " from wp.calls group by 1 order by 2 desc limit 5",
    ),
    (
        "What is written? / 都发了什么消息？",
        ("kind", "messages", "by agents"),
        "select kind, count(*), count(*) filter (where sent_by_agent) from wp.wechat_messages"
        " group by 1 order by 2 desc",
    ),
    (
        "Money on the move / 转账去向",
        ("status", "transfers", "yuan"),
        "select claim_kind, count(*), sum(amount) from wp.message_transfers group by 1 order by 3 desc",
    ),
)


def emulate(
    port: Annotated[int, typer.Option(help="0: any free one. 端口，0 为随机。")] = 7700,
    messages: Annotated[int, typer.Option(help="About how many. 消息数量。", min=100)] = 70_000,
    days: Annotated[int, typer.Option(help="Of history. 历史天数。", min=1)] = 30,
    seed: Annotated[int, typer.Option(help="The same seed, the same world. 随机种子。")] = 7,
    lively: Annotated[
        float, typer.Option(help="Times the pace of history; 0: at rest. 实时数据的速度倍数。")
    ] = 1.0,
    begin: Annotated[
        str | None,
        typer.Option(
            help="When its history ends and it begins to live (Shanghai); now by default. 历史结束、实时数据开始的时间，默认现在。"
        ),
    ] = None,
    until_eof: Annotated[
        bool,
        typer.Option("--until-eof", help="End when standard input ends. 标准输入关闭时结束。"),
    ] = False,
) -> None:
    """Serve an emulation of the vendor's API, until Ctrl-C. 启动厂商接口的模拟服务。

    Its world ends with it: the next one has the same ids with other rows behind them, unless the same
    --begin is given. 模拟数据随程序结束而消失；再次启动时编号相同而内容不同，除非指定相同的 --begin。
    """
    from dataclasses import replace

    from wpsync.clock import SystemClock
    from wpsync.config import parse_instant
    from wpsync.emulator.server import serve
    from wpsync.emulator.state import Settings
    from wpsync.errors import ConfigError

    now = SystemClock().now().replace(microsecond=0)
    born = parse_instant(begin, now=now) if begin else now
    if born > now:
        raise ConfigError(
            f"--begin {begin} is in the future",
            hint="name a time that has passed / 请填写已经过去的时间",
        )
    settings = Settings(seed=seed, messages=messages, days=days, port=port, lively=lively)

    def ready(url: str) -> None:
        print(url, flush=True)
        for line in _emulated(seed, messages, days, lively, born):
            print(line, file=sys.stderr, flush=True)

    until = sys.stdin.fileno() if until_eof else None
    serve(replace(settings, born=born), ready, until_eof=until)


def _emulated(
    seed: int, messages: int, days: int, lively: float, born: "datetime"
) -> Iterator[str]:
    """What is said of an emulated vendor: how to log in, and how to have the same world once more."""
    yield f"client_id {_CREDENTIALS[0]}, client_secret {_CREDENTIALS[1]}"
    again = (
        f"--seed {seed} --messages {messages} --days {days} --lively {lively:g}"
        f" --begin '{born.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}'"
    )
    yield f"this world ends with the program; the same one again: {again}"
    yield "模拟数据随程序结束而消失；使用以上参数可重建同一份数据"


def demo(
    context: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="Stop after the backfill. 回填后即停止。")
    ] = False,
    messages: Annotated[int, typer.Option(help="About how many. 消息数量。", min=100)] = 70_000,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log every request. 记录每次请求。")
    ] = False,
) -> None:
    """Everything at once, nothing to install or configure. 一条命令体验全部功能，无需安装和配置。"""
    from wpsync import config, log
    from wpsync.daemon.scheduler import AT_ONCE
    from wpsync.db import migrations
    from wpsync.embedded import server as embedded
    from wpsync.model import Secret
    from wpsync.sync.session import session

    log.setup("debug" if verbose else "error", "text", sys.stderr)
    stop = StopRequest()
    with (
        stopping_on_signals(stop),
        embedded.emptied(_DIR / EMBEDDED, durable=not once) as server,
        _emulator(messages) as url,
    ):
        _say(
            f"emulated vendor / 模拟厂商: {url}",
            f"Postgres {server.major}: {server.url}",
            "  both end with this demo / 二者随演示结束而停止",
        )
        if server.is_new:
            say_where(_DIR)
        migrations.upgrade(server.url)
        settings = config.load(_written(url, server.url), environ={}, cwd=Path.cwd())
        address = Secret(server.url)
        with session(
            settings, address, stopping=stop.is_set, wait=stop.wait, at_once=AT_ONCE
        ) as opened:
            _run(opened, url, context.obj.serve_page, once=once)


def _run(session: "Session", url: str, serve_page: "ServePage", *, once: bool) -> None:
    """Backfill, show what came, and follow."""
    from wpsync.backfill import run as backfills
    from wpsync.backfill.plan import make_plans
    from wpsync.cli.progress import progress
    from wpsync.cli.reading import report
    from wpsync.cli.run import serve
    from wpsync.config import parse_instant
    from wpsync.errors import Stopped
    from wpsync.resources import RESOURCES
    from wpsync.status.texts import counted
    from wpsync.sync.passes import sync
    from wpsync.sync.progress import Silence

    with session.accounts() as accounts:
        now = session.clock.now()
        span = backfills.span_of(parse_instant("30d", now=now), None, now)
        try:
            plans, outcomes = make_plans(accounts[0], [*RESOURCES.values()], span, again=False)
            with progress() as shown:
                outcomes += backfills.backfill(accounts[0], plans, shown, again=False)
            _act(session, url)
            outcomes += sync(accounts[0], list(RESOURCES.values()), Silence())
            _show(session, once=once)
            if not once:
                _say("Following what arrives; Ctrl-C stops. / 持续同步中，按 Ctrl-C 停止。")
                serve(
                    session,
                    serve_page,
                    on_written=lambda job, rows: _say(
                        f"{job}: {counted(rows, 'row')} written / 写入 {rows:,} 行"
                    ),
                    on_page=lambda url: _say(f"status page / 状态页: {url}"),
                )
        except Stopped:
            if once:
                print("wpsync: interrupted / 已中断", file=sys.stderr)
            raise typer.Exit(130 if once else 0) from None
    bad = [outcome for outcome in outcomes if not outcome.is_good]
    if bad:
        report(bad, json=False)


def _act(session: "Session", url: str) -> None:
    """What only happens when somebody acts: customers written, a contact renamed, an agent gone."""
    from wpsync.emulator.client import Remote
    from wpsync.sync import customers

    with session.client("main") as client:
        for name, phone in (("张三", "13877777777"), ("李四", "13888888888")):
            fields = {"name": name, "phone": phone, "source": "demo"}
            customers.add_customer(client, session.database, session.clock, "main", fields)
    remote = Remote(url)
    contact = remote.truth("wechat_contacts")[0]
    remote.mutate(
        "wechat_contacts",
        str(contact["id"]),
        set={"nick": "改了名的客户"},
        truth={"nick": "改了名的客户"},
    )


def _show(session: "Session", *, once: bool) -> None:
    """Rows per table, a few telling queries, and how to look further."""
    from wpsync.cli.tables import table
    from wpsync.loading.table_stats import query, table_counts

    counts = table_counts(session.database)
    listed = [(name, rows, deleted or None) for name, rows, deleted in counts]
    table("\nWhat came / 同步结果", ("table", "rows", "of which deleted / 其中已删除"), listed)
    for title, headings, text in _QUERIES:
        table(f"\n{title}", headings, query(session.database, text))
    total = sum(rows for _, rows, _ in counts)
    if once:  # the database ends with us
        _say(
            f"\n{total:,} rows. To look further / 共 {total:,} 行。继续查看: wpsync demo (make demo), then psql as it says"
        )
    else:
        _say(
            f"\n{total:,} rows. Look further, as long as this demo runs / 共 {total:,} 行。演示运行期间可继续查看:",
            f'  psql "{session.conninfo.reveal()}"',
        )


def _say(*lines: str) -> None:
    for line in lines:
        print(line, flush=True)


def _written(url: str, database: str) -> Path:
    """The demo's configuration, in a file, so that other commands can be tried on it too."""
    file = _DIR / "config.toml"
    file.touch(mode=0o600)
    file.write_text(
        f'[database]\nurl = "{database}"\n\n[accounts.main]\nbase_url = "{url}"\n'
        f'client_id = "{_CREDENTIALS[0]}"\nclient_secret = "{_CREDENTIALS[1]}"\n\n'
        "[limits.requests_per_minute]\ncalls = 0\nsms = 0\nmessages = 0\nother = 0\n\n"
        "[backfill]\nparallel_windows = 2\n\n"
        "[sync]\ninterval_seconds = 3\nlisting_interval_minutes = 0.5\n\n[web]\nport = 0\n"
    )
    return file


@contextmanager
def _emulator(messages: int) -> Iterator[str]:
    """Start the emulator in a process of its own; yield its address.

    It ends when this program does, in whichever way: its standard input is a pipe that only we hold.
    """
    _DIR.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "wpsync",
        "emulate",
        "--port",
        "0",
        "--messages",
        str(messages),
        "--lively",
        "20",
        "--until-eof",
    ]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=dict(os.environ),
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            raise typer.Exit(1)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

"""`emulate` and `demo`: trying wpsync without the vendor, without a database, without configuration."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wpsync.cli.context import EMBEDDED, note, say_where
from wpsync.cli.signals import StopRequest, stopping_on_signals
from wpsync.language import tr
from wpsync.values import SHANGHAI

if TYPE_CHECKING:
    from datetime import datetime

    from wpsync.cli.context import ServePage
    from wpsync.sync.session import Session

_DIR = Path(".wpsync-demo")
_CREDENTIALS = ("0f30a37f1adca729", "af9cb1d2acf88264ab8477e3b8b34353")  # the document's own sample
_QUERIES = (
    (
        tr("Calls by agent", "各座席的通话"),
        (tr("agent", "座席"), tr("calls", "通话"), tr("answered", "接通"), tr("minutes", "分钟")),
        "select agent_name, count(*), count(*) filter (where connected),"
        " round(sum(duration_seconds) filter (where connected) / 60.0, 1)"
        " from wp.calls group by 1 order by 2 desc limit 5",
    ),
    (
        tr("Messages by kind", "各类消息"),
        (tr("kind", "类型"), tr("messages", "消息"), tr("by agents", "座席发送")),
        "select kind, count(*), count(*) filter (where sent_by_agent) from wp.wechat_messages"
        " group by 1 order by 2 desc",
    ),
    (
        tr("Transfers by status", "转账状态"),
        (tr("status", "状态"), tr("transfers", "转账"), tr("yuan", "金额（元）")),
        "select claim_kind, count(*), sum(amount) from wp.message_transfers group by 1 order by 3 desc",
    ),
)


def _number(english: str, chinese: str, **bounds: int) -> Any:
    """Declare an option that takes a number."""
    return typer.Option(metavar=tr("N", "数字"), help=tr(english, chinese), **bounds)  # type: ignore[arg-type]  # only `min`


def emulate(
    port: Annotated[int, _number("The port; 0: any free one.", "端口，0 为随机空闲端口。")] = 7700,
    messages: Annotated[
        int, _number("About how many messages.", "消息数量（约）。", min=100)
    ] = 70_000,
    days: Annotated[int, _number("Days of history.", "历史天数。", min=1)] = 30,
    seed: Annotated[
        int, _number("The same seed makes the same world.", "随机种子；种子相同则数据相同。")
    ] = 7,
    lively: Annotated[
        float,
        _number(
            "How fast new data comes, times the pace of history; 0: none comes.",
            "实时数据的速度倍数，0 表示不产生新数据。",
        ),
    ] = 1.0,
    begin: Annotated[
        str | None,
        typer.Option(
            metavar=tr("TIME", "时间"),
            help=tr(
                "When its history ends and it begins to live (Shanghai); now by default.",
                "历史结束、实时数据开始的时间（上海时间），默认现在。",
            ),
        ),
    ] = None,
    until_eof: Annotated[
        bool,
        typer.Option(
            "--until-eof", help=tr("End when standard input ends.", "标准输入关闭时结束。")
        ),
    ] = False,
) -> None:
    """Serve an emulation of the vendor's API, until Ctrl-C."""
    from dataclasses import replace

    from wpsync.clock import SystemClock
    from wpsync.config import parse_instant
    from wpsync.emulator.server import serve
    from wpsync.emulator.state import Settings
    from wpsync.errors import ConfigError

    now = SystemClock().now().replace(microsecond=0)
    born = parse_instant(begin, now=now) if begin else now
    if born > now:
        raise ConfigError("command.begin_in_future", begin=begin)
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
    """How to log in to an emulated vendor, and how to have the same world once more."""
    yield f"client_id {_CREDENTIALS[0]}, client_secret {_CREDENTIALS[1]}"
    again = (
        f"--seed {seed} --messages {messages} --days {days} --lively {lively:g}"
        f" --begin '{born.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}'"
    )
    yield tr(
        f"this world ends with the program; the same one again: {again}",
        f"模拟数据随程序结束而消失；重建同一份数据的参数：{again}",
    )


def demo(
    context: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help=tr("Stop after the backfill.", "回填后即停止。"))
    ] = False,
    messages: Annotated[
        int, _number("About how many messages.", "消息数量（约）。", min=100)
    ] = 70_000,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help=tr("Log every request.", "记录每次请求。")),
    ] = False,
) -> None:
    """Try everything at once, with nothing to install or configure."""
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
            tr(f"emulated vendor: {url}", f"模拟厂商：{url}"),
            tr(f"Postgres {server.major}: {server.url}", f"Postgres {server.major}：{server.url}"),
            tr("  both end with this demo", "  二者随演示结束而停止"),
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
    """Backfill, show the results, and follow."""
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
                _say(tr("Following new data; Ctrl-C stops.", "持续同步中，按 Ctrl-C 停止。"))
                serve(
                    session,
                    serve_page,
                    on_written=lambda job, rows: _say(
                        tr(f"{job}: {counted(rows, 'row')} written", f"{job}：写入 {rows:,} 行")
                    ),
                    on_page=lambda url: _say(tr(f"status page: {url}", f"状态页：{url}")),
                )
        except Stopped:
            if once:
                note(tr("interrupted", "已中断"))
            raise typer.Exit(130 if once else 0) from None
    bad = [outcome for outcome in outcomes if not outcome.is_good]
    if bad:
        report(bad, json=False)


def _act(session: "Session", url: str) -> None:
    """Do what no data of the vendor's shows by itself: write customers, rename a contact."""
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
    """Show rows per table, a few queries, and how to look further."""
    from wpsync.cli.tables import table
    from wpsync.loading.table_stats import query, table_counts

    counts = table_counts(session.database)
    listed = [(name, rows, deleted or None) for name, rows, deleted in counts]
    headings = (tr("table", "表"), tr("rows", "行数"), tr("of which deleted", "其中已删除"))
    table(tr("\nResults", "\n同步结果"), headings, listed)
    for title, named, text in _QUERIES:
        table(f"\n{title}", named, query(session.database, text))
    total = sum(rows for _, rows, _ in counts)
    if once:  # the database ends with us
        _say(
            tr(
                f"\n{total:,} rows. To look further: wpsync demo (make demo), then psql as it shows",
                f"\n共 {total:,} 行。继续查看：执行 wpsync demo（make demo），再按提示使用 psql",
            )
        )
    else:
        _say(
            tr(
                f"\n{total:,} rows. Look further, as long as this demo runs:",
                f"\n共 {total:,} 行。演示运行期间可继续查看：",
            ),
            f'  psql "{session.conninfo.reveal()}"',
        )


def _say(*lines: str) -> None:
    for line in lines:
        print(line, flush=True)


def _written(url: str, database: str) -> Path:
    """The demo's configuration, in a file, so that other commands can be tried on it too."""
    from wpsync.config import private_file

    file = _DIR / "config.toml"
    text = (
        f'[database]\nurl = "{database}"\n\n[accounts.main]\nbase_url = "{url}"\n'
        f'client_id = "{_CREDENTIALS[0]}"\nclient_secret = "{_CREDENTIALS[1]}"\n\n'
        "[limits.requests_per_minute]\ncalls = 0\nsms = 0\nmessages = 0\nother = 0\n\n"
        "[backfill]\nparallel_windows = 2\n\n"
        "[sync]\ninterval_seconds = 3\nlisting_interval_minutes = 0.5\n\n[web]\nport = 0\n"
    )
    with private_file.written(file, text):
        pass
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

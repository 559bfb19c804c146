"""Every command by its name. What a command needs is imported when it runs: `--help` must be quick."""

from pathlib import Path
from typing import Annotated

import typer

from wpsync.cli import actions, demo, erase, inspect, reading, run, setup
from wpsync.cli.context import Options

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},  # every command inherits it
    help="wpsync copies what a firm's work phones record (7moor) into its own Postgres.\n\n"
    "wpsync 把工作手机（容联七陌）的通话、短信和微信数据同步到企业自己的 Postgres。",
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"wpsync {version('wpsync')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(help="The configuration file. 配置文件路径。", show_default=False),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log every request. 记录每次请求。")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="The version. 版本。"),
    ] = False,
) -> None:
    """Options of every command."""
    context.obj = Options(config=config, verbose=verbose, serve_page=context.obj)


app.command("init", short_help="Write config.toml, check the credentials. 生成配置并校验凭据")(
    setup.init
)
app.command("check", short_help="Try everything a run needs. 逐项检查运行条件")(setup.check)
app.command("migrate", short_help="Bring the schema up to date. 升级表结构")(setup.migrate)
app.command("sync", short_help="One incremental pass, then exit. 增量同步一次")(reading.sync)
app.command("backfill", short_help="Read history; goes on where it was. 回填历史，可续传")(
    reading.backfill
)
app.command("verify", short_help="Prove what was read; mend it. 对账与修复")(reading.verify)
app.command("run", short_help="The long-running service. 长期运行的同步服务")(run.run)
app.command("status", short_help="Is it all there, and current? 同步状态与完整性")(inspect.status)
app.command("renormalize", short_help="Explode stored messages again. 重新解析已存消息")(
    inspect.renormalize
)
app.add_typer(
    inspect.dead_letters, name="dead-letters", short_help="Rows that could not be taken. 死信"
)
app.add_typer(inspect.token, name="token", short_help="Token ages and rotation. 令牌")
app.add_typer(inspect.alert, name="alert", short_help="Alert targets. 告警目标")
app.add_typer(
    actions.api, name="api", short_help="The vendor's actions and look-ups. 厂商操作与查询"
)
app.command("erase", short_help="Remove one person's data. 删除某个人的数据")(erase.erase)
app.command("bi-role", short_help="The read-only role for BI tools. BI 只读角色")(setup.bi_role)
app.command("emulate", short_help="Emulate the vendor's API. 模拟厂商接口")(demo.emulate)
app.command("demo", short_help="Everything at once. 一条命令体验全部功能")(demo.demo)
app.command("schema", short_help="The data dictionary. 数据字典")(inspect.schema)

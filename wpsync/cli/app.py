"""Every command by its name. Commands import their needs when they run: `--help` must be quick."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from wpsync.cli import actions, demo, erase, inspect, keys, reading, run, setup
from wpsync.cli.context import Options
from wpsync.cli.usage import Command, Group
from wpsync.language import tr

app = typer.Typer(
    cls=Group,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},  # every command inherits it
    help=tr(
        "Copy what a firm's work phones record (7moor) into its own Postgres.",
        "把工作手机（容联七陌）的通话、短信和微信数据同步到企业自己的 Postgres。",
    ),
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
        typer.Option(
            metavar=tr("FILE", "文件"), help=tr("The configuration file.", "配置文件路径。")
        ),
    ] = None,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help=tr("Log every request.", "记录每次请求。")),
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_version,
            is_eager=True,
            help=tr("Print the version.", "显示版本号。"),
        ),
    ] = False,
) -> None:
    """Options of every command."""
    context.obj = Options(config=config, verbose=verbose, serve_page=context.obj)


def _add(name: str, function: Callable[..., None], english: str, chinese: str) -> None:
    app.command(name, cls=Command, help=tr(english, chinese))(function)


_add(
    "init",
    setup.init,
    "Write config.toml, check the credentials, create the schema.",
    "生成 config.toml、校验凭据并建表。",
)
_add(
    "check",
    setup.check,
    "Try everything that a run needs, and show how to mend failures.",
    "逐项检查运行所需条件，并给出修复办法。",
)
_add(
    "migrate",
    setup.migrate,
    "Bring the database to the newest schema.",
    "把数据库升级到最新表结构。",
)
_add(
    "sync",
    reading.sync,
    "Bring the resources up to now, then exit.",
    "把各资源增量同步到现在，然后退出。",
)
_add(
    "backfill",
    reading.backfill,
    "Read history, newest first. Stopped at any point, the same command goes on from there.",
    "回填历史数据，由近及远。可随时中断，再次执行同一命令即可续传。",
)
_add(
    "verify",
    reading.verify,
    "Compare the vendor's counts with the database, and mend differences.",
    "对账：核对厂商总数与数据库，可修复差异。",
)
_add(
    "run",
    run.run,
    "Keep everything current: the long-running service.",
    "长期运行的同步服务，持续同步新数据。",
)
_add(
    "status",
    inspect.status,
    "Show whether the data is complete and current.",
    "查看数据是否完整、是否及时。",
)
_add(
    "renormalize",
    inspect.renormalize,
    "Parse stored message bodies again, without asking the vendor.",
    "重新解析已存的消息内容，不请求厂商。",
)
app.add_typer(inspect.dead_letters, name="dead-letters")
app.add_typer(inspect.token, name="token")
app.add_typer(keys.key, name="key")
app.add_typer(inspect.alert, name="alert")
app.add_typer(actions.api, name="api")
_add(
    "erase",
    erase.erase,
    "Remove one person's data everywhere, with a receipt.",
    "删除某个人的全部数据，并给出回执。",
)
_add(
    "bi-role",
    setup.bi_role,
    "Create or mend the read-only database role for BI tools.",
    "创建或修复 BI 工具使用的只读数据库角色。",
)
_add(
    "emulate",
    demo.emulate,
    "Serve an emulation of the vendor's API, until Ctrl-C.\n\n"
    "Its world ends with it: the next one has the same ids with other rows behind them, unless the same --begin is given.",
    "启动厂商接口的模拟服务，按 Ctrl-C 停止。\n\n"
    "模拟数据随程序结束而消失；再次启动时编号相同而内容不同，除非指定相同的 --begin。",
)
_add(
    "demo",
    demo.demo,
    "Try everything at once, with nothing to install or configure.",
    "一条命令体验全部功能，无需安装和配置。",
)
_add("schema", inspect.schema, "Print the data dictionary.", "输出数据字典。")

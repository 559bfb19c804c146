"""Every command by its name. What a command needs is imported when it runs: `--help` must be quick."""

from pathlib import Path
from typing import Annotated

import typer

from wpsync.cli import actions, erasing, inspect, reading, running, setup, trying
from wpsync.cli.context import Options

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
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
    context.obj = Options(config=config, verbose=verbose)


app.command("init")(setup.init)
app.command("check")(setup.check)
app.command("migrate")(setup.migrate)
app.command("sync")(reading.sync)
app.command("backfill")(reading.backfill)
app.command("verify")(reading.verify)
app.command("run")(running.run)
app.command("status")(inspect.status)
app.command("renormalize")(inspect.renormalize)
app.add_typer(inspect.dead_letters, name="dead-letters")
app.add_typer(inspect.token, name="token")
app.add_typer(inspect.alert, name="alert")
app.add_typer(actions.api, name="api")
app.command("erase")(erasing.erase)
app.command("bi-role")(setup.bi_role)
app.command("emulate")(trying.emulate)
app.command("demo")(trying.demo)
app.command("schema")(inspect.schema)

"""`init`, `check`, `migrate`: getting ready."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wpsync.cli.context import (
    Options,
    configuration,
    database_address,
    embedded_elsewhere,
    note,
    open_session,
    print_json,
    without_events,
)
from wpsync.errors import ConfigError, Message
from wpsync.language import Text, spoken, tr
from wpsync.status.texts import counted

if TYPE_CHECKING:
    from wpsync.daemon.preflight import Finding
    from wpsync.db.migrations import Pending
    from wpsync.model import Secret

EMBEDDED = Text(
    "this Postgres is embedded: it can be reached on this machine only, and only while a wpsync works,"
    " e.g. `wpsync run` in another terminal. For BI, set database.url to a Postgres of yours",
    "这是内置 Postgres：仅限本机访问，且只在 wpsync 运行期间可用（例如在另一个终端执行 `wpsync run`）。"
    "BI 工具请改用自己的 Postgres（设置 database.url）",
)

Json = Annotated[bool, typer.Option("--json", help=tr("Print JSON.", "输出 JSON。"))]


def init(
    context: typer.Context,
    client_id: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help=tr("clientId, from the vendor's console.", "厂商管理后台的 clientId。"),
        ),
    ] = None,
    client_secret_file: Annotated[
        Path | None,
        typer.Option(
            metavar=tr("FILE", "文件"),
            help=tr(
                "A file with the clientSecret; asked for if left out.",
                "存放 clientSecret 的文件；不指定则询问。",
            ),
        ),
    ] = None,
    database_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help=tr(
                "postgresql://…; empty: an embedded Postgres.",
                "数据库地址 postgresql://…，留空则用内置 Postgres。",
            ),
        ),
    ] = None,
    base_url: Annotated[
        str,
        typer.Option(metavar="URL", help=tr("The vendor's address.", "厂商接口地址。")),
    ] = "https://wpapi.7moor.com",
    force: Annotated[
        bool, typer.Option("--force", help=tr("Overwrite the file.", "覆盖已有文件。"))
    ] = False,
) -> None:
    """Write config.toml by asking, check the credentials, create the schema."""
    import os

    from wpsync.cli import init_file

    options: Options = context.obj
    named = options.config or os.environ.get("WPSYNC_CONFIG")
    target = Path(named or "config.toml")
    if target.exists() and not force:
        raise ConfigError("command.file_exists", file=target)
    answers = init_file.asked(client_id, client_secret_file, database_url, base_url)
    again = init_file.command(
        options.config, answers, client_secret_file, database_url, base_url, force=force
    )
    init_file.write(target, answers, again)
    print(tr(f"{target}: written, credentials good", f"{target}：已写入，凭据有效"), flush=True)
    context.obj = Options(target, options.verbose, options.serve_page)
    with init_file.then_migrating(target if named else None):
        migrate(context)
    there = f" --config {target}" if options.config else ""
    steps = f"wpsync{there} check; wpsync{there} backfill --from 30d; wpsync{there} run"
    print(tr(f"next: {steps}", f"下一步：{steps}"))


def migrate(
    context: typer.Context,
    sql: Annotated[
        bool, typer.Option("--sql", help=tr("Print the SQL instead.", "只输出 SQL，不执行。"))
    ] = False,
    json: Json = False,
) -> None:
    """Bring the database to the newest schema."""
    from wpsync.db import migrations
    from wpsync.db.database import Database
    from wpsync.sync.session import tell_views

    if sql:
        print(migrations.as_sql())
        return
    config = configuration(context)
    with (
        without_events(config.log.format, "migration.applied"),
        database_address(config) as address,
    ):
        seconds = config.database.lock_timeout_seconds
        pending = migrations.pending(address.reveal())
        if not pending.steps:
            _refuse_altered(address)
        if not json:
            _announce(pending)
        applied = migrations.upgrade(address.reveal(), lock_timeout_seconds=seconds)
        with Database(address, connections=2) as database:
            tell_views(config, database)
    if json:
        revisions = [step.revision for step in applied.steps]
        print_json({"applied": revisions, "definitions": applied.definitions})
        return
    if applied.steps:
        many, newest = len(applied.steps), applied.steps[-1].revision
        print(
            tr(
                f"{counted(many, 'migration')} applied, up to {newest}",
                f"已执行 {many} 个迁移，最新为 {newest}",
            )
        )
    if applied.definitions:
        names = ", ".join(applied.definitions)
        print(
            tr(
                f"views and functions created or replaced: {names}",
                f"已创建或更新视图和函数：{names}",
            )
        )
    if not applied.names:
        print(tr("the schema is current", "表结构已是最新"))


def _refuse_altered(address: "Secret") -> None:
    """Raises SchemaMismatchError where the tables are not those that the migrations made. Views are made again."""
    from wpsync.db import inspection
    from wpsync.db.database import Database
    from wpsync.errors import SchemaMismatchError

    with Database(address, connections=2) as database, database.connection() as connection:
        found = [
            one for one in inspection.differences(connection) if one.code != "check.views_missing"
        ]
    if found:
        raise SchemaMismatchError("schema.altered", problems=found)


def _announce(pending: "Pending") -> None:
    """Announce the pending migrations, and how long the tables that are written anew will take."""
    for step in pending.steps:
        title = tr(f": {step.title}", f"：“{step.title}”")
        print(f"{step.revision}{title}", flush=True)
        for table, size in step.rewrites.items():
            megabytes = f"{size / 1024**2:,.0f} MB"
            print(
                tr(f"  writes {table} anew, {megabytes}", f"  重写 {table}，{megabytes}"),
                flush=True,
            )
        if step.rewrites:
            about = max(1, round(step.minutes))
            print(
                tr(
                    f"  about {counted(about, 'minute')}, in which nothing else can use it",
                    f"  约需 {about} 分钟，期间该表无法使用",
                ),
                flush=True,
            )


def bi_role(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar=tr("NAME", "角色"),
            help=tr("The role, e.g. metabase.", "角色名，例如 metabase。"),
        ),
    ],
    password_file: Annotated[
        Path | None,
        typer.Option(
            metavar=tr("FILE", "文件"),
            help=tr(
                "A file with its password; a new role gets a generated one by default.",
                "存放密码的文件；新角色默认自动生成密码。",
            ),
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help=tr(
                "Also take a role that wpsync did not make, and a database where everyone may create in public.",
                "即使角色不是由 wpsync 创建，或任何角色都能在 public 中建对象，也继续。",
            ),
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Create or mend the read-only database role for BI tools."""
    from secrets import token_urlsafe

    from wpsync.db.bi_role import make_reader
    from wpsync.model import Secret

    given = None if password_file is None else _password(password_file)
    made = Secret(token_urlsafe(18))
    with open_session(context, vendor=False) as session:
        is_embedded = session.config.database.url is None
        role = make_reader(session.database, name, given, force=force)
        if role.is_new and given is None:
            make_reader(session.database, name, made, force=force)
    if is_embedded:
        note(EMBEDDED.to(spoken()))
    password = made.reveal() if role.is_new and given is None else None
    if json:
        print_json(
            {
                **role.address,
                "is_new": role.is_new,
                "taken": role.taken,
                "advice": role.advice,
                "password": password,
            }
        )
        return
    if role.is_new:
        print(tr(f"{name}: created; reads wp and wp_bi", f"{name}：已创建，可读 wp 和 wp_bi"))
    else:
        print(tr(f"{name}: mended; reads wp and wp_bi", f"{name}：已修复，可读 wp 和 wp_bi"))
    for right in role.taken:
        print(tr(f"  taken away: {right}", f"  已收回：{right}"))
    print("  " + " ".join(f"{key}={value}" for key, value in role.address.items()))
    if password is not None:
        print(tr(f"  password (shown once): {password}", f"  密码（仅显示一次）：{password}"))
    if role.advice:
        note(
            tr(
                "for an administrator of the server; other programs may need what this takes from everyone:",
                "以下语句请由数据库管理员执行；执行前请确认其他程序不依赖这些公共权限：",
            )
        )
        for statement in role.advice:
            print(f"  {statement};")


def _password(file: Path) -> "Secret":
    from wpsync.config.tree import text_of
    from wpsync.model import Secret

    try:
        given = Secret(text_of(file))
    except OSError as exc:
        raise ConfigError("command.unreadable_file", file=file, words=exc.strerror) from None
    except UnicodeDecodeError:
        raise ConfigError("command.no_text_file", file=file) from None
    if len(given.reveal()) < 8:
        raise ConfigError("command.short_password", file=file)
    return given


def check(
    context: typer.Context,
    json: Json = False,
    database_only: Annotated[
        bool,
        typer.Option(
            "--database-only", help=tr("Do not ask the vendor.", "只检查数据库，不访问厂商。")
        ),
    ] = False,
) -> None:
    """Try everything that a run needs, and show how to mend failures."""
    from wpsync.daemon import preflight
    from wpsync.daemon.scheduler import AT_ONCE
    from wpsync.db.database import BESIDE
    from wpsync.sync.session import connections

    config = configuration(context)
    if not database_only:
        config.require_accounts()
    findings = [
        preflight.check_configuration(config),
        preflight.check_privacy(config),
        preflight.check_alerts(config),
    ]
    with database_address(config) as address:
        is_embedded = config.database.url is None
        elsewhere = embedded_elsewhere(config.data_dir) if is_embedded else None
        if elsewhere is not None:
            findings.append(preflight.Finding(Message("check.database_folder"), elsewhere))
        needed = connections(config, AT_ONCE) + BESIDE
        of_database = list(preflight.check_database(address, connections=needed))
        findings += of_database
        if not database_only and all(finding.is_good for finding in of_database):
            with open_session(context) as session:
                findings += preflight.check_vendor(session)
        elif not database_only:
            findings += preflight.check_credentials(config)
    _show(findings, json=json)
    if not all(finding.is_good for finding in findings):
        raise typer.Exit(1)


def _show(findings: "list[Finding]", *, json: bool) -> None:
    from wpsync.messages import say

    if json:
        print_json([finding.as_json() for finding in findings])
        return
    for finding in findings:
        sign = tr("ok  ", "正常") if finding.is_good else tr("FAIL", "失败")
        if finding.is_warning:
            sign = tr("warn", "注意")
        print(f"{sign} {say(finding.name)}{tr(': ', '：')}{say(finding.detail, quoting=True)}")
        if finding.mend:
            print(f"     → {finding.mend}")

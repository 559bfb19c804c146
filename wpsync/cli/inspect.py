"""`status`, `dead-letters`, `token`, `renormalize`, `schema`: look at the data that is there."""

from typing import Annotated, Literal

import typer

from wpsync.cli import complain
from wpsync.cli.context import (
    advise,
    check_account,
    check_resources,
    configuration,
    note,
    open_session,
    print_json,
    say_where,
)
from wpsync.cli.usage import Command, Group, choices
from wpsync.errors import ConfigError, Message
from wpsync.language import Text, spoken, tr

Json = Annotated[bool, typer.Option("--json", help=tr("Print JSON.", "输出 JSON。"))]
_Account = Annotated[
    str | None,
    typer.Option(
        metavar=tr("NAME", "账号"), help=tr("The account; all by default.", "账号，默认全部。")
    ),
]

_NEXT = Text(
    "`wpsync dead-letters show ID` prints the original. After an upgrade, `wpsync renormalize` and then"
    " `wpsync dead-letters retry` take the rows that can be read by now; others may stay, they hold nothing up",
    "用 `wpsync dead-letters show 编号` 查看原文。升级后依次执行 `wpsync renormalize` 和"
    " `wpsync dead-letters retry`，即可接收新版本能解析的数据；仍无法解析的可以保留，不影响其他数据同步",
)

dead_letters = typer.Typer(
    cls=Group, help=tr("Inspect rows that could not be taken.", "查看未能接收的数据（死信）。")
)
alert = typer.Typer(cls=Group, help=tr("Test the alert targets.", "测试告警目标。"))
token = typer.Typer(
    cls=Group,
    help=tr("Show ages of tokens, and rotate them.", "查看令牌有效期，轮换令牌。"),
)


@alert.command(
    "test",
    cls=Command,
    help=tr("Send a test message to every configured target.", "向每个告警目标发送测试消息。"),
)
def alert_test(context: typer.Context, json: Json = False) -> None:
    """Send a test message to every configured target."""
    import socket

    from wpsync.alerts import notices, targets
    from wpsync.model import Secret

    config = configuration(context)
    if not config.alerts.targets:
        raise ConfigError("command.no_alert_target")
    notice = notices.of_test(config, socket.gethostname())
    addresses = [Secret(target.get_secret_value()) for target in config.alerts.targets]
    taken = {target.name: targets.send(target, notice) for target in targets.targets(addresses)}
    if json:
        print_json([{"target": name, "taken": good} for name, good in taken.items()])
    else:
        for name, good in taken.items():
            print(f"{tr('ok  ', '成功') if good else tr('FAIL', '失败')} {name}")
    if not all(taken.values()):
        complain(Message("command.alert_not_taken"))
        raise typer.Exit(1)


def status(context: typer.Context, json: Json = False) -> None:
    """Show whether the data is complete and current: the status page on a terminal."""
    from wpsync.cli import status_view
    from wpsync.state import vendor_words
    from wpsync.status import service as service_status
    from wpsync.status import snapshot
    from wpsync.status.known import Tolerant

    with open_session(context, vendor=False) as session:
        seen = snapshot.read(session)
        lately, said = None, []
        if not json:
            reader, tolerant = session.database.monitoring, Tolerant(seen.now)
            lately = service_status.activity(reader, seen.now, tolerant)
            said = vendor_words.read(reader, seen.accounts, seen.now)
    if lately is None:
        print_json(seen.status)
    else:
        status_view.show(status_view.console(), seen, lately, said)
    if session.config.database.url is None:
        say_where(session.config.data_dir)
    status_view.complain(seen.status)
    if not seen.status.is_good:
        raise typer.Exit(1)


@dead_letters.command(
    "list",
    cls=Command,
    help=tr("List rows that could not be taken, newest first.", "列出死信，最新的在前。"),
)
def list_letters(
    context: typer.Context,
    resource: Annotated[
        str | None,
        typer.Option(metavar=tr("NAME", "资源"), help=tr("Only of this resource.", "只看此资源。")),
    ] = None,
    resolved: Annotated[
        bool,
        typer.Option("--all", help=tr("Also those taken since.", "包括已解决的。")),
    ] = False,
    limit: Annotated[
        int,
        typer.Option(
            min=1,
            max=1_000_000,
            metavar=tr("N", "数字"),
            help=tr("List at most so many.", "最多显示的条数。"),
        ),
    ] = 100,
    json: Json = False,
) -> None:
    """List rows that could not be taken, newest first; `show ID` prints the original."""
    from dataclasses import asdict

    from wpsync.cli.tables import table
    from wpsync.state import dead_letters
    from wpsync.status.wording import Words

    check_resources([resource] if resource is not None else [])
    with open_session(context, vendor=False) as session:
        found = dead_letters.dead_letters(
            session.database, resource=resource, resolved=resolved, limit=limit
        )
    if json:  # originals may hold what people wrote: a list does not show them
        listed = [asdict(letter) for letter in found]
        print_json([{k: v for k, v in one.items() if k != "original"} for one in listed])
        return
    words = Words(spoken(), session.clock.now())
    rows = [
        (
            d.id,
            d.resource,
            d.record_id,
            words.reason(d.reason),
            words.message(d.error),
            d.first_seen_at,
        )
        for d in found
    ]
    headings = (
        tr("id", "编号"),
        tr("resource", "资源"),
        tr("record", "记录"),
        tr("reason", "原因"),
        tr("detail", "说明"),
        tr("first seen", "首次出现"),
    )
    table("", headings, rows)
    if found:
        advise(_NEXT.to(spoken()))
    else:
        note(tr("there are no dead letters", "没有死信"))


@dead_letters.command(
    "show",
    cls=Command,
    help=tr("Print one of them with the original that the vendor sent.", "显示一条死信及其原文。"),
)
def show_letter(
    context: typer.Context,
    number: Annotated[
        int,
        typer.Argument(
            metavar=tr("ID", "编号"), help=tr("Its number in the list.", "列表中的编号。")
        ),
    ],
    json: Json = False,
) -> None:
    """Print a dead letter with the original that the vendor sent."""
    from wpsync.state import dead_letters
    from wpsync.status.wording import Words

    with open_session(context, vendor=False) as session:
        found = dead_letters.dead_letter(session.database, number)
    if found is None:
        raise ConfigError("command.unknown_letter", number=number)
    if json:
        print_json(found)
        return
    words = Words(spoken(), session.clock.now())
    colon = tr(": ", "：")
    why = f"{words.reason(found.reason)}{colon}{words.message(found.error)}"
    print(f"{found.resource} {found.record_id or ''}{colon}{why}")
    print(found.original)


@dead_letters.command(
    "retry",
    cls=Command,
    help=tr("Read them all again, e.g. after an upgrade.", "重新处理所有死信（例如升级之后）。"),
)
def retry_letters(context: typer.Context, json: Json = False) -> None:
    """Read all dead letters again, e.g. after an upgrade."""
    from functools import partial

    from wpsync.status.texts import counted
    from wpsync.sync.renormalize import retry_dead_letters
    from wpsync.sync.session import privacy_of

    with open_session(context, vendor=False) as session:
        taken, remaining = retry_dead_letters(
            session.database, session.clock, partial(privacy_of, session.config)
        )
    if json:
        print_json({"taken": taken, "remaining": remaining})
    else:
        print(
            tr(
                f"taken: {taken:,}, left: {remaining:,}",
                f"已接收 {taken:,} 条，剩余 {remaining:,} 条",
            )
        )
    if remaining:
        note(
            tr(
                f"{counted(remaining, 'row')} still cannot be taken; `wpsync dead-letters list` shows why",
                f"仍有 {remaining:,} 条未能接收，原因见 `wpsync dead-letters list`",
            )
        )
        raise typer.Exit(1)


def renormalize(
    context: typer.Context,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            metavar=tr("KIND", "类型"),
            help=tr(
                "Only messages of this kind, e.g. transfer. Repeatable.",
                "只处理此类消息，例如 transfer，可重复。",
            ),
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Parse stored message bodies again, without asking the vendor."""
    from functools import partial

    from wpsync.cli.progress import progress
    from wpsync.resources.messages import KINDS
    from wpsync.resources.wechat import WECHAT_MESSAGES
    from wpsync.status.texts import counted
    from wpsync.sync.renormalize import renormalize as service
    from wpsync.sync.session import privacy_of

    known = [one.name for one in KINDS]
    for name in kind or ():
        if name not in known:
            raise ConfigError("command.unknown_kind", name=name, choices=choices(name, known))
    with open_session(context, vendor=False) as session, progress() as shown:
        shown.begin(WECHAT_MESSAGES.name, None)
        counts = service(
            session.database,
            session.clock,
            kind,
            lambda rows: shown.advance(WECHAT_MESSAGES.name, rows),
            partial(privacy_of, session.config),
        )
        shown.end(WECHAT_MESSAGES.name, "done")
    if json:
        print_json({"updated": counts.updated})
    else:
        print(
            tr(
                f"{counted(counts.updated, 'message')} changed",
                f"更新了 {counts.updated:,} 条消息",
            )
        )


@token.command(
    "show",
    cls=Command,
    help=tr(
        "Show ages and expiry, never the values.", "查看令牌的签发与到期时间，不显示令牌本身。"
    ),
)
def show_tokens(context: typer.Context, json: Json = False) -> None:
    """Show ages and expiry, never the values."""
    from wpsync.cli.tables import table
    from wpsync.status import freshness

    with open_session(context, vendor=False) as session:
        reader = session.database.monitoring
        found = freshness.read(reader, session.config, session.clock.now())
    if json:
        print_json(found.tokens)
        return
    headings = (
        tr("account", "账号"),
        tr("issued", "签发"),
        tr("renewed", "续期"),
        tr("access until", "访问令牌到期"),
        tr("refresh until", "刷新令牌到期"),
        tr("encrypted", "已加密"),
    )
    rows = [
        (
            t.account,
            t.issued_at,
            t.renewed_at,
            t.access_expires_at,
            t.refresh_expires_at,
            t.encrypted,
        )
        for t in found.tokens
    ]
    table("", headings, rows)


@token.command(
    "rotate", cls=Command, help=tr("Take a new pair of tokens now.", "立即换取新的一对令牌。")
)
def rotate_tokens(
    context: typer.Context,
    account: _Account = None,
    forget: Annotated[
        bool,
        typer.Option(
            "--forget",
            help=tr(
                "Log in anew and drop the stored tokens: where their key is lost.",
                "弃用已存令牌并重新登录（密钥丢失时）。",
            ),
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Take a new pair of tokens now."""
    from wpsync.state.tokens import PostgresTokens

    known = list(configuration(context).accounts)
    check_account(account, known)
    names = [account] if account else known
    with open_session(context) as session:
        for name in names:
            if forget:
                PostgresTokens(session.database).forget(name)
            with session.client(name) as client:
                client.authenticate() if forget else client.rotate()
            if not json:
                print(tr(f"{name}: new tokens", f"{name}：已换新令牌"))
    if json:
        print_json([{"account": name, "rotated": True} for name in names])


@token.command(
    "key",
    cls=Command,
    help=tr("Print a fresh key for security.token_key.", "生成一个 security.token_key。"),
)
def make_key() -> None:
    """Print a fresh key for security.token_key."""
    from cryptography.fernet import Fernet

    print(Fernet.generate_key().decode())


def schema(
    form: Annotated[
        Literal["markdown", "dbml"],
        typer.Option("--format", metavar="markdown|dbml", help=tr("The format.", "输出格式。")),
    ] = "markdown",
) -> None:
    """Print the data dictionary, read from the code."""
    from wpsync.status.dictionary import as_dbml, as_markdown

    print(as_markdown() if form == "markdown" else as_dbml())

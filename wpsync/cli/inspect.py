"""`status`, `dead-letters`, `token`, `renormalize`, `schema`: looking at what is there."""

import sys
from typing import Annotated, Literal

import typer

from wpsync.cli.context import (
    check_resources,
    configuration,
    nearest,
    open_session,
    print_hint,
    print_json,
    say_where,
)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable results. 输出 JSON。")]

_NO_LETTERS = "there are none / 没有死信"
_NEXT = (
    "`wpsync dead-letters show ID` gives the original. After an upgrade, `wpsync renormalize` and then"
    " `wpsync dead-letters retry` take what can be read by now; what still cannot be may stay, it holds nothing up"
    " / 用 `wpsync dead-letters show 编号` 查看原文。升级后依次执行 `wpsync renormalize` 和"
    " `wpsync dead-letters retry`，即可接收新版本能解析的数据；仍无法解析的可以保留，不影响其他数据同步"
)

dead_letters = typer.Typer(
    no_args_is_help=True, help="Rows that could not be taken. 未能接收的数据（死信）。"
)
alert = typer.Typer(no_args_is_help=True, help="Alert targets. 告警目标。")
token = typer.Typer(no_args_is_help=True, help="Token ages and rotation. 令牌的有效期与轮换。")


@alert.command("test", short_help="Send a test message. 发送测试消息")
def alert_test(context: typer.Context, json: Json = False) -> None:
    """Send a test message to every configured target. 向每个告警目标发送测试消息。"""
    import socket

    from wpsync.alerts import targets
    from wpsync.alerts.watch import worded
    from wpsync.errors import ConfigError
    from wpsync.model import Secret

    config = configuration(context)
    if not config.alerts.targets:
        raise ConfigError(
            "no alert target is configured",
            hint="set alerts.targets; README shows the address of each kind of robot"
            " / 请设置 alerts.targets；各类机器人的地址写法见 README",
        )
    host, accounts = socket.gethostname(), ", ".join(config.accounts) or "-"
    message = worded(
        config.alerts,
        [("测试消息", "Test message")],
        [
            (
                f"来自主机 {host}（账号：{accounts}）。收到即表示告警可以送达。",
                f"From {host} (accounts: {accounts}). Alerts will reach you here.",
            ),
        ],
    )
    addresses = [Secret(target.get_secret_value()) for target in config.alerts.targets]
    taken = {
        target.name: targets.send(target, message.title, message.text)
        for target in targets.targets(addresses)
    }
    if json:
        print_json([{"target": name, "taken": good} for name, good in taken.items()])
    else:
        for name, good in taken.items():
            print(f"{'ok  ' if good else 'FAIL'} {name}")
    if not all(taken.values()):
        print(
            "wpsync: look at the address of what failed, and at this host's way to it"
            " / 请检查发送失败的目标地址，以及本机到该地址的网络",
            file=sys.stderr,
        )
        raise typer.Exit(1)


def status(context: typer.Context, json: Json = False) -> None:
    """The status page on a terminal: is it all there, and current? 在终端查看同步状态与完整性。"""
    from wpsync.cli import status_view
    from wpsync.status import service as service_status
    from wpsync.status import snapshot
    from wpsync.status.known import Tolerant

    with open_session(context, vendor=False) as session:
        seen = snapshot.read(session)
        lately = None
        if not json:
            reader, tolerant = session.database.monitoring, Tolerant(seen.now)
            lately = service_status.activity(reader, seen.now, tolerant)
    if lately is None:
        print_json(seen.status)
    else:
        status_view.show(status_view.console(), seen, lately)
    if session.config.database.url is None:
        say_where(session.config.data_dir)
    status_view.complain(seen.status)
    if not seen.status.is_good:
        raise typer.Exit(1)


@dead_letters.command("list", short_help="What could not be taken, newest first. 列出死信")
def list_letters(
    context: typer.Context,
    resource: Annotated[
        str | None, typer.Option(help="Only of this resource. 只看此资源。")
    ] = None,
    resolved: Annotated[
        bool, typer.Option("--all", help="Also those taken since. 含已解决的。")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many. 最多显示条数。")] = 100,
    json: Json = False,
) -> None:
    """What could not be taken, newest first; `show ID` gives the original. 列出死信；原文请用 `show 编号` 查看。"""
    from dataclasses import asdict

    from wpsync.cli.tables import table
    from wpsync.state import dead_letters

    check_resources([resource] if resource is not None else [])
    with open_session(context, vendor=False) as session:
        found = dead_letters.dead_letters(
            session.database, resource=resource, resolved=resolved, limit=limit
        )
    if json:  # originals may hold what people wrote: a list does not show them
        listed = [asdict(letter) for letter in found]
        print_json([{k: v for k, v in one.items() if k != "original"} for one in listed])
        return
    rows = [(d.id, d.resource, d.record_id, d.reason, d.detail, d.first_seen_at) for d in found]
    table("", ("id", "resource", "record", "reason", "detail", "first seen"), rows)
    print_hint(_NEXT if found else _NO_LETTERS)


@dead_letters.command("show", short_help="One of them, with its original. 显示一条及其原文")
def show_letter(
    context: typer.Context,
    number: Annotated[
        int, typer.Argument(metavar="ID", help="Its number in the list. 列表中的编号。")
    ],
    json: Json = False,
) -> None:
    """One dead letter with the original the vendor sent. 显示一条死信及其原文。"""
    from wpsync.errors import ConfigError
    from wpsync.state import dead_letters

    with open_session(context, vendor=False) as session:
        found = dead_letters.dead_letter(session.database, number)
    if found is None:
        raise ConfigError(
            f"there is no dead letter {number}",
            hint="see `wpsync dead-letters list` / 请先运行 `wpsync dead-letters list` 查看编号",
        )
    if json:
        print_json(found)
        return
    print(f"{found.resource} {found.record_id or ''}: {found.reason}: {found.detail}")
    print(found.original)


@dead_letters.command("retry", short_help="Read them all again. 重新处理")
def retry_letters(context: typer.Context, json: Json = False) -> None:
    """Read them all again, e.g. after an upgrade. 重新处理所有死信（例如升级之后）。"""
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
        print(f"taken: {taken:,}, left: {remaining:,} / 已接收 {taken:,} 条，剩余 {remaining:,} 条")
    if remaining:
        print(
            f"wpsync: {counted(remaining, 'row')} still cannot be taken; `wpsync dead-letters list` says why"
            f" / 仍有 {remaining} 条未能接收，原因见 `wpsync dead-letters list`",
            file=sys.stderr,
        )
        raise typer.Exit(1)


def renormalize(
    context: typer.Context,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only this kind, e.g. transfer. 只处理此种消息。")
    ] = None,
    json: Json = False,
) -> None:
    """Explode stored message bodies again, without asking the vendor. 重新解析已存的消息内容，不请求厂商。"""
    from functools import partial

    from wpsync.cli.progress import progress
    from wpsync.errors import ConfigError
    from wpsync.resources.messages import KINDS
    from wpsync.resources.wechat import WECHAT_MESSAGES
    from wpsync.status.texts import counted
    from wpsync.sync.renormalize import renormalize as service
    from wpsync.sync.session import privacy_of

    known = [one.name for one in KINDS]
    for name in kind or ():
        if name not in known:
            raise ConfigError(
                f"there is no kind of message {name!r}{nearest(name, known)}",
                hint=f"kinds: {', '.join(known)} / 消息种类见上",
            )
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
        print(f"{counted(counts.updated, 'message')} changed / 更新了 {counts.updated:,} 条消息")


@token.command("show", short_help="Ages and expiry, never the values. 有效期，不含令牌")
def show_tokens(context: typer.Context, json: Json = False) -> None:
    """Ages and expiry, never the values. 令牌的签发与到期时间，不显示令牌本身。"""
    from wpsync.cli.tables import table
    from wpsync.status import freshness

    with open_session(context, vendor=False) as session:
        reader = session.database.monitoring
        found = freshness.read(reader, session.config, session.clock.now())
    if json:
        print_json(found.tokens)
        return
    headings = ("account", "issued", "renewed", "access until", "refresh until", "encrypted")
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


@token.command("rotate", short_help="Take a new pair now. 立即换取新令牌")
def rotate_tokens(
    context: typer.Context,
    account: Annotated[str | None, typer.Option(help="All by default. 默认所有账号。")] = None,
    forget: Annotated[
        bool,
        typer.Option(
            "--forget",
            help="Log in anew, whatever is stored: where its key is lost. 弃用已存令牌并重新登录（密钥丢失时）。",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Take a new pair now. 立即换取新的一对令牌。"""
    from wpsync.errors import ConfigError
    from wpsync.state.tokens import PostgresTokens

    known = list(configuration(context).accounts)
    if account is not None and account not in known:
        choice = ", ".join(known)
        raise ConfigError(
            f"there is no account {account!r}{nearest(account, known)}",
            hint=f"accounts: {choice} / 已配置的账号：{choice}",
        )
    names = [account] if account else known
    with open_session(context) as session:
        for name in names:
            if forget:
                PostgresTokens(session.database).forget(name)
            with session.client(name) as client:
                client.authenticate() if forget else client.rotate()
            if not json:
                print(f"{name}: new tokens / 已换新令牌")
    if json:
        print_json([{"account": name, "rotated": True} for name in names])


@token.command("key", short_help="Print a fresh security.token_key. 生成密钥")
def make_key() -> None:
    """Print a fresh key for security.token_key. 生成一个 security.token_key。"""
    from cryptography.fernet import Fernet

    print(Fernet.generate_key().decode())


def schema(
    form: Annotated[
        Literal["markdown", "dbml"], typer.Option("--format", help="markdown or dbml. 输出格式。")
    ] = "markdown",
) -> None:
    """The data dictionary, read from the code. 数据字典。"""
    from wpsync.status.dictionary import as_dbml, as_markdown

    print(as_markdown() if form == "markdown" else as_dbml())

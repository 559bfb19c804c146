"""`erase`: remove one person's data, everywhere."""

import getpass
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from wpsync.cli.context import (
    advise,
    asking,
    configuration,
    note,
    open_session,
    print_json,
)
from wpsync.errors import ConfigError
from wpsync.language import Text, spoken, tr

if TYPE_CHECKING:
    from wpsync.loading.erasure import Receipt
    from wpsync.loading.sweeping import Swept

_NOT_FOUND = {
    "phone": Text(
        "no data of this phone number was found, and nothing was removed; the receipt keeps it from being written later",
        "没有找到使用该手机号的人，未删除任何数据；回执会阻止此人的数据今后写入",
    ),
    "wx": Text(
        "no data of this WeChat number was found, and nothing was removed; the receipt keeps it from being written later",
        "没有找到使用该微信号的人，未删除任何数据；回执会阻止此人的数据今后写入",
    ),
}
_KINDS = {"phone": Text("phone", "手机号"), "wx": Text("wx", "微信号")}
_REMAINS = {
    "log_of_changes": Text(
        "Postgres's log of changes (WAL), until it is recycled",
        "Postgres 预写日志（WAL），直至被回收",
    ),
    "server_log": Text(
        "Postgres's own log, where it logs statements", "Postgres 运行日志（如记录了语句）"
    ),
    "backups": Text(
        "backups and replicas of the database, and of its files", "数据库及其文件的备份与副本"
    ),
    "free_space": Text(
        "free space in the database's files, until it is written again",
        "数据文件的空闲空间，直至被覆盖",
    ),
    "words_of_others": Text(
        "what others wrote of this person in their messages", "他人消息正文中提及此人的内容"
    ),
}


def erase(
    context: typer.Context,
    phone: Annotated[
        str | None,
        typer.Option(
            metavar=tr("NUMBER", "号码"), help=tr("The person's phone number.", "此人的手机号。")
        ),
    ] = None,
    wx: Annotated[
        str | None,
        typer.Option(
            metavar=tr("NUMBER", "号码"), help=tr("The person's WeChat number.", "此人的微信号。")
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help=tr("Do not ask for confirmation.", "不再确认。"))
    ] = False,
    reason: Annotated[
        str | None,
        typer.Option(
            metavar=tr("TEXT", "文字"),
            help=tr(
                "Why, for the receipt; not the person's name.", "理由，记入回执；请勿填写姓名。"
            ),
        ),
    ] = None,
    despite_keys: Annotated[
        bool,
        typer.Option(
            "--despite-keys",
            help=tr(
                "Erase what can be found, though a key of hashed numbers is lost.",
                "哈希密钥已丢失时，仍删除能找到的部分。",
            ),
        ),
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help=tr("Print the receipt as JSON.", "以 JSON 输出回执。"))
    ] = False,
) -> None:
    """Remove one person's data everywhere, with a receipt."""
    from wpsync.loading import erasure, sweeping
    from wpsync.sync.session import privacy_of

    if (phone is None) == (wx is None):
        raise ConfigError("command.one_person")
    kind, number = ("phone", phone) if phone is not None else ("wx", wx)
    number = (number or "").strip()
    if len(number) < 5:
        raise ConfigError("command.short_number")
    config = configuration(context)
    rules = [privacy_of(config, account) for account in ("", *config.accounts)]
    request = erasure.Request(kind, number, _user(), reason, despite_keys=despite_keys)
    if not yes:
        _confirm()  # before signals are taken for an orderly stop: Ctrl-C answers the question
    with open_session(context, vendor=False) as session:
        receipt = erasure.erase(session.database, request, rules, session.clock.now())
        swept = sweeping.sweep(session.database, session.policy.database)
    _show(receipt, swept, json=json)


def _user() -> str:
    """The user of the host; by number where the user has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _show(receipt: "Receipt", swept: "Swept", *, json: bool) -> None:
    from dataclasses import asdict

    from wpsync.cli.tables import instant

    if not receipt.rows:
        note(_NOT_FOUND[receipt.kind].to(spoken()))
    if json:
        print_json({**asdict(receipt), "not_swept": swept.left})
    else:
        kind = _KINDS[receipt.kind].to(spoken())
        at = instant(receipt.at)
        print(
            tr(
                f"receipt {receipt.number}: {kind} {receipt.person}, {at}, by {receipt.actor}",
                f"回执 {receipt.number}：{kind} {receipt.person}，{at}，执行者 {receipt.actor}",
            )
        )
        for table, rows in sorted(receipt.rows.items()):
            print(f"  {table}: {rows}")
        if not receipt.rows:
            print(tr("  nothing was stored", "  没有存储任何数据"))
        print(
            tr(
                f"looked at: {', '.join(receipt.looked_at)}",
                f"已查找：{'、'.join(receipt.looked_at)}",
            )
        )
        print(tr("not reached:", "不在删除范围内："))
        for what in receipt.remains:
            print(f"  {_REMAINS[what].to(spoken())}")
    note(
        tr(
            "data that the vendor still lists of this person is no longer written",
            "厂商仍保留的此人数据今后不再写入",
        )
    )
    _tell_what_is_left(receipt, swept)


def _tell_what_is_left(receipt: "Receipt", swept: "Swept") -> None:
    """Tell of rows that could not be looked at, and of tables that are not swept yet."""
    if receipt.not_findable or receipt.masked:
        columns = ", ".join(receipt.not_findable or receipt.masked)
        note(
            tr(
                f"masked and dropped numbers cannot be searched ({columns}); rows that may be theirs:"
                f" {sum(receipt.masked.values()):,}",
                f"打码或丢弃的号码无法查找（{columns}）；可能属于此人的行：{sum(receipt.masked.values()):,}",
            )
        )
        advise(
            tr(
                "`wpsync backfill --again` reads them again: those of this person are then removed",
                "执行 `wpsync backfill --again` 重新读取，其中属于此人的行即被删除",
            )
        )
    if receipt.unknown_keys:
        keys = ", ".join(receipt.unknown_keys)
        note(
            tr(
                f"numbers that were hashed with a lost key were not looked at (key id {keys})",
                f"用已丢失的密钥哈希的号码未能查找（密钥标识 {keys}）",
            )
        )
    if swept.left:
        tables = ", ".join(swept.left)
        note(
            tr(
                f"deleted rows are still in the files and statistics of {tables}: other sessions may see them or hold"
                " the table; the service tries again each night",
                f"已删除的行仍在以下表的文件与统计信息中：{tables}（其他会话仍可见或占用该表）；服务每晚会再次清理",
            )
        )


def _confirm() -> None:
    """Ask whether to go on; exit where the answer is not yes."""
    from wpsync.errors import FatalError

    if not sys.stdin.isatty():
        raise FatalError("command.unconfirmed")
    ask = tr(
        "Erase everything of this person? It cannot be undone. [y/N]",
        "确定删除此人的全部数据？无法恢复。[y/N]",
    )
    with asking():
        answer = typer.prompt(ask, default="n", show_default=False, err=True)
    if str(answer).strip().lower() not in ("y", "yes", "是"):
        note(tr("nothing was erased", "未删除任何数据"))
        raise typer.Exit(1)

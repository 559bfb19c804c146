"""`erase`: remove one person's data, everywhere."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from wpsync.cli.context import asking, configuration, note, open_session, print_json
from wpsync.errors import ConfigError
from wpsync.language import Text, spoken, tr

if TYPE_CHECKING:
    from wpsync.loading.erasure import Receipt

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
    json: Annotated[
        bool, typer.Option("--json", help=tr("Print the receipt as JSON.", "以 JSON 输出回执。"))
    ] = False,
) -> None:
    """Remove one person's data everywhere, with a receipt."""
    from wpsync.loading import erasure
    from wpsync.resources.spec import Personal
    from wpsync.sync.session import privacy_of

    if (phone is None) == (wx is None):
        raise ConfigError("command.one_person")
    kind, number = ("phone", phone) if phone is not None else ("wx", wx)
    number = (number or "").strip()
    if len(number) < 5:
        raise ConfigError("command.short_number")
    held = Personal.PHONE_NUMBERS if kind == "phone" else Personal.WECHAT_NUMBERS
    config = configuration(context)
    rules = [privacy_of(config, account) for account in ("", *config.accounts)]
    if not all(one.finds(held) for one in rules):
        raise ConfigError("command.not_findable", key=f"privacy.{held}")
    if not yes:
        _confirm()  # before signals are taken for an orderly stop: Ctrl-C answers the question
    with open_session(context, vendor=False) as session:

        def forms(number: str) -> set[str]:
            return {form for one in rules for form in one.forms(held, number)}

        receipt = erasure.erase(session.database, kind, number, forms, session.clock.now())
    _show(receipt, json=json)


def _show(receipt: "Receipt", *, json: bool) -> None:
    from wpsync.cli.tables import instant

    if not receipt.rows:
        note(_NOT_FOUND[receipt.kind].to(spoken()))
    if json:
        print_json(receipt)
        return
    kind = _KINDS[receipt.kind].to(spoken())
    at = instant(receipt.at)
    print(
        tr(
            f"receipt {receipt.number}: {kind} {receipt.person}, {at}",
            f"回执 {receipt.number}：{kind} {receipt.person}，{at}",
        )
    )
    for table, rows in sorted(receipt.rows.items()):
        print(f"  {table}: {rows}")
    if not receipt.rows:
        print(tr("  nothing was stored", "  没有存储任何数据"))
    note(
        tr(
            "data that the vendor still lists of this person is no longer written; mentions in messages of others,"
            " and backups, are not reached",
            "厂商仍保留的此人数据今后不再写入；他人消息正文中提及的内容以及备份不在删除范围内",
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

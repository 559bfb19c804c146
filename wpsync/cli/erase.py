"""`erase`: one person's data, everywhere."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from wpsync.cli.context import asking, configuration, open_session, print_json

if TYPE_CHECKING:
    from wpsync.loading.erasure import Receipt

_NOBODY = {
    "phone": "wpsync: nobody with this phone number was found: nothing was removed. The receipt keeps them from"
    " coming later / 没有找到使用该手机号的人，未删除任何数据；回执会阻止此人的数据今后写入",
    "wx": "wpsync: nobody with this WeChat number was found: nothing was removed. The receipt keeps them from"
    " coming later / 没有找到使用该微信号的人，未删除任何数据；回执会阻止此人的数据今后写入",
}


def erase(
    context: typer.Context,
    phone: Annotated[
        str | None, typer.Option(help="The person's phone number. 此人的手机号。")
    ] = None,
    wx: Annotated[
        str | None, typer.Option(help="The person's WeChat number. 此人的微信号。")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask. 不再确认。")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="The receipt as JSON. 以 JSON 输出回执。")
    ] = False,
) -> None:
    """Remove one person's data everywhere, with a receipt. 删除某个人的全部数据，并给出回执。"""
    from wpsync.errors import ConfigError
    from wpsync.loading import erasure
    from wpsync.resources.spec import Personal
    from wpsync.sync.session import privacy_of

    if (phone is None) == (wx is None):
        raise ConfigError(
            "name one person",
            hint="--phone NUMBER or --wx NUMBER / 请用 --phone 或 --wx 指定一个人",
        )
    kind, number = ("phone", phone) if phone is not None else ("wx", wx)
    number = (number or "").strip()
    if len(number) < 5:
        raise ConfigError(
            "that is too short to be a number",
            hint="write the whole number / 号码过短，请填写完整号码",
        )
    held = Personal.PHONE_NUMBERS if kind == "phone" else Personal.WECHAT_NUMBERS
    config = configuration(context)
    rules = [privacy_of(config, account) for account in ("", *config.accounts)]
    if not all(one.finds(held) for one in rules):
        raise ConfigError(
            f"privacy.{held} masks or drops these numbers: nobody can be found by one",
            hint="nothing of them is stored under the number; hash keeps people findable"
            " / 库中没有以该号码存储的数据；设为 hash 则仍可按号码查找",
        )
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
        print(_NOBODY[receipt.kind], file=sys.stderr)
    if json:
        print_json(receipt)
        return
    print(
        f"receipt / 回执 {receipt.number}: {receipt.kind} {receipt.person}, {instant(receipt.at)}"
    )
    for table, rows in sorted(receipt.rows.items()):
        print(f"  {table}: {rows}")
    if not receipt.rows:
        print("  nothing was stored / 没有存储任何数据")
    print(
        "wpsync: what the vendor still lists of this person is no longer written; what others wrote about"
        " them in free text, and backups, are not reached"
        " / 厂商仍保留的此人数据今后不再写入；他人消息正文中提及的内容以及备份不在删除范围内",
        file=sys.stderr,
    )


def _confirm() -> None:
    """Ask whether to go on; leaves where not."""
    from wpsync.errors import FatalError

    if not sys.stdin.isatty():
        raise FatalError(
            "there is no terminal to ask whether this person is to be erased; nothing was erased",
            hint="--yes answers beforehand / 请用 --yes 事先确认",
        )
    ask = "Erase everything of this person? It cannot be undone. 确定删除此人的全部数据？无法恢复。"
    with asking():
        agreed = typer.confirm(ask, err=True)
    if not agreed:
        print("wpsync: nothing was erased / 未删除任何数据", file=sys.stderr)
        raise typer.Exit(1)

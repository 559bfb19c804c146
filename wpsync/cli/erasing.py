"""`erase`: one person's data, everywhere."""

import sys
from functools import partial
from typing import Annotated

import typer

from wpsync.cli.context import open_session, print_json


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
    from wpsync.load import erasing
    from wpsync.resources.personal import PHONE_NUMBERS, WECHAT_NUMBERS
    from wpsync.service.session import privacy_of

    if (phone is None) == (wx is None):
        raise ConfigError("name one person: --phone NUMBER or --wx NUMBER")
    kind, number = ("phone", phone) if phone is not None else ("wx", wx)
    number = (number or "").strip()
    if len(number) < 5:
        raise ConfigError("that is too short to be a number")
    with open_session(context, vendor=False) as session:
        held = PHONE_NUMBERS if kind == "phone" else WECHAT_NUMBERS
        privacy = privacy_of(session.config)
        if not privacy.finds(held):
            raise ConfigError(
                f"privacy.{held} masks or drops these numbers: nobody can be found by one",
                hint="hash keeps people findable / 用 hash 才能按号码找到人",
            )
        if not yes:
            ask = "Erase everything of this person? It cannot be undone. 确定删除此人的全部数据？无法恢复。"
            typer.confirm(ask, abort=True, err=True)
        forms = partial(privacy.forms, held)
        receipt = erasing.erase(session.database, kind, number, forms, session.clock.now())
    if json:
        print_json(receipt)
        return
    print(
        f"receipt / 回执 {receipt.number}: {receipt.kind} {receipt.person}, {receipt.at:%Y-%m-%d %H:%M:%S} UTC"
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

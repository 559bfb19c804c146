"""`api …`: the vendor's actions and look-ups."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wpsync.cli.context import configuration, open_session, print_json

if TYPE_CHECKING:
    from wpsync.api.client import Client
    from wpsync.sync.session import Session

Json = Annotated[bool, typer.Option("--json", help="Machine-readable results. 输出 JSON。")]
AccountName = Annotated[
    str | None, typer.Option("--account", help="The only one by default. 账号。")
]
Fields = Annotated[
    list[str] | None,
    typer.Option("--field", "-f", metavar="KEY=VALUE", help="Another field. 其他字段。"),
]

api = typer.Typer(
    no_args_is_help=True, help="The vendor's actions and look-ups. 厂商的操作与查询接口。"
)
customers = typer.Typer(no_args_is_help=True, help="Customers. 客户资料。")
api.add_typer(customers, name="customers", short_help="Customers. 客户资料")


@contextmanager
def _client(context: typer.Context, wanted: str | None) -> "Iterator[tuple[Session, str, Client]]":
    """Session, account and its client. Raises ConfigError for an account that is not one, first of all."""
    config = configuration(context)
    config.require_accounts()
    account = _account(list(config.accounts), wanted)
    with open_session(context) as session, session.client(account) as client:
        session.enter_accounts()
        yield session, account, client


def _account(names: list[str], wanted: str | None) -> str:
    from wpsync.errors import ConfigError

    if wanted is None and len(names) > 1:
        choice = ", ".join(names)
        raise ConfigError(
            "there are several accounts",
            hint=f"name one with --account: {choice} / 请用 --account 指定其一：{choice}",
        )
    if wanted is not None and wanted not in names:
        choice = ", ".join(names)
        raise ConfigError(
            f"there is no account {wanted!r}", hint=f"accounts: {choice} / 已配置的账号：{choice}"
        )
    return wanted or names[0]


def _parsed(fields: list[str] | None) -> dict[str, str]:
    from wpsync.errors import ConfigError

    parsed = {}
    for field in fields or ():
        key, equals, value = field.partition("=")
        if not equals or not key:
            raise ConfigError(
                f"{field!r} is not KEY=VALUE",
                hint="e.g. --field address=成都 / 例如 --field address=成都",
            )
        parsed[key] = value
    return parsed


@customers.command("fields", short_help="The customer form's fields. 客户资料字段")
def customer_fields(
    context: typer.Context, account: AccountName = None, json: Json = False
) -> None:
    """The customer form's fields. 客户资料字段模板。"""
    from wpsync.api import endpoints
    from wpsync.cli.tables import table

    with _client(context, account) as (_, _, client):
        found = endpoints.customer_fields(client)
    if json:
        print_json(found)
    else:
        table("", ("key", "label"), found.items())


@customers.command("add", short_help="Add a customer. 新增客户")
def add_customer(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="The name. 姓名。")],
    phone: Annotated[str, typer.Option(help="The phone number. 手机号码。")],
    field: Fields = None,
    account: AccountName = None,
    json: Json = False,
) -> None:
    """Add a customer; prints its id. 新增客户，输出客户编号。"""
    from wpsync.sync import customers
    from wpsync.sync.session import privacy_of

    fields = {**_parsed(field), "name": name, "phone": phone}
    with _client(context, account) as (session, chosen, client):
        privacy = privacy_of(session.config, chosen)
        added = customers.add_customer(
            client, session.database, session.clock, chosen, fields, privacy
        )
    if json:
        print_json({"id": added})
    else:
        print(added)


@customers.command("update", short_help="Change a customer. 修改客户")
def update_customer(
    context: typer.Context,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="The customer's id. 客户编号。")],
    name: Annotated[str | None, typer.Option(help="The name. 姓名。")] = None,
    phone: Annotated[str | None, typer.Option(help="The phone number. 手机号码。")] = None,
    field: Fields = None,
    account: AccountName = None,
) -> None:
    """Change a customer. 修改客户资料。"""
    from wpsync.sync import customers
    from wpsync.sync.session import privacy_of

    given = {"name": name, "phone": phone}
    fields = {**_parsed(field), **{k: v for k, v in given.items() if v is not None}}
    with _client(context, account) as (session, chosen, client):
        privacy = privacy_of(session.config, chosen)
        customers.update_customer(
            client, session.database, session.clock, chosen, identifier, fields, privacy
        )
    print(f"{identifier}: changed / 已修改")


@customers.command("delete", short_help="Delete a customer. 删除客户")
def delete_customer(
    context: typer.Context,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="The customer's id. 客户编号。")],
    account: AccountName = None,
) -> None:
    """Delete a customer. 删除客户。"""
    from wpsync.sync import customers

    with _client(context, account) as (session, chosen, client):
        customers.delete_customer(client, session.database, session.clock, chosen, identifier)
    print(f"{identifier}: deleted / 已删除")


@api.command("agents", short_help="The agents. 座席列表")
def agents(context: typer.Context, account: AccountName = None, json: Json = False) -> None:
    """The agents. 座席列表。"""
    from wpsync.api import endpoints
    from wpsync.cli.tables import table

    with _client(context, account) as (_, _, client):
        found = endpoints.agents(client)
    if json:
        print_json(found)
    else:
        table(
            "",
            ("id", "name", "phone"),
            [(a.get("_id"), a.get("name"), a.get("phone")) for a in found],
        )


@api.command("call", short_help="Have a work phone dial a number. 发起呼叫")
def call(
    context: typer.Context,
    callee: Annotated[str, typer.Argument(help="The number to dial. 被叫手机号码。")],
    agent: Annotated[str, typer.Option("--agent", help="The agent's phone number. 座席手机号码。")],
    account: AccountName = None,
) -> None:
    """Have an agent's work phone dial a number. 让座席的工作手机拨打电话。"""
    from wpsync.api import endpoints

    with _client(context, account) as (_, _, client):
        endpoints.call_phone(client, callee, agent)
    print("dialling / 已发起呼叫")


@api.command("add-wechat", short_help="Have a WeChat ask for a contact. 添加好友")
def add_wechat(
    context: typer.Context,
    phone: Annotated[str, typer.Argument(help="The number to add. 被加微信的手机号码。")],
    agent: Annotated[str, typer.Option("--agent", help="The agent's phone number. 座席手机号码。")],
    account: AccountName = None,
) -> None:
    """Have an agent's WeChat ask a number to become a contact. 用工作微信号添加微信联系人。"""
    from wpsync.api import endpoints

    with _client(context, account) as (_, _, client):
        endpoints.add_wechat(client, phone, agent)
    print("asked / 已发起添加")


@api.command("report", short_help="An agent's calls, as JSON. 座席通话报表")
def report(
    context: typer.Context,
    agent: Annotated[str, typer.Argument(metavar="AGENT_ID", help="The agent's id. 座席编号。")],
    span: Annotated[
        Literal["today", "late7", "late30"], typer.Option(help="Of how many days. 时间段。")
    ] = "today",
    account: AccountName = None,
    json: Json = True,  # it has no other form
) -> None:
    """An agent's calls as the vendor counts them, as JSON. 座席通话报表（JSON）。"""
    from wpsync.api import endpoints

    with _client(context, account) as (_, _, client):
        totals = endpoints.call_report(client, agent)
        print_json({"totals": totals, "detail": endpoints.call_detail(client, agent, span)})

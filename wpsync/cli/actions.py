"""`api …`: the vendor's actions and look-ups."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wpsync.cli.context import check_account, configuration, open_session, print_json
from wpsync.cli.usage import Command, Group
from wpsync.errors import ConfigError
from wpsync.language import tr
from wpsync.visible import one_line

if TYPE_CHECKING:
    from wpsync.api.client import Client
    from wpsync.sync.session import Session

Json = Annotated[bool, typer.Option("--json", help=tr("Print JSON.", "输出 JSON。"))]
AccountName = Annotated[
    str | None,
    typer.Option(
        "--account",
        metavar=tr("NAME", "账号"),
        help=tr("The account; the only one by default.", "账号；只有一个时可省略。"),
    ),
]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        "-f",
        metavar="KEY=VALUE",
        help=tr("Another field. Repeatable.", "其他字段，可重复。"),
    ),
]
CustomerId = Annotated[
    str, typer.Argument(metavar="ID", help=tr("The customer's id.", "客户编号。"))
]
AgentPhone = Annotated[
    str,
    typer.Option(
        "--agent",
        metavar=tr("NUMBER", "号码"),
        help=tr("The agent's phone number.", "座席的手机号码。"),
    ),
]

api = typer.Typer(
    cls=Group,
    help=tr("Use the vendor's actions and look-ups.", "厂商的操作与查询接口。"),
)
customers = typer.Typer(cls=Group, help=tr("Read and change customers.", "查询和修改客户资料。"))
api.add_typer(customers, name="customers")


@contextmanager
def _client(context: typer.Context, wanted: str | None) -> "Iterator[tuple[Session, str, Client]]":
    """Yield session, account and its client. Raises ConfigError for an unknown account, first of all."""
    config = configuration(context)
    config.require_accounts()
    account = _account(list(config.accounts), wanted)
    with open_session(context) as session, session.client(account) as client:
        session.enter_accounts()
        yield session, account, client


def _account(names: list[str], wanted: str | None) -> str:
    if wanted is None and len(names) > 1:
        raise ConfigError("command.account_missing", known=names)
    check_account(wanted, names)
    return wanted or names[0]


def _parsed(fields: list[str] | None) -> dict[str, str]:
    parsed = {}
    for field in fields or ():
        key, equals, value = field.partition("=")
        if not equals or not key:
            raise ConfigError("command.no_field", field=field)
        parsed[key] = value
    return parsed


@customers.command(
    "fields", cls=Command, help=tr("List the fields of the customer form.", "列出客户资料的字段。")
)
def customer_fields(
    context: typer.Context, account: AccountName = None, json: Json = False
) -> None:
    """List the fields of the customer form."""
    from wpsync.api import endpoints
    from wpsync.cli.tables import table

    with _client(context, account) as (_, _, client):
        found = endpoints.customer_fields(client)
    if json:
        print_json(found)
    else:
        table("", (tr("key", "键"), tr("label", "名称")), found.items())


@customers.command(
    "add", cls=Command, help=tr("Add a customer, and print its id.", "新增客户，并输出客户编号。")
)
def add_customer(
    context: typer.Context,
    name: Annotated[str, typer.Option(metavar=tr("NAME", "姓名"), help=tr("The name.", "姓名。"))],
    phone: Annotated[
        str,
        typer.Option(metavar=tr("NUMBER", "号码"), help=tr("The phone number.", "手机号码。")),
    ],
    field: Fields = None,
    account: AccountName = None,
    json: Json = False,
) -> None:
    """Add a customer, and print its id."""
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
        print(one_line(added))


@customers.command("update", cls=Command, help=tr("Change a customer.", "修改客户资料。"))
def update_customer(
    context: typer.Context,
    identifier: CustomerId,
    name: Annotated[
        str | None, typer.Option(metavar=tr("NAME", "姓名"), help=tr("The name.", "姓名。"))
    ] = None,
    phone: Annotated[
        str | None,
        typer.Option(metavar=tr("NUMBER", "号码"), help=tr("The phone number.", "手机号码。")),
    ] = None,
    field: Fields = None,
    account: AccountName = None,
) -> None:
    """Change a customer."""
    from wpsync.sync import customers
    from wpsync.sync.session import privacy_of

    given = {"name": name, "phone": phone}
    fields = {**_parsed(field), **{k: v for k, v in given.items() if v is not None}}
    with _client(context, account) as (session, chosen, client):
        privacy = privacy_of(session.config, chosen)
        customers.update_customer(
            client, session.database, session.clock, chosen, identifier, fields, privacy
        )
    print(tr(f"{identifier}: changed", f"{identifier}：已修改"))


@customers.command("delete", cls=Command, help=tr("Delete a customer.", "删除客户。"))
def delete_customer(
    context: typer.Context,
    identifier: CustomerId,
    account: AccountName = None,
) -> None:
    """Delete a customer."""
    from wpsync.sync import customers

    with _client(context, account) as (session, chosen, client):
        customers.delete_customer(client, session.database, session.clock, chosen, identifier)
    print(tr(f"{identifier}: deleted", f"{identifier}：已删除"))


@api.command("agents", cls=Command, help=tr("List the agents.", "列出座席。"))
def agents(context: typer.Context, account: AccountName = None, json: Json = False) -> None:
    """List the agents."""
    from wpsync.api import endpoints
    from wpsync.cli.tables import table

    with _client(context, account) as (_, _, client):
        found = endpoints.agents(client)
    if json:
        print_json(found)
    else:
        table(
            "",
            (tr("id", "编号"), tr("name", "姓名"), tr("phone", "手机号")),
            [(a.get("_id"), a.get("name"), a.get("phone")) for a in found],
        )


@api.command(
    "call",
    cls=Command,
    help=tr("Have an agent's work phone dial a number.", "让座席的工作手机拨打电话。"),
)
def call(
    context: typer.Context,
    callee: Annotated[
        str,
        typer.Argument(
            metavar=tr("NUMBER", "号码"), help=tr("The number to dial.", "被叫手机号码。")
        ),
    ],
    agent: AgentPhone,
    account: AccountName = None,
) -> None:
    """Have an agent's work phone dial a number."""
    from wpsync.api import endpoints

    with _client(context, account) as (_, _, client):
        endpoints.call_phone(client, callee, agent)
    print(tr("dialling", "已发起呼叫"))


@api.command(
    "add-wechat",
    cls=Command,
    help=tr(
        "Have an agent's WeChat ask a number to become a contact.", "用座席的工作微信添加好友。"
    ),
)
def add_wechat(
    context: typer.Context,
    phone: Annotated[
        str,
        typer.Argument(
            metavar=tr("NUMBER", "号码"), help=tr("The number to add.", "要添加的手机号码。")
        ),
    ],
    agent: AgentPhone,
    account: AccountName = None,
) -> None:
    """Have an agent's WeChat ask a number to become a contact."""
    from wpsync.api import endpoints

    with _client(context, account) as (_, _, client):
        endpoints.add_wechat(client, phone, agent)
    print(tr("asked", "已发起添加"))


@api.command(
    "report",
    cls=Command,
    help=tr(
        "Print an agent's calls as the vendor counts them, as JSON.", "输出座席的通话报表（JSON）。"
    ),
)
def report(
    context: typer.Context,
    agent: Annotated[
        str, typer.Argument(metavar="AGENT_ID", help=tr("The agent's id.", "座席编号。"))
    ],
    span: Annotated[
        Literal["today", "late7", "late30"],
        typer.Option(metavar="today|late7|late30", help=tr("The days to count.", "统计的时间段。")),
    ] = "today",
    account: AccountName = None,
    json: Json = True,  # it has no other form
) -> None:
    """Print an agent's calls as the vendor counts them, as JSON."""
    from wpsync.api import endpoints

    with _client(context, account) as (_, _, client):
        totals = endpoints.call_report(client, agent)
        print_json({"totals": totals, "detail": endpoints.call_detail(client, agent, span)})

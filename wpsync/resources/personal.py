"""Which columns hold people's data, by what it is. `wpsync.normalize.privacy` acts on them as configured."""

from collections.abc import Iterator

from wpsync.resources import TABLES, TYPED_TABLES
from wpsync.resources.spec import Column, SqlType, Table

PHONE_NUMBERS, NAMES = "phone_numbers", "names"
WECHAT_NUMBERS, MESSAGE_BODIES = "wechat_numbers", "message_bodies"
CLASSES = (PHONE_NUMBERS, NAMES, WECHAT_NUMBERS, MESSAGE_BODIES)

_PHONES = frozenset({"phone", "local_tel", "contact_tel"})
_NAMES = frozenset(
    {"name", "nick", "agent_nick", "agent_name", "contact_name", "display_name"}
    | {"avatar_url", "avatar_large_url"}
)
_WECHAT = frozenset(
    {"wx_no", "wx_alias", "agent_wx_no", "contact_wx_no", "owner_wx_no", "member_wx_nos"}
    | {"payer_wx_no", "initiator_wx_no"}
)
_BODIES = frozenset({"wechat_messages.body", "wechat_messages.plain_text", "customers.fields"})
_CODES = frozenset(
    {"message_id", "media_kind", "link_kind", "notice_kind", "pay_id", "original_is_send", "event"}
    | {"template_id", "pay_msg_id", "bill_no", "currency", "transfer_kind", "claim_kind"}
    | {"transaction_id", "transfer_id"}
)
_NOBODYS = frozenset({"customer_fields"})
_SPEAKING = (SqlType.TEXT, SqlType.TEXTS, SqlType.JSON, SqlType.DOUBLE)


def _class(table: Table, column: Column) -> str | None:
    """What a column holds: every speaking column of a payload that is no code is somebody's words."""
    if table.name in _NOBODYS or column.type not in _SPEAKING:
        return None
    if column.name in _WECHAT:
        return WECHAT_NUMBERS
    if f"{table.name}.{column.name}" in _BODIES:
        return MESSAGE_BODIES
    if table in TYPED_TABLES:
        return None if column.name in _CODES else MESSAGE_BODIES
    if column.name in _PHONES:
        return PHONE_NUMBERS
    return NAMES if column.name in _NAMES else None


def _all() -> Iterator[tuple[str, str]]:
    for table in TABLES.values():
        for column in table.columns:
            found = _class(table, column)
            if found is not None:
                yield f"{table.name}.{column.name}", found


PERSONAL: dict[str, str] = dict(_all())
"""`table.column` to its class."""


def is_key(name: str) -> bool:
    """Whether `table.column` is part of its table's key: its values must stay different."""
    table, _, column = name.partition(".")
    return column in TABLES[table].key

"""The resources to sync, as data: the vendor's listings, and the tables of `wp` that they feed.

Pure declarations. Asking for records is in `extract`, converting them in `normalize`, writing them in `loading`.
"""

from wpsync.resources import crm, device, messages, report, wechat
from wpsync.resources.spec import Mode, Resource, Table

RESOURCES: dict[str, Resource] = {
    resource.name: resource
    for resource in (
        crm.AGENTS,
        crm.CUSTOMER_FIELDS,
        wechat.WECHAT_USERS,
        wechat.WECHAT_CONTACTS,
        wechat.WECHAT_ROOMS,
        wechat.WECHAT_ROOM_MEMBERS,
        device.CALLS,
        device.SMS,
        wechat.WECHAT_CHATS,
        wechat.WECHAT_MESSAGES,
        report.AGENT_CALL_TOTALS,
        report.AGENT_CALL_DAYS,
    )
}
"""By name, in the order in which one pass reads them: parents before children."""

TYPED_TABLES: tuple[Table, ...] = (
    *dict.fromkeys(kind.table for kind in messages.KINDS if kind.table is not None),
    messages.PAYERS,
)
"""The tables that message payloads fill."""

TABLES: dict[str, Table] = {
    table.name: table
    for table in (*(r.table for r in RESOURCES.values()), crm.CUSTOMERS, *TYPED_TABLES)
}
"""Every table of `wp` but its history."""

WINDOWED = tuple(r for r in RESOURCES.values() if r.mode is Mode.WINDOWED)

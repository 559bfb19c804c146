"""The resources to sync, as data: the vendor's listings, and the tables of `wp` that they feed.

Pure declarations: all that is true of one resource stands here, and other packages ask for it rather
than for the resource's name. Asking for records is in `extract`, converting them in `normalize`,
writing them in `loading`.
"""

from wpsync.resources import crm, device, messages, report, wechat
from wpsync.resources.spec import Column, Harmless, Mode, Personal, Resource, Table

_READ_IN_ORDER = (Mode.LISTING, Mode.WINDOWED, Mode.REPORT)

RESOURCES: dict[str, Resource] = {
    resource.name: resource
    for resource in sorted(
        (
            declared
            for module in (crm, device, wechat, report)
            for declared in vars(module).values()
            if isinstance(declared, Resource)
        ),
        key=lambda resource: _READ_IN_ORDER.index(resource.mode),
    )
}
"""Every resource by name, in the order in which one pass reads them: parents before children."""

TYPED_TABLES: tuple[Table, ...] = messages.TABLES
"""The tables that message payloads fill."""

TABLES: dict[str, Table] = {
    table.name: table
    for table in (*(r.table for r in RESOURCES.values()), crm.CUSTOMERS, *TYPED_TABLES)
}
"""Every table of `wp` but its history."""

WINDOWED = tuple(r for r in RESOURCES.values() if r.mode is Mode.WINDOWED)

COLUMNS: dict[str, Column] = {
    f"{table.name}.{column.name}": column for table in TABLES.values() for column in table.columns
}
"""Every declared column by `table.column`."""

PERSONAL: dict[str, Personal] = {
    name: column.personal
    for name, column in COLUMNS.items()
    if isinstance(column.personal, Personal)
}
"""`table.column` of every column with personal data, to its class."""


CODES: tuple[str, ...] = tuple(
    name for name, column in COLUMNS.items() if column.personal is Harmless.CODE
)
"""`table.column` of every column with codes of the vendor's."""


def is_key(name: str) -> bool:
    """Return whether `table.column` is part of its table's key, so that its values must stay distinct."""
    table, _, column = name.partition(".")
    return column in TABLES[table].key

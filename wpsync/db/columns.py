"""How a column of any table is declared: its type, and its comment in Chinese and English."""

from typing import Any

import sqlalchemy as sa

SaType = sa.types.TypeEngine[Any]
INSTANT = sa.DateTime(timezone=True)
ACCOUNT = ("account", sa.Text(), "账号", "account")
RESOURCE = ("resource", sa.Text(), "资源", "resource")


def comment(zh: str, en: str) -> str:
    """One line in both languages."""
    return f"{zh} / {en}"


def column(
    name: str,
    kind: SaType,
    zh: str,
    en: str,
    *,
    null: bool = False,
    default: str | None = None,
    identity: bool = False,
) -> sa.Column[Any]:
    """A column; not null unless told otherwise."""
    extra = (sa.Identity(always=True),) if identity else ()
    return sa.Column(
        name,
        kind,
        *extra,
        nullable=null,
        autoincrement=identity,
        server_default=default and sa.text(default),
        comment=comment(zh, en),
    )

"""How a column of any table is declared: its type, and its comment in Chinese and English."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

SaType = sa.types.TypeEngine[Any]
INSTANT = sa.DateTime(timezone=True)
IDENTIFIER = sa.Text(collation="C")
"""Ids, codes, numbers, names of accounts: compared by bytes.

No index on them is at risk when the host's library of collations changes, and all columns that are
joined have one collation. Only texts that people write keep the database's own, for the order of names.
"""
ACCOUNT = ("account", IDENTIFIER, "账号", "account")
RESOURCE = ("resource", IDENTIFIER, "资源", "resource")


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


def error_columns(*, null: bool = True) -> tuple[sa.Column[Any], ...]:
    """An error as a code with its parameters, and apart from them the words of the system (`errors.Message`)."""
    return (
        column("error_code", IDENTIFIER, "错误代码", "the error's code", null=null),
        column("error_params", JSONB(), "错误参数", "the error's parameters", null=null),
        column(
            "error_words",
            sa.Text(),
            "数据库或系统的原文（不含行内容）",
            "the words of the database or the system, without values of rows",
            null=True,
        ),
    )

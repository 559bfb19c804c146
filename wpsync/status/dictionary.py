"""The data dictionary: every table and column with its type and meaning, from the declarations."""

from collections.abc import Iterator

from wpsync.resources import TABLES
from wpsync.resources.spec import ACCOUNT, Table

_BOOKKEEPING = (
    (ACCOUNT, "text", "来源账号；主键的第一列", "the account the row came from; begins the key"),
    ("_first_synced_at", "timestamptz", "首次写入时间", "when the row was first written"),
    ("_synced_at", "timestamptz", "内容最近变化的读取时间", "when the content last changed"),
    ("_extra", "jsonb", "未列出的字段", "what the vendor sent that has no column"),
)
_GONE = (
    "_gone_at",
    "timestamptz",
    "厂商不再列出的时间",
    "when a complete reading no longer had it",
)
_DELETED = ("_deleted_at", "timestamptz", "消失的时间", "when a complete listing no longer had it")


def as_markdown() -> str:
    """One section per table."""
    return "\n".join(line for table in TABLES.values() for line in _markdown(table))


def _markdown(table: Table) -> Iterator[str]:
    yield f"## wp.{table.name}\n\n{table.zh} / {table.en}\n"
    yield "| column | type | vendor field | 说明 | meaning |\n|---|---|---|---|---|"
    for column in table.columns:
        sources = ", ".join(f"`{source}`" for source in column.sources)
        key = " (key)" if column.name in table.key else ""
        yield f"| `{column.name}`{key} | {column.type.value} | {sources} | {column.zh} | {column.en} |"
    for name, kind, zh, en in _kept(table):
        yield f"| `{name}` | {kind} | | {zh} | {en} |"
    yield ""


def _kept(table: Table) -> tuple[tuple[str, str, str, str], ...]:
    deleted = (_DELETED,) if table.soft_delete else ()
    gone = (_GONE,) if table.gone_by else ()
    return (*_BOOKKEEPING, *deleted, *gone)


def as_dbml() -> str:
    """DBML, for diagram tools."""
    return "\n".join(line for table in TABLES.values() for line in _dbml(table))


def _dbml(table: Table) -> Iterator[str]:
    yield f'Table "wp"."{table.name}" {{'
    for column in table.columns:
        yield f'  "{column.name}" "{column.type.value}" [note: {_quoted(column.zh, column.en)}]'
    for name, kind, zh, en in _kept(table):
        yield f'  "{name}" "{kind}" [note: {_quoted(zh, en)}]'
    yield f"  indexes {{ ({', '.join(table.primary_key)}) [pk] }}"
    yield f"  Note: {_quoted(table.zh, table.en)}\n}}\n"


def _quoted(zh: str, en: str) -> str:
    text = f"{zh} / {en}".replace("'", "\\'")
    return f"'{text}'"

"""The data dictionary: every table and column with its type and meaning, from the declarations.

Meanings are in the language of the process.
"""

from collections.abc import Iterator

from wpsync.language import Text, spoken, tr
from wpsync.resources import TABLES
from wpsync.resources.spec import ACCOUNT, Table

_BOOKKEEPING = (
    (
        ACCOUNT,
        "text",
        Text("the account the row came from; begins the key", "来源账号；主键的第一列"),
    ),
    ("_first_synced_at", "timestamptz", Text("when the row was first written", "首次写入时间")),
    ("_synced_at", "timestamptz", Text("when the content last changed", "内容最近变化的读取时间")),
    ("_extra", "jsonb", Text("fields the vendor sent that have no column", "未列出的字段")),
)
_GONE = (
    "_gone_at",
    "timestamptz",
    Text("when a complete reading no longer had it", "厂商不再列出的时间"),
)
_DELETED = (
    "_deleted_at",
    "timestamptz",
    Text("when a complete listing no longer had it", "消失的时间"),
)


def as_markdown() -> str:
    """One section per table."""
    return "\n".join(line for table in TABLES.values() for line in _markdown(table))


def _markdown(table: Table) -> Iterator[str]:
    yield f"## wp.{table.name}\n\n{tr(table.en, table.zh)}\n"
    headings = (
        tr("column", "列"),
        tr("type", "类型"),
        tr("vendor field", "厂商字段"),
        tr("meaning", "说明"),
    )
    yield f"| {' | '.join(headings)} |\n|---|---|---|---|"
    for column in table.columns:
        sources = ", ".join(f"`{source}`" for source in column.sources)
        key = tr(" (key)", "（主键）") if column.name in table.key else ""
        meaning = tr(column.en, column.zh)
        yield f"| `{column.name}`{key} | {column.type.value} | {sources} | {meaning} |"
    for name, kind, text in _kept(table):
        yield f"| `{name}` | {kind} | | {text.to(spoken())} |"
    yield ""


def _kept(table: Table) -> tuple[tuple[str, str, Text], ...]:
    deleted = (_DELETED,) if table.soft_delete else ()
    gone = (_GONE,) if table.gone_by else ()
    return (*_BOOKKEEPING, *deleted, *gone)


def as_dbml() -> str:
    """DBML, for diagram tools."""
    return "\n".join(line for table in TABLES.values() for line in _dbml(table))


def _dbml(table: Table) -> Iterator[str]:
    yield f'Table "wp"."{table.name}" {{'
    for column in table.columns:
        meaning = _quoted(tr(column.en, column.zh))
        yield f'  "{column.name}" "{column.type.value}" [note: {meaning}]'
    for name, kind, text in _kept(table):
        yield f'  "{name}" "{kind}" [note: {_quoted(text.to(spoken()))}]'
    yield f"  indexes {{ ({', '.join(table.primary_key)}) [pk] }}"
    yield f"  Note: {_quoted(tr(table.en, table.zh))}\n}}\n"


def _quoted(text: str) -> str:
    escaped = text.replace("'", "\\'")
    return f"'{escaped}'"

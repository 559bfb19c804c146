"""The data dictionary: every table and column with its type and meaning, from the declarations."""

from collections.abc import Iterator

from wpsync.language import Language, Text, spoken
from wpsync.resources import TABLES
from wpsync.resources.spec import ACCOUNT, Column, Table

_BOOKKEEPING = (
    (
        ACCOUNT,
        "text",
        Text("the account the row came from; begins the key", "来源账号；主键的第一列"),
    ),
    ("_first_synced_at", "timestamptz", Text("when the row was first written", "首次写入时间")),
    (
        "_synced_at",
        "timestamptz",
        Text("when the content last changed", "内容最近变化的读取时间"),
    ),
    ("_extra", "jsonb", Text("fields of the vendor without a column", "未列出的字段")),
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
_HEADING = Text("| column | type | vendor field | meaning |", "| 列 | 类型 | 厂商字段 | 说明 |")
_KEY = Text(" (key)", "（主键）")


def as_markdown(language: Language | None = None) -> str:
    """Return one section for each table, in the language of the process by default."""
    language = language or spoken()
    return "\n".join(line for table in TABLES.values() for line in _markdown(table, language))


def _markdown(table: Table, language: Language) -> Iterator[str]:
    yield f"## wp.{table.name}\n\n{_meaning(table).to(language)}\n"
    yield f"{_HEADING.to(language)}\n|---|---|---|---|"
    for column in table.columns:
        sources = ", ".join(f"`{source}`" for source in column.sources)
        key = _KEY.to(language) if column.name in table.key else ""
        meaning = _meaning(column).to(language)
        yield f"| `{column.name}`{key} | {column.type.value} | {sources} | {meaning} |"
    for name, kind, text in _kept(table):
        yield f"| `{name}` | {kind} | | {text.to(language)} |"
    yield ""


def _meaning(declared: Table | Column) -> Text:
    return Text(declared.en, declared.zh)


def _kept(table: Table) -> tuple[tuple[str, str, Text], ...]:
    deleted = (_DELETED,) if table.soft_delete else ()
    gone = (_GONE,) if table.gone_by else ()
    return (*_BOOKKEEPING, *deleted, *gone)


def as_dbml(language: Language | None = None) -> str:
    """Return DBML, for diagram tools, in the language of the process by default."""
    language = language or spoken()
    return "\n".join(line for table in TABLES.values() for line in _dbml(table, language))


def _dbml(table: Table, language: Language) -> Iterator[str]:
    def quoted(text: Text) -> str:
        return "'" + text.to(language).replace("'", "\\'") + "'"

    yield f'Table "wp"."{table.name}" {{'
    for column in table.columns:
        yield f'  "{column.name}" "{column.type.value}" [note: {quoted(_meaning(column))}]'
    for name, kind, text in _kept(table):
        yield f'  "{name}" "{kind}" [note: {quoted(text)}]'
    yield f"  indexes {{ ({', '.join(table.primary_key)}) [pk] }}"
    yield f"  Note: {quoted(_meaning(table))}\n}}\n"

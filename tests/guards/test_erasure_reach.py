"""Each table, column and function that may hold a person is one that an erasure reaches, or is declared to hold nobody.

A later one that is neither fails here: declare it in `resources/`, or add it to `loading.traversal`, and say below how.
"""

import re

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from tests.guards.test_house import ROOT
from wpsync.db.schema import metadata
from wpsync.loading import traversal
from wpsync.loading.traversal import ROWS_OF_PEOPLE, details
from wpsync.resources import TABLES
from wpsync.resources.spec import Personal, SqlType, Table

OF_NOBODY_ELSE = {
    "agents": "our own people",
    "wechat_users": "our own phones",
    "customer_fields": "labels of a form",
    "agent_call_totals": "counts of our own people",
    "agent_call_days": "counts of our own people",
}
"""Tables of `wp` whose rows identify and mention no customer."""

KEPT = {
    "wechat_rooms.name": "the room's name, which is no person's",
    "wechat_rooms.avatar_url": "the room's picture",
}
"""Texts that stay in a row from which a person's mention was taken."""

BESIDE = {
    "wp.history": {
        "row": "by number and id",
        "id": "by id",
        "resource": "a name",
        "_account": "a name",
    },
    "wpsync.dead_letters": {
        "record_id": "by id",
        "original": "by number and id",
        "error_params": "by number and id",
        "error_words": "by number and id",
        "fingerprint": "goes with its row",
        "reason": "a code",
        "error_code": "a code",
    },
    "wpsync.drift": {"name": "by number", "what": "a code"},
    "wpsync.follow_ups": {"id": "by id", "reason": "a code"},
    "wpsync.named_rows": {"id": "by id"},
    "wpsync.erased_rows": {
        "id": "the vendor's id of a row, which the ledger counts: it is all that stays"
    },
    "wpsync.erased_marks": {"kind": "a code", "digest": "a digest"},
    "wpsync.erasures": {
        "kind": "a code",
        "digest": "a digest",
        "rows": "numbers",
        "actor": "who erased",
        "reason": "an operator's words",
        "report": "names of tables",
    },
    "wpsync.runs": {
        "kind": "a code",
        "outcome": "a code",
        "error_code": "a code",
        "error_params": "our own words",
        "error_words": "emptied",
    },
    "wpsync.jobs": {
        "job": "a name",
        "outcome": "a code",
        "error_code": "a code",
        "error_params": "our own words",
        "error_words": "emptied",
    },
    "wpsync.incidents": {
        "kind": "a code",
        "severity": "a code",
        "error_code": "a code",
        "error_params": "our own words",
        "error_words": "emptied",
    },
    "wpsync.outages": {
        "error_code": "a code",
        "error_params": "our own words",
        "error_words": "emptied",
    },
    "wpsync.accounts": {"base_url": "the vendor's address", "client_id": "our own"},
    "wpsync.backfills": {"outcome": "a code"},
    "wpsync.budget": {"endpoint": "a name", "book": "times of requests"},
    "wpsync.definitions": {"name": "a name", "hash": "a digest"},
    "wpsync.hash_keys": {"key_id": "a digest"},
    "wpsync.keys": {"kind": "a code", "id": "a digest"},
    "wpsync.instances": {
        "id": "a host",
        "host": "a host",
        "version": "a version",
        "role": "a code",
    },
    "wpsync.leases": {"scope": "names", "holder": "a host"},
    "wpsync.listings": {
        "parent_id": "a room's or an agent's id",
        "state": "a code",
        "reason": "a code",
        "fingerprint": "a digest",
    },
    "wpsync.surveys": {"way": "a code"},
    "wpsync.sweeps": {"table_name": "a name", "asked_by": "a number"},
    "wpsync.tokens": {
        "access_token": "a secret of ours",
        "refresh_token": "a secret of ours",
        "credentials_hash": "a digest",
        "key_id": "a digest",
    },
    "wpsync.vendor_words": {"error_code": "a code", "words": "emptied"},
    "wpsync.windows": {"state": "a code", "reason": "a code"},
}
"""The texts of all other tables: how an erasure reaches each, or what else it holds. `account` and `resource` are names."""

REACHED = ("by number", "by id", "by number and id", "emptied")


def _texts(table: sa.Table) -> set[str]:
    return {
        column.name
        for column in table.columns
        if isinstance(column.type, sa.Text | sa.ARRAY | JSONB)
        and column.name not in ("account", "resource")
    } | ({"resource"} if table.name == "history" else set())


def _holds_text(table: Table) -> bool:
    return any(
        column.type in (SqlType.TEXT, SqlType.TEXTS, SqlType.JSON) and column.name not in table.key
        for column in table.columns
    )


def test_every_table_of_the_vendors_rows_is_reached_or_declared_to_be_of_nobody_else():
    owned = {one.name for table in ROWS_OF_PEOPLE for one in details(table)}
    lacking = {
        table.name
        for table in TABLES.values()
        if _holds_text(table)
        and not (table.marking or table.mentioning)
        and table.name not in owned
    }
    assert lacking == OF_NOBODY_ELSE.keys(), (
        "declare identifies= or mentions=, or say whose they are"
    )
    assert {*owned, *(table.name for table in ROWS_OF_PEOPLE)} == TABLES.keys()


def test_every_text_of_a_row_that_stays_is_taken_out_or_declared_to_name_nobody():
    stays = {
        f"{table.name}.{column.name}"
        for table in ROWS_OF_PEOPLE
        if table.mentioning and not table.marking
        for column in table.columns
        if column.type in (SqlType.TEXT, SqlType.TEXTS, SqlType.JSON)
        and not (column.mentions or column.ours or column.name in (*table.key, *table.clears))
    }
    assert stays == KEPT.keys(), "declare mentions= or clears="
    listed = {
        f"{table.name}.{column.name}"
        for table in ROWS_OF_PEOPLE
        for column in table.columns
        if column.type is SqlType.TEXTS and not column.mentions
    }
    assert listed == set(), "a list may hold ids of people: declare mentions="


def test_every_number_in_a_column_says_whose_it_is():
    """`spec.Column` refuses others: this holds it to that."""
    for table in TABLES.values():
        for column in table.columns:
            if column.personal in (Personal.PHONE_NUMBERS, Personal.WECHAT_NUMBERS):
                whose = (column.identifies, column.mentions, column.ours, column.within)
                assert any(whose), f"{table.name}.{column.name}"


def test_every_text_of_our_own_tables_is_reached_or_holds_nobody():
    found = {
        f"{table.schema}.{table.name}": _texts(table)
        for table in metadata().sorted_tables
        if table.name not in TABLES and _texts(table)
    }
    assert found == {table: set(texts) for table, texts in BESIDE.items()}, "say how it is reached"
    reached = {name for name, texts in BESIDE.items() if set(texts.values()) & set(REACHED)}
    data = {f"wp.{name}" for name in TABLES}
    assert set(traversal.looked_at()) == data | reached


def test_every_view_and_function_reads_and_keeps_nothing():
    """A materialized view would keep rows of its own, and a function might write or hold them."""
    for path in sorted((ROOT / "migrations" / "views").glob("*.sql")):
        text = path.read_text(encoding="utf-8").lower()
        assert "materialized" not in text, path.name
        assert not re.search(r"\b(insert|update|delete|copy)\s+(into|from|wp)", text), path.name

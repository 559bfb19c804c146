"""No role but our own can be in the way: how SQL locks, and by which road connections are made."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = [p for p in (ROOT / "wpsync").rglob("*") if p.suffix in (".py", ".sql")]
ROADS = {"wpsync/db/connecting.py", "wpsync/embedded/server.py"}
"""Connections are pinned by the first; the second makes the empty database of a server that is all our own."""


def names(files):
    return {str(file.relative_to(ROOT)) for file in files}


@pytest.mark.parametrize("word", ["pg_advisory", "pg_try_advisory", "hashtext"])
def test_no_lock_is_a_key_that_any_role_can_take(word):
    assert names(p for p in PRODUCT if word in p.read_text(encoding="utf-8")) == set()


def test_every_connection_is_made_where_sessions_are_pinned():
    made = ("psycopg.connect(", "super().connect(")
    found = names(p for p in PRODUCT if any(word in p.read_text(encoding="utf-8") for word in made))
    assert found <= ROADS

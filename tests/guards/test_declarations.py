"""All that is true of a resource stands in its declaration, and a required answer cannot be left out."""

import ast
from dataclasses import replace

import pytest

from tests.guards.test_house import ROOT, SOURCES
from wpsync import values
from wpsync.config import PrivacyConfig, RetentionConfig
from wpsync.model import PHONE, WX
from wpsync.resources import RESOURCES, TABLES
from wpsync.resources.device import CALLS
from wpsync.resources.messages import KINDS
from wpsync.resources.spec import Column, Harmless, Personal, SqlType

NAMED_ELSEWHERE = {
    ("cli/actions.py", "agents"): "a command",
    ("cli/actions.py", "customers"): "a group of commands",
    ("cli/demo.py", "calls"): "a heading",
    ("cli/demo.py", "wechat_contacts"): "tells the emulated vendor to change a contact",
    ("cli/status_view.py", "calls"): "a column of the view's own",
    ("loading/parents.py", "agents"): "a query",
}
"""Constants that are spelt like a resource or table, and are compared with none."""


def test_no_other_package_knows_a_resource_by_its_name():
    names = {*RESOURCES, *TABLES, "message_"}
    found = set()
    for path in SOURCES:
        inside = path.relative_to(ROOT / "wpsync")
        if inside.parts[0] not in ("resources", "emulator"):
            found |= {
                (inside.as_posix(), node.value)
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.Constant) and node.value in names
            }
    assert found - NAMED_ELSEWHERE.keys() == set(), "ask the declaration (wpsync.resources.spec)"
    assert NAMED_ELSEWHERE.keys() - found == set(), "take these out of NAMED_ELSEWHERE"


@pytest.mark.parametrize("type_", [SqlType.TEXT, SqlType.TEXTS, SqlType.JSON, SqlType.DOUBLE])
def test_a_free_form_column_without_a_class_is_refused(type_):
    with pytest.raises(ValueError, match="column backup_tel: declare personal="):
        Column("backup_tel", type_, ("backupTel",), values.text, "备用号码", "another number")


def test_a_number_without_an_owner_is_refused():
    tel = next(one for one in CALLS.table.columns if one.name == "contact_tel")
    for answers in (
        {"identifies": None},
        {"identifies": WX},
        {"ours": True},  # and identifies the customer
        {"mentions": PHONE},
    ):
        with pytest.raises(ValueError, match="column contact_tel: declare whose number it is"):
            replace(tel, **answers)
    with pytest.raises(ValueError, match="no kind of mark is called 'telephone'"):
        replace(tel, identifies="telephone")


def test_a_declaration_that_names_no_column_is_refused():
    for wrong in ({"clears": ("nick",)}, {"inherits": ("nick",)}, {"indexes": (("nick",),)}):
        with pytest.raises(ValueError, match="calls: no column nick"):
            replace(CALLS.table, **wrong)
    rule = CALLS.table.follow_up
    assert rule is not None
    with pytest.raises(ValueError, match="calls: no column nick"):
        replace(CALLS.table, follow_up=replace(rule, column="nick"))
    with pytest.raises(ValueError, match="a windowed resource has a cursor"):
        replace(CALLS, cursor=None)
    with pytest.raises(ValueError, match="agents has no column began_at"):
        replace(CALLS, details=(RESOURCES["agents"].table,))
    card = next(kind for kind in KINDS if kind.name == "card")
    with pytest.raises(ValueError, match="card: no column text to show"):
        replace(card, shown=("text",))


def test_the_settings_of_privacy_and_retention_are_those_of_the_declarations():
    settings = set(PrivacyConfig.model_fields) - {"columns", "key", "previous_keys"}
    assert settings == set(Personal)
    retained = {one.name for one in RESOURCES.values() if one.retained}
    assert set(RetentionConfig.model_fields) - {"history", "dead_letters", "deleted"} == retained


def test_details_begin_with_the_id_of_the_row_that_they_belong_to():
    for resource in RESOURCES.values():
        for table in resource.details:
            first = table.columns[0]
            assert (first.name, first.personal) == (table.key[0], Harmless.ID), table.name

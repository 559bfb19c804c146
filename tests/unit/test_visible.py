"""Nothing that a terminal obeys, that breaks a line or that nobody sees passes an edge."""

import ast
import json
import sys
import unicodedata
from pathlib import Path

import pytest

from wpsync.errors import Message
from wpsync.language import Language
from wpsync.messages import say
from wpsync.visible import one_line, visible

SHOWN_ALL_THE_SAME = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
"""Marks of Arabic and other scripts that Unicode calls formats, and that have a shape."""
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
FILLERS = (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x3164, 0xFE00, 0xFFA0, 0xE0001, 0xE0100)


def unseen():
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)) in UNSEEN and code not in SHOWN_ALL_THE_SAME:
            yield chr(code)
    yield from map(chr, FILLERS)


def test_every_character_that_nobody_sees_is_written_out():
    for one in unseen():
        for shown, stays in ((visible(f"a{one}b"), "\t\n"), (one_line(f"a{one}b"), "")):
            assert shown.isprintable() or one in stays, hex(ord(one))
            assert one not in shown or one in stays, hex(ord(one))


def test_what_people_read_stays():
    for text in ("王小明", "a b\u3000c\u00a0d", "👍🏽 ❤\ufe0f", "“é”", "\ue000"):
        assert one_line(text) == text
    assert visible("a\tb\nc") == "a\tb\nc"
    assert one_line("a\tb\r\nc") == "a\\tb\\r\\nc"


@pytest.mark.parametrize("text", ["\x85\u202e\u2028\x9b31m", "\U000e0041", "\ud83d"])
def test_json_means_the_same_afterwards(text):
    assert json.loads(visible(json.dumps(text, ensure_ascii=False))) == text


def test_a_value_in_a_message_begins_no_line():
    forged = "x\r\n2026-01-01 info forged\x1b[31m"
    for message in (
        Message("vendor.refused", {"endpoint": forged}, quote=forged),
        Message("condition.token_age", {"account": forged, "days": 1}, forged),
        Message("job.targets_unreachable", {"targets": [forged]}),
    ):
        for language in Language:
            said = say(message, language, quoting=True)
            assert said.splitlines() == [said]
            assert "\x1b" not in said


def test_only_one_module_makes_consoles_and_none_writes_past_the_streams():
    """A stream or a console of rich's own would print control sequences of the vendor's."""
    product = Path(__file__).parents[2] / "wpsync"
    for path in product.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called in ("Console", "rich.console.Console"):
                    assert path.name == "consoles.py" or path.parent.name == "state", path
                if called.endswith(("__stdout__.write", "__stderr__.write")):
                    raise AssertionError(path)

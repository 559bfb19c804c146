"""Errors and messages name codes of the catalogue, and every text is in one language."""

import ast
import importlib
import pkgutil
import re
import string
from datetime import UTC, datetime

import pytest

import wpsync.messages
from tests.guards import error_document, messages, uses
from wpsync.errors import Message
from wpsync.language import Language, Text
from wpsync.messages import remedy, say
from wpsync.messages.catalogue import MESSAGES, PARTS

_SAMPLES = {
    "": "x",
    "at": datetime(2026, 1, 31, tzinfo=UTC),
    "count": 1_234,
    "duration": 7_200,
    "job": "calls recheck",
    "jobs": ["calls recheck", "tokens"],
    "json": "list",
    "lines": [Message("erase.meanwhile")],
    "list": ["a", "b"],
    "message": Message("erase.meanwhile"),
    "messages": [Message("erase.meanwhile")],
    "named": "calls",
    "reason": "rows_missing",
    "reasons": ["rows_missing", "no_id"],
    "resource": "calls",
    "resources": ["calls", "sms"],
    "run": "sync",
    "second": datetime(2026, 1, 31, tzinfo=UTC),
}
"""A parameter for each format; a number for those of Python."""

_QUOTED = re.compile(r"`[^`]*`|“[^”]*”|'[^']*'|\"[^\"]*\"")
_FOUR_WORDS = re.compile(r"[A-Za-z]+(?:[ ,;]+[A-Za-z]+){3}")


def by_file(listed, present):
    return {path: (present[path], listed.get(path, 0)) for path in {*listed, *present}}


@pytest.mark.parametrize(
    ("listed", "count"),
    [
        (messages.UNCONVERTED, messages.unconverted),
        (messages.CHINESE, messages.chinese_literals),
    ],
    ids=["errors without a code", "Chinese literals"],
)
def test_the_files_that_are_not_converted_only_become_fewer(listed, count):
    for path, (present, limit) in by_file(messages.allowed(listed), count()).items():
        assert present <= limit, f"{path}: {present}, but {limit} in {listed.name}"
        assert present == limit, f"{path}: lower its number with `make messages`"


def test_every_use_names_a_code_with_exactly_the_parameters_of_its_texts():
    for use in (one for one in uses.uses() if one.is_converted):
        for code in use.codes:
            assert code in MESSAGES, (use, code)
            assert use.params == messages.parameters(MESSAGES[code]), (use, code)


def test_every_code_is_used():
    used = {
        node.value
        for path, node in messages.literals()
        if not path.is_relative_to(uses.ROOT / "wpsync" / "messages")
    }
    assert not set(MESSAGES) - used


def test_every_part_is_in_the_catalogue_and_has_the_codes_of_its_name():
    for module in pkgutil.iter_modules(wpsync.messages.__path__):
        part = importlib.import_module(f"wpsync.messages.{module.name}")
        entries = getattr(part, "ENTRIES", None)
        if entries is not None:
            assert any(entries is one for one in PARTS), module.name
            assert {code.partition(".")[0] for code in entries} == {module.name}
    assert len(MESSAGES) == sum(map(len, PARTS)), "a code stands in two parts"


def literal_text(template):
    return "".join(part for part, *_ in string.Formatter().parse(template))


@pytest.mark.parametrize("code", MESSAGES)
def test_every_entry_is_in_both_languages(code):
    entry = MESSAGES[code]
    for text in (entry.text, entry.remedy):
        if text is None:
            continue
        messages.fields(text)
        assert not messages.CHINESE_CHARACTER.search(text.en)
        if re.search(r"[A-Za-z]", literal_text(text.en)):
            assert messages.CHINESE_CHARACTER.search(text.zh), text.zh
        assert not text.en.endswith("."), text.en
        assert not text.zh.endswith("。"), text.zh


def sample(code):
    entry = MESSAGES[code]
    params = {}
    for text in filter(None, (entry.text, entry.remedy)):
        for _, name, spec, _ in string.Formatter().parse(text.en):
            if name:
                params[name] = _SAMPLES.get(spec or "", 1)
    return Message(code, params)


@pytest.mark.parametrize("code", MESSAGES)
def test_every_code_is_worded_in_one_language(code):
    message = sample(code)
    stored = Message(code, message.stored())
    for language in Language:
        said = f"{say(message, language)}\n{remedy(message, language) or ''}"
        assert said == f"{say(stored, language)}\n{remedy(stored, language) or ''}"
        if language is Language.EN:
            assert not messages.CHINESE_CHARACTER.search(said)
        else:
            assert not _FOUR_WORDS.search(_QUOTED.sub("“”", said)), said


def test_pairs_outside_the_catalogue_are_in_both_languages():
    def literal(node):
        return "".join(
            one.value
            for one in ast.walk(node)
            if isinstance(one, ast.Constant) and isinstance(one.value, str)
        )

    for path, english, chinese in messages.pairs():
        place = (path, english.lineno, literal(english))
        assert not messages.CHINESE_CHARACTER.search(literal(english)), place
        if re.search(r"[a-z]{2}", literal(english)) and literal(english) != literal(chinese):
            inner = [node for node in ast.walk(chinese) if isinstance(node, ast.Constant)]
            assert not inner or messages.CHINESE_CHARACTER.search(literal(chinese)), place


def test_every_area_has_a_heading():
    assert set(error_document.AREAS) == {code.partition(".")[0] for code in MESSAGES}


@pytest.mark.parametrize("language", Language)
def test_the_document_of_errors_is_up_to_date(language):
    path = error_document.DOCUMENTS[language]
    assert path.read_text(encoding="utf-8") == error_document.document(language), "make messages"


def test_the_guard_sees_old_errors_codes_by_name_and_missing_parameters(tmp_path):
    source = tmp_path / "module.py"
    source.write_text(
        'CODES = {1: "database.read_only"}\n\n\n'
        "def f(status, params):\n"
        '    raise ConfigError(f"{status}: cannot be read")\n'
        '    raise ConfigError("cannot be read", hint="look / 看")\n'
        "    raise ConfigError\n"
        "    raise ConfigError(CODES[status], words=status)\n"
        '    raise FatalError("schema.newer", revisions=[1])\n'
        '    raise FatalError("schema.newer", **params)\n'
        '    given = {"name": 1}\n'
        '    Message("embedded.file_missing", given)\n'
        '    Message("a.b" if status else "c.d", params)\n'
        "    raise status\n\n\n"
        "def helper(why, code, **params):\n"
        "    return Message(code, params)\n\n\n"
        'helper(1, "embedded.file_missing", name=2)\n'
        'helper(1, code="embedded.no_version")\n\n\n'
        "def branches(window):\n"
        "    given = {}\n"
        "    if window is None:\n"
        '        code = "a.b" if window else "c.d"\n'
        "        return Message(code, given)\n"
        '    code = "e.f"\n'
        '    return Message(code, {"start": 1, **given})\n\n\n'
        "def fixed(code, reply):\n"
        "    return ConfigError(code, words=reply, status=1)\n\n\n"
        "def two(name, code, **params):\n"
        "    return Message(name), Message(code, params)\n\n\n"
        "def by_class(kind):\n"
        "    found = CLASSES.get(kind, FatalError)\n"
        '    return fixed("g.h", kind) or found("i.j", words=1, name=2)\n\n\n'
        'two("k.l", "m.n", rows=1)\n'
    )
    found = list(uses.uses_in(source))
    assert [(use.line, sorted(use.codes), use.params) for use in found] == [
        (5, [], frozenset()),
        (6, [], None),
        (7, [], None),
        (8, ["database.read_only"], frozenset()),
        (9, ["schema.newer"], frozenset({"revisions"})),
        (10, ["schema.newer"], None),
        (12, ["embedded.file_missing"], frozenset({"name"})),
        (13, ["a.b", "c.d"], None),
        (21, ["embedded.file_missing"], frozenset({"name"})),
        (22, ["embedded.no_version"], frozenset()),
        (29, ["a.b", "c.d"], frozenset()),
        (31, ["e.f"], frozenset({"start"})),
        (44, ["g.h"], frozenset({"status"})),
        (44, ["i.j"], frozenset({"name"})),
        (47, ["k.l"], frozenset()),
        (47, ["m.n"], frozenset({"rows"})),
    ]
    unseen = [use.line for use in found if not use.is_converted]
    assert unseen == [5, 6, 7, 10, 13]


def test_texts_that_differ_in_their_parameters_are_refused():
    with pytest.raises(ValueError, match="in one language only"):
        messages.fields(Text("{a}", "{b}"))

"""The threat model cites tests that are there, the same ones in both languages."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
ENGLISH, CHINESE = ROOT / "docs" / "security.md", ROOT / "docs" / "security.zh-CN.md"
DOCUMENTS = [ENGLISH, CHINESE, *sorted((ROOT / "docs" / "security").glob("*.md"))]
_CITED = re.compile(
    r"`(?:tests/)?(?P<file>[\w/]+/(?:[\w]+\.py)?)?[:…]*(?P<test>test_\w+)?(?P<more>…)?`"
)


def cited(text: str) -> Iterator[tuple[str, str, bool]]:
    """Each test that a text cites: its file or folder, its name or nothing, and whether only the name's beginning.

    `…test_name` and `::test_name` stand for another test of the file before.
    """
    for row in text.splitlines():
        file = ""
        for found in _CITED.finditer(row):
            if not found["file"] and not found["test"]:
                continue
            file = found["file"] or file
            if (TESTS / file).exists() or "test" in found[0]:
                yield file, found["test"] or "", bool(found["more"])


def is_there(file: str, test: str, *, beginning: bool) -> bool:
    path = TESTS / file
    if not file or not path.exists():
        return False
    end = r"\w*\(" if beginning else r"\("
    return not test or bool(re.search(rf"def {test}{end}", path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_test_that_is_cited_is_there(document):
    found = list(cited(document.read_text(encoding="utf-8")))
    assert found
    missing = [
        (file, test) for file, test, more in found if not is_there(file, test, beginning=more)
    ]
    assert missing == []


def test_a_citation_of_a_test_that_is_not_there_is_found():
    text = (
        "| `guards/test_house.py::test_help_imports_nothing_heavy`, `…test_no_lock_file_names_a_registry`,"
        " `…::test_vendor_missp…`, `simulation/`, `docs/keys.md`, `LimitCORE=0` |\n"
        "| `tests/guards/test_house.py::test_nothing_of_the_kind`, `unit/test_nowhere.py`, `::test_elsewhere` |"
    )
    assert [(test, is_there(file, test, beginning=more)) for file, test, more in cited(text)] == [
        ("test_help_imports_nothing_heavy", True), ("test_no_lock_file_names_a_registry", True),
        ("test_vendor_missp", True), ("", True),
        ("test_nothing_of_the_kind", False), ("", False), ("test_elsewhere", False),
    ]  # fmt: skip


def test_both_languages_make_the_same_promises():
    def promises(path):
        rows = [line for line in path.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
        return [(list(cited(row)), re.findall(r"\b[SML]\d+\b", row)) for row in rows]

    assert promises(ENGLISH) == promises(CHINESE)
    assert len(promises(ENGLISH)) > 40

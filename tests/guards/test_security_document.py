"""The threat model cites tests that are there, the same ones in both languages."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
ENGLISH, CHINESE = ROOT / "docs" / "security.md", ROOT / "docs" / "security.zh-CN.md"
DOCUMENTS = [ENGLISH, CHINESE]


_PLACE = r"(?:[a-z_]+/)*test_\w+(?:\.py)?|(?:[a-z_]+/)+"
_CITED = re.compile(
    rf"`(?:tests/)?(?:(?P<place>{_PLACE})(?:::[…:]*(?P<inside>test_\w+))?|[…:]+(?P<beside>test_\w+))(?P<more>…)?`"
)


def cited(text: str) -> Iterator[tuple[str, str, bool]]:
    """Each test that a text cites: its file or folder, its name or nothing, and whether only the name's beginning.

    A file may be named by its module alone. `…test_name`, `::test_name` and `test_name` stand for another test of the
    file before.
    """
    for row in text.splitlines():
        file = ""
        for found in _CITED.finditer(row):
            place, test = found["place"] or "", found["inside"] or found["beside"] or ""
            if place.endswith("/") and not (TESTS / place).is_dir():
                continue  # a folder elsewhere
            if file and not test and "/" not in place and not _files(place):
                place, test = "", place
            file = place or file
            yield file, test, bool(found["more"])


def _files(place: str) -> list[Path]:
    """Return the files or folders that a citation may mean."""
    name = place if place.endswith(("/", ".py")) else f"{place}.py"
    return [TESTS / name] if "/" in name and (TESTS / name).exists() else sorted(TESTS.rglob(name))


def is_there(file: str, test: str, *, beginning: bool) -> bool:
    found = _files(file) if file else []
    end = r"\w*\(" if beginning else r"\("
    if not test:
        return bool(found)
    return any(re.search(rf"def {test}{end}", path.read_text(encoding="utf-8")) for path in found)


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
        " `…::test_vendor_missp…`, `simulation/`, `docs/keys.md`, `LimitCORE=0`, `test_supply`, `wpsync` |\n"
        "| `test_house::test_help_imports_nothing_heavy`, `test_no_lock_file_names_a_registry` |\n"
        "| `tests/guards/test_house.py::test_nothing_of_the_kind`, `unit/test_nowhere.py`, `::test_elsewhere` |"
    )
    assert [(test, is_there(file, test, beginning=more)) for file, test, more in cited(text)] == [
        ("test_help_imports_nothing_heavy", True), ("test_no_lock_file_names_a_registry", True),
        ("test_vendor_missp", True), ("", True), ("", True),
        ("test_help_imports_nothing_heavy", True), ("test_no_lock_file_names_a_registry", True),
        ("test_nothing_of_the_kind", False), ("", False), ("test_elsewhere", False),
    ]  # fmt: skip


def test_both_languages_make_the_same_promises():
    def promises(path):
        rows = [line for line in path.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
        return [(list(cited(row)), re.findall(r"\b[SML]\d+\b", row)) for row in rows]

    assert promises(ENGLISH) == promises(CHINESE)
    assert len(promises(ENGLISH)) > 40

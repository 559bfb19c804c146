"""Docstrings and comments are plain English: their riddle words only become fewer."""

import pytest

from tests.guards import words

PRESENT = words.counts()


@pytest.mark.parametrize("path", sorted(PRESENT))
def test_riddle_words_only_become_fewer(path):
    limit = words.allowed().get(path, 0)
    if PRESENT[path] > limit:
        found = ", ".join(f"{word} ({line})" for line, word in words.riddles(words.ROOT / path))
        pytest.fail(f"{path}: {PRESENT[path]} riddle words, {limit} allowed. Reword: {found}")
    if PRESENT[path] < limit:
        pytest.fail(f"{path} {PRESENT[path]}: lower the number with `make words` (it is {limit})")


def test_the_list_names_only_files_that_are_there():
    assert set(words.allowed()) <= set(PRESENT), "remove the others with `make words`"


def test_docstrings_comments_and_attribute_docstrings_are_counted(tmp_path):
    source = tmp_path / "module.py"
    source.write_text(
        '"""What it is."""\n\nNAME = "what"  # nobody knows\n"""Whoever reads it."""\n\n\n'
        'def f():\n    """Said so."""\n    return "told"\n'
    )
    assert words.riddles(source) == [(1, "What"), (3, "nobody"), (4, "Whoever"), (8, "Said")]
    query = tmp_path / "queries.sql"
    query.write_text("-- name: what\n-- What is due.\nselect 'said'  -- told\n")
    assert words.riddles(query) == [(2, "What"), (3, "told")]

"""Count the errors without a code and the Chinese literals, and read the parameters of texts.

Two lists hold what is not converted yet, one `path count` per line; a file without a line may hold none.
`unconverted_errors.txt` counts errors and messages that name no literal code, or whose parameters cannot be
read from the source. `chinese_literals.txt` counts Chinese strings outside `Text(en, zh)` and `tr(en, zh)`.
`python -m tests.guards.messages` (`make messages`) lowers both; it never raises a number.
"""

import ast
import re
import string
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.guards.uses import ROOT, name_of, own_names, parsed, sources, uses, with_functions
from wpsync.language import Text
from wpsync.messages.entry import Entry

UNCONVERTED = Path(__file__).parent / "unconverted_errors.txt"
CHINESE = Path(__file__).parent / "chinese_literals.txt"

CHINESE_CHARACTER = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
HAN = re.compile(r"[\u3400-\u9fff]")

BILINGUAL = (
    "wpsync/messages/",  # the catalogue and the names
    "wpsync/language.py",
    "wpsync/resources/",  # comments of tables and columns, and the vendor's words
    "wpsync/db/schema.py",  # comments of tables and columns
    "wpsync/db/state_schema.py",
    "wpsync/db/columns.py",
    "wpsync/status/texts.py",  # the texts of the page
    "wpsync/emulator/",  # data, and the vendor's words
    "wpsync/normalize/payloads.py",  # the vendor's words that are recognised
    "wpsync/values.py",
)
"""Where Chinese literals are at home."""


def fields(text: Text | None) -> frozenset[str]:
    """Return the parameters of a text. Raise ValueError where its languages use different ones."""
    if text is None:
        return frozenset()
    english, chinese = (
        frozenset(name for _, name, _, _ in string.Formatter().parse(one) if name)
        for one in (text.en, text.zh)
    )
    if english != chinese:
        raise ValueError(f"{english ^ chinese} in one language only: {text.en}")
    return english


def parameters(entry: Entry) -> frozenset[str]:
    """Return the parameters of an entry, those of its remedy included."""
    return fields(entry.text) | fields(entry.remedy)


def literals() -> Iterator[tuple[Path, ast.Constant]]:
    """Return every string of the product that is no docstring, with its file."""
    for path in sources():
        bare = {id(one.value) for one in ast.walk(parsed(path)) if isinstance(one, ast.Expr)}
        constants = (node for node in ast.walk(parsed(path)) if isinstance(node, ast.Constant))
        yield from (
            (path, node)
            for node in constants
            if isinstance(node.value, str) and id(node) not in bare
        )


def pairs() -> Iterator[tuple[Path, ast.expr, ast.expr]]:
    """Return the English and the Chinese of every pair: `Text(en, zh)`, `tr(en, zh)`, or a function that calls these."""
    for path in sources():
        makers = _pair_makers(parsed(path))
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and (names := makers.get(name_of(node.func))):
                named = {str(one.arg): one.value for one in node.keywords}
                given = named | dict(zip(names, node.args, strict=False))
                if "en" in given and "zh" in given:
                    yield path, given["en"], given["zh"]


def _pair_makers(module: ast.Module) -> dict[str, list[str]]:
    """Return the names under which a module makes pairs, each with its parameters, of which two are `en` and `zh`."""
    makers = {"Text": ["en", "zh"], "tr": ["en", "zh"]}
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module == "wpsync.language":
            makers |= {
                one.asname: ["en", "zh"] for one in node.names if one.asname and one.name in makers
            }
    for function, node in with_functions(module):
        if function and isinstance(node, ast.Call) and name_of(node.func) in makers:
            own = own_names(function)
            pair = [name_of(one) for one in node.args]
            if len(pair) == 2 and set(pair) <= set(own):
                renamed = dict(zip(pair, ("en", "zh"), strict=True))
                makers[function.name] = [renamed.get(one, one) for one in own]
    return makers


def chinese_literals() -> Counter[str]:
    """Return the number of Chinese strings of each file that are neither at home there nor half of a pair."""
    paired = {id(one) for _, _, chinese in pairs() for one in ast.walk(chinese)}
    found: Counter[str] = Counter()
    for path, node in literals():
        name = path.relative_to(ROOT).as_posix()
        if id(node) not in paired and not name.startswith(BILINGUAL):
            found[name] += bool(HAN.search(str(node.value)))
    return +found


def unconverted() -> Counter[str]:
    """Return the number of errors and messages of each file that name no literal code."""
    return Counter(use.path for use in uses() if not use.is_converted)


def allowed(listed: Path) -> dict[str, int]:
    """Return the committed numbers of a list."""
    lines = listed.read_text(encoding="utf-8").splitlines()
    return {path: int(count) for path, count in (line.split() for line in lines)}


def main() -> int:
    """Lower the committed numbers to the present counts. Exit status 1 where a file is above its number."""
    above = 0
    for listed, present in ((UNCONVERTED, unconverted()), (CHINESE, chinese_literals())):
        lowered = {path: min(count, present[path]) for path, count in allowed(listed).items()}
        lines = [f"{path} {count}\n" for path, count in sorted(lowered.items()) if count]
        listed.write_text("".join(lines), encoding="utf-8")
        for path, count in present.items():
            if count > lowered.get(path, 0):
                print(f"{path}: {count}, {lowered.get(path, 0)} in {listed.name}", file=sys.stderr)
                above = 1
    return above


if __name__ == "__main__":
    raise SystemExit(main())

"""Print numbers about the code of `wpsync/`. They are for reading: nothing fails on them (`make numbers`).

A private function is one whose name begins with one underscore. Its callers are the places outside
its own body that name it: in its module, or, for the name of an attribute, anywhere.
"""

import ast
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONG_FILE = 300
FEW_LINES = 6


@dataclass(frozen=True)
class Function:
    """A private function: its file, its name, its lines below the `def` and the places that name it."""

    path: Path
    name: str
    lines: int
    uses: int
    is_called: bool  # or only handed over, as a callback or an entry of a table

    @property
    def is_fragment(self) -> bool:
        """Whether it is short (under six lines) and has one caller."""
        return self.uses == 1 and self.lines < FEW_LINES


def sources() -> dict[Path, str]:
    """Return the text of every Python file of `wpsync/`."""
    return {path: path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("wpsync/**/*.py"))}


def private_functions(path: Path, text: str) -> list[Function]:
    """Return the private functions and methods of a file."""
    tree = ast.parse(text)
    named = Counter(
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute)
    )
    called = {
        node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or not re.match(r"_[a-z]", node.name):
            continue
        own = sum(
            isinstance(inner, ast.Name | ast.Attribute)
            and (inner.id if isinstance(inner, ast.Name) else inner.attr) == node.name
            for inner in ast.walk(node)
        )
        lines = (node.end_lineno or node.lineno) - node.lineno
        # A decorator registers the function (a validator, a route): its caller is not ours.
        uses = named[node.name] - own + 2 * bool(node.decorator_list)
        found.append(Function(path, node.name, lines, uses, node.name in called))
    return found


def main() -> None:
    """Print lines by package, long files, private functions with one caller, `type: ignore`."""
    texts = sources()
    packages = Counter[str]()
    for path, text in texts.items():
        parts = path.relative_to(ROOT).parts
        packages[parts[1] if len(parts) > 2 else "(top)"] += len(text.splitlines())
    print(f"lines: {sum(packages.values())}")
    for name, lines in packages.most_common():
        print(f"  {name:12} {lines:6}")
    long = {path: n for path, text in texts.items() if (n := len(text.splitlines())) > LONG_FILE}
    print(f"files over {LONG_FILE} lines: {len(long)} of {len(texts)}")
    functions = [one for path, text in texts.items() for one in private_functions(path, text)]
    once = [one for one in functions if one.uses == 1]
    short = [one for one in once if one.is_fragment]
    print(f"private functions: {len(functions)}")
    print(f"  with one caller: {len(once)} ({len(once) / len(functions):.0%})")
    print(f"  and under {FEW_LINES} lines: {len(short)} ({len(short) / len(functions):.1%})")
    print(f"    of which only handed over: {sum(not one.is_called for one in short)}")
    print(f"type: ignore: {sum(text.count('# type: ignore') for text in texts.values())}")


if __name__ == "__main__":
    main()

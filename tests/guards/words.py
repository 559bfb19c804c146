"""Count riddle words in docstrings and comments, file by file.

`riddle_words.txt` lists how many of them each file of `wpsync/` may still hold, one `path count` per
line. A file without a line may hold none. `python -m tests.guards.words` (`make words`) lowers the
numbers to the present counts; it never raises one.
"""

import ast
import io
import re
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).parent / "riddle_words.txt"
RIDDLES = re.compile(r"\b(what|whatever|whoever|nobody|somebody|everybody|told|said)\b", re.I)


def prose(path: Path) -> list[tuple[int, str]]:
    """Return the docstrings and comments of a Python or SQL file, with their line numbers."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".sql":
        lines = enumerate(text.splitlines(), 1)
        return [
            (number, line.partition("--")[2])
            for number, line in lines
            if "--" in line and not line.startswith("-- name:")
        ]
    found = [
        (token.start[0], token.string)
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    ]
    # Any bare string, not only the first of its body: one below an assignment documents a name.
    found += [
        (node.lineno, node.value.value)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]
    return sorted(found)


def riddles(path: Path) -> list[tuple[int, str]]:
    """Return each riddle word of a file, with the line on which its docstring or comment begins."""
    return [(number, word) for number, text in prose(path) for word in RIDDLES.findall(text)]


def counts() -> dict[str, int]:
    """Return the present number of riddle words of every file of `wpsync/`, 0 included."""
    files = (path for kind in ("py", "sql") for path in (ROOT / "wpsync").rglob(f"*.{kind}"))
    return {path.relative_to(ROOT).as_posix(): len(riddles(path)) for path in sorted(files)}


def allowed() -> dict[str, int]:
    """Return the committed numbers."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return {path: int(count) for path, count in (line.split() for line in lines)}


def main() -> int:
    """Lower the committed numbers to the present counts. Exit status 1 where a file is above its number."""
    present, limits = counts(), allowed()
    lowered = {path: min(limit, present.get(path, 0)) for path, limit in limits.items()}
    LIST.write_text(
        "".join(f"{path} {count}\n" for path, count in sorted(lowered.items()) if count),
        encoding="utf-8",
    )
    above = {path: count for path, count in present.items() if count > lowered.get(path, 0)}
    for path, count in above.items():
        print(f"{path}: {count} riddle words, {lowered.get(path, 0)} allowed", file=sys.stderr)
    return 1 if above else 0


if __name__ == "__main__":
    raise SystemExit(main())

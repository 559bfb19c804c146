"""Find where the code base makes messages and errors, and every Chinese literal.

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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from wpsync.language import Text
from wpsync.messages.entry import Entry

ROOT = Path(__file__).parents[2]
UNCONVERTED = Path(__file__).parent / "unconverted_errors.txt"
CHINESE = Path(__file__).parent / "chinese_literals.txt"

CHINESE_CHARACTER = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
HAN = re.compile(r"[\u3400-\u9fff]")
_CODE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")

GENERIC = {
    ("wpsync/errors.py", "__init__"): "every error makes its message here",
    ("wpsync/messages/__init__.py", "stored"): "reads a message from columns",
    ("wpsync/embedded/keeper.py", "reported"): "reads an error from a pipe",
}
"""Functions that pass on any code and any parameters, and why."""

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


@dataclass(frozen=True, slots=True)
class Use:
    """A place that makes an error or a message. `maker` is the class; `params` None where they cannot be read."""

    path: str
    line: int
    maker: str
    codes: frozenset[str]
    params: frozenset[str] | None


def sources() -> list[Path]:
    """Return the Python files of the product, the emulator left out."""
    return [
        path
        for path in sorted((ROOT / "wpsync").rglob("*.py"))
        if not path.is_relative_to(ROOT / "wpsync" / "emulator")
    ]


@cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def errors() -> Mapping[str, int]:
    """Return WpsyncError and every class below it, with the exit status of each."""
    classes = {
        node.name: node
        for path in sources()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef)
    }

    def status(name: str) -> int | None:
        node = classes.get(name)
        if node is None:
            return None
        bases = {_name(base) for base in node.bases} - {name}  # a namesake of another library
        inherited = [found for base in bases if (found := status(base)) is not None]
        for one in node.body:
            if isinstance(one, ast.Assign) and _name(one.targets[0]) == "exit_status":
                return int(ast.literal_eval(one.value))
        return inherited[0] if inherited else None

    return {name: found for name in classes if (found := status(name)) is not None}


@cache
def _settings() -> frozenset[str]:
    """Return the keywords of errors that are no parameters of a text: `words`, `retry_after` …"""
    return frozenset(
        argument.arg
        for path in sources()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef) and node.name in errors()
        for function in node.body
        if isinstance(function, ast.FunctionDef) and function.name == "__init__"
        for argument in function.args.kwonlyargs
    )


@cache
def uses() -> list[Use]:
    """Return every place that makes an error or a message, the generic ones left out."""
    return [use for path in sources() for use in uses_in(path)]


def uses_in(path: Path) -> Iterator[Use]:
    """Return those of one file."""
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    module = parsed(path)
    forwarding = _forwarding(module)
    for function, node in _with_functions(module):
        if (name, function.name if function else "") in GENERIC:
            continue
        if isinstance(node, ast.Raise) and _name(node.exc) in errors():  # without a call
            yield Use(name, node.lineno, _name(node.exc), frozenset(), None)
        if not isinstance(node, ast.Call):
            continue
        maker = _name(node.func)
        if maker in _makers() and (function is None or _passed_on(node, function) is None):
            codes = _codes(node.args[0], module, function) if node.args else frozenset[str]()
            params = _in_message(node, function) if maker == "Message" else _in_error(node)
            yield Use(name, node.lineno, maker, codes, params)
        for through in forwarding.get(maker, ()):
            codes = frozenset()
            if (given := through.argument(node)) is not None:
                codes = _codes(given, module, function)
            yield Use(name, node.lineno, through.maker, codes, through.params(node))


@dataclass(frozen=True, slots=True)
class _Forwarding:
    """A function that makes a message of the code that it is given, and of its own keywords if `is_open`."""

    function: ast.FunctionDef
    maker: str
    parameter: str
    is_open: bool

    def argument(self, call: ast.Call) -> ast.expr | None:
        names = [one.arg for one in self.function.args.args if one.arg != "self"]
        place = names.index(self.parameter) if self.parameter in names else len(call.args)
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        return call.args[place] if place < len(call.args) else named.get(self.parameter)

    def params(self, call: ast.Call) -> frozenset[str] | None:
        if not self.is_open:
            return frozenset()
        own = {one.arg for one in (*self.function.args.args, *self.function.args.kwonlyargs)}
        names = [keyword.arg for keyword in call.keywords]
        if None in names:
            return None
        return frozenset(name for name in names if name is not None and name not in own)


def _makers() -> set[str]:
    return {*errors(), "Message"}


def _forwarding(module: ast.Module) -> dict[str, list[_Forwarding]]:
    found: dict[str, list[_Forwarding]] = {}
    for function, node in _with_functions(module):
        if function and isinstance(node, ast.Call) and _name(node.func) in _makers():
            is_open = _passed_on(node, function)
            if is_open is not None:
                one = _Forwarding(function, _name(node.func), _name(node.args[0]), is_open)
                found.setdefault(function.name, []).append(one)
    return found


def _passed_on(node: ast.Call, function: ast.FunctionDef) -> bool | None:
    """Whether a call makes a message of its function's parameters: with its keywords, without any; None if not."""
    own = {one.arg for one in (*function.args.args, *function.args.kwonlyargs)}
    if not node.args or _name(node.args[0]) not in own:
        return None
    rest = [_name(one) for one in node.args[1:]]
    rest += [_name(keyword.value) for keyword in node.keywords if keyword.arg is None]
    if rest and (function.args.kwarg is None or rest != [function.args.kwarg.arg]):
        return None
    return bool(rest)


def _with_functions(
    node: ast.AST, function: ast.FunctionDef | None = None
) -> Iterator[tuple[ast.FunctionDef | None, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        inside = child if isinstance(child, ast.FunctionDef) else function
        yield inside, child
        yield from _with_functions(child, inside)


def _name(node: ast.AST | None) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _codes(
    node: ast.expr, module: ast.Module, function: ast.FunctionDef | None, depth: int = 3
) -> frozenset[str]:
    """Return the codes that an expression may yield: its literals, or those of the names that it uses."""
    if isinstance(node, ast.JoinedStr):
        return frozenset()
    found = {
        one.value
        for one in _values(node)
        if isinstance(one, ast.Constant)
        and isinstance(one.value, str)
        and _CODE.fullmatch(one.value)
    }
    if found or not depth:
        return frozenset(found)
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    for name in names:
        for value in list(_assigned(function or module, {name})) or _assigned(module, {name}):
            found |= _codes(value, module, function, depth - 1)
    return frozenset(found)


def _values(node: ast.AST) -> Iterator[ast.AST]:
    """Walk an expression, without the keys of dictionaries and without conditions."""
    yield node
    inner: list[ast.AST] = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Dict):
        inner = list(node.values)
    if isinstance(node, ast.IfExp):
        inner = [node.body, node.orelse]
    for child in inner:
        yield from _values(child)


def _assigned(module: ast.AST, names: set[str]) -> Iterator[ast.expr]:
    for node in ast.walk(module):
        if isinstance(node, ast.Assign):
            targets: list[ast.expr] = node.targets
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            targets = [node.target]
        else:
            continue
        bound = {_name(one) for target in targets for one in ast.walk(target)}
        if bound & names and node.value is not None:
            yield node.value


def _in_error(node: ast.Call) -> frozenset[str] | None:
    names = [keyword.arg for keyword in node.keywords]
    if None in names or "hint" in names or len(node.args) > 1:
        return None
    return frozenset(name for name in names if name is not None and name not in _settings())


def _in_message(node: ast.Call, function: ast.FunctionDef | None) -> frozenset[str] | None:
    given = [keyword.value for keyword in node.keywords if keyword.arg == "params"]
    given += node.args[1:2]
    if not given:
        return frozenset()
    values = given
    if isinstance(given[0], ast.Name) and function is not None:
        values = list(_assigned(function, {given[0].id}))
    if len(values) != 1 or not isinstance(values[0], ast.Dict):
        return None
    keys = [key.value if isinstance(key, ast.Constant) else None for key in values[0].keys]
    return frozenset(str(key) for key in keys) if None not in keys else None


def is_converted(use: Use) -> bool:
    """Whether a guard can hold the code and the parameters of a use against the catalogue."""
    return bool(use.codes) and use.params is not None


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
            if isinstance(node, ast.Call) and (names := makers.get(_name(node.func))):
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
    for function, node in _with_functions(module):
        if function and isinstance(node, ast.Call) and _name(node.func) in makers:
            own = [one.arg for one in function.args.args if one.arg != "self"]
            pair = [_name(one) for one in node.args]
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
    return Counter(use.path for use in uses() if not is_converted(use))


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

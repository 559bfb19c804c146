"""Find every place that makes an error or a message, with the codes and the parameters that it names.

A code may be a literal, or a name: it is followed to the assignments that reach it, through dictionaries and
conditions. A function that makes a message of a code that it is given counts at its calls.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
_CODE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")

GENERIC = {
    ("wpsync/errors.py", "__init__"): "every error makes its message here",
    ("wpsync/messages/__init__.py", "stored"): "reads a message from columns",
    ("wpsync/embedded/keeper.py", "reported"): "reads an error from a pipe",
    ("wpsync/cli/init_file.py", "_of_target"): "puts another path into a message",
}
"""Functions that pass on any code and any parameters, and why."""

Function = ast.FunctionDef | None


@dataclass(frozen=True, slots=True)
class Use:
    """A place that makes an error or a message. `maker` is the class; `params` None where they cannot be read."""

    path: str
    line: int
    maker: str
    codes: frozenset[str]
    params: frozenset[str] | None

    @property
    def is_converted(self) -> bool:
        """Whether its code and its parameters can be compared with the catalogue."""
        return bool(self.codes) and self.params is not None


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
def uses() -> list[Use]:
    """Return every place that makes an error or a message, the generic ones left out."""
    return [use for path in sources() for use in uses_in(path)]


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
        for one in node.body:
            if isinstance(one, ast.Assign) and name_of(one.targets[0]) == "exit_status":
                return int(ast.literal_eval(one.value))
        bases = {name_of(base) for base in node.bases} - {name}  # a namesake of another library
        inherited = [found for base in bases if (found := status(base)) is not None]
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


def uses_in(path: Path) -> Iterator[Use]:
    """Return those of one file."""
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    module = parsed(path)
    through = _forwarding(name, module)
    for function, node in with_functions(module):
        if (name, function.name if function else "") in GENERIC:
            continue
        if isinstance(node, ast.Raise) and name_of(node.exc) in errors():  # without a call
            yield Use(name, node.lineno, name_of(node.exc), frozenset(), None)
        if not isinstance(node, ast.Call):
            continue
        maker = _maker(node, function)
        if maker and not _is_given(node, function):
            codes = _codes(node.args[0], module, function) if node.args else frozenset[str]()
            yield Use(name, node.lineno, maker, codes, _params(node, maker, function))
        for one in through.get(name_of(node.func), ()):
            given = one.argument(node)
            codes = _codes(given, module, function) if given else frozenset()
            yield Use(name, node.lineno, one.maker, codes, one.params(node))


def with_functions(node: ast.AST, function: Function = None) -> Iterator[tuple[Function, ast.AST]]:
    """Walk a tree; return each node with the function that it is in."""
    for child in ast.iter_child_nodes(node):
        inside = child if isinstance(child, ast.FunctionDef) else function
        yield inside, child
        yield from with_functions(child, inside)


def name_of(node: ast.AST | None) -> str:
    """Return the name of a variable, an attribute or a function; empty for any other expression."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def own_names(function: Function) -> list[str]:
    """Return the names of a function's parameters, those that collect others left out."""
    if function is None:
        return []
    given = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    return [one.arg for one in given if one.arg not in ("self", "cls")]


def _maker(node: ast.Call, function: Function) -> str:
    """Return the class whose instance a call makes; also where a local name holds the class."""
    name = name_of(node.func)
    if name == "Message" or name in errors():
        return name
    if function and isinstance(node.func, ast.Name):
        for value in _assigned(function, name, node):
            for one in ast.walk(value):
                if name_of(one) in errors():
                    return name_of(one)
    return ""


@dataclass(frozen=True, slots=True)
class _Forwarding:
    """A function that makes a message of a code that it is given."""

    function: ast.FunctionDef
    call: ast.Call
    maker: str

    def argument(self, call: ast.Call) -> ast.expr | None:
        """Return the code that a call of the function gives."""
        parameter, names = name_of(self.call.args[0]), own_names(self.function)
        named = {one.arg: one.value for one in call.keywords}
        place = names.index(parameter)
        return call.args[place] if place < len(call.args) else named.get(parameter)

    def params(self, call: ast.Call) -> frozenset[str] | None:
        """Return the parameters of the message: those of the function, and those that it collects from a call."""
        fixed = _params(self.call, self.maker, self.function)
        collecting = self.function.args.kwarg
        if not collecting or all(name_of(one) != collecting.arg for one in ast.walk(self.call)):
            return fixed
        names = {one.arg for one in call.keywords}
        if fixed is None or None in names:
            return None
        collected = {str(one) for one in names - {*own_names(self.function)}}
        return frozenset(fixed | collected)


def _forwarding(path: str, module: ast.Module) -> dict[str, list[_Forwarding]]:
    found: dict[str, list[_Forwarding]] = {}
    for function, node in with_functions(module):
        if function is None or not isinstance(node, ast.Call) or not _is_given(node, function):
            continue
        if (path, function.name) not in GENERIC and (maker := _maker(node, function)):
            found.setdefault(function.name, []).append(_Forwarding(function, node, maker))
    return found


def _is_given(node: ast.Call, function: Function) -> bool:
    """Whether the first argument of a call is a parameter of its function."""
    return bool(node.args) and name_of(node.args[0]) in own_names(function)


def _codes(
    node: ast.expr, module: ast.Module, function: Function, depth: int = 3
) -> frozenset[str]:
    """Return the codes that an expression may yield: its literals, or those of the names that it uses."""
    if isinstance(node, ast.JoinedStr):
        return frozenset()
    constants = [one.value for one in _values(node) if isinstance(one, ast.Constant)]
    found = {one for one in constants if isinstance(one, str) and _CODE.fullmatch(one)}
    if found or not depth:
        return frozenset(found)
    for name in {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}:
        local = list(_assigned(function, name, node)) if function else []
        for value in local or _assigned(module, name, node):
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


def _assigned(within: ast.AST, name: str, use: ast.expr) -> Iterator[ast.expr]:
    """Return the values assigned to a name that reach a use of it.

    In a function those are the ones above, unless their branch ends without reaching it.
    """
    for node, blocks in _statements(within, ()):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
            targets = [node.target]
        value = getattr(node, "value", None)
        if value is None or name not in {name_of(one) for top in targets for one in ast.walk(top)}:
            continue
        if isinstance(within, ast.Module) or _reaches(value, blocks, use):
            yield value


def _statements(
    node: ast.AST, blocks: tuple[list[ast.stmt], ...]
) -> Iterator[tuple[ast.AST, tuple[list[ast.stmt], ...]]]:
    for _, value in ast.iter_fields(node):
        inside = blocks
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            inside = (*blocks, value)
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child, inside
                yield from _statements(child, inside)


def _reaches(value: ast.expr, blocks: tuple[list[ast.stmt], ...], use: ast.expr) -> bool:
    if value.lineno > use.lineno:
        return False
    for block in blocks:
        holds_use = block[0].lineno <= use.lineno <= (block[-1].end_lineno or 0)
        if not holds_use and isinstance(block[-1], (ast.Return, ast.Raise, ast.Continue)):
            return False
    return True


def _params(node: ast.Call, maker: str, function: Function) -> frozenset[str] | None:
    """Return the names of the parameters that a call gives; None where they cannot be read."""
    if maker == "Message":
        given = [one.value for one in node.keywords if one.arg == "params"] + node.args[1:2]
        return _keys(given[0], function) if given else frozenset()
    names: set[str] = set()
    for one in node.keywords:
        spread = {one.arg} if one.arg else _keys(one.value, function)
        if spread is None:
            return None
        names |= spread
    if "hint" in names or len(node.args) > 1:
        return None
    return frozenset(names) - _settings()


def _keys(node: ast.expr, function: Function) -> frozenset[str] | None:
    """Return the keys of a dictionary: a literal, a local name of one, or the keywords that a function collects."""
    if isinstance(node, ast.Name) and function:
        collecting = function.args.kwarg
        if collecting is not None and node.id == collecting.arg:
            return frozenset() if _collects_for_a_code(function) else None
        found = list(_assigned(function, node.id, node))
        return _keys(found[-1], function) if len(found) == 1 else None
    if not isinstance(node, ast.Dict):
        return None
    names: set[str] = set()
    for key, value in zip(node.keys, node.values, strict=True):
        inner = _keys(value, function) if key is None else None
        if isinstance(key, ast.Constant):
            inner = frozenset({str(key.value)})
        if inner is None:
            return None
        names |= inner
    return frozenset(names)


def _collects_for_a_code(function: ast.FunctionDef) -> bool:
    """Whether a function is given the code too, so that its calls name the parameters."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    return any(_is_given(call, function) and _maker(call, function) for call in calls)

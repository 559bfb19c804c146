"""Signal handlers are set in two modules, whose handlers take no lock."""

import ast

from tests.guards.test_house import ROOT, SOURCES

IGNORING = {ROOT / "wpsync/embedded/keeper.py"}
"""A process that outlives its users: it ignores what ends them, and has no handler."""
HOMES = {ROOT / "wpsync/cli/signals.py", ROOT / "wpsync/emulator/signals.py"}
SETTING = {
    "signal",
    "sigaction",
    "siginterrupt",
    "set_wakeup_fd",
    "setitimer",
    "add_signal_handler",
}


def test_no_other_module_sets_a_signal_handler():
    for path in set(SOURCES) - HOMES - IGNORING:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.module != "signal", (path, node.lineno)
            if isinstance(node, ast.Attribute) and node.attr in SETTING:
                of_module = isinstance(node.value, ast.Name) and node.value.id == "signal"
                assert not of_module, (path, node.lineno)
                assert node.attr != "add_signal_handler", (path, node.lineno)


def test_the_homes_of_signal_handlers_know_no_lock():
    for path in HOMES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {
            name
            for node in ast.walk(tree)
            for name in (
                [one.name for one in node.names]
                if isinstance(node, ast.Import)
                else [node.module]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert not imported & {"threading", "queue", "logging", "asyncio", "multiprocessing"}, path

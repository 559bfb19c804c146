"""One page of patience: its table is true, and no other module keeps a time of its own."""

import ast
import re
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from wpsync import policy

ROOT = Path(policy.__file__).parent
ROW = re.compile(r"^\| `(\w+)\.(\w+)` \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
ROWS = ROW.findall(policy.__doc__ or "")

ELSEWHERE = {
    "api/auth.py": {"ACCESS_LIFE", "REFRESH_LIFE"},  # the vendor's document
    "daemon/jobs.py": {"_DAILY", "_RUNS_KEPT"},  # a day; how long runs are kept
    "extract/probing.py": {"_HOUR"},
    "extract/windows.py": {"SECOND"},
    "ledger.py": {"_SECOND"},
    "loading/direct_copy.py": {"_SHORT"},  # what is worth a look at the index
    "model.py": {"_SHANGHAI"},
    "normalize/rows.py": {"_SHANGHAI"},
    "state/follow_ups.py": {"_EDGE"},
    "status/backfills.py": {"_MARGIN", "_RECENT", "_STALE"},
    "status/freshness.py": {"_AT_LEAST", "_MINUTE"},
    "status/service.py": {"_SILENT"},
    "sync/live.py": {"_ENDLESS"},
    "sync/nightly_verify.py": {"_ENDLESS"},
    "sync/passes.py": {"_FOLLOWS_ON"},  # how far back history is looked for, not how long
    "sync/recheck.py": {"_ENDLESS"},
    "values.py": {"SHANGHAI"},
}
"""Spans that are no patience, by module."""

UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def span(value: timedelta) -> str:
    """Return a span in the largest unit that it is a whole number of."""
    seconds = value.total_seconds()
    unit, size = next(
        (one for one in UNITS if seconds >= one[1] and not seconds % one[1]), UNITS[-1]
    )
    return f"{seconds / size:g} {unit}"


def forms(value: object) -> set[str]:
    """Return how a value may be written in the table. A float is a number of seconds or a share."""
    match value:
        case policy.Ladder():
            return {f"{', '.join(map(span, value.steps))}, then {span(value.then)}"}
        case timedelta():
            return {span(value)}
        case tuple():
            return {", ".join(f"{one:g}" for one in value) + " s"}
        case float():
            return {f"{value:g} s", f"{value:g}"}
    return {str(value)}


def topics() -> dict[str, object]:
    """Return every topic of the policy in force, by its class."""
    found = (getattr(policy.DEFAULT, one.name) for one in fields(policy.Policy))
    return {type(one).__name__: one for one in found}


def test_the_table_names_every_number_once_in_the_order_of_the_code():
    declared = [(name, one.name) for name, topic in topics().items() for one in fields(topic)]  # type: ignore[arg-type]  # topics are dataclasses
    assert [(topic, field) for topic, field, *_ in ROWS] == declared


@pytest.mark.parametrize("row", ROWS, ids=[".".join(row[:2]) for row in ROWS])
def test_a_row_of_the_table_is_true(row):
    topic, field, value, _, places = row
    assert value in forms(getattr(topics()[topic], field))
    for place in places.split(", "):
        source = (ROOT / place.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")
        assert re.search(rf"\.{field}\b", source), f"wpsync.{place} does not use {field}"


def spans_of(path: Path) -> set[str]:
    """Return the constants of a module that are made of a timedelta."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            names = {
                call.func.id
                for call in ast.walk(node.value)
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
            }
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if "timedelta" in names:
                found |= {
                    one.id
                    for target in targets
                    for one in ast.walk(target)
                    if isinstance(one, ast.Name)
                }
    return found


def test_no_other_module_keeps_a_span_of_its_own():
    """The emulator and the embedded server are programs of their own."""
    found = {
        path.relative_to(ROOT).as_posix(): spans
        for path in ROOT.rglob("*.py")
        if path.name != "policy.py"
        and path.relative_to(ROOT).parts[0] not in ("emulator", "embedded")
        if (spans := spans_of(path))
    }
    assert found == ELSEWHERE

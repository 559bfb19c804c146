"""Looks the locked packages up in the OSV database of known vulnerabilities, by pip-audit.

Exit status 0: none is known, or the database cannot be reached, and one line says so. 1: each that is known is named on
a line. 2: pip-audit itself fails. `make audit` runs it.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKS = (ROOT / "requirements.lock", ROOT / "requirements.build.lock")
"""The locks of the runtime and of the embedded Postgres are parts of the first."""

_AWAY = re.compile(
    r"ConnectionError|ConnectError|ProxyError|Timeout|Could not connect", re.IGNORECASE
)
_LONG = 200

Report = dict[str, list[dict[str, object]]]


def main(locks: Sequence[Path] = LOCKS) -> int:
    """Ask for each lock, and print the answer."""
    worst = 0
    for lock in locks:
        report, last = _asked(lock)
        if report is not None:
            found = list(vulnerabilities(report))
            packages = len(report["dependencies"])
            print(f"audit: {lock.name}: {packages} packages, {len(found)} known vulnerabilities")
            print(*(f"  {one}\n" for one in found), sep="", end="")
            worst = max(worst, int(bool(found)))
        elif _AWAY.search(last):
            print(
                f"audit: {lock.name} was not checked, the database cannot be reached: {last[:_LONG]}",
                file=sys.stderr,
            )
        else:
            print(f"audit: {lock.name}: pip-audit fails: {last[:_LONG]}", file=sys.stderr)
            worst = 2
    return worst


def _asked(lock: Path) -> tuple[Report | None, str]:
    """Return pip-audit's report, or None and its last line where it has none."""
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pip_audit", "--vulnerability-service", "osv"),
            *("--timeout", "15", "--disable-pip", "--require-hashes", "--progress-spinner", "off"),
            *("--format", "json", "--requirement", str(lock)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return json.loads(ran.stdout), ""
    except ValueError:
        lines = ran.stderr.strip().splitlines()
        return None, lines[-1] if lines else f"exit status {ran.returncode}"


def vulnerabilities(report: Report) -> Iterator[str]:
    """Name each vulnerability of a report, with the versions that mend it."""
    for package in report["dependencies"]:
        found = package.get("vulns", [])
        assert isinstance(found, list)
        for one in found:
            mended = ", ".join(one["fix_versions"]) or "no version yet"
            yield f"{package['name']} {package['version']}: {one['id']}, mended in {mended}"


if __name__ == "__main__":
    sys.exit(main())

"""Where everything that is installed comes from, and which terms it is under."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from deploy import audit, pin_images

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = sorted(ROOT.glob("requirements*.lock"))
_PINNED = re.compile(
    r"^([\w.-]+)==([\w.]+)(?: ;.*?)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.M
)

MENDED = {
    "cryptography": "46.0.5",  # CVE-2026-26007
    "h11": "0.16",  # CVE-2025-43859
    "idna": "3.7",  # CVE-2024-3651
    "jinja2": "3.1.6",  # CVE-2025-27516
    "requests": "2.32.4",  # CVE-2024-47081
    "starlette": "0.49.1",  # CVE-2025-62727
    "urllib3": "2.6.3",  # CVE-2026-21441
}
"""The first version of each dependency without the vulnerabilities that we know of."""


def locked(lock: Path) -> dict[str, str]:
    return {name: version for name, version, _ in _PINNED.findall(lock.read_text(encoding="utf-8"))}


def test_every_package_of_every_lock_has_one_version_and_hashes():
    assert {lock.name for lock in LOCKS} == {
        f"requirements{part}.lock" for part in ("", ".build", ".embedded", ".runtime")
    }
    for lock in LOCKS:
        names = re.findall(r"^([\w.-]+)==", lock.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(names) == locked(lock).keys(), lock.name
        assert len(names) == len(set(names)), lock.name
    whole = locked(ROOT / "requirements.lock")
    for part in ("runtime", "embedded"):
        assert locked(ROOT / f"requirements.{part}.lock").items() <= whole.items()


def test_the_locks_hold_all_that_is_needed_to_build_to_run_and_to_embed():
    groups = {
        "build": PROJECT["build-system"]["requires"],
        "runtime": PROJECT["project"]["dependencies"],
        "embedded": PROJECT["project"]["optional-dependencies"]["embedded"],
    }
    assert set(groups["build"]) <= set(PROJECT["dependency-groups"]["build"])
    for part, wanted in groups.items():
        held = locked(ROOT / f"requirements.{part}.lock")
        for one in map(Requirement, wanted):
            assert one.specifier.contains(held[one.name]), (part, str(one))


@pytest.mark.parametrize(("name", "mended"), MENDED.items())
def test_no_floor_admits_a_version_with_a_known_vulnerability(name, mended):
    (wanted,) = [
        one for one in map(Requirement, PROJECT["project"]["dependencies"]) if one.name == name
    ]
    floors = [Version(one.version) for one in wanted.specifier if one.operator == ">="]
    assert max(floors) >= Version(mended)


def test_every_installation_that_is_shipped_or_told_takes_hashes_or_nothing_from_outside():
    """pip's isolated build would fetch the build tool without a hash."""
    hashed = re.search(r"^HASHED += (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert hashed
    seen = 0
    for name in ("Makefile", "Dockerfile", "README.md", "README.zh-CN.md", "deploy/wpsync.service"):
        text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
        text = text.replace("$(HASHED)", hashed[1])
        text = re.sub(r"^test-lowest:.*?\n\n", "", text, flags=re.MULTILINE | re.DOTALL)
        for command in re.findall(r"\bpip\"? (?:install|wheel)\b.*?(?=&&|\n|$)", text):
            assert re.search("--require-hashes|--no-index|--offline", command), (name, command)
            seen += 1
    assert seen >= 8


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built as the image builds it: by the locked build tool, without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "pip",
                "wheel",
                "--quiet",
                "--disable-pip-version-check",
                "--no-index",
            ),
            *("--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)),
        ],
        check=True,
        env={**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"},
    )
    (built,) = folder.glob("wpsync-*.whl")
    with zipfile.ZipFile(built) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_carries_the_terms_and_every_file_of_the_package(wheel):
    (licence,) = [text for name, text in wheel.items() if name.endswith("/licenses/LICENSE")]
    assert licence == (ROOT / "LICENSE").read_bytes()
    assert b"Apache License" in licence
    assert b"Version 2.0, January 2004" in licence
    assert any(name.endswith("/uPlot.LICENSE") for name in wheel)
    (metadata,) = [text for name, text in wheel.items() if name.endswith(".dist-info/METADATA")]
    assert b"License-Expression: Apache-2.0" in metadata
    tracked = subprocess.run(
        ["git", "ls-files", "wpsync", "migrations"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert len(tracked) > 100
    assert {re.sub("^migrations/", "wpsync/migrations/", name) for name in tracked} <= wheel.keys()


def test_the_bill_of_materials_is_made_without_the_network_and_names_every_package_with_its_hashes(
    tmp_path,
):
    recipe = re.search(
        r"^sbom:.*?(?=\n\n)", (ROOT / "Makefile").read_text(), re.MULTILINE | re.DOTALL
    )
    assert recipe
    command = re.search(r"\$\(BIN\)/(cyclonedx-py .*?) && echo", recipe[0].replace("\\\n", " "))
    assert command
    file = tmp_path / "sbom.json"
    words = command[1].replace("dist/sbom.json", str(file)).split()
    ran = subprocess.run(
        [str(Path(sys.executable).with_name(words[0])), *words[1:]],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    made = json.loads(file.read_text())
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    assert made["metadata"]["component"]["name"] == "wpsync"
    assert {one["name"]: one["version"] for one in made["components"]} == locked(
        ROOT / "requirements.runtime.lock"
    )
    for one in made["components"]:
        assert any(place.get("hashes") for place in one["externalReferences"]), one["name"]


def test_an_audit_without_the_network_says_so_and_fails_nothing():
    ran = subprocess.run(
        [sys.executable, str(ROOT / "deploy" / "audit.py")],
        capture_output=True, text=True, check=False,
        env={**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""},
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (0, "")
    said = ran.stderr.splitlines()
    assert len(said) == len(audit.LOCKS)
    assert all("was not checked, the database cannot be reached" in line for line in said)


def test_an_audit_that_fails_for_another_reason_is_no_network_that_is_missing(tmp_path, capsys):
    (tmp_path / "no.lock").write_text("no requirement at all\n")
    assert audit.main([tmp_path / "no.lock"]) == 2
    assert "no.lock: pip-audit fails" in capsys.readouterr().err


def test_an_audit_names_each_vulnerability_with_the_version_that_mends_it():
    packages: list[dict[str, object]] = [
        {"name": "a", "version": "1.0", "vulns": []},
        {"name": "b", "version": "2.0", "vulns": [
            {"id": "CVE-2026-1", "fix_versions": ["2.1", "3.0"]}, {"id": "CVE-2026-2", "fix_versions": []},
        ]},
        {"name": "c", "skip_reason": "not found"},
    ]  # fmt: skip
    assert list(audit.vulnerabilities({"dependencies": packages})) == [
        "b 2.0: CVE-2026-1, mended in 2.1, 3.0",
        "b 2.0: CVE-2026-2, mended in no version yet",
    ]


def test_every_image_has_an_exact_version():
    for name in pin_images.FILES:
        text = (ROOT / name).read_text(encoding="utf-8")
        named = re.findall(r"^(?:FROM |\s+image: )(\S+)", text, re.MULTILINE)
        foreign = {one.partition("@")[0] for one in named if not one.startswith("wpsync:")}
        assert set(pin_images.images(text)) == foreign
        for image in foreign:
            assert re.search(r":v?\d+\.\d+[\w.-]*$", image), image
    assert re.search(r"postgres:17\.\d+-alpine", (ROOT / "docker-compose.yml").read_text())


def test_a_digest_is_added_to_an_image_and_takes_the_place_of_an_older_one():
    old, new = ("sha256:" + digit * 64 for digit in "01")
    text = f"FROM python:3.13.18-slim AS build\nFROM python:3.13.18-slim@{old}\n    image: wpsync:0.1.0\n"
    assert pin_images.images(text) == ["python:3.13.18-slim"]
    pinned = pin_images.pinned(text, {"python:3.13.18-slim": new})
    assert pinned == (
        f"FROM python:3.13.18-slim@{new} AS build\nFROM python:3.13.18-slim@{new}\n    image: wpsync:0.1.0\n"
    )
    assert pin_images.pinned(pinned, {"python:3.13.18-slim": new}) == pinned


def test_where_no_registry_can_be_asked_no_file_is_changed(tmp_path):
    before = [(ROOT / name).read_bytes() for name in pin_images.FILES]
    ran = subprocess.run(
        [sys.executable, str(ROOT / "deploy" / "pin_images.py")],
        capture_output=True, text=True, check=False, env={**os.environ, "PATH": str(tmp_path)},
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (1, "")
    assert re.fullmatch(
        r"pin: nothing was changed: python:\S+: docker cannot be asked .+\n", ran.stderr
    )
    assert [(ROOT / name).read_bytes() for name in pin_images.FILES] == before

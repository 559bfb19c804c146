"""Writes the digest of each image into the files that name images, so that a tag cannot become another image.

Asks the registries by `docker buildx imagetools`. Images of our own (`wpsync:…`) have no registry and are left alone.
Exit status 0: every image is pinned to the digest that its tag has today. 1: one line says which cannot be asked for;
no file is changed then. `make pin` runs it.
"""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = ("Dockerfile", "docker-compose.yml")
_IMAGE = re.compile(
    r"^(?P<before>FROM |\s+image: )(?P<image>(?!wpsync:)[\w./-]+:[\w.-]+)(?:@sha256:[0-9a-f]{64})?",
    re.MULTILINE,
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class PinError(Exception):
    """A digest cannot be had; the text says why."""


def images(text: str) -> list[str]:
    """Return the images that a file names, each once, without their digests."""
    return sorted({found["image"] for found in _IMAGE.finditer(text)})


def pinned(text: str, digests: Mapping[str, str]) -> str:
    """Return the text of a file with the digest of each image."""
    return _IMAGE.sub(
        lambda found: f"{found['before']}{found['image']}@{digests[found['image']]}", text
    )


def digest(image: str) -> str:
    """Ask for the digest that a tag has today, for all processors. Raises PinError."""
    command = [
        "docker",
        "buildx",
        "imagetools",
        "inspect",
        image,
        "--format",
        "{{.Manifest.Digest}}",
    ]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise PinError(f"{image}: docker cannot be asked ({type(exc).__name__})") from None
    if ran.returncode or not _DIGEST.fullmatch(ran.stdout.strip()):
        lines = (ran.stderr or ran.stdout).strip().splitlines()
        raise PinError(f"{image}: {lines[-1] if lines else 'docker gives no digest'}")
    return ran.stdout.strip()


def main() -> int:
    """Pin every image of every file, or change none."""
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in FILES}
    try:
        digests = {image: digest(image) for text in texts.values() for image in images(text)}
    except PinError as exc:
        print(f"pin: nothing was changed: {exc}", file=sys.stderr)
        return 1
    for name, text in texts.items():
        (ROOT / name).write_text(pinned(text, digests), encoding="utf-8")
    for image, found in sorted(digests.items()):
        print(f"pin: {image}@{found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What a person types: checked before anything is asked of a database or of the vendor."""

import subprocess
import sys

import pytest
from typer.main import get_command

from tests.acceptance.driving import Driver
from wpsync.cli.app import app


def paths(command, path=()):
    """Every command and group, as words."""
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from paths(inner, (*path, name))


def test_a_short_h_is_help_for_every_command():
    from typer.testing import CliRunner

    for path in paths(get_command(app)):
        ran = CliRunner().invoke(app, [*path, "-h"])
        assert ran.exit_code == 0, (path, ran.output)
        assert "Usage: " in ran.output
        assert "-h, --help" in ran.output

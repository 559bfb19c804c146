"""What a person types: checked before anything is asked of a database or of the vendor."""

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


NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("sync cals", "did you mean calls?"),
        ("backfill --from nonsense", "'nonsense' is not a date"),
        ("backfill --from 1d --to 3d", "--from 1d is not before --to 3d"),
        ("backfill --from 2999-01-01", "is not in the past"),
        ("backfill --from 1d -r cals", "did you mean calls?"),
        ("verify --from x", "'x' is not a date"),
        ("verify --to x", "'x' is not a date"),
        ("verify -r cals", "did you mean calls?"),
        ("dead-letters list --resource cals", "did you mean calls?"),
        ("renormalize --kind transfr", "did you mean transfer?"),
        ("token rotate --account mian", "did you mean main?"),
        ("api agents --account mian", "there is no account 'mian'"),
    ],
)
def test_what_cannot_be_meant_is_said_before_a_database_is_looked_for(typed, said, tmp_path):
    ran = Driver(NOWHERE, "http://127.0.0.1:1", tmp_path).run(*typed.split())
    assert ran.returncode == 2, ran.stderr
    assert said in ran.stderr
    assert "database" not in ran.stderr

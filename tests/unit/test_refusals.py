"""The database's words name what is ours, and no value of a row."""

import pytest

from wpsync.db.refusals import reason


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ('invalid input syntax for type integer: "王小明"', "invalid input syntax for type integer: …"),
        ('value "13812345678" is out of range for type integer', "value … is out of range for type integer"),
        ('malformed array literal: "王小明, 138\nmore"', "malformed array literal: …"),
        ('null value in column "id" of relation "calls"', 'null value in column "id" of relation "calls"'),
        ('password authentication failed for user "wpsync"', 'password authentication failed for user "wpsync"'),
        (
            'connection to server at "127.0.0.1", port 1 failed: Connection refused',
            'connection to server at "127.0.0.1", port 1 failed: Connection refused',
        ),
    ],
)  # fmt: skip
def test_values_are_left_out(said, shown):
    assert reason(ValueError(said)) == shown

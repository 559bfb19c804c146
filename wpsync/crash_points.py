"""Numbered points of a run at which a test lets the process die. Only tests set `WPSYNC_DIE_AT`.

The points are where a kill could matter: a request about to be sent, a reply read, a transaction
about to commit, a transaction committed. `WPSYNC_DIE_AT=17` ends the process at the 17th, as a kill
would: no cleanup runs.
"""

import os
from itertools import count

VARIABLE = "WPSYNC_DIE_AT"

EXIT_STATUS = 86
"""What a process that died at a crash point leaves behind."""

_die_at = int(os.environ.get(VARIABLE) or 0)
_numbers = count(1)


def reach() -> None:
    """Pass the next crash point, or die there."""
    if _die_at and next(_numbers) == _die_at:
        os._exit(EXIT_STATUS)

"""Every message of wpsync by its code: one catalogue, in parts by the code's first word.

`docs/errors.md` is generated from it (`make messages`), and a guard holds that every code is used, has both languages,
and that every use names a code and its parameters.
"""

from collections.abc import Mapping

from wpsync.messages import check, command
from wpsync.messages.entry import Entry

PARTS: tuple[Mapping[str, Entry], ...] = (
    check.ENTRIES,
    command.ENTRIES,
)

MESSAGES: dict[str, Entry] = {code: entry for part in PARTS for code, entry in part.items()}

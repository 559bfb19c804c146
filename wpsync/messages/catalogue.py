"""Every message of wpsync by its code: one catalogue, in parts by the code's first word.

`docs/errors.md` is generated from it (`make messages`), and a guard holds that every code is used, has both languages,
and that every use names a code and its parameters.
"""

from collections.abc import Mapping

from wpsync.messages import (
    cause,
    check,
    command,
    condition,
    configuration,
    database,
    dead_letter,
    embedded,
    erase,
    job,
    key,
    listing,
    renormalize,
    schema,
    token,
    vendor,
    web,
    window,
)
from wpsync.messages.entry import Entry

PARTS: tuple[Mapping[str, Entry], ...] = (
    cause.ENTRIES,
    check.ENTRIES,
    command.ENTRIES,
    condition.ENTRIES,
    configuration.ENTRIES,
    database.ENTRIES,
    dead_letter.ENTRIES,
    embedded.ENTRIES,
    erase.ENTRIES,
    job.ENTRIES,
    key.ENTRIES,
    listing.ENTRIES,
    renormalize.ENTRIES,
    schema.ENTRIES,
    token.ENTRIES,
    vendor.ENTRIES,
    web.ENTRIES,
    window.ENTRIES,
)

MESSAGES: dict[str, Entry] = {code: entry for part in PARTS for code, entry in part.items()}

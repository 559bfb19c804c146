"""Reading stored messages again with today's normaliser, without asking the vendor.

A message's body is stored exactly as it was sent (what Postgres could not hold stands aside in
`_extra`), so a newer version can explode it again. Rows keep the instant their content was fetched:
what a sync brings meanwhile is newer and wins. Who is erased meanwhile does not come back.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import cast

from wpsync.clock import Clock
from wpsync.db import queries
from wpsync.db.database import Database
from wpsync.db.queries import statements
from wpsync.errors import ConfigError, ErasedMeanwhileError
from wpsync.loading import erasure, hash_keys, table_stats
from wpsync.loading.merge_sql import Counts
from wpsync.loading.staging import REFUSED, Staging
from wpsync.model import Erased, LeftOut
from wpsync.normalize.originals import RAW
from wpsync.normalize.privacy import OFF, Privacy, is_withheld
from wpsync.normalize.rows import Normalizer
from wpsync.resources import RESOURCES
from wpsync.resources.spec import Personal
from wpsync.resources.wechat import WECHAT_MESSAGES
from wpsync.state import dead_letters, listings
from wpsync.state.scope import Scope

QUERIES = statements(__name__)

_PAGE = 2_000
_AS_IT_IS = ("refused_by_postgres", "broken_record", "too_large")
"""Reasons of letters whose original is no record to be normalised."""
_FIELDS = {
    "id": "id",
    "chat_id": "chatId",
    "sender_id": "from",
    "msg_type": "msgType",
    "device_msg_id": "msgId",
    "server_msg_id": "msgSvrId",
    "body": "msg",
    "thumb_path": "thumbImgPath",
    "media_path": "bigImgPath",
}


def renormalize(
    database: Database,
    clock: Clock,
    kinds: Sequence[str] | None,
    on_rows: Callable[[int], None],
    privacy_of: Callable[[str], Privacy] = lambda account: OFF,
) -> Counts:
    """Explode stored messages again, of the given kinds or of all; returns what changed.

    `privacy_of` gives the rules of an account. Raises ConfigError where message bodies are not kept:
    there is nothing to explode.
    """
    total = Counts()
    with database.connection() as connection:
        accounts = table_stats.accounts(connection)
    for account in accounts:
        if not privacy_of(account).keeps(WECHAT_MESSAGES.name, "body"):
            raise ConfigError("renormalize.no_bodies", account=account)
    for account in accounts:
        after = ""
        while True:
            with database.connection() as connection:
                erased = erasure.erased(connection, account)
            parameters = {"account": account, "after": after, "kinds": kinds and list(kinds)}
            query = QUERIES["messages_to_renormalize"]
            rows = queries.rows(database, query, {**parameters, "limit": _PAGE})
            if not rows:
                break
            try:
                total += _load(database, clock, privacy_of(account), account, rows, erased)
            except ErasedMeanwhileError:
                continue
            after = str(rows[-1]["id"])
            on_rows(len(rows))
    return total


def _load(
    database: Database,
    clock: Clock,
    privacy: Privacy,
    account: str,
    rows: Sequence[dict[str, object]],
    erased: Erased,
) -> Counts:
    at = clock.now()
    with database.connection() as connection:
        staging = Staging(connection, WECHAT_MESSAGES, account)
        normalize = Normalizer(WECHAT_MESSAGES, privacy)
        records = [([as_record(row)], cast("datetime", row["_synced_at"])) for row in rows]
        normalize.pages(records, staging.batch)
        staging.flush()

        scope = Scope(account, WECHAT_MESSAGES.name)
        for transaction in staging.transactions():
            with transaction:
                erasure.hold(connection, erased, LeftOut())
                hash_keys.note(connection, account, privacy)
                staging.keep_held_only()  # some may have been deleted since they were read
                counts = staging.merge(duplicates=False, again=True)
                letters = dead_letters.not_yet_kept(connection, scope, staging.dead_letters)
                dead_letters.keep_dead_letters(connection, account, letters, at, None)
                dead_letters.resolve_read_messages(connection, account, at)
        return counts


def as_record(row: Mapping[str, object]) -> dict[str, object]:
    """A stored message as the vendor sent it, as far as the normaliser is concerned."""
    record = {field: row[column] for column, field in _FIELDS.items() if row[column] is not None}
    if row["sent_by_agent"] is not None:
        record["isSend"] = "1" if row["sent_by_agent"] else "0"
    if isinstance(row["sent_at"], datetime):
        at = row["sent_at"]
        record["ts"] = at.isoformat() if at.microsecond else int(at.timestamp())
    if row["sent_on"] is not None:
        record["date"] = str(row["sent_on"])
    extra = row["_extra"]
    for field, value in extra.items() if isinstance(extra, dict) else ():
        if not field.startswith(RAW):
            record[field] = value
        elif isinstance(value, str):
            record[field.removeprefix(RAW)] = json.loads(value)
    return record


def retry_dead_letters(
    database: Database, clock: Clock, privacy_of: Callable[[str], Privacy] = lambda account: OFF
) -> tuple[int, int]:
    """Read every open dead letter again; returns how many were taken, and how many remain.

    Those whose original is withheld remain.
    """
    taken, remaining, after = 0, 0, 0
    while letters := dead_letters.open_dead_letters(database, after=after):
        after = letters[-1].id
        for letter in letters:
            if _retry(database, clock, letter, privacy_of(letter.account)):
                taken += 1
            else:
                remaining += 1
    return taken, remaining


def _retry(
    database: Database, clock: Clock, letter: dead_letters.KeptLetter, privacy: Privacy
) -> bool:
    resource = RESOURCES.get(letter.resource)
    if resource is not None and letter.reason == REFUSED:
        return _is_written(database, clock, letter, resource.name)
    if resource is None or letter.original is None or letter.reason in _AS_IT_IS:
        return False
    original = json.loads(letter.original)
    if is_withheld(original):
        return False
    with database.connection() as connection:
        staging = Staging(connection, resource, letter.account)
        erased = erasure.erased(connection, letter.account)
        normalizer = Normalizer(resource, privacy, erased)
        normalizer([original], letter.first_seen_at, staging.batch)
        staging.flush()
        if staging.dead_letters:
            return False
        scope, forms = (
            Scope(letter.account, resource.name),
            partial(privacy.forms, Personal.WECHAT_NUMBERS),
        )
        for transaction in staging.transactions():
            with transaction:
                erasure.hold(connection, erased, staging.left_out)
                hash_keys.note(connection, letter.account, privacy)
                erasure.keep_left_out(connection, scope, erased, staging.left_out, forms)
                staging.merge(duplicates=False, again=True)
                listings.forget_digests(connection, letter.account, [resource.name])
                refused = bool(staging.dead_letters)
                if not refused:
                    dead_letters.resolve_dead_letter(connection, letter.id, clock.now())
        return not refused


def _is_written(
    database: Database, clock: Clock, letter: dead_letters.KeptLetter, resource: str
) -> bool:
    """Close the letters of rows that Postgres refused and that have come since; whether this was one of them."""
    with database.transaction() as connection:
        dead_letters.resolve_written(connection, Scope(letter.account, resource), clock.now())
    kept = dead_letters.dead_letter(database, letter.id)
    return kept is not None and kept.resolved_at is not None

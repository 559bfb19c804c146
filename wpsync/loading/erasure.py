"""Erasing one person, in one transaction, with a receipt; and what keeps them from coming back.

Where a person is looked for is in `traversal`.

A load takes the lock of erasures in common, an erasure alone: a window that was read before somebody was
erased, and is loaded after, notices and is read again. A load that finds more of somebody (a new chat,
whose messages may be here already) erases that too, and takes the lock alone as well.
"""

import json
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import cast

from psycopg import sql
from psycopg.types.json import Jsonb

from wpsync import values
from wpsync.db.database import Connection, Database
from wpsync.db.queries import statements
from wpsync.errors import ConfigError, ErasedMeanwhileError
from wpsync.loading import hash_keys, sweeping, table_stats
from wpsync.loading.traversal import ROWS_OF_PEOPLE, Eraser, details, looked_at
from wpsync.model import PHONE, WX, Erased, LeftOut
from wpsync.normalize.erasure import names
from wpsync.normalize.privacy import Privacy
from wpsync.resources import RESOURCES
from wpsync.resources.spec import Personal
from wpsync.state import listings, vendor_words
from wpsync.state.scope import Scope

QUERIES = statements(__name__)

Forms = Callable[[str], Collection[str]]
"""How the tables may hold a number: privacy may hash it, and may not have done so always."""

_CLASS = {PHONE: Personal.PHONE_NUMBERS, WX: Personal.WECHAT_NUMBERS}

_WORDS = ("runs", "jobs", "incidents", "outages")
"""Tables with the words of others in errors, which may name anybody: an erasure empties them."""

_REPORTED = ("looked_at", "not_findable", "masked", "unknown_keys", "remains")


@dataclass(frozen=True, slots=True)
class Request:
    """Whom to erase by which kind of number, and who asks.

    `despite_keys`: also where numbers are hashed with a key that is lost.
    """

    kind: str
    number: str
    actor: str = ""
    reason: str | None = None
    despite_keys: bool = False


REMAINS = ("log_of_changes", "server_log", "backups", "free_space", "words_of_others")
"""Where something of a person may be left that no statement reaches."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was removed: rows by table. `person` is a digest.

    `looked_at` are the tables that were searched, `not_findable` the columns whose numbers are masked or dropped by now.
    `masked` counts rows whose masked number may be the person's, and `unknown_keys` are ids of lost keys by which numbers
    are hashed: these rows could not be looked at.
    """

    number: int
    at: datetime
    kind: str
    person: str
    rows: dict[str, int]
    actor: str
    reason: str | None
    looked_at: list[str]
    not_findable: list[str]
    masked: dict[str, int]
    unknown_keys: list[str]
    remains: tuple[str, ...] = REMAINS


def erased(connection: Connection, account: str) -> Erased:
    """Everybody who was erased, as far as the rows of an account are concerned."""
    rows = connection.execute(QUERIES["erased_marks"], {"account": account}).fetchall()
    if not rows:
        return Erased(account=account)
    marks = frozenset((str(kind), str(digest)) for kind, digest in rows if kind != "salt")
    salt = next(str(digest) for kind, digest in rows if kind == "salt")
    return Erased(salt.encode(), marks, account)


def hold(connection: Connection, known: Erased, left: LeftOut) -> None:
    """At the beginning of a load's transaction: nobody else is erased until it ends.

    Raises ErasedMeanwhileError (read it again) where somebody was since `known`. Before any other lock,
    so that nobody waits for one who waits for him.
    """
    connection.execute(QUERIES["lock_erasures" if left.leads else "lock_erasures_shared"])
    parameters = {"account": known.account}
    row = connection.execute(QUERIES["count_erased_marks"], parameters).fetchone()
    if row is not None and row[0] != known.size:
        raise ErasedMeanwhileError("erase.meanwhile")


def keep_left_out(
    connection: Connection, scope: Scope, known: Erased, left: LeftOut, forms: Forms
) -> None:
    """In a transaction that `hold` began: note what was left out, for the ledger's sake.

    What is held of it goes (it was somebody else's, or came before what told whose it is), and so does
    what it leads to. `forms` are those of a WeChat number.
    """
    if not left.rows:
        return
    eraser = Eraser(connection, scope.account)
    ids = [identifier for identifier, _ in left.rows]
    eraser.remove(RESOURCES[scope.resource].table, ids)
    sweeping.ask(connection, eraser.touched)
    timed = {identifier: at for identifier, at in left.rows if at is not None}
    connection.execute(
        QUERIES["keep_erased_rows"],
        scope.parameters(ids=list(timed), times=list(timed.values())),
    )
    listings.forget_digests(connection, scope.account, eraser.rows)
    if not left.leads:
        return
    numbers = {form for kind, one in left.leads if kind == WX for form in forms(one)}
    eraser.leads |= left.leads
    eraser.person(WX, numbers)
    _note(connection, known, scope.account, eraser)
    if numbers:  # a number is the person's wherever it stands
        for other in table_stats.accounts(connection):
            if other != scope.account:
                elsewhere = Eraser(connection, other)
                elsewhere.person(WX, numbers)
                _note(connection, known, other, elsewhere)


def _note(connection: Connection, known: Erased, account: str, eraser: Eraser) -> None:
    """Keep what an eraser found, and what is to be done after it."""
    listings.forget_digests(connection, account, eraser.rows)
    sweeping.ask(connection, eraser.touched)
    _mark(connection, known, account, eraser.leads)


def _mark(
    connection: Connection, known: Erased, account: str, leads: Iterable[tuple[str, str]]
) -> None:
    """Keep what a person is known by: a number in every account, an id in the account that gave it."""
    for kind, value in sorted(leads):
        whose = "" if kind in (PHONE, WX) else account
        mark = {"account": whose, "kind": kind, "digest": known.digest(kind, value)}
        connection.execute(QUERIES["keep_erased_mark"], mark)


def erase(database: Database, request: Request, rules: Sequence[Privacy], at: datetime) -> Receipt:
    """Erase the person with a phone number (`phone`) or a WeChat number (`wx`), everywhere, at once.

    `rules` are those of every account, by which numbers may have been hashed. Sweep afterwards (`sweeping`). Raises
    ConfigError where it is a work phone's own number, or an agent's, or several people's, or where numbers are hashed by a
    key that no rules know.
    """
    kind, held = request.kind, _CLASS[request.kind]

    def forms(number: str) -> set[str]:
        return {number}.union(*(one.forms(held, number) for one in rules))

    with database.transaction() as connection:
        connection.execute(QUERIES["lock_erasures"])
        connection.execute(QUERIES["keep_salt"], {"digest": secrets.token_hex(16)})
        known = erased(connection, "")
        lost = hash_keys.unknown(connection, kind, rules)
        if lost and not request.despite_keys:
            raise ConfigError("erase.unknown_key", keys=lost)
        number = values.phone_number(request.number) if kind == PHONE else request.number
        if kind == PHONE:
            numbers = {number}
            stored = {*forms(number), *_written(connection, number)}
        else:
            numbers = _same_person(connection, number, forms)
            stored = {form for one in numbers for form in forms(one)}
        _refuse_ours(connection, stored)
        vendor_words.forget_all(connection)
        sweeping.ask(connection, ["wpsync.vendor_words"])
        removed: Counter[str] = Counter()
        for account in table_stats.accounts(connection):
            eraser = Eraser(connection, account)
            eraser.person(kind, stored)
            _note(connection, known, account, eraser)
            removed.update(eraser.rows)
        _mark(connection, known, "", {(kind, one) for one in numbers})
        for name in _WORDS:
            if connection.execute(QUERIES[f"empty_words_of_{name}"]).rowcount:
                sweeping.ask(connection, [f"wpsync.{name}"])
        masks = {mask for one in rules for other in numbers for mask in one.masks(held, other)}
        receipt = Receipt(
            0,
            at,
            kind,
            known.digest(kind, number),
            dict(removed),
            request.actor,
            request.reason,
            looked_at(),
            sorted({name for one in rules for name in one.not_findable(held)}),
            _masked(connection, kind, masks),
            lost,
        )
        return _entered(connection, receipt)


def _entered(connection: Connection, receipt: Receipt) -> Receipt:
    """Keep a receipt, which gets its number."""
    report = {name: getattr(receipt, name) for name in _REPORTED}
    parameters = {
        **asdict(receipt),
        "digest": receipt.person,
        "rows": Jsonb(receipt.rows),
        "report": Jsonb(report),
    }
    row = connection.execute(QUERIES["keep_erasure"], parameters).fetchone()
    assert row is not None
    return replace(receipt, number=cast("int", row[0]), person=receipt.person[:16])


def _masked(connection: Connection, kind: str, masks: Collection[str]) -> dict[str, int]:
    """Count by table the rows that are left of which the masked number may be the person's."""
    counts: dict[str, int] = {}
    for table in ROWS_OF_PEOPLE:
        for one in (table, *details(table)):
            columns = [column for column in one.identifying if column.identifies == kind]
            if not columns:
                continue
            query = sql.SQL("select count(*) from {} where {}").format(
                sql.Identifier("wp", one.name),
                sql.SQL(" or ").join(
                    sql.SQL("{} = any(%(masks)s)").format(sql.Identifier(column.name))
                    for column in columns
                ),
            )
            row = connection.execute(query, {"masks": list(masks)}).fetchone()
            if row is not None and row[0]:
                counts[one.name] = cast("int", row[0])
    return counts


def _written(connection: Connection, number: str) -> set[str]:
    """Return every spelling in which the tables and their history hold a phone number."""
    columns = [
        (table.name, column.name)
        for table in ROWS_OF_PEOPLE
        for column in table.identifying
        if column.identifies == PHONE
    ]
    tables = [
        sql.SQL(
            "select {0} from {1} where regexp_replace({0}, '[^0-9]', '', 'g') like %(digits)s"
        ).format(sql.Identifier(column), sql.Identifier("wp", table))
        for table, column in columns
    ]
    parameters = {
        "tables": [table for table, _ in columns],
        "columns": [column for _, column in columns],
        "digits": f"%{''.join(filter(str.isdecimal, number))}%",
    }
    history = sql.SQL(QUERIES["phone_numbers_in_history"])
    rows = connection.execute(sql.SQL(" union ").join([*tables, history]), parameters).fetchall()

    def is_theirs(kind: str, value: str) -> bool:
        return kind == PHONE and values.phone_number(value) == number

    return {str(row[0]) for row in rows if names(is_theirs, json.dumps(row[0]))}


def _same_person(connection: Connection, number: str, forms: Forms) -> set[str]:
    """A WeChat number, and what else the contacts show, or did show, of the same person.

    People see an alias, the vendor names them by another, and either may change. Raises ConfigError where it is several
    people's.
    """

    def numbers(query: str, of: Iterable[str]) -> list[tuple[str, str]]:
        stored = {form for one in of for form in forms(one)}
        found = connection.execute(QUERIES[query], {"stored": list(stored)}).fetchall()
        return [(str(row[0]), str(row[-1])) for row in found]

    stored = set(forms(number))
    shown = numbers("contacts_numbers", [number])
    people = {wx_no for wx_no, alias in shown if alias in stored}
    if any(wx_no in stored for wx_no, _ in shown):
        people = {number}
    people = {one for one in people if not any(one in forms(other) for other in people - {one})}
    found = {number}
    if people:
        found |= {one for one, _ in numbers("numbers_of_the_same_rows", [min(people)])}
        found.add(min(people))
    if others := people - found:
        raise ConfigError("erase.several_people", people=len(others) + 1)
    return found | {alias for alias, _ in numbers("aliases_of_nobody_else", found)}


def _refuse_ours(connection: Connection, stored: Collection[str]) -> None:
    # Tables of our own people only: other rows hold our numbers beside a customer's.
    queries = [
        sql.SQL("select {0} from {1} where {0} is not null").format(
            sql.Identifier(column.name), sql.Identifier("wp", table.name)
        )
        for table in ROWS_OF_PEOPLE
        if not table.identifying and not table.mentioning
        for column in table.columns
        if column.ours
    ]
    rows = connection.execute(sql.SQL(" union ").join(queries)).fetchall()
    ours = [str(row[0]) for row in rows]
    if any(one in stored or values.phone_number(one) in stored for one in ours):
        raise ConfigError("erase.our_number")

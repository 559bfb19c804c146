"""The write path against a real Postgres: what is written, what is not, and what is refused."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import product
from pathlib import Path
from random import Random
from urllib.parse import quote

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wpsync
from tests.spec.cases import MESSAGE, message
from wpsync import ledger
from wpsync.db.database import Database
from wpsync.db.queries import parsed
from wpsync.ledger import Reading
from wpsync.loading.merge_sql import Counts, Gone
from wpsync.loading.staging import Staging
from wpsync.model import Secret, Window
from wpsync.normalize.rows import Normalizer
from wpsync.resources import RESOURCES, TYPED_TABLES
from wpsync.state import dead_letters, runs, window_ledger
from wpsync.state.scope import Scope
from wpsync.values import parse_json

T0 = datetime(2026, 1, 1, tzinfo=UTC)
SENT = int(str(MESSAGE["ts"]))


@pytest.fixture
def database(database_url):
    with Database(Secret(database_url), connections=3) as opened:
        yield opened


def load(database, resource, records, at=T0, gone=None, duplicates=False):
    """Load records as one window would."""
    with database.connection() as connection:
        staging = Staging(connection, RESOURCES[resource], "main")
        Normalizer(RESOURCES[resource])(records, at, staging.batch)
        for transaction in staging.transactions():
            with transaction:
                counts = staging.merge(duplicates=duplicates, gone=gone)
                letters = list(staging.dead_letters)
                dead_letters.keep_dead_letters(connection, "main", letters, at, None)
        return counts, letters


def rows(database, query):
    with database.connection() as connection:
        return connection.execute(query).fetchall()


def test_loading_twice_writes_nothing_the_second_time(database):
    records = [
        message("115", '{"title": "x", "wcPayInfo": {"m7Type": "0"}}'),
        {**MESSAGE, "id": "b"},
    ]
    assert load(database, "wechat_messages", records)[0] == Counts(inserted=2)
    assert load(database, "wechat_messages", records, T0 + timedelta(1))[0] == Counts()


def test_the_path_of_a_picture_that_comes_after_its_message_reaches_its_table(database):
    """The message itself stays as it was; of messages that do not change nothing else is written."""
    early = {**message("102", "x"), "thumbImgPath": "thumb.jpg"}
    other = message("115", '{"title": "x"}', id="other")
    load(database, "wechat_messages", [early, other])
    written = "select message_id, media_path, xmin from wp.message_media"
    money = rows(database, "select xmin from wp.message_transfers")
    for hours, path in ((1, "late.jpg"), (2, "late.jpg"), (0, "early.jpg")):
        at = T0 + timedelta(hours=hours)
        late = {**early, "bigImgPath": path}
        before = rows(database, written)
        assert load(database, "wechat_messages", [late, other], at)[0] == Counts()
        assert rows(database, written)[0][1] == "late.jpg"
        assert (rows(database, written) == before) is (hours != 1)
    assert rows(database, "select xmin from wp.message_transfers") == money


def test_a_changed_row_is_updated_with_its_typed_row_and_keeps_when_it_was_first_seen(database):
    unclaimed, claimed = (f'{{"wcPayInfo": {{"m7Type": "{status}"}}}}' for status in (0, 1))
    load(database, "wechat_messages", [message("115", unclaimed)])
    later = T0 + timedelta(hours=1)
    assert load(database, "wechat_messages", [message("115", claimed)], later)[0] == Counts(
        updated=1
    )
    assert rows(database, "select claim_kind from wp.message_transfers") == [("claimed",)]
    assert rows(database, "select _first_synced_at, _synced_at from wp.wechat_messages") == [
        (T0, later)
    ]


def test_older_content_never_overwrites_newer(database):
    new, old = {**MESSAGE, "msg": "new"}, message("115", '{"title": "old"}')
    load(database, "wechat_messages", [new], T0 + timedelta(hours=1))
    load(database, "wechat_messages", [old], T0)
    assert rows(database, "select body, kind from wp.wechat_messages") == [("new", "text")]
    assert rows(database, "select * from wp.message_transfers") == []


def test_a_message_that_becomes_another_kind_leaves_no_typed_row_behind(database):
    load(database, "wechat_messages", [message("115", '{"title": "x"}')])
    load(database, "wechat_messages", [message("109", '{"text": "recalled"}')], T0 + timedelta(1))
    assert rows(database, "select * from wp.message_transfers") == []
    assert rows(database, "select notice from wp.message_recalls") == [("recalled",)]


def test_of_an_id_twice_in_one_batch_the_newest_wins(database):
    twice = [{**MESSAGE, "msg": "first"}, {**MESSAGE, "msg": "second"}]
    load(database, "wechat_messages", twice, duplicates=True)
    assert rows(database, "select body from wp.wechat_messages") == [("second",)]


@pytest.mark.parametrize("order", [1, -1])
def test_of_an_id_at_two_times_in_one_reading_the_later_time_counts(database, order):
    """As a vendor lists it that sends a row again with another time: newest first or oldest first."""
    day = 86_400
    moved = [
        {**message("115", '{"title": "before"}'), "ts": SENT},
        {**message("115", '{"title": "after"}'), "ts": SENT + day},
    ][::order]
    load(database, "wechat_messages", moved, duplicates=True)
    later = datetime.fromtimestamp(SENT + day, UTC)
    assert rows(database, "select sent_at from wp.wechat_messages") == [(later,)]
    assert rows(database, "select title, sent_at from wp.message_transfers") == [("after", later)]
    call = {"_id": "1", "beginTime": "2026-01-05 09:00:00"}
    calls = [call, {**call, "beginTime": "2026-01-05 10:00:00"}][::order]
    load(database, "calls", calls, duplicates=True)
    assert rows(database, "select began_at from wp.calls") == [
        (datetime(2026, 1, 5, 2, tzinfo=UTC),)
    ]


@pytest.mark.parametrize("days", [3, -3])
def test_a_row_that_is_sent_again_with_another_time_moves(database, days):
    """What is read later counts, also where the vendor put the time back."""
    again = {**message("115", '{"title": "x"}'), "ts": SENT + days * 86_400}
    load(database, "wechat_messages", [message("115", '{"title": "x"}')])
    load(database, "wechat_messages", [again], T0 + timedelta(hours=1))
    at = datetime.fromtimestamp(again["ts"], UTC)
    assert rows(database, "select sent_at from wp.wechat_messages") == [(at,)]
    assert rows(database, "select sent_at from wp.message_transfers") == [(at,)]


VERSIONS = [
    {**MESSAGE, "msg": "one"},
    message("115", '{"title": "two", "wcPayInfo": {"m7Type": 0}}'),
    message("115", '{"title": "three", "wcPayInfo": {"m7Type": 1}}'),
    message("113", '{"wcPayInfo": {"newAa": {"payerList": "a,1,1|b,2,2"}}}'),
    message("113", '{"wcPayInfo": {"newAa": {"payerList": "a,1,2"}}}'),
    message("115", "broken {"),
]
CONTENT = (
    "select body, kind from wp.wechat_messages",
    "select title, claim_status from wp.message_transfers",
    "select payer_wx_no, paid from wp.message_group_collection_payers order by 1",
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    order=st.permutations(range(len(VERSIONS))),
    again=st.lists(st.integers(0, len(VERSIONS) - 1), max_size=3),
)
def test_versions_loaded_in_any_order_and_repeated_end_in_the_same_tables(database, order, again):
    for table in (
        "wechat_messages",
        "message_transfers",
        "message_group_collections",
        "message_group_collection_payers",
    ):
        rows_deleted(database, table)
    for number in (*order, *again):
        load(database, "wechat_messages", [VERSIONS[number]], T0 + timedelta(hours=number))
    assert [rows(database, query) for query in CONTENT] == [[("broken {", "transfer")], [], []]


def rows_deleted(database, table):
    with database.connection() as connection:
        connection.execute(f"truncate wp.{table}")


def test_a_row_that_postgres_refuses_goes_to_dead_letters_alone(database):
    rng = Random(1)
    too_long = "".join(chr(rng.randrange(0x4E00, 0x9FFF)) for _ in range(4000))
    records = [{**MESSAGE, "id": f"m{i}"} for i in range(20)]
    records[7] = {**records[7], "chatId": too_long}
    counts, letters = load(database, "wechat_messages", records)
    assert counts.inserted == 19
    assert [letter.reason for letter in letters] == ["refused_by_postgres"]
    assert rows(database, "select count(*) from wpsync.dead_letters") == [(1,)]
    assert load(database, "wechat_messages", records)[0] == Counts()
    assert rows(database, "select count(*) from wpsync.dead_letters") == [(1,)]


@pytest.mark.parametrize(
    "number", ["1E+1000000", "-1E+131071", "1E-16384", "1e99999999999999999999"]
)
def test_a_number_that_jsonb_cannot_hold_is_kept_as_its_text(database, number):
    record = parse_json(f'{{"newThing": {number}, "deep": [{number}], "plain": 1e5}}')
    assert isinstance(record, dict)
    counts, letters = load(database, "wechat_messages", [{**MESSAGE, **record}])
    assert (counts.inserted, letters) == (1, [])
    ((new, deep, plain),) = rows(
        database,
        "select _extra->>'newThing', _extra->'deep'->>0, _extra->>'plain' from wp.wechat_messages",
    )
    assert (new, deep) == (number, number)
    assert Decimal(plain) == 100_000


FULL = [
    message("113", '{"wcPayInfo": {"newAa": {"payerList": "a,1,1|b,2,2"}}}', id="m0"),
    *(message("115", '{"title": "x"}', id=f"m{i}") for i in range(1, 4)),
    {**MESSAGE, "id": "m4"},
]
HELD = (
    "select id, kind, body, sent_at, _extra from wp.wechat_messages order by id",
    "select message_id, title, _extra from wp.message_transfers order by 1",
    "select message_id, payer_wx_no, paid from wp.message_group_collection_payers order by 1, 2",
)


@pytest.mark.parametrize("moved", [0, 86_400])
def test_rows_known_before_or_inserted_meanwhile_end_as_if_all_had_been_merged(moved, database):
    """`moved`: what is known is held under another time, where the straight copy does not look."""
    load(database, "wechat_messages", FULL)
    expected = [rows(database, query) for query in HELD]
    for known, meanwhile in product([(), (0,), (2, 4)], [(), (1,), (0, 3), (0, 1, 2, 3, 4)]):
        for table in (*TYPED_TABLES, RESOURCES["wechat_messages"].table):
            rows_deleted(database, table.name)
        elsewhere = [{**FULL[i], "ts": 1561013064 - moved} for i in known]
        load(database, "wechat_messages", elsewhere)
        inserted = load_while(database, FULL, [FULL[i] for i in meanwhile]).inserted
        assert inserted == 5 - len({*known, *meanwhile})
        assert [rows(database, query) for query in HELD] == expected


def test_a_row_far_outside_its_window_does_not_have_all_rows_in_between_looked_at(database_url):
    year = [{**MESSAGE, "id": f"y{day}", "ts": 1561013064 - day * 86_400} for day in range(365)]
    new = [{**year[0], "id": "new"}, {**year[364], "id": "old"}, year[7]]
    as_if_large = " ".join(f"-c enable_{how}=off" for how in ("seqscan", "hashjoin", "mergejoin"))
    url = f"{database_url}&options={quote(as_if_large)}"
    with Database(Secret(url), connections=1) as database:
        load(database, "wechat_messages", year)
        before = looked_at(database)
        assert load(database, "wechat_messages", new)[0].inserted == 2
        assert looked_at(database) - before < 100


def looked_at(database):
    """How many messages the one connection has read from their table so far."""
    rows(database, "select pg_stat_force_next_flush()")
    ((read,),) = rows(
        database,
        "select seq_tup_read + idx_tup_fetch from pg_stat_user_tables where relname = 'wechat_messages'",
    )
    return read


def load_while(database, records, others):
    """Load messages; others are inserted after these were prepared and before they are copied."""
    messages = RESOURCES["wechat_messages"]
    with database.connection() as connection:
        staging = Staging(connection, messages, "main")
        Normalizer(messages)(records, T0 + timedelta(hours=1), staging.batch)
        for transaction in staging.transactions():
            with transaction:
                load(database, "wechat_messages", others)
                counts = staging.merge(duplicates=False)
        return counts


@pytest.mark.parametrize("at", ["2019-06-20T14:44:24+20:00", "2019-06-19T02:44:24-16:00"])
def test_a_time_in_a_zone_that_postgres_does_not_know_is_loaded_all_the_same(at, database):
    assert load(database, "wechat_messages", [{**MESSAGE, "ts": at}]) == (Counts(inserted=1), [])
    held = rows(database, "select sent_at from wp.wechat_messages")
    assert held == [(datetime.fromisoformat(at),)]


def contact(number, nick="n"):
    return {"id": f"c{number}", "agentWxNo": "a", "wxNo": f"w{number}", "nick": nick}


def test_listings_tell_who_left_who_came_back_and_what_was_before(database):
    day = timedelta(days=1)
    load(database, "wechat_contacts", [contact(1), contact(2)], T0, Gone(T0))
    load(database, "wechat_contacts", [contact(1, "renamed")], T0 + day, Gone(T0 + day))
    assert rows(database, "select id, _deleted_at from wp.wechat_contacts order by 1") == [
        ("c1", None),
        ("c2", T0 + day),
    ]
    load(
        database,
        "wechat_contacts",
        [contact(1, "renamed"), contact(2)],
        T0 + 2 * day,
        Gone(T0 + 2 * day),
    )
    assert rows(database, "select count(*) from wp.wechat_contacts where _deleted_at is null") == [
        (2,)
    ]
    history = "select id, row->>'nick', valid_from, valid_to from wp.history order by 1"
    assert rows(database, history) == [("c1", "n", T0, T0 + day), ("c2", "n", T0, T0 + day)]


def test_known_answered_calls_stay_while_nothing_else_of_the_day_changes(database):
    day = {
        "id": "a:2026-01-01",
        "agent_id": "a",
        "date": "2026-01-01",
        "in": 3,
        "out": 1,
        "inDuration": 9,
        "outDuration": 2,
    }
    load(database, "agent_call_days", [{**day, "inConnect": 2, "outConnect": 1}])
    load(database, "agent_call_days", [day], T0 + timedelta(hours=1))
    assert rows(database, "select connected_in from wp.agent_call_days") == [(2,)]
    load(database, "agent_call_days", [{**day, "in": 4}], T0 + timedelta(hours=2))
    assert rows(database, "select connected_in from wp.agent_call_days") == [(None,)]


def test_adjoining_complete_windows_of_a_day_become_one_and_the_watermark_walks_over_them(database):
    scope = Scope("main", "calls")
    run = runs.open_run(database, scope, "sync", T0)
    with window_ledger.locked(database, scope) as book:
        ledger.start(book, T0)

    def close(start, end, reason=None):
        window = Window(T0 + timedelta(minutes=start), T0 + timedelta(minutes=end))
        with database.transaction() as connection:
            book = window_ledger.PostgresLedger(connection, scope, run)
            reading = Reading(5, 5, reason, T0)
            enter = partial(
                ledger.enter, window=window, reading=reading, held=lambda part: None, grown={}
            )
            book.update(window, enter)
            ledger.advance(book)

    close(0, 10)
    close(20, 30)
    assert window_ledger.watermark(database, scope) == T0 + timedelta(minutes=10)
    close(10, 20)
    assert window_ledger.watermark(database, scope) == T0 + timedelta(minutes=30)
    (merged,) = window_ledger.windows_between(database, scope, Window(T0, T0 + timedelta(days=1)))
    assert (merged.vendor_count, merged.rows_seen, merged.ends_at) == (
        15,
        15,
        T0 + timedelta(minutes=30),
    )
    close(30, 40, "rows_missing")
    known = window_ledger.windows_between(database, scope, Window(T0, T0 + timedelta(days=1)))
    assert len(known) == 2
    assert len(ledger.due_again(known, T0 + timedelta(minutes=2))) == 1


STATEMENTS = {
    (path.stem, name): statement
    for path in sorted(Path(wpsync.__file__).parent.rglob("*.sql"))
    for name, statement in parsed(path.read_text(encoding="utf-8")).items()
}


@pytest.mark.parametrize(("module", "name"), sorted(STATEMENTS))
def test_every_fixed_statement_is_understood_by_postgres(module, name, database_url):
    with psycopg.connect(database_url) as connection:
        connection.execute("set plan_cache_mode = force_generic_plan")
        statement = STATEMENTS[module, name]
        parameters = _Anything()
        before = b"" if "lock table" in statement else b"explain "  # which knows queries only
        connection.execute(before + statement.encode(), parameters)


class _Anything(dict):  # type: ignore[type-arg]  # stands for any parameters
    """NULL for every parameter."""

    def __missing__(self, key):
        return 100 if key == "limit" else None

    def __contains__(self, key):
        return True

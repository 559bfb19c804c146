"""Stored messages read again: nothing of them changes but what a newer normaliser reads differently."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.fake_clock import FakeClock
from tests.integration.test_loading import load, rows
from tests.spec.cases import MESSAGE
from wpsync.db.database import Database
from wpsync.loading import erasure
from wpsync.loading.merge_sql import Counts
from wpsync.model import WX, Secret
from wpsync.normalize.privacy import OFF
from wpsync.sync.renormalize import renormalize, retry_dead_letters

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def database(database_url):
    with Database(Secret(database_url), connections=3) as opened:
        yield opened


class Meanwhile(FakeClock):
    """Something happens when the time is first asked for: after messages were read, before they are written."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__(NOW)
        self._happens: list[Callable[[], object]] = [happens]

    def now(self) -> datetime:
        if self._happens:
            self._happens.pop()()
        return super().now()


def test_who_is_erased_while_messages_are_read_again_does_not_come_back(database):
    load(database, "wechat_chats", [{"id": MESSAGE["chatId"], "contactWxNo": "customer"}])
    load(database, "wechat_messages", [MESSAGE, {**MESSAGE, "id": "other", "chatId": "other"}])
    erased = Meanwhile(lambda: erasure.erase(database, erasure.Request(WX, "customer"), [OFF], NOW))
    renormalize(database, erased, None, lambda count: None)
    assert rows(database, "select id from wp.wechat_messages") == [("other",)]


def test_what_is_deleted_while_messages_are_read_again_does_not_come_back(database):
    transfer = {**MESSAGE, "msgType": "115", "msg": '{"title": "x"}'}
    load(database, "wechat_messages", [transfer, {**transfer, "id": "other"}])
    deleted = Meanwhile(
        lambda: rows(
            database,
            "with gone as (delete from wp.message_transfers where message_id <> 'other')"
            " delete from wp.wechat_messages where id <> 'other' returning id",
        )
    )
    assert renormalize(database, deleted, None, lambda count: None) == Counts()
    assert rows(database, "select id from wp.wechat_messages") == [("other",)]
    assert rows(database, "select message_id from wp.message_transfers") == [("other",)]


def test_a_dead_letter_of_somebody_who_was_erased_is_counted_and_not_loaded(database):
    load(database, "wechat_chats", [{"id": MESSAGE["chatId"], "contactWxNo": "customer"}])
    erasure.erase(database, erasure.Request(WX, "customer"), [OFF], NOW)
    load(database, "wechat_messages", [{**MESSAGE, "msgType": "115", "msg": "broken {"}])
    with database.connection() as connection:
        letter = "update wpsync.dead_letters set original = replace(original, 'broken {', '{}')"
        connection.execute(letter)
    assert retry_dead_letters(database, FakeClock(NOW)) == (1, 0)
    assert rows(database, "select * from wp.wechat_messages") == []
    assert rows(database, "select id from wpsync.erased_rows") == [(MESSAGE["id"],)]
    assert rows(database, "select * from wpsync.dead_letters") == []


def test_a_message_that_is_still_unreadable_has_one_dead_letter(database):
    load(database, "wechat_messages", [{**MESSAGE, "msgType": "115", "msg": "broken {"}])
    letters = "select id, reason, original from wpsync.dead_letters"
    before = rows(database, letters)
    assert len(before) == 1
    renormalize(database, FakeClock(NOW), None, lambda count: None)
    assert rows(database, letters) == before


@pytest.mark.parametrize("at", [1561013064, 1561013064123, "2019-06-20T14:44:24.123456+08:00"])
def test_reading_a_message_again_changes_nothing(at, database):
    load(database, "wechat_messages", [{**MESSAGE, "ts": at}])
    assert renormalize(database, FakeClock(NOW), None, lambda count: None) == Counts()
